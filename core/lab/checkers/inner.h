/* The inside of the checkers, for the files of core/lab/checkers only: checkers.c listens, known.c is what the others
 * share, once.c judges records and deliveries, shares.c routes and readiness, rest.c the end. */
#pragma once

#include "lab/checkers/checkers.h"

/* Something that one engine does once, by its key: a delivery, or a text that a release tells once. */
struct deed {
    char *key;
    int term;  /* of the Lease, when it was done last */
    int times; /* in that term */
};

struct checkers {
    struct checkers_options options;
    struct objects *objects;
    bool is_learning; /* what is seen is noted and not judged */
    struct checked *canaries;
    size_t count;
    struct deed *deeds;
    size_t deed_count;
    char *holder; /* of the Lease, now or last; NULL: nobody was */
    int term;
    char *paused;         /* identity of the engine that was paused last; NULL: none was */
    int stale_deliveries; /* of that one, since it is not the holder of the Lease any more */
};

/* Says that something must not be, if that is checked. */
void checkers_break(struct checkers *checkers, unsigned check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct checked *checkers_canary(struct checkers *checkers, const char *namespace, const char *name);
struct doc *checkers_object(const struct checkers *checkers, const char *storage, const struct checked *canary,
                            const char *name);

/* --- once.c --- */

void once_note(struct checkers *checkers, struct checked *canary, const struct objects_event *event);
void once_note_gone(struct checked *canary, const struct node *object);
void once_note_failed_checks(struct checkers *checkers, struct checked *canary, const struct node *now,
                             const struct node *before);
void once_note_told(struct checkers *checkers, struct checked *canary, const char *message);
void once_note_scale(struct checkers *checkers, struct checked *canary, int64_t replicas);
void once_note_promotion(struct checkers *checkers, struct checked *canary);
void once_fini(struct checked_release *release);
const char *once_state_of(const struct checked_release *release);
/* A list of effects is on record without its answer. */
bool once_was_acting(const struct checked_release *release);

/* --- shares.c --- */

void shares_add_service(struct checked *canary, const char *name);
/* `object`: the VirtualService of that name; NULL: it is gone. */
void shares_note_routes(struct checkers *checkers, struct checked *canary, const char *name, const struct node *object);
void shares_note_target(struct checkers *checkers, struct checked *canary, const struct node *target);
void shares_note_primary(struct checkers *checkers, struct checked *canary, const struct node *primary);
