/* Questions to the Prometheus of a world, for Lua (see module.c), asked and read as the engine does. */
#include "lab/lua/module_inner.h"
#include "prom/query.h"
#include "script/marshal.h"

struct asking {
    struct virtual_clock *time;
    struct doc *answer; /* NULL: it has not come */
};

static void set_value(struct doc *doc, struct node *object, double value)
{
    node_set(doc, object, "value", node_new_real(doc, value));
}

static void on_answer(void *ctx, const struct prom_answer *result)
{
    struct asking *asking = ctx;
    struct doc *doc = asking->answer = doc_new();
    struct node *answer = node_new_object(doc);
    doc_set_root(doc, answer);
    if (result->kind == PROM_ERROR || result->kind == PROM_NOTHING || result->kind == PROM_NAN) {
        node_set_str(doc, answer, "error", result->kind == PROM_ERROR ? result->err.text : "no values found");
        node_set_str(doc, answer, "cause", prom_blind_cause(result));
        node_set_bool(doc, answer, "none", result->kind != PROM_ERROR);
    } else if (result->point_count == 0) {
        set_value(doc, answer, result->value);
    }
    if (result->kind == PROM_SEVERAL) {
        node_set_int(doc, answer, "several", (int64_t)result->series_count);
    }
    struct node *points = result->point_count > 0 ? node_new_array(doc) : NULL;
    for (size_t i = 0; i < result->point_count; i++) {
        struct node *point = node_new_object(doc);
        node_set(doc, point, "time", node_new_real(doc, result->points[i].time_s));
        set_value(doc, point, result->points[i].value);
        node_push(points, point);
    }
    if (points != NULL) {
        node_set(doc, answer, "points", points);
    }
    virtual_clock_stop(asking->time);
}

/* query(text, span_ms, step_ms): { value } or { points } or { error, none }. Time does not pass, but what is due now
 * happens: a copy of the process (sluice.fork) is the place to ask. */
static int world_query(lua_State *L)
{
    struct world *w = module_check_changing(L);
    const char *text = luaL_checkstring(L, 2);
    int64_t span_ms = (int64_t)luaL_optnumber(L, 3, 0), step_ms = (int64_t)luaL_optnumber(L, 4, 0);
    luaL_argcheck(L, !w->is_running, 1, "the world is running");
    struct http *http = network_door(cluster_network(w->stage.cluster));
    struct clock *clock = virtual_clock_clock(w->time);
    struct asking asking = {.time = w->time};
    if (span_ms > 0) {
        struct prom_span span = {clock_wall_ms(clock) - span_ms, clock_wall_ms(clock), step_ms};
        prom_query_start_over(http, CLUSTER_PROMETHEUS_URL, text, &span, on_answer, &asking);
    } else {
        prom_query_start(http, CLUSTER_PROMETHEUS_URL, text, on_answer, &asking);
    }
    w->is_running = true;
    while (asking.answer == NULL && w->failure == LUA_NOREF) {
        virtual_clock_run(w->time, clock_mono_ms(clock) + 10000);
    }
    w->is_running = false;
    if (asking.answer != NULL) {
        module_push_document(L, asking.answer);
    }
    return module_done(L, w, 1);
}

const luaL_Reg module_asking[] = {{"query", world_query}, {NULL, NULL}};
