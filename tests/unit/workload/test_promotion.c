#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_clock.h"
#include "fake_doc.h"
#include "fake_http.h"
#include "workload/facts.h"
#include "workload/promotion.h"
#include "workload/revision.h"
#include "workload/tracked_config.h"

#define APPS "/apis/apps/v1/namespaces/test/deployments"
#define TARGET_URL APPS "/podinfo"
#define PRIMARY_URL APPS "/podinfo-primary"
#define MAPS "/api/v1/namespaces/test/configmaps"
#define SECRETS "/api/v1/namespaces/test/secrets"

struct world {
    struct fake_clock *fc;
    struct fake_http *fh;
    struct kube_client *client;
    struct store *deployments, *maps, *secrets;
    struct str_list selector_labels, prefixes;
    const struct node *configs; /* that belong to the revision; NULL: whatever they are */
    struct doc *canary;
    struct promotion *promotion;
    int done;
    struct err err;
};

static int setup(void **state)
{
    struct world *w = mem_new(struct world);
    struct kube_config config = {.source = str_dup("lab"), .server = str_dup("https://api")};
    w->fc = fake_clock_new(1773216907000);
    w->fh = fake_http_new(fake_clock_clock(w->fc));
    w->client = kube_client_new(fake_http_door(w->fh), fake_clock_clock(w->fc), NULL, &config);
    w->deployments = store_new(&KUBE_DEPLOYMENTS, workload_kind_at(0)->store.prune);
    w->maps = store_new(&KUBE_CONFIG_MAPS, tracked_config_prune);
    w->secrets = store_new(&KUBE_SECRETS, tracked_config_prune);
    str_list_split(&w->selector_labels, "app,name", ',');
    w->canary = fake_doc("{'metadata':{'name':'podinfo','namespace':'test','uid':'u-1'},'spec':{'targetRef':{'kind':"
                         "'Deployment','name':'podinfo'}}}");
    *state = w;
    return 0;
}

/* The client asserts that no call is open, the fakes that no request and no timer are left. */
static int teardown(void **state)
{
    struct world *w = *state;
    kube_client_free(w->client);
    fake_http_free(w->fh);
    fake_clock_free(w->fc);
    store_free(w->deployments);
    store_free(w->maps);
    store_free(w->secrets);
    str_list_fini(&w->selector_labels);
    str_list_fini(&w->prefixes);
    doc_free(w->canary);
    mem_free(w);
    return 0;
}

static void on_done(void *ctx, const struct err *err)
{
    struct world *w = ctx;
    w->done++;
    w->promotion = NULL;
    w->err = *err;
}

static void start(struct world *w, const char *revision, bool config_tracking)
{
    struct promotion_options options = {
        .client = w->client,
        .clock = fake_clock_clock(w->fc),
        .workloads = w->deployments,
        .config_stores = {w->maps, w->secrets},
        .canary = doc_root(w->canary),
        .revision = revision,
        .configs = w->configs,
        .promotion_id = "id-1",
        .selector_labels = &w->selector_labels,
        .label_prefixes = &w->prefixes,
        .config_tracking = config_tracking,
    };
    w->done = 0;
    w->promotion = promotion_start(&options, on_done, w);
    assert_int_equal(w->done, 0); /* never before it returns */
}

static void expect_end(struct world *w, enum err_code code, const char *text)
{
    fake_clock_run(w->fc);
    assert_int_equal(w->done, 1);
    assert_string_equal(w->err.text, text);
    assert_int_equal(w->err.code, code);
}

/* --- the server --- */

static void answer(struct world *w, const char *method, const char *url, int status, const char *body)
{
    struct doc *doc = fake_doc(body);
    char *text = node_to_text(doc_root(doc));
    fake_http_once(w->fh, method, url, status, text);
    mem_free(text);
    doc_free(doc);
}

static void refuse(struct world *w, const char *method, const char *url, int status, const char *reason,
                   const char *message)
{
    struct doc *doc =
        fake_doc_format("{'kind':'Status','code':%d,'reason':'%s','message':'%s'}", status, reason, message);
    char *text = node_to_text(doc_root(doc));
    fake_http_once(w->fh, method, url, status, text);
    mem_free(text);
    doc_free(doc);
}

