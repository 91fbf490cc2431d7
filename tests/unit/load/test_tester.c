// room: load sim/ground
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "fake_clock.h"
#include "load/tester.h"
#include "sim/ground/network.h"

#define PODINFO "\"name\":\"podinfo\",\"namespace\":\"test\""
#define HEY "hey -z 1m -q 10 -c 2 http://podinfo-canary.test:9898/"

struct world {
    struct fake_clock *clock;
    struct network *network;
    struct pattern *namespaces;
    struct programs *programs;
    struct tester *tester;
    int served; /* by podinfo */
    struct http_call *call;
    int status; /* of the last answer; 0: none */
    char body[8192];
    char log[65536];
};

static void podinfo(void *ctx, struct exchange *exchange)
{
    struct world *w = ctx;
    w->served++;
    exchange_answer(exchange, 200, "text/plain", "hello", 5);
}

static void keep_log(void *ctx, const char *line)
{
    struct world *w = ctx;
    size_t len = strlen(w->log);
    strncat(w->log, line, sizeof w->log - len - 1);
}

static void open_tester(struct world *w, const char *namespaces, size_t tasks_max, size_t gates_max)
{
    struct err err = {0};
    struct str_list none = {0};
    struct programs_options programs = {.allowed = &none, .variables = &none};
    w->programs = programs_new(&programs);
    w->namespaces = namespaces != NULL ? pattern_new(namespaces, &err) : NULL;
    struct tester_options options = {
        .ground = {.clock = fake_clock_clock(w->clock),
                   .http = network_door(w->network),
                   .programs = w->programs,
                   .ceiling = {.rate = 1000, .flag = "-max-rate", .workers = 200, .duration_ms = 3600 * 1000}},
        .rate = 1000,
        .namespaces = w->namespaces,
        .tasks_max = tasks_max,
        .gates_max = gates_max,
    };
    w->tester = tester_new(&options);
    network_host(w->network, "tester", tester_serve, w->tester);
}

static int setup(void **state)
{
    static struct world world;
    memset(&world, 0, sizeof world);
    world.clock = fake_clock_new(1773216907000);
    world.network = network_new(fake_clock_clock(world.clock));
    network_host(world.network, "podinfo-canary.test:9898", podinfo, &world);
    log_set_sink(keep_log, &world);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    tester_free(w->tester);
    programs_free(w->programs);
    pattern_free(w->namespaces);
    network_free(w->network);
    fake_clock_free(w->clock);
    log_set_sink(NULL, NULL);
    return 0;
}

static void on_answer(void *ctx, const struct http_response *response, const struct err *err)
{
    struct world *w = ctx;
    w->call = NULL;
    w->status = response != NULL ? response->status : -1;
    str_copy(w->body, sizeof w->body, response != NULL ? response->body : err->text);
}

static void send(struct world *w, const char *path, const char *body)
{
    char *url = str_format("http://tester%s", path);
    struct http_request request = {.method = "POST", .url = url, .body = body, .body_len = strlen(body)};
    w->status = 0;
    w->call = http_start(network_door(w->network), &request, NULL, on_answer, w);
    fake_clock_run(w->clock);
    str_free(&url);
}

static void expect(struct world *w, const char *path, const char *body, int status, const char *text)
{
    send(w, path, body);
    if (w->status != status || strcmp(w->body, text) != 0) {
        fail_msg("%s %s: %d \"%s\", wanted %d \"%s\"", path, body, w->status, w->body, status, text);
    }
}

static void expect_log(const struct world *w, const char *text)
{
    if (strstr(w->log, text) == NULL) {
        fail_msg("\"%s\" is not in the log:\n%s", text, w->log);
    }
}

static void start_load(struct world *w, const char *name, const char *flags)
{
    char *body = str_format("{\"name\":\"%s\",\"namespace\":\"test\",\"metadata\":{\"cmd\":\"hey %s "
                            "http://podinfo-canary.test:9898/\"}}",
                            name, flags);
    expect(w, "/", body, 202, "");
    mem_free(body);
}

