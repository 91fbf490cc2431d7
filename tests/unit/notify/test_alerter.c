/* Who gets which alert, with what in it, in which order; and what a provider costs that is missing or hangs. */
#include "notify/alerter.h"

#include "base/log.h"
#include "fake_adapters.h"
#include "fake_api.h"
#include "fake_clock.h"

#define SECRETS "/api/v1/namespaces/test/secrets"
#define FIELDS_OF_ALL(routing)                                                                                         \
    "[{\"name\":\"Target\",\"value\":\"Deployment/podinfo.test\"},"                                                    \
    "{\"name\":\"Failed checks threshold\",\"value\":\"3\"},{\"name\":\"Progress deadline\",\"value\":\"600s\"},"      \
    "{\"name\":\"Traffic routing\",\"value\":\"" routing "\"}]"

static const struct canary_defaults defaults = {.provider = "istio", .metrics_server = "http://prometheus:9090"};

struct world {
    struct fake_clock *fc;
    struct fake_http *fh;
    struct fake_api *api;
    struct kube_client *kube;
    char *analysis; /* the Canary's */
    struct fake_adapters adapters;
    struct store *providers;
    struct alerter *alerter;
};

static int setup(void **state)
{
    struct world *w = mem_new(struct world);
    w->fc = fake_clock_new(1773216907000);
    w->fh = fake_http_new(fake_clock_clock(w->fc));
    w->api = fake_api_new(w->fh);
    struct kube_config config = {.source = str_dup("lab"), .server = str_dup("https://api")};
    w->kube = kube_client_new(fake_http_door(w->fh), fake_clock_clock(w->fc), NULL, &config);
    w->analysis = str_dup("'stepWeight':10");
    fake_adapters_init(&w->adapters, fake_clock_clock(w->fc));
    w->providers = store_new(&KUBE_ALERT_PROVIDERS, NULL);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    alerter_free(w->alerter);
    fake_adapters_fini(&w->adapters);
    store_free(w->providers);
    str_free(&w->analysis);
    kube_client_free(w->kube);
    fake_http_free(w->fh);
    fake_api_free(w->api);
    fake_clock_free(w->fc);
    mem_free(w);
    return 0;
}

static void open_alerter(struct world *w, struct alerter_chat chat, const char *cluster)
{
    struct alerter_options options = {.clock = fake_clock_clock(w->fc),
                                      .kube = w->kube,
                                      .adapters = &w->adapters.base,
                                      .providers = w->providers,
                                      .cluster = cluster,
                                      .chat = chat};
    w->alerter = alerter_new(&options);
}

static void provide(struct world *w, const char *namespace, const char *name, const char *spec)
{
    char *text = str_format("{'metadata':{'name':'%s','namespace':'%s','resourceVersion':'5'},'spec':%s}", name,
                            namespace, spec);
    struct doc *doc = fake_doc(text);
    store_put(w->providers, doc);
    doc_free(doc);
    str_free(&text);
}

static void set_alerts(struct world *w, const char *alerts)
{
    str_free(&w->analysis);
    w->analysis = str_format("'stepWeight':10,'alerts':%s", alerts);
}

static void read_canary(const struct world *w, struct canary *canary)
{
    struct err err = {0};
    char *text = str_format("{'metadata':{'name':'podinfo','namespace':'test'},'spec':{'targetRef':{'kind':"
                            "'Deployment','name':'podinfo'},'service':{'port':80},'analysis':{'threshold':3,%s}}}",
                            w->analysis);
    assert_true(canary_init(canary, fake_doc(text), &defaults, &err));
    str_free(&text);
}

static void send_alert(struct world *w, struct alert alert)
{
    struct canary canary;
    read_canary(w, &canary);
    alerter_send(w->alerter, &canary, &alert);
    canary_fini(&canary);
}

static void say(struct world *w, const char *severity, const char *message)
{
    send_alert(w, (struct alert){.severity = severity, .message = message});
    fake_clock_run(w->fc);
}

static const char *asked(const struct world *w, size_t index)
{
    assert_true(index < w->adapters.asked.count);
    return w->adapters.asked.items[index];
}

static const struct alerter_chat no_chat = {.type = "slack", .url = ""};

/* --- who --- */

static void each_entry_gets_what_its_severity_says(void **state)
{
    static const struct {
        const char *wanted;
        bool info, warn, error;
    } table[] = {
        {"'severity':'info',", true, true, true},    {"'severity':'warn',", false, true, true},
        {"'severity':'error',", false, false, true}, {"", false, false, false}, /* as in Flagger */
        {"'severity':'',", false, false, false},
    };
    struct world *w = *state;
    open_alerter(w, no_chat, NULL);
    provide(w, "test", "chat", "{'type':'slack','address':'http://hooks/x'}");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char *alerts = str_format("[{'name':'a',%s'providerRef':{'name':'chat'}}]", table[i].wanted);
        set_alerts(w, alerts);
        str_free(&alerts);
        bool wanted[] = {table[i].info, table[i].warn, table[i].error};
        for (size_t k = 0; alert_severities[k] != NULL; k++) {
            size_t before = w->adapters.asked.count;
            say(w, alert_severities[k], "x");
            assert_int_equal(w->adapters.asked.count - before, wanted[k]);
        }
    }
}

