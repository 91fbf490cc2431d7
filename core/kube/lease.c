#include "kube/lease.h"

#include <string.h>

#include "base/duration.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/object.h"

enum { HURRY = 4 }; /* after a failed renewal little time is left: the holder tries again that much sooner */

struct lease {
    struct kube_client *client;
    struct clock *clock;
    char *namespace, *name, *identity;
    int64_t duration_ms, renew_ms, renew_deadline_ms, retry_ms;
    bool (*is_dead)(const char *identity);
    struct doc *record; /* the Lease as this engine last wrote it, so that a renewal is one request */
    struct kube_call *call;
    struct timer timer;    /* the next request */
    struct timer deadline; /* pending while it is held: when it counts as lost */
    bool is_held, told, closing;
    int64_t sent_ms;    /* monotonic: when the write under way was sent. Others see the renewal later than that */
    struct err trouble; /* why the last request failed */
    char *seen_record;  /* holder and renewTime of another holder, as last read */
    int64_t seen_ms;    /* monotonic; since when it has not changed */
    lease_held_fn *held;
    lease_lost_fn *lost;
    lease_closed_fn *closed;
    void *ctx, *closed_ctx;
};

static void try_again(struct timer *timer, void *ctx);

static void set_record(struct lease *l, const struct doc *record)
{
    doc_free(l->record);
    l->record = record != NULL ? doc_copy(doc_root(record)) : NULL;
}

/* Cancels all that is under way. */
static void stop(struct lease *l)
{
    timer_cancel(&l->timer);
    timer_cancel(&l->deadline);
    if (l->call != NULL) {
        kube_cancel(l->call);
        l->call = NULL;
    }
}

static void lease_free(struct lease *l)
{
    set_record(l, NULL);
    stop(l);
    char **texts[] = {&l->namespace, &l->name, &l->identity, &l->seen_record};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        str_free(texts[i]);
    }
    mem_free(l);
}

static void later(struct lease *l, int64_t ms)
{
    timer_start(l->clock, &l->timer, ms, try_again, l);
}

static void finish_close(struct lease *l)
{
    lease_closed_fn *closed = l->closed;
    void *ctx = l->closed_ctx;
    lease_free(l);
    closed(ctx);
}

static void lose(struct lease *l, const struct err *err)
{
    struct err copy = *err;
    l->is_held = false;
    stop(l);
    l->lost(l->ctx, &copy);
}

/* The Lease was not renewed in time, so another engine may soon take over. A request that is still under way does
 * not change that. */
static void on_deadline(struct timer *timer, void *ctx)
{
    struct lease *l = ctx;
    if (l->trouble.code == ERR_NONE) {
        err_set(&l->trouble, ERR_TIMEOUT, "no answer");
    }
    err_wrap(&l->trouble, "Lease %s/%s: not renewed for %lld ms", l->namespace, l->name,
             (long long)l->renew_deadline_ms);
    lose(l, &l->trouble);
}

static void fail(struct lease *l, const struct err *err)
{
    if (l->closing) {
        finish_close(l);
        return;
    }
    /* After a conflict another holder may have written the Lease, so it is read at once. A conflict with a version
     * that was just read means that the server lets nobody write: there is no hurry. */
    bool overwritten = l->is_held && l->record != NULL && err->code == ERR_CONFLICT;
    if (!err_is_transient(err)) {
        /* read the Lease first: only after a transient error may our last write be what the server has */
        set_record(l, NULL);
    }
    if (!str_equal(l->trouble.text, err->text)) {
        log_warn(NULL, "Lease %s/%s: %s", l->namespace, l->name, err->text); /* once per cause, not per attempt */
    }
    l->trouble = *err;
    int64_t wait_ms = l->is_held ? l->retry_ms / HURRY : l->retry_ms;
    later(l, overwritten ? 0 : wait_ms);
}

/* --- writing --- */

static void on_written(void *ctx, const struct doc *answer, const struct err *err)
{
    struct lease *l = ctx;
    l->call = NULL;
    if (answer == NULL || l->closing) {
        fail(l, err);
        return;
    }
    set_record(l, answer);
    err_clear(&l->trouble);
    later(l, l->renew_ms);
    timer_start(l->clock, &l->deadline, l->sent_ms + l->renew_deadline_ms - clock_mono_ms(l->clock), on_deadline, l);
    if (!l->is_held) {
        l->is_held = true;
        log_info(NULL, "Lease %s/%s is held by %s", l->namespace, l->name, l->identity);
        l->held(l->ctx);
    }
}

static void fill_spec(struct lease *l, struct doc *doc, struct node *spec, bool taking, int64_t transitions)
{
    char now[32];
    time_write_micro(clock_wall_ms(l->clock), now);
    node_set_str(doc, spec, "holderIdentity", l->closing ? "" : l->identity);
    node_set_int(doc, spec, "leaseDurationSeconds", l->closing ? 1 : l->duration_ms / 1000);
    node_set_str(doc, spec, "renewTime", now);
    if (taking) {
        node_set_str(doc, spec, "acquireTime", now);
        node_set_int(doc, spec, "leaseTransitions", transitions);
    }
}

