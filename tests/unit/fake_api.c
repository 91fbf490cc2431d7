#include "fake_api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_doc.h"

struct object {
    struct object *next;
    char *path;
    struct doc *doc;
};

/* A WATCH that was begun; the transport knows whether it is still open. */
struct watcher {
    struct watcher *next;
    size_t index;
    char *collection;
};

/* An event that muted watches did not tell. */
struct missed {
    struct missed *next;
    char *path, *line;
};

struct fake_api {
    struct fake_http *fh;
    struct object *objects; /* oldest first */
    struct watcher *watchers;
    struct missed *missed, **missed_end;
    int version, uids;
    bool muted;
    char *lost_method, *lost_url_part; /* NULL: none */
    char *answer;                      /* the text of the last answer */
    fake_api_change_fn *changed;
    void *changed_ctx;
};

/* --- paths --- */

static const char *last_slash(const char *path)
{
    return strrchr(path, '/');
}

static char *collection_of(const char *path)
{
    return str_dup_n(path, (size_t)(last_slash(path) - path));
}

/* "https://api/apis/…?limit=500" without the host and the query. */
static char *path_of(const char *url)
{
    const char *path = strstr(url, "//");
    path = strchr(path != NULL ? path + 2 : url, '/');
    return str_dup_n(path, strcspn(path, "?"));
}

static struct object *find(const struct fake_api *api, const char *path)
{
    struct object *o = api->objects;
    while (o != NULL && strcmp(o->path, path) != 0) {
        o = o->next;
    }
    return o;
}

const struct node *fake_api_find(const struct fake_api *api, const char *path)
{
    const struct object *o = find(api, path);
    return o != NULL ? doc_root(o->doc) : NULL;
}

/* --- changes --- */

static void stream(struct fake_api *api, const char *path, const char *line)
{
    char *collection = collection_of(path);
    for (struct watcher *w = api->watchers; w != NULL; w = w->next) {
        if (strcmp(w->collection, collection) == 0 && fake_http_is_open(api->fh, w->index)) {
            fake_http_stream(api->fh, w->index, line);
        }
    }
    str_free(&collection);
}

static void tell(struct fake_api *api, const char *type, const char *path, const struct doc *object)
{
    char *text = node_to_text(doc_root(object));
    char *line = str_format("{\"type\":\"%s\",\"object\":%s}\n", type, text);
    str_free(&text);
    if (api->muted) {
        struct missed *m = mem_new(struct missed);
        m->path = str_dup(path);
        m->line = line;
        *api->missed_end = m;
        api->missed_end = &m->next;
        return;
    }
    stream(api, path, line);
    str_free(&line);
    if (api->changed != NULL) {
        api->changed(api->changed_ctx, path, strcmp(type, "DELETED") == 0 ? NULL : object);
    }
}

void fake_api_mute(struct fake_api *api, bool muted)
{
    api->muted = muted;
    while (!muted && api->missed != NULL) {
        struct missed *m = api->missed;
        api->missed = m->next;
        stream(api, m->path, m->line);
        str_free(&m->path);
        str_free(&m->line);
        mem_free(m);
    }
    api->missed_end = api->missed == NULL ? &api->missed : api->missed_end;
}

static void new_version(struct fake_api *api, struct doc *doc)
{
    char version[16];
    snprintf(version, sizeof version, "%d", ++api->version);
    node_set_str(doc, node_ensure_object(doc, doc_root(doc), "metadata"), "resourceVersion", version);
}

