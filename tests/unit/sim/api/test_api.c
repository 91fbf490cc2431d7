// room: sim/api sim/ground
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/virtual_clock.h"
#include "sim/api/api.h"
#include "sim/ground/network.h"

#define MAPS "/api/v1/namespaces/default/configmaps"

struct world {
    struct virtual_clock *vc;
    struct network *network;
    struct api *api;
    int status, done;
    struct doc *answer;
    char stream[16384];
    struct http_call *watch;
};

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.vc = virtual_clock_new(1767225600000)};
    world.network = network_new(virtual_clock_clock(world.vc));
    world.api = api_new(virtual_clock_clock(world.vc));
    network_host(world.network, "cluster", api_serve, world.api);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    doc_free(w->answer);
    api_free(w->api);
    virtual_clock_run(w->vc, INT64_MAX / 2);
    network_free(w->network);
    virtual_clock_free(w->vc);
    return 0;
}

static void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    struct world *w = ctx;
    struct err ignored;
    w->done++;
    assert_non_null(response);
    w->status = response->status;
    doc_free(w->answer);
    w->answer = doc_parse(response->body, response->body_len, &ignored);
}

static void run(struct world *w, int64_t ms)
{
    int64_t now = clock_mono_ms(virtual_clock_clock(w->vc));
    virtual_clock_run(w->vc, now + ms);
}

static const struct node *ask(struct world *w, const char *method, const char *path, const char *type, const char *body)
{
    char *url = str_format("http://cluster%s", path);
    struct http_header header = {"Content-Type", type};
    http_start(network_door(w->network),
               &(struct http_request){.method = method,
                                      .url = url,
                                      .headers = &header,
                                      .header_count = type ? 1 : 0,
                                      .body = body,
                                      .body_len = body ? strlen(body) : 0},
               NULL, on_done, w);
    mem_free(url);
    run(w, 0);
    return doc_root(w->answer);
}

static const struct node *get(struct world *w, const char *path)
{
    return ask(w, "GET", path, NULL, NULL);
}

static const struct node *post(struct world *w, const char *path, const char *body)
{
    return ask(w, "POST", path, NULL, body);
}

static void add_map(struct world *w, const char *name, const char *labels)
{
    char *body = str_format("{\"metadata\":{\"name\":\"%s\",\"labels\":{%s}},\"data\":{\"k\":\"v\"}}", name, labels);
    post(w, MAPS, body);
    assert_int_equal(w->status, 201);
    mem_free(body);
}

static const char *text(const struct node *root, const char *a, const char *b)
{
    return node_str_or(b ? node_at(root, a, b) : node_get(root, a), "");
}

static bool on_data(void *ctx, const char *bytes, size_t len)
{
    struct world *w = ctx;
    size_t had = strlen(w->stream);
    assert_true(had + len < sizeof w->stream);
    memcpy(w->stream + had, bytes, len);
    w->stream[had + len] = '\0';
    return true;
}

static void on_watch_done(void *ctx, const struct http_response *response, const struct err *err)
{
    ((struct world *)ctx)->watch = NULL;
}

static void watch(struct world *w, const char *query)
{
    char *url = str_format("http://cluster" MAPS "?watch=true&%s", query);
    w->stream[0] = '\0';
    w->watch = http_start(network_door(w->network), &(struct http_request){.method = "GET", .url = url}, on_data,
                          on_watch_done, w);
    mem_free(url);
    run(w, 0);
}

/* "ADDED a;MODIFIED a;" of the stream so far. */
static char *events(struct world *w)
{
    struct buf b;
    buf_init(&b, 4096);
    struct str_list lines = {0};
    str_list_split(&lines, w->stream, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        struct err err;
        struct doc *event = doc_parse(lines.items[i], strlen(lines.items[i]), &err);
        if (event)
            buf_printf(&b, "%s %s;", text(doc_root(event), "type", NULL),
                       node_str_or(node_at(doc_root(event), "object", "metadata", "name"), "-"));
        doc_free(event);
    }
    str_list_fini(&lines);
    return buf_take(&b);
}

static void expect_events(struct world *w, const char *wanted)
{
    char *seen = events(w);
    assert_string_equal(seen, wanted);
    mem_free(seen);
}

/* --- tests --- */

