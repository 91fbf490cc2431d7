#include "notify/waiting.h"

#include <string.h>

#include "base/duration.h"
#include "base/str.h"
#include "canary/status.h"
#include "kube/object.h"

enum {
    LASTING_MS = 10 * 1000, /* the shortest interval; a shorter wait is not written into the status */
    DEADLINE_DEFAULT_S = 600,
    SECOND_MS = 1000, /* what times in a status are rounded down to */
};

void waiting_init(struct waiting *w, const struct notify *notify, struct announcer *announcer, const char *namespace,
                  const char *name, void (*wake)(void *ctx), void *ctx)
{
    *w = (struct waiting){.notify = notify,
                          .announcer = announcer,
                          .namespace = str_dup(namespace),
                          .name = str_dup(name),
                          .wake = wake,
                          .ctx = ctx,
                          .inherited = true};
}

static void forget(struct waiting *w, size_t index)
{
    struct waiting_for *one = &w->list[index];
    str_free(&one->key);
    str_free(&one->reason);
    str_free(&one->message);
    memmove(one, one + 1, (w->count - index - 1) * sizeof *one);
    w->count--;
}

void waiting_fini(struct waiting *w)
{
    timer_cancel(&w->timer);
    while (w->count > 0) {
        forget(w, w->count - 1);
    }
    str_free(&w->namespace);
    str_free(&w->name);
}

static struct waiting_for *find(struct waiting *w, const char *key)
{
    for (size_t i = 0; i < w->count; i++) {
        if (str_equal(w->list[i].key, key)) {
            return &w->list[i];
        }
    }
    return NULL;
}

static int64_t mono_ms(const struct waiting *w)
{
    return clock_mono_ms(w->notify->clock);
}

/* The wait to show: a momentary one does not hide a lasting one. */
static const struct waiting_for *shown(const struct waiting *w)
{
    const struct waiting_for *latest = NULL;
    for (size_t i = w->count; i-- > 0;) {
        const struct waiting_for *one = &w->list[i];
        if (!one->unshown && mono_ms(w) >= one->began_ms + LASTING_MS) {
            return one;
        }
        latest = latest == NULL && !one->unshown ? one : latest;
    }
    return latest;
}

bool waiting_says(const struct waiting *w, const char *message)
{
    bool says = false;
    for (size_t i = 0; i < w->count; i++) {
        says = says || str_equal(w->list[i].message, message);
    }
    return says;
}

const char *waiting_reason(const struct waiting *w)
{
    const struct waiting_for *one = shown(w);
    return one != NULL ? one->reason : NULL;
}

/* --- the second telling --- */

static void tell_overdue(struct waiting *w, struct waiting_for *one)
{
    char period[32];
    duration_write(one->deadline_ms * 1000 * 1000, period);
    char *text = str_format("%s.%s has been waiting for %s: %s", w->name, w->namespace, period, one->message);
    one->overdue = true;
    w->updated_ms = INT64_MIN / 2; /* to be written at once */
    bool is_wanted = strcmp(one->reason, WAIT_STRATEGY) == 0;
    announce_text(w->announcer, is_wanted ? "Normal" : "Warning", text);
    str_free(&text);
}

static void on_due(struct timer *timer, void *ctx);

static int64_t first_of(int64_t due_ms, int64_t other_ms, int64_t now_ms)
{
    return other_ms > now_ms && other_ms < due_ms ? other_ms : due_ms;
}

/* Sets the timer for the next of the moments that are still ahead. */
static void arm(struct waiting *w, int64_t update_ms)
{
    int64_t now = mono_ms(w), due = first_of(INT64_MAX, update_ms, now);
    for (size_t i = 0; i < w->count; i++) {
        const struct waiting_for *one = &w->list[i];
        due = one->overdue ? due : first_of(due, one->overdue_ms, now);
        due = first_of(due, one->began_ms + LASTING_MS, now);
    }
    timer_cancel(&w->timer);
    if (due != INT64_MAX) {
        timer_start(w->notify->clock, &w->timer, due - now, on_due, w);
    }
}

static void on_due(struct timer *timer, void *ctx)
{
    struct waiting *w = ctx;
    for (size_t i = 0; i < w->count; i++) {
        if (!w->list[i].overdue && mono_ms(w) >= w->list[i].overdue_ms) {
            tell_overdue(w, &w->list[i]);
        }
    }
    arm(w, 0);
    w->wake(w->ctx);
}

/* --- begin and end --- */

/* Takes over a wait that an earlier engine has noted in the status. The second message about it was sent if the
 * condition was last written after the deadline. */
