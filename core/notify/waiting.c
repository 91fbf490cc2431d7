#include "notify/waiting.h"

#include <string.h>

#include "base/duration.h"
#include "base/str.h"
#include "canary/status.h"
#include "kube/object.h"

enum {
    LASTING_MS = 10 * 1000, /* the shortest interval; a shorter wait is not written into the status */
    DEADLINE_DEFAULT_S = 600,
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

static void forget(struct waiting *w)
{
    timer_cancel(&w->timer);
    str_free(&w->reason);
    str_free(&w->message);
    w->overdue = false;
}

void waiting_fini(struct waiting *w)
{
    forget(w);
    str_free(&w->namespace);
    str_free(&w->name);
}

static int64_t mono_ms(const struct waiting *w)
{
    return clock_mono_ms(w->notify->clock);
}

/* --- the second telling --- */

static void tell_overdue(struct waiting *w)
{
    char period[32];
    duration_write(w->deadline_ms * 1000 * 1000, period);
    char *text = str_format("%s.%s has been waiting for %s: %s", w->name, w->namespace, period, w->message);
    w->overdue = true;
    w->updated_ms = INT64_MIN / 2; /* to be written at once */
    announce_text(w->announcer, "Warning", text);
    str_free(&text);
}

static void on_due(struct timer *timer, void *ctx);

/* Sets the timer for the next of the moments that are still ahead. */
static void arm(struct waiting *w, int64_t update_ms)
{
    int64_t now = mono_ms(w), lasting_ms = w->began_ms + LASTING_MS, due = INT64_MAX;
    const int64_t dues[] = {w->overdue ? 0 : w->overdue_ms, w->written ? 0 : lasting_ms, update_ms};
    for (size_t i = 0; i < sizeof dues / sizeof dues[0]; i++) {
        due = dues[i] > now && dues[i] < due ? dues[i] : due;
    }
    timer_cancel(&w->timer);
    if (due != INT64_MAX) {
        timer_start(w->notify->clock, &w->timer, due - now, on_due, w);
    }
}

static void on_due(struct timer *timer, void *ctx)
{
    struct waiting *w = ctx;
    if (!w->overdue && mono_ms(w) >= w->overdue_ms) {
        tell_overdue(w);
    }
    arm(w, 0);
    w->wake(w->ctx);
}

/* --- begin and end --- */

/* Takes over a wait that an earlier engine has noted in the status. The second message about it was sent if the
 * condition was last written after the deadline. */
static bool inherit(struct waiting *w, const struct node *live, const char *reason)
{
    int64_t since, updated, now_wall = clock_wall_ms(w->notify->clock);
    struct err ignored;
    if (!node_is(node_get(live, "reason"), reason) ||
        !time_parse(node_str_or(node_get(live, "lastTransitionTime"), ""), &since, &ignored) ||
        !time_parse(node_str_or(node_get(live, "lastUpdateTime"), ""), &updated, &ignored) || since > now_wall) {
        return false;
    }
    w->since_wall_ms = since;
    w->began_ms -= now_wall - since;
    w->overdue = updated >= since + w->deadline_ms;
    return true;
}

static void begin(struct waiting *w, const struct wait *wait)
{
    struct canary canary;
    struct err ignored = {0};
    canary_find(&canary, w->notify->canaries, w->namespace, w->name, w->notify->defaults, &ignored);
    int64_t deadline_s =
        canary.progress_deadline_s; /* whatever it says: a release goes on while its Canary is refused */
    deadline_s = deadline_s > 0 && deadline_s <= INT32_MAX ? deadline_s : DEADLINE_DEFAULT_S;
    bool may_inherit = w->inherited;
    forget(w);
    w->reason = str_dup(wait->reason);
    w->message = str_dup(wait->message);
    w->since_wall_ms = clock_wall_ms(w->notify->clock);
    w->began_ms = mono_ms(w);
    w->deadline_ms = deadline_s * 1000;
    w->inherited = false;
    const struct node *live = object_condition(canary.root, CONDITION_WAITING);
    bool known = may_inherit && inherit(w, live, wait->reason);
    w->written = live != NULL;
    w->overdue_ms = w->began_ms + w->deadline_ms;
    if (!w->overdue && w->overdue_ms <= mono_ms(w)) {
        tell_overdue(w);
    } else if (!known && !wait->told) {
        announce_text(w->announcer, "Warning", wait->message);
    }
    canary_fini(&canary);
    arm(w, 0);
}

void waiting_begin(struct waiting *w, const struct wait *wait)
{
    if (!str_equal(w->reason, wait->reason)) {
        begin(w, wait);
        w->wake(w->ctx);
    } else if (!str_equal(w->message, wait->message)) {
        str_free(&w->message);
        w->message = str_dup(wait->message);
        w->wake(w->ctx);
    }
}

void waiting_end(struct waiting *w, const char *reason)
{
    if (w->reason != NULL && (reason == NULL || str_equal(w->reason, reason))) {
        forget(w);
        if (w->written) {
            w->wake(w->ctx);
        }
    }
}

/* --- the condition --- */

struct doc *waiting_patch(struct waiting *w, const struct canary *canary)
{
    int64_t now_wall = clock_wall_ms(w->notify->clock), now = mono_ms(w);
    const struct node *live = object_condition(canary->root, CONDITION_WAITING);
    if (w->reason == NULL) {
        w->inherited = w->written = false;
        return status_without(canary, CONDITION_WAITING, now_wall);
    }
    if (live == NULL && now < w->began_ms + LASTING_MS) {
        return NULL;
    }
    char since[32], period[32], *message = NULL;
    time_write(w->since_wall_ms, since);
    bool is_live = node_is(node_get(live, "reason"), w->reason) && node_is(node_get(live, "lastTransitionTime"), since);
    if (w->overdue) {
        duration_write(w->deadline_ms * 1000 * 1000, period);
        message = str_format("%s (for longer than %s)", w->message, period);
    }
    struct canary_condition condition = {.type = CONDITION_WAITING,
                                         .status = "True",
                                         .reason = w->reason,
                                         .message = message != NULL ? message : w->message,
                                         .since = since};
    struct doc *patch = NULL;
    if (is_live && now - w->updated_ms < canary->interval_ms) {
        arm(w, w->updated_ms + canary->interval_ms); /* texts that count Pods change often */
    } else if ((patch = status_condition(canary, &condition, now_wall)) != NULL) {
        w->written = true;
        w->updated_ms = now;
        arm(w, 0);
    }
    str_free(&message);
    return patch;
}