static void what_is_created_can_be_read_once(void **state)
{
    struct world *w = *state;
    add_map(w, "a", "");
    const struct node *a = get(w, MAPS "/a");
    assert_int_equal(w->status, 200);
    assert_string_equal(text(a, "kind", NULL), "ConfigMap");
    assert_string_equal(text(a, "metadata", "creationTimestamp"), "2026-01-01T00:00:00Z");
    assert_string_equal(text(a, "data", "k"), "v");
    const struct node *again = post(w, MAPS, "{\"metadata\":{\"name\":\"a\"}}");
    assert_int_equal(w->status, 409);
    assert_string_equal(text(again, "reason", NULL), "AlreadyExists");
    assert_string_equal(text(get(w, MAPS "/b"), "message", NULL), "configmaps \"b\" not found");
    assert_int_equal(w->status, 404);
}

static void pages_follow_each_other(void **state)
{
    struct world *w = *state;
    add_map(w, "a", "");
    add_map(w, "b", "\"app\":\"x\"");
    add_map(w, "c", "\"app\":\"x\"");
    const struct node *page = get(w, MAPS "?limit=2");
    assert_int_equal(node_count(node_get(page, "items")), 2);
    assert_int_equal(node_int_or(node_at(page, "metadata", "remainingItemCount"), 0), 1);
    char *next = str_format(MAPS "?limit=2&continue=%s", text(page, "metadata", "continue"));
    page = get(w, next);
    mem_free(next);
    assert_int_equal(node_count(node_get(page, "items")), 1);
    assert_string_equal(text(node_item(node_get(page, "items"), 0), "metadata", "name"), "c");
    assert_null(node_at(page, "metadata", "continue"));
    page = get(w, MAPS "?labelSelector=app%3Dx&limit=1");
    assert_string_equal(text(node_item(node_get(page, "items"), 0), "metadata", "name"), "b");
    objects_compact(api_objects(w->api));
    add_map(w, "d", "");
    objects_compact(api_objects(w->api));
    next = str_format(MAPS "?limit=2&continue=%s", "3130302f64656661756c742f61"); /* version 100 */
    assert_string_equal(text(get(w, next), "reason", NULL), "Expired");
    assert_int_equal(w->status, 410);
    mem_free(next);
}

static void an_update_needs_the_version_that_is_live(void **state)
{
    struct world *w = *state;
    add_map(w, "a", "");
    char *version = str_dup(text(get(w, MAPS "/a"), "metadata", "resourceVersion"));
    char *body =
        str_format("{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"%s\"},\"data\":{\"k\":\"w\"}}", version);
    ask(w, "PUT", MAPS "/a", NULL, body);
    assert_int_equal(w->status, 200);
    assert_string_equal(text(doc_root(w->answer), "data", "k"), "w");
    ask(w, "PUT", MAPS "/a", NULL, body);
    assert_int_equal(w->status, 409);
    assert_string_equal(text(doc_root(w->answer), "reason", NULL), "Conflict");
    mem_free(body);
    mem_free(version);
    ask(w, "PATCH", MAPS "/a", "application/merge-patch+json", "{\"data\":{\"l\":\"1\"}}");
    assert_string_equal(text(doc_root(w->answer), "data", "l"), "1");
}

static void a_watch_sees_what_changes_for_its_filter(void **state)
{
    struct world *w = *state;
    add_map(w, "a", "\"app\":\"x\"");
    watch(w, "labelSelector=app%3Dx");
    expect_events(w, "ADDED a;");
    add_map(w, "b", "\"app\":\"y\"");
    ask(w, "PATCH", MAPS "/b", "application/merge-patch+json", "{\"metadata\":{\"labels\":{\"app\":\"x\"}}}");
    ask(w, "PATCH", MAPS "/a", "application/merge-patch+json", "{\"metadata\":{\"labels\":{\"app\":\"y\"}}}");
    ask(w, "DELETE", MAPS "/b", NULL, NULL);
    expect_events(w, "ADDED a;ADDED b;DELETED a;DELETED b;");
    http_cancel(w->watch);
    add_map(w, "c", "\"app\":\"x\"");
    expect_events(w, "ADDED a;ADDED b;DELETED a;DELETED b;");
}

static void a_watch_goes_on_from_a_version_or_is_told_that_it_is_gone(void **state)
{
    struct world *w = *state;
    add_map(w, "a", "");
    char *query = str_format("resourceVersion=%s", text(get(w, MAPS "/a"), "metadata", "resourceVersion"));
    add_map(w, "b", "");
    watch(w, query);
    expect_events(w, "ADDED b;");
    http_cancel(w->watch);
    objects_compact(api_objects(w->api));
    watch(w, query);
    assert_null(w->watch);
    expect_events(w, "ERROR -;");
    assert_non_null(strstr(w->stream, "\"code\":410"));
    mem_free(query);
}

