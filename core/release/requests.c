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
    requests->added = (int64_t)node_count(doc_root(requests->list));
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

const struct node *requests_in(const struct node *list, const char *id)
{
    for (size_t i = node_count(list); i > 0; i--) {
        const struct node *entry = node_item(list, i - 1);
        if (node_is(node_get(entry, "id"), id)) {
            return entry;
        }
    }
    return NULL;
}

const struct node *requests_find(const struct node *release, const char *id)
{
    const struct node *begun = node_at(release, "spec", "request");
    return node_is(node_get(begun, "id"), id) ? begun : requests_in(node_at(release, "status", "requests"), id);
}

const struct node *requests_entry(const struct requests *requests, const char *id)
{
    const struct node *begun = doc_root(requests->begun);
    return node_is(node_get(begun, "id"), id) ? begun : requests_in(doc_root(requests->list), id);
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

static bool is_of(const struct node *entry, enum request_verb verb)
{
    return node_is(node_get(entry, "verb"), request_verb_name(verb));
}

static bool is_about_pause(const struct node *entry)
{
    return is_of(entry, REQUEST_PAUSE) || is_of(entry, REQUEST_RESUME);
}

static bool is_used(const struct node *entry)
{
    return node_get(entry, "used") != NULL;
}

static bool is_spent(const struct node *list, const struct node *entry)
{
    return is_used(entry) || (is_about_pause(entry) && entry != requests_last_pause(list));
}

static void make_room(struct node *list)
{
    size_t count = node_count(list), oldest = 0;
    if (count < REQUESTS_MAX) {
        return;
    }
    while (oldest < count && !is_spent(list, node_item(list, oldest))) {
        oldest++;
    }
    node_remove_item(list, oldest < count ? oldest : 0);
}

static struct node *add(struct requests *requests, const struct request *request, const char *gate, int64_t now_wall_ms)
{
    struct doc *doc = requests->list;
    if (doc_root(doc) == NULL) {
        doc_set_root(doc, node_new_array(doc));
    }
    make_room(doc_root(doc));
    struct node *entry = requests_new_entry(doc, request, gate, now_wall_ms);
    requests->added += !is_about_pause(entry);
    node_push(doc_root(doc), entry);
    return entry;
}

void requests_add(struct requests *requests, const struct request *request, const char *gate, int64_t now_wall_ms)
{
    add(requests, request, gate, now_wall_ms);
}

void requests_add_pause(struct requests *requests, const struct pause *pause, const struct request *request,
                        int64_t now_wall_ms)
{
    struct request told = request != NULL ? *request : (struct request){.verb = REQUEST_PAUSE};
    told.reason = pause->reason; /* what is said of the state counts */
    struct node *entry = add(requests, &told, NULL, now_wall_ms);
    if (request == NULL) {
        set_text(requests->list, entry, "through", pause->through);
    }
}

void requests_add_resume(struct requests *requests, const struct request *request, int64_t now_wall_ms)
{
    const char *through = requests_through(requests_pause(doc_root(requests->list)));
    struct request told = request != NULL ? *request : (struct request){.verb = REQUEST_RESUME};
    struct node *entry = add(requests, &told, NULL, now_wall_ms);
    if (request == NULL) {
        set_text(requests->list, entry, "through", through);
    }
}

/* --- what follows --- */

const struct node *requests_last_pause(const struct node *list)
{
    for (size_t i = node_count(list); i > 0; i--) {
        if (is_about_pause(node_item(list, i - 1))) {
            return node_item(list, i - 1);
        }
    }
    return NULL;
}

const struct node *requests_pause(const struct node *list)
{
    const struct node *last = requests_last_pause(list);
    return last != NULL && is_of(last, REQUEST_PAUSE) ? last : NULL;
}

const char *requests_through(const struct node *entry)
{
    return node_is(node_get(entry, "through"), PAUSE_SUSPEND) ? PAUSE_SUSPEND : PAUSE_ANNOTATION;
}

bool requests_is_pause(const struct node *entry, const struct pause *pause)
{
    return entry != NULL && pause->through != NULL && strcmp(requests_through(entry), pause->through) == 0 &&
           str_equal(node_str(node_get(entry, "reason")), pause->reason);
}

/* Wall clock; 0: nothing was. */
static int64_t last_asked_ms(const struct requests *requests)
{
    int64_t last = 0;
    struct node_iter it = node_iterate(doc_root(requests->list));
    while (node_next(&it)) {
        int64_t acted = 0;
        struct err ignored = {0};
        const char *text = node_str(node_get(it.value, "acted"));
        if (text != NULL && !is_about_pause(it.value) && time_parse(text, &acted, &ignored) && acted > last) {
            last = acted;
        }
    }
    return last;
}

bool requests_are_due(const struct requests *requests, int64_t since_ms)
{
    int64_t last_ms = last_asked_ms(requests);
    return last_ms > since_ms || (last_ms == since_ms && requests->heard < requests->added);
}

void requests_note_look(struct requests *requests)
{
    requests->heard = requests->added;
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
        if (is_of(it.value, REQUEST_APPROVE) && node_is(node_get(it.value, "gate"), gate) && !is_used(it.value)) {
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
