/* Nothing starts that nobody asked for: engines on an embedded cluster, whose Canaries are initialised, adopted from
 * Flagger, or met again after an upgrade. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "fake_doc.h"
#include "io/virtual_clock.h"
#include "lab/stage.h"
#include "sim/api/caller.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, MANY = 100 };

struct world {
    struct virtual_clock *time;
    struct stage stage;
    struct objects *objects;
    int releases; /* that were made */
};

static void on_object(void *ctx, const struct objects_event *event)
{
    struct world *w = ctx;
    w->releases += event->change == OBJECTS_ADDED && strstr(event->storage, "releases") != NULL;
}

static void on_engine(void *ctx)
{
    (void)ctx;
}

static void advance(struct world *w, int64_t ms)
{
    virtual_clock_run(w->time, clock_mono_ms(virtual_clock_clock(w->time)) + ms);
}

static void next_engine(struct world *w)
{
    stage_close_engine(&w->stage);
    advance(w, 20 * SECOND);
    stage_start_engine(&w->stage, "engine", on_engine, w);
    advance(w, 20 * SECOND);
    assert_int_equal(w->stage.state, STAGE_READY);
}

static int setup(void **state)
{
    static struct world world;
    struct err err = {0};
    log_set_sink(log_drop, NULL);
    world = (struct world){.time = virtual_clock_new(1773216907000)};
    assert_true(stage_init(&world.stage, virtual_clock_clock(world.time), 1, &err));
    world.objects = api_objects(cluster_api(world.stage.cluster));
    objects_listen(world.objects, on_object, &world);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    stage_kill_engine(&w->stage, false);
    objects_unlisten(w->objects, on_object, w);
    stage_fini(&w->stage);
    virtual_clock_free(w->time);
    return 0;
}

static void create(struct world *w, const char *objects)
{
    struct err err = {0};
    struct doc *doc = fake_doc(objects);
    if (!cluster_create(w->stage.cluster, doc_root(doc), &err)) {
        fail_msg("%s", err.text);
    }
    doc_free(doc);
}

/* A merge patch, by a person. */
static void patch(struct world *w, const char *kind, const char *name, const char *part, const char *change)
{
    struct err err = {0};
    struct doc *body = fake_doc(change);
    char *text = node_to_text(doc_root(body));
    char *object = caller_path(caller_kind(cluster_api(w->stage.cluster), kind), "test", name);
    char *path = str_format("%s%s", object, part);
    struct caller_request request = {"PATCH", path, "", "application/merge-patch+json", text};
    if (!caller_send(cluster_api(w->stage.cluster), &request, &err)) {
        fail_msg("%s", err.text);
    }
    str_free(&path);
    mem_free(object);
    mem_free(text);
    doc_free(body);
}

static struct doc *find(struct world *w, const char *kind, const char *name)
{
    return objects_get(w->objects, caller_kind(cluster_api(w->stage.cluster), kind)->storage, "test", name);
}

static char *status_text(struct world *w, const char *name, const char *key)
{
    struct doc *canary = find(w, "Canary", name);
    char *text = str_dup(node_str_or(node_at(doc_root(canary), "status", key), ""));
    doc_free(canary);
    return text;
}

static void expect_phase(struct world *w, const char *name, const char *phase)
{
    char *text = status_text(w, name, "phase");
    assert_string_equal(text, phase);
    str_free(&text);
}

static void create_app(struct world *w, const char *name, const char *labels, const char *pod_spec)
{
    bool of_container = str_has_prefix(pod_spec, ",'env");
    char *text = str_format(
        "[{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'%s','namespace':'test'},'spec':{'selector':{"
        "'matchLabels':{'app':'%s'}},'template':{'metadata':{'labels':{'app':'%s'%s}},'spec':{'containers':[{'name':'c'"
        ",'image':'app:1','ports':[{'name':'http','containerPort':8080}]%s}]%s}}}},"
        "{'apiVersion':'flagger.app/v1beta1','kind':'Canary','metadata':{'name':'%s','namespace':'test'},'spec':{"
        "'targetRef':{'apiVersion':'apps/v1','kind':'Deployment','name':'%s'},'service':{'port':80,'targetPort':8080},"
        "'analysis':{'interval':'10s','threshold':5,'stepWeight':50,'maxWeight':100}}}]",
        name, name, name, labels, of_container ? pod_spec : "", of_container ? "" : pod_spec, name, name);
    create(w, text);
    str_free(&text);
}