/* Takes `doc`. */
static struct object *add(struct fake_api *api, const char *path, struct doc *doc)
{
    struct object *o = mem_new(struct object), **at = &api->objects;
    struct node *metadata = node_ensure_object(doc, doc_root(doc), "metadata");
    char uid[16];
    snprintf(uid, sizeof uid, "uid-%d", ++api->uids);
    node_set_str(doc, metadata, "name", last_slash(path) + 1);
    if (node_get(metadata, "uid") == NULL) {
        node_set_str(doc, metadata, "uid", uid);
    }
    const char *namespace = strstr(path, "/namespaces/");
    if (namespace != NULL) {
        namespace += strlen("/namespaces/");
        char *copy = str_dup_n(namespace, strcspn(namespace, "/"));
        node_set_str(doc, metadata, "namespace", copy);
        str_free(&copy);
    }
    new_version(api, doc);
    o->path = str_dup(path);
    o->doc = doc;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = o;
    tell(api, "ADDED", path, doc);
    return o;
}

static void object_free(struct object *o)
{
    str_free(&o->path);
    doc_free(o->doc);
    mem_free(o);
}

static void take_out(struct fake_api *api, struct object *o)
{
    struct object **at = &api->objects;
    while (*at != o) {
        at = &(*at)->next;
    }
    *at = o->next;
    new_version(api, o->doc);
    tell(api, "DELETED", o->path, o->doc);
    object_free(o);
}

void fake_api_put(struct fake_api *api, const char *path, const char *text)
{
    assert_null(find(api, path));
    add(api, path, fake_doc(text));
}

static void merge(struct fake_api *api, struct object *o, const struct node *patch)
{
    fake_doc_merge(o->doc, doc_root(o->doc), patch);
    new_version(api, o->doc);
    tell(api, "MODIFIED", o->path, o->doc);
}

void fake_api_edit(struct fake_api *api, const char *path, const char *patch)
{
    struct object *o = find(api, path);
    assert_non_null(o);
    struct doc *doc = fake_doc(patch);
    merge(api, o, doc_root(doc));
    doc_free(doc);
}

void fake_api_delete(struct fake_api *api, const char *path)
{
    struct object *o = find(api, path);
    assert_non_null(o);
    take_out(api, o);
}

/* --- requests --- */

static void set_answer(struct fake_api *api, struct fake_http_answer *answer, int status, char *text)
{
    str_free(&api->answer);
    api->answer = text;
    answer->status = status;
    answer->body = text;
}

static void refuse(struct fake_api *api, struct fake_http_answer *answer, int status, const char *reason,
                   const char *path)
{
    char *kind = collection_of(path);
    set_answer(api, answer, status,
               str_format("{\"kind\":\"Status\",\"code\":%d,\"reason\":\"%s\",\"message\":\"%s \\\"%s\\\" %s\"}",
                          status, reason, last_slash(kind) + 1, last_slash(path) + 1,
                          strcmp(reason, "NotFound") == 0        ? "not found"
                          : strcmp(reason, "AlreadyExists") == 0 ? "already exists"
                                                                 : "has been modified"));
    str_free(&kind);
}

static void show(struct fake_api *api, struct fake_http_answer *answer, int status, const struct doc *doc)
{
    set_answer(api, answer, status, node_to_text(doc_root(doc)));
}

static void list(struct fake_api *api, const char *collection, struct fake_http_answer *answer)
{
    struct doc *doc = fake_doc_format("{'metadata':{'resourceVersion':'%d'},'items':[]}", api->version);
    for (const struct object *o = api->objects; o != NULL; o = o->next) {
        char *own = collection_of(o->path);
        if (strcmp(own, collection) == 0) {
            node_push(node_get(doc_root(doc), "items"), node_copy(doc, doc_root(o->doc)));
        }
        str_free(&own);
    }
    show(api, answer, 200, doc);
    doc_free(doc);
}

static void watch(struct fake_api *api, const char *collection, size_t index, struct fake_http_answer *answer)
{
    struct watcher *w = mem_new(struct watcher);
    w->index = index;
    w->collection = str_dup(collection);
    w->next = api->watchers;
    api->watchers = w;
    answer->hold = true;
}

