#include "app/subject.h"

#include <string.h>
#include <strings.h>

#include "app/shown.h"
#include "base/str.h"
#include "sim/kinds/naming.h"

enum { WORD_SIZE = 100 }; /* of what is repeated in a message */

static const struct spelling {
    enum subject_kind kind;
    const char *words[2]; /* in any case */
    const char *abbreviation;
    const char *version, *group;
} spellings[] = {
    {SUBJECT_CANARY, {"canary", "canaries"}, NULL, "v1beta1", "flagger.app"},
    {SUBJECT_DEPLOYMENT, {"deployment", "deployments"}, "deploy", "v1", "apps"},
    {SUBJECT_DAEMONSET, {"daemonset", "daemonsets"}, "ds", "v1", "apps"},
    {SUBJECT_RELEASE, {"release", "releases"}, NULL, "v1alpha1", "sluice.dev"},
};

static bool is_word(const char *text, size_t len, const struct spelling *spelling)
{
    for (size_t i = 0; i < sizeof spelling->words / sizeof spelling->words[0]; i++) {
        if (strlen(spelling->words[i]) == len && strncasecmp(text, spelling->words[i], len) == 0) {
            return true;
        }
    }
    const char *abbreviation = spelling->abbreviation;
    return abbreviation != NULL && strlen(abbreviation) == len && strncmp(text, abbreviation, len) == 0;
}

/* "", ".GROUP", of which the beginning is enough, ".VERSION.GROUP" or ".VERSION.". */
static bool is_group(const char *text, size_t len, const struct spelling *spelling)
{
    if (len == 0) {
        return true;
    }
    char *rest = str_dup_n(text + 1, len - 1), *version = str_format("%s.", spelling->version);
    bool has_version = str_has_prefix(rest, version);
    const char *group = rest + strlen(version);
    bool found =
        has_version ? group[0] == '\0' || strcmp(group, spelling->group) == 0 : str_has_prefix(spelling->group, rest);
    str_free(&version);
    str_free(&rest);
    return found;
}

/* 0: none. */
static unsigned read_kind(const char *text, size_t len)
{
    const char *dot = memchr(text, '.', len);
    size_t word = dot != NULL ? (size_t)(dot - text) : len;
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        if (is_word(text, word, &spellings[i]) && is_group(text + word, len - word, &spellings[i])) {
            return spellings[i].kind;
        }
    }
    return 0;
}

static bool takes_targets(unsigned kinds)
{
    return (kinds & (SUBJECT_DEPLOYMENT | SUBJECT_DAEMONSET)) != 0;
}

static const char *wanted(unsigned kinds)
{
    return takes_targets(kinds)             ? "deployment/NAME, daemonset/NAME, canary/NAME or release/NAME"
           : (kinds & SUBJECT_RELEASE) != 0 ? "NAME, canary/NAME or release/NAME"
                                            : "NAME or canary/NAME";
}

/* True when `fault`, which it frees, is none. */
static bool is_free_of(char *fault)
{
    bool none = fault == NULL;
    str_free(&fault);
    return none;
}

bool subject_read(const char *word, unsigned kinds, struct subject *subject, struct err *err)
{
    char shown[WORD_SIZE];
    const char *slash = strchr(word, '/'), *name = slash != NULL ? slash + 1 : word;
    unsigned bare = takes_targets(kinds) ? 0 : SUBJECT_CANARY;
    unsigned kind = slash != NULL ? read_kind(word, (size_t)(slash - word)) : bare;
    *subject = (struct subject){.kind = kind, .name = name};
    shown_line(shown, sizeof shown, word);
    if (slash == NULL && kind == 0 && (read_kind(word, strlen(word)) & kinds) != 0) {
        return err_set(err, ERR_INVALID, "\"%s\" has no name: %s/NAME is wanted, as one word", shown, shown);
    } else if ((kind & kinds) == 0) {
        return err_set(err, ERR_INVALID, "\"%s\" has %s: %s is wanted", shown,
                       slash == NULL ? "no kind" : "a kind that this command does not take", wanted(kinds));
    }
    return is_free_of(naming_subdomain(name)) ||
           err_set(err, ERR_INVALID, "\"%s\": %s is wanted, a name of small letters, digits, - and .", shown,
                   wanted(kinds));
}

bool subject_check_namespace(const char *flag, const char *name, struct err *err)
{
    char shown[WORD_SIZE];
    return is_free_of(naming_label(name)) ||
           err_set(err, ERR_INVALID, "%s \"%s\": a namespace is wanted, a name of small letters, digits and -", flag,
                   shown_line(shown, sizeof shown, name));
}