static void on_drained(void *ctx)
{
    ++*(int *)ctx;
}

static void gates_are_opened_closed_and_asked_for(void **state)
{
    struct world *w = *state;
    open_tester(w, NULL, 32, 10000);
    expect(w, "/healthz", "", 200, "OK");
    expect(w, "/gate/approve", "", 200, "OK");
    expect(w, "/gate/halt", "", 403, "Forbidden");
    expect(w, "/gate/check", "{" PODINFO "}", 403, "Forbidden");
    expect(w, "/gate/open", "{" PODINFO "}", 202, "");
    expect(w, "/gate/check", "{" PODINFO "}", 200, "Approved");
    expect(w, "/rollback/check", "{" PODINFO "}", 403, "Forbidden");
    expect(w, "/gate/check", "{\"name\":\"podinfo\",\"namespace\":\"prod\"}", 403, "Forbidden");
    expect(w, "/gate/close", "{" PODINFO "}", 202, "");
    expect(w, "/gate/check", "{" PODINFO "}", 403, "Forbidden");
    expect(w, "/rollback/open", "{" PODINFO "}", 202, "");
    expect(w, "/rollback/check", "{" PODINFO "}", 200, "Approved");
    expect(w, "/rollback/close", "{" PODINFO "}", 202, "");
    expect(w, "/rollback/check", "{" PODINFO "}", 403, "Forbidden");
    expect_log(w, "podinfo.test gate check: approved true");
    expect_log(w, "rollback.podinfo.test rollback opened");
}

static void gates_are_bounded(void **state)
{
    struct world *w = *state;
    open_tester(w, NULL, 32, 1);
    expect(w, "/gate/open", "{\"name\":\"a/../b\",\"namespace\":\"test\"}", 202, "");
    expect(w, "/gate/check", "{\"name\":\"a/../b\",\"namespace\":\"test\"}", 200, "Approved");
    expect(w, "/gate/open", "{" PODINFO "}", 400, "gate podinfo.test: 1 gates are open, -max-gates allows no more");
}

static void a_load_is_played_and_told(void **state)
{
    struct world *w = *state;
    open_tester(w, NULL, 32, 10000);
    expect(w, "/", "{" PODINFO ",\"metadata\":{\"cmd\":\"" HEY "\"}}", 202, "");
    expect_log(w, "task starting " HEY);
    fake_clock_advance(w->clock, 60000);
    assert_int_equal(w->served, 1200);
    expect_log(w, "load finished " HEY ": 1200 requests in 1m0s, 20.0/s; 200: 1200; p50 0s");
    send(w, "/metrics", "");
    assert_non_null(
        strstr(w->body, "\nsluice_load_requests_total{namespace=\"test\",name=\"podinfo\",code=\"200\"} 1200\n"));
    assert_non_null(strstr(w->body, "type=\"hey\",outcome=\"finished\"} 1\n"));
    assert_non_null(strstr(w->body, "\nsluice_load_tasks_running 0\n"));
}

/* As in Flagger's: per canary and command, while it runs. */
static void the_same_command_is_not_started_twice(void **state)
{
    struct world *w = *state;
    open_tester(w, NULL, 32, 10000);
    expect(w, "/", "{" PODINFO ",\"metadata\":{\"cmd\":\"" HEY "\"}}", 202, "");
    fake_clock_advance(w->clock, 30000);
    expect(w, "/", "{" PODINFO ",\"metadata\":{\"cmd\":\"" HEY "\",\"type\":\"cmd\"}}", 202, "");
    expect_log(w, "command skipped " HEY " is already running");
    fake_clock_advance(w->clock, 30000);
    assert_int_equal(w->served, 1200);
    expect(w, "/", "{" PODINFO ",\"metadata\":{\"cmd\":\"" HEY "\"}}", 202, "");
    expect(w, "/", "{\"name\":\"other\",\"namespace\":\"test\",\"metadata\":{\"cmd\":\"" HEY "\"}}", 202, "");
    fake_clock_advance(w->clock, 60000);
    assert_int_equal(w->served, 3 * 1200);
}

