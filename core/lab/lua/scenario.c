/* A world that a scenario describes (sim/story/scenario.h), for Lua (see module.c): its objects, versions, traffic and
 * hooks are there at first; its acts and faults come when they are played.
 *
 * The script of a Strategy whose manifest has NAME.lua beside it is that file's, and so are its modules, and the
 * adapters of a Check those of the folder adapters there, so that an author tries what is edited; sluice check says
 * when the manifest is behind. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/file.h"
#include "lab/lua/module_inner.h"

enum { SCRIPT_MAX = 256 * 1024 };

/* --- scripts beside manifests --- */

static const char *file_of(const struct scenario *scenario, const struct node *object)
{
    for (size_t i = 0; i < scenario->origin_count; i++) {
        if (scenario->origins[i].object == object) {
            return scenario->origins[i].file;
        }
    }
    return scenario->file;
}

static const char *name_of(const struct node *object)
{
    return node_str_or(node_at(object, "metadata", "name"), "");
}

/* "ring/strategy.yaml" and "weekday-ring" → "ring/weekday-ring.lua". */
static char *path_beside(const char *manifest, const char *name)
{
    const char *slash = strrchr(manifest, '/');
    int folder = slash != NULL ? (int)(slash + 1 - manifest) : 0;
    return str_format("%.*s%s.lua", folder, manifest, name);
}

/* NULL: there is no such file. */
static char *read_beside(const char *path)
{
    struct buf text;
    struct err ignored = {0};
    buf_init(&text, SCRIPT_MAX);
    char *taken = file_read(path, &text, &ignored) ? buf_take(&text) : NULL;
    buf_fini(&text);
    return taken;
}

static bool is_script(const struct node *object)
{
    return node_str(node_at(object, "spec", "script")) != NULL;
}

/* The value becomes the text of NAME.lua beside the manifest. False: there is no such file. */
static bool take_beside(struct scenario *scenario, const char *manifest, struct node *object, const char *key,
                        const char *name)
{
    char *path = path_beside(manifest, name), *text = read_beside(path);
    bool found = text != NULL;
    if (found) {
        node_set_str(scenario->objects, object, key, text);
    }
    str_free(&text);
    str_free(&path);
    return found;
}

static void take_adapters(struct scenario *scenario, const char *manifest, struct node *object)
{
    struct node_iter it = node_iterate(node_at(object, "spec", "adapters"));
    while (node_next(&it)) {
        char *name = str_format("adapters/%s", it.key);
        if (node_type(it.value) == NODE_OBJECT) {
            take_beside(scenario, manifest, it.value, "script", name);
        }
        str_free(&name);
    }
}

static void take_scripts(struct scenario *scenario)
{
    struct node *objects = doc_root(scenario->objects);
    for (size_t i = 0; i < node_count(objects); i++) {
        struct node *object = node_item(objects, i);
        if (!is_script(object)) {
            continue;
        }
        const char *manifest = file_of(scenario, object);
        struct node *modules = node_at(object, "spec", "modules");
        bool has_files = take_beside(scenario, manifest, node_get(object, "spec"), "script", name_of(object));
        struct node_iter it = node_iterate(modules);
        while (has_files && node_next(&it)) {
            take_beside(scenario, manifest, modules, it.key, it.key);
        }
        take_adapters(scenario, manifest, object);
    }
}

/* What the sandbox calls the script, or a module of it: "scripts/ring.lua", "scripts/calendar.lua"; of a Check
 * "checks/shop/guard.lua" and "checks/shop/guard/scripts/other.lua". */
static char *place_of(const struct node *object, const char *module)
{
    if (!node_is(node_get(object, "kind"), "Check")) {
        return str_format("scripts/%s.lua", module != NULL ? module : name_of(object));
    }
    return str_format("checks/%s/%s%s%s.lua", node_str_or(node_at(object, "metadata", "namespace"), ""),
                      name_of(object), module != NULL ? "/scripts/" : "", module != NULL ? module : "");
}

/* How many lines of the manifest stand before those of a text in it. */
static size_t lines_before(const struct scenario *scenario, const struct node *text)
{
    const struct yaml_place *place = yaml_places_find(scenario->places, text);
    bool is_block = strchr(node_str_or(text, ""), '\n') != NULL;
    return place == NULL ? 0 : is_block ? place->line : place->line - 1;
}

/* Puts { place, file, before, text } into the list on top of the stack; takes `place`. */
static void push_script(lua_State *L, char *place, const char *file, size_t before, const struct node *text)
{
    lua_createtable(L, 0, 4);
    lua_pushstring(L, place);
    lua_setfield(L, -2, "place");
    lua_pushstring(L, file);
    lua_setfield(L, -2, "file");
    lua_pushinteger(L, (lua_Integer)before);
    lua_setfield(L, -2, "before");
    lua_pushstring(L, node_str_or(text, ""));
    lua_setfield(L, -2, "text");
    lua_rawseti(L, -2, (int)lua_objlen(L, -2) + 1);
    str_free(&place);
}

