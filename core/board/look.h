/* One release that pages look at, kept up to date: its Canary's row, its record with the curves, the Events of the
 * Canary, and the releases before it.
 *
 * The stores of an engine have no records (release/history.h). A look has two watches of its own, of one Release and of
 * the Events of one Canary, while a page is open, so that nothing is polled and nothing is kept for nobody. */
#pragma once

#include "kube/client.h"
#include "kube/store.h"
#include "lab/lua/tool.h"

/* What all looks share, borrowed. */
struct look_sources {
    struct kube_client *kube;
    struct clock *clock;
    struct store *canaries, *releases; /* of `releases` only the heads are read: spec.canary, status.state */
    struct tool **tool;                /* NULL until a record is drawn first */
};

struct look;

/* `number` 0: the latest release, whichever that is. `changed` comes from inside of a store: only to take note. */
struct look *look_open(const struct look_sources *sources, const char *namespace, const char *canary, int64_t number,
                       void (*changed)(void *ctx), void *ctx);
void look_close(struct look *look);
bool look_is_at(const struct look *look, const char *namespace, const char *canary, int64_t number);
/* That of the last change, from 1. */
uint64_t look_serial(const struct look *look);
/* JSON, borrowed until the next call:
 *
 *     {namespace, name, number, synced, canary: row, releases: [{number, state, created}], release, problems: [text]}
 *
 * `synced`: all releases were read, so one that is not there is not there.
 * `canary` and `release` (lua/tool/board/release.lua) are absent when there is none. */
const char *look_text(struct look *look);
