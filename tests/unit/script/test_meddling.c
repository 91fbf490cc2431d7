/* One whole release under the bundled strategy while somebody else does something, once right before every single
 * request. Whatever the place: in the end the canary is at rest with the right image, and the target was never scaled
 * down while it had requests to answer. */
#include "fake_story.h"

static void lose_status(struct world *w)
{
    fake_api_edit(w->api, CANARY, "{'status':null}");
}

/* Somebody else does something right before this request; in the end the canary is at rest with this image. True when
 * there were fewer requests. */
static bool live_with_meddling(const struct story *story, size_t at, meddle_fn *meddle, const char *image)
{
    struct world w;
    open_world(&w, story);
    w.kill_at = at;
    w.meddle = meddle;
    fake_clock_advance(w.fc, 300 * 1000);
    bool reached = w.counted >= at;
    const struct node *pod = node_at(fake_api_find(w.api, PRIMARY), "spec", "template", "spec");
    const char *live = node_str(node_get(node_item(node_get(pod, "containers"), 0), "image"));
    bool at_rest = strcmp(phase(&w), "Succeeded") == 0 || strcmp(phase(&w), "Initialized") == 0;
    if (reached && (!at_rest || strcmp(live, image) != 0 || w.weights[w.weight_count - 1] != 0)) {
        fail_msg("request %zu: phase %s, image %s, weight %d", at, phase(&w), live, w.weights[w.weight_count - 1]);
    }
    if (reached) {
        fake_doc_expect(node_at(fake_api_find(w.api, TARGET), "spec", "replicas"), "0");
        /* what was done once is not rolled out once more */
        assert_true(meddle != lose_status || fake_api_find(w.api, SLUICE "/podinfo-2") == NULL);
    }
    close_world(&w);
    return !reached;
}

static void meddle_everywhere(const struct story *story, meddle_fn *meddle, const char *image)
{
    size_t at = 1;
    while (!live_with_meddling(story, at, meddle, image)) {
        assert_true(++at < REQUESTS_MAX);
    }
}

static void push_another_image(struct world *w)
{
    fake_api_edit(w->api, TARGET,
                  "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:3'}]}}}}");
}

static void test_another_revision_at_any_time_is_the_one_in_the_end(void **state)
{
    meddle_everywhere(&canary_story, push_another_image, "podinfo:3");
}

static void test_a_status_lost_at_any_time_harms_nobody(void **state)
{
    meddle_everywhere(&canary_story, lose_status, "podinfo:2");
}

static void delete_release(struct world *w)
{
    if (fake_api_find(w->api, RELEASE) != NULL) {
        fake_api_delete(w->api, RELEASE);
    }
}

static void test_a_release_deleted_at_any_time_is_made_up_for(void **state)
{
    meddle_everywhere(&canary_story, delete_release, "podinfo:2");
}

static void change_strategy(struct world *w)
{
    fake_api_edit(w->api, CANARY, "{'spec':{'analysis':{'maxWeight':null,'stepWeight':null,'iterations':2}}}");
}

static void test_another_strategy_at_any_time_ends_well(void **state)
{
    meddle_everywhere(&canary_story, change_strategy, "podinfo:2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_revision_at_any_time_is_the_one_in_the_end),
        cmocka_unit_test(test_a_status_lost_at_any_time_harms_nobody),
        cmocka_unit_test(test_a_release_deleted_at_any_time_is_made_up_for),
        cmocka_unit_test(test_another_strategy_at_any_time_ends_well),
    };
    return cmocka_run_group_tests(tests, load_modules, free_modules);
}
