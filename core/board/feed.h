/* Pages that are kept up to date by server-sent events: of the overview, or of one release.
 *
 * A page is sent the state that there is, never a queue of what happened: the next message is written when the page has
 * taken the last one, so a slow page misses what was between two states and costs one message. An overview of many
 * Canaries comes in pieces. A page that takes
 * nothing for FEED_PATIENCE_MS is dropped. At most FEED_PAGES_MAX pages are open; a further one is refused (503). */
#pragma once

#include "board/look.h"
#include "board/roster.h"
#include "io/exchange.h"

enum {
    FEED_PAGES_MAX = 200,
    FEED_PATIENCE_MS = 30 * 1000,
    FEED_PACE_MS = 200, /* between two messages of a page */
};

struct feed;

struct feed_options {
    struct look_sources sources;
    const struct clock *cluster_clock; /* by which the objects have their times; NULL: the API server says */
    /* What keeps the stores from being up to date; "" while nothing does. NULL: nobody can say. */
    const char *(*trouble)(void *ctx);
    const char *hint; /* which tokens there are, where everybody may know; NULL: nothing is said */
    void *ctx;
};

struct feed *feed_new(const struct feed_options *options);
/* The pages are gone, as far as their exchanges are not: those end here. */
void feed_free(struct feed *feed);
/* Takes the exchange over: a page of the overview, or with `canary` of a release. */
void feed_serve(struct feed *feed, struct exchange *exchange, const char *namespace, const char *canary,
                int64_t number);
