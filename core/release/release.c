#include "release/release.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "canary/status.h"
#include "kube/object.h"
#include "release/conditions.h"

/* What Kubernetes allows for names and for values of labels, and the digits of the largest number. */
enum { NAME_MAX_LEN = 253, LABEL_MAX_LEN = 63, NUMBER_LEN = 19, STEM_MAX_LEN = NAME_MAX_LEN - NUMBER_LEN - 1 };
enum {
    RETRY_MIN_MS = 250,
    RETRY_MAX_MS = 15 * 1000,
    REFUSED_MAX_MS = 5 * 60 * 1000,
    REFUSALS_MAX = 4,
    UNCLAIMED_AFTER_MS = 60 * 1000
};

/* --- the object --- */

/* A hyphen and the digits of any number follow. */
static char *name_stem(const char *canary)
{
    return name_shorten(canary, STEM_MAX_LEN);
}

char *release_name(const char *canary, int64_t number)
{
    char *stem = name_stem(canary);
    char *name = str_format("%s-%" PRId64, stem, number);
    str_free(&stem);
    return name;
}

int64_t release_number(const char *name, const char *canary)
{
    char *stem = name_stem(canary), *end;
    size_t len = strlen(stem);
    bool fits = strncmp(name, stem, len) == 0 && name[len] == '-';
    long long n = fits ? strtoll(name + len + 1, &end, 10) : 0;
    str_free(&stem);
    return n > 0 && n <= RELEASE_COUNT_MAX && *end == '\0' ? n : 0;
}

bool release_name_may_be_cut(const char *name)
{
    return strlen(name) > LABEL_MAX_LEN;
}

bool release_state_is_open(const char *state)
{
    return state == NULL || strcmp(state, RELEASE_RUNNING) == 0 || strcmp(state, RELEASE_ROLLING_BACK) == 0;
}

struct doc *release_new_object(struct context *context, const struct canary *canary, const struct release_plan *plan)
{
    char *name = release_name(canary->names.name, plan->number);
    char *label = name_shorten(canary->names.name, LABEL_MAX_LEN);
    struct doc *doc = object_new(&KUBE_RELEASES, canary->names.namespace, name);
    struct node *root = doc_root(doc);
    struct node *metadata = node_ensure_object(doc, root, "metadata");
    struct node *owners = node_new_array(doc);
    node_push(owners, canary_owner_reference(doc, &canary->names));
    node_set(doc, metadata, "ownerReferences", owners);
    struct node *labels = node_ensure_object(doc, metadata, "labels");
    node_set_str(doc, labels, "sluice.dev/canary", label);
    struct node *spec = node_ensure_object(doc, root, "spec");
    node_set_str(doc, spec, "canary", canary->names.name);
    node_set_str(doc, spec, "revision", plan->revision);
    if (plan->generation > 0) {
        node_set_int(doc, spec, "generation", plan->generation);
    }
    node_set_bool(doc, spec, "restarted", plan->origin == RELEASE_RESTARTED);
    node_set_bool(doc, spec, "continued", plan->origin == RELEASE_CONTINUED);
    node_set_bool(doc, spec, "finishing", plan->origin == RELEASE_FINISHING);
    node_set_bool(doc, spec, "waiting", plan->waiting);
    node_set_str(doc, spec, "strategy", canary->strategy);
    node_set(doc, spec, "sources", node_copy(doc, doc_root(plan->sources)));
    node_set(doc, spec, "params", node_copy(doc, doc_root(plan->params)));
    node_set(doc, spec, "checks", node_copy(doc, doc_root(plan->checks)));
    struct node *limits = limits_write(&plan->limits, doc);
    if (node_count(limits) > 0) {
        node_set(doc, spec, "limits", limits);
    }
    node_set_int(doc, spec, "words", RELEASE_WORDS);
    node_set(doc, spec, "request", node_copy(doc, doc_root(plan->request)));
    struct accepted accepted = {0};
    accepted_take(&accepted, canary);
    accepted_write(&accepted, doc, spec);
    accepted_fini(&accepted);
    str_free(&label);
    str_free(&name);
    return doc;
}

/* A count that breaks its bounds counts as 0: such a release is claimed only in order to end it. */
static int64_t count_of(const struct node *status, const char *key)
{
    int64_t value = node_int_or(node_get(status, key), 0);
    return value >= 0 && value <= RELEASE_WRITES_MAX ? value : 0;
}

