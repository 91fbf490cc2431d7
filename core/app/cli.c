#include "app/cli.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

enum { NAME_COLUMNS = 22, LINE_COLUMNS = 80 };

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

static bool read_flag(const struct cli_flag *table, int argc, char **argv, int *at, cli_take_fn *take, void *ctx,
                      struct err *err)
{
    const char *arg = argv[*at], *name = arg + (arg[1] == '-' ? 2 : 1);
    size_t len = strcspn(name, "=");
    const struct cli_flag *flag = find(table, name, len);
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    if (flag == NULL) {
        return err_set(err, ERR_INVALID, "%.*s: unknown flag", (int)(name + len - arg), arg);
    }
    if (flag->value == NULL && value != NULL) {
        return err_set(err, ERR_INVALID, "%s%s takes no value", dashes(flag), flag->name);
    }
    if (flag->value != NULL && value == NULL && *at + 1 >= argc) {
        return err_set(err, ERR_INVALID, "%s%s: its value is missing, wanted %s", dashes(flag), flag->name,
                       flag->value);
    }
    if (flag->value != NULL && value == NULL) {
        value = argv[++*at];
    }
    return take(ctx, flag->name, value, err);
}

bool cli_read(const struct cli_flag *table, int argc, char **argv, cli_take_fn *take, void *ctx, struct err *err)
{
    for (int i = 0; i < argc; i++) {
        bool is_flag = argv[i][0] == '-' && argv[i][1] != '\0';
        bool ok = is_flag ? read_flag(table, argc, argv, &i, take, ctx, err) : take(ctx, NULL, argv[i], err);
        if (!ok) {
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
    return (value[0] != '\0' && strcmp(value, "-") != 0) ||
           err_set(err, ERR_INVALID, "%s: the name of a file is wanted, got \"%s\"", flag, value);
}

void cli_flush(FILE *out)
{
    errno = 0;
    if (fflush(out) != 0 && write_errno == 0) {
        write_errno = errno;
    }
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
