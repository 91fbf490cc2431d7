/* The checkers of invariants, on a cluster whose objects the test writes itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_doc.h"
#include "io/virtual_clock.h"
#include "lab/checkers/checkers.h"

#define UID "11111111-0000"
#define RELEASE(more)                                                                                                  \
    "{'kind':'Release','metadata':{'name':'podinfo-1','namespace':'test','uid':'" UID                                  \
    "'},'spec':{'canary':'podinfo'}" more "}"
#define STATUS(more) RELEASE(",'status':{'epoch':1,'serial':1,'state':'Running'" more "}")
#define DEPLOYMENT(name, ready, replicas, image)                                                                       \
    "{'kind':'Deployment','metadata':{'name':'" name "','namespace':'test'},'spec':{'replicas':" #replicas             \
    ",'template':{'spec':{'containers':[{'image':'" image "'}]}}},'status':{'readyReplicas':" #ready "}}"
#define CANARY(more)                                                                                                   \
    "{'kind':'Canary','metadata':{'name':'podinfo','namespace':'test'},'spec':{'targetRef':{'name':'podinfo'}},"       \
    "'status':{'phase':'Progressing'" more "}}"
#define ROUTES(primary, canary)                                                                                        \
    "{'kind':'VirtualService','metadata':{'name':'podinfo','namespace':'test'},'spec':{'http':[{'route':["             \
    "{'destination':{'host':'podinfo-primary'},'weight':" #primary "},"                                                \
    "{'destination':{'host':'podinfo-canary'},'weight':" #canary "}]}]}}"
#define LEASE(holder)                                                                                                  \
    "{'kind':'Lease','metadata':{'name':'lease','namespace':'x'},'spec':{'holderIdentity':'" holder "'}}"
#define TOLD(name, message)                                                                                            \
    "{'kind':'Event','metadata':{'name':'" name "','namespace':'test'},'involvedObject':{'kind':'Canary',"             \
    "'name':'podinfo'},'message':'" message "'}"

struct world {
    struct virtual_clock *time;
    struct cluster *cluster;
    struct checkers *checkers;
    struct str_list broken;
};

static void on_broken(void *ctx, const char *what)
{
    str_list_push(&((struct world *)ctx)->broken, what);
}

static void put(struct world *w, const char *storage, const char *json)
{
    struct doc *doc = fake_doc(json);
    objects_put(api_objects(cluster_api(w->cluster)), storage, doc);
    doc_free(doc);
}

static void take_away(struct world *w, const char *storage, const char *name)
{
    assert_true(objects_remove(api_objects(cluster_api(w->cluster)), storage, "test", name));
}

/* A release in mid-run: both sides are ready, nothing is shifted yet. */
static void open_world(struct world *w, unsigned checks, bool pods_stay)
{
    *w = (struct world){.time = virtual_clock_new(1773216907000)};
    w->cluster = cluster_new(virtual_clock_clock(w->time), 1);
    w->checkers = checkers_new(&(struct checkers_options){
        .cluster = w->cluster, .checks = checks, .pods_stay = pods_stay, .broken = on_broken, .ctx = w});
    put(w, "apps/deployments", DEPLOYMENT("podinfo", 1, 1, "podinfo:2"));
    put(w, "apps/deployments", DEPLOYMENT("podinfo-primary", 1, 1, "podinfo:1"));
    put(w, "leases", LEASE("one"));
    put(w, "flagger.app/canaries", CANARY(""));
    put(w, "networking.istio.io/virtualservices", ROUTES(100, 0));
    put(w, "sluice.dev/releases", RELEASE(""));
    put(w, "sluice.dev/releases", STATUS(""));
}

static void close_world(struct world *w)
{
    str_list_fini(&w->broken);
    checkers_free(w->checkers);
    cluster_free(w->cluster);
    virtual_clock_free(w->time);
}

/* What was broken since the last time; NULL: nothing. */
static void expect(struct world *w, const char *what)
{
    char *all = str_list_join(&w->broken, "; ");
    assert_string_equal(all, what);
    str_free(&all);
    str_list_fini(&w->broken);
}

static void shift(struct world *w, const char *routes)
{
    put(w, "networking.istio.io/virtualservices", routes);
}

/* --- routes --- */

