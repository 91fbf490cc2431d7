/* sluice check --write: the script of a Strategy or a Check is that of the file beside its manifest. */
#include <string.h>

#include "app/check_inner.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "io/file.h"
#include "io/folder.h"

enum { FILE_MAX = 64 * 1024 * 1024 };

static bool has_script(const struct node *object)
{
    const struct node *kind = node_get(object, "kind");
    return node_is(kind, check_served[CHECK_STRATEGY].kind) || node_is(kind, check_served[CHECK_CHECK].kind);
}

/* The file with the first script that differs; NULL: none does. */
static char *replaced(const char *path, const char *text, const struct node *documents,
                      const struct yaml_places *places, struct err *err)
{
    struct node_iter it = node_iterate(documents);
    char *result = NULL;
    while (result == NULL && err->code == ERR_NONE && node_next(&it)) {
        const struct node *script = node_at(it.value, "spec", "script");
        const char *value = node_str(script);
        char *file = check_beside(path, node_str_or(node_at(it.value, "metadata", "name"), ""));
        struct err ignored = {0};
        char *wanted = value != NULL && has_script(it.value) ? check_read_text(file, &ignored) : NULL;
        size_t indent;
        const struct yaml_place *place = yaml_places_find(places, script);
        if (wanted == NULL || strcmp(wanted, value) == 0) {
            /* as it should be */
        } else if (check_find_block(text, place, value, &indent)) {
            result = check_replace_block(text, place, indent, wanted);
        } else {
            err_set(err, ERR_INVALID, "%s:%zu:%zu: spec.script: a block is wanted: script: |", path,
                    place != NULL ? place->line : 0, place != NULL ? place->column : 0);
        }
        str_free(&wanted);
        str_free(&file);
    }
    return result;
}

/* True: another text was written. */
static bool write_one(struct check *check, const char *path)
{
    struct err err = {0}, ignored = {0};
    struct buf text;
    struct yaml_places *places = yaml_places_new();
    buf_init(&text, FILE_MAX);
    struct doc *documents = file_read(path, &text, &ignored)
                                ? yaml_parse_all_placed(path, buf_str(&text), text.len, places, &ignored)
                                : NULL;
    char *result = documents != NULL ? replaced(path, buf_str(&text), doc_root(documents), places, &err) : NULL;
    bool is_written = result != NULL && file_replace(path, result, &err);
    if (err.code != ERR_NONE) {
        str_list_push(&check->errors, err.text);
    }
    str_free(&result);
    doc_free(documents);
    yaml_places_free(places);
    buf_fini(&text);
    return is_written;
}

void check_write(struct check *check, const char *path, FILE *out)
{
    static const char *const endings[] = {".yaml", ".yml", NULL};
    struct str_list files = {0};
    struct err ignored = {0}; /* check_path says it */
    folder_list(path, endings, &files, &ignored);
    for (size_t i = 0; i < files.count; i++) {
        bool is_written = false;
        while (!str_has_suffix(files.items[i], ".lua") && write_one(check, files.items[i])) {
            is_written = true; /* there may be more of them in it */
        }
        if (is_written) {
            fprintf(out, "%s: brought up to date\n", files.items[i]);
        }
    }
    str_list_fini(&files);
}
