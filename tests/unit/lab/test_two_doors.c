// The engine's own client, stores and Lease over the embedded cluster: two doors, no socket, no second of real time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/virtual_clock.h"
#include "kube/lease.h"
#include "kube/watch.h"
#include "sim/api/api.h"
#include "sim/ground/network.h"

struct world {
    struct virtual_clock *vc;
    struct network *network;
    struct api *api;
    struct kube_client *client;
    struct store *store;
    struct watch *watch;
    bool is_down;
    int held, lost, closed;
};

static struct network_fate on_fate(void *ctx, const struct http_request *request)
{
    struct world *w = ctx;
    return (struct network_fate){.delay_ms = 5, .code = w->is_down ? ERR_UNREACHABLE : ERR_NONE};
}

static struct kube_client *new_client(struct world *w)
{
    struct kube_config config = {
        .source = str_dup("test"), .server = str_dup("http://cluster:80"), .namespace = str_dup("default")};
    return kube_client_new(network_door(w->network), virtual_clock_clock(w->vc), NULL, &config);
}

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.vc = virtual_clock_new(1767225600000)};
    struct clock *clock = virtual_clock_clock(world.vc);
    world.network = network_new(clock);
    world.api = api_new(clock);
    network_host(world.network, "cluster:80", api_serve, world.api);
    network_fates(world.network, on_fate, &world);
    world.client = new_client(&world);
    world.store = store_new(&KUBE_DEPLOYMENTS, NULL);
    *state = &world;
    return 0;
}

static void pass(struct world *w, int64_t ms)
{
    virtual_clock_run(w->vc, clock_mono_ms(virtual_clock_clock(w->vc)) + ms);
}

static int teardown(void **state)
{
    struct world *w = *state;
    kube_client_free(w->client);
    store_free(w->store);
    api_free(w->api);
    network_free(w->network);
    virtual_clock_free(w->vc);
    return 0;
}

static void add(struct world *w, const char *name)
{
    struct err err;
    char *text =
        str_format("{\"metadata\":{\"name\":\"%s\",\"namespace\":\"default\"},\"spec\":{\"selector\":{\"matchLabels\":{"
                   "\"a\":\"b\"}},\"template\":{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":[{"
                   "\"name\":\"c\",\"image\":\"i\"}]}}}}",
                   name);
    struct doc *doc = doc_parse(text, strlen(text), &err);
    struct doc *stored =
        api_create(w->api, kinds_find(api_kinds(w->api), "apps", "v1", "deployments"), doc_root(doc), &err);
    assert_non_null(stored);
    doc_free(stored);
    doc_free(doc);
    mem_free(text);
}

static void a_store_follows_the_cluster_through_cuts_and_outages(void **state)
{
    struct world *w = *state;
    struct err err;
    add(w, "a");
    w->watch = watch_open(w->client, virtual_clock_clock(w->vc), w->store, &(struct watch_options){0});
    pass(w, 1000);
    assert_true(store_is_synced(w->store));
    assert_int_equal(store_count(w->store), 1);
    add(w, "b");
    pass(w, 100);
    assert_int_equal(store_count(w->store), 2);
    assert_int_equal(network_cut(w->network, "cluster:80"), 1);
    add(w, "c");
    pass(w, 60000);
    assert_int_equal(store_count(w->store), 3);
    w->is_down = true;
    network_cut(w->network, "cluster:80");
    add(w, "d");
    assert_true(api_delete(w->api, kinds_find(api_kinds(w->api), "apps", "v1", "deployments"), "default", "a", &err));
    pass(w, 30000);
    objects_compact(api_objects(w->api)); /* where the watch was is gone: it must list again */
    w->is_down = false;
    pass(w, 120000);
    assert_int_equal(store_count(w->store), 3);
    assert_false(store_has(w->store, "default", "a"));
    assert_true(store_has(w->store, "default", "d"));
    watch_close(w->watch);
}

static void on_held(void *ctx)
{
    ((struct world *)ctx)->held++;
}

static void on_lost(void *ctx, const struct err *err)
{
    ((struct world *)ctx)->lost++;
}

static void on_closed(void *ctx)
{
    ((struct world *)ctx)->closed++;
}

static void a_lease_is_held_for_an_hour_in_no_time(void **state)
{
    struct world *w = *state;
    struct lease_options options = {.namespace = "kube-system",
                                    .name = "engine",
                                    .identity = "one",
                                    .duration_ms = 60000,
                                    .renew_ms = 20000,
                                    .renew_deadline_ms = 40000,
                                    .retry_ms = 5000};
    struct lease *lease = lease_open(w->client, virtual_clock_clock(w->vc), &options, on_held, on_lost, w);
    pass(w, 3600 * 1000);
    assert_int_equal(w->held, 1);
    assert_int_equal(w->lost, 0);
    w->is_down = true;
    pass(w, 60000);
    assert_int_equal(w->lost, 1);
    w->is_down = false;
    lease_close(lease, on_closed, w);
    pass(w, 60000);
    assert_int_equal(w->closed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_store_follows_the_cluster_through_cuts_and_outages, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lease_is_held_for_an_hour_in_no_time, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