static void send(struct lease *l, enum kube_verb verb, struct doc *doc)
{
    struct kube_request request = {
        .verb = verb,
        .resource = &KUBE_LEASES,
        .namespace = l->namespace,
        .name = verb == KUBE_UPDATE ? l->name : NULL,
        .body = doc_root(doc),
        .timeout_ms = l->retry_ms,
        .is_urgent = true,
    };
    l->sent_ms = clock_mono_ms(l->clock);
    l->call = kube_start(l->client, &request, on_written, l);
    doc_free(doc);
}

static void create(struct lease *l)
{
    struct doc *doc = object_new(&KUBE_LEASES, l->namespace, l->name);
    fill_spec(l, doc, node_ensure_object(doc, doc_root(doc), "spec"), true, 0);
    send(l, KUBE_CREATE, doc);
}

/* --- reading --- */

/* Another holder is alive while its record changes; its clock is never compared with ours. */
static bool is_expired(struct lease *l, const struct node *spec)
{
    const char *holder = node_str_or(node_get(spec, "holderIdentity"), "");
    if (holder[0] == '\0' || (l->is_dead != NULL && l->is_dead(holder))) {
        return true;
    }
    char *record = str_format("%s %s", holder, node_str_or(node_get(spec, "renewTime"), ""));
    if (!str_equal(record, l->seen_record)) {
        str_free(&l->seen_record);
        l->seen_record = record;
        l->seen_ms = clock_mono_ms(l->clock);
        if (!l->told) {
            log_info(NULL, "Lease %s/%s is held by %s; waiting", l->namespace, l->name, holder);
            l->told = true;
        }
        return false;
    }
    str_free(&record);
    int64_t theirs_s = node_int_or(node_get(spec, "leaseDurationSeconds"), l->duration_ms / 1000);
    return (clock_mono_ms(l->clock) - l->seen_ms) / 1000 >= theirs_s;
}

static void update(struct lease *l, const struct doc *record, bool taking)
{
    struct doc *doc = doc_copy(doc_root(record));
    struct node *spec = node_ensure_object(doc, doc_root(doc), "spec");
    fill_spec(l, doc, spec, taking, node_int_or(node_get(spec, "leaseTransitions"), 0) + taking);
    send(l, KUBE_UPDATE, doc);
}

static void on_read(void *ctx, const struct doc *answer, const struct err *err)
{
    struct lease *l = ctx;
    l->call = NULL;
    if (err->code == ERR_NOT_FOUND && !l->closing) {
        create(l);
        return;
    }
    if (answer == NULL) {
        fail(l, err);
        return;
    }
    const struct node *spec = node_get(doc_root(answer), "spec");
    bool ours = node_is(node_get(spec, "holderIdentity"), l->identity);
    struct err taken = {0};
    if (!ours && l->closing) {
        finish_close(l);
    } else if (!ours && l->is_held) {
        const char *holder = node_str_or(node_get(spec, "holderIdentity"), "");
        err_set(&taken, ERR_FENCED, "Lease %s/%s: %s holds it now", l->namespace, l->name,
                holder[0] != '\0' ? holder : "nobody");
        lose(l, &taken);
    } else if (!ours && !is_expired(l, spec)) {
        later(l, l->retry_ms);
    } else {
        update(l, answer, !ours);
    }
}

static void read_lease(struct lease *l)
{
    struct kube_request request = {.verb = KUBE_GET,
                                   .resource = &KUBE_LEASES,
                                   .namespace = l->namespace,
                                   .name = l->name,
                                   .timeout_ms = l->retry_ms,
                                   .is_urgent = true};
    l->call = kube_start(l->client, &request, on_read, l);
}

static void try_again(struct timer *timer, void *ctx)
{
    struct lease *l = ctx;
    if (l->record != NULL) {
        update(l, l->record, false);
    } else {
        read_lease(l);
    }
}

struct lease *lease_open(struct kube_client *client, struct clock *clock, const struct lease_options *options,
                         lease_held_fn *held, lease_lost_fn *lost, void *ctx)
{
    struct lease *l = mem_new(struct lease);
    l->client = client;
    l->clock = clock;
    l->namespace = str_dup(options->namespace);
    l->name = str_dup(options->name);
    l->identity = str_dup(options->identity);
    l->duration_ms = options->duration_ms;
    l->renew_ms = options->renew_ms;
    l->renew_deadline_ms = options->renew_deadline_ms;
    l->is_dead = options->is_dead;
    l->retry_ms = options->retry_ms;
    l->held = held;
    l->lost = lost;
    l->ctx = ctx;
    read_lease(l);
    return l;
}

bool lease_is_known(const struct lease *l)
{
    return l->is_held || l->seen_record != NULL;
}

bool lease_is_sure(const struct lease *l)
{
    return l->is_held && clock_mono_ms(l->clock) < l->deadline.when_ms;
}

void lease_close(struct lease *l, lease_closed_fn *closed, void *ctx)
{
    if (closed == NULL) {
        lease_free(l);
        return;
    }
    stop(l);
    l->closing = true;
    l->closed = closed;
    l->closed_ctx = ctx;
    read_lease(l);
}