/* --- what makes a primary's names ambiguous --- */

#define TERM(name)                                                                                                     \
    "{'labelSelector':{'matchExpressions':[{'key':'app','operator':'In','values':['" name                              \
    "']}]},'topologyKey':'kubernetes.io/hostname'}"
#define ENV(name, more) ",'env':[{'name':'URL','valueFrom':{'secretKeyRef':{'name':'" name "','key':'url'" more "}}}]"

static const struct phantom {
    const char *what, *labels, *pod_spec;
} phantoms[] = {
    {"plain", "", ""},
    {"affinity to its own Pods", "",
     ",'affinity':{'podAntiAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':[" TERM("x") "]}}"},
    {"affinity that names a primary", "",
     ",'affinity':{'podAntiAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':[" TERM("x-primary") "]}}"},
    {"spread that names a primary", "",
     ",'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':'zone','whenUnsatisfiable':'ScheduleAnyway',"
     "'labelSelector':{'matchLabels':{'app':'x-primary'}}}]"},
    {"a tracked config", "", ENV("db", "")},
    {"an untracked config called primary", "", ENV("postgres-primary", "")},
    {"a missing config called primary", "", ENV("missing-primary", ",'optional':true")},
    {"keys of Flux's", ",'kustomize.toolkit.fluxcd.io/name':'apps'", ""},
};

static void create_configs(struct world *w)
{
    create(w,
           "[{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'test'}},"
           "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'db','namespace':'test'},'stringData':{'url':'a'}},"
           "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'postgres-primary','namespace':'test','annotations'"
           ":{'flagger.app/config-tracking':'disabled'}},'stringData':{'url':'a'}}]");
}

static void make_initialised(struct world *w, const struct phantom *phantom)
{
    create_configs(w);
    create_app(w, "x", phantom->labels, phantom->pod_spec);
    stage_start_engine(&w->stage, "engine", on_engine, w);
    advance(w, MINUTE);
    if (w->releases > 0) {
        fail_msg("%s: a release began right after the initialisation", phantom->what);
    }
    expect_phase(w, "x", "Initialized");
}

static void each_phantom(void **state, void (*check)(struct world *w, const struct phantom *phantom))
{
    for (size_t i = 0; i < sizeof phantoms / sizeof *phantoms; i++) {
        setup(state);
        make_initialised(*state, &phantoms[i]);
        check(*state, &phantoms[i]);
        if (i + 1 < sizeof phantoms / sizeof *phantoms) {
            teardown(state);
        }
    }
}

static void new_image(struct world *w)
{
    patch(w, "Deployment", "x", "", "{'spec':{'template':{'spec':{'containers':[{'name':'c','image':'app:2'}]}}}}");
}

static void expect_releases(struct world *w, const struct phantom *phantom, int count)
{
    if (w->releases != count) {
        fail_msg("%s: %d releases, wanted %d", phantom->what, w->releases, count);
    }
}

static void check_initialised(struct world *w, const struct phantom *phantom)
{
    new_image(w);
    advance(w, MINUTE);
    expect_releases(w, phantom, 1);
}

static void test_an_initialisation_is_followed_by_no_release(void **state)
{
    each_phantom(state, check_initialised);
}

#define FLAGGERS                                                                                                       \
    "{'status':{'phase':'Succeeded','lastAppliedSpec':'6b7c8d9f4c','lastPromotedSpec':'6b7c8d9f4c',"                   \
    "'lastTrackedRevision':null}}"

static void let_flagger_write(struct world *w, const char *status)
{
    stage_close_engine(&w->stage);
    advance(w, 20 * SECOND);
    patch(w, "Canary", "x", "/status", status);
}

