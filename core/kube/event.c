/* Events as client-go's recorder correlates them. Three steps, in its order:
 *
 *   aggregate   from the tenth different message of the same object, type and reason on, with no 10 minutes of quiet
 *               between them, one event for all
 *   count       the same message again: the event that is there gets count + 1 (a PATCH with the absolute count)
 *   filter      a token bucket per object and type drops what is left
 *
 * client-go knows no people. What they ask for is not aggregated, and has a bucket of its own: it must be found again
 * after whatever else was said of the object.
 *
 * The state is in memory, as client-go's is: after a restart a message begins a new event. Where a key is given, the
 * event's name comes from the key, so that a repetition after a crash finds its own event. */
#include "kube/event.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/duration.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

enum {
    SIMILAR_MAX = 10,
    SIMILAR_WINDOW_MS = 10 * 60 * 1000,
    BURST = 25,
    REFILL_MS = 300 * 1000,
    ASKED_REFILL_MS = 60 * 1000,
    REMEMBERED_MAX = 4096,
    ATTEMPTS_MAX = 5,     /* of a request that fails for a passing reason */
    FIRST_PAUSE_MS = 500, /* before the second; each is twice as long as the one before */
    MESSAGE_MAX = 1024,
    NAME_MAX_LEN = 253,
    DIGITS_LEN = 16, /* of the time at the end of a name */
    KEY_LEN = 32,    /* of a key below: 128 bits of a hash in hex, for what it names is long and there are thousands */
};

/* Messages of one object, type and reason within the window. */
struct similar {
    UT_hash_handle hh;
    int64_t last_ms;
    struct str_list messages;
    char key[KEY_LEN + 1];
};

/* An event that was sent: what a repetition patches. */
struct sent {
    UT_hash_handle hh;
    char *name;
    char *event_key; /* of the last one counted; NULL: it had none */
    int64_t count;
    char first[32];
    char key[KEY_LEN + 1];
};

struct bucket {
    UT_hash_handle hh;
    double tokens;
    int64_t at_ms;
    char key[KEY_LEN + 1];
};

/* One event on its way. */
struct event_call {
    struct event_call *next, **link;
    struct event_recorder *recorder;
    struct kube_call *call;
    struct timer turn; /* when there is nothing to send, or not yet again */
    int attempts;      /* that failed */
    struct doc *body;  /* whole, as for a create */
    char *namespace, *name;
    char sent_key[KEY_LEN + 1];
    int64_t count; /* above 1: a patch */
    bool dropped;
    event_done_fn *done;
    void *ctx;
};

struct event_recorder {
    struct kube_client *client;
    struct clock *clock;
    char *component;
    struct similar *similar;
    struct sent *sent;
    struct bucket *buckets;
    struct event_call *calls;
    size_t pending;
    struct event_moment last; /* that was given out */
};

/* --- the three memories --- */

static void similar_drop(struct event_recorder *r, struct similar *s)
{
    HASH_DEL(r->similar, s);
    str_list_fini(&s->messages);
    mem_free(s);
}

static void sent_drop(struct event_recorder *r, struct sent *s)
{
    HASH_DEL(r->sent, s);
    str_free(&s->name);
    str_free(&s->event_key);
    mem_free(s);
}

static void bucket_drop(struct event_recorder *r, struct bucket *b)
{
    HASH_DEL(r->buckets, b);
    mem_free(b);
}

/* The tables keep the order of insertion, and a used entry is inserted anew; so the first entry is the least
 * recently used. */
static void bound_memories(struct event_recorder *r)
{
    if (HASH_COUNT(r->similar) > REMEMBERED_MAX) {
        similar_drop(r, r->similar);
    }
    if (HASH_COUNT(r->sent) > REMEMBERED_MAX) {
        sent_drop(r, r->sent);
    }
    if (HASH_COUNT(r->buckets) > REMEMBERED_MAX) {
        bucket_drop(r, r->buckets);
    }
}