static void test_shares_grow_within_a_release(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    shift(&w, ROUTES(80, 20));
    shift(&w, ROUTES(60, 40));
    shift(&w, ROUTES(100, 0));
    expect(&w, "");
    shift(&w, ROUTES(80, 20));
    expect(&w, "the canary's share grew to 20, but had been 40 in this release");
    put(&w, "sluice.dev/releases", RELEASE(",'status':{'epoch':1,'serial':2,'state':'Succeeded'}"));
    shift(&w, ROUTES(50, 50));
    expect(&w, "the canary's share grew to 50 without a release");
    close_world(&w);
}

/* Other requests than those that were analysed begin with the first step. */
static void test_an_edit_of_the_service_begins_the_steps_again(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    shift(&w, ROUTES(60, 40));
    put(&w, "flagger.app/canaries",
        "{'kind':'Canary','metadata':{'name':'podinfo','namespace':'test'},'spec':{'targetRef':{'name':'podinfo'},"
        "'service':{'name':'other'}},'status':{'phase':'Progressing'}}");
    put(&w, "networking.istio.io/virtualservices",
        "{'kind':'VirtualService','metadata':{'name':'other','namespace':'test'},'spec':{'http':[{'route':["
        "{'destination':{'host':'podinfo-primary'},'weight':100},{'destination':{'host':'podinfo-canary'},'weight':0}"
        "]}]}}");
    assert_int_equal(checkers_find(w.checkers, "test", "podinfo")->share, 40); /* under the name that it had */
    put(&w, "events", TOLD("a", "Advance podinfo.test canary weight 20"));
    put(&w, "events", TOLD("b", "Advance podinfo.test canary weight 20"));
    shift(&w, ROUTES(100, 0));
    shift(&w, ROUTES(80, 20));
    expect(&w, "");
    shift(&w, ROUTES(90, 10));
    shift(&w, ROUTES(80, 20));
    expect(&w, "the canary's share grew to 20, but had been 20 in this release");
    close_world(&w);
}

static void test_routes_that_are_deleted_begin_the_steps_again(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    shift(&w, ROUTES(60, 40));
    take_away(&w, "networking.istio.io/virtualservices", "podinfo");
    shift(&w, ROUTES(100, 0));
    shift(&w, ROUTES(80, 20));
    expect(&w, "");
    shift(&w, ROUTES(90, 10));
    shift(&w, ROUTES(80, 20));
    expect(&w, "the canary's share grew to 20, but had been 20 in this release");
    close_world(&w);
}

static void test_a_deleted_release_ends_what_it_was_doing(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    put(&w, "sluice.dev/releases", STATUS(",'open':[{'o':'act','i':[{'kind':'route','key':'" UID "/1/3/0'}]}]"));
    take_away(&w, "sluice.dev/releases", "podinfo-1");
    shift(&w, ROUTES(80, 20));
    expect(&w, "");
    close_world(&w);
    open_world(&w, CHECK_ALL, true);
    take_away(&w, "sluice.dev/releases", "podinfo-1");
    shift(&w, ROUTES(80, 20));
    expect(&w, "the canary's share grew to 20 without a release");
    close_world(&w);
}

static void test_weights_sum_to_100(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    shift(&w, ROUTES(80, 30));
    expect(&w, "the weights of route 0 of podinfo sum to 110");
    shift(&w, ROUTES(150, -50));
    expect(&w, "route 0 of podinfo has weight 150; route 0 of podinfo has weight -50");
    close_world(&w);
}

static void test_a_side_with_requests_is_ready(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    put(&w, "apps/deployments", DEPLOYMENT("podinfo", 0, 1, "podinfo:2"));
    expect(&w, "");
    shift(&w, ROUTES(80, 20));
    expect(&w, "the canary has weight 20 and no ready Pod");
    put(&w, "apps/deployments", DEPLOYMENT("podinfo-primary", 0, 1, "podinfo:1"));
    shift(&w, ROUTES(60, 40));
    expect(&w, "the canary has weight 40 and no ready Pod; the primary has weight 60 and no ready Pod");
    close_world(&w);
}

/* An engine that has not heard of it may make the routes again, which the collector takes. */
static void test_a_canary_that_is_gone_needs_no_primary(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    take_away(&w, "networking.istio.io/virtualservices", "podinfo");
    take_away(&w, "apps/deployments", "podinfo-primary");
    take_away(&w, "flagger.app/canaries", "podinfo");
    shift(&w, ROUTES(100, 0));
    expect(&w, "");
    put(&w, "flagger.app/canaries", CANARY(""));
    take_away(&w, "networking.istio.io/virtualservices", "podinfo");
    shift(&w, ROUTES(100, 0));
    expect(&w, "the primary has weight 100 and no ready Pod");
    close_world(&w);
}

