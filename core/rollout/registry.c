#include "rollout/registry.h"

#include <string.h>
#include <uthash.h>

#include "base/mem.h"
#include "base/str.h"
#include "release/history.h"
#include "rollout/actor.h"

/* "namespace/name" of a Canary and its actor. */
struct seat {
    UT_hash_handle hh;
    struct registry *registry;
    struct actor *actor;
    struct str_list watched; /* the names this actor watches, as keys of `interests` */
    char key[];
};

/* "namespace/name" of any object and who wants to be woken by it. */
struct interest {
    UT_hash_handle hh;
    struct actor **actors;
    size_t count;
    char key[];
};

/* Canaries of one namespace, for the gauge. */
struct population {
    UT_hash_handle hh;
    size_t count;
    char namespace[];
};

/* --- who is woken by what --- */

static char *key_of(const char *namespace, const char *name)
{
    return str_format("%s/%s", namespace, name);
}

static struct interest *interest_find(struct registry *registry, const char *key)
{
    struct interest *interest;
    HASH_FIND_STR(registry->interests, key, interest);
    return interest;
}

static void interest_add(struct registry *registry, const char *key, struct actor *actor)
{
    struct interest *interest = interest_find(registry, key);
    if (interest == NULL) {
        interest = mem_alloc(sizeof *interest + strlen(key) + 1);
        memcpy(interest->key, key, strlen(key) + 1);
        HASH_ADD_STR(registry->interests, key, interest);
    }
    interest->actors = mem_resize(interest->actors, (interest->count + 1) * sizeof(struct actor *));
    interest->actors[interest->count++] = actor;
}

static void interest_drop(struct registry *registry, const char *key, const struct actor *actor)
{
    struct interest *interest = interest_find(registry, key);
    for (size_t i = 0; interest != NULL && i < interest->count; i++) {
        if (interest->actors[i] == actor) {
            interest->actors[i] = interest->actors[--interest->count];
            break;
        }
    }
    if (interest != NULL && interest->count == 0) {
        HASH_DEL(registry->interests, interest);
        mem_free(interest->actors);
        mem_free(interest);
    }
}

static struct seat *seat_find(struct registry *registry, const char *namespace, const char *name)
{
    char *key = key_of(namespace, name);
    struct seat *seat;
    HASH_FIND_STR(registry->seats, key, seat);
    str_free(&key);
    return seat;
}

static bool is_same_list(const struct str_list *a, const struct str_list *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0) {
            return false;
        }
    }
    return true;
}

/* --- actors come and go --- */

static void count_canary(struct registry *registry, const char *namespace, int delta)
{
    struct population *population;
    HASH_FIND_STR(registry->populations, namespace, population);
    if (population == NULL) {
        population = mem_alloc(sizeof *population + strlen(namespace) + 1);
        memcpy(population->namespace, namespace, strlen(namespace) + 1);
        HASH_ADD_STR(registry->populations, namespace, population);
    }
    population->count += (size_t)delta;
    gauges_total(&registry->context->gauges, namespace, population->count);
}

static void on_watches(void *ctx, const char *namespace, const struct str_list *objects)
{
    struct seat *seat = ctx;
    struct registry *registry = seat->registry;
    struct str_list keys = {0};
    for (size_t i = 0; i < objects->count; i++) {
        char *key = key_of(namespace, objects->items[i]);
        if (!str_list_has(&keys, key)) {
            str_list_push(&keys, key);
        }
        str_free(&key);
    }
    if (is_same_list(&keys, &seat->watched)) {
        str_list_fini(&keys);
        return;
    }
    for (size_t i = 0; i < seat->watched.count; i++) {
        interest_drop(registry, seat->watched.items[i], seat->actor);
    }
    for (size_t i = 0; i < keys.count; i++) {
        interest_add(registry, keys.items[i], seat->actor);
    }
    str_list_fini(&seat->watched);
    seat->watched = keys;
}

static void on_gone(void *ctx);

