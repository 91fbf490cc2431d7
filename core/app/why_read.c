/* Where the Releases of `sluice why` come from: a file, or a cluster that is asked once or twice and only read; and
 * what is told of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli.h"
#include "app/hand.h"
#include "app/why.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "io/file.h"

#define STDIN_PATH "/dev/stdin"

enum { FILE_MAX = 64 * 1024 * 1024 };

/* --- a file --- */

static struct doc *list_of(const struct node *object)
{
    struct doc *list = doc_new();
    doc_set_root(list, node_new_array(list));
    node_push(doc_root(list), node_copy(list, object));
    return list;
}

/* YAML is wider than JSON, but for some escapes in strings. */
static struct doc *parse(const char *name, const struct buf *text, struct err *err)
{
    struct doc *documents = yaml_parse_all(name, buf_str(text), text->len, err);
    if (documents == NULL) {
        struct err ignored;
        struct doc *json = doc_parse(buf_str(text), text->len, &ignored);
        documents = json != NULL ? list_of(doc_root(json)) : NULL;
        doc_free(json);
    }
    return documents;
}

struct doc *why_read_file(const char *path, char **place, struct err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    const char *name = is_stdin ? "stdin" : path;
    struct buf text;
    buf_init(&text, FILE_MAX);
    struct doc *objects = file_read(is_stdin ? STDIN_PATH : path, &text, err) ? parse(name, &text, err) : NULL;
    buf_fini(&text);
    if (objects != NULL && node_count(doc_root(objects)) == 0) {
        err_set(err, ERR_INVALID, "%s: no object is in there", name);
        doc_free(objects);
        return NULL;
    }
    *place = str_format("in %s", name);
    return objects;
}

/* --- a cluster --- */

/* It says what a release under way waits for. Who may not read it, or has deleted it, is told what the record has.
 * But a Canary without Releases has not released anything yet, and one that is not there is a slip of the pen. */
static bool add_canary(struct session *session, const char *name, struct doc *objects, struct err *err)
{
    bool is_wanted = node_count(doc_root(objects)) == 0;
    struct doc *canary = hand_canary(session, name, err);
    if (canary != NULL) {
        node_push(doc_root(objects), node_copy(objects, doc_root(canary)));
        doc_free(canary);
        return true;
    }
    return !is_wanted;
}

struct doc *why_read_cluster(struct session *session, const char *canary, char **place, struct err *err)
{
    struct doc *list = hand_releases(session, session_namespace(session), canary, false, err);
    if (list == NULL) {
        return NULL;
    }
    struct doc *objects = doc_new();
    const struct node *items = node_get(doc_root(list), "items"); /* may be null */
    doc_set_root(objects, node_type(items) == NODE_ARRAY ? node_copy(objects, items) : node_new_array(objects));
    doc_free(list);
    if (!add_canary(session, canary, objects, err)) {
        doc_free(objects);
        return NULL;
    }
    *place = str_format("in the namespace %s", session_namespace(session));
    return objects;
}

struct doc *why_read_release(struct session *session, const char *name, char **place, struct err *err)
{
    struct doc *release = hand_release(session, name, err);
    if (release == NULL) {
        return NULL;
    }
    struct doc *objects = list_of(doc_root(release));
    struct err ignored = {0};
    add_canary(session, node_str_or(node_at(doc_root(release), "spec", "canary"), ""), objects, &ignored);
    doc_free(release);
    *place = str_format("in the namespace %s", session_namespace(session));
    return objects;
}

/* --- telling --- */

struct doc *why_order(const struct doc *objects, const char *place, bool json)
{
    struct doc *order = doc_new();
    struct node *root = node_new_object(order);
    doc_set_root(order, root);
    node_set(order, root, "objects", node_copy(order, doc_root(objects)));
    node_set_str(order, root, "place", place);
    node_set_bool(order, root, "json", json);
    return order;
}

int why_tell(const char *command, const struct doc *told)
{
    const struct node *root = doc_root(told), *document = node_get(root, "document");
    const char *problem = node_str(node_get(root, "problem"));
    if (problem != NULL) {
        fprintf(stderr, "sluice %s: %s\n", command, problem);
    } else if (document != NULL) {
        cli_print_json(document, stdout);
    } else {
        fputs(node_str_or(node_get(root, "text"), ""), stdout);
    }
    cli_flush(stdout);
    return (int)node_int_or(node_get(root, "status"), 2);
}