/* True when the message must be said with the others'. */
static bool is_too_similar(struct event_recorder *r, const char key[static KEY_LEN + 1], const char *message)
{
    int64_t now = clock_mono_ms(r->clock);
    struct similar *s;
    HASH_FIND_STR(r->similar, key, s);
    if (s != NULL && now - s->last_ms > SIMILAR_WINDOW_MS) {
        similar_drop(r, s);
        s = NULL;
    }
    if (s != NULL) {
        HASH_DEL(r->similar, s);
    } else {
        s = mem_new(struct similar);
        memcpy(s->key, key, sizeof s->key);
    }
    HASH_ADD_STR(r->similar, key, s);
    s->last_ms = now;
    if (!str_list_has(&s->messages, message)) {
        str_list_push(&s->messages, message);
    }
    if (s->messages.count <= SIMILAR_MAX - 1) {
        return false;
    }
    /* From here on only the number counts, so the oldest is dropped and the list does not grow. */
    mem_free(s->messages.items[0]);
    memmove(&s->messages.items[0], &s->messages.items[1], --s->messages.count * sizeof s->messages.items[0]);
    return true;
}

static bool take_token(struct event_recorder *r, const char key[static KEY_LEN + 1], int64_t refill_ms)
{
    int64_t now = clock_mono_ms(r->clock);
    struct bucket *b;
    HASH_FIND_STR(r->buckets, key, b);
    if (b != NULL) {
        HASH_DEL(r->buckets, b);
    } else {
        b = mem_new(struct bucket);
        memcpy(b->key, key, sizeof b->key);
        b->tokens = BURST;
        b->at_ms = now;
    }
    HASH_ADD_STR(r->buckets, key, b);
    b->tokens += (double)(now - b->at_ms) / (double)refill_ms;
    b->tokens = b->tokens > BURST ? BURST : b->tokens;
    b->at_ms = now;
    if (b->tokens < 1) {
        return false;
    }
    b->tokens -= 1;
    return true;
}

/* The same event key again is the same event sent again (its answer was lost), not one more: the count stays. */
static struct sent *remember(struct event_recorder *r, const char key[static KEY_LEN + 1], const char *name,
                             const char *first, const char *event_key)
{
    struct sent *s;
    HASH_FIND_STR(r->sent, key, s);
    if (s != NULL) {
        HASH_DEL(r->sent, s);
    } else {
        s = mem_new(struct sent);
        memcpy(s->key, key, sizeof s->key);
        s->name = str_dup(name);
        str_copy(s->first, sizeof s->first, first);
    }
    HASH_ADD_STR(r->sent, key, s);
    if (event_key == NULL || !str_equal(event_key, s->event_key)) {
        s->count++;
        str_free(&s->event_key);
        s->event_key = str_dup(event_key);
    }
    return s;
}

/* --- the event's form --- */

struct event_moment event_moment_next(struct event_recorder *r)
{
    int64_t now_ms = clock_wall_ms(r->clock);
    r->last = (struct event_moment){now_ms, now_ms == r->last.ms ? r->last.index + 1 : 0};
    return r->last;
}

static uint64_t hash_of(const char *key)
{
    char digest[65];
    hash_sha256(key, strlen(key), digest);
    digest[DIGITS_LEN - 1] = '\0';
    return strtoull(digest, NULL, 16);
}

/* The name of an event, as client-go makes it: the object's name and a time in nanoseconds. The last six digits tell
 * the events of one millisecond apart: how many of this engine's came before it, and three digits of its key or its
 * message, in which another event of another engine would hardly agree. */
static char *event_name(struct event_recorder *r, const struct event *event)
{
    char digits[DIGITS_LEN + 1];
    struct event_moment moment = event->key != NULL ? event->moment : event_moment_next(r);
    uint64_t within_ms = moment.index % 1000 * 1000 + hash_of(event->key != NULL ? event->key : event->message) % 1000;
    snprintf(digits, sizeof digits, "%016" PRIx64, (uint64_t)moment.ms * 1000000 + within_ms);
    size_t len = strlen(event->name), max = NAME_MAX_LEN - 1 - DIGITS_LEN;
    for (len = len < max ? len : max; len > 0 && strchr(".-", event->name[len - 1]) != NULL;) {
        len--; /* a label may not end so */
    }
    return str_format("%.*s.%.*s", (int)len, event->name, DIGITS_LEN, digits);
}

