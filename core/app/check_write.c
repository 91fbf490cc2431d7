/* sluice check --write: the script of a Strategy or a Check is that of the file beside its manifest, and so are its
 * modules, and its adapters in the folder adapters. One text at a time: the places of the others are those of the file
 * as it is then. */
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

/* A manifest on its way to become another text. */
struct writing {
    struct check *check;
    const char *path, *text;
    const struct yaml_places *places;
    const struct node *spec;
    char *result; /* NULL: nothing differs so far */
};

/* The text that the file NAME.lua beside the manifest has; NULL: there is no such file. */
static char *text_beside(const char *path, const char *name)
{
    struct err ignored = {0};
    char *file = check_beside(path, name);
    char *text = check_read_text(file, &ignored);
    str_free(&file);
    return text;
}

static bool wants_block(const struct writing *writing, const struct node *at, const char *field, struct err *err)
{
    const struct yaml_place *place = yaml_places_find(writing->places, at);
    const char *last = strrchr(field, '.');
    return err_set(err, ERR_INVALID, "%s:%zu:%zu: %s: a block is wanted: %s: |", writing->path,
                   place != NULL ? place->line : 0, place != NULL ? place->column : 0, field, last + 1);
}

/* Brings one value up to date. */
static bool bring(struct writing *writing, const struct node *value, const char *name, const char *field,
                  struct err *err)
{
    char *wanted = text_beside(writing->path, name);
    const struct yaml_place *place = yaml_places_find(writing->places, value);
    size_t indent;
    bool ok = true;
    if (wanted == NULL || node_is(value, wanted)) {
        /* as it should be */
    } else if (check_find_block(writing->text, place, node_str_or(value, ""), &indent)) {
        writing->result = check_replace_block(writing->text, place, indent, wanted);
    } else {
        ok = wants_block(writing, value, field, err);
    }
    str_free(&wanted);
    return ok;
}

static bool bring_modules(struct writing *writing, struct err *err)
{
    bool ok = true;
    struct node_iter it = node_iterate(node_get(writing->spec, "modules"));
    while (ok && writing->result == NULL && node_next(&it)) {
        char *field = str_format("spec.modules.%s", it.key);
        ok = bring(writing, it.value, it.key, field, err);
        str_free(&field);
    }
    return ok;
}

static bool bring_adapters(struct writing *writing, struct err *err)
{
    bool ok = true;
    struct node_iter it = node_iterate(node_get(writing->spec, "adapters"));
    while (ok && writing->result == NULL && node_next(&it)) {
        char *name = str_format("adapters/%s", it.key), *field = str_format("spec.adapters.%s.script", it.key);
        ok = bring(writing, node_get(it.value, "script"), name, field, err);
        str_free(&field);
        str_free(&name);
    }
    return ok;
}

/* A module that the script requires, and the manifest has not. */
static bool add_module(struct writing *writing, struct err *err)
{
    struct str_list names = {0};
    const struct node *modules = node_get(writing->spec, "modules");
    bool ok = true;
    check_list_modules(writing->check, writing->path, node_str_or(node_get(writing->spec, "script"), ""), &names);
    for (size_t i = 0; ok && writing->result == NULL && i < names.count; i++) {
        if (node_get(modules, names.items[i]) == NULL) {
            char *text = text_beside(writing->path, names.items[i]);
            writing->result = check_insert_module(writing->text, writing->places, writing->spec, names.items[i], text);
            ok = writing->result != NULL ||
                 wants_block(writing, modules != NULL ? modules : node_get(writing->spec, "script"),
                             modules != NULL ? "spec.modules" : "spec.script", err);
            str_free(&text);
        }
    }
    str_list_fini(&names);
    return ok;
}

/* The file with the first text that differs; NULL: none does. */
static char *replaced(struct writing *writing, const struct node *documents, struct err *err)
{
    struct node_iter it = node_iterate(documents);
    bool ok = true;
    while (ok && writing->result == NULL && node_next(&it)) {
        const char *name = node_str_or(node_at(it.value, "metadata", "name"), "");
        writing->spec = node_get(it.value, "spec");
        const struct node *script = node_get(writing->spec, "script");
        char *file = has_script(it.value) && node_str(script) != NULL ? text_beside(writing->path, name) : NULL;
        ok = file == NULL || bring(writing, script, name, "spec.script", err);
        if (ok && file != NULL && writing->result == NULL) {
            ok = bring_modules(writing, err) && (writing->result != NULL || add_module(writing, err));
        }
        if (ok && has_script(it.value) && writing->result == NULL) {
            ok = bring_adapters(writing, err);
        }
        str_free(&file);
    }
    return writing->result;
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
    struct writing writing = {.check = check, .path = path, .text = buf_str(&text), .places = places};
    char *result = documents != NULL ? replaced(&writing, doc_root(documents), &err) : NULL;
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
            is_written = true;
        }
        if (is_written) {
            fprintf(out, "%s: brought up to date\n", files.items[i]);
        }
    }
    str_list_fini(&files);
}