static void create(struct fake_api *api, const char *collection, const struct doc *body,
                   struct fake_http_answer *answer)
{
    char *path = str_format("%s/%s", collection, node_str_or(node_at(doc_root(body), "metadata", "name"), ""));
    if (find(api, path) != NULL) {
        refuse(api, answer, 409, "AlreadyExists", path);
    } else {
        show(api, answer, 201, add(api, path, doc_copy(doc_root(body)))->doc);
    }
    str_free(&path);
}

/* What the operations "add" and "replace" of a JSON patch set, whose paths go through objects only. */
static void set_values(struct doc *doc, const struct doc *operations)
{
    struct node_iter it = node_iterate(doc_root(operations));
    while (node_next(&it)) {
        const char *path = node_str_or(node_get(it.value, "path"), ""), *slash;
        struct node *at = doc_root(doc);
        while ((slash = strchr(path + 1, '/')) != NULL) {
            char *key = str_dup_n(path + 1, (size_t)(slash - path - 1));
            at = node_ensure_object(doc, at, key);
            str_free(&key);
            path = slash;
        }
        node_set(doc, at, path + 1, node_copy(doc, node_get(it.value, "value")));
    }
}

static struct doc *as_merge_patch(const struct doc *operations)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    set_values(doc, operations);
    return doc;
}

/* Of a write to the status nothing but the status counts, of any other everything. */
static void patch(struct fake_api *api, struct object *o, bool status, const struct doc *body,
                  struct fake_http_answer *answer)
{
    struct doc *change = node_type(doc_root(body)) == NODE_ARRAY ? as_merge_patch(body) : doc_copy(doc_root(body));
    const char *guard = node_str(node_at(doc_root(change), "metadata", "resourceVersion"));
    const char *version = node_str(node_at(doc_root(o->doc), "metadata", "resourceVersion"));
    if (guard != NULL && strcmp(guard, version) != 0) {
        refuse(api, answer, 409, "Conflict", o->path);
    } else {
        if (status) {
            node_remove(doc_root(change), "metadata");
            node_remove(doc_root(change), "spec");
        }
        merge(api, o, doc_root(change));
        show(api, answer, 200, o->doc);
    }
    doc_free(change);
}

/* The subresource: of the body nothing but the replicas counts, and the answer has nothing else of the object. As that
 * of an API server, it leaves them out when there are zero. */
static void scale(struct fake_api *api, struct object *o, const struct doc *body, struct fake_http_answer *answer)
{
    const char *guard = node_str(node_at(doc_root(body), "metadata", "resourceVersion"));
    if (guard != NULL && strcmp(guard, node_str(node_at(doc_root(o->doc), "metadata", "resourceVersion"))) != 0) {
        refuse(api, answer, 409, "Conflict", o->path);
        return;
    }
    int64_t generation = node_int_or(node_at(doc_root(o->doc), "metadata", "generation"), 0);
    int64_t replicas = node_int_or(node_at(doc_root(body), "spec", "replicas"), 0);
    struct doc *change = fake_doc_format("{'spec':{'replicas':%d}}", (int)replicas);
    if (generation > 0) {
        node_set_int(change, node_ensure_object(change, doc_root(change), "metadata"), "generation", generation + 1);
    }
    merge(api, o, doc_root(change));
    doc_free(change);
    struct doc *shown = replicas > 0 ? fake_doc_format("{'kind':'Scale','spec':{'replicas':%d}}", (int)replicas)
                                     : fake_doc_format("{'kind':'Scale','spec':{}}");
    node_set(shown, doc_root(shown), "metadata", node_copy(shown, node_get(doc_root(o->doc), "metadata")));
    show(api, answer, 200, shown);
    doc_free(shown);
}

/* What a JSON patch would make of the object: each value takes the place of the old one, and nothing is kept. */
static void try_patch(struct fake_api *api, const struct object *o, const struct doc *operations,
                      struct fake_http_answer *answer)
{
    struct doc *doc = doc_copy(doc_root(o->doc));
    set_values(doc, operations);
    show(api, answer, 200, doc);
    doc_free(doc);
}