static void put(struct store *store, const char *text)
{
    struct doc *doc = fake_doc(text);
    store_put(store, doc);
    doc_free(doc);
}

#define TEMPLATE(spec) "{'metadata':{'labels':{'app':'podinfo'}},'spec':" spec "}"
#define TARGET(spec)                                                                                                   \
    "{'metadata':{'name':'podinfo','namespace':'test','resourceVersion':'5'},'spec':{'replicas':2,'selector':{"        \
    "'matchLabels':{'app':'podinfo'}},'template':" TEMPLATE(spec) "}}"
#define PRIMARY(version, id)                                                                                           \
    "{'metadata':{'name':'podinfo-primary','namespace':'test','resourceVersion':'" version "'},'spec':{'selector':{"   \
    "'matchLabels':{'app':'podinfo-primary'}},'template':{'metadata':{'annotations':{'flagger-id':'" id "'}}}}}"
#define PLAIN "{'containers':[{'image':'a:2'}]}"
#define BOTH                                                                                                           \
    "{'containers':[{'envFrom':[{'secretRef':{'name':'token'}}]}],'volumes':[{'name':'v','configMap':{'name':"         \
    "'settings'}}]}"
#define MAP(name, version, color)                                                                                      \
    "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'" name                                                  \
    "','namespace':'test','resourceVersion':'" version "'},'data':{'color':'" color "'}}"
#define SECRET(name, version)                                                                                          \
    "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'" name "','namespace':'test','resourceVersion':'" version  \
    "'},'type':'Opaque','data':{'value':'czNjcjN0'}}"

static void revision_of(const char *template, char out[static REVISION_SIZE])
{
    struct doc *doc = fake_doc(template);
    revision_of_template(doc_root(doc), out);
    doc_free(doc);
}

static void expect_requests(struct world *w, const char *const *requests)
{
    size_t count = 0;
    for (; requests[count] != NULL; count++) {
        const struct fake_http_seen *seen = fake_http_seen(w->fh, count);
        assert_true(count < fake_http_seen_count(w->fh));
        char *text = str_format("%s %s", seen->method, seen->url + strlen("https://api"));
        assert_string_equal(text, requests[count]);
        mem_free(text);
    }
    assert_int_equal(fake_http_seen_count(w->fh), count);
}

static void expect_promotion_id(struct world *w, const char *id)
{
    struct doc *primary = store_find(w->deployments, "test", "podinfo-primary");
    assert_string_equal(facts_promotion_id(doc_root(primary)), id);
    doc_free(primary);
}

/* --- creation --- */

static void test_a_missing_primary_is_created(void **state)
{
    struct world *w = *state;
    answer(w, "GET", TARGET_URL, 200, TARGET(PLAIN));
    answer(w, "POST", APPS, 201, PRIMARY("6", "id-1"));
    start(w, NULL, true);
    expect_end(w, ERR_NONE, "");
    expect_requests(w, (const char *const[]){"GET " TARGET_URL, "POST " APPS, NULL});
    struct err err;
    const struct fake_http_seen *post = fake_http_last(w->fh);
    struct doc *body = doc_parse(post->body, post->body_len, &err);
    fake_doc_expect(node_at(doc_root(body), "metadata", "name"), "'podinfo-primary'");
    fake_doc_expect(node_at(doc_root(body), "spec", "template", "metadata", "annotations"), "{'flagger-id':'id-1'}");
    doc_free(body);
    expect_promotion_id(w, "id-1"); /* the store has it already */
}