/* A round's hook and the end of a load as long as a round come at the same moment, in either order. */
static void a_load_that_ends_is_followed_by_the_next(void **state)
{
    struct world *w = *state;
    open_tester(w, NULL, 1, 10000);
    expect(w, "/", "{" PODINFO ",\"metadata\":{\"cmd\":\"" HEY "\"}}", 202, "");
    fake_clock_advance(w->clock, 58999);
    expect(w, "/", "{" PODINFO ",\"metadata\":{\"cmd\":\"" HEY "\"}}", 202, "");
    expect_log(w, "command skipped " HEY " is already running");
    fake_clock_advance(w->clock, 1);
    expect(w, "/", "{" PODINFO ",\"metadata\":{\"cmd\":\"" HEY "\"}}", 202, "");
    expect(w, "/", "{" PODINFO ",\"metadata\":{\"cmd\":\"" HEY "\"}}", 202, "");
    expect_log(w, "command " HEY " is played again at its end");
    fake_clock_advance(w->clock, 61000);
    assert_int_equal(w->served, 2 * 1200);
    fake_clock_advance(w->clock, 60000);
    assert_int_equal(w->served, 2 * 1200);
}

/* A short load is not always about to end. */
static void a_short_load_is_not_started_twice(void **state)
{
    struct world *w = *state;
    const char *hook = "{" PODINFO ",\"metadata\":{\"cmd\":\"hey -z 1s -q 10 -c 1 http://podinfo-canary.test:9898/\"}}";
    open_tester(w, NULL, 32, 10000);
    expect(w, "/", hook, 202, "");
    fake_clock_advance(w->clock, 899);
    expect(w, "/", hook, 202, "");
    expect_log(w, "is already running");
    fake_clock_advance(w->clock, 1);
    expect(w, "/", hook, 202, "");
    expect_log(w, "is played again at its end");
    fake_clock_advance(w->clock, 10000);
    assert_int_equal(w->served, 20);
}

/* Nor is one played again when the load tester ends meanwhile. */
static void a_load_is_not_played_again_at_the_end(void **state)
{
    struct world *w = *state;
    int drained = 0;
    open_tester(w, NULL, 32, 10000);
    send(w, "/", "{" PODINFO ",\"metadata\":{\"type\":\"bash\",\"cmd\":\"hey -z 20s -q 1 -c 1 http://a/\"}}");
    start_load(w, "a", "-z 10s -q 10 -c 1");
    fake_clock_advance(w->clock, 9500);
    start_load(w, "a", "-z 10s -q 10 -c 1");
    expect_log(w, "is played again at its end");
    tester_drain(w->tester, on_drained, &drained);
    fake_clock_advance(w->clock, 11000);
    assert_int_equal(drained, 1);
    assert_int_equal(w->served, 100);
}

/* Of requests by number nobody knows when the last one is answered. */
static void a_load_by_number_is_followed_by_none(void **state)
{
    struct world *w = *state;
    const char *hook = "{" PODINFO ",\"metadata\":{\"cmd\":\"hey -n 20 -c 1 -q 1 http://podinfo-canary.test:9898/\"}}";
    open_tester(w, NULL, 32, 10000);
    expect(w, "/", hook, 202, "");
    fake_clock_advance(w->clock, 18500);
    expect(w, "/", hook, 202, "");
    expect_log(w, "is already running");
    fake_clock_advance(w->clock, 60000);
    assert_int_equal(w->served, 20);
}

