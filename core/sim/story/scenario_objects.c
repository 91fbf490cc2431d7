/* The documents a scenario names: they stand in it, or in files beside it. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "sim/story/scenario_inner.h"

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
    size_t len = slash != NULL ? (size_t)(slash + 1 - file) : 0;
    if (path[0] == '/') {
        return str_dup(path);
    }
    while (str_has_prefix(path, "../") && len > 0) {
        size_t start = len - 1;
        while (start > 0 && file[start - 1] != '/') {
            start--;
        }
        if (!is_named(file + start, len - start)) {
            break;
        }
        path += strlen("../");
        len = start;
    }
    return str_format("%.*s%s", (int)len, file, path);
}

/* Every document has what an API server needs to know where it belongs; NULL when so, else what is missing. */
static const char *missing_in(const struct node *object)
{
    if (node_type(object) != NODE_OBJECT) {
        return "it is no mapping";
    }
    if (str_empty(node_str(node_get(object, "apiVersion")))) {
        return "it has no apiVersion";
    }
    if (str_empty(node_str(node_get(object, "kind")))) {
        return "it has no kind";
    }
    return str_empty(node_str(node_at(object, "metadata", "name"))) ? "it has no metadata.name" : NULL;
}

/* --- where they stand --- */

static void copy_places(struct yaml_places *to, const struct yaml_places *from, const struct node *original,
                        const struct node *copy)
{
    struct node_iter originals = node_iterate(original), copies = node_iterate(copy);
    const struct yaml_place *place = yaml_places_find(from, original);
    if (place != NULL) {
        struct yaml_place kept = *place; /* putting it may move it */
        yaml_places_put(to, copy, kept);
    }
    while (node_next(&originals) && node_next(&copies)) {
        copy_places(to, from, originals.value, copies.value);
    }
}

static void add_object(const struct scenario_reader *reader, const char *file, const struct yaml_places *places,
                       const struct node *object, struct doc *objects)
{
    struct scenario *scenario = reader->scenario;
    struct node *copy = node_copy(objects, object);
    node_push(doc_root(objects), copy);
    copy_places(scenario->places, places, object, copy);
    scenario->origins = mem_resize(scenario->origins, (scenario->origin_count + 1) * sizeof *scenario->origins);
    scenario->origins[scenario->origin_count++] = (struct scenario_origin){.object = copy, .file = str_dup(file)};
}

/* The first path in a text that leads into the object, such as "spec.ports[0].name"; NULL: there is none. A path of one
 * key alone is meant only behind the name of a type ("ConfigMap.data"). mem_free. */
static char *path_in(const char *text, const struct node *object)
{
    static const char path_chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.[]";
    bool follows_type = false;
    while (*text != '\0') {
        size_t len = strspn(text, path_chars), first = strcspn(text, ".[");
        char *key = str_dup_n(text, first < len ? first : follows_type ? len : 0);
        bool is_path = key[0] != '\0' && node_get(object, key) != NULL;
        mem_free(key);
        if (is_path) {
            return str_dup_n(text, len);
        }
        size_t passed = first < len ? first + 1 : len; /* ".spec.x" and "PodSpec.spec.x" have one further on */
        follows_type = first < len && first > 0;
        text += passed > 0 ? passed : 1;
    }
    return NULL;
}

/* The value that cannot be `word` in Go ("cannot unmarshal string into ..."); Go's path has no indices, so of a list it
 * may be in any element. NULL: there is none. */
static const struct node *misfit_at(const struct node *node, const char *path, const char *word)
{
    static const char *const words[] = {[NODE_OBJECT] = "object", [NODE_ARRAY] = "array", [NODE_STRING] = "string",
                                        [NODE_BOOL] = "bool",     [NODE_INT] = "number",  [NODE_REAL] = "number"};
    size_t type = (size_t)node_type(node), count = sizeof words / sizeof words[0];
    const char *own = type < count && words[type] != NULL ? words[type] : "";
    size_t len = strcspn(path, ".");
    if (*path == '\0' && strcmp(own, word) == 0) {
        return node;
    }
    const struct node *found = NULL;
    struct node_iter it = node_iterate(node);
    bool is_inside = node_type(node) == NODE_ARRAY || *path == '\0'; /* a map's values: its path is the map's */
    while (found == NULL && node_next(&it)) {
        bool is_key = it.key != NULL && strlen(it.key) == len && strncmp(it.key, path, len) == 0;
        if (is_inside) {
            found = misfit_at(it.value, path, word);
        } else if (is_key) {
            found = misfit_at(it.value, path + len + (path[len] == '.'), word);
        }
    }
    return found;
}