static void test_configs_come_first(void **state)
{
    struct world *w = *state;
    put(w->maps, MAP("settings", "1", "red"));
    put(w->secrets, SECRET("token", "1"));
    answer(w, "GET", TARGET_URL, 200, TARGET(BOTH));
    answer(w, "GET", MAPS "/settings", 200, MAP("settings", "1", "red"));
    answer(w, "POST", MAPS, 201, MAP("settings-primary", "2", "red"));
    answer(w, "GET", SECRETS "/token", 200, SECRET("token", "1"));
    answer(w, "POST", SECRETS, 201, SECRET("token-primary", "3"));
    answer(w, "POST", APPS, 201, PRIMARY("6", "id-1"));
    start(w, NULL, true);
    expect_end(w, ERR_NONE, "");
    expect_requests(w, (const char *const[]){"GET " TARGET_URL, "GET " MAPS "/settings", "POST " MAPS,
                                             "GET " SECRETS "/token", "POST " SECRETS, "POST " APPS, NULL});
    assert_non_null(strstr(fake_http_last(w->fh)->body, "\"settings-primary\""));
    assert_non_null(strstr(fake_http_last(w->fh)->body, "\"token-primary\""));
    assert_true(store_has(w->maps, "test", "settings-primary"));
    assert_true(store_has(w->secrets, "test", "token-primary"));
}

static void test_without_tracking_configs_are_shared(void **state)
{
    struct world *w = *state;
    answer(w, "GET", TARGET_URL, 200, TARGET(BOTH));
    answer(w, "POST", APPS, 201, PRIMARY("6", "id-1"));
    start(w, NULL, false);
    expect_end(w, ERR_NONE, "");
    expect_requests(w, (const char *const[]){"GET " TARGET_URL, "POST " APPS, NULL});
    assert_null(strstr(fake_http_last(w->fh)->body, "settings-primary"));
}

/* What it runs changes by promotion alone, never by an attempt to make it. */
static void test_a_primary_that_is_there_already_stays(void **state)
{
    struct world *w = *state;
    answer(w, "GET", TARGET_URL, 200, TARGET(PLAIN));
    refuse(w, "POST", APPS, 409, "AlreadyExists", "exists");
    answer(w, "GET", PRIMARY_URL, 200, PRIMARY("6", "theirs"));
    start(w, NULL, true);
    expect_end(w, ERR_NONE, "");
    expect_requests(w, (const char *const[]){"GET " TARGET_URL, "POST " APPS, "GET " PRIMARY_URL, NULL});
    expect_promotion_id(w, "theirs");
    answer(w, "GET", TARGET_URL, 200, TARGET(PLAIN));
    start(w, NULL, true);
    expect_end(w, ERR_NONE, "");
    assert_int_equal(fake_http_count(w->fh, "PATCH", NULL), 0);
}

/* --- promotion --- */

static void test_a_promotion_patches_the_primary(void **state)
{
    struct world *w = *state;
    char revision[REVISION_SIZE];
    revision_of(TEMPLATE(PLAIN), revision);
    put(w->deployments, PRIMARY("6", "id-0"));
    answer(w, "GET", TARGET_URL, 200, TARGET(PLAIN));
    answer(w, "PATCH", PRIMARY_URL, 200, PRIMARY("7", "id-1"));
    start(w, revision, true);
    expect_end(w, ERR_NONE, "");
    expect_requests(w, (const char *const[]){"GET " TARGET_URL, "PATCH " PRIMARY_URL, NULL});
    const struct fake_http_seen *patch = fake_http_last(w->fh);
    assert_string_equal(fake_http_header(patch, "Content-Type"), "application/json-patch+json");
    assert_non_null(strstr(patch->body, "{\"op\":\"add\",\"path\":\"/metadata/resourceVersion\",\"value\":\"6\"}"));
    assert_non_null(strstr(patch->body, "\"/spec/replicas\",\"value\":2"));
    expect_promotion_id(w, "id-1");
}

static void test_an_autoscaler_keeps_its_replicas(void **state)
{
    struct world *w = *state;
    char revision[REVISION_SIZE];
    revision_of(TEMPLATE(PLAIN), revision);
    node_set(w->canary, node_get(doc_root(w->canary), "spec"), "autoscalerRef", node_new_object(w->canary));
    put(w->deployments, PRIMARY("6", "id-0"));
    answer(w, "GET", TARGET_URL, 200, TARGET(PLAIN));
    answer(w, "PATCH", PRIMARY_URL, 200, PRIMARY("7", "id-1"));
    start(w, revision, true);
    expect_end(w, ERR_NONE, "");
    assert_null(strstr(fake_http_last(w->fh)->body, "/spec/replicas"));
}