static void check_adopted(struct world *w, const struct phantom *phantom)
{
    let_flagger_write(w, FLAGGERS);
    next_engine(w);
    advance(w, MINUTE);
    expect_releases(w, phantom, 0);
    char *applied = status_text(w, "x", "lastAppliedSpec");
    assert_true(str_has_prefix(applied, "s1-"));
    str_free(&applied);
    new_image(w);
    advance(w, MINUTE);
    expect_releases(w, phantom, 1);
}

static void test_what_flagger_left_is_adopted(void **state)
{
    each_phantom(state, check_adopted);
}

static void check_changed_meanwhile(struct world *w, const struct phantom *phantom)
{
    let_flagger_write(w, FLAGGERS);
    new_image(w);
    next_engine(w);
    advance(w, MINUTE);
    expect_releases(w, phantom, 1);
}

static void test_what_changed_while_nobody_looked_is_a_new_revision(void **state)
{
    each_phantom(state, check_changed_meanwhile);
}

static void check_lost(struct world *w, const struct phantom *phantom)
{
    let_flagger_write(w, "{'status':null}");
    next_engine(w);
    advance(w, MINUTE);
    expect_releases(w, phantom, 0);
    expect_phase(w, "x", "Initialized");
    let_flagger_write(w, "{'status':null}");
    new_image(w);
    next_engine(w);
    advance(w, MINUTE);
    expect_releases(w, phantom, 1);
}

static void test_a_lost_status_is_adopted(void **state)
{
    each_phantom(state, check_lost);
}

/* --- copies of configs that others change while the Canary is initialised --- */

static bool has(struct world *w, const char *kind, const char *name)
{
    struct doc *doc = find(w, kind, name);
    doc_free(doc);
    return doc != NULL;
}

/* Until the primary is made. */
static void begin_initialisation(struct world *w)
{
    create_configs(w);
    create_app(w, "x", "", ENV("db", ""));
    stage_start_engine(&w->stage, "engine", on_engine, w);
    for (int n = 0; !has(w, "Deployment", "x-primary"); n++) {
        assert_in_range(n, 0, 10000);
        advance(w, 1);
    }
}

static void delete_copy(struct world *w)
{
    struct err err = {0};
    struct api *api = cluster_api(w->stage.cluster);
    assert_true(api_delete(api, caller_kind(api, "Secret"), "test", "db-primary", &err));
}

static void change_copy(struct world *w)
{
    patch(w, "Secret", "db-primary", "", "{'stringData':{'url':'of somebody else'}}");
}

static void change_source(struct world *w)
{
    patch(w, "Secret", "db", "", "{'stringData':{'url':'b'}}");
}

static const struct meddling {
    void (*meddle)(struct world *w);
    int releases;
} meddlings[] = {{delete_copy, 0}, {change_copy, 0}, {change_source, 1}};

static void test_a_copy_that_others_change_in_an_initialisation_starts_nothing(void **state)
{
    size_t count = sizeof meddlings / sizeof *meddlings;
    for (size_t i = 0; i < 2 * count; i++) {
        const struct meddling *meddling = &meddlings[i % count];
        setup(state);
        struct world *w = *state;
        begin_initialisation(w);
        advance(w, 200); /* what was copied is on record by now */
        expect_phase(w, "x", "Initializing");
        meddling->meddle(w);
        if (i >= count) {
            stage_kill_engine(&w->stage, false);
            next_engine(w);
        }
        advance(w, 2 * MINUTE);
        if (w->releases != meddling->releases) {
            fail_msg("meddling %d: %d releases, wanted %d", (int)i, w->releases, meddling->releases);
        }
        expect_phase(w, "x", meddling->releases == 0 ? "Initialized" : "Succeeded");
        if (i + 1 < 2 * count) {
            teardown(state);
        }
    }
}

/* The engine dies between the primary and the record of it: nobody knows what was copied. */
static void test_a_copy_that_is_missing_without_a_record_starts_nothing(void **state)
{
    struct world *w = *state;
    begin_initialisation(w);
    stage_kill_engine(&w->stage, false);
    delete_copy(w);
    next_engine(w);
    advance(w, MINUTE);
    assert_int_equal(w->releases, 0);
    expect_phase(w, "x", "Initialized");
}

/* --- the same template with another digest --- */

static char *name_of(int n)
{
    return str_format("app-%d", n);
}