/* Who waits for the end of a load waits for one of their own. */
static void a_load_of_type_bash_stands_beside_the_same_command(void **state)
{
    struct world *w = *state;
    open_tester(w, NULL, 32, 10000);
    send(w, "/", "{" PODINFO ",\"metadata\":{\"type\":\"bash\",\"cmd\":\"" HEY "\"}}");
    struct http_call *waiting = w->call;
    expect(w, "/", "{" PODINFO ",\"metadata\":{\"cmd\":\"" HEY "\"}}", 202, "");
    fake_clock_advance(w->clock, 30000);
    assert_int_equal(w->served, 2 * 600);
    http_cancel(waiting);
}

static void a_load_of_type_bash_is_answered_at_its_end(void **state)
{
    struct world *w = *state;
    open_tester(w, NULL, 32, 10000);
    send(w, "/",
         "{" PODINFO
         ",\"metadata\":{\"type\":\"bash\",\"cmd\":\"hey -n 20 -c 2 -q 10 http://podinfo-canary.test:9898/\","
         "\"returnCmdOutput\":\"true\"}}");
    fake_clock_advance(w->clock, 999);
    assert_int_equal(w->status, 0);
    fake_clock_advance(w->clock, 1);
    assert_int_equal(w->status, 200);
    assert_string_equal(w->body, "20 requests in 1s, 20.0/s; 200: 20; p50 0s, p90 0s, p99 0s, slowest 0s");
}

/* Who asked has left; the load goes on, and ends without an answer. */
static void nobody_has_to_wait(void **state)
{
    struct world *w = *state;
    open_tester(w, NULL, 32, 10000);
    send(w, "/", "{" PODINFO ",\"metadata\":{\"type\":\"bash\",\"cmd\":\"" HEY "\"}}");
    assert_int_equal(w->status, 0);
    http_cancel(w->call);
    fake_clock_advance(w->clock, 60000);
    assert_int_equal(w->served, 1200);
    assert_int_equal(w->status, 0);
}

static void a_host_that_does_not_resolve_is_told(void **state)
{
    struct world *w = *state;
    open_tester(w, NULL, 32, 10000);
    expect(w, "/", "{" PODINFO ",\"metadata\":{\"cmd\":\"hey -z 1s -q 10 -c 1 http://nowhere/\"}}", 202, "");
    fake_clock_advance(w->clock, 1000);
    expect_log(w, "10 requests in 1s, 10.0/s; no answer: 10 (");
    send(w, "/metrics", "");
    assert_non_null(strstr(w->body, "code=\"error\"} 10\n"));
}

static void so_many_tasks_run_at_once(void **state)
{
    struct world *w = *state;
    open_tester(w, NULL, 2, 10000);
    expect(w, "/", "{\"name\":\"a\",\"namespace\":\"test\",\"metadata\":{\"cmd\":\"" HEY "\"}}", 202, "");
    expect(w, "/", "{\"name\":\"b\",\"namespace\":\"test\",\"metadata\":{\"cmd\":\"" HEY "\"}}", 202, "");
    expect(w, "/", "{\"name\":\"c\",\"namespace\":\"test\",\"metadata\":{\"cmd\":\"" HEY "\"}}", 429,
           "2 tasks are running, -max-tasks allows no more");
    fake_clock_advance(w->clock, 60000);
    expect(w, "/", "{\"name\":\"c\",\"namespace\":\"test\",\"metadata\":{\"cmd\":\"" HEY "\"}}", 202, "");
}