/* A copy that is as it should be is not written; a stale one is replaced without a resourceVersion. */
static void test_only_stale_copies_are_written(void **state)
{
    struct world *w = *state;
    char revision[REVISION_SIZE];
    revision_of(TEMPLATE(BOTH), revision);
    put(w->deployments, PRIMARY("6", "id-0"));
    put(w->maps, MAP("settings", "1", "red"));
    put(w->maps, "{'metadata':{'name':'settings-primary','namespace':'test','resourceVersion':'2','ownerReferences':[{"
                 "'kind':'Canary','name':'podinfo','controller':true}]},'data':{'color':'blue'}}");
    put(w->secrets, SECRET("token", "1"));
    put(w->secrets, "{'metadata':{'name':'token-primary','namespace':'test','resourceVersion':'2','ownerReferences':[{"
                    "'apiVersion':'flagger.app/v1beta1','kind':'Canary','name':'podinfo','uid':'u-1','controller':true,"
                    "'blockOwnerDeletion':true}]},'type':'Opaque','data':{'value':'czNjcjN0'}}");
    answer(w, "GET", TARGET_URL, 200, TARGET(BOTH));
    answer(w, "GET", MAPS "/settings", 200, MAP("settings", "1", "red"));
    /* another Canary shares the copy, and has become an owner */
    answer(w, "PUT", MAPS "/settings-primary", 200, MAP("settings-primary", "4", "red"));
    refuse(w, "PUT", MAPS "/settings-primary", 409, "Conflict", "the object has been modified");
    answer(w, "GET", MAPS "/settings-primary", 200,
           "{'kind':'ConfigMap','metadata':{'name':'settings-primary','namespace':'test','resourceVersion':'3',"
           "'ownerReferences':[{'kind':'Canary','name':'other','uid':'u-9'}]},'data':{'color':'blue'}}");
    answer(w, "GET", MAPS "/settings", 200, MAP("settings", "1", "red"));
    answer(w, "GET", SECRETS "/token", 200, SECRET("token", "1"));
    answer(w, "PATCH", PRIMARY_URL, 200, PRIMARY("7", "id-1"));
    start(w, revision, true);
    expect_end(w, ERR_NONE, "");
    expect_requests(w, (const char *const[]){"GET " TARGET_URL, "GET " MAPS "/settings",
                                             "PUT " MAPS "/settings-primary", "GET " MAPS "/settings-primary",
                                             "GET " MAPS "/settings", "PUT " MAPS "/settings-primary",
                                             "GET " SECRETS "/token", "PATCH " PRIMARY_URL, NULL});
    assert_non_null(strstr(fake_http_find(w->fh, "PUT", NULL, 0)->body, "\"resourceVersion\":\"2\""));
    assert_non_null(strstr(fake_http_find(w->fh, "PUT", NULL, 1)->body, "\"resourceVersion\":\"3\""));
    assert_non_null(strstr(fake_http_find(w->fh, "PUT", NULL, 1)->body, "u-9"));
}

static void test_a_foreign_copy_or_primary_is_not_written_over(void **state)
{
    struct world *w = *state;
    char revision[REVISION_SIZE];
    revision_of(TEMPLATE(BOTH), revision);
    put(w->deployments, PRIMARY("6", "id-0"));
    put(w->maps, MAP("settings", "1", "red"));
    put(w->maps, MAP("settings-primary", "2", "blue"));
    put(w->secrets, SECRET("token", "1"));
    answer(w, "GET", TARGET_URL, 200, TARGET(BOTH));
    answer(w, "GET", MAPS "/settings", 200, MAP("settings", "1", "red"));
    start(w, revision, true);
    expect_end(w, ERR_INVALID,
               "updating deployment podinfo-primary.test template spec failed: CreatePrimaryConfigs failed: ConfigMap "
               "settings-primary.test is left alone: it was there before, and is no primary's copy; for Canary podinfo "
               "to take it, annotate it with sluice.dev/canary: podinfo");
    put(w->deployments, "{'metadata':{'name':'podinfo-primary','namespace':'test','resourceVersion':'8'},'spec':{"
                        "'template':{}}}");
    revision_of(TEMPLATE(PLAIN), revision);
    answer(w, "GET", TARGET_URL, 200, TARGET(PLAIN));
    start(w, revision, true);
    expect_end(w, ERR_INVALID,
               "updating deployment podinfo-primary.test template spec failed: Deployment podinfo-primary.test is left "
               "alone: it was there before, and is no primary of this target; for Canary podinfo to take it, annotate "
               "it with sluice.dev/canary: podinfo");
    assert_int_equal(fake_http_count(w->fh, "PUT", NULL) + fake_http_count(w->fh, "PATCH", NULL), 0);
}

