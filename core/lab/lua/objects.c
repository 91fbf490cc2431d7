/* Objects of the simulated world, for Lua (see module.c). */
#include <string.h>

#include "base/str.h"
#include "base/yaml.h"
#include "lab/lua/module_inner.h"
#include "script/marshal.h"

enum { TEXT_MAX = 64 << 20 };

/* YAML, or one object as a table. */
static struct doc *read_objects(lua_State *L, int index, struct err *err)
{
    if (lua_isstring(L, index)) {
        size_t len;
        const char *text = lua_tolstring(L, index, &len);
        return yaml_parse_all("world:create", text, len, err);
    }
    struct doc *object = module_check_document(L, index, "object"), *list = doc_new();
    doc_set_root(list, node_new_array(list));
    node_push(doc_root(list), node_copy(list, doc_root(object)));
    doc_free(object);
    return list;
}

static int world_create(lua_State *L)
{
    struct world *w = module_check_changing(L);
    struct err err;
    struct doc *objects = read_objects(L, 2, &err);
    bool ok = objects != NULL && cluster_create(w->stage.cluster, doc_root(objects), &err);
    doc_free(objects);
    return module_ended(L, w, ok, &err);
}

/* Writes objects as they are given: status, uid and times as another world had them. */
static bool restore(struct world *w, const struct node *objects, struct err *err)
{
    struct node_iter it = node_iterate(objects);
    while (node_next(&it)) {
        const struct kind *kind = cluster_kind(w->stage.cluster, it.value, err);
        if (kind == NULL) {
            return false;
        }
        if (node_str(node_at(it.value, "metadata", "name")) == NULL) {
            err_set(err, ERR_INVALID, "%s: metadata.name: a string is wanted", kind->name);
            return false;
        }
        struct doc *object = doc_copy(it.value);
        objects_put(api_objects(cluster_api(w->stage.cluster)), kind->storage, object);
        doc_free(object);
    }
    return true;
}

static int world_restore(lua_State *L)
{
    struct world *w = module_check_changing(L);
    struct err err;
    struct doc *objects = read_objects(L, 2, &err);
    checkers_learn(w->checkers, true);
    bool ok = objects != NULL && restore(w, doc_root(objects), &err);
    checkers_learn(w->checkers, false);
    doc_free(objects);
    return module_ended(L, w, ok, &err);
}

static int world_get(lua_State *L)
{
    struct world *w = module_check_world(L);
    const struct kind *kind = module_check_kind(L, w, 2);
    const char *namespace = luaL_optstring(L, 3, NULL), *name = luaL_checkstring(L, 4);
    struct doc *object = objects_get(api_objects(cluster_api(w->stage.cluster)), kind->storage, namespace, name);
    return object != NULL ? module_push_document(L, object) : 0;
}

static bool collect(void *ctx, const struct node *object)
{
    struct doc *list = ctx;
    node_push(doc_root(list), node_copy(list, object));
    return true;
}

static int world_list(lua_State *L)
{
    struct world *w = module_check_world(L);
    const struct kind *kind = module_check_kind(L, w, 2);
    const char *namespace = luaL_optstring(L, 3, NULL);
    struct doc *list = doc_new();
    doc_set_root(list, node_new_array(list));
    objects_each(api_objects(cluster_api(w->stage.cluster)), kind->storage, namespace, collect, list);
    return module_push_document(L, list);
}

static bool write_line(void *ctx, const struct node *object)
{
    struct buf *text = ctx;
    return node_write(object, text) && buf_append_char(text, '\n');
}

static int world_text(lua_State *L)
{
    struct world *w = module_check_world(L);
    const struct kind *kind = module_check_kind(L, w, 2);
    struct buf text;
    buf_init(&text, TEXT_MAX);
    objects_each(api_objects(cluster_api(w->stage.cluster)), kind->storage, luaL_optstring(L, 3, NULL), write_line,
                 &text);
    lua_pushstring(L, buf_str(&text));
    buf_fini(&text);
    return 1;
}

static int world_update(lua_State *L)
{
    struct world *w = module_check_changing(L);
    struct doc *object = module_check_document(L, 2, "object");
    struct err err;
    const struct kind *kind = cluster_kind(w->stage.cluster, doc_root(object), &err);
    struct doc *updated = NULL;
    if (kind != NULL) {
        const char *subresource = luaL_optstring(L, 3, NULL);
        const char *manager = luaL_optstring(L, 4, "kubectl-edit");
        updated = api_update_by(cluster_api(w->stage.cluster), manager, kind, subresource, doc_root(object), &err);
    }
    doc_free(object);
    bool ok = updated != NULL;
    doc_free(updated);
    return module_ended(L, w, ok, &err);
}

static int world_delete(lua_State *L)
{
    struct world *w = module_check_changing(L);
    const struct kind *kind = module_check_kind(L, w, 2);
    struct err err;
    bool ok = api_delete(cluster_api(w->stage.cluster), kind, luaL_optstring(L, 3, NULL), luaL_checkstring(L, 4), &err);
    return module_ended(L, w, ok, &err);
}

static int push_change(lua_State *L, const void *args)
{
    const struct objects_event *event = args;
    marshal_push(L, event->object);
    lua_pushstring(L, objects_change_name(event->change));
    return 2;
}

void module_on_object(void *ctx, const struct objects_event *event)
{
    struct world *w = ctx;
    w->has_changed = true;
    for (struct callback *at = w->callbacks; at != NULL; at = at->next) {
        if (at->kind != NULL && strcmp(at->kind, event->storage) == 0) {
            module_visit((struct visit){.world = w,
                                        .function = at->function,
                                        .forbids = "a watch must only take note",
                                        .push = push_change,
                                        .args = event});
        }
    }
}

static int world_watch(lua_State *L)
{
    struct world *w = module_check_world(L);
    const struct kind *kind = module_check_kind(L, w, 2);
    module_add_callback(L, w, 3)->kind = str_dup(kind->storage);
    return 0;
}

const luaL_Reg module_objects[] = {
    {"create", world_create},   {"get", world_get},       {"list", world_list},
    {"update", world_update},   {"delete", world_delete}, {"watch", world_watch},
    {"restore", world_restore}, {"text", world_text},     {NULL, NULL},
};