/* As an API server serves what is stored once it knows another default: no write, no generation. */
static void learn_default(struct world *w, const char *name)
{
    struct doc *target = find(w, "Deployment", name);
    node_set_str(target, node_at(doc_root(target), "spec", "template", "spec"), "newDefault", "Always");
    objects_put(w->objects, caller_kind(cluster_api(w->stage.cluster), "Deployment")->storage, target);
    doc_free(target);
}

static void make_many(struct world *w)
{
    create_configs(w);
    for (int n = 0; n < MANY; n++) {
        char *name = name_of(n);
        create_app(w, name, "", n % 2 == 0 ? ENV("db", "") : "");
        str_free(&name);
    }
    stage_start_engine(&w->stage, "engine", on_engine, w);
    advance(w, 2 * MINUTE);
}

static void each_app(struct world *w, void (*fn)(struct world *w, const char *name))
{
    for (int n = 0; n < MANY; n++) {
        char *name = name_of(n);
        fn(w, name);
        str_free(&name);
    }
}

static void expect_initialised(struct world *w, const char *name)
{
    expect_phase(w, name, "Initialized");
}

/* By a recipe that this engine does not know. */
static void write_other_digest(struct world *w, const char *name)
{
    patch(w, "Canary", name, "/status",
          "{'status':{'lastAppliedSpec':'s1-0123456789abcdef','lastPromotedSpec':'s1-0123456789abcdef'}}");
}

static void expect_new_digest(struct world *w, const char *name)
{
    char *applied = status_text(w, name, "lastAppliedSpec"), *promoted = status_text(w, name, "lastPromotedSpec");
    assert_string_not_equal(applied, "s1-0123456789abcdef");
    assert_string_equal(applied, promoted);
    str_free(&applied);
    str_free(&promoted);
}

static void scale_up(struct world *w, const char *name)
{
    patch(w, "Deployment", name, "", "{'spec':{'replicas':2}}");
}

static void test_an_upgrade_starts_nothing(void **state)
{
    struct world *w = *state;
    make_many(w);
    each_app(w, expect_initialised);

    /* An engine with another recipe for the digest comes, and the API server has learnt a default. */
    stage_close_engine(&w->stage);
    advance(w, 20 * SECOND);
    each_app(w, write_other_digest);
    next_engine(w);
    each_app(w, learn_default);
    advance(w, MINUTE);
    each_app(w, expect_new_digest);
    assert_int_equal(w->releases, 0);

    /* A default that no event told of shows with the next change of replicas. */
    each_app(w, learn_default);
    each_app(w, scale_up);
    advance(w, MINUTE);
    assert_int_equal(w->releases, 0);
    each_app(w, expect_initialised);

    patch(w, "Deployment", "app-7", "", "{'spec':{'template':{'metadata':{'labels':{'a':'b'}}}}}");
    advance(w, MINUTE);
    assert_int_equal(w->releases, 1);
}

/* A release that is under way goes on, and is promoted. */
static void test_a_default_learnt_in_mid_run_supersedes_nothing(void **state)
{
    struct world *w = *state;
    make_initialised(w, &phantoms[4]);
    patch(w, "Canary", "x", "",
          "{'spec':{'skipAnalysis':false,'analysis':{'stepWeight':10,'maxWeight':50,'metrics':[]}}}");
    new_image(w);
    advance(w, 45 * SECOND);
    expect_phase(w, "x", "Progressing");
    learn_default(w, "x");
    advance(w, 3 * MINUTE);
    expect_phase(w, "x", "Succeeded");
    assert_int_equal(w->releases, 1);
    struct doc *primary = find(w, "Deployment", "x-primary");
    const struct node *containers = node_at(doc_root(primary), "spec", "template", "spec", "containers");
    assert_true(node_is(node_get(node_item(containers, 0), "image"), "app:2"));
    doc_free(primary);
}

/* --- what the engine reads of ConfigMaps and Secrets --- */

enum { FOREIGN = 30 };

static struct {
    int lists, whole_lists, reads, foreign_reads;
} seen;

