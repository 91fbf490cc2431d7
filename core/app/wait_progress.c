#include "app/wait_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/shown.h"
#include "base/str.h"
#include "canary/hold.h"
#include "canary/phase.h"
#include "kube/object.h"
#include "release/history.h"
#include "release/release.h"

enum { TELL_EVERY_MS = 1000 };

void wait_progress_init(struct wait_progress *progress, struct clock *clock, bool quiet)
{
    *progress = (struct wait_progress){.clock = clock, .quiet = quiet};
}

void wait_progress_fini(struct wait_progress *progress)
{
    timer_cancel(&progress->timer);
    str_free(&progress->state);
}

/* --- the state of a release, in words --- */

/* As sluice status has it under WAITS FOR; NULL: it waits for nothing. Before there is a release (NULL) a Canary waits
 * for its first Pods, say: of that people are told only what they do something about. */
static char *find_wait(const struct node *canary, const struct node *release)
{
    struct hold hold;
    if (!hold_read(&hold, canary) || (release == NULL && hold.kind == HOLD_WAITING)) {
        return NULL;
    }
    const char *name = object_name(release != NULL ? release : canary);
    char *why = hold_text(&hold), *text = str_format("%s waits: %s", name, why);
    str_free(&why);
    return text;
}

/* NULL: nothing is to be told of it. A Canary at rest is about to begin the release, or has ended it: of that the
 * command's last line tells. */
static char *find_step(const struct node *canary, const struct node *release)
{
    const char *name = object_name(release);
    const char *phase = node_str_or(node_at(canary, "status", "phase"), "");
    if (canary != NULL && phase_state(phase) != PHASE_MID_RUN) {
        return NULL;
    } else if (strcmp(phase, PHASE_PROMOTING) == 0 || strcmp(phase, PHASE_FINALISING) == 0) {
        return str_format("%s: %s", name, phase);
    }
    int64_t recorded = node_int_or(node_at(release, "status", "weight"), 0);
    return str_format("%s: weight %" PRId64, name, canary != NULL ? history_share(canary, release) : recorded);
}

/* --- telling --- */

static void tell(struct wait_progress *progress)
{
    char line[SHOWN_SIZE];
    fprintf(stderr, "%s\n", shown_line(line, sizeof line, progress->state));
    progress->told = true;
    progress->told_ms = clock_mono_ms(progress->clock);
}

static void on_due(struct timer *timer, void *ctx)
{
    tell(ctx);
}

void wait_progress_see(struct wait_progress *progress, const struct node *canary, const struct node *release)
{
    bool is_open = release != NULL && release_state_is_open(node_str(node_at(release, "status", "state")));
    char *wait = progress->quiet ? NULL : find_wait(canary, is_open ? release : NULL);
    char *state = wait != NULL || progress->quiet || !is_open ? wait : find_step(canary, release);
    bool is_first = !progress->looked && wait == NULL, is_news = state != NULL && !str_equal(state, progress->state);
    progress->looked = true;
    if (state == NULL) {
        return;
    }
    str_free(&progress->state);
    progress->state = state;
    int64_t since_ms = clock_mono_ms(progress->clock) - progress->told_ms;
    if (is_first || !is_news || progress->timer.clock != NULL) {
        return; /* a line that is due tells the latest state */
    } else if (!progress->told || since_ms >= TELL_EVERY_MS) {
        tell(progress);
    } else {
        timer_start(progress->clock, &progress->timer, TELL_EVERY_MS - since_ms, on_due, progress);
    }
}
