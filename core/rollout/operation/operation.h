/* The operations behind host.call: one file each, and one row in operation/table.c. What each takes and answers is
 * data in its row, and checked on the way in and out; the specs' fake host is held to the same rows (core/lab/lua), and
 * lua/stdlib/_meta/operations.lua shows them to people.
 *
 * An operation sees the Canary, its arguments, and what is below; it owns its state and stops what it started. It
 * knows nothing of the running release, which is behind the port at the end of this file. */
#pragma once

#include "base/contract.h"
#include "notify/announcer.h"
#include "notify/trouble.h"
#include "notify/waiting.h"
#include "release/release.h"

struct operation;
struct operation_port;

/* One operation under way. The run makes it and frees it, with args, intent and state, right after `cancel`: so an
 * operation touches nothing of it any more once it has called operation_answer. It may replace the intent by a new
 * document, and frees the one before. */
struct operation_call {
    const struct operation *operation;
    struct context *context;
    struct release *release;
    struct announcer *announcer;
    struct waiting *waiting; /* of the Canary */
    struct trouble *trouble; /* of the release */
    struct doc *args;
    /* The recorded intent of an operation without an answer: its effect may or may not have happened. NULL: none. */
    struct doc *intent;
    void *state; /* operation->size bytes, zero at first */
    bool known;  /* in start: an accepted spec is known; without one, nothing is judged until a poke */
    /* Set in start by one that `rests`, where that is known: so long nothing but an act of others ends it. */
    int64_t quiet_ms;
    const struct operation_port *port;
};

struct operation {
    const char *name;
    bool recorded; /* the journal notes what it answered */
    bool writes;   /* while this operation is under way, nothing else may write the Canary's objects */
    bool ends;     /* it never answers: the script ends here */
    /* It waits for times and others alone. Asked for anew after its answer, it goes on from there. So the script need
     * not stand by meanwhile. */
    bool rests;
    struct contract_field takes, answers;
    size_t size;
    /* Begins. True: *answer is the answer, a new document, and nothing that was begun is left. False: *answer is not
     * looked at, and the call is under way; operation_answer comes once, on a later turn, never within start. An
     * operation that `ends` calls operation_end instead, in start or later, and returns false. `canary` is as the
     * release goes by it, and lives as long as this call; it is always there (a run without a Canary is frozen). */
    bool (*start)(struct operation_call *call, const struct canary *canary, struct doc **answer);
    /* Called when an object has changed while the operation waits; it may answer within. NULL: changes do not matter to
     * it. */
    void (*poke)(struct operation_call *call, const struct canary *canary);
    /* Adds the names of other Canaries of the namespace whose changes are to poke it, too. NULL: there are none. */
    void (*watches)(const struct operation_call *call, struct str_list *canaries);
    /* For operation_send: calls hooks as the arguments say. NULL: the operation calls none. */
    void (*send)(struct operation_call *call, const struct canary *canary);
    /* Stops what the operation has started, if that is still under way, and frees what its state points to. It comes
     * once for every call, however that ends: with the answer (after it, while the release is frozen much later), or
     * without one, when the release ends or the script is dropped. NULL: there is nothing to stop or free. */
    void (*cancel)(struct operation_call *call);
};

/* The fields of an operation that takes nothing, and of { name, phase } of a Canary. */
extern const struct contract_field operation_nothing[], operation_condition[];

/* NULL for an unknown name, and after the last one. */
const struct operation *operation_find(const char *name);
const struct operation *operation_at(size_t index);
/* The operation, when there is one and it takes these arguments. NULL: err says what is wrong with them
 * ("query: args.query: a string is wanted, got 5"). */
const struct operation *operation_accept(const char *name, const struct node *args, struct err *err);
/* False: this is no answer of the operation's; err says why. */
bool operation_answers(const struct operation *operation, const struct node *answer, struct err *err);
/* Writes what it takes and answers: query { query: string } -> { value: number?, … } */
void operation_write(const struct operation *operation, struct buf *out);

/* A new document with an empty object as its root; and one that is {error: text}. */
struct doc *operation_object(void);
struct doc *operation_error(const char *text);
/* What the operation calendar answers at that moment. */
struct doc *operation_calendar_find(const struct node *args, int64_t now_ms);
/* True when the Canary { name, phase } of the release's namespace is in that phase. */
bool operation_phase_is(const struct operation_call *call, const struct node *condition);
/* Who approved this gate, and why (str_free); NULL: nobody, or the approval is spent. */
char *operation_approval(struct operation_call *call, const char *gate);
/* A person asked something of the release after that moment: what waits between two rounds ends at once. */
bool operation_is_asked(const struct operation_call *call, int64_t since_ms);
/* A text among the arguments; "" when it is absent. */
const char *operation_text(const struct operation_call *call, const char *key);

/* --- the port: what an operation asks of the release that runs --- */

enum operation_ending {
    OPERATION_ROLLED_BACK,
    OPERATION_PROMOTION_FAILED,
    OPERATION_SUCCEEDED,
    OPERATION_SKIPPED,
};

struct operation_port {
    void (*answer)(struct operation_call *call, struct doc *answer);
    void (*intend)(struct operation_call *call, const struct node *intent,
                   void (*recorded)(struct operation_call *call));
    void (*end)(struct operation_call *call, enum operation_ending ending);
    bool (*is_blocked)(const struct operation_call *call);
    void (*round_ended)(struct operation_call *call, const struct canary *canary);
    void (*poke)(struct operation_call *call);
};

/* The answer, which is taken, on a later turn than start. The call is gone after it. */
void operation_answer(struct operation_call *call, struct doc *answer);
/* Records the intent. `recorded` comes once it is recorded and the release is still ours. */
void operation_intend(struct operation_call *call, const struct node *intent,
                      void (*recorded)(struct operation_call *call));
/* Calls operation->send: at once when nothing is delivered, or the delivery is on record already; else once its
 * arguments are on record as the intent. */
void operation_send(struct operation_call *call, const struct canary *canary, bool delivers);
/* Notes that the release cannot go on for this reason, which has been told already. */
void operation_wait(struct operation_call *call, const char *reason, const char *message);
/* The script ends here, and C finishes the release as its arguments say. */
void operation_end(struct operation_call *call, enum operation_ending ending);
/* True while the release is frozen: no round begins then, and the operation is poked when that ends. */
bool operation_is_blocked(const struct operation_call *call);
/* A round is over. */
void operation_round_ended(struct operation_call *call, const struct canary *canary);
/* Calls the operation's own poke with the current Canary, as if an object had changed, unless nothing may be learnt
 * now. */
void operation_look_again(struct operation_call *call);