static void test_only_the_wanted_revision_is_promoted(void **state)
{
    struct world *w = *state;
    char live[REVISION_SIZE];
    revision_of(TEMPLATE(PLAIN), live);
    put(w->deployments, PRIMARY("6", "id-0"));
    answer(w, "GET", TARGET_URL, 200, TARGET(PLAIN));
    start(w, "s1-0123456789abcdef", true);
    char *text = str_format("target podinfo.test is at revision %s, wanted s1-0123456789abcdef", live);
    expect_end(w, ERR_CONFLICT, text);
    mem_free(text);
    expect_requests(w, (const char *const[]){"GET " TARGET_URL, NULL}); /* nothing was written */
    expect_promotion_id(w, "id-0");
}

/* The store has not heard yet that somebody changed what was analysed. */
static void test_only_the_wanted_configs_are_copied(void **state)
{
    struct world *w = *state;
    char revision[REVISION_SIZE];
    revision_of(TEMPLATE(BOTH), revision);
    put(w->deployments, PRIMARY("6", "id-0"));
    put(w->maps, MAP("settings", "1", "red"));
    put(w->secrets, SECRET("token", "1"));
    answer(w, "GET", TARGET_URL, 200, TARGET(BOTH));
    answer(w, "GET", MAPS "/settings", 200, MAP("settings", "2", "blue"));
    struct doc *wanted = fake_doc("{'configmap/settings':'241889ca0604e333','secret/token':'e9508890208eabc4'}");
    w->configs = doc_root(wanted);
    start(w, revision, true);
    w->configs = NULL;
    doc_free(wanted);
    fake_clock_run(w->fc);
    assert_int_equal(w->err.code, ERR_CONFLICT);
    assert_non_null(strstr(w->err.text, "configmap settings.test has checksum "));
    assert_non_null(strstr(w->err.text, ", wanted 241889ca0604e333"));
    expect_requests(w, (const char *const[]){"GET " TARGET_URL, "GET " MAPS "/settings", NULL});
}

/* --- conflicts --- */

static void test_a_conflict_reads_the_primary_again(void **state)
{
    struct world *w = *state;
    char revision[REVISION_SIZE];
    revision_of(TEMPLATE(PLAIN), revision);
    put(w->deployments, PRIMARY("6", "id-0"));
    answer(w, "GET", TARGET_URL, 200, TARGET(PLAIN));
    answer(w, "PATCH", PRIMARY_URL, 200, PRIMARY("9", "id-1"));
    refuse(w, "PATCH", PRIMARY_URL, 409, "Conflict", "the object has been modified"); /* the newest counts first */
    answer(w, "GET", PRIMARY_URL, 200, PRIMARY("8", "id-0"));
    start(w, revision, true);
    expect_end(w, ERR_NONE, "");
    expect_requests(w, (const char *const[]){"GET " TARGET_URL, "PATCH " PRIMARY_URL, "GET " PRIMARY_URL,
                                             "PATCH " PRIMARY_URL, NULL});
    assert_non_null(strstr(fake_http_last(w->fh)->body, "\"/metadata/resourceVersion\",\"value\":\"8\""));
    expect_promotion_id(w, "id-1");
}