static bool inherit(struct waiting *w, struct waiting_for *one, const struct node *live)
{
    int64_t since, updated, now_wall = clock_wall_ms(w->notify->clock);
    struct err ignored;
    if (!node_is(node_get(live, "reason"), one->reason) ||
        !time_parse(node_str_or(node_get(live, "lastTransitionTime"), ""), &since, &ignored) ||
        !time_parse(node_str_or(node_get(live, "lastUpdateTime"), ""), &updated, &ignored) || since > now_wall) {
        return false;
    }
    one->since_wall_ms = since;
    one->began_ms -= now_wall - since;
    one->overdue_ms = one->began_ms + SECOND_MS + one->deadline_ms;
    one->overdue = updated >= since + one->deadline_ms;
    return true;
}

static void begin(struct waiting *w, const struct wait *wait, const char *key)
{
    struct canary canary;
    struct err ignored = {0};
    canary_find(&canary, w->notify->canaries, w->namespace, w->name, w->notify->defaults, &ignored);
    int64_t deadline_s =
        canary.progress_deadline_s; /* whatever it says: a release goes on while its Canary is refused */
    deadline_s = deadline_s > 0 && deadline_s <= INT32_MAX ? deadline_s : DEADLINE_DEFAULT_S;
    if (w->count == WAITS_MAX) {
        forget(w, 0);
    }
    struct waiting_for *one = &w->list[w->count++];
    *one = (struct waiting_for){.key = str_dup(key),
                                .reason = str_dup(wait->reason),
                                .message = str_dup(wait->message),
                                .since_wall_ms = clock_wall_ms(w->notify->clock),
                                .began_ms = mono_ms(w),
                                .deadline_ms = deadline_s * 1000,
                                .unshown = wait->unshown};
    one->overdue_ms = one->began_ms + one->deadline_ms + 1; /* a wait that ends with its deadline has kept it */
    const struct node *live = object_condition(canary.root, CONDITION_WAITING);
    bool known = w->inherited && !one->unshown && inherit(w, one, live);
    w->inherited = w->inherited && !known;
    w->written = live != NULL;
    if (!one->overdue && one->overdue_ms <= mono_ms(w)) {
        tell_overdue(w, one);
    } else if (!known && !wait->told) {
        announce_text(w->announcer, "Warning", wait->message);
    }
    canary_fini(&canary);
    arm(w, 0);
}

void waiting_begin(struct waiting *w, const struct wait *wait)
{
    const char *key = wait->key != NULL ? wait->key : wait->reason;
    struct waiting_for *one = find(w, key);
    if (one != NULL && !str_equal(one->reason, wait->reason)) {
        forget(w, (size_t)(one - w->list));
        one = NULL;
    }
    if (one == NULL) {
        begin(w, wait, key);
        w->wake(w->ctx);
    } else if (!str_equal(one->message, wait->message)) {
        str_free(&one->message);
        one->message = str_dup(wait->message);
        w->wake(w->ctx);
    }
}

void waiting_end(struct waiting *w, const char *key)
{
    size_t before = w->count;
    for (size_t i = w->count; i-- > 0;) {
        if (key == NULL || str_equal(w->list[i].key, key)) {
            forget(w, i);
        }
    }
    if (w->count < before) {
        arm(w, 0);
        if (w->written) {
            w->wake(w->ctx);
        }
    }
}

/* --- the condition --- */

static struct doc *patch_of(const struct waiting_for *one, const struct canary *canary, const char *since,
                            int64_t now_wall)
{
    char period[32], *message = NULL;
    if (one->overdue) {
        duration_write(one->deadline_ms * 1000 * 1000, period);
        message = str_format("%s (for longer than %s)", one->message, period);
    }
    struct canary_condition condition = {.type = CONDITION_WAITING,
                                         .status = "True",
                                         .reason = one->reason,
                                         .message = message != NULL ? message : one->message,
                                         .since = since};
    struct doc *patch = status_condition(canary, &condition, now_wall);
    str_free(&message);
    return patch;
}

struct doc *waiting_patch(struct waiting *w, const struct canary *canary)
{
    int64_t now_wall = clock_wall_ms(w->notify->clock), now = mono_ms(w);
    const struct node *live = object_condition(canary->root, CONDITION_WAITING);
    const struct waiting_for *one = shown(w);
    if (one == NULL) {
        w->inherited = w->written = false;
        return status_without(canary, CONDITION_WAITING, now_wall);
    }
    if (live == NULL && now < one->began_ms + LASTING_MS) {
        return NULL;
    }
    char since[32];
    time_write(one->since_wall_ms, since);
    bool is_live =
        node_is(node_get(live, "reason"), one->reason) && node_is(node_get(live, "lastTransitionTime"), since);
    if (is_live && now - w->updated_ms < canary->interval_ms) {
        arm(w, w->updated_ms + canary->interval_ms); /* texts that count Pods change often */
        return NULL;
    }
    struct doc *patch = patch_of(one, canary, since, now_wall);
    if (patch != NULL) {
        w->written = true;
        w->updated_ms = now;
        arm(w, 0);
    }
    return patch;
}
