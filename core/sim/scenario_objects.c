/* The documents a scenario names: they stand in it, or in files beside it. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "sim/scenario_inner.h"

enum { FILE_MAX = 1024 * 1024 };

/* Does a path's last folder, "x/", have a name that ".." after it takes back? */
static bool is_named(const char *folder, size_t len)
{
    return len > 1 && strncmp(folder, "./", len) != 0 && strncmp(folder, "../", len) != 0;
}

/* `path` as seen from the folder of `file`: "a/b.yaml" and "../c/d.yaml" are "c/d.yaml". */
static char *path_from(const char *file, const char *path)
{
    const char *slash = strrchr(file, '/');
    size_t len = slash ? (size_t)(slash + 1 - file) : 0;
    if (path[0] == '/')
        return str_dup(path);
    while (str_has_prefix(path, "../") && len > 0) {
        size_t start = len - 1;
        while (start > 0 && file[start - 1] != '/')
            start--;
        if (!is_named(file + start, len - start))
            break;
        path += strlen("../");
        len = start;
    }
    return str_format("%.*s%s", (int)len, file, path);
}

/* Every document has what an API server needs to know where it belongs; NULL when so, else what is missing. */
static const char *missing_in(const struct node *object)
{
    if (node_type(object) != NODE_OBJECT)
        return "it is no mapping";
    if (str_empty(node_str(node_get(object, "apiVersion"))))
        return "it has no apiVersion";
    if (str_empty(node_str(node_get(object, "kind"))))
        return "it has no kind";
    return str_empty(node_str(node_at(object, "metadata", "name"))) ? "it has no metadata.name" : NULL;
}

static bool add_documents(const struct scenario_reader *reader, const struct node *item, const struct doc *documents,
                          struct doc *objects)
{
    struct node_iter it = node_iterate(doc_root(documents));
    while (node_next(&it)) {
        const char *problem = missing_in(it.value);
        if (problem)
            return form_refuse_field(reader->form, item, "file", "%s: document %zu is no object: %s",
                                     node_str(node_get(item, "file")), it.index + 1, problem);
        node_push(doc_root(objects), node_copy(objects, it.value));
    }
    return true;
}

static bool add_file(const struct scenario_reader *reader, const struct node *item, struct doc *objects)
{
    static const char *const fields[] = {"file", NULL};
    const char *file = NULL;
    struct err err = {0};
    struct buf text;
    if (!form_fields(reader->form, item, fields) || !form_str(reader->form, item, "file", &file))
        return false;
    char *path = path_from(reader->form->file, file);
    buf_init(&text, FILE_MAX);
    struct doc *documents = NULL;
    if (reader->open(path, &text, &err))
        documents = yaml_parse_all(path, buf_str(&text), text.len, &err);
    bool ok = documents ? add_documents(reader, item, documents, objects)
                        : form_refuse_field(reader->form, item, "file", "%s", err.text);
    doc_free(documents);
    buf_fini(&text);
    str_free(&path);
    return ok;
}

static bool add_item(const struct scenario_reader *reader, const struct node *item, struct doc *objects)
{
    if (node_str(node_get(item, "file")))
        return add_file(reader, item, objects);
    const char *problem = missing_in(item);
    if (problem)
        return form_refuse(reader->form, item, "no object: %s; wanted one, or {file: PATH}", problem);
    node_push(doc_root(objects), node_copy(objects, item));
    return true;
}

struct doc *scenario_objects_read(const struct scenario_reader *reader, const struct node *object, const char *key)
{
    const struct node *list = NULL;
    if (!form_list(reader->form, object, key, &list))
        return NULL;
    struct doc *objects = doc_new();
    doc_set_root(objects, node_new_array(objects));
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        if (add_item(reader, it.value, objects))
            continue;
        doc_free(objects);
        return NULL;
    }
    return objects;
}