/* The ceiling is that of the process: a load that finds too little left is slowed, and told so. */
static void the_rate_of_all_loads_is_bounded(void **state)
{
    struct world *w = *state;
    open_tester(w, NULL, 32, 10000);
    start_load(w, "a", "-z 10s -q 80 -c 10");
    fake_clock_advance(w->clock, 5000);
    assert_in_range(w->served, 3990, 4000);
    w->served = 0;
    start_load(w, "b", "-z 5s -q 90 -c 10");
    start_load(w, "c", "-z 5s -q 10 -c 2");
    expect_log(w, "load slowed hey -z 10s -q 80 -c 10 http://podinfo-canary.test:9898/: 500 of its 800 requests a "
                  "second, as -max-rate is for all loads together");
    send(w, "/metrics", "");
    assert_non_null(strstr(w->body, "\nsluice_load_rate_wanted 1720\n"));
    assert_non_null(strstr(w->body, "\nsluice_load_slowed_total{namespace=\"test\",name=\"a\"} 1\n"));
    assert_non_null(strstr(w->body, "\nsluice_load_slowed_total{namespace=\"test\",name=\"b\"} 1\n"));
    assert_null(strstr(w->body, "sluice_load_slowed_total{namespace=\"test\",name=\"c\"}"));
    fake_clock_advance(w->clock, 5000);
    assert_in_range(w->served, 4950, 5030); /* a tick of each worker is under way at a change */
    expect_log(w, "; slowed by -max-rate");
    send(w, "/metrics", "");
    assert_non_null(strstr(w->body, "\nsluice_load_rate_wanted 0\n"));
}

/* One that names no rate takes what is there, and is never slowed. */
static void a_load_without_a_rate_takes_its_share(void **state)
{
    struct world *w = *state;
    open_tester(w, NULL, 32, 10000);
    start_load(w, "a", "-z 10s -c 10");
    start_load(w, "b", "-z 5s -c 10");
    fake_clock_advance(w->clock, 5000);
    assert_in_range(w->served, 4950, 5000);
    w->served = 0;
    fake_clock_advance(w->clock, 5000);
    assert_in_range(w->served, 4950, 5030);
    assert_null(strstr(w->log, "slowed"));
}

static void hooks_of_other_namespaces_are_refused(void **state)
{
    struct world *w = *state;
    open_tester(w, "^test$", 32, 10000);
    expect(w, "/gate/open", "{\"name\":\"a\",\"namespace\":\"prod\"}", 403,
           "namespace \"prod\": not one that -namespace-regexp serves");
    expect(w, "/", "{\"name\":\"a\",\"namespace\":\"test2\",\"metadata\":{\"cmd\":\"" HEY "\"}}", 403,
           "namespace \"test2\": not one that -namespace-regexp serves");
    expect(w, "/", "{}", 403, "namespace \"\": not one that -namespace-regexp serves");
    expect(w, "/gate/open", "{" PODINFO "}", 202, "");
    expect_log(w, "refused: namespace ");
}

static void what_is_refused_says_why(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *metadata;
        int status;
        const char *text;
    } cases[] = {
        {"{}", 400, "metadata not found in payload"},
        {"{\"x\":\"y\"}", 400, "cmd not found in metadata"},
        {"{\"type\":\"concord\",\"cmd\":\"x\"}", 400,
         "type concord is refused: processes of Concord are not started here"},
        {"{\"type\":\"ngrinder\",\"cmd\":\"x\"}", 400,
         "type ngrinder is refused: tests of nGrinder are not started here"},
        {"{\"type\":\"tekton\",\"cmd\":\"x\"}", 400, "unknown task type tekton"},
        {"{\"cmd\":\"hey http://a/; rm -rf /\"}", 400,
         "command \"hey http://a/; rm -rf /\": character 14, ;: a second command; no shell reads this command, so it "
         "has "
         "to be 'quoted' or left out"},
        {"{\"cmd\":\"id\\nid\"}", 400,
         "command \"id id\": character 3, a new line: a second command; no shell reads this command, so it has to be "
         "'quoted' or left out"},
        {"{\"cmd\":\"hey http://a/\\u001b[31m\"}", 400,
         "command \"hey http://a/\uFFFD[31m\": hey: \"http://a/\uFFFD[31m\" is no URL of http or https"},
        {"{\"cmd\":\"hey -n 10000000 http://a/\"}", 400,
         "command \"hey -n 10000000 http://a/\": hey: 10000000 requests take 2h46m40s at this rate, -timeout allows "
         "1h0m0s"},
        {"{\"cmd\":\"hey http://a/ | grep 200\"}", 400,
         "command \"hey http://a/ | grep 200\": hey is played here and has no output that another program could read: "
         "|"},
        {"{\"cmd\":\"ghz -z 1m podinfo.test:9898\"}", 403,
         "command \"ghz -z 1m podinfo.test:9898\": ghz is not played here, only command lines of hey are: name it in "
         "-allow-commands, or write the load for hey"},
        {"{\"type\":\"bash\",\"cmd\":\"curl -s http://a/\"}", 403,
         "command \"curl -s http://a/\": curl is not among the programs that -allow-commands names: it names none"},
        {"{\"type\":\"helm\",\"cmd\":\"test podinfo\"}", 403,
         "command \"test podinfo\": helm is not among the programs that -allow-commands names: it names none"},
        {"{\"type\":\"kubectl\",\"cmd\":\"get pods\"}", 403,
         "command \"get pods\": kubectl is not among the programs that -allow-commands names: it names none"},
    };
    open_tester(w, NULL, 32, 10000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *body = str_format("{" PODINFO ",\"metadata\":%s}", cases[i].metadata);
        expect(w, i % 2 == 0 ? "/" : "/any/other", body, cases[i].status, cases[i].text);
        mem_free(body);
    }
    expect(w, "/", "nothing", 400,
           "the body is no JSON: JSON 1:1: invalid literal, expected a valid literal such as 'null'");
    expect_log(w, "refused: unknown task type tekton");
    send(w, "/metrics", "");
    assert_non_null(strstr(w->body, "outcome=\"refused\"} "));
}