static void seat_add(struct registry *registry, const char *namespace, const char *name)
{
    static const struct actor_events events = {.gone = on_gone, .watches = on_watches};
    char *key = key_of(namespace, name);
    struct seat *seat = mem_alloc(sizeof *seat + strlen(key) + 1);
    memcpy(seat->key, key, strlen(key) + 1);
    seat->registry = registry;
    HASH_ADD_STR(registry->seats, key, seat);
    str_free(&key);
    seat->actor = actor_new(registry->context, namespace, name, &events, seat);
    count_canary(registry, namespace, 1);
}

static void seat_free(struct registry *registry, struct seat *seat)
{
    for (size_t i = 0; i < seat->watched.count; i++) {
        interest_drop(registry, seat->watched.items[i], seat->actor);
    }
    str_list_fini(&seat->watched);
    HASH_DEL(registry->seats, seat);
    actor_free(seat->actor);
    mem_free(seat);
}

/* If another Canary has the name by now, it gets an actor of its own. */
static void on_gone(void *ctx)
{
    struct seat *seat = ctx;
    struct registry *registry = seat->registry;
    char *namespace = str_dup(actor_namespace(seat->actor)), *name = str_dup(actor_name(seat->actor));
    count_canary(registry, namespace, -1);
    seat_free(registry, seat);
    if (store_has(context_store(registry->context, &KUBE_CANARIES), namespace, name)) {
        seat_add(registry, namespace, name);
    }
    str_free(&namespace);
    str_free(&name);
}

/* The seat of the Canary that owns the Release of this name, "<canary>-<n>". A name that was cut does not tell its
 * Canary, so every Canary is asked; such names are rare. */
static struct seat *seat_of_release(struct registry *registry, const char *namespace, const char *name)
{
    const char *dash = strrchr(name, '-');
    char *canary = str_dup_n(name, dash != NULL ? (size_t)(dash - name) : 0);
    struct seat *found = seat_find(registry, namespace, canary);
    str_free(&canary);
    if (found != NULL || !release_name_may_be_cut(name)) {
        return found;
    }
    for (struct seat *seat = registry->seats; found == NULL && seat != NULL; seat = seat->hh.next) {
        bool fits =
            strcmp(actor_namespace(seat->actor), namespace) == 0 && release_number(name, actor_name(seat->actor)) > 0;
        found = fits ? seat : NULL;
    }
    return found;
}

void registry_release_changed(struct registry *registry, const char *namespace, const char *name)
{
    struct seat *seat = seat_of_release(registry, namespace, name);
    int64_t number = seat != NULL ? release_number(name, actor_name(seat->actor)) : 0;
    if (number > 0) {
        if (history_owns(registry->context, namespace, actor_name(seat->actor), name)) {
            actor_note_release(seat->actor, number);
        }
        actor_wake(seat->actor);
    }
}

void registry_object_changed(struct registry *registry, const char *namespace, const char *name)
{
    char *key = key_of(namespace, name);
    struct interest *interest = interest_find(registry, key);
    for (size_t i = 0; interest != NULL && i < interest->count; i++) {
        actor_wake(interest->actors[i]);
    }
    str_free(&key);
}

void registry_canary_changed(struct registry *registry, const char *namespace, const char *name)
{
    struct seat *seat = seat_find(registry, namespace, name);
    if (seat == NULL) {
        seat_add(registry, namespace, name);
    } else {
        actor_wake(seat->actor);
    }
}

size_t registry_canaries(const struct registry *registry)
{
    return HASH_COUNT(registry->seats);
}

bool registry_has_releases(const struct registry *registry)
{
    const struct seat *seat = registry->seats;
    while (seat != NULL && !actor_has_release(seat->actor)) {
        seat = seat->hh.next;
    }
    return seat != NULL;
}

void registry_init(struct registry *registry, struct context *context)
{
    *registry = (struct registry){.context = context};
}

void registry_fini(struct registry *registry)
{
    struct seat *seat, *next_seat;
    struct population *population, *next_population;
    HASH_ITER(hh, registry->seats, seat, next_seat)
    {
        seat_free(registry, seat);
    }
    HASH_ITER(hh, registry->populations, population, next_population)
    {
        HASH_DEL(registry->populations, population);
        mem_free(population);
    }
}
