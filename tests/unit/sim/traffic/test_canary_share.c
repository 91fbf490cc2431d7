#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_doc.h"
#include "sim/traffic/canary_share.h"

static const char ROUTES[] = "networking.istio.io/virtualservices";

static const struct {
    const char *http;
    int share;
} cases[] = {
    {"[]", -1},
    {"[{'route':[{'destination':{'host':'web-primary'},'weight':100}]}]", -1},
    {"[{'route':[{'destination':{'host':'web-primary'},'weight':70},{'destination':{'host':'web-canary'},'weight':30}]}"
     "]",
     30},
    {"[{'route':[{'destination':{'host':'web-canary'},'weight':100}]},{'route':[{'destination':{'host':'web-canary'},"
     "'weight':0}]}]",
     0},
};

static void test_the_share_is_read_from_the_route(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct objects *objects = objects_new(NULL);
        struct doc *route = fake_doc_format(
            "{'kind':'VirtualService','metadata':{'name':'web','namespace':'shop'},'spec':{'http':%s}}", cases[i].http);
        struct objects_event event = {.storage = ROUTES, .object = doc_root(route)};
        int share = 7;
        assert_true(canary_share_changed(&event, &share));
        assert_int_equal(share, cases[i].share);
        share = 7;
        objects_put(objects, ROUTES, route);
        assert_true(canary_share(objects, "shop", "web", &share));
        assert_int_equal(share, cases[i].share);
        objects_free(objects);
        doc_free(route);
    }
}

static void test_without_a_route_it_stays(void **state)
{
    struct objects *objects = objects_new(NULL);
    struct doc *other = fake_doc("{'kind':'Service','metadata':{'name':'web','namespace':'shop'}}");
    struct objects_event event = {.storage = "/services", .object = doc_root(other)};
    int share = 7;
    assert_false(canary_share(objects, "shop", "web", &share));
    assert_false(canary_share_changed(&event, &share));
    assert_int_equal(share, 7);
    objects_free(objects);
    doc_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_share_is_read_from_the_route),
        cmocka_unit_test(test_without_a_route_it_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