static void read_status(struct release *r, const struct node *spec, const struct node *status)
{
    struct err ignored;
    r->epoch = count_of(status, "epoch");
    r->serial = count_of(status, "serial");
    r->state = str_dup(node_str_or(node_get(status, "state"), RELEASE_RUNNING));
    r->pinned = node_bool_or(node_get(status, "pinned"), false);
    r->revision = str_dup(node_str_or(node_get(status, "revision"), node_str_or(node_get(spec, "revision"), "")));
    r->reason = str_dup(node_str(node_get(status, "reason")));
    const struct node *checksums = node_get(status, "checksums");
    bool usable = r->unreadable == NULL;
    account_read(&r->account, usable ? status : NULL);
    counters_read(&r->counters, usable ? status : NULL);
    r->counters_recorded = node_type(node_get(status, "counters")) == NODE_OBJECT;
    r->checksums = usable && node_type(checksums) == NODE_OBJECT ? doc_copy(checksums) : doc_new();
    r->live_checksums = node_type(checksums) == NODE_OBJECT ? doc_copy(checksums) : doc_new();
    const struct node *ending = node_get(status, "ending");
    r->ending = usable && node_type(ending) == NODE_ARRAY ? doc_copy(ending) : NULL;
    const char *started = node_str(node_get(status, "started"));
    if (started == NULL || !time_parse(started, &r->started_ms, &ignored)) {
        r->started_ms = clock_wall_ms(r->context->clock);
    }
}

/* A release whose record cannot be used gets an empty journal, so that the engine can still close it. */
static void read_journal(struct release *r, const struct node *object)
{
    struct err err = {0};
    r->journal = release_check(object, &err) ? journal_load(node_get(object, "status"), &err) : NULL;
    if (r->journal == NULL) {
        r->unreadable = str_dup(err.text);
        r->journal = journal_new();
    }
}

struct release *release_open(struct context *context, const struct node *object)
{
    const struct node *spec = node_get(object, "spec"), *status = node_get(object, "status");
    struct release *r = mem_new(struct release);
    r->context = context;
    r->drained_ms = RELEASE_NEVER_DRAINED;
    read_journal(r, object);
    r->namespace = str_dup(object_namespace(object));
    r->name = str_dup(object_name(object));
    r->uid = str_dup(object_uid(object));
    r->version = str_dup(object_version(object));
    r->generation = object_generation(object);
    r->canary = str_dup(node_str_or(node_get(spec, "canary"), ""));
    r->strategy = str_dup(node_str_or(node_get(spec, "strategy"), "canary"));
    r->sources = doc_copy(node_get(spec, "sources"));
    r->params = doc_copy(node_get(spec, "params"));
    r->checks = doc_copy(node_get(spec, "checks"));
    r->limits = limits_of_record(node_get(spec, "limits"));
    r->origin = node_bool_or(node_get(spec, "restarted"), false)   ? RELEASE_RESTARTED
                : node_bool_or(node_get(spec, "continued"), false) ? RELEASE_CONTINUED
                : node_bool_or(node_get(spec, "finishing"), false) ? RELEASE_FINISHING
                                                                   : RELEASE_FROM_REST;
    r->words = node_int_or(node_get(spec, "words"), 0);
    accepted_read(&r->accepted, object);
    requests_read(&r->requests, object);
    r->waiting = node_bool_or(node_get(spec, "waiting"), false) && node_get(status, "accepted") == NULL;
    read_status(r, spec, status);
    return r;
}

bool release_has_own_scripts(const struct release *r)
{
    return canary_strategy_is_object(r->strategy) || node_count(doc_root(r->checks)) > 0;
}

void release_refuse(struct release *r, const char *canary, const char *reason)
{
    char *owner = str_dup(canary); /* may be the release's own */
    str_free(&r->canary);
    r->canary = owner;
    str_free(&r->unreadable);
    r->unreadable = str_dup(reason);
    journal_free(r->journal);
    r->journal = journal_new();
    doc_free(r->ending);
    r->ending = NULL;
    counters_clear(&r->counters);
}

void release_free(struct release *r)
{
    if (r == NULL) {
        return;
    }
    timer_cancel(&r->retry);
    if (r->call != NULL) {
        kube_cancel(r->call);
    }
    journal_free(r->journal);
    accepted_fini(&r->accepted);
    requests_fini(&r->requests);
    account_fini(&r->account);
    doc_free(r->sources);
    doc_free(r->params);
    doc_free(r->checks);
    doc_free(r->checksums);
    doc_free(r->live_checksums);
    doc_free(r->ending);
    char **texts[] = {&r->namespace, &r->name,     &r->uid,    &r->version,    &r->canary, &r->strategy,
                      &r->state,     &r->revision, &r->reason, &r->unreadable, &r->refusal};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        str_free(texts[i]);
    }
    mem_free(r);
}

/* As spec.skipAnalysis that is set in mid-run. */
static void skip_if_promoted(const struct release *r, struct canary *canary)
{
    canary->skip_analysis = canary->skip_analysis || requests_promotion(&r->requests) != NULL;
}