static struct network_fate on_request(void *ctx, const struct http_request *request)
{
    const char *path = strstr(request->url, "/configmaps"), *name;
    if (path != NULL && strcmp(request->method, "GET") == 0) {
        bool whole = true;
        for (size_t i = 0; i < request->header_count; i++) {
            whole = whole && strstr(request->headers[i].value, "as=PartialObjectMetadata") == NULL;
        }
        name = strchr(path + 1, '/');
        seen.lists += name == NULL;
        seen.whole_lists += name == NULL && whole;
        seen.reads += name != NULL && strcmp(name, "/files") == 0;
        seen.foreign_reads += name != NULL && strstr(name, "/foreign") == name;
    }
    return (struct network_fate){0};
}

#define FILES(data, binary)                                                                                            \
    "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'files','namespace':'test'},'data':{'a':'" data          \
    "'},'binaryData':{'b':'" binary "'}}"

/* Bodies of what nobody tracks are nobody's business; the body of what is tracked is read when its version moves, and
 * all of it reaches the copy. */
static void test_only_tracked_configs_are_read_whole(void **state)
{
    struct world *w = *state;
    memset(&seen, 0, sizeof seen);
    network_fates(cluster_network(w->stage.cluster), on_request, w);
    create_configs(w);
    create(w, "[" FILES("1", "AAAA") "]");
    for (int n = 0; n < FOREIGN; n++) {
        char *text =
            str_format("[{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'foreign-%d','namespace':'test'},"
                       "'data':{'a':'1'}}]",
                       n);
        create(w, text);
        str_free(&text);
    }
    create_app(w, "x", "", ",'volumes':[{'name':'v','configMap':{'name':'files'}}]");
    stage_start_engine(&w->stage, "engine", on_engine, w);
    advance(w, MINUTE);
    expect_phase(w, "x", "Initialized");
    assert_true(seen.lists > 0);
    assert_int_equal(seen.whole_lists, 0);
    assert_int_equal(seen.foreign_reads, 0);
    assert_in_range(seen.reads, 1, 3); /* by the actor, and by the promotion, which copies what it read itself */
    assert_int_equal(w->releases, 0);

    int before = seen.reads;
    patch(w, "ConfigMap", "files", "", "{'metadata':{'labels':{'touched':'yes'}}}");
    advance(w, MINUTE);
    assert_int_equal(seen.reads, before + 1);
    assert_int_equal(w->releases, 0);

    patch(w, "ConfigMap", "files", "", "{'binaryData':{'b':'BBBB'}}");
    advance(w, 5 * MINUTE);
    assert_int_equal(w->releases, 1);
    expect_phase(w, "x", "Succeeded");
    struct doc *copy = find(w, "ConfigMap", "files-primary");
    fake_doc_expect(node_get(doc_root(copy), "binaryData"), "{'b':'BBBB'}");
    doc_free(copy);
    assert_int_equal(seen.foreign_reads, 0);

    /* The same checksum as Flagger left it, or of a recipe that is not known: brought up to date, and nothing
     * starts. */
    patch(w, "Canary", "x", "/status", "{'status':{'trackedConfigs':{'configmap/files':'of another recipe'}}}");
    advance(w, MINUTE);
    assert_int_equal(w->releases, 1);
    struct doc *canary = find(w, "Canary", "x");
    const char *checksum = node_str(node_at(doc_root(canary), "status", "trackedConfigs", "configmap/files"));
    assert_true(str_has_prefix(checksum, "b1-"));
    doc_free(canary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_only_tracked_configs_are_read_whole, setup, teardown),
        cmocka_unit_test_teardown(test_an_initialisation_is_followed_by_no_release, teardown),
        cmocka_unit_test_teardown(test_what_flagger_left_is_adopted, teardown),
        cmocka_unit_test_teardown(test_what_changed_while_nobody_looked_is_a_new_revision, teardown),
        cmocka_unit_test_teardown(test_a_lost_status_is_adopted, teardown),
        cmocka_unit_test_teardown(test_a_copy_that_others_change_in_an_initialisation_starts_nothing, teardown),
        cmocka_unit_test_setup_teardown(test_a_copy_that_is_missing_without_a_record_starts_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_upgrade_starts_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_default_learnt_in_mid_run_supersedes_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
