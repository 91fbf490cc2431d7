#include "app/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/shown.h"
#include "app/version.h"
#include "base/mem.h"
#include "base/str.h"

enum { NAME_COLUMNS = 22, LINE_COLUMNS = 80, PORT_MAX = 65535, WRONG_USAGE = 2 };

static const struct cli_flag *find(const struct cli_flag *table, const char *name, size_t len)
{
    for (; table->name != NULL; table++) {
        if (strlen(table->name) == len && strncmp(table->name, name, len) == 0) {
            return table;
        }
    }
    return NULL;
}

static const char *dashes(const struct cli_flag *flag)
{
    return flag->name[1] == '\0' ? "-" : "--";
}

/* What a variable of a shell that is not set leaves. A file or a name that is not meant would take its place. */
static bool refuse_empty(const struct cli_flag *flag, struct err *err)
{
    static const char *const kinds[] = {"FILE", "FOLDER", "PATH", "NAME", "NAMESPACE", "URL", NULL};
    for (size_t i = 0; kinds[i] != NULL; i++) {
        if (strcmp(flag->value, kinds[i]) == 0) {
            return err_set(err, ERR_INVALID, "%s%s: %s is wanted, got \"\"", dashes(flag), flag->name, flag->value);
        }
    }
    return true;
}

/* The words of a command line, and at which of them it is read. */
struct line {
    int argc, at;
    char **argv;
    cli_take_fn *take;
    void *ctx;
};

static bool take_switch(struct line *line, const struct cli_flag *flag, const char *value, struct err *err)
{
    bool is_on;
    if (!str_read_bool(value, &is_on)) {
        return err_set(err, ERR_INVALID, "%s%s=%s: true or false is wanted, or nothing behind it", dashes(flag),
                       flag->name, value);
    }
    return !is_on || line->take(line->ctx, flag->name, NULL, err);
}

/* `value`: what was written together with the flag; NULL: nothing. */
static bool take_flag(struct line *line, const struct cli_flag *flag, const char *value, struct err *err)
{
    if (flag->value == NULL && value != NULL) {
        return take_switch(line, flag, value, err);
    }
    if (flag->value != NULL && value == NULL && line->at + 1 >= line->argc) {
        return err_set(err, ERR_INVALID, "%s%s: its value is missing, wanted %s", dashes(flag), flag->name,
                       flag->value);
    }
    if (flag->value != NULL && value == NULL) {
        value = line->argv[++line->at];
    }
    if (value != NULL && value[0] == '\0' && !refuse_empty(flag, err)) {
        return false;
    }
    return line->take(line->ctx, flag->name, value, err);
}

/* Flags of one letter in one word: those before the last one have no value, and its value may follow at once. */
static bool read_letters(struct line *line, const struct cli_flag *table, const char *letters, struct err *err)
{
    for (const char *at = letters; *at != '\0'; at++) {
        const struct cli_flag *flag = find(table, at, 1);
        const char *value = at[1] == '=' ? at + 2 : at[1] != '\0' ? at + 1 : NULL;
        bool is_last = flag != NULL && (flag->value != NULL || at[1] == '=');
        if (flag == NULL) {
            return err_set(err, ERR_INVALID, "-%c: unknown flag, in -%s", *at, letters);
        } else if (!take_flag(line, flag, is_last ? value : NULL, err)) {
            return false;
        } else if (is_last) {
            break;
        }
    }
    return true;
}

static bool read_flag(struct line *line, const struct cli_flag *table, struct err *err)
{
    const char *arg = line->argv[line->at], *name = arg + (arg[1] == '-' ? 2 : 1);
    size_t len = strcspn(name, "=");
    const struct cli_flag *flag = find(table, name, len);
    if (flag != NULL) {
        return take_flag(line, flag, name[len] == '=' ? name + len + 1 : NULL, err);
    } else if (name == arg + 1 && find(table, name, 1) != NULL) {
        return read_letters(line, table, name, err);
    }
    return err_set(err, ERR_INVALID, "%.*s: unknown flag", (int)(name + len - arg), arg);
}

bool cli_read(const struct cli_flag *table, int argc, char **argv, cli_take_fn *take, void *ctx, struct err *err)
{
    struct line line = {.argc = argc, .argv = argv, .take = take, .ctx = ctx};
    bool are_words = false; /* all that follows */
    for (; line.at < argc; line.at++) {
        const char *arg = argv[line.at];
        bool is_flag = !are_words && arg[0] == '-' && arg[1] != '\0';
        if (arg[0] == '\0') {
            return err_set(err, ERR_INVALID, "a word is empty: \"\"");
        } else if (is_flag && strcmp(arg, "--") == 0) {
            are_words = true;
        } else if (is_flag ? !read_flag(&line, table, err) : !take(ctx, NULL, arg, err)) {
            return false;
        }
    }
    return true;
}