bool release_canary(const struct release *r, struct canary *canary, struct err *err)
{
    bool known = accepted_canary(&r->accepted, r->context, r->namespace, r->canary, canary, err);
    counters_apply(&r->counters, canary);
    skip_if_promoted(r, canary);
    return known;
}

bool release_override(const struct release *r, struct canary *canary, struct err *err)
{
    bool known = accepted_apply(&r->accepted, &r->context->defaults, canary, err);
    skip_if_promoted(r, canary);
    return known;
}

void release_accept(struct release *r, const struct canary *canary)
{
    accepted_take(&r->accepted, canary);
    r->waiting = false;
}

/* --- flush and claim --- */

static void send(struct release *r);

static void finish(struct release *r, enum err_code code, const char *text)
{
    struct err err = {0};
    if (code != ERR_NONE) {
        err_set(&err, code, "Release %s.%s: %s", r->name, r->namespace, text);
    }
    release_done_fn *done = r->done;
    r->done = NULL;
    done(r->ctx, &err);
}

static void set_time(struct doc *doc, struct node *status, const char *key, int64_t wall_ms)
{
    char text[32];
    if (wall_ms != 0) {
        time_write(wall_ms, text);
        node_set_str(doc, status, key, text);
    }
}

/* A merge patch keeps the fields that it does not name, so an absent value is written as null. */
static void set_or_null(struct doc *doc, struct node *status, const char *key, const struct node *value)
{
    node_set(doc, status, key, value != NULL ? node_copy(doc, value) : node_new_null(doc));
}

/* The first flush of a release that could not be claimed claims it. */
static bool raises_epoch(const struct release *r)
{
    return r->claiming || r->unclaimed;
}

static struct doc *status_patch(struct release *r)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    doc_set_root(doc, root);
    node_set_str(doc, node_ensure_object(doc, root, "metadata"), "resourceVersion", r->version);
    struct node *status = node_ensure_object(doc, root, "status");
    node_set_int(doc, status, "epoch", r->epoch + raises_epoch(r));
    node_set_str(doc, status, "holder", r->context->identity);
    if (r->claiming) {
        return doc;
    }
    node_set_int(doc, status, "serial", r->serial + 1);
    node_set_str(doc, status, "state", r->state);
    node_set_str(doc, status, "revision", r->revision);
    node_set_bool(doc, status, "pinned", r->pinned);
    if (r->refusals == 0) {
        node_set_str(doc, status, "reason", r->reason);
        account_write(&r->account, doc, status);
        conditions_write(r, doc, status);
    }
    status_patch_map(doc, status, "checksums", doc_root(r->live_checksums), doc_root(r->checksums));
    set_or_null(doc, status, "ending", doc_root(r->ending));
    set_time(doc, status, "started", r->started_ms);
    set_time(doc, status, "ended", r->ended_ms);
    if (r->counters_recorded || !counters_are_none(&r->counters)) {
        counters_write(&r->counters, doc, status);
    }
    if (r->accepted.unsaved) {
        accepted_write(&r->accepted, doc, status);
        r->accepted.sent = true;
    }
    requests_write(&r->requests, doc, status);
    journal_write(r->journal, doc, status);
    if (r->refusals > 0) {
        node_remove(status, "evidence");
    }
    return doc;
}

static void take_answer(struct release *r, const struct doc *answer)
{
    store_put(context_store(r->context, &KUBE_RELEASES), answer);
    str_free(&r->version);
    r->version = str_dup(object_version(doc_root(answer)));
    const struct node *status = node_get(doc_root(answer), "status");
    r->epoch = count_of(status, "epoch");
    r->serial = count_of(status, "serial");
    r->unclaimed = false;
    r->counters_recorded = node_type(node_get(status, "counters")) == NODE_OBJECT;
    const struct node *checksums = node_get(status, "checksums");
    doc_free(r->live_checksums);
    r->live_checksums = node_type(checksums) == NODE_OBJECT ? doc_copy(checksums) : doc_new();
    r->retry_ms = 0;
    if (r->refusals == 0) {
        str_free(&r->refusal); /* the same one would be news again */
    }
    r->refusals = 0;
    r->accepted.unsaved = r->accepted.unsaved && !r->accepted.sent;
}

static void on_retry(struct timer *timer, void *ctx)
{
    send(ctx);
}

static void retry_later(struct release *r)
{
    int64_t max_ms = r->refusals > 0 ? REFUSED_MAX_MS : RETRY_MAX_MS;
    r->retry_ms = r->retry_ms == 0 ? RETRY_MIN_MS : r->retry_ms * 2 < max_ms ? r->retry_ms * 2 : max_ms;
    timer_start(r->context->clock, &r->retry, r->retry_ms, on_retry, r);
}