static void a_watch_has_bookmarks_and_an_end(void **state)
{
    struct world *w = *state;
    watch(w, "allowWatchBookmarks=true&timeoutSeconds=100");
    run(w, 61000);
    expect_events(w, "BOOKMARK -;");
    run(w, 38000);
    expect_events(w, "BOOKMARK -;BOOKMARK -;");
    assert_non_null(w->watch);
    run(w, 1000);
    assert_null(w->watch);
}

static void finalizers_hold_what_is_deleted(void **state)
{
    struct world *w = *state;
    post(w, MAPS, "{\"metadata\":{\"name\":\"a\",\"finalizers\":[\"sim.test/hold\"]}}");
    ask(w, "DELETE", MAPS "/a", NULL, NULL);
    assert_string_equal(text(get(w, MAPS "/a"), "metadata", "deletionTimestamp"), "2026-01-01T00:00:00Z");
    ask(w, "PATCH", MAPS "/a", "application/merge-patch+json", "{\"metadata\":{\"finalizers\":null}}");
    get(w, MAPS "/a");
    assert_int_equal(w->status, 404);
    add_map(w, "b", "");
    ask(w, "DELETE", MAPS "/b", NULL, "{\"preconditions\":{\"uid\":\"other\"}}");
    assert_int_equal(w->status, 409);
}