/* `module` NULL: the script. True: it is that of a file beside the manifest. */
static bool push_text(lua_State *L, const struct scenario *scenario, const struct node *object, const char *module,
                      const struct node *text, bool has_files)
{
    const char *manifest = file_of(scenario, object);
    char *path = path_beside(manifest, module != NULL ? module : name_of(object));
    char *beside = has_files ? read_beside(path) : NULL;
    bool is_file = beside != NULL;
    push_script(L, place_of(object, module), is_file ? path : manifest, is_file ? 0 : lines_before(scenario, text),
                text);
    str_free(&beside);
    str_free(&path);
    return is_file;
}

static void push_scripts(lua_State *L, const struct scenario *scenario, const struct node *object)
{
    bool has_files = push_text(L, scenario, object, NULL, node_at(object, "spec", "script"), true);
    struct node_iter it = node_iterate(node_at(object, "spec", "modules"));
    while (node_next(&it)) {
        push_text(L, scenario, object, it.key, it.value, has_files);
    }
}

/* The scripts at first, and their modules. `file` is the manifest where there is no NAME.lua. */
static int world_scripts(lua_State *L)
{
    struct world *w = module_check_world(L);
    const struct node *objects = w->scenario != NULL ? doc_root(w->scenario->objects) : NULL;
    lua_newtable(L);
    for (size_t i = 0; i < node_count(objects); i++) {
        const struct node *object = node_item(objects, i);
        if (is_script(object)) {
            push_scripts(L, w->scenario, object);
        }
    }
    return 1;
}

/* --- the play --- */

struct news {
    const char *what, *text;
};

static int push_news(lua_State *L, const void *args)
{
    const struct news *news = args;
    lua_pushstring(L, news->what);
    lua_pushstring(L, news->text);
    return 2;
}

static void tell(struct world *w, const char *what, const char *text)
{
    struct news news = {what, text};
    if (w->tell != LUA_NOREF) {
        module_visit((struct visit){.world = w, .function = w->tell, .push = push_news, .args = &news});
    }
}

static void on_people(void *ctx, const char *text)
{
    tell(ctx, "people", text);
}

static void on_world(void *ctx, const char *text)
{
    tell(ctx, "world", text);
}

static void on_engine(void *ctx, bool up)
{
    tell(ctx, "engine", up ? "up" : "down");
}

static void on_ended(void *ctx, const struct err *err)
{
    struct world *w = ctx;
    w->has_ended = true;
    w->play_err = *err;
    virtual_clock_stop(w->time);
}

bool module_open_scenario(struct world *w, const char *path, struct err *err)
{
    w->scenario = scenario_read(path, NULL, err);
    if (w->scenario != NULL) {
        take_scripts(w->scenario);
    }
    return w->scenario != NULL;
}

bool module_begin_scenario(struct world *w, uint64_t seed, struct err *err)
{
    struct play_listener listener = {
        .people = on_people, .world = on_world, .engine = on_engine, .ended = on_ended, .ctx = w};
    w->play = play_new(w->scenario, w->stage.cluster, seed, &listener);
    play_set(w->play);
    return play_create(w->play, err);
}

void module_close_scenario(struct world *w)
{
    play_free(w->play);
    scenario_free(w->scenario);
}

static void push_wrong(lua_State *L, const struct world *w)
{
    struct str_list wrong = {0};
    if (w->play_err.code != ERR_NONE) {
        str_list_push(&wrong, w->play_err.text);
    } else {
        play_check(w->play, &wrong, NULL);
    }
    lua_newtable(L);
    for (size_t i = 0; i < wrong.count; i++) {
        lua_pushstring(L, wrong.items[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    str_list_fini(&wrong);
}

static struct world *start_acts(lua_State *L)
{
    struct world *w = module_check_changing(L);
    luaL_argcheck(L, w->play != NULL, 1, "a world of a scenario is wanted");
    luaL_argcheck(L, w->tell == LUA_NOREF, 1, "its acts were played already");
    luaL_argcheck(L, !w->is_running, 1, "the world is running");
    w->tell = module_take_function(L, 2);
    play_start(w->play);
    return w;
}

/* begin_acts(tell): they come as time passes. */
static int world_begin_acts(lua_State *L)
{
    return module_done(L, start_acts(L), 0);
}

/* play_acts(tell): what is not as expected at the end. */
static int world_play_acts(lua_State *L)
{
    struct world *w = start_acts(L);
    w->is_running = true;
    int64_t until_ms = clock_mono_ms(virtual_clock_clock(w->time)) + w->scenario->limit_ms + 60000;
    while (!w->has_ended && w->failure == LUA_NOREF && clock_mono_ms(virtual_clock_clock(w->time)) < until_ms) {
        virtual_clock_run(w->time, until_ms);
    }
    w->is_running = false;
    push_wrong(L, w);
    return module_done(L, w, 1);
}

const luaL_Reg module_scenario[] = {
    {"scripts", world_scripts},
    {"begin_acts", world_begin_acts},
    {"play_acts", world_play_acts},
    {NULL, NULL},
};
