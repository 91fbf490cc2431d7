#include "sim/api/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/failure.h"
#include "sim/api/filter.h"
#include "sim/api/inner.h"
#include "sim/api/object.h"
#include "sim/api/present.h"
#include "sim/api/reply.h"
#include "sim/api/table.h"

void api_read_object(const struct request *request)
{
    struct failure f = {0};
    struct doc *stored = objects_read(request->api->objects, request->kind->storage, request->namespace, request->name);
    if (stored != NULL) {
        api_reply_object(request, 200, doc_root(stored));
    } else {
        fail_not_found(&f, request->kind, request->name);
        api_reply_failure(request, &f);
    }
    doc_free(stored);
    failure_fini(&f);
}

/* --- lists --- */

/* Where the next page begins: the version the first page had, and the key of the last object shown. */
struct position {
    int64_t version;
    char *namespace, *name;
};

struct listing {
    const struct request *request;
    struct filter filter;
    struct position start;
    int64_t limit, walked, remaining; /* limit 0: none */
    struct doc *doc;
    struct node *items;
    char *next; /* continue */
};

/* "version/namespace/name" in hex: opaque to clients, as it should be. */
static char *position_write(int64_t version, const struct node *object)
{
    char *text = str_format("%lld/%s/%s", (long long)version, meta_str(object, "namespace"), meta_str(object, "name"));
    struct buf b;
    buf_init(&b, 4096);
    for (const char *c = text; *c != '\0'; c++) {
        buf_printf(&b, "%02x", (unsigned char)*c);
    }
    mem_free(text);
    return buf_take(&b);
}

static char *unhex(const char *text)
{
    struct buf b;
    buf_init(&b, 4096);
    while (text[0] != '\0' && text[1] != '\0') {
        char digits[3] = {text[0], text[1], '\0'}, *end;
        buf_append_char(&b, (char)strtol(digits, &end, 16));
        if (*end != '\0') {
            buf_clear(&b);
        }
        text += 2;
    }
    return buf_take(&b);
}

static bool position_read(const char *token, struct position *position, struct failure *f)
{
    struct str_list parts = {0};
    char *text = unhex(token);
    str_list_split(&parts, text, '/');
    bool ok = parts.count == 3;
    if (ok) {
        position->version = strtoll(parts.items[0], NULL, 10);
        position->namespace = str_dup(parts.items[1]);
        position->name = str_dup(parts.items[2]);
    }
    str_list_fini(&parts);
    mem_free(text);
    return ok || fail_bad_request(f, "invalid continue token: continue key is not valid: invalid character '\\u009e' "
                                     "looking for beginning of value");
}

static bool number_read(const char *text, int64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' && end != text && *text != '+' && *text != ' ';
}

static bool version_check(struct listing *l, const char *version, struct failure *f)
{
    int64_t wanted;
    if (str_empty(version)) {
        return true;
    }
    if (!number_read(version, &wanted) || wanted < 0) {
        return fail_bad_request(f,
                                "invalid resource version: resourceVersion: Invalid value: \"%s\": "
                                "strconv.ParseUint: parsing \"%s\": invalid syntax",
                                version, version);
    }
    int64_t current = objects_version(l->request->api->objects);
    if (wanted <= current) {
        return true;
    }
    fail_with(f, 504, "Timeout", "Timeout: Too large resource version: %lld, current: %lld", (long long)wanted,
              (long long)current);
    f->details = doc_new();
    struct node *details = node_new_object(f->details), *causes = node_new_array(f->details);
    struct node *cause = node_new_object(f->details);
    doc_set_root(f->details, details);
    node_set_str(f->details, cause, "reason", "ResourceVersionTooLarge");
    node_set_str(f->details, cause, "message", "Too large resource version");
    node_push(causes, cause);
    node_set(f->details, details, "causes", causes);
    node_set_int(f->details, details, "retryAfterSeconds", 1);
    return false;
}

static bool continue_check(struct listing *l, const char *token, struct failure *f)
{
    if (str_empty(token)) {
        return true;
    }
    if (!position_read(token, &l->start, f)) {
        return false;
    }
    if (l->start.version >= objects_oldest(l->request->api->objects)) {
        return true;
    }
    return fail_with(
        f, 410, "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can start a new "
        "list without the continue parameter, or use the continue token in this response to retrieve the "
        "remainder of the results. Continuing with the provided token results in an inconsistent list - "
        "objects that were created, modified, or deleted between the time the first chunk was returned and now "
        "may show up in the list.");
}