static char *bounded_message(const char *message)
{
    size_t len = strlen(message);
    if (len <= MESSAGE_MAX) {
        return str_dup(message);
    }
    len = MESSAGE_MAX;
    while (len > 0 && ((unsigned char)message[len] & 0xC0) == 0x80) {
        len--; /* not in the middle of a character */
    }
    return str_dup_n(message, len);
}

static struct doc *event_body(const struct event_recorder *r, const struct event *event, const char *name,
                              const char *message, int64_t count, const char *first, const char *now)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    doc_set_root(doc, root);
    node_set_str(doc, root, "apiVersion", "v1");
    node_set_str(doc, root, "kind", "Event");
    struct node *metadata = node_ensure_object(doc, root, "metadata");
    node_set_str(doc, metadata, "name", name);
    node_set_str(doc, metadata, "namespace", event->namespace);
    struct node *involved = node_ensure_object(doc, root, "involvedObject");
    node_set_str(doc, involved, "kind", event->kind);
    node_set_str(doc, involved, "namespace", event->namespace);
    node_set_str(doc, involved, "name", event->name);
    node_set_str(doc, involved, "uid", event->uid);
    node_set_str(doc, involved, "apiVersion", event->api_version);
    node_set_str(doc, involved, "resourceVersion", event->resource_version);
    node_set_str(doc, root, "reason", event->reason);
    node_set_str(doc, root, "message", message);
    node_set_str(doc, node_ensure_object(doc, root, "source"), "component", r->component);
    node_set_str(doc, root, "firstTimestamp", first);
    node_set_str(doc, root, "lastTimestamp", now);
    node_set_int(doc, root, "count", count);
    node_set_str(doc, root, "type", event->type);
    node_set_str(doc, root, "reportingComponent", r->component);
    return doc;
}

__attribute__((format(printf, 2, 3))) static void key_write(char key[static KEY_LEN + 1], const char *format, ...)
{
    va_list args;
    char digest[65];
    va_start(args, format);
    char *text = str_format_v(format, args);
    va_end(args);
    hash_sha256(text, strlen(text), digest);
    memcpy(key, digest, KEY_LEN);
    key[KEY_LEN] = '\0';
    str_free(&text);
}

/* Fills a call from an event, or marks it dropped. */
static void correlate(struct event_recorder *r, const struct event *event, struct event_call *call)
{
    char now[32], bucket[KEY_LEN + 1], group[KEY_LEN + 1], same[KEY_LEN + 1];
    char *message = bounded_message(event->message);
    key_write(bucket, "%s/%s/%s/%s/%s|%s%s", event->kind, event->namespace, event->name,
              event->uid != NULL ? event->uid : "", event->api_version, event->type, event->asked ? "|asked" : "");
    key_write(group, "%s|%s", bucket, event->reason);
    key_write(same, "%s|%s", group, message);
    time_write(clock_wall_ms(r->clock), now);
    bool aggregated = !event->asked && is_too_similar(r, group, message);
    if (aggregated) {
        char *combined = str_format("(combined from similar events): %s", message);
        str_free(&message);
        message = bounded_message(combined);
        str_free(&combined);
    }
    char *name = event_name(r, event);
    /* All that are combined share one event, whatever they say. */
    const struct sent *sent = remember(r, aggregated ? group : same, name, now, event->key);
    memcpy(call->sent_key, sent->key, sizeof call->sent_key);
    call->count = sent->count;
    call->namespace = str_dup(event->namespace);
    call->name = str_dup(sent->name);
    call->body = event_body(r, event, sent->name, message, sent->count, sent->first, now);
    call->dropped = !take_token(r, bucket, event->asked ? ASKED_REFILL_MS : REFILL_MS);
    bound_memories(r);
    str_free(&name);
    str_free(&message);
}

/* --- sending --- */

static void call_free(struct event_call *call)
{
    timer_cancel(&call->turn);
    if (call->call != NULL) {
        kube_cancel(call->call);
    }
    *call->link = call->next;
    if (call->next != NULL) {
        call->next->link = call->link;
    }
    call->recorder->pending--;
    doc_free(call->body);
    str_free(&call->namespace);
    str_free(&call->name);
    mem_free(call);
}