static void test_after_five_conflicts_it_gives_up(void **state)
{
    struct world *w = *state;
    char revision[REVISION_SIZE];
    revision_of(TEMPLATE(PLAIN), revision);
    put(w->deployments, PRIMARY("6", "id-0"));
    answer(w, "GET", TARGET_URL, 200, TARGET(PLAIN));
    for (int i = 0; i < 5; i++) {
        refuse(w, "PATCH", PRIMARY_URL, 409, "Conflict", "the object has been modified");
    }
    for (int i = 0; i < 4; i++) {
        answer(w, "GET", PRIMARY_URL, 200, PRIMARY("7", "id-0"));
    }
    start(w, revision, true);
    expect_end(w, ERR_CONFLICT,
               "updating deployment podinfo-primary.test template spec failed: the object has been modified");
    assert_int_equal(fake_http_count(w->fh, "PATCH", PRIMARY_URL), 5);
    assert_int_equal(fake_http_count(w->fh, "GET", PRIMARY_URL), 4);
}

/* A release whose primary was deleted and made again by somebody: promoted all the same. */
static void test_a_promotion_finds_a_primary_made_meanwhile(void **state)
{
    struct world *w = *state;
    char revision[REVISION_SIZE];
    revision_of(TEMPLATE(PLAIN), revision);
    answer(w, "GET", TARGET_URL, 200, TARGET(PLAIN));
    refuse(w, "POST", APPS, 409, "AlreadyExists", "exists");
    answer(w, "GET", PRIMARY_URL, 200, PRIMARY("8", "theirs"));
    answer(w, "PATCH", PRIMARY_URL, 200, PRIMARY("9", "id-1"));
    start(w, revision, true);
    expect_end(w, ERR_NONE, "");
    expect_promotion_id(w, "id-1");
}

/* --- failures --- */

static void test_the_target_cannot_be_read(void **state)
{
    struct world *w = *state;
    refuse(w, "GET", TARGET_URL, 404, "NotFound", "deployments.apps podinfo not found");
    start(w, NULL, true);
    expect_end(w, ERR_NOT_FOUND,
               "createPrimaryDeployment failed: deployment podinfo.test get query error: deployments.apps podinfo not "
               "found");
    put(w->deployments, PRIMARY("6", "id-0"));
    refuse(w, "GET", TARGET_URL, 500, "InternalError", "etcd is away");
    start(w, "s1-0123456789abcdef", true);
    expect_end(
        w, ERR_SERVER,
        "updating deployment podinfo-primary.test template spec failed: deployment podinfo.test get query error: "
        "etcd is away");
}

static void test_a_mandatory_config_is_missing(void **state)
{
    struct world *w = *state;
    put(w->maps, MAP("settings", "1", "red"));
    answer(w, "GET", TARGET_URL, 200, TARGET(BOTH));
    start(w, NULL, true);
    expect_end(w, ERR_NOT_FOUND,
               "createPrimaryDeployment failed: GetTargetConfigs failed: secret token.test get query error: secret "
               "token.test get query error: secrets \"token\" not found");
    expect_requests(w, (const char *const[]){"GET " TARGET_URL, NULL});
}

static void test_a_config_cannot_be_copied(void **state)
{
    struct world *w = *state;
    put(w->maps, MAP("settings", "1", "red"));
    put(w->secrets, SECRET("token", "1"));
    answer(w, "GET", TARGET_URL, 200, TARGET(BOTH));
    refuse(w, "GET", MAPS "/settings", 404, "NotFound", "configmaps settings not found");
    start(w, NULL, true);
    expect_end(
        w, ERR_NOT_FOUND,
        "createPrimaryDeployment failed: CreatePrimaryConfigs failed: configmap settings.test get query failed : "
        "configmaps settings not found");
    answer(w, "GET", TARGET_URL, 200, TARGET(BOTH));
    answer(w, "GET", MAPS "/settings", 200, MAP("settings", "1", "red"));
    refuse(w, "POST", MAPS, 403, "Forbidden", "no");
    start(w, NULL, true);
    expect_end(w, ERR_FORBIDDEN,
               "createPrimaryDeployment failed: CreatePrimaryConfigs failed: creating configmap settings-primary.test "
               "failed: no");
}