static void change_object(struct fake_api *api, const struct fake_http_seen *request, char *path,
                          const struct doc *body, struct fake_http_answer *answer)
{
    const char *method = request->method;
    bool status = str_has_suffix(path, "/status"), scales = str_has_suffix(path, "/scale");
    path[strlen(path) - strlen(status ? "/status" : scales ? "/scale" : "")] = '\0';
    struct object *o = find(api, path);
    if (o == NULL) {
        refuse(api, answer, 404, "NotFound", path);
    } else if (strcmp(method, "DELETE") == 0) {
        take_out(api, o);
        set_answer(api, answer, 200, str_dup("{\"kind\":\"Status\",\"status\":\"Success\"}"));
    } else if (strcmp(method, "GET") == 0) {
        show(api, answer, 200, o->doc);
    } else if (strcmp(method, "PATCH") == 0 && strstr(request->url, "dryRun=All") != NULL) {
        try_patch(api, o, body, answer);
    } else if (strcmp(method, "PATCH") == 0 && scales) {
        scale(api, o, body, answer);
    } else if (strcmp(method, "PATCH") == 0) {
        patch(api, o, status, body, answer);
    } else { /* PUT */
        node_set(o->doc, doc_root(o->doc), "spec", node_copy(o->doc, node_get(doc_root(body), "spec")));
        node_set(o->doc, doc_root(o->doc), "data", node_copy(o->doc, node_get(doc_root(body), "data")));
        new_version(api, o->doc);
        show(api, answer, 200, o->doc);
    }
}

static bool loses(struct fake_api *api, const struct fake_http_seen *request)
{
    bool lost = api->lost_method != NULL && strcmp(api->lost_method, request->method) == 0 &&
                strstr(request->url, api->lost_url_part) != NULL;
    if (lost) {
        str_free(&api->lost_method);
        str_free(&api->lost_url_part);
    }
    return lost;
}

static bool handle(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    struct fake_api *api = ctx;
    if (strstr(request->url, "//api/") == NULL) {
        return false;
    }
    char *path = path_of(request->url);
    struct err ignored;
    struct doc *body = request->body_len > 0 ? doc_parse(request->body, request->body_len, &ignored) : doc_new();
    bool lost = loses(api, request);
    if (strstr(request->url, "?watch=true") != NULL) {
        watch(api, path, request->index, answer);
    } else if (strstr(request->url, "?limit=") != NULL) {
        list(api, path, answer);
    } else if (strcmp(request->method, "POST") == 0) {
        create(api, path, body, answer);
    } else {
        change_object(api, request, path, body, answer);
    }
    if (lost) {
        answer->code = ERR_TIMEOUT;
    }
    doc_free(body);
    str_free(&path);
    return true;
}

void fake_api_lose(struct fake_api *api, const char *method, const char *url_part)
{
    assert_null(api->lost_method);
    api->lost_method = str_dup(method);
    api->lost_url_part = str_dup(url_part);
}

void fake_api_subscribe(struct fake_api *api, fake_api_change_fn *fn, void *ctx)
{
    api->changed = fn;
    api->changed_ctx = ctx;
}

/* --- birth and death --- */

struct fake_api *fake_api_new(struct fake_http *fh)
{
    struct fake_api *api = mem_new(struct fake_api);
    api->fh = fh;
    api->missed_end = &api->missed;
    fake_http_handle(fh, handle, api);
    return api;
}

void fake_api_free(struct fake_api *api)
{
    fake_api_mute(api, false);
    while (api->objects != NULL) {
        struct object *next = api->objects->next;
        object_free(api->objects);
        api->objects = next;
    }
    while (api->watchers != NULL) {
        struct watcher *next = api->watchers->next;
        str_free(&api->watchers->collection);
        mem_free(api->watchers);
        api->watchers = next;
    }
    str_free(&api->lost_method);
    str_free(&api->lost_url_part);
    str_free(&api->answer);
    mem_free(api);
}
