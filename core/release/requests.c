#include "release/requests.h"

#include <string.h>

#include "base/duration.h"
#include "base/str.h"

void requests_read(struct requests *requests, const struct node *release)
{
    const struct node *list = node_at(release, "status", "requests"), *begun = node_at(release, "spec", "request");
    *requests = (struct requests){
        .list = node_type(list) == NODE_ARRAY ? doc_copy(list) : doc_new(),
        .begun = node_type(begun) == NODE_OBJECT ? doc_copy(begun) : doc_new(),
    };
}

void requests_fini(struct requests *requests)
{
    doc_free(requests->list);
    doc_free(requests->begun);
    *requests = (struct requests){0};
}

void requests_write(const struct requests *requests, struct doc *doc, struct node *status)
{
    node_set(doc, status, "requests", node_copy(doc, doc_root(requests->list)));
}

/* --- finding --- */

static const struct node *entry_in(const struct node *list, const char *id)
{
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "id"), id)) {
            return it.value;
        }
    }
    return NULL;
}

const struct node *requests_find(const struct node *release, const char *id)
{
    const struct node *begun = node_at(release, "spec", "request"), *list = node_at(release, "status", "requests");
    return node_is(node_get(begun, "id"), id) ? begun : node_type(list) == NODE_ARRAY ? entry_in(list, id) : NULL;
}

const struct node *requests_entry(const struct requests *requests, const char *id)
{
    const struct node *begun = doc_root(requests->begun);
    return node_is(node_get(begun, "id"), id) ? begun : entry_in(doc_root(requests->list), id);
}

/* --- adding --- */

static void set_text(struct doc *doc, struct node *entry, const char *key, const char *text)
{
    node_set(doc, entry, key, text != NULL ? node_new_str(doc, text) : NULL);
}

struct node *requests_new_entry(struct doc *doc, const struct request *request, const char *gate, int64_t now_wall_ms)
{
    struct node *entry = node_new_object(doc);
    char now[32];
    time_write_milli(now_wall_ms, now);
    set_text(doc, entry, "id", request->id);
    set_text(doc, entry, "verb", request_verb_name(request->verb));
    set_text(doc, entry, "gate", gate);
    set_text(doc, entry, "by", request->by);
    set_text(doc, entry, "reason", request->reason);
    set_text(doc, entry, "at", request->at);
    set_text(doc, entry, "acted", now);
    return entry;
}

static bool is_spent(const struct node *entry)
{
    return node_get(entry, "used") != NULL;
}

static void make_room(struct node *list)
{
    size_t count = node_count(list), oldest = 0;
    if (count < REQUESTS_MAX) {
        return;
    }
    while (oldest < count && !is_spent(node_item(list, oldest))) {
        oldest++;
    }
    node_remove_item(list, oldest < count ? oldest : 0);
}

void requests_add(struct requests *requests, const struct request *request, const char *gate, int64_t now_wall_ms)
{
    struct doc *doc = requests->list;
    if (doc_root(doc) == NULL) {
        doc_set_root(doc, node_new_array(doc));
    }
    make_room(doc_root(doc));
    node_push(doc_root(doc), requests_new_entry(doc, request, gate, now_wall_ms));
}

/* --- what follows --- */

static bool is_of(const struct node *entry, enum request_verb verb)
{
    return node_is(node_get(entry, "verb"), request_verb_name(verb));
}

int64_t requests_last_ms(const struct requests *requests)
{
    int64_t last = 0;
    struct node_iter it = node_iterate(doc_root(requests->list));
    while (node_next(&it)) {
        int64_t acted = 0;
        struct err ignored = {0};
        const char *text = node_str(node_get(it.value, "acted"));
        if (text != NULL && time_parse(text, &acted, &ignored) && acted > last) {
            last = acted;
        }
    }
    return last;
}

const struct node *requests_promotion(const struct requests *requests)
{
    struct node_iter it = node_iterate(doc_root(requests->list));
    while (node_next(&it)) {
        if (is_of(it.value, REQUEST_PROMOTE)) {
            return it.value;
        }
    }
    return NULL;
}

static bool is_passed_once(const char *gate)
{
    return strcmp(gate, "confirm-rollout") == 0 || strcmp(gate, "confirm-promotion") == 0;
}

bool requests_take_approval(struct requests *requests, const char *gate, int64_t now_wall_ms, char **who)
{
    char now[32];
    time_write_milli(now_wall_ms, now);
    struct node_iter it = node_iterate(doc_root(requests->list));
    while (node_next(&it)) {
        if (is_of(it.value, REQUEST_APPROVE) && node_is(node_get(it.value, "gate"), gate) && !is_spent(it.value)) {
            *who = requests_who(it.value);
            if (!is_passed_once(gate)) {
                node_set_str(requests->list, it.value, "used", now);
            }
            return true;
        }
    }
    return false;
}

char *requests_who(const struct node *entry)
{
    const char *by = node_str_or(node_get(entry, "by"), "somebody"), *reason = node_str(node_get(entry, "reason"));
    return reason != NULL ? str_format("%s: %s", by, reason) : str_dup(by);
}
