/* The texts of scripts: in files, and in the blocks of manifests. */
#include <string.h>

#include "app/check_inner.h"
#include "base/mem.h"
#include "io/file.h"

enum { SCRIPT_MAX = 256 * 1024 }; /* as the CRD has it */

char *check_read_text(const char *path, struct err *err)
{
    struct buf text;
    buf_init(&text, SCRIPT_MAX);
    bool ok = file_read(path, &text, err);
    char *taken = ok && strlen(buf_str(&text)) == text.len ? str_dup(buf_str(&text)) : NULL;
    if (ok && taken == NULL) {
        err_set(err, ERR_INVALID, "%s: a NUL byte is in there", path);
    }
    buf_fini(&text);
    return taken;
}

char *check_base_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    return str_dup_n(name, strlen(name) - strlen(".lua"));
}

char *check_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? str_dup_n(path, (size_t)(slash - path)) : str_dup(".");
}

char *check_beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    return str_format("%.*s%s.lua", slash != NULL ? (int)(slash + 1 - path) : 0, path, name);
}

static const char *line_at(const char *text, size_t line)
{
    for (size_t i = 1; i < line && text != NULL; i++) {
        text = strchr(text, '\n');
        text = text != NULL ? text + 1 : NULL;
    }
    return text;
}

bool check_find_block(const char *file, const struct yaml_place *place, const char *value, size_t *indent)
{
    const char *head = place != NULL ? line_at(file, place->line) : NULL, *begin = value;
    if (head == NULL || strcspn(head, "\n") < place->column || head[place->column - 1] != '|') {
        return false;
    }
    size_t skipped = 1;
    for (; *begin == '\n'; begin++) {
        skipped++;
    }
    const char *line = line_at(file, place->line + skipped);
    size_t len = strcspn(begin, "\n"), columns = line != NULL ? strcspn(line, "\n") : 0;
    if (line == NULL || columns < len || strncmp(line + columns - len, begin, len) != 0) {
        return false;
    }
    *indent = columns - len;
    return true;
}

/* Where the lines of the block end. Blank lines at the end do not belong to it. */
static const char *end_of_block(const char *begin, size_t indent)
{
    const char *end = begin;
    for (const char *line = begin; *line != '\0';) {
        size_t len = strcspn(line, "\n"), blanks = strspn(line, " ");
        const char *next = line + len + (line[len] == '\n');
        if (blanks < len && blanks < indent) {
            break;
        }
        end = blanks < len ? next : end;
        line = next;
    }
    return end;
}

static void append_lines(struct buf *text, size_t indent, const char *value)
{
    while (*value != '\0') {
        size_t len = strcspn(value, "\n");
        buf_printf(text, "%*s%.*s\n", len > 0 ? (int)indent : 0, "", (int)len, value);
        value += len + (value[len] == '\n');
    }
}

char *check_replace_block(const char *file, const struct yaml_place *place, size_t indent, const char *value)
{
    const char *begin = line_at(file, place->line + 1), *end = end_of_block(begin, indent);
    struct buf text;
    buf_init(&text, 2 * strlen(file) + (indent + 2) * (strlen(value) + 1));
    buf_append(&text, file, (size_t)(begin - file));
    append_lines(&text, indent, value);
    buf_append_str(&text, end);
    char *taken = buf_take(&text);
    buf_fini(&text);
    return taken;
}

/* Two more for each level: what people write. */
enum { LEVEL = 2 };

/* Where one more line may stand, of that indent; NULL: the line of the first module is not its own. */
static const char *before_first(const char *file, const struct yaml_places *places, const struct node *modules,
                                size_t *indent)
{
    struct node_iter it = node_iterate(modules);
    bool any = node_next(&it);
    const struct yaml_place *place = any ? yaml_places_find(places, it.value) : NULL;
    const char *line = place != NULL ? line_at(file, place->line) : NULL;
    *indent = line != NULL ? strspn(line, " ") : 0;
    return line != NULL && strncmp(line + *indent, it.key, strlen(it.key)) == 0 ? line : NULL;
}

/* Behind the block of the script; NULL: it is none. */
static const char *behind_script(const char *file, const struct yaml_places *places, const struct node *script,
                                 size_t *indent)
{
    const struct yaml_place *place = yaml_places_find(places, script);
    size_t of_block;
    if (!check_find_block(file, place, node_str_or(script, ""), &of_block)) {
        return NULL;
    }
    *indent = strspn(line_at(file, place->line), " ");
    return end_of_block(line_at(file, place->line + 1), of_block);
}

char *check_insert_module(const char *file, const struct yaml_places *places, const struct node *spec, const char *name,
                          const char *text)
{
    const struct node *modules = node_get(spec, "modules");
    size_t indent = 0;
    const char *at = modules != NULL ? before_first(file, places, modules, &indent)
                                     : behind_script(file, places, node_get(spec, "script"), &indent);
    if (at == NULL) {
        return NULL;
    }
    struct buf out;
    buf_init(&out, 2 * strlen(file) + (indent + 2 * LEVEL + 2) * (strlen(text) + 1) + strlen(name) + 256);
    buf_append(&out, file, (size_t)(at - file));
    if (at > file && at[-1] != '\n') { /* the last line of the file has no end */
        buf_append_str(&out, "\n");
    }
    if (modules == NULL) {
        buf_printf(&out, "%*smodules:\n", (int)indent, "");
        indent += LEVEL;
    }
    buf_printf(&out, "%*s%s: |\n", (int)indent, "", name);
    append_lines(&out, indent + LEVEL, text);
    buf_append_str(&out, at);
    char *taken = buf_take(&out);
    buf_fini(&out);
    return taken;
}

/* --- places in them --- */

struct check_text check_text_of(const struct check_source *source, const struct node *value)
{
    const struct yaml_place *place = source->places != NULL ? yaml_places_find(source->places, value) : NULL;
    struct check_text text = {.file = str_dup(source->file),
                              .line = place != NULL ? place->line : 0,
                              .column = place != NULL ? place->column : 0};
    text.is_mapped =
        source->text != NULL && check_find_block(buf_str(source->text), place, node_str_or(value, ""), &text.indent);
    return text;
}

struct check_text check_text_in(const char *file)
{
    return (struct check_text){.file = str_dup(file), .is_mapped = true};
}

void check_text_fini(struct check_text *text)
{
    str_free(&text->file);
}

void check_find_in(struct check *check, const struct check_text *text, size_t line, size_t column, bool is_error,
                   const char *what, const char *said)
{
    struct check_finding finding = {.file = text->file, .is_error = is_error, .text = str_dup(said)};
    if (text->is_mapped) {
        finding.line = text->line + line;
        finding.column = column > 0 ? column + text->indent : 0;
    } else {
        finding.line = text->line;
        finding.column = text->column;
        if (what != NULL) {
            str_free(&finding.text);
            finding.text = str_format("line %zu of the %s: %s", line, what, said);
        }
    }
    check_find(check, &finding);
    str_free(&finding.text);
}
