/* One whole release under the bundled strategies, whose engine is killed at every single request, once before the
 * server did it and once after. Another engine goes on. Whatever the place: the release ends as if nothing had been,
 * and nothing is done twice. */
#include "fake_story.h"

/* Until the release is closed, over the death of one engine; false when nobody was killed. */
static bool play(struct world *w)
{
    bool killed = false;
    for (int second = 0; second < 3000 && !is_over(w); second++) {
        fake_clock_advance(w->fc, 100);
        if (w->dead) {
            killed = true;
            stop_engine(w);
            w->dead = false;
            w->kill_at = SIZE_MAX;
            if (w->edit != NULL) {
                fake_api_edit(w->api, CANARY, w->edit);
            }
            start_engine(w, "second");
        }
    }
    fake_clock_advance(w->fc, 2000);
    if (!is_over(w)) {
        fail_msg("killed %s request %zu: the release is stuck in phase %s", w->kill_after ? "after" : "before",
                 w->counted, phase(w));
    }
    return killed;
}

/* --- what must be true at the end --- */

/* How often something was told: events that count, and their counts. */
static int64_t told(struct world *w, const char *message)
{
    int64_t count = 0;
    struct str_list names = {0};
    for (size_t i = 0; i < fake_http_seen_count(w->fh); i++) {
        const struct fake_http_seen *request = fake_http_seen(w->fh, i);
        if (strcmp(request->method, "POST") != 0 || strstr(request->url, EVENTS) == NULL) {
            continue;
        }
        struct doc *event = fake_doc(request->body);
        char *path = str_format(EVENTS "/%s", object_name(doc_root(event)));
        const struct node *live = fake_api_find(w->api, path);
        if (live != NULL && node_is(node_get(live, "message"), message) && !str_list_has(&names, path)) {
            count += node_int_or(node_get(live, "count"), 1);
            str_list_push(&names, path);
        }
        str_free(&path);
        doc_free(event);
    }
    str_list_fini(&names);
    return count;
}

static void expect_end(struct world *w, const struct story *story, const char *place)
{
    if (strcmp(phase(w), story->phase) != 0) {
        fail_msg("%s: ended in phase %s", place, phase(w));
    }
    fake_doc_expect(node_at(fake_api_find(w->api, TARGET), "spec", "replicas"), "0");
    const struct node *pod = node_at(fake_api_find(w->api, PRIMARY), "spec", "template", "spec");
    assert_string_equal(node_str(node_get(node_item(node_get(pod, "containers"), 0), "image")), story->image);
    assert_null(fake_api_find(w->api, SLUICE "/podinfo-2"));
    for (size_t i = 0; story->weights[i] >= 0 || i < w->weight_count; i++) {
        if (i >= w->weight_count || w->weights[i] != story->weights[i]) {
            fail_msg("%s: weight %zu is %d, wanted %d", place, i, i < w->weight_count ? w->weights[i] : -1,
                     story->weights[i]);
        }
    }
}

/* What was told and delivered, each once. */
static void expect_story(struct world *w, const struct story *story, const char *place)
{
    for (size_t i = 0; story->told_once[i] != NULL; i++) {
        if (told(w, story->told_once[i]) != 1) {
            fail_msg("%s: told %lld times: %s", place, (long long)told(w, story->told_once[i]), story->told_once[i]);
        }
    }
    if (w->hooks.count != story->deliveries) {
        for (size_t i = 0; i < w->hooks.count; i++) {
            print_message("%s\n", w->hooks.items[i]);
        }
        fail_msg("%s: %zu different deliveries", place, w->hooks.count);
    }
}

/* True when the engine lived to the end. */
static bool live_through(const struct story *story, size_t kill_at, bool kill_after)
{
    struct world w;
    char place[64];
    snprintf(place, sizeof place, "killed %s request %zu", kill_after ? "after" : "before", kill_at);
    open_world(&w, story);
    w.kill_at = kill_at;
    w.kill_after = kill_after;
    bool killed = play(&w);
    expect_end(&w, story, place);
    expect_story(&w, story, place);
    close_world(&w);
    return !killed;
}

static void kill_everywhere(const struct story *story)
{
    for (int after = 0; after < 2; after++) {
        size_t at = 1;
        while (!live_through(story, at, after)) {
            assert_true(++at < REQUESTS_MAX);
        }
        assert_true(at > 10);
    }
}

/* The Canary is changed while nobody looks: what was begun is ended as it was begun, and the release goes on from
 * there. True when the engine lived to the end. */
static bool live_through_edit(const struct story *story, size_t kill_at, bool kill_after, const char *edit)
{
    struct world w;
    open_world(&w, story);
    w.kill_at = kill_at;
    w.kill_after = kill_after;
    w.edit = edit;
    bool killed = play(&w);
    const struct node *pod = node_at(fake_api_find(w.api, PRIMARY), "spec", "template", "spec");
    const char *image = node_str(node_get(node_item(node_get(pod, "containers"), 0), "image"));
    if (strcmp(phase(&w), "Succeeded") != 0 || strcmp(image, "podinfo:2") != 0) {
        fail_msg("killed %s request %zu: ended in phase %s with %s", kill_after ? "after" : "before", kill_at,
                 phase(&w), image);
    }
    if (fake_api_find(w.api, SLUICE "/podinfo-2") != NULL) {
        fail_msg("killed %s request %zu: it was begun anew", kill_after ? "after" : "before", kill_at);
    }
    close_world(&w);
    return !killed;
}