/* Where Pods crash by themselves, the engine is held to what it does itself. */
static void test_pods_may_crash(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, false);
    shift(&w, ROUTES(80, 20));
    put(&w, "apps/deployments", DEPLOYMENT("podinfo", 0, 1, "podinfo:2"));
    expect(&w, "");
    shift(&w, ROUTES(60, 40));
    expect(&w, "the canary has weight 40 and no ready Pod");
    put(&w, "apps/deployments", DEPLOYMENT("podinfo", 0, 0, "podinfo:2"));
    expect(&w, "the canary has weight 40 and no ready Pod");
    close_world(&w);
}

static void test_only_what_is_asked_for_is_checked(void **state)
{
    struct world w;
    open_world(&w, CHECK_ONCE, true);
    put(&w, "apps/deployments", DEPLOYMENT("podinfo", 0, 1, "podinfo:2"));
    shift(&w, ROUTES(80, 30));
    shift(&w, ROUTES(80, 20));
    expect(&w, "");
    close_world(&w);
}

/* --- once --- */

static void test_a_delivery_is_on_record_first_and_made_once(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    checkers_note_delivery(w.checkers, UID "/1/pre-rollout/smoke");
    expect(&w, "hook " UID "/1/pre-rollout/smoke was called before that was on record");
    put(&w, "sluice.dev/releases", STATUS(",'open':[{'o':'hooks','i':{'type':'pre-rollout'}}]"));
    checkers_note_delivery(w.checkers, UID "/1/pre-rollout/other");
    expect(&w, "");
    checkers_note_delivery(w.checkers, UID "/1/pre-rollout/other");
    expect(&w, UID "/1/pre-rollout/other came 2 times, though the Lease has come to no other engine between");
    put(&w, "leases", LEASE("two")); /* knows of no answer */
    checkers_note_delivery(w.checkers, UID "/1/pre-rollout/other");
    expect(&w, "");
    put(&w, "sluice.dev/releases", STATUS(",'open':[{'o':'hooks','i':{'type':'pre-rollout'},'r':[{'name':'late'}]}]"));
    checkers_note_delivery(w.checkers, UID "/1/pre-rollout/late");
    expect(&w, "hook " UID "/1/pre-rollout/late was called, though its answer is on record");
    checkers_note_delivery(w.checkers, "another/1/rollout/load");
    expect(&w, "another/1/rollout/load was sent for a release that is over");
    close_world(&w);
}

static void test_an_effect_that_is_done_is_not_repeated(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    put(&w, "sluice.dev/releases", STATUS(",'open':[{'o':'act','i':[{'kind':'event','key':'" UID "/1/2/0'}]}]"));
    checkers_note_delivery(w.checkers, UID "/1/2/0");
    checkers_note_delivery(w.checkers, UID "/1/2/1");
    expect(&w, UID "/1/2/1 was sent before it was on record");
    put(&w, "sluice.dev/releases", STATUS(""));
    put(&w, "leases", LEASE("two"));
    checkers_note_delivery(w.checkers, UID "/1/2/0");
    expect(&w, UID "/1/2/0 was sent, though it is on record as done");
    close_world(&w);
}

static void test_a_paused_engine_learns_of_its_loss_by_the_first_delivery(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    put(&w, "sluice.dev/releases", STATUS(",'holder':'one','open':[{'o':'hooks','i':{'type':'pre-rollout'}}]"));
    checkers_note_pause(w.checkers, "one");
    put(&w, "leases", LEASE("two"));
    put(&w, "sluice.dev/releases", RELEASE(",'status':{'epoch':2,'serial':2,'state':'Failed','holder':'two'}"));
    checkers_note_stale_delivery(w.checkers, UID "/1/pre-rollout/smoke");
    expect(&w, "");
    checkers_note_stale_delivery(w.checkers, UID "/1/pre-rollout/more");
    expect(&w, "one goes on though it has lost the Lease");
    close_world(&w);
}

