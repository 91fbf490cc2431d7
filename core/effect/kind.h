/* A kind of effect, as effect/list.c sees it: one file each, and one row in effect/kinds.c.
 *
 *   takes     what a script may say in it, as data
 *   again     what repeating it does, in words
 *   check     what no table can say: sums, and what records may have besides
 *   complete  what the record must have besides, so that repeating the effect after a crash does nothing twice
 *   once      may it be done at most once, whatever happens?
 *   start     done already? one write? something that ends later?
 *   cancel    stops what it started
 *
 * lua/stdlib/_meta/operations.lua shows `takes` and `again` of each kind that a script can order, to people. */
#pragma once

#include "base/contract.h"
#include "effect/effect.h"
#include "effect/place.h"
#include "kube/write.h"

enum effect_step {
    EFFECT_DONE,
    /* `write` is filled; the effect is done when the API server took it, planned again after a conflict */
    EFFECT_WRITE,
    EFFECT_STARTED, /* effect_succeed, effect_fail or effect_again follows, on a later turn */
    EFFECT_FAILED,  /* err says why */
};

struct effect_port;

/* One effect under way. */
struct effect_call {
    const struct effect_port *port;
    struct context *context;
    struct release *release;
    struct announcer *announcer;
    const struct node *effect;
    bool redo;       /* it may have happened already, before a crash */
    bool trusted;    /* the engine's own list */
    void *under_way; /* the kind's own */
    bool unsure;     /* one attempt had no answer, so its outcome is not known */
};

struct effect_kind {
    const char *name;
    unsigned lists; /* the lists that may contain it: EFFECTS_IN(EFFECTS_OF_SCRIPT) | … */
    /* The members of an effect that a script orders; EFFECT_NAMED is the first. NULL: no script orders it. */
    const struct contract_field *takes;
    const char *again; /* after a crash */
    bool (*check)(const struct place *at, const struct node *effect);
    /* Checks more strictly in the engine's own lists, which are exempt from some rules of safety. NULL: no further
     * check. */
    bool (*check_own)(const struct place *at, enum effects_of of, const struct node *effect);
    /* Adds what the record needs; NULL: nothing. `index`: of the effect in its list. */
    void (*complete)(struct context *context, const struct release *release, const struct canary *canary, size_t index,
                     struct doc *doc, struct node *effect);
    enum effect_step (*start)(struct effect_call *call, const struct canary *canary, struct kube_write *write,
                              struct err *err);
    /* Not NULL: the effect is on record as begun before it starts, and never starts again. False: there is nothing to
     * do, and nothing goes on record. */
    bool (*once)(const struct effect_call *call, const struct canary *canary);
    /* NULL: it starts nothing. */
    void (*cancel)(struct effect_call *call);
    /* Called once the effect is done, and after a write that may have been done. NULL: nothing to note. */
    void (*written)(struct effect_call *call);
    /* Called once the effect is done (NONE), and when its write failed. True after a failure: the list goes on all the
     * same. NULL: it ends. */
    bool (*settle)(struct effect_call *call, const struct err *err);
};

#define EFFECTS_IN(of) (1U << (of))

#define EFFECT_NAMED(kind)                                                                                             \
    {                                                                                                                  \
        .name = "kind", .type = CONTRACT_STRING, .words = (const char *const[])                                        \
        {                                                                                                              \
            kind, NULL                                                                                                 \
        }                                                                                                              \
    }

/* NULL for an unknown name, and after the last one. */
const struct effect_kind *effect_kind_find(const char *name);
const struct effect_kind *effect_kind_at(size_t index);

/* What the list offers to the effect that it does: see the three functions below. */
struct effect_port {
    void (*succeed)(struct effect_call *call);
    void (*fail)(struct effect_call *call, bool begun, const struct err *err);
    void (*again)(struct effect_call *call, int64_t delay_ms);
};

/* How a call that was EFFECT_STARTED goes on. */
void effect_succeed(struct effect_call *call);
/* `begun`: a part of the effect happened and cannot be taken back. */
void effect_fail(struct effect_call *call, bool begun, const struct err *err);
/* `start` is called again after this time. */
void effect_again(struct effect_call *call, int64_t delay_ms);

enum effect_step effect_step_of(enum plan plan);
/* Plans the write of this patch of the Canary's status; EFFECT_DONE when the status has it already. Takes `patch`. */
enum effect_step effect_write_status(struct effect_call *call, const struct canary *canary, struct doc *patch,
                                     struct kube_write *write);
/* Gives the effect a key. Events with this key are the same events when they are sent again. */
void effect_set_key(struct context *context, struct doc *doc, struct node *effect, const char *key);
struct event_moment effect_moment(const struct node *effect);
int64_t effect_int(const struct node *effect, const char *key, int64_t fallback);
