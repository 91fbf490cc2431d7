#include "kube/config_files.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "io/file.h"

enum { FILE_MAX = 1024 * 1024 };

/* Of a repeated key the last one counts, as for kubectl. A warning says so, because the other one may have been
 * meant. */
static struct doc *parse(const char *path, const struct buf *text, struct err *err)
{
    struct str_list repeated = {0};
    struct doc *doc = yaml_parse_last(path, buf_str(text), text->len, &repeated, err);
    for (size_t i = 0; doc != NULL && i < repeated.count; i++) {
        log_warn(NULL, "kubeconfig %s: the last one counts", repeated.items[i]);
    }
    str_list_fini(&repeated);
    return doc;
}

/* kubectl refuses a kubeconfig in which two entries of a list have one name, whichever is in use. */
static bool check_names(const struct node *root, const char *list, struct err *err)
{
    struct str_list names = {0};
    bool ok = true;
    struct node_iter it = node_iterate(node_get(root, list));
    while (ok && node_next(&it)) {
        const char *name = node_str_or(node_get(it.value, "name"), "");
        ok = !str_list_has(&names, name) ||
             err_set(err, ERR_INVALID, "%s[%zu].name: \"%s\" is there twice, wanted a name of its own", list, it.index,
                     name);
        str_list_push(&names, name);
    }
    str_list_fini(&names);
    return ok;
}

/* An empty file, such as /dev/null, has no entries. */
static bool check(const struct node *root, struct err *err)
{
    bool is_empty = root == NULL || node_type(root) == NODE_NULL;
    return (is_empty || node_type(root) == NODE_OBJECT || err_set(err, ERR_INVALID, "it is not a mapping")) &&
           check_names(root, "clusters", err) && check_names(root, "users", err) && check_names(root, "contexts", err);
}

static struct doc *read_one(const char *path, struct err *err)
{
    struct buf text;
    buf_init(&text, FILE_MAX);
    struct doc *doc = NULL;
    if (file_read(path, &text, err)) { /* itself it may be a pipe of the shell */
        doc = parse(path, &text, err);
    }
    if (doc != NULL && !check(doc_root(doc), err)) {
        doc_free(doc);
        doc = NULL;
    }
    buf_fini(&text);
    return doc;
}

bool config_files_read(struct config_files *files, const struct str_list *paths, struct err *err)
{
    struct err missing = {0};
    *files = (struct config_files){.docs = mem_alloc((paths->count + 1) * sizeof(struct doc *))};
    err_clear(err);
    for (size_t i = 0; i < paths->count && err->code == ERR_NONE; i++) {
        struct doc *doc = read_one(paths->items[i], err);
        if (doc != NULL) {
            files->docs[files->paths.count] = doc;
            str_list_push(&files->paths, paths->items[i]);
        } else if (err->code == ERR_NOT_FOUND) {
            missing = missing.code == ERR_NONE ? *err : missing;
            err_clear(err);
        } else {
            err_wrap(err, "kubeconfig %s", paths->items[i]);
        }
    }
    if (err->code == ERR_NONE && files->paths.count == 0) {
        *err = missing;
        err_wrap(err, "kubeconfig %s", paths->items[0]);
    }
    if (err->code != ERR_NONE) {
        config_files_fini(files);
    }
    return err->code == ERR_NONE;
}

void config_files_fini(struct config_files *files)
{
    for (size_t i = 0; i < files->paths.count; i++) {
        doc_free(files->docs[i]);
    }
    mem_free(files->docs);
    str_list_fini(&files->paths);
    *files = (struct config_files){0};
}

char *config_files_name(const struct config_files *files)
{
    return str_list_join(&files->paths, ":");
}

const struct node *config_files_current_context(const struct config_files *files)
{
    const struct node *found = NULL;
    for (size_t i = 0; i < files->paths.count && found == NULL; i++) {
        const struct node *value = node_get(doc_root(files->docs[i]), "current-context");
        bool is_empty = value == NULL || node_type(value) == NODE_NULL || node_is(value, "");
        found = is_empty ? NULL : value;
    }
    return found;
}

static const struct node *find(const struct node *list, const char *name)
{
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "name"), name)) {
            return it.value;
        }
    }
    return NULL;
}

const struct node *config_files_entry(const struct config_files *files, const char *list, const char *name,
                                      const char *field, const char **path, struct err *err)
{
    const struct node *entry = NULL;
    for (size_t i = 0; i < files->paths.count && entry == NULL; i++) {
        entry = find(node_get(doc_root(files->docs[i]), list), name);
        *path = files->paths.items[i];
    }
    const struct node *value = node_get(entry, field);
    if (value == NULL) {
        err_set(err, ERR_INVALID, "there is no entry \"%s\" in %s", name, list);
    }
    return value;
}
