/* Canaries in files: streams of YAML documents, JSON, Lists. */
#include <string.h>

#include "app/check_inner.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "io/file.h"
#include "io/folder.h"

#define STDIN_PATH "/dev/stdin"

enum { FILE_MAX = 64 * 1024 * 1024 };

/* YAML is wider than JSON, but for some escapes in strings. */
static struct doc *parse(const char *name, const struct buf *text, struct yaml_places *places, struct err *err)
{
    struct err json_err;
    struct doc *documents = yaml_parse_all_placed(name, buf_str(text), text->len, places, err);
    if (documents != NULL) {
        return documents;
    }
    struct doc *json = doc_parse(buf_str(text), text->len, &json_err);
    if (json == NULL) {
        return NULL;
    }
    documents = doc_new();
    doc_set_root(documents, node_new_array(documents));
    node_push(doc_root(documents), node_copy(documents, doc_root(json)));
    doc_free(json);
    return documents;
}

static void check_file(struct check *check, const char *path, const char *name)
{
    struct buf text;
    struct err err = {0};
    struct yaml_places *places = yaml_places_new();
    struct check_source source = {.file = name, .places = places};
    buf_init(&text, FILE_MAX);
    struct doc *documents = file_read(path, &text, &err) ? parse(name, &text, places, &err) : NULL;
    if (documents == NULL) {
        str_list_push(&check->errors, err.text);
        check->has_templates |= strstr(buf_str(&text), "{{") != NULL;
    }
    struct node_iter it = node_iterate(doc_root(documents));
    while (node_next(&it)) {
        check_object(check, &source, it.value);
    }
    doc_free(documents);
    yaml_places_free(places);
    buf_fini(&text);
}

void check_path(struct check *check, const char *path)
{
    static const char *const endings[] = {".yaml", ".yml", ".json", NULL};
    struct str_list files = {0};
    struct err err = {0};
    if (strcmp(path, "-") == 0) {
        check_file(check, STDIN_PATH, "stdin");
        return;
    }
    if (!folder_list(path, endings, &files, &err)) {
        str_list_push(&check->errors, err.text);
    } else if (files.count == 0) {
        char *text = str_format("%s: no .yaml, .yml or .json file is in there", path);
        str_list_push(&check->errors, text);
        mem_free(text);
    }
    for (size_t i = 0; i < files.count; i++) {
        check_file(check, files.items[i], files.items[i]);
    }
    str_list_fini(&files);
}