static int write_errno;

bool cli_read_form(const char *value, bool *json, struct err *err)
{
    *json = strcmp(value, "json") == 0;
    return *json || strcmp(value, "text") == 0 || err_set(err, ERR_INVALID, "-o %s: neither text nor json", value);
}

bool cli_read_whole(const char *flag, const char *value, int least, int most, int *number, struct err *err)
{
    char *end;
    errno = 0;
    long found = strtol(value, &end, 10);
    *number = found >= least && found <= most ? (int)found : least;
    return (errno == 0 && end != value && *end == '\0' && found >= least && found <= most) ||
           err_set(err, ERR_INVALID, "%s %s: a whole number from %d to %d is wanted", flag, value, least, most);
}

bool cli_take_common(struct cli_common *common, const char *name, const char *value, struct err *err)
{
    if (value != NULL) {
        return cli_read_form(value, &common->json, err);
    } else if (strcmp(name, "version") == 0) {
        common->version = true;
    } else {
        common->help = true;
    }
    return true;
}

bool cli_read_output(const char *flag, const char *value, const char **file, struct err *err)
{
    *file = value;
    return strcmp(value, "-") != 0 ||
           err_set(err, ERR_INVALID, "%s: the name of a file is wanted, got \"%s\"", flag, value);
}

bool cli_read_listen(const char *flag, const char *value, char **host, int *port, struct err *err)
{
    const char *colon = strrchr(value, ':');
    const char *digits = colon != NULL ? colon + 1 : "";
    bool is_port = digits[0] != '\0' && strlen(digits) <= 5 && digits[strspn(digits, "0123456789")] == '\0';
    if (!is_port || strtol(digits, NULL, 10) > PORT_MAX) {
        return err_set(err, ERR_INVALID, "%s %s: expected HOST:PORT, as in 127.0.0.1:8090", flag, value);
    }
    str_free(host);
    *host = str_dup_n(value, (size_t)(colon - value));
    *port = (int)strtol(digits, NULL, 10);
    return true;
}

bool cli_answer(const struct cli_about *about, bool help, bool version)
{
    if (help) {
        fputs(about->usage, stdout);
        cli_print(about->flags, stdout);
        fputs(about->after, stdout);
    } else if (version) {
        version_print();
    }
    return help || version;
}

int cli_refuse(const char *command, const struct err *err)
{
    char line[SHOWN_SIZE];
    fprintf(stderr, "sluice %s: %s\n\nsluice %s --help says how to use it\n", command,
            shown_line(line, sizeof line, err->text), command);
    return WRONG_USAGE;
}

/* After what may have written. */
static void keep_errno(FILE *out)
{
    if (ferror(out) && write_errno == 0) {
        write_errno = errno;
    }
}

void cli_print_json(const struct node *value, FILE *out)
{
    char *text = node_to_text(value);
    errno = 0;
    fprintf(out, "%s\n", text);
    keep_errno(out);
    str_free(&text);
}

void cli_flush(FILE *out)
{
    errno = 0;
    fflush(out);
    keep_errno(out);
}

int cli_write_errno(void)
{
    return write_errno;
}

void cli_print_folded(const char *text, size_t column, FILE *out)
{
    size_t begin = column;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (column > begin && column + 1 + len > LINE_COLUMNS) {
            fprintf(out, "\n%*s", (int)begin, "");
            column = begin;
        }
        const char *gap = column > begin ? " " : "";
        fprintf(out, "%s%.*s", gap, (int)len, text);
        column += strlen(gap) + len;
        text += len + strspn(text + len, " ");
    }
    fprintf(out, "\n");
}

void cli_print(const struct cli_flag *table, FILE *out)
{
    for (; table->name != NULL; table++) {
        if (table->help == NULL) {
            continue;
        }
        const char *value = table->value != NULL ? table->value : "";
        char *name = str_format("  %s%s%s%s", dashes(table), table->name, value[0] != '\0' ? " " : "", value);
        bool is_long = strlen(name) > NAME_COLUMNS - 2;
        fprintf(out, "%-*s", NAME_COLUMNS, name);
        if (is_long) {
            fprintf(out, "\n%*s", NAME_COLUMNS, "");
        }
        cli_print_folded(table->help, NAME_COLUMNS, out);
        str_free(&name);
    }
}
