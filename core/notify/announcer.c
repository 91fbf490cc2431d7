#include "notify/announcer.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "kube/object.h"
#include "notify/hook.h"

struct message {
    struct message *next;
    char *type, *phase, *text, *key;
    struct event_moment moment;
    bool asked;
    announcer_done_fn *done;
    void *ctx;
    struct err err; /* of its event */
};

struct announcer {
    const struct notify *notify;
    char *namespace, *name, *id;
    struct message *first, **last; /* the first one is under way */
    struct event_call *event;
    struct hook_call *hook;
    struct doc *canary; /* the Canary when the message under way began */
    size_t hook_index;
    struct timer turn;
};

static void next_message(struct announcer *a);

struct announcer *announcer_new(const struct notify *notify, const char *namespace, const char *name)
{
    struct announcer *a = mem_new(struct announcer);
    a->notify = notify;
    a->namespace = str_dup(namespace);
    a->name = str_dup(name);
    a->id = str_format("%s.%s", name, namespace);
    a->last = &a->first;
    return a;
}

static void message_free(struct message *m)
{
    str_free(&m->type);
    str_free(&m->phase);
    str_free(&m->text);
    str_free(&m->key);
    mem_free(m);
}

void announcer_free(struct announcer *a)
{
    timer_cancel(&a->turn);
    if (a->event != NULL) {
        event_cancel(a->event);
    }
    if (a->hook != NULL) {
        hook_cancel(a->hook);
    }
    while (a->first != NULL) {
        struct message *m = a->first;
        a->first = m->next;
        message_free(m);
    }
    doc_free(a->canary);
    str_free(&a->namespace);
    str_free(&a->name);
    str_free(&a->id);
    mem_free(a);
}

static void finish_message(struct announcer *a)
{
    struct message *m = a->first;
    a->first = m->next;
    if (a->first == NULL) {
        a->last = &a->first;
    }
    doc_free(a->canary);
    a->canary = NULL;
    announcer_done_fn *done = m->done;
    void *ctx = m->ctx;
    struct err err = m->err;
    message_free(m);
    if (a->first != NULL) {
        next_message(a);
    }
    if (done != NULL) {
        done(ctx, &err);
    }
}

/* --- event hooks: the Canary's own, or else the global one --- */

static void call_hooks(struct announcer *a);

static void on_hook(void *ctx, const struct hook_outcome *outcome)
{
    struct announcer *a = ctx;
    a->hook = NULL;
    if (outcome->error != NULL) {
        log_error(a->id, "error sending event to webhook: %s", outcome->error);
    }
    call_hooks(a);
}

static void start_hook(struct announcer *a, const struct node *hook)
{
    const struct message *m = a->first;
    struct canary canary;
    struct err ignored;
    canary_init(&canary, doc_share(a->canary), a->notify->defaults, &ignored);
    char *body = hook_event_payload(&canary, hook, m->phase != NULL ? m->phase : canary.phase, m->type, m->text,
                                    clock_wall_ms(a->notify->clock));
    struct hook_options options = {
        .http = a->notify->http, .clock = a->notify->clock, .hook = hook, .body = body, .key = m->key};
    a->hook = hook_start(&options, on_hook, a);
    str_free(&body);
    canary_fini(&canary);
}

/* The n-th hook of type event; NULL after the last. */
static const struct node *event_hook(const struct doc *canary, size_t n)
{
    struct node_iter it = node_iterate(node_at(doc_root(canary), "spec", "analysis", "webhooks"));
    while (node_next(&it)) {
        if (hook_is_type(it.value, "event") && n-- == 0) {
            return it.value;
        }
    }
    return NULL;
}

static void start_global_hook(struct announcer *a)
{
    struct doc *doc = doc_new();
    struct node *hook = node_new_object(doc);
    node_set_str(doc, hook, "url", a->notify->event_webhook);
    start_hook(a, hook);
    doc_free(doc);
}

static void call_hooks(struct announcer *a)
{
    size_t n = a->hook_index++;
    const struct node *hook = a->canary != NULL ? event_hook(a->canary, n) : NULL;
    if (hook != NULL) {
        start_hook(a, hook);
    } else if (n == 0 && a->canary != NULL && a->notify->event_webhook != NULL) {
        start_global_hook(a);
    } else {
        finish_message(a);
    }
}

/* --- the Kubernetes event --- */

static void on_event(void *ctx, const struct err *err)
{
    struct announcer *a = ctx;
    a->event = NULL;
    a->first->err = *err;
    call_hooks(a);
}

/* The Canary is gone: there is nothing to attach an event to. */
static void on_turn(struct timer *timer, void *ctx)
{
    finish_message(ctx);
}

static void next_message(struct announcer *a)
{
    const struct message *m = a->first;
    a->hook_index = 0;
    a->canary = store_find(a->notify->canaries, a->namespace, a->name);
    if (a->canary == NULL) {
        timer_start(a->notify->clock, &a->turn, 0, on_turn, a);
        return;
    }
    const struct node *root = doc_root(a->canary);
    struct event event = {
        .api_version = "flagger.app/v1beta1",
        .kind = "Canary",
        .namespace = a->namespace,
        .name = a->name,
        .uid = object_uid(root),
        .resource_version = object_version(root),
        .type = m->type,
        .reason = "Synced",
        .message = m->text,
        .key = m->key,
        .moment = m->moment,
        .asked = m->asked,
    };
    a->event = event_start(a->notify->recorder, &event, on_event, a);
}

/* Texts of scripts and answers of servers end here; people read them in terminals. */
static char *visible(const char *text)
{
    enum { REPLACED_SIZE = 3 };
    size_t len = strlen(text);
    struct buf clean;
    buf_init(&clean, len * REPLACED_SIZE + 1);
    utf8_append_visible(&clean, text, len);
    char *copy = buf_take(&clean);
    buf_fini(&clean);
    return copy;
}

void announce(struct announcer *a, const struct announcement *announcement, announcer_done_fn *done, void *ctx)
{
    struct message *m = mem_new(struct message);
    m->type = str_dup(announcement->type);
    m->phase = str_dup(announcement->phase);
    m->text = visible(announcement->text);
    m->key = str_dup(announcement->key);
    m->moment = announcement->moment;
    m->asked = announcement->asked;
    m->done = done;
    m->ctx = ctx;
    log_write(strcmp(m->type, "Warning") == 0 ? LOG_WARN : LOG_INFO, __FILE__, __LINE__, a->id, "%s", m->text);
    bool idle = a->first == NULL;
    *a->last = m;
    a->last = &m->next;
    if (idle) {
        next_message(a);
    }
}

void announce_text(struct announcer *a, const char *type, const char *text)
{
    announce(a, &(struct announcement){.type = type, .text = text}, NULL, NULL);
}

void announcer_disown(struct announcer *a, const void *ctx)
{
    for (struct message *m = a->first; m != NULL; m = m->next) {
        if (m->ctx == ctx) {
            m->done = NULL;
        }
    }
}
