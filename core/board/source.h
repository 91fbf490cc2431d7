/* Watches of the board's own, where no engine has the stores. */
#pragma once

#include "kube/watch.h"

struct source {
    struct store *canaries, *releases;
    struct watch *canaries_watch, *releases_watch;
};

/* `namespace` NULL: all. */
void source_open(struct source *source, struct kube_client *kube, struct clock *clock, const char *namespace);
void source_close(struct source *source);
/* What keeps it from being up to date; "" while nothing does. `source`: a struct source. */
const char *source_trouble(void *source);