static void a_provider_has_defaults_and_its_own_namespace(void **state)
{
    struct world *w = *state;
    open_alerter(w, no_chat, NULL);
    provide(w, "test", "chat", "{'type':'slack','address':'http://hooks/x'}");
    provide(w, "far", "chat",
            "{'type':'rocket','address':'http://far/x','proxy':'http://p','username':'u','channel':'c'}");
    set_alerts(w, "[{'name':'a','severity':'info','providerRef':{'name':'chat'}},"
                  "{'name':'b','severity':'info','providerRef':{'name':'chat','namespace':'far'}}]");
    say(w, ALERT_WARN, "Canary is waiting for approval.");
    assert_int_equal(w->adapters.asked.count, 2);
    assert_string_equal(asked(w, 0),
                        "alerts.slack {\"name\":\"podinfo\",\"namespace\":\"test\",\"message\":\"Canary is waiting for "
                        "approval.\",\"severity\":\"warn\",\"fields\":[],\"address\":\"http://hooks/x\",\"username\":"
                        "\"flagger\",\"channel\":\"general\"}");
    assert_string_equal(asked(w, 1),
                        "alerts.rocket {\"name\":\"podinfo\",\"namespace\":\"test\",\"message\":\"Canary is waiting "
                        "for approval.\",\"severity\":\"warn\",\"fields\":[],\"address\":\"http://far/x\",\"proxy\":"
                        "\"http://p\",\"username\":\"u\",\"channel\":\"c\"}");
}

static void the_chat_of_the_flags_gets_every_alert_of_canaries_without_alerts(void **state)
{
    struct world *w = *state;
    open_alerter(w,
                 (struct alerter_chat){.type = "slack",
                                       .url = "https://hooks/x",
                                       .token = "t",
                                       .proxy = "",
                                       .username = "flagger",
                                       .channel = "general"},
                 "lab");
    say(w, ALERT_INFO, "hello");
    assert_string_equal(
        asked(w, 0), "alerts.slack {\"name\":\"podinfo\",\"namespace\":\"test\",\"message\":\"hello\",\"severity\":"
                     "\"info\",\"fields\":[{\"name\":\"Cluster\",\"value\":\"lab\"}],\"address\":\"https://hooks/x\","
                     "\"token\":\"t\",\"proxy\":\"\",\"username\":\"flagger\",\"channel\":\"general\"}");
    set_alerts(w, "[{'name':'a','severity':'error','providerRef':{'name':'nobody'}}]");
    say(w, ALERT_INFO, "hello");
    assert_int_equal(w->adapters.asked.count, 1);
}

static void a_chat_of_the_flags_that_cannot_be_used_is_none(void **state)
{
    static const struct alerter_chat table[] = {
        {.type = "slack", .url = "hooks", .username = "u", .channel = "c"},
        {.type = "slack", .url = "http://h", .username = "u", .channel = ""},
        {.type = "slack", .url = "http://h", .username = "", .channel = "c"},
        {.type = "msteams", .url = "hooks"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        open_alerter(w, table[i], NULL);
        say(w, ALERT_ERROR, "hello");
        alerter_free(w->alerter);
    }
    open_alerter(w, (struct alerter_chat){.type = "msteams", .url = "http://h"}, NULL);
    say(w, ALERT_ERROR, "hello");
    assert_int_equal(w->adapters.asked.count, 1);
}

/* --- what --- */

static void the_fields_describe_the_canary(void **state)
{
    static const struct {
        const char *analysis, *fields;
    } table[] = {
        {"'stepWeight':10,'maxWeight':50", FIELDS_OF_ALL("Weight step: 10 max: 50")},
        {"'stepWeight':10", FIELDS_OF_ALL("Weight step: 10 max: 0")},
        {"'stepWeights':[1,2,10]", FIELDS_OF_ALL("Weight steps: 1,2,10 max: 0")},
        {"'iterations':5", FIELDS_OF_ALL("Blue/Green")},
        {"'iterations':5,'match':[{'headers':{'x':{'exact':'y'}}}]", FIELDS_OF_ALL("A/B Testing")},
    };
    struct world *w = *state;
    open_alerter(w, (struct alerter_chat){.type = "msteams", .url = "http://h"}, NULL);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        str_free(&w->analysis);
        w->analysis = str_dup(table[i].analysis);
        send_alert(w, (struct alert){.severity = ALERT_INFO, .message = "x", .described = true});
        fake_clock_run(w->fc);
        assert_non_null(strstr(asked(w, i), table[i].fields));
    }
}

