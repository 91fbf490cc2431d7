/* An alert is on record as begun before it is sent, so that it is sent once at most. */
#include "effect_world.h"
#include "fake_adapters.h"

#define ALERT "{'kind':'alert','severity':'warn','message':'Canary is waiting for approval.'}"
#define BEGUN "{'kind':'alert','severity':'warn','message':'Canary is waiting for approval.','begun':true}"
#define EVENT "{'kind':'event','type':'Normal','message':'hello','key':'k'}"

struct alert_world {
    struct world w;
    struct fake_adapters adapters;
    struct str_list recorded;
};

static int setup(void **state)
{
    struct alert_world *a = mem_new(struct alert_world);
    open_world(&a->w);
    struct context *context = &a->w.f.context;
    fake_adapters_init(&a->adapters, context->clock);
    struct alerter_options options = {.clock = context->clock,
                                      .kube = context->kube,
                                      .adapters = &a->adapters.base,
                                      .chat = {.type = "msteams", .url = "http://h"}};
    context->alerter = alerter_new(&options);
    *state = a;
    return 0;
}

static int teardown(void **state)
{
    struct alert_world *a = *state;
    close_world(&a->w);
    fake_adapters_fini(&a->adapters);
    str_list_fini(&a->recorded);
    mem_free(a);
    return 0;
}

static void on_record(void *ctx, const struct node *list)
{
    struct alert_world *a = (struct alert_world *)ctx;
    char *text = node_to_text(list);
    str_list_push(&a->recorded, text);
    str_free(&text);
}

static void begin(struct alert_world *a, const char *list, bool redo)
{
    struct doc *doc = fake_doc(list);
    struct effects_options options = {.context = &a->w.f.context,
                                      .release = a->w.release,
                                      .announcer = a->w.f.announcer,
                                      .list = doc_root(doc),
                                      .redo = redo,
                                      .record = on_record};
    a->w.done = 0;
    a->w.effects = effects_start(&options, on_done, a); /* the world is its first member */
    doc_free(doc);
    fake_clock_run(a->w.f.fc);
}

static void go_on(struct alert_world *a)
{
    effects_recorded(a->w.effects);
    fake_clock_run(a->w.f.fc);
}

static void it_is_recorded_and_then_sent(void **state)
{
    struct alert_world *a = *state;
    begin(a, "[" EVENT "," ALERT "," ALERT "]", false);
    assert_int_equal(a->w.done, 0);
    assert_int_equal(a->adapters.asked.count, 0);
    assert_int_equal(a->recorded.count, 1);
    go_on(a);
    assert_int_equal(a->adapters.asked.count, 1);
    assert_int_equal(a->recorded.count, 2);
    go_on(a);
    assert_int_equal(a->adapters.asked.count, 2);
    assert_int_equal(a->w.done, 1);
    assert_int_equal(a->w.err.code, ERR_NONE);
}

static void one_that_is_recorded_is_not_sent_again(void **state)
{
    struct alert_world *a = *state;
    begin(a, "[" BEGUN "," ALERT "]", true);
    assert_int_equal(a->adapters.asked.count, 0);
    assert_int_equal(a->recorded.count, 1);
    assert_string_equal(a->recorded.items[0],
                        "[{\"kind\":\"alert\",\"severity\":\"warn\",\"message\":\"Canary is waiting for approval.\","
                        "\"begun\":true},{\"kind\":\"alert\",\"severity\":\"warn\",\"message\":\"Canary is waiting for "
                        "approval.\",\"begun\":true}]");
    go_on(a);
    assert_int_equal(a->adapters.asked.count, 1);
    assert_int_equal(a->w.done, 1);
}

static void an_engine_that_dies_before_the_record_sends_nothing(void **state)
{
    struct alert_world *a = *state;
    begin(a, "[" ALERT "]", false);
    effects_cancel(a->w.effects);
    a->w.effects = NULL;
    fake_clock_run(a->w.f.fc);
    assert_int_equal(a->adapters.asked.count, 0);
}

static void a_chat_that_hangs_holds_nothing_up(void **state)
{
    struct alert_world *a = *state;
    a->adapters.answer = NULL;
    begin(a, "[" ALERT "," EVENT "]", false);
    go_on(a);
    assert_int_equal(a->adapters.under_way, 1);
    assert_int_equal(a->w.done, 1);
    assert_int_equal(fake_http_count(a->w.f.fh, "POST", "/events"), 1);
}

static void one_that_nobody_gets_is_not_recorded(void **state)
{
    struct alert_world *a = *state;
    fake_api_edit(a->w.f.api, CANARY,
                  "{'spec':{'analysis':{'alerts':[{'name':'a','severity':'error','providerRef':{'name':'x'}}]}}}");
    begin(a, "[" ALERT "]", false);
    assert_int_equal(a->w.done, 1);
    assert_int_equal(a->recorded.count, 0);
}

static void what_it_may_say(void **state)
{
    static const struct {
        const char *list, *problem;
    } table[] = {
        {"[" BEGUN "]", ""},
        {"[{'kind':'alert','severity':'fatal','message':'x'}]",
         "list[0].severity: \"fatal\" is not info, warn or error"},
        {"[{'kind':'alert','severity':'info'}]", "list[0].message is missing"},
        {"[{'kind':'alert','severity':'info','message':'x','described':1}]", "list[0].described: 1 is not a boolean"},
        {"[{'kind':'alert','severity':'info','message':'x','begun':'y'}]", "list[0].begun: \"y\" is not a boolean"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct doc *doc = fake_doc(table[i].list);
        struct err err = {0};
        assert_int_equal(effects_check(doc_root(doc), EFFECTS_OF_SCRIPT, "list", &err), table[i].problem[0] == '\0');
        assert_string_equal(err.text, table[i].problem);
        doc_free(doc);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_recorded_and_then_sent),
        TEST(one_that_is_recorded_is_not_sent_again),
        TEST(an_engine_that_dies_before_the_record_sends_nothing),
        TEST(a_chat_that_hangs_holds_nothing_up),
        TEST(one_that_nobody_gets_is_not_recorded),
        TEST(what_it_may_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