static void every_task_is_counted_by_its_type(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *metadata, *labels;
    } cases[] = {
        {"{}", "type=\"unknown\",outcome=\"refused\""},
        {"{\"type\":\"cmd\"}", "type=\"unknown\",outcome=\"refused\""},
        {"{\"type\":\"tekton\",\"cmd\":\"hey http://a/\"}", "type=\"unknown\",outcome=\"refused\""},
        {"{\"cmd\":\"" HEY "\"}", NULL},
        {"{\"cmd\":\"" HEY "\"}", "type=\"hey\",outcome=\"skipped\""},
        {"{\"cmd\":\"hey -q 5000 http://a/\"}", "type=\"hey\",outcome=\"refused\""},
        {"{\"cmd\":\" hey http://a/$(id)\"}", "type=\"hey\",outcome=\"refused\""},
        {"{\"cmd\":\"hey http://a/ | |\"}", "type=\"hey\",outcome=\"refused\""},
        {"{\"cmd\":\"curl http://a/\"}", "type=\"program\",outcome=\"refused\""},
        {"{\"cmd\":\"; hey\"}", "type=\"program\",outcome=\"refused\""},
        {"{\"type\":\"helm\",\"cmd\":\"hey\"}", "type=\"program\",outcome=\"refused\""},
    };
    open_tester(w, NULL, 32, 10000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *body =
            str_format("{\"name\":\"c%zu\",\"namespace\":\"test\",\"metadata\":%s}", i == 4 ? 3 : i, cases[i].metadata);
        send(w, "/", body);
        mem_free(body);
    }
    send(w, "/metrics", "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *line = str_format("{namespace=\"test\",name=\"c%zu\",%s} 1\n", i == 4 ? 3 : i,
                                cases[i].labels != NULL ? cases[i].labels : "");
        if (cases[i].labels != NULL && strstr(w->body, line) == NULL) {
            fail_msg("%s is not in\n%s", line, w->body);
        }
        mem_free(line);
    }
}

