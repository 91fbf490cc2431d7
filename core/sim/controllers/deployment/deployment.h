/* A Deployment and its ReplicaSets while one look lasts. */
#pragma once

#include "sim/controllers/controller.h"

#define REVISION "deployment.kubernetes.io/revision"
#define REVISION_HISTORY "deployment.kubernetes.io/revision-history"
#define DESIRED "deployment.kubernetes.io/desired-replicas"
#define MAX_REPLICAS "deployment.kubernetes.io/max-replicas"
#define TEMPLATE_HASH "pod-template-hash"

struct replica_set {
    struct doc *doc;
    char *name;
    int64_t replicas, actual, ready, available, ending, revision;
};

struct deployment {
    struct controllers *c;
    struct vertex *vertex;
    struct doc *doc;
    struct replica_set **sets; /* by creation, the oldest first */
    size_t count;
    struct replica_set *newest; /* the one of the template as it is now, one of `sets`; NULL: not made yet */
    int64_t replicas, surge, unavailable;
    bool is_rolling, has_deadline;
    int64_t deadline_s;
};

/* After the Deployment's or a set's doc was written. */
void deployment_reread(struct deployment *d);
void replica_set_reread(struct replica_set *set);

/* --- deployment/revision.c --- */

/* Finds the newest set and gives it its revision; makes it when `make` says so. */
void revision_sync(struct deployment *d, bool make);
/* Deletes old sets beyond revisionHistoryLimit. */
void revision_clean(struct deployment *d);

/* --- deployment/scale.c --- */

int64_t scale_total(const struct deployment *d);
/* How many Pods the newest set may have now; `set` NULL: it is not made yet. */
int64_t scale_of_newest(const struct deployment *d, const struct replica_set *set);
/* False: it had that size. */
bool scale_set(struct deployment *d, struct replica_set *set, int64_t size);
/* desired-replicas and max-replicas; false: they were so. */
bool scale_annotate(const struct deployment *d, struct doc *set);
/* Did the Deployment's size change since its sets were scaled last? */
bool scale_has_changed(const struct deployment *d);
/* Brings its sets to its size, all in proportion while it is being rolled out. */
void scale_to_size(struct deployment *d);

/* --- deployment/rollout.c --- */

void rollout_rolling(struct deployment *d);
void rollout_recreate(struct deployment *d);

/* --- deployment/progress.c --- */

/* Paused and resumed are told at once. */
void progress_note_paused(struct deployment *d);
/* The condition Progressing, replaced when status or reason differ. True: it was. */
bool progress_set(struct deployment *d, struct doc *doc, const char *value, const char *reason, const char *message);
/* Counts and Available, for a look that does nothing else. */
void progress_count(struct deployment *d);
/* The whole status, at the end of a look. */
void progress_report(struct deployment *d);
bool progress_is_complete(const struct deployment *d, const struct node *status);
