// room: sim/api sim/ground
// Tables, the paths of their columns, ages.
#include "api_world.h"
#include "sim/api/json_path.h"
#include "sim/api/table_cells.h"

#define TABLE "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

static void expect_age(int64_t seconds, const char *wanted)
{
    char *text = api_human_age(seconds);
    assert_string_equal(text, wanted);
    mem_free(text);
}

static void ages_are_short(void **state)
{
    expect_age(-5, "<invalid>");
    expect_age(0, "0s");
    expect_age(119, "119s");
    expect_age(120, "2m");
    expect_age(125, "2m5s");
    expect_age(600, "10m");
    expect_age(3 * 3600, "3h");
    expect_age(3 * 3600 + 300, "3h5m");
    expect_age(9 * 3600 + 300, "9h");
    expect_age(49 * 3600, "2d1h");
    expect_age(100 * 86400, "100d");
    expect_age(800 * 86400, "2y70d");
}

static void paths_lead_to_values(void **state)
{
    static const char *const table[][2] = {
        {".spec.size", "3"},
        {"spec.size", "3"},
        {".status.conditions[?(@.type==\"Ready\")].status", "\"True\""},
        {".status.conditions[?(@.type=='Other')].status", "null"},
        {".status.conditions[0].type", "\"Ready\""},
        {".status.conditions[-1].type", "\"Last\""},
        {".metadata.annotations.a\\.b/c", "\"d\""},
        {".metadata['annotations']", "{\"a.b/c\":\"d\"}"},
        {".none.at.all", "null"},
        {".status.conditions[", "null"},
    };
    static const char text[] =
        "{\"spec\":{\"size\":3},\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"},{\"type\":"
        "\"Last\"}]},\"metadata\":{\"annotations\":{\"a.b/c\":\"d\"}}}";
    struct err err;
    struct doc *doc = doc_parse(text, sizeof text - 1, &err);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct node *found = json_path_find(doc_root(doc), table[i][0]);
        char *seen = found ? node_to_text(found) : str_dup("null");
        assert_string_equal(seen, table[i][1]);
        mem_free(seen);
    }
    doc_free(doc);
}

static void expect_cells(struct api_world *w, const char *path, const char *wanted)
{
    w->accept = TABLE;
    const struct node *table = api_ask(w, "GET", path, NULL);
    char *cells = node_to_text(node_get(node_item(node_get(table, "rows"), 0), "cells"));
    assert_string_equal(cells, wanted);
    mem_free(cells);
    assert_int_equal(node_count(node_get(table, "columnDefinitions")),
                     node_count(node_get(node_item(node_get(table, "rows"), 0), "cells")));
}

static void built_in_kinds_have_their_columns(void **state)
{
    struct api_world *w = *state;
    api_ask(w, "POST", DEPLOYMENTS, DEPLOYMENT("d", "\"replicas\":2,"));
    api_patch(w, DEPLOYMENTS "/d/status", "{\"status\":{\"replicas\":2,\"readyReplicas\":1,\"updatedReplicas\":2}}");
    api_ask(w, "POST", "/api/v1/namespaces/default/pods",
            "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}");
    api_ask(w, "POST", "/api/v1/namespaces/default/services",
            "{\"metadata\":{\"name\":\"s\"},\"spec\":{\"clusterIP\":\"None\",\"ports\":[{\"port\":80}]}}");
    api_ask(w, "POST", "/api/v1/namespaces/default/events",
            "{\"metadata\":{\"name\":\"e\"},\"involvedObject\":{\"kind\":\"Canary\",\"name\":\"x\",\"namespace\":"
            "\"default\"},"
            "\"type\":\"Normal\",\"reason\":\"Synced\",\"message\":\"hello\",\"lastTimestamp\":\"2026-01-01T00:00:"
            "00Z\",\"count\":2}");
    virtual_clock_run(w->vc, 65000);
    expect_cells(w, DEPLOYMENTS, "[\"d\",\"1/2\",2,0,\"0s\",\"web\",\"web:1\",\"app=x\"]");
    expect_cells(w, "/api/v1/pods",
                 "[\"p\",\"0/1\",\"Pending\",\"0\",\"0s\",\"<none>\",\"<none>\",\"<none>\",\"<none>\"]");
    expect_cells(w, "/api/v1/services", "[\"s\",\"ClusterIP\",\"None\",\"<none>\",\"80/TCP\",\"0s\",\"<none>\"]");
    expect_cells(w, "/api/v1/events",
                 "[\"0s\",\"Normal\",\"Synced\",\"canary/x\",\"\",\"\",\"hello\",\"<unknown>\",2,\"e\"]");
    expect_cells(w, "/api/v1/namespaces", "[\"default\",\"Active\",\"0s\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ages_are_short), cmocka_unit_test(paths_lead_to_values),
                                       api_test(built_in_kinds_have_their_columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