static void the_secret_has_the_address_and_may_have_a_token(void **state)
{
    struct world *w = *state;
    open_alerter(w, no_chat, NULL);
    provide(w, "test", "chat", "{'type':'slack','secretRef':{'name':'hook'}}");
    set_alerts(w, "[{'name':'a','severity':'info','providerRef':{'name':'chat'}}]");
    say(w, ALERT_INFO, "there is no such Secret");
    fake_api_put(w->api, SECRETS "/hook", "{'data':{'token':'dA=='}}");
    say(w, ALERT_INFO, "it has no address");
    fake_api_edit(w->api, SECRETS "/hook", "{'data':{'address':'!'}}");
    say(w, ALERT_INFO, "its address is no base64");
    assert_int_equal(w->adapters.asked.count, 0);
    fake_api_edit(w->api, SECRETS "/hook", "{'data':{'address':'aHR0cDovL2gK'}}");
    say(w, ALERT_INFO, "hello");
    assert_non_null(strstr(asked(w, 0), "\"address\":\"http://h\",\"token\":\"t\"}"));
    assert_int_equal(fake_http_count(w->fh, "GET", "/secrets/hook"), 4);
    provide(w, "test", "chat2", "{'type':'slack','secretRef':{}}");
    set_alerts(w, "[{'name':'a','severity':'info','providerRef':{'name':'chat2'}}]");
    say(w, ALERT_INFO, "a Secret without a name is not looked for");
    assert_int_equal(fake_http_count(w->fh, "GET", "/secrets"), 4);
    assert_int_equal(w->adapters.asked.count, 1);
}

/* --- what goes wrong --- */

static void one_that_cannot_be_told_keeps_nothing_from_the_next(void **state)
{
    struct world *w = *state;
    open_alerter(w, no_chat, NULL);
    provide(w, "test", "odd", "{'type':'pigeon','address':'http://h'}");
    provide(w, "test", "mute", "{'type':'slack'}");
    provide(w, "test", "chat", "{'type':'slack','address':'http://h'}");
    set_alerts(w, "[{'name':'a','severity':'info','providerRef':{'name':'missing'}},"
                  "{'name':'b','severity':'info','providerRef':{'name':'odd'}},"
                  "{'name':'c','severity':'info','providerRef':{'name':'mute'}},"
                  "{'name':'d','severity':'info','providerRef':{'name':'chat'}},"
                  "{'name':'e','severity':'info','providerRef':{'name':'chat'}}]");
    w->adapters.answer = "{'error':'postMessage failed: …'}";
    say(w, ALERT_INFO, "hello");
    assert_int_equal(w->adapters.asked.count, 2);
}

static void a_chat_that_hangs_lets_so_many_wait_and_no_more(void **state)
{
    struct world *w = *state;
    open_alerter(w, (struct alerter_chat){.type = "msteams", .url = "http://h"}, NULL);
    w->adapters.answer = NULL;
    for (int i = 0; i < 3 * ALERTER_WAITING_MAX; i++) {
        say(w, ALERT_INFO, "hello");
    }
    assert_int_equal(w->adapters.asked.count, 1); /* the others of this Canary wait for it */
    assert_int_equal(w->adapters.under_way, 1);
    alerter_free(w->alerter);
    w->alerter = NULL;
}

static void alerts_of_a_canary_are_sent_in_order(void **state)
{
    struct world *w = *state;
    open_alerter(w, (struct alerter_chat){.type = "msteams", .url = "http://h"}, NULL);
    send_alert(w, (struct alert){.severity = ALERT_INFO, .message = "first"});
    send_alert(w, (struct alert){.severity = ALERT_INFO, .message = "second"});
    send_alert(w, (struct alert){.severity = ALERT_INFO, .message = "third"});
    assert_int_equal(w->adapters.asked.count, 0);
    fake_clock_run(w->fc);
    assert_non_null(strstr(asked(w, 0), "first"));
    assert_non_null(strstr(asked(w, 1), "second"));
    assert_non_null(strstr(asked(w, 2), "third"));
}

static void without_adapters_nobody_is_told(void **state)
{
    struct world *w = *state;
    struct alerter_options options = {.chat = {.type = "msteams", .url = "http://h"}};
    struct canary canary;
    w->alerter = alerter_new(&options);
    read_canary(w, &canary);
    assert_false(alerter_is_needed(w->alerter, &canary, NULL));
    canary_fini(&canary);
    say(w, ALERT_ERROR, "hello"); /* and nothing breaks: it has no clock to send by */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    log_set_level(LOG_FATAL);
    const struct CMUnitTest tests[] = {
        TEST(each_entry_gets_what_its_severity_says),
        TEST(a_provider_has_defaults_and_its_own_namespace),
        TEST(the_chat_of_the_flags_gets_every_alert_of_canaries_without_alerts),
        TEST(a_chat_of_the_flags_that_cannot_be_used_is_none),
        TEST(the_fields_describe_the_canary),
        TEST(the_secret_has_the_address_and_may_have_a_token),
        TEST(one_that_cannot_be_told_keeps_nothing_from_the_next),
        TEST(a_chat_that_hangs_lets_so_many_wait_and_no_more),
        TEST(alerts_of_a_canary_are_sent_in_order),
        TEST(without_adapters_nobody_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