static void a_definition_makes_its_kind(void **state)
{
    static const char definition[] =
        "{\"apiVersion\":\"apiextensions.k8s.io/v1\",\"kind\":\"CustomResourceDefinition\",\"metadata\":{\"name\":"
        "\"things.sim.test\"},\"spec\":{\"group\":\"sim.test\",\"scope\":\"Namespaced\",\"names\":{\"plural\":"
        "\"things\","
        "\"kind\":\"Thing\"},\"versions\":[{\"name\":\"v1\",\"served\":true,\"storage\":true,\"subresources\":{"
        "\"status\":{}},"
        "\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\",\"properties\":{\"spec\":{\"type\":\"object\","
        "\"properties\":{"
        "\"size\":{\"type\":\"integer\",\"default\":3}}},\"status\":{\"type\":\"object\",\"properties\":{\"phase\":{"
        "\"type\":"
        "\"string\"}}}}}}}]}}";
    struct world *w = *state;
    get(w, "/apis/sim.test/v1/things");
    assert_int_equal(w->status, 404);
    post(w, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
    assert_int_equal(w->status, 201);
    post(w, "/apis/sim.test/v1/namespaces/default/things",
         "{\"apiVersion\":\"sim.test/"
         "v1\",\"kind\":\"Thing\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"other\":1},\"status\":{"
         "\"phase\":\"x\"}}");
    assert_int_equal(w->status, 201);
    assert_int_equal(node_int_or(node_at(doc_root(w->answer), "spec", "size"), 0), 3);
    assert_null(node_at(doc_root(w->answer), "spec", "other"));
    assert_null(node_at(doc_root(w->answer), "status"));
    ask(w, "PATCH", "/apis/sim.test/v1/namespaces/default/things/a/status", "application/merge-patch+json",
        "{\"spec\":{\"size\":9},\"status\":{\"phase\":\"Done\"}}");
    assert_string_equal(text(doc_root(w->answer), "status", "phase"), "Done");
    assert_int_equal(node_int_or(node_at(doc_root(w->answer), "spec", "size"), 0), 3);
    ask(w, "DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.sim.test", NULL, NULL);
    get(w, "/apis/sim.test/v1/things");
    assert_int_equal(w->status, 404);
}

static void controllers_write_without_a_wire(void **state)
{
    struct world *w = *state;
    struct err err;
    const struct kind *kind = kinds_find(api_kinds(w->api), "apps", "v1", "deployments");
    static const char body[] = "{\"metadata\":{\"name\":\"d\",\"namespace\":\"default\"},\"spec\":{\"selector\":{"
                               "\"matchLabels\":{\"a\":\"b\"}},"
                               "\"template\":{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":[{"
                               "\"name\":\"c\",\"image\":\"i\"}]}}}}";
    struct doc *object = doc_parse(body, strlen(body), &err);
    struct doc *stored = api_create(w->api, kind, doc_root(object), &err);
    assert_non_null(stored);
    assert_int_equal(node_int_or(node_at(doc_root(stored), "spec", "replicas"), 0), 1);
    assert_null(api_create(w->api, kind, doc_root(object), &err));
    assert_int_equal(err.code, ERR_EXISTS);
    doc_own(&stored);
    node_set_int(stored, node_ensure_object(stored, doc_root(stored), "status"), "replicas", 1);
    struct doc *updated = api_update(w->api, kind, "status", doc_root(stored), &err);
    assert_non_null(updated);
    assert_null(api_update(w->api, kind, "status", doc_root(stored), &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_true(api_delete(w->api, kind, "default", "d", &err));
    assert_false(api_delete(w->api, kind, "default", "d", &err));
    assert_string_equal(err.text, "deployments.apps \"d\" not found");
    doc_free(object);
    doc_free(stored);
    doc_free(updated);
}

static const char replica_set[] =
    "{\"metadata\":{\"name\":\"s\",\"namespace\":\"default\"},\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"}},"
    "\"template\":{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}"
    "}}}";
static const char new_status[] = "{\"observedGeneration\":1,\"readyReplicas\":0,\"replicas\":2,\"conditions\":["
                                 "{\"status\":\"True\",\"type\":\"ReplicaFailure\"}]}";

/* What a fresh server has stored after a status was written, in the way that a caller of its own has or in that of all
 * others (mem_free). */
static char *with_status(bool alone)
{
    void *fresh;
    struct err err;
    setup(&fresh);
    struct world *w = fresh;
    const struct kind *kind = kinds_find(api_kinds(w->api), "apps", "v1", "replicasets");
    struct doc *object = doc_parse(replica_set, strlen(replica_set), &err);
    struct doc *status = doc_parse(new_status, strlen(new_status), &err);
    struct doc *stored = api_create(w->api, kind, doc_root(object), &err), *updated = NULL;
    if (alone) {
        updated = doc_share(stored);
        assert_true(api_write_status(w->api, kind, &updated, doc_root(status), &err));
        assert_false(api_write_status(w->api, kind, &stored, doc_root(status), &err));
        assert_int_equal(err.code, ERR_CONFLICT);
    } else {
        doc_own(&stored);
        node_set(stored, doc_root(stored), "status", node_copy(stored, doc_root(status)));
        updated = api_update(w->api, kind, "status", doc_root(stored), &err);
    }
    char *text = node_to_text(doc_root(updated));
    doc_free(object);
    doc_free(status);
    doc_free(stored);
    doc_free(updated);
    teardown(&fresh);
    return text;
}

static void a_status_written_alone_is_as_any_other(void **state)
{
    char *alone = with_status(true), *in_full = with_status(false);
    assert_string_equal(alone, in_full);
    assert_non_null(strstr(alone, "\"conditions\":[{\"type\":\"ReplicaFailure\""));
    mem_free(alone);
    mem_free(in_full);
}

static void a_writer_that_is_refused_keeps_what_it_has(void **state)
{
    struct world *w = *state;
    struct err err;
    const struct kind *kind = kinds_find(api_kinds(w->api), "apps", "v1", "replicasets");
    struct doc *object = doc_parse(replica_set, strlen(replica_set), &err);
    struct doc *first = api_create(w->api, kind, doc_root(object), &err), *late = doc_copy(doc_root(first));
    doc_own(&first);
    node_set_int(first, node_get(doc_root(first), "spec"), "replicas", 3);
    node_set_int(late, node_get(doc_root(late), "spec"), "replicas", 5);
    assert_true(api_write_back(w->api, kind, NULL, &first, &err));
    assert_int_equal(node_int_or(node_at(doc_root(first), "metadata", "generation"), 0), 2);
    assert_false(api_write_back(w->api, kind, NULL, &late, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_int_equal(node_int_or(node_at(doc_root(late), "spec", "replicas"), 0), 5);
    doc_own(&first);
    node_set_str(first, node_at(doc_root(first), "spec", "selector", "matchLabels"), "a", "other");
    assert_false(api_write_back(w->api, kind, NULL, &first, &err));
    assert_int_equal(err.code, ERR_REJECTED);
    assert_int_equal(node_int_or(node_at(doc_root(first), "spec", "replicas"), 0), 3);
    doc_free(object);
    doc_free(first);
    doc_free(late);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_created_can_be_read_once, setup, teardown),
        cmocka_unit_test_setup_teardown(pages_follow_each_other, setup, teardown),
        cmocka_unit_test_setup_teardown(an_update_needs_the_version_that_is_live, setup, teardown),
        cmocka_unit_test_setup_teardown(a_watch_sees_what_changes_for_its_filter, setup, teardown),
        cmocka_unit_test_setup_teardown(a_watch_goes_on_from_a_version_or_is_told_that_it_is_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_watch_has_bookmarks_and_an_end, setup, teardown),
        cmocka_unit_test_setup_teardown(finalizers_hold_what_is_deleted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_definition_makes_its_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(controllers_write_without_a_wire, setup, teardown),
        cmocka_unit_test(a_status_written_alone_is_as_any_other),
        cmocka_unit_test_setup_teardown(a_writer_that_is_refused_keeps_what_it_has, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