/* Who waits is answered, and no task begins any more. */
static void a_tester_that_ends_answers_those_who_wait(void **state)
{
    struct world *w = *state;
    int drained = 0;
    open_tester(w, NULL, 32, 10000);
    start_load(w, "a", "-z 1h -q 10 -c 1");
    send(w, "/", "{" PODINFO ",\"metadata\":{\"type\":\"bash\",\"cmd\":\"hey -z 10s -q 1 -c 1 http://a/\"}}");
    struct http_call *waiting = w->call;
    tester_drain(w->tester, on_drained, &drained);
    expect(w, "/", "{" PODINFO ",\"metadata\":{\"cmd\":\"" HEY "\"}}", 503, "the load tester ends");
    expect(w, "/gate/check", "{" PODINFO "}", 403, "Forbidden");
    w->call = waiting;
    w->status = 0;
    fake_clock_advance(w->clock, 9999);
    assert_int_equal(w->status, 0);
    assert_int_equal(drained, 0);
    fake_clock_advance(w->clock, 1);
    fake_clock_run(w->clock);
    assert_int_equal(w->status, 200);
    assert_int_equal(drained, 1);
}

static void nobody_is_waited_for_too_long(void **state)
{
    struct world *w = *state;
    int drained = 0;
    open_tester(w, NULL, 32, 10000);
    send(w, "/", "{" PODINFO ",\"metadata\":{\"type\":\"bash\",\"cmd\":\"" HEY "\"}}");
    tester_drain(w->tester, on_drained, &drained);
    fake_clock_advance(w->clock, TESTER_PATIENCE_MS - 1);
    assert_int_equal(drained, 0);
    fake_clock_advance(w->clock, 1);
    assert_int_equal(drained, 1);
    assert_int_equal(w->status, 503);
    assert_string_equal(w->body, "command stopped: the load tester ends");
}

static void a_tester_that_nobody_waits_for_ends_at_once(void **state)
{
    struct world *w = *state;
    int drained = 0;
    open_tester(w, NULL, 32, 10000);
    start_load(w, "a", "-z 1h -q 10 -c 1");
    send(w, "/", "{" PODINFO ",\"metadata\":{\"type\":\"bash\",\"cmd\":\"" HEY "\"}}");
    tester_drain(w->tester, on_drained, &drained);
    fake_clock_run(w->clock);
    assert_int_equal(drained, 0);
    http_cancel(w->call); /* the one who waits has left */
    fake_clock_run(w->clock);
    assert_int_equal(drained, 1);
}

/* teardown finds no call and no timer that is left. */
static void what_runs_at_the_end_is_ended(void **state)
{
    struct world *w = *state;
    open_tester(w, NULL, 32, 10000);
    expect(w, "/", "{" PODINFO ",\"metadata\":{\"cmd\":\"" HEY "\"}}", 202, "");
    send(w, "/", "{" PODINFO ",\"metadata\":{\"type\":\"bash\",\"cmd\":\"" HEY "\"}}");
    fake_clock_advance(w->clock, 1000);
    http_cancel(w->call);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(gates_are_opened_closed_and_asked_for),
        TEST(gates_are_bounded),
        TEST(a_load_is_played_and_told),
        TEST(the_same_command_is_not_started_twice),
        TEST(a_load_that_ends_is_followed_by_the_next),
        TEST(a_load_by_number_is_followed_by_none),
        TEST(a_short_load_is_not_started_twice),
        TEST(a_load_is_not_played_again_at_the_end),
        TEST(a_load_of_type_bash_stands_beside_the_same_command),
        TEST(a_load_of_type_bash_is_answered_at_its_end),
        TEST(nobody_has_to_wait),
        TEST(a_host_that_does_not_resolve_is_told),
        TEST(so_many_tasks_run_at_once),
        TEST(the_rate_of_all_loads_is_bounded),
        TEST(a_load_without_a_rate_takes_its_share),
        TEST(hooks_of_other_namespaces_are_refused),
        TEST(what_is_refused_says_why),
        TEST(every_task_is_counted_by_its_type),
        TEST(a_tester_that_ends_answers_those_who_wait),
        TEST(nobody_is_waited_for_too_long),
        TEST(a_tester_that_nobody_waits_for_ends_at_once),
        TEST(what_runs_at_the_end_is_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
