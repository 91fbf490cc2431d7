/* What the controllers share, and nobody else includes.
 *
 *   controllers.c   life, what a change wakes, the queue           graph.h       who depends on whom
 *   item.c          reading and writing objects, conditions        adoption.c    Pods and ReplicaSets that nobody controls
 *   deployment/     deployment.c one look at a Deployment, rollout.c its strategies, revision.c its ReplicaSets and their
 *                   revisions, scale.c its size, progress.c its status
 *   replica_set.c daemon_set.c pod.c autoscaler.c garbage.c namespace.c
 *
 * A look reads the object as it is, does what is to be done next, and writes the status. What it waits for wakes it again. */
#pragma once

#include "base/str.h"
#include "sim/controllers/controllers.h"
#include "sim/controllers/graph.h"

struct controllers {
    struct api *api;
    struct objects *objects;
    struct clock *clock;
    const struct behaviours *behaviours;
    const struct kind *kinds[SPECIES_COUNT]; /* of the built-in ones; NULL for SPECIES_OTHER */
    struct graph graph;
    struct vertex *first, *last; /* the queue */
    uint64_t turn;
    struct timer timer;
    uint32_t addresses_given;
    bool is_full; /* the node takes no more Pods */
};

/* --- being woken --- */

/* On a later turn. */
void controller_wake(struct controllers *c, struct vertex *vertex);
/* After `delay_ms`; a look starts with no timer, so each says anew what it waits for. The earlier of two wishes counts. */
void controller_wake_later(struct controllers *c, struct vertex *vertex, int64_t delay_ms);
/* Those of one species that depend on it. */
void controller_wake_dependents(struct controllers *c, struct vertex *vertex, enum species species);

/* --- the looks --- */

void deployment_look(struct controllers *c, struct vertex *vertex);
void replica_set_look(struct controllers *c, struct vertex *vertex);
void daemon_set_look(struct controllers *c, struct vertex *vertex);
void pod_look(struct controllers *c, struct vertex *vertex);
void autoscaler_look(struct controllers *c, struct vertex *vertex);
void namespace_look(struct controllers *c, struct vertex *vertex);
/* Of any object: have its owners gone, does it wait for its dependents? False: the object is on its way out, so that nothing else needs to be done about it. */
bool garbage_look(struct controllers *c, struct vertex *vertex);

/* What a change means for others, from inside the listener: only notes. `object` is the object as it is now or was last. */
void garbage_note(struct controllers *c, struct vertex *vertex, const struct node *object);
void garbage_note_gone(struct controllers *c, struct vertex *vertex);
void autoscaler_note(struct controllers *c, struct vertex *vertex, const struct node *object);
/* A Deployment's or ReplicaSet's size changed: its autoscalers want to know. */
void scale_note(struct controllers *c, const struct node *object);
void namespace_note(struct controllers *c, struct vertex *vertex);
void namespace_count(struct controllers *c, const char *namespace, int change);
/* A Pod or ReplicaSet that nobody controls may find somebody whose selector it matches. */
void adoption_note(struct controllers *c, struct vertex *vertex, const struct node *object);
/* Takes on what is free and matches the selector of `owner`, which `vertex` stands for. */
void adoption_take(struct controllers *c, const struct vertex *vertex, const struct node *owner, enum species species);

/* --- objects --- */

/* NULL when it has gone. */
struct doc *item_read(struct controllers *c, const struct vertex *vertex);
/* Writes and takes over what is stored now. False: it was refused, and `doc` is as it was. */
bool item_save(struct controllers *c, struct doc **doc, const char *subresource);
/* The status, if it is not as it was `before`: most looks change nothing, and a write that changes nothing costs as much as any. */
bool item_save_status(struct controllers *c, struct doc **doc, const struct node *before);
/* Go leaves out a zero. */
void item_set_count(struct doc *doc, struct node *status, const char *key, int64_t value);
/* The kind an object says it is of; NULL when it is not served. */
const struct kind *item_kind(struct controllers *c, const struct node *object);
/* The uid of who controls it; NULL when nobody does. */
const char *item_controller(const struct node *object);
/* `owner` becomes the one that controls it; nobody does yet. */
void item_own(struct doc *doc, const struct node *owner);
/* Forgets the owner. */
void item_disown(struct doc *doc, const char *uid);
bool item_is_ending(const struct node *object);
const char *item_name(const struct node *object);
const char *item_uid(const struct node *object);
const char *item_annotation(const struct node *object, const char *key);
void item_annotate(struct doc *doc, const char *key, const char *value);
bool item_has_finalizer(const struct node *object, const char *finalizer);
void item_remove_finalizer(struct doc *doc, const char *finalizer);

/* --- Pods --- */

#define POD_NODE "node-1"

/* Its containers have ended for good: it counts for nobody. */
bool pod_is_over(const struct node *pod);
bool pod_is_ready(const struct node *pod);
/* Until it will have been Ready for `min_ready_s`: 0: it is available; negative: it is not Ready. */
int64_t pod_wait_ms(const struct controllers *c, const struct node *pod, int64_t min_ready_s);
/* One of the owner's template. */
struct doc *pod_new(const struct node *owner);

/* --- conditions --- */

void now_text(const struct controllers *c, char out[static 32]);
/* Milliseconds since 1970 of a time in an object; 0 without one. */
int64_t time_at(const struct node *node);
/* In status.conditions, by its type; NULL without one. */
struct node *condition_find(const struct node *status, const char *type);
/* Removes the condition of the type. */
void condition_remove(struct node *status, const char *type);
/* Appends it. `since` NULL: it became so now. */
struct node *condition_add(struct controllers *c, struct doc *doc, struct node *status, const char *type,
                           const char *value, const char *reason, const char *message, const char *since);