/* It has been refused for so long, and in all that time nobody else has written to the record. A share waits to be
 * judged; a release that nobody has begun gives none. */
static bool goes_on_unclaimed(const struct release *r)
{
    bool has_share = r->epoch > 0 || r->origin != RELEASE_FROM_REST;
    return r->claiming && r->refusals >= REFUSALS_MAX && has_share &&
           clock_mono_ms(r->context->clock) - r->claim_began_ms >= UNCLAIMED_AFTER_MS;
}

/* It was read, and is still ours. */
static void go_on_unwritten(struct release *r)
{
    if (goes_on_unclaimed(r)) {
        r->claiming = false;
        r->unclaimed = true;
        finish(r, ERR_NONE, NULL);
    } else if (r->refusals >= REFUSALS_MAX && !r->claiming && release_state_is_open(r->state)) {
        finish(r, ERR_NONE, NULL);
    } else if (r->refusals == 1 && !r->claiming) {
        send(r); /* without what can be left out */
    } else {
        retry_later(r);
    }
}

static void note_refused(struct release *r, const struct err *err)
{
    char *text = str_format("the record of Release %s.%s is refused: %s", r->name, r->namespace, err->text);
    r->refusals++;
    if (!str_equal(r->refusal, text)) {
        str_free(&r->refusal);
        r->refusal = str_dup(text);
        log_warn(NULL, "%s", text);
        if (r->refused != NULL) {
            r->refused(r->ctx, text);
        }
    }
    str_free(&text);
}

static void on_read(void *ctx, const struct doc *answer, const struct err *err)
{
    struct release *r = ctx;
    r->call = NULL;
    if (err->code == ERR_NOT_FOUND) {
        finish(r, ERR_FENCED, "it is gone");
        return;
    }
    if (answer == NULL) {
        retry_later(r);
        return;
    }
    const struct node *root = doc_root(answer), *status = node_get(root, "status");
    int64_t epoch = node_int_or(node_get(status, "epoch"), 0), serial = node_int_or(node_get(status, "serial"), 0);
    bool ours = node_is(node_get(status, "holder"), r->context->identity);
    if (!str_equal(object_uid(root), r->uid)) {
        finish(r, ERR_FENCED, "another object has its name");
    } else if (epoch > r->epoch && !(raises_epoch(r) && ours && epoch == r->epoch + 1)) {
        finish(r, ERR_FENCED, "another engine claimed it");
    } else if ((r->claiming && ours && epoch == r->epoch + 1) || (!r->claiming && ours && serial == r->serial + 1)) {
        take_answer(r, answer); /* the flush was written, only its answer was lost */
        finish(r, ERR_NONE, NULL);
    } else if (raises_epoch(r) && serial != r->serial) {
        finish(r, ERR_FENCED, "its record went on after it was read");
    } else {
        store_put(context_store(r->context, &KUBE_RELEASES), answer);
        str_free(&r->version);
        r->version = str_dup(object_version(root));
        go_on_unwritten(r);
    }
}

static void on_written(void *ctx, const struct doc *answer, const struct err *err)
{
    struct release *r = ctx;
    r->call = NULL;
    if (answer != NULL) {
        take_answer(r, answer);
        finish(r, ERR_NONE, NULL);
        return;
    }
    if (err_is_refusal(err) || err->code == ERR_TOO_LARGE) {
        note_refused(r, err);
    } else {
        r->refusals = 0;
        log_warn(NULL, "Release %s.%s: %s is read again: %s", r->name, r->namespace,
                 r->claiming ? "the claim" : "the flush", err->text);
    }
    struct kube_request request = {
        .verb = KUBE_GET, .resource = &KUBE_RELEASES, .namespace = r->namespace, .name = r->name};
    r->call = kube_start(r->context->kube, &request, on_read, r);
}

static void send(struct release *r)
{
    struct doc *patch = status_patch(r);
    struct kube_request request = {
        .verb = KUBE_PATCH_MERGE,
        .resource = &KUBE_RELEASES,
        .namespace = r->namespace,
        .name = r->name,
        .subresource = "status",
        .body = doc_root(patch),
    };
    r->call = kube_start(r->context->kube, &request, on_written, r);
    doc_free(patch);
}

void release_claim(struct release *r, release_done_fn *done, void *ctx)
{
    assert(!release_is_flushing(r));
    r->claiming = true;
    r->claim_began_ms = clock_mono_ms(r->context->clock);
    r->done = done;
    r->ctx = ctx;
    send(r);
}

void release_flush(struct release *r, release_done_fn *done, void *ctx)
{
    assert(!release_is_flushing(r));
    r->claiming = false;
    r->done = done;
    r->ctx = ctx;
    send(r);
}

bool release_is_flushing(const struct release *r)
{
    return r->done != NULL;
}
