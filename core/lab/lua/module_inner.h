/* The inside of the loadable module (module.c): the world of the spec, and how its functions are called. For
 * the files of core/lab/lua only.
 *
 * An error that a function of the spec raises never unwinds frames of the engine: it is kept, the clock stops, and
 * module_done raises it. */
#pragma once

#include <lauxlib.h>
#include <lua.h>

#include "io/virtual_clock.h"
#include "lab/checkers/checkers.h"
#include "lab/stage.h"
#include "lab/transcript.h"
#include "sim/story/play.h"

#define WORLD_TYPE "sluice.world"

/* A function of the spec that is called when something happens. */
struct callback {
    struct world *world;
    struct callback *next;
    int function;       /* in the registry */
    char *kind;         /* a watch's "group/plural"; NULL: it is none */
    struct timer timer; /* of one that is called later */
};

struct world {
    lua_State *L; /* that is calling in here now */
    struct virtual_clock *time;
    struct stage stage;
    struct transcript *transcript; /* NULL: not wanted */
    struct checkers *checkers;
    char *broken;                    /* the first thing that they found; NULL: nothing */
    struct embedded_module *modules; /* some of them the spec's own; NULL: the binary's */
    struct str_list texts;           /* of these */
    struct buf log;
    struct callback *callbacks;
    struct scenario *scenario; /* NULL: the spec alone says what is there */
    struct play *play;
    bool has_ended; /* its acts were all played, or play_err says why not */
    struct err play_err;
    int tell;                      /* in the registry; LUA_NOREF: its acts were not played */
    int on_engine, fates, witness; /* functions in the registry; LUA_NOREF: none */
    struct timer news;             /* of the engine's state, told on a turn of its own */
    char *fate_body;
    int64_t *sent_ms; /* when each request of the engines was sent, in a world without a scenario */
    size_t sent_count, sent_capacity;
    bool is_open, is_running;
    bool is_wishing;     /* it runs until a wish of the spec's has come true */
    const char *forbids; /* why the spec's function that is called now must change nothing; NULL: it may */
    bool has_changed;    /* an object has changed since the spec was asked whether its wish has come true */
    int failure;         /* what a function of the spec raised first, in the registry; LUA_NOREF: nothing yet */
};

/* --- calling functions of the spec --- */

struct visit {
    struct world *world;
    int function;
    const char *forbids;                         /* it is called from inside of a change; NULL: it may make others */
    int (*push)(lua_State *L, const void *args); /* how many */
    const void *args;
    void (*read)(lua_State *L, void *out); /* two results at the indices 1 and 2; may raise. NULL: none matter */
    void *out;
};
/* False when this function has raised, or another one before: after that none is called any more. */
bool module_visit(struct visit visit);
int module_push_nothing(lua_State *L, const void *args);
/* Ends a function in which a function of the spec may have raised: raises that error, or returns so many results. */
int module_done(lua_State *L, struct world *w, int results);
/* The same for what refuses: without an error of the spec's, with `err` when it is not ok. */
int module_ended(lua_State *L, struct world *w, bool ok, const struct err *err);
/* A reference to the function at `index`. */
int module_take_function(lua_State *L, int index);
/* It lives as long as the world. */
struct callback *module_add_callback(lua_State *L, struct world *w, int index);

/* The process has one log. From now on its lines belong to this world (NULL: to none). Returns the world before. */
struct world *module_log_to(struct world *w);

/* --- arguments; all of these raise --- */

struct world *module_check_world(lua_State *L);
/* For functions that change the world. Watches and fates must not call them, because the change or the request that
 * they are told of is still being made. */
struct world *module_check_changing(lua_State *L);
/* "10m", or milliseconds. */
int64_t module_check_duration(lua_State *L, int index);
/* "deployments.apps", "pods". */
const struct kind *module_check_kind(lua_State *L, struct world *w, int index);
/* A table as a new document; `name` is for errors. */
struct doc *module_check_document(lua_State *L, int index, const char *name);
/* The table at `index` has no other fields than these (a list that ends with NULL): a misspelt one would mean
 * nothing. */
void module_check_fields(lua_State *L, int index, const char *const *known);
/* A field of the table at `index`. */
bool module_flag(lua_State *L, int index, const char *name);
double module_number(lua_State *L, int index, const char *name, double fallback);
/* The same, whole and not below `min`. */
int64_t module_integer(lua_State *L, int index, const char *name, int64_t min, int64_t fallback);
int module_fail(lua_State *L, const struct err *err);

/* Gives the document as a table, and frees it. Returns how many values that are: 1. */
int module_push_document(lua_State *L, struct doc *doc);

/* --- what the files give to module.c: listeners, and methods of a world --- */

objects_listen_fn module_on_object;
network_fate_fn module_on_fate;
extern const luaL_Reg module_engine[], module_time[], module_objects[], module_surroundings[], module_scenario[],
    module_strikes[], module_witness[], module_asking[];

/* Reads the scenario, then makes what is there at first on a stage that is ready. */
bool module_open_scenario(struct world *w, const char *path, struct err *err);
bool module_begin_scenario(struct world *w, uint64_t seed, struct err *err);
void module_close_scenario(struct world *w);

/* --- functions of the module itself --- */

/* What `require 'sluice'` calls. */
__attribute__((visibility("default"))) int luaopen_sluice(lua_State *L);

extern const luaL_Reg module_operations[], module_adapters[], module_killing[], module_fork[];
