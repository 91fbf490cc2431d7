/* The primitives of lua/stdlib/_meta/host.lua: the table that `require 'host'` gives to stdlib.
 *
 * Each of them calls the strategy's port and returns JSON. They are written in one pattern: check the arguments and
 * find stack (which may raise), then the part between kill_host_enter and kill_host_leave (which may not raise and
 * holds memory of ours), then the result (which may raise or be killed, and so reads only a document that `struct
 * host` owns).
 *
 * Besides the contract there are host.array(t?), which marks a table as a list (an unmarked empty table is an
 * object), and host.null for lists with holes. */
#pragma once

#include <lua.h>

#include "rollout/strategist.h"
#include "script/budget.h"

enum {
    HOST_WORD_SIZE = 64,
    HOST_REPLAY_NS = 5 * 1000 * 1000, /* a replay lets the loop turn after so much CPU time, where that is measured */
};

enum host_hold { HOST_GOES_ON, HOST_HOLDS_WORD, HOST_HOLDS_CALL };

struct host {
    struct strategy_host port;
    lua_State *co;           /* the strategy's coroutine; NULL while its modules load: no word may run then */
    struct budget *budget;   /* NULL: none */
    bool again;              /* while it loads, nothing is logged */
    bool waiting;            /* an operation has been asked for and is not answered */
    bool paused;             /* in the middle of a replay: host_push_replayed has what the script gets next */
    enum host_hold held;     /* the budget of this minute lacks what is asked for: see host_push_held */
    int64_t replayed;        /* words of this turn that were on record; after `replay_words` the loop turns */
    int64_t replay_words;    /* 0: no bound */
    int64_t word_started_ms; /* of the word that was replayed, or held, last */
    struct doc *handed_over; /* what Lua is about to read or has read last */
    uint64_t random;
    char word[HOST_WORD_SIZE]; /* that the script said last, for the text of a kill */
    char label[128];
};

/* Pushes the function that print calls, then the table of primitives. While Lua runs, `*host` is whose they are. Raises
 * when memory is out. */
void host_install(lua_State *L, struct host **host);
void host_fini(struct host *host);

/* Takes `doc` (may be NULL): the next marshal_push reads it. */
void host_hand_over(struct host *host, struct doc *doc);

/* After a pause: pushes the three values that the primitive `enter` gives for the recorded word. May raise. */
void host_push_replayed(lua_State *L, struct host *host);

/* After a hold: pushes what the primitive that was held gives, and returns how many values. May raise. */
int host_push_held(lua_State *L, struct host *host);
