/* Where something may strike the engine of a story, and a story that is struck there. (Specs strike many more: see
 * spec/world_killing.lua.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "fake_doc.h"
#include "io/virtual_clock.h"
#include "lab/killing.h"
#include "sim/api/caller.h"

enum { SECOND = 1000, TEXT_MAX = 4096, EVERY = 7 };

/* --- the places --- */

static void expect_places(struct killing killing, const char *expected)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    while (killing_next(&killing)) {
        buf_printf(&text, "%s %d;", killing_stroke_name(killing.stroke), killing.request);
    }
    assert_string_equal(buf_str(&text), expected);
    buf_fini(&text);
}

static void test_each_request_is_struck_in_each_way(void **state)
{
    expect_places((struct killing){.first = 7, .last = 8, .strokes = KILLING_DEATHS},
                  "before 7;served 7;answered 7;before 8;served 8;answered 8;");
    expect_places((struct killing){.first = 7, .last = 8, .strokes = KILLING_TROUBLE},
                  "refused 7;unanswered 7;refused 8;unanswered 8;");
}

static void test_requests_can_be_left_out(void **state)
{
    expect_places((struct killing){.first = 1, .last = 9, .strokes = KILLING_BY(MACHINE_SERVED), .every = 4},
                  "served 1;served 5;served 9;");
    expect_places(
        (struct killing){.first = 1, .last = 9, .strokes = KILLING_BY(MACHINE_BESIDE), .every = 4, .offset = 6},
        "beside 3;beside 7;");
}

static void test_the_ways_come_in_turn(void **state)
{
    expect_places((struct killing){.first = 1, .last = 4, .strokes = KILLING_DEATHS, .in_turn = true},
                  "before 1;served 2;answered 3;before 4;");
}

static void test_a_story_without_requests_has_no_place(void **state)
{
    expect_places((struct killing){.first = 5, .last = 4, .strokes = KILLING_DEATHS}, "");
}

static void test_each_stroke_is_found_by_its_name(void **state)
{
    for (int way = 0; way < MACHINE_STROKES; way++) {
        enum machine_stroke found = MACHINE_BEFORE;
        assert_true(killing_stroke_find(killing_stroke_name((enum machine_stroke)way), &found));
        assert_int_equal(found, way);
    }
    enum machine_stroke found;
    assert_false(killing_stroke_find("lightning", &found));
}

/* --- a story --- */

static const char OBJECTS[] =
    "[{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'test'}},"
    "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'app','namespace':'test'},'spec':{'selector':{"
    "'matchLabels':{'app':'app'}},'template':{'metadata':{'labels':{'app':'app'}},'spec':{'containers':[{'name':'c',"
    "'image':'app:1'}]}}}},"
    "{'apiVersion':'flagger.app/v1beta1','kind':'Canary','metadata':{'name':'app','namespace':'test'},'spec':{"
    "'targetRef':{'apiVersion':'apps/v1','kind':'Deployment','name':'app'},'service':{'port':80},'analysis':{"
    "'interval':'10s','threshold':5,'stepWeight':50,'maxWeight':50}}}]";

struct world {
    struct virtual_clock *time;
    struct stage stage;
    int engines, strokes;
};

static void on_engine(void *ctx)
{
    (void)ctx; /* called from inside of the engine: run_for looks at the state */
}

static void start_engine(struct world *w)
{
    char name[32];
    snprintf(name, sizeof name, "engine-%d", ++w->engines);
    stage_start_engine(&w->stage, name, on_engine, w);
}

static struct doc *find(struct world *w, const char *kind, const char *name)
{
    struct api *api = cluster_api(w->stage.cluster);
    return objects_get(api_objects(api), caller_kind(api, kind)->storage, "test", name);
}

static bool is_in(struct world *w, const char *phase)
{
    struct doc *canary = find(w, "Canary", "app");
    bool is = node_is(node_at(doc_root(canary), "status", "phase"), phase);
    doc_free(canary);
    return is;
}

/* Until the Canary is in this phase. Each dead engine is followed by another one. */
static void run_to(struct world *w, const char *phase)
{
    for (int seconds = 0; !is_in(w, phase); seconds++) {
        assert_true(seconds < 600);
        if (w->stage.state == STAGE_DEAD) {
            start_engine(w);
        }
        virtual_clock_run(w->time, clock_mono_ms(virtual_clock_clock(w->time)) + SECOND);
    }
}

static void on_struck(void *ctx)
{
    ((struct world *)ctx)->strokes++;
}

static void push(struct world *w)
{
    static const char patch[] =
        "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"app:2\"}]}}}}";
    struct err err = {0};
    struct api *api = cluster_api(w->stage.cluster);
    char *path = caller_path(caller_kind(api, "Deployment"), "test", "app");
    struct caller_request request = {"PATCH", path, "", "application/merge-patch+json", patch};
    assert_true(caller_send(api, &request, &err));
    mem_free(path);
}

static void open_world(struct world *w)
{
    struct err err = {0};
    struct doc *objects = fake_doc(OBJECTS);
    log_set_sink(log_drop, NULL);
    *w = (struct world){.time = virtual_clock_new(1773216907000)};
    assert_true(stage_init(&w->stage, virtual_clock_clock(w->time), 1, &err));
    w->stage.replay_words = 2; /* so that a replay takes several turns */
    assert_true(cluster_create(w->stage.cluster, doc_root(objects), &err));
    doc_free(objects);
    start_engine(w);
    run_to(w, "Initialized");
}

/* From the new image to the end. */
static void release(struct world *w)
{
    push(w);
    run_to(w, "Succeeded");
    struct doc *primary = find(w, "Deployment", "app-primary"), *again = find(w, "Release", "app-2");
    const struct node *containers = node_at(doc_root(primary), "spec", "template", "spec", "containers");
    assert_true(node_is(node_get(node_item(containers, 0), "image"), "app:2"));
    assert_null(again);
    doc_free(primary);
}

static void close_world(struct world *w)
{
    stage_kill_engine(&w->stage, false);
    stage_fini(&w->stage);
    virtual_clock_free(w->time);
}

static void test_a_release_survives_what_strikes_its_engine(void **state)
{
    struct world w;
    struct killing killing = {.strokes = KILLING_DEATHS | KILLING_TROUBLE, .every = EVERY, .in_turn = true};
    open_world(&w);
    killing.first = stage_requests(&w.stage) + 1;
    release(&w);
    killing.last = stage_requests(&w.stage);
    close_world(&w);
    assert_true(killing.last > killing.first + EVERY);
    while (killing_next(&killing)) {
        open_world(&w);
        stage_strike_at(&w.stage, killing.request, killing.stroke, on_struck, &w);
        release(&w);
        assert_int_equal(w.strokes, 1);
        assert_int_equal(w.engines, (KILLING_DEATHS & KILLING_BY(killing.stroke)) != 0 ? 2 : 1);
        close_world(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_request_is_struck_in_each_way),
        cmocka_unit_test(test_requests_can_be_left_out),
        cmocka_unit_test(test_the_ways_come_in_turn),
        cmocka_unit_test(test_a_story_without_requests_has_no_place),
        cmocka_unit_test(test_each_stroke_is_found_by_its_name),
        cmocka_unit_test(test_a_release_survives_what_strikes_its_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
