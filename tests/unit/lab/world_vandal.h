/* Somebody deletes what a random world consists of, in a part of the worlds, whatever the engine is doing: routes,
 * Services, the record, a Pod, what belongs to the primary (see world.h). */
#pragma once

struct victim {
    const char *group, *version, *plural;
    const char *namespace;
    const char *name; /* NULL: the last one there is */
};

static const struct victim victims[] = {
    {"networking.istio.io", "v1beta1", "virtualservices", "test", NULL},
    {"networking.istio.io", "v1beta1", "destinationrules", "test", NULL},
    {"", "v1", "services", "test", "podinfo"},
    {"", "v1", "services", "test", "podinfo-canary"},
    {"", "v1", "services", "test", "podinfo-primary"},
    {"sluice.dev", "v1alpha1", "releases", "test", NULL},
    {"", "v1", "pods", "test", NULL},
    {"", "v1", "configmaps", "test", "podinfo-primary"},
    {"autoscaling", "v2", "horizontalpodautoscalers", "test", "podinfo-primary"},
};
enum { VICTIMS_COUNT = sizeof victims / sizeof victims[0] };

static inline bool keep_name(void *ctx, const struct node *object)
{
    char **name = ctx;
    str_free(name);
    *name = str_dup(node_str_or(node_at(object, "metadata", "name"), ""));
    return true;
}

static inline void delete_victim(struct world *w, int64_t which)
{
    const struct victim *victim = &victims[which];
    struct err err = {0};
    struct api *api = cluster_api(w->stage.cluster);
    const struct kind *kind = kinds_find(api_kinds(api), victim->group, victim->version, victim->plural);
    char *name = str_dup(victim->name);
    if (name == NULL) {
        objects_each(w->objects, kind->storage, victim->namespace, keep_name, &name);
    }
    struct doc *object = name != NULL ? objects_get(w->objects, kind->storage, victim->namespace, name) : NULL;
    tell(w, "somebody deletes %s %s%s", victim->plural, name != NULL ? name : "",
         object != NULL ? "" : ": there is none");
    if (object != NULL && !api_delete(api, kind, victim->namespace, name, &err)) {
        broken(w, "deleting %s: %s", name, err.text);
    }
    doc_free(object);
    str_free(&name);
}

static inline void plan_vandal(struct world *w, int64_t from_ms, int64_t until_ms)
{
    struct vandal *vandal = &w->vandal;
    for (int64_t count = vandal->comes ? dice_between(&vandal->dice, 0, 2) : 0; count > 0; count--) {
        act_at(w, dice_between(&vandal->dice, from_ms, until_ms), delete_victim,
               dice_between(&vandal->dice, 0, VICTIMS_COUNT - 1));
        w->must_succeed = false;
    }
}
