/* Canaries, Strategies and scripts in files: streams of YAML documents, JSON, Lists. */
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

/* Kept until the end, with the documents and their places. */
static struct check_file *add_file(struct check *check, const char *name)
{
    struct check_file *file = mem_new(struct check_file);
    file->name = str_dup(name);
    file->places = yaml_places_new();
    buf_init(&file->text, FILE_MAX);
    check->files = mem_resize(check->files, (check->file_count + 1) * sizeof check->files[0]);
    check->files[check->file_count++] = file;
    return file;
}

/* kubectl refuses JSON without a value, and finds nothing to apply in YAML without one. */
static void find_empty(struct check *check, const struct check_file *file)
{
    check_find(check, &(struct check_finding){.file = file->name,
                                              .line = 1,
                                              .is_error = str_has_suffix(file->name, ".json"),
                                              .text = (char *)"no object is in there"});
}

static void check_file(struct check *check, const char *path, const char *name)
{
    struct err err = {0};
    if (str_has_suffix(path, ".lua")) {
        add_file(check, name);
        check_script_file(check, path);
        return;
    }
    struct check_file *file = add_file(check, name);
    file->documents = file_read(path, &file->text, &err) ? parse(name, &file->text, file->places, &err) : NULL;
    if (file->documents == NULL) {
        str_list_push(&check->errors, err.text);
        check->has_templates |= strstr(buf_str(&file->text), "{{") != NULL;
    }
    if (file->documents != NULL && node_count(doc_root(file->documents)) == 0) {
        find_empty(check, file);
    }
    struct check_source source = {.file = file->name, .places = file->places, .text = &file->text};
    struct node_iter it = node_iterate(doc_root(file->documents));
    while (node_next(&it)) {
        check_object(check, &source, it.value);
    }
}

void check_path(struct check *check, const char *path)
{
    static const char *const manifests[] = {".yaml", ".yml", ".json", NULL};
    static const char *const all[] = {".yaml", ".yml", ".json", ".lua", NULL};
    struct str_list files = {0};
    struct err err = {0};
    if (strcmp(path, "-") == 0) {
        check_file(check, STDIN_PATH, "stdin");
        return;
    }
    if (!folder_list(path, check->takes_scripts ? all : manifests, &files, &err)) {
        str_list_push(&check->errors, err.text);
    } else if (files.count == 0) {
        char *text = str_format("%s: no .yaml, .yml%s .json%s file is in there", path,
                                check->takes_scripts ? "," : " or", check->takes_scripts ? " or .lua" : "");
        str_list_push(&check->errors, text);
        mem_free(text);
    }
    for (size_t i = 0; i < files.count; i++) {
        check_file(check, files.items[i], files.items[i]);
    }
    str_list_fini(&files);
}