static const struct node *concerned(const struct node *object, const char *problem, const char *path)
{
    static const char unmarshal[] = "cannot unmarshal ";
    const char *at = strstr(problem, unmarshal);
    const struct node *misfit = NULL;
    if (at != NULL) {
        at += strlen(unmarshal);
        char *word = str_dup_n(at, strcspn(at, " "));
        misfit = misfit_at(object, path, word);
        mem_free(word);
    }
    return misfit != NULL ? misfit : form_nearest(object, path);
}

char *scenario_object_place(const struct scenario *scenario, const struct node *object, const char *problem)
{
    for (size_t i = 0; i < scenario->origin_count; i++) {
        if (scenario->origins[i].object != object) {
            continue;
        }
        struct form form = {.file = scenario->origins[i].file, .root = object, .places = scenario->places};
        char *path = path_in(problem, object);
        char *place = form_place(&form, path != NULL ? concerned(object, problem, path) : object);
        mem_free(path);
        return place;
    }
    return NULL;
}

/* --- reading them --- */

static bool refuse_document(const struct scenario_reader *reader, const struct node *item, const struct form *in_file,
                            const struct node *object, const char *problem)
{
    char *place = form_place(in_file, object);
    form_refuse_field(reader->form, item, "file", "%s: no object: %s", place, problem);
    mem_free(place);
    return false;
}

static bool add_documents(const struct scenario_reader *reader, const struct node *item, const struct doc *documents,
                          const char *path, const struct yaml_places *places, struct doc *objects)
{
    struct node_iter it = node_iterate(doc_root(documents));
    while (node_next(&it)) {
        const char *problem = missing_in(it.value);
        if (problem != NULL) {
            return refuse_document(reader, item, &(struct form){.file = path, .root = it.value, .places = places},
                                   it.value, problem);
        }
        add_object(reader, path, places, it.value, objects);
    }
    return true;
}

static bool add_file(const struct scenario_reader *reader, const struct node *item, struct doc *objects)
{
    static const char *const fields[] = {"file", NULL};
    const char *file = NULL;
    struct err err = {0};
    struct buf text;
    if (!form_fields(reader->form, item, fields) || !form_str(reader->form, item, "file", &file)) {
        return false;
    }
    char *path = path_from(reader->form->file, file);
    buf_init(&text, FILE_MAX);
    struct doc *documents = NULL;
    struct yaml_places *places = yaml_places_new();
    if (reader->open(path, &text, &err)) {
        documents = yaml_parse_all_placed(path, buf_str(&text), text.len, places, &err);
    }
    bool ok = documents != NULL ? add_documents(reader, item, documents, path, places, objects)
                                : form_refuse_field(reader->form, item, "file", "%s", err.text);
    doc_free(documents);
    yaml_places_free(places);
    buf_fini(&text);
    str_free(&path);
    return ok;
}

static bool add_item(const struct scenario_reader *reader, const struct node *item, struct doc *objects)
{
    if (node_str(node_get(item, "file")) != NULL) {
        return add_file(reader, item, objects);
    }
    const char *problem = missing_in(item);
    if (problem != NULL) {
        return form_refuse(reader->form, item, "no object: %s; wanted one, or {file: PATH}", problem);
    }
    add_object(reader, reader->form->file, reader->form->places, item, objects);
    return true;
}

struct doc *scenario_objects_read(const struct scenario_reader *reader, const struct node *object, const char *key)
{
    const struct node *list = NULL;
    if (!form_list(reader->form, object, key, &list)) {
        return NULL;
    }
    struct doc *objects = doc_new();
    doc_set_root(objects, node_new_array(objects));
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        if (add_item(reader, it.value, objects)) {
            continue;
        }
        doc_free(objects);
        return NULL;
    }
    return objects;
}