/* While the watches of its engine are cut, nothing tells it so before its next write does. */
static void test_a_deleted_release_may_do_what_was_on_record(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    put(&w, "sluice.dev/releases", STATUS(",'open':[{'o':'act','i':[{'kind':'event','key':'" UID "/1/2/0'}]}]"));
    put(&w, "sluice.dev/releases", STATUS(",'open':[{'o':'act','i':[{'kind':'event','key':'" UID "/1/3/0'}]}]"));
    take_away(&w, "sluice.dev/releases", "podinfo-1");
    checkers_note_delivery(w.checkers, UID "/1/3/0");
    checkers_note_delivery(w.checkers, UID "/1/rollback/back");
    expect(&w, "");
    checkers_note_delivery(w.checkers, UID "/1/2/0");
    expect(&w, UID "/1/2/0 was sent, though it is on record as done");
    checkers_note_delivery(w.checkers, UID "/1/4/0");
    expect(&w, UID "/1/4/0 was sent before it was on record");
    checkers_note_delivery(w.checkers, UID "/1/rollout/load");
    expect(&w, "hook " UID "/1/rollout/load was called before that was on record");
    checkers_note_delivery(w.checkers, UID "/1/3/0");
    expect(&w, UID "/1/3/0 came 2 times, though the Lease has come to no other engine between");
    put(&w, "sluice.dev/releases", RELEASE(""));
    put(&w, "sluice.dev/releases", RELEASE(",'status':{'epoch':1,'serial':1,'state':'Succeeded'}"));
    take_away(&w, "sluice.dev/releases", "podinfo-1");
    checkers_note_delivery(w.checkers, UID "/1/rollback/late");
    expect(&w, UID "/1/rollback/late was sent for a release that is over");
    close_world(&w);
}

static void test_a_hook_with_retries_may_come_again(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    put(&w, "flagger.app/canaries",
        "{'kind':'Canary','metadata':{'name':'podinfo','namespace':'test'},'spec':{'targetRef':{'name':'podinfo'},"
        "'analysis':{'webhooks':[{'retries':2}]}},'status':{'phase':'Progressing'}}");
    put(&w, "sluice.dev/releases", STATUS(",'open':[{'o':'hooks','i':{'type':'rollout'}}]"));
    for (int i = 0; i < 3; i++) {
        checkers_note_delivery(w.checkers, UID "/1/rollout/load");
    }
    expect(&w, "");
    checkers_note_delivery(w.checkers, UID "/1/rollout/load");
    expect(&w, UID "/1/rollout/load came 4 times, though the Lease has come to no other engine between");
    close_world(&w);
}

static void test_a_release_acts_once(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    put(&w, "events", TOLD("a", "Advance podinfo.test canary weight 10"));
    put(&w, "events", TOLD("b", "Advance podinfo.test canary weight 10"));
    expect(&w, UID ": Advance podinfo.test canary weight 10 came 2 times, though the Lease has come to no other engine "
                   "between");
    put(&w, "apps/deployments", DEPLOYMENT("podinfo", 1, 0, "podinfo:2"));
    put(&w, "apps/deployments", DEPLOYMENT("podinfo", 1, 1, "podinfo:2"));
    expect(&w, "");
    put(&w, "apps/deployments", DEPLOYMENT("podinfo", 1, 0, "podinfo:2"));
    expect(&w, "one release scaled the target to zero twice");
    put(&w, "apps/deployments", DEPLOYMENT("podinfo-primary", 1, 1, "podinfo:2"));
    expect(&w, "");
    put(&w, "apps/deployments", DEPLOYMENT("podinfo-primary", 1, 1, "podinfo:3"));
    expect(&w, "one release was promoted twice");
    close_world(&w);
}

static void test_a_record_only_grows(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    put(&w, "sluice.dev/releases", STATUS(",'entries':[{'w':'a'},{'w':'b','n':3,'s':1}]"));
    put(&w, "sluice.dev/releases", STATUS(",'entries':[{'w':'a'}]"));
    expect(&w, "the record went from 4 words to 1");
    put(&w, "sluice.dev/releases", RELEASE(",'status':{'epoch':3,'serial':1,'state':'Running'}"));
    expect(&w, "the record's epoch went from 1 to 3; the record went from 1 words to 0");
    put(&w, "sluice.dev/releases",
        "{'kind':'Release','metadata':{'name':'podinfo-2','namespace':'test','uid':'2'},'spec':{'canary':'podinfo'}}");
    expect(&w, "Release podinfo-2 is created beside an open one");
    put(&w, "sluice.dev/releases", STATUS(""));
    expect(&w, "Release podinfo-1 is written, though another one took its place");
    close_world(&w);
}

