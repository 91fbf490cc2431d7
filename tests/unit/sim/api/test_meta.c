// room: sim/api sim/ground
#include "api_world.h"

#define MAPS "/api/v1/namespaces/default/configmaps"

static void expect_causes(struct api_world *w, const char *metadata, const char *wanted)
{
    char *body = str_format("{\"metadata\":{%s}}", metadata);
    char *causes = causes_of(api_ask(w, "POST", MAPS, body));
    if (strncmp(causes, wanted, strlen(wanted)) != 0)
        fail_msg("%s: %s, not %s", metadata, causes, wanted);
    assert_int_equal(w->status, wanted[0] == '\0' ? 201 : 422);
    mem_free(causes);
    mem_free(body);
}

static void metadata_is_checked(void **state)
{
    static const char *const table[][2] = {
        {"", "metadata.name: Required value: name or generateName is required; "},
        {"\"name\":\"Up\"", "metadata.name: Invalid value: \"Up\": a lowercase RFC 1123 subdomain must"},
        {"\"name\":\"a\",\"labels\":{\"a b\":\"c\"}", "metadata.labels: Invalid value: \"a b\": name part must"},
        {"\"name\":\"a\",\"annotations\":{\"Big/x\":\"c\"}", ""},
        {"\"name\":\"b\",\"finalizers\":[\"x\"]", "metadata.finalizers[0]: Invalid value: \"x\": name is neither a "
                                                  "standard finalizer name nor is it fully qualified; "},
        {"\"name\":\"b\",\"ownerReferences\":[{\"kind\":\"ConfigMap\"}]",
         "metadata.ownerReferences.apiVersion: Invalid value: \"\": version must not be empty; "
         "metadata.ownerReferences.name: "
         "Invalid value: \"\": must not be empty; metadata.ownerReferences.uid: Invalid value: \"\": must not be "
         "empty; "},
        {"\"name\":\"b\",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"name\":\"a\",\"uid\":\"u\"}]",
         "metadata.ownerReferences: Invalid value: "
         "{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"name\":\"a\",\"uid\":\"u\"}: "
         "/v1, Kind=Event is disallowed from being an owner; "},
    };
    struct api_world *w = *state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        expect_causes(w, table[i][0], table[i][1]);
}

static void what_identifies_an_object_stays(void **state)
{
    struct api_world *w = *state;
    api_ask(w, "POST", MAPS, "{\"metadata\":{\"name\":\"a\",\"finalizers\":[\"sim.test/x\"]}}");
    char *causes = causes_of(api_patch(w, MAPS "/a", "{\"metadata\":{\"uid\":\"b\"}}"));
    assert_true(str_has_prefix(causes, "metadata.uid: Invalid value: \"b\": field is immutable; "));
    mem_free(causes);
    api_ask(w, "DELETE", MAPS "/a", NULL);
    const struct node *answer =
        api_patch(w, MAPS "/a", "{\"metadata\":{\"finalizers\":[\"sim.test/x\",\"sim.test/y\"]}}");
    assert_non_null(strstr(message_of(answer),
                           "no new finalizers can be added if the object is being deleted, found new "
                           "finalizers []string{\"sim.test/y\"}"));
}

static void generated_names_differ(void **state)
{
    struct api_world *w = *state;
    char first[64], second[64];
    str_copy(
        first, sizeof first,
        node_str(node_at(api_ask(w, "POST", MAPS, "{\"metadata\":{\"generateName\":\"g-\"}}"), "metadata", "name")));
    str_copy(
        second, sizeof second,
        node_str(node_at(api_ask(w, "POST", MAPS, "{\"metadata\":{\"generateName\":\"g-\"}}"), "metadata", "name")));
    assert_int_equal(strlen(first), 7);
    assert_true(str_has_prefix(first, "g-"));
    assert_string_not_equal(first, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {api_test(metadata_is_checked), api_test(what_identifies_an_object_stays),
                                       api_test(generated_names_differ)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
