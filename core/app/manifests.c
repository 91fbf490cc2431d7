#include "app/manifests.h"

#include <string.h>

#include "base/buf.h"
#include "base/yaml.h"
#include "io/file.h"
#include "io/folder.h"

enum { FILE_MAX = 64 * 1024 * 1024 };

static void add(struct doc *doc, struct node *list, const char *file, const struct node *object)
{
    if (node_type(object) != NODE_OBJECT) {
        return;
    }
    if (node_is(node_get(object, "kind"), "List")) {
        struct node_iter it = node_iterate(node_get(object, "items"));
        while (node_next(&it)) {
            add(doc, list, file, it.value);
        }
        return;
    }
    struct node *entry = node_new_object(doc);
    node_set_str(doc, entry, "file", file);
    node_set(doc, entry, "object", node_copy(doc, object));
    node_push(list, entry);
}

/* A script read as YAML would be refused at a comma, or be nothing. */
static bool is_no_script(const char *path, struct err *err)
{
    return !str_has_suffix(path, ".lua") ||
           err_set(err, ERR_INVALID,
                   "%s is a script, a manifest is wanted: a Canary, or a Strategy or a Check NAME, for which NAME.lua "
                   "beside it is read; sluice check FILE and sluice test FOLDER take scripts",
                   path);
}

/* YAML is wider than JSON, but for some escapes in strings. */
static bool read_file(const char *path, const char *name, struct doc *doc, struct node *list, struct err *err)
{
    struct buf text;
    struct err ignored = {0};
    buf_init(&text, FILE_MAX);
    bool ok = file_read(path, &text, err);
    struct doc *documents = ok ? yaml_parse_all(name, buf_str(&text), text.len, err) : NULL;
    struct doc *json = ok && documents == NULL ? doc_parse(buf_str(&text), text.len, &ignored) : NULL;
    struct node_iter it = node_iterate(doc_root(documents));
    while (node_next(&it)) {
        add(doc, list, name, it.value);
    }
    if (json != NULL) {
        add(doc, list, name, doc_root(json));
    }
    ok = documents != NULL || json != NULL;
    doc_free(json);
    doc_free(documents);
    buf_fini(&text);
    return ok;
}

static bool read_path(const char *path, struct doc *doc, struct node *list, struct err *err)
{
    static const char *const endings[] = {".yaml", ".yml", ".json", NULL};
    struct str_list files = {0};
    if (strcmp(path, "-") == 0) {
        return read_file("/dev/stdin", "the standard input", doc, list, err);
    }
    bool ok = is_no_script(path, err) && folder_list(path, endings, &files, err);
    for (size_t i = 0; ok && i < files.count; i++) {
        ok = read_file(files.items[i], files.items[i], doc, list, err);
    }
    str_list_fini(&files);
    return ok;
}

bool manifests_read(const struct str_list *paths, struct doc *doc, struct node *list, struct err *err)
{
    for (size_t i = 0; i < paths->count; i++) {
        if (!read_path(paths->items[i], doc, list, err)) {
            return false;
        }
    }
    return true;
}
