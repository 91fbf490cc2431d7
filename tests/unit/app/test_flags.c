#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/flags.h"
#include "base/str.h"

enum { ARGS_MAX = 16 };

static char line[512], noted[512];
static struct flags flags;
static struct err err;

static void on_note(const char *text)
{
    str_copy(noted, sizeof noted, text);
}

/* Arguments of a command line, separated by blanks; `flags` borrows them from `line`. */
static bool parse(const char *args)
{
    char *argv[ARGS_MAX], *rest = NULL;
    int argc = 0;
    str_copy(line, sizeof line, args);
    noted[0] = '\0';
    err = (struct err){0};
    for (char *arg = strtok_r(line, " ", &rest); arg != NULL; arg = strtok_r(NULL, " ", &rest)) {
        argv[argc++] = arg;
    }
    return flags_parse(&flags, argc, argv, on_note, &err);
}

static void expect_refused(const char *args, const char *text)
{
    assert_false(parse(args));
    assert_string_equal(err.text, text);
}

static void the_defaults_are_flaggers(void **state)
{
    assert_true(parse(""));
    assert_string_equal(flags.kubeconfig, "");
    assert_string_equal(flags.metrics_server, "http://prometheus:9090");
    assert_string_equal(flags.mesh_provider, "istio");
    assert_string_equal(flags.selector_labels, "app,name,app.kubernetes.io/name");
    assert_string_equal(flags.log_level, "debug");
    assert_string_equal(flags.zap_encoding, "json");
    assert_string_equal(flags.port, "8080");
    assert_string_equal(flags.leader_election_namespace, "kube-system");
    assert_string_equal(flags.event_webhook, "");
    assert_true(flags.enable_config_tracking);
    assert_int_equal(flags.scale_down_delay_ms, 5000);
    assert_false(flags.version || flags.help);
}

static void what_scripts_may_use(void **state)
{
    const struct limits defaults = limits_default();
    assert_true(parse(""));
    assert_memory_equal(&flags.limits, &defaults, sizeof defaults);
    assert_true(parse("-script-memory=16Mi -script-step-time 20ms --script-queries-per-minute=9"));
    assert_int_equal(flags.limits.of[LIMIT_MEMORY], 16 * 1024 * 1024);
    assert_int_equal(flags.limits.of[LIMIT_STEP_TIME], 20);
    assert_int_equal(flags.limits.of[LIMIT_QUERIES], 9);
    expect_refused("-script-memory=lots", "-script-memory: \"lots\" is not a size like 4Mi, from 1Mi to 256Mi");
    expect_refused("-script-step-time=5s", "-script-step-time: \"5s\" is not a duration like 20ms, from 5ms to 1s");
    expect_refused("-script-messages-per-minute=-1",
                   "-script-messages-per-minute: \"-1\" is not a whole number, from 1 to 10000");
}

static void every_form_that_go_takes(void **state)
{
    static const char *const forms[] = {"-namespace=test",
                                        "--namespace=test",
                                        "-namespace test",
                                        "--namespace test",
                                        "-namespace=other -namespace=test",
                                        "-namespace=test --"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        assert_true(parse(forms[i]));
        assert_string_equal(flags.namespace, "test");
    }
    assert_true(parse("-kubeconfig -namespace"));
    assert_string_equal(flags.kubeconfig, "-namespace");
    assert_true(parse("-namespace= -metrics-server=http://p/?a=b"));
    assert_string_equal(flags.namespace, "");
    assert_string_equal(flags.metrics_server, "http://p/?a=b");
}

