// room: sim/api sim/ground
#include "api_world.h"

#define ACCESS "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
#define SUBJECT "/apis/authentication.k8s.io/v1/selfsubjectreviews"
#define MAPS "/api/v1/namespaces/default/configmaps"
#define MAP "{\"metadata\":{\"name\":\"m\"}}"

/* `who` NULL: without a token. */
static const struct node *ask_as(struct api_world *w, const char *who, const char *method, const char *path,
                                 const char *body)
{
    char *header = str_format("Bearer %s", who != NULL ? who : "");
    w->authorization = who != NULL ? header : NULL;
    const struct node *answer = api_ask(w, method, path, body);
    mem_free(header);
    return answer;
}

static const char *name_of(struct api_world *w, const char *who)
{
    return node_str(node_at(ask_as(w, who, "POST", SUBJECT, "{}"), "status", "userInfo", "username"));
}

static bool may(struct api_world *w, const char *who, const char *verb, const char *group, const char *resource)
{
    char *body =
        str_format("{\"spec\":{\"resourceAttributes\":{\"verb\":\"%s\",\"group\":\"%s\",\"resource\":\"%s\"}}}", verb,
                   group, resource);
    const struct node *answer = ask_as(w, who, "POST", ACCESS, body);
    mem_free(body);
    assert_int_equal(w->status, 201);
    return node_bool_or(node_at(answer, "status", "allowed"), false);
}

static void a_token_has_a_name(void **state)
{
    assert_string_equal(name_of(*state, "you"), "you");
    assert_string_equal(name_of(*state, "viewer"), "viewer");
    assert_string_equal(name_of(*state, NULL), "system:anonymous");
}

static void a_token_that_nobody_has_is_refused(void **state)
{
    static const char *const paths[] = {SUBJECT, ACCESS, MAPS, "/healthz", "/version", "/openapi/v3", "/nowhere"};
    struct api_world *w = *state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_string_equal(message_of(ask_as(w, "stolen", "GET", paths[i], NULL)), "Unauthorized");
        assert_int_equal(w->status, 401);
    }
    w->authorization = "Basic eW91Og=="; /* is no token */
    api_ask(w, "GET", MAPS, NULL);
    assert_int_equal(w->status, 200);
}

static void what_is_told_is_what_is_done(void **state)
{
    static const struct {
        const char *who, *verb, *method, *path, *body;
        bool may;
    } cases[] = {
        {"viewer", "list", "GET", MAPS, NULL, true},
        {"viewer", "get", "GET", MAPS "/m", NULL, true},
        {"viewer", "create", "POST", MAPS, MAP, false},
        {"viewer", "update", "PUT", MAPS "/m", MAP, false},
        {"viewer", "patch", "PATCH", MAPS "/m", "{}", false},
        {"viewer", "delete", "DELETE", MAPS "/m", NULL, false},
        {"viewer", "deletecollection", "DELETE", MAPS, NULL, false},
        {"you", "create", "POST", MAPS, "{\"metadata\":{\"name\":\"n\"}}", true},
        {"you", "delete", "DELETE", MAPS "/m", NULL, true},
        {NULL, "deletecollection", "DELETE", MAPS, NULL, true},
    };
    struct api_world *w = *state;
    api_ask(w, "POST", MAPS, MAP);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(may(w, cases[i].who, cases[i].verb, "", "configmaps"), cases[i].may);
        ask_as(w, cases[i].who, cases[i].method, cases[i].path, cases[i].body);
        assert_int_equal(w->status < 400, cases[i].may);
        assert_true(cases[i].may || w->status == 403);
    }
}

static void a_refusal_names_all_of_it(void **state)
{
    assert_string_equal(message_of(ask_as(*state, "viewer", "PATCH", DEPLOYMENTS "/d/scale", "{}")),
                        "deployments.apps \"d\" is forbidden: User \"viewer\" cannot patch resource "
                        "\"deployments/scale\" in API group \"apps\" in the namespace \"default\"");
    assert_string_equal(message_of(ask_as(*state, "viewer", "POST", "/api/v1/namespaces", MAP)),
                        "namespaces is forbidden: User \"viewer\" cannot create resource \"namespaces\" in API group "
                        "\"\" at the cluster scope");
}

static void everybody_may_ask_about_themselves(void **state)
{
    assert_true(may(*state, "viewer", "create", "authorization.k8s.io", "selfsubjectaccessreviews"));
    assert_false(may(*state, "viewer", "create", "authorization.k8s.io", "subjectaccessreviews"));
}

static void a_review_is_not_kept(void **state)
{
    struct api_world *w = *state;
    may(w, "you", "get", "", "pods");
    assert_int_equal(objects_count(api_objects(w->api), "authorization.k8s.io/selfsubjectaccessreviews", NULL), 0);
    api_ask(w, "GET", ACCESS, NULL);
    assert_int_equal(w->status, 405);
    api_ask(w, "GET", ACCESS "/a", NULL);
    assert_int_equal(w->status, 404);
}

static void a_review_asks_one_thing(void **state)
{
    struct api_world *w = *state;
    const struct node *answer = api_ask(w, "POST", ACCESS, "{\"metadata\":{\"name\":\"a\"},\"spec\":{}}");
    assert_int_equal(w->status, 422);
    char *causes = causes_of(answer);
    assert_non_null(strstr(causes, "spec.resourceAttributes: Invalid value: null: exactly one of "));
    assert_non_null(strstr(causes, "metadata: Invalid value: {\"name\":\"a\""));
    mem_free(causes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        api_test(a_token_has_a_name),
        api_test(a_token_that_nobody_has_is_refused),
        api_test(what_is_told_is_what_is_done),
        api_test(a_refusal_names_all_of_it),
        api_test(everybody_may_ask_about_themselves),
        api_test(a_review_is_not_kept),
        api_test(a_review_asks_one_thing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
