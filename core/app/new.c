/* sluice new: a folder to begin with, that of an example under another name. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/cli.h"
#include "app/command.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "io/file.h"
#include "lab/texts.h"

#define ADDON "addon/" /* of the texts in the binary: what is written into the folder's .sluice */

/* The example that becomes the folder, and where its texts are in the binary. */
struct template
{
    const char *kind, *example, *in_lua, *texts;
};
static const struct template templates[] = {
    {"strategy", "growing-shares", "growing_shares", "strategy/"},
    {"check", "compare-with-primary", "compare_with_primary", "check/"},
};

enum { TEXT_MAX = 1024 * 1024, NAME_MAX_LEN = 63 };

static const char usage[] =
    "usage: sluice new strategy|check NAME\n"
    "\n"
    "Makes the folder NAME with a strategy or a check that works as it is: the script, its\n"
    "manifest, a Canary that names it, a scenario and a spec; and annotations of all words for\n"
    "an editor with the Lua language server. `sluice check` and `sluice test` take the folder.\n"
    "\n";

const struct cli_flag new_flags[] = {CLI_COMMON, {0}};

struct words {
    const char *kind, *name;
    bool help, version;
};

static const char after[] = "\n"
                            "Exit status: 0 it is made, 2 it could not be.\n";

static const struct cli_about about = {usage, after, new_flags};

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct words *words = ctx;
    if (name != NULL) {
        words->version |= strcmp(name, "version") == 0;
        words->help |= strcmp(name, "version") != 0;
    } else if (words->kind == NULL) {
        words->kind = value;
    } else if (words->name == NULL) {
        words->name = value;
    } else {
        return err_set(err, ERR_INVALID, "%s: unexpected word", value);
    }
    return true;
}

/* As the CRD has names. */
static bool is_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= NAME_MAX_LEN && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len &&
           name[0] != '-' && name[len - 1] != '-';
}

/* It stands in manifests, where `null`, `on` and `1e3` are no texts. */
static bool is_text_in_yaml(const char *name)
{
    struct err err;
    struct doc *doc = yaml_parse_all("name", name, strlen(name), &err);
    bool is_text = node_type(node_item(doc_root(doc), 0)) == NODE_STRING;
    doc_free(doc);
    return is_text;
}

static const struct template *find_template(const char *kind)
{
    for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++) {
        if (strcmp(templates[i].kind, kind) == 0) {
            return &templates[i];
        }
    }
    return NULL;
}

static bool is_whole(const struct words *words, struct err *err)
{
    if (words->help || words->version) {
        return true;
    }
    if (words->kind == NULL || words->name == NULL) {
        return err_set(err, ERR_INVALID, "what it is and a name are missing, as in sluice new strategy weekday-ring");
    }
    if (find_template(words->kind) == NULL) {
        return err_set(err, ERR_INVALID, "%s: wanted strategy or check", words->kind);
    }
    if (!is_name(words->name)) {
        return err_set(err, ERR_INVALID, "%s: a name of small letters, digits and '-' is wanted, at most %d",
                       words->name, NAME_MAX_LEN);
    }
    return is_text_in_yaml(words->name) ||
           err_set(err, ERR_INVALID, "%s: a name that YAML reads as a text is wanted", words->name);
}

/* --- the files --- */

static char *replace(const char *text, const char *old, const char *new)
{
    struct buf out;
    buf_init(&out, TEXT_MAX);
    for (const char *at; (at = strstr(text, old)) != NULL; text = at + strlen(old)) {
        buf_append(&out, text, (size_t)(at - text));
        buf_append_str(&out, new);
    }
    buf_append_str(&out, text);
    char *taken = buf_take(&out);
    buf_fini(&out);
    return taken;
}

/* The text with another name in the place of the example's: growing-shares, and growing_shares in Lua's names. */
static char *renamed(const struct template *template, const char *text, const char *name)
{
    char *in_lua = str_dup(name);
    for (char *at = in_lua; *at != '\0'; at++) {
        *at = *at == '-' ? '_' : *at;
    }
    char *once = replace(text, template->example, name), *twice = replace(once, template->in_lua, in_lua);
    str_free(&once);
    str_free(&in_lua);
    return twice;
}

static bool make_folder(const char *path, struct err *err)
{
    return mkdir(path, 0777) == 0 || err_set(err, ERR_INVALID, "%s: %s", path, strerror(errno));
}

/* "strategy/growing-shares.lua" → "ring/ring.lua", "addon/library/words.lua" → "ring/.sluice/library/words.lua". */
static char *path_of(const struct template *template, const char *name, const struct text *text)
{
    if (strcmp(text->name, ADDON "luarc.json") == 0) {
        return str_format("%s/.luarc.json", name);
    }
    if (str_has_prefix(text->name, ADDON)) {
        return str_format("%s/.sluice/%s", name, text->name + strlen(ADDON));
    }
    char *file = renamed(template, text->name + strlen(template->texts), name), *path = str_format("%s/%s", name, file);
    str_free(&file);
    return path;
}

static bool write_text(const struct template *template, const char *name, const struct text *text, struct err *err)
{
    bool is_template = str_has_prefix(text->name, template->texts);
    if (!is_template && !str_has_prefix(text->name, ADDON)) {
        return true;
    }
    char *path = path_of(template, name, text);
    char *written = is_template ? renamed(template, text->bytes, name) : str_dup(text->bytes);
    bool ok = file_write(path, written, true, err);
    if (ok && is_template) {
        printf("  %s\n", path);
    }
    str_free(&path);
    str_free(&written);
    return ok;
}

static bool make(const struct template *template, const char *name, struct err *err)
{
    static const char *const folders[] = {"", "/.sluice", "/.sluice/library", "/.sluice/library/stdlib"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char *path = str_format("%s%s", name, folders[i]);
        bool ok = make_folder(path, err);
        str_free(&path);
        if (!ok) {
            return false;
        }
    }
    for (size_t i = 0; i < texts_count; i++) {
        if (!write_text(template, name, &texts[i], err)) {
            return false;
        }
    }
    printf("next: sluice check %s, sluice test %s\n", name, name);
    return true;
}

int command_new(int argc, char **argv)
{
    struct words words = {0};
    struct err err = {0};
    if (!cli_read(new_flags, argc, argv, take, &words, &err) || !is_whole(&words, &err)) {
        return cli_refuse("new", &err);
    }
    if (!cli_answer(&about, words.help, words.version) && !make(find_template(words.kind), words.name, &err)) {
        fprintf(stderr, "sluice new: %s\n", err.text);
        return 2;
    }
    return 0;
}