static bool listing_read(struct listing *l, struct failure *f)
{
    const struct exchange *exchange = l->request->exchange;
    char *limit = exchange_param(exchange, "limit"), *token = exchange_param(exchange, "continue");
    char *version = exchange_param(exchange, "resourceVersion");
    bool ok = true;
    if (!str_empty(limit) && !number_read(limit, &l->limit)) {
        ok = fail_bad_request(f, "strconv.ParseInt: parsing \"%s\": invalid syntax", limit);
    }
    ok = ok && filter_read(l->request, &l->filter, f) && version_check(l, version, f) && continue_check(l, token, f);
    mem_free(limit);
    mem_free(token);
    mem_free(version);
    return ok;
}

static bool is_behind(const struct position *start, const struct node *object)
{
    int order = strcmp(meta_str(object, "namespace"), start->namespace);
    return order > 0 || (order == 0 && strcmp(meta_str(object, "name"), start->name) > 0);
}

static bool on_each(void *ctx, const struct node *object)
{
    struct listing *l = ctx;
    if (l->start.name != NULL && !is_behind(&l->start, object)) {
        return true;
    }
    if (l->limit > 0 && node_count(l->items) == (size_t)l->limit) {
        const struct request *r = l->request; /* whether the rest matches is seen on the next page */
        l->remaining++;
        if (l->start.name != NULL) {
            return true;
        }
        l->remaining = (int64_t)objects_count(r->api->objects, r->kind->storage, r->namespace) - l->walked;
        return false;
    }
    l->walked++;
    if (!filter_matches(&l->filter, object)) {
        return true;
    }
    const struct kind *kind = l->request->kind;
    node_push(l->items, l->request->form == FORM_PARTIAL
                            ? api_present_partial(l->doc, object)
                            : api_present(l->doc, kind, object, l->request->form == FORM_OBJECT));
    return true;
}

static struct node *list_metadata(struct listing *l)
{
    struct doc *doc = l->doc;
    struct node *metadata = node_new_object(doc);
    bool is_page = l->remaining > 0;
    int64_t version = l->start.name != NULL ? l->start.version : objects_version(l->request->api->objects);
    char *text = str_format("%lld", (long long)version);
    node_set_str(doc, metadata, "resourceVersion", text);
    mem_free(text);
    if (is_page) {
        char *next = position_write(version, node_item(l->items, node_count(l->items) - 1));
        node_set_str(doc, metadata, "continue", next);
        mem_free(next);
        if (l->filter.labels == NULL && l->filter.fields == NULL) {
            node_set_int(doc, metadata, "remainingItemCount", l->remaining);
        }
    } else if (l->request->kind->is_custom && l->request->form == FORM_OBJECT) {
        node_set_str(doc, metadata, "continue", "");
    }
    return metadata;
}

static void reply_list(struct listing *l)
{
    const struct request *request = l->request;
    struct node *metadata = list_metadata(l), *list = node_new_object(l->doc);
    if (request->form == FORM_TABLE) {
        struct doc *table = api_table_new(request, l->items, metadata, true);
        api_reply(request, 200, doc_root(table));
        doc_free(table);
        return;
    }
    char *version = api_version_of(request->kind);
    bool is_partial = request->form == FORM_PARTIAL;
    node_set_str(l->doc, list, "kind", is_partial ? "PartialObjectMetadataList" : request->kind->list_name);
    node_set_str(l->doc, list, "apiVersion", is_partial ? "meta.k8s.io/v1" : version);
    node_set(l->doc, list, "metadata", metadata);
    node_set(l->doc, list, "items", l->items);
    mem_free(version);
    api_reply(request, 200, list);
}

/* Further pages show what there was when the first was made. */
static void walk(struct listing *l)
{
    const struct request *r = l->request;
    if (l->start.name != NULL) {
        objects_each_at(r->api->objects, r->kind->storage, r->namespace, l->start.version, on_each, l);
    } else {
        objects_each(r->api->objects, r->kind->storage, r->namespace, on_each, l);
    }
}

void api_read_list(const struct request *request)
{
    struct failure f = {0};
    struct listing l = {.request = request, .doc = doc_new()};
    l.items = node_new_array(l.doc);
    if (listing_read(&l, &f)) {
        walk(&l);
        reply_list(&l);
    } else {
        api_reply_failure(request, &f);
    }
    filter_fini(&l.filter);
    str_free(&l.start.namespace);
    str_free(&l.start.name);
    doc_free(l.doc);
    failure_fini(&f);
}
