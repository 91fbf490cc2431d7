#include "controllers_steps.h"

#include "base/hash.h"
#include "sim/kinds/type.h"

/* --- turns --- */

static void a_change_is_seen_before_its_consequences(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    assert_int_equal(count(w, "replicasets", ""), 0);
    clock_fire(virtual_clock_clock(w->vc));
    assert_int_equal(count(w, "replicasets", ""), 1);
    assert_int_equal(count(w, "pods", ""), 0);
    clock_fire(virtual_clock_clock(w->vc));
    assert_int_equal(count(w, "pods", ""), 3);
    pass(w, 5000);
}

static void controllers_that_go_leave_no_timer(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    pass(w, 100);
    assert_true(clock_pending(virtual_clock_clock(w->vc)) > 0);
    controllers_free(w->controllers);
    w->controllers = NULL;
    assert_int_equal(clock_pending(virtual_clock_clock(w->vc)), 0);
    assert_true(number(w, "deployments", "web", "readyReplicas") == 0);
}

static void new_ones_go_on_where_the_old_ones_stopped(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    pass(w, 5000);
    set_image(w, "web:2");
    pass(w, 1500);
    controllers_free(w->controllers);
    w->controllers = controllers_new(w->api, virtual_clock_clock(w->vc), w->behaviours);
    pass(w, 60000);
    assert_int_equal(number(w, "deployments", "web", "updatedReplicas"), 3);
    assert_int_equal(number(w, "deployments", "web", "availableReplicas"), 3);
    assert_int_equal(count(w, "pods", ""), 3);
}

/* --- whatever happens --- */

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void lose_a_pod(struct world *w, uint32_t which)
{
    struct str_list pods = names_of(w, "pods", "web-");
    if (pods.count > 0)
        destroy(w, "pods", pods.items[which % pods.count]);
    str_list_fini(&pods);
}

static void do_something(struct world *w, uint32_t *seed)
{
    static const char *const images[] = {"web:1", "web:2", "web:3", "web:never"};
    static const char *const strategies[] = {
        "{\"type\":\"Recreate\"}",
        "{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxSurge\":\"50%\",\"maxUnavailable\":0}}",
        "{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxSurge\":0,\"maxUnavailable\":\"30%\"}}",
        "{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxSurge\":2,\"maxUnavailable\":1}}",
    };
    switch (next(seed) % 6) {
    case 0:
    case 1:
        set_image(w, images[next(seed) % 4]);
        break;
    case 2:
        scale(w, next(seed) % 8);
        break;
    case 3:
        change(w, "deployments", "web", "spec.strategy", strategies[next(seed) % 4]);
        break;
    case 4:
        change(w, "deployments", "web", "spec.paused", next(seed) % 2 ? "true" : "null");
        break;
    default:
        lose_a_pod(w, next(seed));
        break;
    }
}

/* Sizes never go beyond what may ever be asked for: 7 and a surge of half of it, in each of the two sets that overlap
 * for a moment. */
static void live(struct world *w, uint32_t seed)
{
    behaviours_set(w->behaviours, "web:never", &(struct behaviour){.ready_ms = -1});
    create(w, "deployments", DEPLOYMENT);
    for (int i = 0; i < 40; i++) {
        do_something(w, &seed);
        pass(w, next(&seed) % 4000);
        assert_true(number(w, "deployments", "web", "replicas") <= 11);
    }
    change(w, "deployments", "web", "spec.paused", "null");
    set_image(w, "web:9");
    scale(w, 4);
    pass(w, 120000);
}

static void whatever_happened_it_ends_as_its_spec_says(void **state)
{
    for (uint32_t seed = 1; seed <= 8; seed++) {
        struct world *w;
        void *fresh;
        setup(&fresh);
        w = fresh;
        live(w, seed);
        assert_int_equal(number(w, "deployments", "web", "replicas"), 4);
        assert_int_equal(number(w, "deployments", "web", "updatedReplicas"), 4);
        assert_int_equal(number(w, "deployments", "web", "availableReplicas"), 4);
        assert_int_equal(count(w, "pods", ""), 4);
        assert_true(count(w, "replicasets", "") <= 3);
        assert_non_null(strstr(condition(w, "deployments", "web", "Progressing"), "NewReplicaSetAvailable"));
        assert_int_equal(clock_pending(virtual_clock_clock(w->vc)), 0);
        destroy(w, "deployments", "web");
        pass(w, 10000);
        assert_int_equal(count(w, "replicasets", "") + count(w, "pods", ""), 0);
        teardown(&fresh);
    }
}

/* --- as Go writes it --- */

struct strays {
    struct world *w;
    struct str_list names; /* of versions that are not as their type has them */
};

static void note_stray(void *ctx, const struct objects_event *event)
{
    struct strays *strays = ctx;
    struct err err;
    const struct kind *kind = kinds_of(api_kinds(strays->w->api), event->object);
    struct doc *converted = type_convert(type_find(kind->name), event->object, NULL, &err);
    char *stored = node_to_text(event->object), *wanted = node_to_text(doc_root(converted));
    if (!str_equal(stored, wanted)) {
        str_list_push_format(&strays->names, "%s\nwanted %s", stored, wanted);
    }
    mem_free(stored);
    mem_free(wanted);
    doc_free(converted);
}

static void what_they_write_is_as_its_type_has_it(void **state)
{
    struct strays strays = {.w = *state};
    objects_listen(api_objects(strays.w->api), note_stray, &strays);
    live(strays.w, 3);
    destroy(strays.w, "deployments", "web");
    pass(strays.w, 10000);
    objects_unlisten(api_objects(strays.w->api), note_stray, &strays);
    assert_string_equal(strays.names.count > 0 ? strays.names.items[0] : "", "");
    str_list_fini(&strays.names);
}

/* --- the same again --- */

static void on_change(void *ctx, const struct objects_event *event)
{
    uint32_t *digest = ctx;
    char *text = node_to_text(event->object);
    *digest = *digest * 31 + hash_fnv32(text, strlen(text));
    mem_free(text);
}

static uint32_t digest_of(uint32_t seed)
{
    void *fresh;
    uint32_t digest = 0;
    setup(&fresh);
    struct world *w = fresh;
    objects_listen(api_objects(w->api), on_change, &digest);
    live(w, seed);
    objects_unlisten(api_objects(w->api), on_change, &digest);
    teardown(&fresh);
    return digest;
}

static void the_same_happenings_make_the_same_history(void **state)
{
    uint32_t digest = digest_of(7);
    assert_int_equal(digest, digest_of(7));
    assert_int_not_equal(digest, digest_of(8));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_change_is_seen_before_its_consequences),  CASE(controllers_that_go_leave_no_timer),
        CASE(new_ones_go_on_where_the_old_ones_stopped), cmocka_unit_test(whatever_happened_it_ends_as_its_spec_says),
        CASE(what_they_write_is_as_its_type_has_it),     cmocka_unit_test(the_same_happenings_make_the_same_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
