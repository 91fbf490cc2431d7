/* Who comes to the applications of a served cluster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/visitors.h"
#include "base/mem.h"
#include "fake_doc.h"
#include "io/virtual_clock.h"

static void test_samples(void **state)
{
    static const char *const cases[][2] = {
        {"insider", "insider"},
        {"^(.*?;)?(canary=always)(;.*)?$", "canary=always"},
        {".*Firefox.*", "Firefox"},
        {"(a|b)+cd?e*f{0,1}", "ac"},
        {"[a-z]+-[^;]\\d\\.", "a-x0."},
        {"one|two", "one"},
        {"a\\", "a"},
        {"((((", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *sample = visitors_sample(cases[i][0]);
        assert_string_equal(sample, cases[i][1]);
        mem_free(sample);
    }
}

struct world {
    struct virtual_clock *time;
    struct cluster *cluster;
    struct visitors *visitors;
    struct buf told;
};

static void on_told(void *ctx, const char *text)
{
    struct world *w = ctx;
    buf_printf(&w->told, "%s;", text);
}

static void set_up(struct world *w)
{
    w->time = virtual_clock_new(0);
    w->cluster = cluster_new(virtual_clock_clock(w->time), 1);
    buf_init(&w->told, 10000);
    w->visitors = visitors_new(w->cluster, NULL, on_told, w);
}

static void tear_down(struct world *w)
{
    visitors_free(w->visitors);
    cluster_free(w->cluster);
    virtual_clock_free(w->time);
    buf_fini(&w->told);
}

static void put(struct world *w, const char *storage, const char *object)
{
    struct doc *doc = fake_doc(object);
    objects_put(api_objects(cluster_api(w->cluster)), storage, doc);
    doc_free(doc);
}

static void expect_told(struct world *w, const char *told)
{
    assert_string_equal(buf_str(&w->told), told);
    buf_clear(&w->told);
}

#define CANARY(spec) "{'kind':'Canary','metadata':{'name':'c','namespace':'shop'},'spec':" spec "}"

/* From inside of the mesh unless only gateways are served; told when it is another host or other headers, and not
 * else. */
static void test_hosts(void **state)
{
    struct world w;
    set_up(&w);
    put(&w, "flagger.app/canaries", CANARY("{'targetRef':{'name':'web'}}"));
    expect_told(&w, "50 requests per second to web.shop;");
    put(&w, "flagger.app/canaries", CANARY("{'targetRef':{'name':'web'},'provider':'istio'}"));
    expect_told(&w, "");
    put(&w, "flagger.app/canaries", CANARY("{'targetRef':{'name':'web'},'service':{'name':'apex','hosts':['a.io']}}"));
    expect_told(&w, "50 requests per second to apex.shop;");
    put(&w, "flagger.app/canaries",
        CANARY("{'targetRef':{'name':'web'},'service':{'gateways':['g'],'hosts':['*.a.io']}}"));
    expect_told(&w, "50 requests per second to demo.a.io;");
    put(&w, "flagger.app/canaries",
        CANARY("{'targetRef':{'name':'web'},'service':{'gateways':['g','mesh'],'hosts':['a.io']},"
               "'analysis':{'match':[{'headers':{'x-user':{'exact':'a'}}},{'sourceLabels':{'a':'b'}}]}}"));
    expect_told(&w, "70 requests per second to web.shop, some as the A/B test wants them;");
    put(&w, "flagger.app/canaries", CANARY("{'targetRef':{'name':'web'},'analysis':{'iterations':3}}"));
    expect_told(&w, "60 requests per second to web.shop, some straight to web-canary.shop;");
    put(&w, "flagger.app/canaries",
        CANARY("{'targetRef':{'name':'web'},'service':{'delegation':true,'appProtocol':'tcp'}}"));
    expect_told(&w, "50 requests per second to web.shop, as if a gateway's VirtualService delegated to its own;"
                    "web.shop speaks TCP: each connection counts as a request here, a mesh reports none of them;");
    tear_down(&w);
}

static void expect_streams(const char *canary, const char *wanted)
{
    struct doc *object = fake_doc(canary), *streams = visitors_streams(doc_root(object)), *want = fake_doc(wanted);
    char *text = node_to_text(doc_root(streams));
    if (!node_equal(doc_root(streams), doc_root(want))) {
        fail_msg("%s", text);
    }
    mem_free(text);
    doc_free(object);
    doc_free(streams);
    doc_free(want);
}

/* What the routes take: spec.service.match, each condition of an A/B test with each of these, a path from its parts. */
static void test_streams(void **state)
{
    expect_streams(CANARY("{'targetRef':{'name':'web'},'service':{'match':[{'uri':{'prefix':'/a'},'method':{'exact':"
                          "'PUT'}},{'headers':{'x':{'suffix':'z'}},'queryParams':{'q':{'regex':'^[0-9]$'},'r':{}}}]},"
                          "'analysis':{'match':[{'headers':{'x-user':{'exact':'a'}},'sourceLabels':{'app':'b'}}]}}"),
                   "[{'host':'web.shop','perSecond':25.0,'headers':{':path':'/a',':method':'PUT'}},"
                   "{'host':'web.shop','perSecond':25.0,'headers':{'x':'z',':path':'/?q=0&r=x'}},"
                   "{'host':'web.shop','perSecond':5.0,'headers':{'x-user':'a',':path':'/a',"
                   "':source':{'labels':{'app':'b'},'namespace':''},':method':'PUT'}},"
                   "{'host':'web.shop','perSecond':5.0,'headers':{'x-user':'a',':path':'/?q=0&r=x',"
                   "':source':{'labels':{'app':'b'},'namespace':''}}}]");
}

static void test_annotations(void **state)
{
    struct world w;
    set_up(&w);
    put(&w, "apps/deployments",
        "{'kind':'Deployment','metadata':{'name':'web','namespace':'shop'},'spec':{'template':{'metadata':"
        "{'annotations':{'other':'x','sluice.dev/demo-errors':'5%','sluice.dev/demo-ready':'never'}}}}}");
    expect_told(&w, "");
    put(&w, "apps/deployments",
        "{'kind':'Deployment','metadata':{'name':'web','namespace':'shop'},'spec':{'template':{'metadata':"
        "{'annotations':{'sluice.dev/demo-errors':'5'}}}}}");
    expect_told(&w, "Deployment web.shop: sluice.dev/demo-errors: \"5\", wanted a share such as 5%;");
    put(&w, "apps/deployments",
        "{'kind':'Deployment','metadata':{'name':'web','namespace':'shop'},'spec':{'template':{'metadata':"
        "{'annotations':{'sluice.dev/demo-ready':'late','sluice.dev/demo-eror':'5%'}}}}}");
    expect_told(&w, "Deployment web.shop: sluice.dev/demo-ready: \"late\", wanted a duration such as 4s, or never;"
                    "Deployment web.shop: sluice.dev/demo-eror: unknown, known are sluice.dev/demo-errors, -latency, "
                    "-p99 and -ready;");
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_annotations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