static void finish(struct event_call *call, const struct err *err)
{
    event_done_fn *done = call->done;
    void *ctx = call->ctx;
    struct err copy = *err;
    if (err->code != ERR_NONE) {
        log_warn(NULL, "event %s in %s: %s", call->name, call->namespace, err->text);
    }
    call_free(call);
    if (done != NULL) {
        done(ctx, &copy);
    }
}

static void send(struct event_call *call);

/* True when a later event has counted this one too. Sending it now would lower the count. */
static bool is_overtaken(const struct event_call *call)
{
    const struct sent *sent;
    HASH_FIND_STR(call->recorder->sent, call->sent_key, sent);
    return call->count > 1 && sent != NULL && sent->count > call->count;
}

static void on_pause_over(struct timer *timer, void *ctx)
{
    struct event_call *call = ctx;
    struct err ok = {0};
    if (is_overtaken(call)) {
        finish(call, &ok);
    } else {
        send(call);
    }
}

static void on_sent(void *ctx, const struct doc *answer, const struct err *err)
{
    struct event_call *call = ctx;
    struct err result = *err;
    call->call = NULL;
    if (err->code == ERR_NOT_FOUND && call->count > 1) {
        call->count = 1; /* the event that was to be patched has expired */
        send(call);
        return;
    }
    /* Sending it again is harmless even if the server has taken it: name and count are absolute. */
    if (err_is_transient(err) && ++call->attempts < ATTEMPTS_MAX) {
        timer_start(call->recorder->clock, &call->turn, FIRST_PAUSE_MS << (call->attempts - 1), on_pause_over, call);
        return;
    }
    if (err->code == ERR_EXISTS) {
        err_clear(&result); /* it was sent, before a crash or without an answer */
    }
    finish(call, &result);
}

static void on_turn(struct timer *timer, void *ctx)
{
    struct err ok = {0};
    finish(ctx, &ok);
}

static struct doc *count_patch(const struct event_call *call)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    doc_set_root(doc, root);
    node_set_int(doc, root, "count", call->count);
    node_set(doc, root, "lastTimestamp", node_copy(doc, node_get(doc_root(call->body), "lastTimestamp")));
    node_set(doc, root, "message", node_copy(doc, node_get(doc_root(call->body), "message")));
    return doc;
}

static void send(struct event_call *call)
{
    struct event_recorder *r = call->recorder;
    if (call->dropped) {
        timer_start(r->clock, &call->turn, 0, on_turn, call);
        return;
    }
    bool patch = call->count > 1;
    struct doc *body = patch ? count_patch(call) : NULL;
    struct kube_request request = {
        .verb = patch ? KUBE_PATCH_STRATEGIC : KUBE_CREATE,
        .resource = &KUBE_EVENTS,
        .namespace = call->namespace,
        .name = patch ? call->name : NULL,
        .body = patch ? doc_root(body) : doc_root(call->body),
    };
    call->call = kube_start(r->client, &request, on_sent, call);
    doc_free(body);
}

struct event_call *event_start(struct event_recorder *r, const struct event *event, event_done_fn *done, void *ctx)
{
    struct event_call *call = mem_new(struct event_call);
    call->recorder = r;
    call->done = done;
    call->ctx = ctx;
    call->next = r->calls;
    call->link = &r->calls;
    if (call->next != NULL) {
        call->next->link = &call->next;
    }
    r->calls = call;
    r->pending++;
    correlate(r, event, call);
    send(call);
    return call;
}

void event_cancel(struct event_call *call)
{
    call->done = NULL;
}

size_t event_recorder_pending(const struct event_recorder *r)
{
    return r->pending;
}

/* --- birth and death --- */

struct event_recorder *event_recorder_new(struct kube_client *client, struct clock *clock, const char *component)
{
    struct event_recorder *r = mem_new(struct event_recorder);
    r->client = client;
    r->clock = clock;
    r->component = str_dup(component);
    return r;
}

void event_recorder_free(struct event_recorder *r)
{
    while (r->calls != NULL) {
        call_free(r->calls);
    }
    while (r->similar != NULL) {
        similar_drop(r, r->similar);
    }
    while (r->sent != NULL) {
        sent_drop(r, r->sent);
    }
    while (r->buckets != NULL) {
        bucket_drop(r, r->buckets);
    }
    str_free(&r->component);
    mem_free(r);
}