static void booleans(void **state)
{
    static const struct {
        const char *args;
        bool on;
    } cases[] = {{"-enable-config-tracking", true},        {"-enable-config-tracking=false", false},
                 {"--enable-config-tracking=0", false},    {"-enable-config-tracking=F", false},
                 {"-enable-config-tracking=False", false}, {"-enable-config-tracking=T", true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(parse(cases[i].args));
        assert_int_equal(flags.enable_config_tracking, cases[i].on);
    }
    assert_true(parse("-version"));
    assert_true(flags.version);
    assert_true(parse("--help") && flags.help);
    assert_true(parse("-h") && flags.help);
    expect_refused("-version=maybe", "invalid boolean value \"maybe\" for -version: parse error");
    expect_refused("-enable-leader-election=", "invalid boolean value \"\" for -enable-leader-election: parse error");
}

static void what_go_refuses(void **state)
{
    expect_refused("-log-level loud", "-log-level: loud is none of debug, info, warn, error, fatal and panic");
    expect_refused("-log-level=", "-log-level:  is none of debug, info, warn, error, fatal and panic");
    expect_refused("-nope", "flag provided but not defined: -nope");
    expect_refused("--nope=3", "flag provided but not defined: -nope");
    expect_refused("---namespace=x", "bad flag syntax: ---namespace=x");
    expect_refused("-=x", "bad flag syntax: -=x");
    expect_refused("--=x", "bad flag syntax: --=x");
    expect_refused("-namespace", "flag needs an argument: -namespace");
}

/* Go would stop reading and pass over the rest. */
static void what_is_no_flag_is_not_passed_over(void **state)
{
    expect_refused("-enable-config-tracking false -namespace=x", "\"false\" is not a flag");
    expect_refused("-", "\"-\" is not a flag");
    expect_refused("-- -namespace=x", "\"-namespace=x\" is not a flag");
    char empty[] = "", *argv[] = {empty};
    assert_false(flags_parse(&flags, 1, argv, on_note, &err));
    assert_string_equal(err.text, "\"\" is not a flag");
}

static void expect_place(const struct place *place, const char *host, int port)
{
    assert_string_equal(place->host, host);
    assert_int_equal(place->port, port);
}

static void where_it_listens(void **state)
{
    assert_true(parse(""));
    expect_place(&flags.metrics_place, "", 8080);
    assert_true(parse("-port=9000 -dashboard=8090"));
    expect_place(&flags.metrics_place, "", 9000);
    expect_place(&flags.dashboard_place, "", 8090);
    assert_true(parse("-listen=127.0.0.1:9000 -dashboard=[::1]:8090"));
    expect_place(&flags.metrics_place, "127.0.0.1", 9000);
    expect_place(&flags.dashboard_place, "[::1]", 8090);
    assert_true(parse("-listen=127.0.0.1:8090 -dashboard=[::1]:8090")); /* one port of two addresses */
    assert_true(parse("-listen=127.0.0.1:0 -dashboard=127.0.0.1:0"));
    expect_refused("-listen=127.0.0.1:8090 -dashboard=127.0.0.1:8090",
                   "-dashboard: port 8090 is that of /healthz and /metrics");
    expect_refused("-dashboard=127.0.0.1:8080", "-dashboard: port 8080 is that of /healthz and /metrics");
    expect_refused("-listen=:8090 -dashboard=[::1]:8090", "-dashboard: port 8090 is that of /healthz and /metrics");
    expect_refused("-port=8080 -listen=127.0.0.1:80",
                   "-port and -listen both say where /healthz and /metrics are: one of them wanted");
    expect_refused("-listen=8080", "-listen 8080: expected HOST:PORT, as in 127.0.0.1:8090");
    expect_refused("-dashboard=localhost:", "-dashboard localhost:: expected HOST:PORT, as in 127.0.0.1:8090");
    char longest[300] = "-listen=", *end = longest + strlen(longest);
    memset(end, 'a', 256);
    memcpy(end + 256, ":80", sizeof ":80");
    expect_refused(longest, "-listen: no host has a name of 256 letters");
}

static void values_are_checked(void **state)
{
    expect_refused("-port=http", "-port: \"http\" is not a port");
    expect_refused("-port=65536", "-port: \"65536\" is not a port");
    expect_refused("-port=", "-port: \"\" is not a port");
    expect_refused("-namespace=a/b",
                   "-namespace \"a/b\": a namespace is wanted, a name of small letters, digits and -");
    expect_refused("-leader-election-namespace=..", "-leader-election-namespace \"..\": a namespace is wanted, a name "
                                                    "of small letters, digits and -");
    expect_refused("-dashboard=http", "-dashboard: \"http\" is not a port");
    expect_refused("-dashboard=8080", "-dashboard: port 8080 is that of /healthz and /metrics");
    expect_refused("-dashboard=80 -dashboard-hosts=a.example,b.example\tc.example",
                   "-dashboard-hosts: \"b.example\tc.example\" is not the name of a host");
    expect_refused("-dashboard-hosts=board.example", "-dashboard-hosts: of use with -dashboard only");
    expect_refused("-dashboard-prefix=/sluice", "-dashboard-prefix: of use with -dashboard only");
    expect_refused("-scale-down-delay=5", "-scale-down-delay: time: missing unit in duration \"5\"");
    expect_refused("-scale-down-delay=-1s", "-scale-down-delay: \"-1s\" is negative");
    assert_true(parse("-scale-down-delay=1m30s"));
    assert_int_equal(flags.scale_down_delay_ms, 90000);
    assert_true(parse("-scale-down-delay=0s"));
    assert_int_equal(flags.scale_down_delay_ms, 0);
    expect_refused("-zap-encoding=xml", "-zap-encoding: xml is neither json nor console");
    expect_refused("-mesh-provider=linkerd", "-mesh-provider: linkerd is not supported yet, only istio");
    assert_true(parse("-log-level=warning")); /* means info, as in Flagger */
}

/* What Flagger's chart passes by default, and klog's flags. */
static void flags_without_a_meaning_are_noted(void **state)
{
    static const char *const args[] = {"-ingress-class=nginx",
                                       "-ingress-annotations-prefix=nginx.ingress.kubernetes.io",
                                       "-threadiness=2",
                                       "-kubeconfig-qps 100",
                                       "-enable-leader-election=true",
                                       "-v=4",
                                       "-v 4",
                                       "-logtostderr"};
    for (size_t i = 0; i < sizeof args / sizeof args[0]; i++) {
        assert_true(parse(args[i]));
        assert_non_null(strstr(noted, " has no meaning here: "));
    }
}

static void the_flags_of_alerts(void **state)
{
    assert_true(parse(""));
    assert_string_equal(flags.slack_url, "");
    assert_string_equal(flags.slack_user, "flagger");
    assert_string_equal(flags.slack_channel, "");
    assert_string_equal(flags.cluster_name, "");
    assert_true(parse("-slack-url=https://hooks -slack-token t -slack-user u -slack-channel=c -slack-proxy-url=p "
                      "-msteams-url=m -msteams-proxy-url=q -cluster-name=lab"));
    assert_string_equal(flags.slack_url, "https://hooks");
    assert_string_equal(flags.slack_token, "t");
    assert_string_equal(flags.slack_user, "u");
    assert_string_equal(flags.slack_channel, "c");
    assert_string_equal(flags.slack_proxy_url, "p");
    assert_string_equal(flags.msteams_url, "m");
    assert_string_equal(flags.msteams_proxy_url, "q");
    assert_string_equal(flags.cluster_name, "lab");
}

static void the_environment_overrides_its_flag(void **state)
{
    static const struct {
        const char *variable, *flag;
        const char **field;
    } table[] = {
        {"EVENT_WEBHOOK_URL", "event-webhook", &flags.event_webhook},
        {"SLACK_URL", "slack-url", &flags.slack_url},
        {"SLACK_TOKEN", "slack-token", &flags.slack_token},
        {"SLACK_PROXY_URL", "slack-proxy-url", &flags.slack_proxy_url},
        {"MSTEAMS_URL", "msteams-url", &flags.msteams_url},
        {"MSTEAMS_PROXY_URL", "msteams-proxy-url", &flags.msteams_proxy_url},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char arg[64];
        snprintf(arg, sizeof arg, "-%s=http://from-flag", table[i].flag);
        setenv(table[i].variable, "http://from-environment", 1);
        assert_true(parse(arg));
        assert_string_equal(*table[i].field, "http://from-environment");
        setenv(table[i].variable, "", 1);
        assert_true(parse(arg));
        assert_string_equal(*table[i].field, "http://from-flag");
        unsetenv(table[i].variable);
    }
}

int main(void)
{
    static const char *const variables[] = {"SLACK_URL",   "SLACK_TOKEN",       "SLACK_PROXY_URL",
                                            "MSTEAMS_URL", "MSTEAMS_PROXY_URL", "EVENT_WEBHOOK_URL"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        unsetenv(variables[i]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_flaggers),
        cmocka_unit_test(what_scripts_may_use),
        cmocka_unit_test(every_form_that_go_takes),
        cmocka_unit_test(booleans),
        cmocka_unit_test(what_go_refuses),
        cmocka_unit_test(what_is_no_flag_is_not_passed_over),
        cmocka_unit_test(where_it_listens),
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(flags_without_a_meaning_are_noted),
        cmocka_unit_test(the_flags_of_alerts),
        cmocka_unit_test(the_environment_overrides_its_flag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