static void edit_after_every_kill(const struct story *story, const char *edit)
{
    for (int after = 0; after < 2; after++) {
        size_t at = 1;
        while (!live_through_edit(story, at, after, edit)) {
            assert_true(++at < REQUESTS_MAX);
        }
    }
}

/* One request fails, or is done and seems to fail; the engine lives. True when there were fewer requests. */
static bool live_with_trouble(const struct story *story, size_t at, bool after)
{
    struct world w;
    char place[64];
    snprintf(place, sizeof place, "request %zu %s", at, after ? "was not answered" : "failed");
    open_world(&w, story);
    w.kill_at = at;
    w.kill_after = after;
    w.only_trouble = true;
    play(&w);
    expect_end(&w, story, place);
    bool reached = w.counted >= at;
    close_world(&w);
    return !reached;
}

static void trouble_everywhere(const struct story *story)
{
    for (int after = 0; after < 2; after++) {
        size_t at = 1;
        while (!live_with_trouble(story, at, after)) {
            assert_true(++at < REQUESTS_MAX);
        }
    }
}

static const struct story slow_promotion_story = {
    .analysis = "{'spec':{'analysis':{'maxWeight':50,'stepWeight':50,'stepWeightPromotion':50,'webhooks':[" HOOK(
        "gate", "confirm-rollout") "," HOOK("ask", "confirm-promotion") "]}}}",
    .phase = "Succeeded",
    .image = "podinfo:2",
    .weights = {50, 0, -1},
    .told_once = {"Confirm-rollout check gate passed", "Advance podinfo.test canary weight 50",
                  "Confirm-promotion check ask passed", "Advance podinfo.test primary weight 100",
                  "Promotion completed! Scaling down podinfo.test"},
    .deliveries = 2,
};

static const struct story blue_green_story = {
    .analysis = "{'spec':{'analysis':{'maxWeight':null,'stepWeight':null,'iterations':2,'webhooks':[" HOOK(
        "load", "rollout") "]}}}",
    .phase = "Succeeded",
    .image = "podinfo:2",
    .weights = {100, 0, -1},
    .told_once = {"Advance podinfo.test canary iteration 1/2", "Advance podinfo.test canary iteration 2/2",
                  "Routing all traffic to canary", "Routing all traffic to primary"},
    .deliveries = 3,
};

static const struct story skipped_story = {
    .analysis = "{'spec':{'skipAnalysis':true}}",
    .phase = "Succeeded",
    .image = "podinfo:2",
    .weights = {-1},
    .told_once = {"Copying podinfo.test template spec to podinfo-primary.test",
                  "Promotion completed! Canary analysis was skipped for podinfo.test"},
};

static const struct story rollback_story = {
    .analysis = "{'spec':{'analysis':{'maxWeight':50,'stepWeight':25,'threshold':2,'webhooks':[" HOOK(
        "load", "rollout") "," HOOK("end", "post-rollout") "]}}}",
    .bad_hook = "load",
    .phase = "Failed",
    .image = "podinfo:1",
    .weights = {25, 0, -1},
    .told_once = {"Advance podinfo.test canary weight 25",
                  "Rolling back podinfo.test failed checks threshold reached 2",
                  "Canary failed! Scaling down podinfo.test", "Post-rollout check end passed"},
    .deliveries = 3, /* load failed twice, end */
};

static void test_a_canary_release_survives_a_crash_anywhere(void **state)
{
    kill_everywhere(&canary_story);
}

static void test_a_promotion_in_steps_survives_a_crash_anywhere(void **state)
{
    kill_everywhere(&slow_promotion_story);
}

static void test_a_blue_green_release_survives_a_crash_anywhere(void **state)
{
    kill_everywhere(&blue_green_story);
}

static void test_a_release_without_analysis_survives_a_crash_anywhere(void **state)
{
    kill_everywhere(&skipped_story);
}

static void test_a_rollback_survives_a_crash_anywhere(void **state)
{
    kill_everywhere(&rollback_story);
}

static void test_one_failure_anywhere_changes_no_end(void **state)
{
    trouble_everywhere(&canary_story);
    trouble_everywhere(&rollback_story);
}

static void test_a_canary_changed_during_a_crash_is_not_begun_anew(void **state)
{
    edit_after_every_kill(&canary_story, "{'spec':{'skipAnalysis':true}}");
    edit_after_every_kill(&skipped_story, "{'spec':{'skipAnalysis':false}}");
    edit_after_every_kill(&slow_promotion_story, "{'spec':{'analysis':{'stepWeightPromotion':null}}}");
    edit_after_every_kill(&canary_story, "{'spec':{'analysis':{'threshold':3,'maxWeight':25,'webhooks':[]}}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_canary_release_survives_a_crash_anywhere),
        cmocka_unit_test(test_a_promotion_in_steps_survives_a_crash_anywhere),
        cmocka_unit_test(test_a_blue_green_release_survives_a_crash_anywhere),
        cmocka_unit_test(test_a_release_without_analysis_survives_a_crash_anywhere),
        cmocka_unit_test(test_a_rollback_survives_a_crash_anywhere),
        cmocka_unit_test(test_a_canary_changed_during_a_crash_is_not_begun_anew),
        cmocka_unit_test(test_one_failure_anywhere_changes_no_end),
    };
    return cmocka_run_group_tests(tests, load_modules, free_modules);
}