static void test_failed_checks_are_not_lost(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    put(&w, "flagger.app/canaries", CANARY(",'failedChecks':2"));
    put(&w, "flagger.app/canaries", CANARY(",'failedChecks':1"));
    expect(&w, "failedChecks went from 2 to 1 in the middle of a release");
    close_world(&w);
}

/* --- rest --- */

static void test_at_rest_nothing_is_left(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    shift(&w, ROUTES(80, 20));
    put(&w, "flagger.app/canaries",
        "{'kind':'Canary','metadata':{'name':'podinfo','namespace':'test'},'spec':{'targetRef':{'name':'podinfo'}},"
        "'status':{'phase':'Succeeded'}}");
    checkers_expect_rest(w.checkers);
    expect(&w, "Release podinfo-1 is Running at the end; Succeeded, but the primary is not the target; at the end the "
               "canary has weight 20; at the end the target is not scaled down");
    shift(&w, ROUTES(100, 0));
    put(&w, "apps/deployments", DEPLOYMENT("podinfo-primary", 1, 1, "podinfo:2"));
    put(&w, "apps/deployments", DEPLOYMENT("podinfo", 0, 0, "podinfo:2"));
    put(&w, "sluice.dev/releases", RELEASE(",'status':{'epoch':1,'serial':2,'state':'Succeeded'}"));
    checkers_expect_rest(w.checkers);
    expect(&w, "");
    close_world(&w);
}

/* Another Canary's objects are its own, and what is deleted is forgotten. */
static void test_each_canary_is_judged_by_itself(void **state)
{
    struct world w;
    open_world(&w, CHECK_ALL, true);
    put(&w, "flagger.app/canaries",
        "{'kind':'Canary','metadata':{'name':'other','namespace':'test'},'spec':{'targetRef':{'name':'other'}}}");
    put(&w, "networking.istio.io/virtualservices",
        "{'kind':'VirtualService','metadata':{'name':'other','namespace':'test'},'spec':{'http':[{'route':["
        "{'destination':{'host':'other-primary'},'weight':60},{'destination':{'host':'other-canary'},'weight':40}]}]}"
        "}");
    expect(&w, "the canary's share grew to 40 without a release; the canary has weight 40 and no ready Pod; the "
               "primary has weight 60 and no ready Pod");
    assert_int_equal(checkers_find(w.checkers, "test", "podinfo")->share, 0);
    take_away(&w, "networking.istio.io/virtualservices", "other");
    assert_int_equal(checkers_find(w.checkers, "test", "other")->share, 0);
    take_away(&w, "sluice.dev/releases", "podinfo-1");
    assert_false(checked_has_release(checkers_find(w.checkers, "test", "podinfo")));
    assert_null(checkers_find(w.checkers, "test", "third"));
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_grow_within_a_release),
        cmocka_unit_test(test_an_edit_of_the_service_begins_the_steps_again),
        cmocka_unit_test(test_routes_that_are_deleted_begin_the_steps_again),
        cmocka_unit_test(test_a_deleted_release_ends_what_it_was_doing),
        cmocka_unit_test(test_weights_sum_to_100),
        cmocka_unit_test(test_a_side_with_requests_is_ready),
        cmocka_unit_test(test_a_canary_that_is_gone_needs_no_primary),
        cmocka_unit_test(test_pods_may_crash),
        cmocka_unit_test(test_only_what_is_asked_for_is_checked),
        cmocka_unit_test(test_a_delivery_is_on_record_first_and_made_once),
        cmocka_unit_test(test_an_effect_that_is_done_is_not_repeated),
        cmocka_unit_test(test_a_paused_engine_learns_of_its_loss_by_the_first_delivery),
        cmocka_unit_test(test_a_deleted_release_may_do_what_was_on_record),
        cmocka_unit_test(test_a_hook_with_retries_may_come_again),
        cmocka_unit_test(test_a_release_acts_once),
        cmocka_unit_test(test_a_record_only_grows),
        cmocka_unit_test(test_failed_checks_are_not_lost),
        cmocka_unit_test(test_at_rest_nothing_is_left),
        cmocka_unit_test(test_each_canary_is_judged_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