static void test_the_primary_cannot_be_written(void **state)
{
    struct world *w = *state;
    char revision[REVISION_SIZE];
    revision_of(TEMPLATE(PLAIN), revision);
    answer(w, "GET", TARGET_URL, 200, TARGET(PLAIN));
    refuse(w, "POST", APPS, 403, "Forbidden", "no");
    start(w, NULL, true);
    expect_end(w, ERR_FORBIDDEN, "createPrimaryDeployment failed: creating deployment podinfo-primary.test failed: no");
    put(w->deployments, PRIMARY("6", "id-0"));
    answer(w, "GET", TARGET_URL, 200, TARGET(PLAIN));
    refuse(w, "PATCH", PRIMARY_URL, 422, "Invalid", "spec.template is wrong");
    start(w, revision, true);
    expect_end(w, ERR_REJECTED,
               "updating deployment podinfo-primary.test template spec failed: spec.template is wrong");
    answer(w, "GET", TARGET_URL, 200, TARGET(PLAIN));
    refuse(w, "PATCH", PRIMARY_URL, 409, "Conflict", "modified");
    refuse(w, "GET", PRIMARY_URL, 404, "NotFound", "gone");
    start(w, revision, true);
    expect_end(
        w, ERR_NOT_FOUND,
        "updating deployment podinfo-primary.test template spec failed: deployment podinfo-primary.test get query "
        "error: gone");
}

static void test_a_target_without_a_selector_label(void **state)
{
    struct world *w = *state;
    answer(w, "GET", TARGET_URL, 200,
           "{'metadata':{'name':'podinfo','namespace':'test'},'spec':{'selector':{'matchLabels':{'tier':'t'}},"
           "'template':{}}}");
    start(w, NULL, true);
    expect_end(w, ERR_INVALID,
               "createPrimaryDeployment failed: getSelectorLabel failed: deployment podinfo.test "
               "spec.selector.matchLabels must contain one of [app name]");
}

/* --- cancelling --- */

static bool hold(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    const char *stop = ctx;
    answer->hold = true;
    return strstr(request->url, stop) != NULL;
}

static void test_cancelled_at_every_request(void **state)
{
    static const char *const stops[] = {TARGET_URL, MAPS "/settings", "/configmaps", SECRETS "/token", APPS};
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        struct world *w;
        setup((void **)&w);
        fake_http_handle(w->fh, hold, (void *)stops[i]);
        put(w->maps, MAP("settings", "1", "red"));
        put(w->secrets, SECRET("token", "1"));
        if (i > 0) {
            answer(w, "GET", TARGET_URL, 200, TARGET(BOTH));
        }
        if (i > 1) {
            answer(w, "GET", MAPS "/settings", 200, MAP("settings", "1", "red"));
        }
        if (i > 2) {
            answer(w, "POST", MAPS, 201, MAP("settings-primary", "2", "red"));
        }
        if (i > 3) {
            answer(w, "GET", SECRETS "/token", 200, SECRET("token", "1"));
            answer(w, "POST", SECRETS, 201, SECRET("token-primary", "2"));
        }
        start(w, NULL, true);
        fake_clock_run(w->fc);
        assert_int_equal(fake_http_open_calls(w->fh), 1);
        promotion_cancel(w->promotion);
        fake_clock_run(w->fc);
        assert_int_equal(w->done, 0);
        teardown((void **)&w);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_a_missing_primary_is_created),
        CASE(test_configs_come_first),
        CASE(test_without_tracking_configs_are_shared),
        CASE(test_a_primary_that_is_there_already_stays),
        CASE(test_a_promotion_patches_the_primary),
        CASE(test_an_autoscaler_keeps_its_replicas),
        CASE(test_a_foreign_copy_or_primary_is_not_written_over),
        CASE(test_only_stale_copies_are_written),
        CASE(test_only_the_wanted_revision_is_promoted),
        CASE(test_only_the_wanted_configs_are_copied),
        CASE(test_a_conflict_reads_the_primary_again),
        CASE(test_after_five_conflicts_it_gives_up),
        CASE(test_a_promotion_finds_a_primary_made_meanwhile),
        CASE(test_the_target_cannot_be_read),
        CASE(test_a_mandatory_config_is_missing),
        CASE(test_a_config_cannot_be_copied),
        CASE(test_the_primary_cannot_be_written),
        CASE(test_a_target_without_a_selector_label),
        cmocka_unit_test(test_cancelled_at_every_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
