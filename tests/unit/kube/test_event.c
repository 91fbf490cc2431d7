#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "fake_clock.h"
#include "fake_doc.h"
#include "fake_http.h"
#include "kube/event.h"

/* A namespace's events as an API server keeps them: {"name": event}. */
enum { ALL_PAUSES_MS = 500 + 1000 + 2000 + 4000 };

struct world {
    struct fake_clock *fc;
    struct fake_http *fh;
    struct kube_client *client;
    struct event_recorder *recorder;
    struct doc *events;
    struct fake_http_answer trouble; /* status 0: none */
    int done;
    struct err err;
};

/* --- the server --- */

static bool serve(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    struct world *w = ctx;
    struct err err;
    if (w->trouble.status != 0 || w->trouble.code != ERR_NONE) {
        *answer = w->trouble;
        return true;
    }
    struct doc *body = doc_parse(request->body, request->body_len, &err);
    bool is_new = strcmp(request->method, "POST") == 0;
    const char *name = is_new ? node_str(node_at(doc_root(body), "metadata", "name")) : strrchr(request->url, '/') + 1;
    struct node *event = node_get(doc_root(w->events), name);
    answer->body = "{}";
    if (is_new && event == NULL) {
        answer->status = 201;
        node_set(w->events, doc_root(w->events), name, node_copy(w->events, doc_root(body)));
    } else if (is_new) {
        answer->status = 409;
        answer->body = "{\"message\":\"events already exists\",\"reason\":\"AlreadyExists\"}";
    } else if (event == NULL) {
        answer->status = 404;
        answer->body = "{\"message\":\"events not found\",\"reason\":\"NotFound\"}";
    } else {
        fake_doc_merge(w->events, event, doc_root(body));
    }
    doc_free(body);
    return true;
}

/* The nth event in the order of creation. */
static const struct node *kept(struct world *w, size_t nth)
{
    struct node_iter it = node_iterate(doc_root(w->events));
    while (node_next(&it)) {
        if (it.index == nth) {
            return it.value;
        }
    }
    return NULL;
}

static void expect_kept(struct world *w, size_t nth, const char *message, int64_t count)
{
    assert_string_equal(node_str_or(node_get(kept(w, nth), "message"), "absent"), message);
    assert_int_equal(node_int_or(node_get(kept(w, nth), "count"), 0), count);
}

static size_t kept_count(struct world *w)
{
    return node_count(doc_root(w->events));
}

/* --- the world --- */

static int setup(void **state)
{
    struct world *w = mem_new(struct world);
    struct kube_config config = {.source = str_dup("kubeconfig /lab"), .server = str_dup("https://api")};
    w->fc = fake_clock_new(1773216907000); /* 2026-03-11T08:15:07Z */
    w->fh = fake_http_new(fake_clock_clock(w->fc));
    w->client = kube_client_new(fake_http_door(w->fh), fake_clock_clock(w->fc), NULL, &config);
    w->recorder = event_recorder_new(w->client, fake_clock_clock(w->fc), "flagger");
    w->events = fake_doc("{}");
    fake_http_handle(w->fh, serve, w);
    log_set_sink(log_drop, NULL);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    event_recorder_free(w->recorder);
    kube_client_free(w->client); /* these assert that no call, no request, no timer is left */
    fake_http_free(w->fh);
    fake_clock_free(w->fc);
    doc_free(w->events);
    log_set_sink(NULL, NULL);
    mem_free(w);
    return 0;
}

static void restart(struct world *w)
{
    event_recorder_free(w->recorder);
    w->recorder = event_recorder_new(w->client, fake_clock_clock(w->fc), "flagger");
}

static void on_done(void *ctx, const struct err *err)
{
    struct world *w = ctx;
    w->done++;
    w->err = *err;
}

static struct event podinfo(const char *message)
{
    return (struct event){
        .api_version = "flagger.app/v1beta1",
        .kind = "Canary",
        .namespace = "test",
        .name = "podinfo",
        .uid = "u-1",
        .resource_version = "42",
        .type = "Normal",
        .reason = "Synced",
        .message = message,
    };
}

static void send(struct world *w, struct event event)
{
    int before = w->done;
    event_start(w->recorder, &event, on_done, w);
    assert_int_equal(w->done, before); /* never before it returns */
    assert_int_equal(event_recorder_pending(w->recorder), 1);
    fake_clock_run(w->fc);
    assert_int_equal(w->done, before + 1);
    assert_int_equal(event_recorder_pending(w->recorder), 0);
}

static void say(struct world *w, const char *message)
{
    send(w, podinfo(message));
    assert_int_equal(w->err.code, ERR_NONE);
}

static void say_keyed(struct world *w, const char *message, const char *key)
{
    struct event event = podinfo(message);
    event.key = key;
    send(w, event);
}

/* "<prefix> 1", "<prefix> 2" and so on. */
static void say_numbered(struct world *w, const char *prefix, int first, int last)
{
    for (int i = first; i <= last; i++) {
        char *message = str_format("%s %d", prefix, i);
        say(w, message);
        str_free(&message);
    }
}

static size_t requests(struct world *w, const char *method)
{
    return fake_http_count(w->fh, method, NULL);
}

/* --- one event --- */

static void test_an_event_is_created(void **state)
{
    struct world *w = *state;
    say(w, "New revision detected! Scaling up podinfo.test");
    const struct fake_http_seen *seen = fake_http_last(w->fh);
    assert_string_equal(seen->method, "POST");
    assert_string_equal(seen->url, "https://api/api/v1/namespaces/test/events");
    const char *name = node_str(node_at(kept(w, 0), "metadata", "name"));
    assert_true(str_has_prefix(name, "podinfo."));
    assert_int_equal(strspn(name + strlen("podinfo."), "0123456789abcdef"), 16);
    assert_int_equal(strlen(name), strlen("podinfo.") + 16);
    char *wanted = str_format(
        "{'apiVersion':'v1','kind':'Event','metadata':{'name':'%s','namespace':'test'},"
        "'involvedObject':{'kind':'Canary','namespace':'test','name':'podinfo','uid':'u-1',"
        "'apiVersion':'flagger.app/v1beta1','resourceVersion':'42'},'reason':'Synced',"
        "'message':'New revision detected! Scaling up podinfo.test','source':{'component':'flagger'},"
        "'firstTimestamp':'2026-03-11T08:15:07Z','lastTimestamp':'2026-03-11T08:15:07Z','count':1,'type':'Normal',"
        "'reportingComponent':'flagger'}",
        name);
    fake_doc_expect(kept(w, 0), wanted);
    str_free(&wanted);
}

static void test_an_equal_one_patches_the_count(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 3; i++) {
        say(w, "Halt advancement");
        fake_clock_advance(w->fc, 10000);
    }
    assert_int_equal(requests(w, "POST"), 1);
    assert_int_equal(requests(w, "PATCH"), 2);
    const struct fake_http_seen *seen = fake_http_last(w->fh);
    assert_string_equal(fake_http_header(seen, "Content-Type"), "application/strategic-merge-patch+json");
    assert_string_equal(seen->body,
                        "{\"count\":3,\"lastTimestamp\":\"2026-03-11T08:15:27Z\",\"message\":\"Halt advancement\"}");
    expect_kept(w, 0, "Halt advancement", 3);
    assert_string_equal(node_str(node_get(kept(w, 0), "firstTimestamp")), "2026-03-11T08:15:07Z");
}

static void test_another_object_type_reason_or_message_is_another_event(void **state)
{
    struct world *w = *state;
    struct event events[6];
    for (size_t i = 0; i < 6; i++) {
        events[i] = podinfo("Halt advancement");
    }
    events[1].type = "Warning";
    events[2].reason = "Failed";
    events[3].message = "Halt";
    events[4].uid = "u-2"; /* deleted and made again */
    events[5].name = "backend";
    for (size_t i = 0; i < 6; i++) {
        send(w, events[i]);
    }
    assert_int_equal(kept_count(w), 6); /* with six names, within one millisecond */
    assert_int_equal(requests(w, "PATCH"), 0);
}

static void test_long_texts_are_cut(void **state)
{
    struct world *w = *state;
    char *message = mem_alloc(2001), *name = mem_alloc(301);
    memset(message, 'x', 2000);
    memset(name, 'n', 300);
    memcpy(message + 1023, "\xC3\xA4", 2); /* does not fit any more */
    memcpy(name + 234, "-.", 2);
    struct event event = podinfo(message);
    event.name = name;
    send(w, event);
    assert_int_equal(strlen(node_str(node_get(kept(w, 0), "message"))), 1023);
    const char *event_name = node_str(node_at(kept(w, 0), "metadata", "name"));
    assert_int_equal(strlen(event_name), 234 + 1 + 16); /* at most 253, and no label ends with '-' */
    assert_int_equal(strspn(event_name, "n"), 234);
    assert_string_equal(node_str(node_at(kept(w, 0), "involvedObject", "name")), name);
    mem_free(message);
    mem_free(name);
}

/* --- many --- */

static void test_the_tenth_different_message_is_combined(void **state)
{
    struct world *w = *state;
    say_numbered(w, "Advance", 1, 9);
    assert_int_equal(kept_count(w), 9);
    say_numbered(w, "Advance", 10, 12);
    assert_int_equal(kept_count(w), 10);
    expect_kept(w, 8, "Advance 9", 1);
    expect_kept(w, 9, "(combined from similar events): Advance 12", 3);
    assert_int_equal(requests(w, "PATCH"), 2);
    struct event other = podinfo("Advance 13");
    other.type = "Warning";
    send(w, other); /* similar only in part */
    expect_kept(w, 10, "Advance 13", 1);
    char *message = mem_alloc(1025);
    memset(message, 'x', 1024);
    say(w, message);
    assert_int_equal(strlen(node_str(node_get(kept(w, 9), "message"))), 1024);
    mem_free(message);
}

static void test_ten_minutes_of_quiet_end_the_similarity(void **state)
{
    struct world *w = *state;
    say_numbered(w, "Advance", 1, 9);
    fake_clock_advance(w->fc, 600001);
    say_numbered(w, "Advance", 10, 18);
    assert_int_equal(kept_count(w), 18);
    fake_clock_advance(w->fc, 600000); /* not quite */
    say(w, "Advance 19");
    expect_kept(w, 18, "(combined from similar events): Advance 19", 1);
}

static void test_a_bucket_of_tokens_for_each_object_and_type(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 30; i++) {
        say(w, "Halt advancement"); /* dropped or not: done without an error */
    }
    assert_int_equal(fake_http_seen_count(w->fh), 25);
    struct event other = podinfo("Halt advancement");
    other.name = "backend";
    send(w, other);
    assert_int_equal(fake_http_seen_count(w->fh), 26);
    struct event warning = podinfo("Advance");
    warning.type = "Warning";
    send(w, warning);
    assert_int_equal(fake_http_seen_count(w->fh), 27);
    fake_clock_advance(w->fc, 299000);
    say(w, "Halt advancement");
    assert_int_equal(fake_http_seen_count(w->fh), 27);
    fake_clock_advance(w->fc, 1000);
    say(w, "Halt advancement");
    say(w, "Halt advancement");
    assert_int_equal(fake_http_seen_count(w->fh), 28);
    expect_kept(w, 0, "Halt advancement", 32);   /* the dropped ones are counted */
    fake_clock_advance(w->fc, 24 * 3600 * 1000); /* it never holds more than 25 */
    for (int i = 0; i < 30; i++) {
        say(w, "Halt advancement");
    }
    assert_int_equal(fake_http_seen_count(w->fh), 28 + 25);
}

/* Nothing that the engine says by itself drowns it, and it is bounded all the same. */
static void test_what_people_ask_for_has_a_bucket_of_its_own(void **state)
{
    struct world *w = *state;
    say_numbered(w, "Advance", 1, 30);
    size_t before = kept_count(w);
    for (int i = 1; i <= 30; i++) {
        char *message = str_format("Request pause %d by alice", i);
        struct event event = podinfo(message);
        event.asked = true;
        send(w, event);
        str_free(&message);
    }
    assert_int_equal(kept_count(w), before + 25);
    expect_kept(w, before + 24, "Request pause 25 by alice", 1); /* the tenth and later ones are not combined */
    fake_clock_advance(w->fc, 59999);
    struct event event = podinfo("Request rollback by alice");
    event.asked = true;
    send(w, event);
    assert_int_equal(kept_count(w), before + 25);
    fake_clock_advance(w->fc, 1);
    event.message = "Request promote by alice";
    send(w, event);
    expect_kept(w, before + 25, "Request promote by alice", 1);
    say(w, "Advance 31"); /* and takes nothing from the other one, which has not got its next yet */
    assert_int_equal(kept_count(w), before + 26);
}

static void test_the_memory_is_bounded(void **state)
{
    struct world *w = *state;
    say(w, "used");
    struct event event = podinfo("once");
    event.name = "backend";
    send(w, event);
    for (int i = 0; i < 4200; i++) {
        char *name = str_format("n%d", i);
        struct event many = podinfo("once");
        many.name = name;
        event_start(w->recorder, &many, NULL, NULL);
        fake_clock_run(w->fc);
        str_free(&name);
        if (i % 1000 == 0) {
            say(w, "used");
        }
    }
    assert_int_equal(requests(w, "PATCH"), 5);
    send(w, event); /* forgotten, so it is new */
    assert_int_equal(requests(w, "PATCH"), 5);
    say(w, "used"); /* remembered, because it was used meanwhile */
    assert_int_equal(requests(w, "PATCH"), 6);
    expect_kept(w, 0, "used", 7);
}

/* --- sent again --- */

static void test_a_key_makes_the_name(void **state)
{
    struct world *w = *state;
    say_keyed(w, "Promotion completed!", "u-1/7/promoted");
    restart(w); /* killed before the answer was on record */
    fake_clock_advance(w->fc, 5000);
    say_keyed(w, "Promotion completed!", "u-1/7/promoted");
    assert_int_equal(w->err.code, ERR_NONE); /* AlreadyExists is done */
    assert_int_equal(requests(w, "POST"), 2);
    assert_int_equal(kept_count(w), 1);
    expect_kept(w, 0, "Promotion completed!", 1);
    say_keyed(w, "Promotion completed!", "u-1/8/promoted"); /* the next release: one more of the same */
    expect_kept(w, 0, "Promotion completed!", 2);
    restart(w);
    say_keyed(w, "Promotion completed!", "u-1/9/promoted");
    assert_int_equal(kept_count(w), 2);
}

/* kubectl lists the events of one second in the order of their names: with a key or without one, and whatever the keys
 * are. */
static void test_names_sort_as_they_were_told(void **state)
{
    struct world *w = *state;
    static const char *const keys[] = {"u-1/1/0", NULL, "u-1/2/0", "u-1/3/0", NULL, NULL, "u-1/4/0", "u-1/4/1"};
    char *before = str_dup("");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char *message = str_format("message %zu", i);
        struct event event = podinfo(message);
        event.key = keys[i];
        if (event.key != NULL) {
            event.moment = event_moment_next(w->recorder);
        }
        send(w, event);
        if (i == 4) {
            fake_clock_advance(w->fc, 1);
        }
        const char *name = node_str(node_at(kept(w, i), "metadata", "name"));
        assert_true(strcmp(before, name) < 0);
        str_free(&before);
        before = str_dup(name);
        str_free(&message);
    }
    str_free(&before);
}

/* What is on record to be told keeps its place, however late that is. */
static void test_a_moment_on_record_makes_the_name(void **state)
{
    struct world *w = *state;
    struct event first = podinfo("Starting"), second = podinfo("Advance");
    first.key = "u-1/1/0";
    second.key = "u-1/2/0";
    first.moment = event_moment_next(w->recorder);
    second.moment = event_moment_next(w->recorder);
    fake_clock_advance(w->fc, 5000);
    send(w, second);
    send(w, first);
    assert_true(strcmp(node_str(node_at(kept(w, 1), "metadata", "name")),
                       node_str(node_at(kept(w, 0), "metadata", "name"))) < 0);
}

static void test_the_same_key_again_is_the_same_event(void **state)
{
    struct world *w = *state;
    w->trouble = (struct fake_http_answer){.code = ERR_TIMEOUT, .text = "no answer"};
    struct event event = podinfo("Promotion completed!");
    event.key = "u-1/7/promoted";
    event_start(w->recorder, &event, on_done, w);
    fake_clock_advance(w->fc, ALL_PAUSES_MS - 1);
    assert_int_equal(w->done, 0);
    fake_clock_advance(w->fc, 1);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->err.code, ERR_TIMEOUT);
    assert_string_equal(w->err.text, "no answer");
    assert_int_equal(requests(w, "POST"), 5);
    w->trouble = (struct fake_http_answer){0};
    say_keyed(w, "Promotion completed!", "u-1/7/promoted");
    expect_kept(w, 0, "Promotion completed!", 1);
    say_keyed(w, "Promotion completed!", "u-1/7/promoted"); /* it had arrived after all */
    assert_int_equal(w->err.code, ERR_NONE);
    expect_kept(w, 0, "Promotion completed!", 1);
    assert_int_equal(requests(w, "PATCH"), 0);
    say_keyed(w, "Promotion completed!", "u-1/8/promoted");
    say_keyed(w, "Promotion completed!", "u-1/8/promoted");
    expect_kept(w, 0, "Promotion completed!", 2);
}

static void test_an_event_that_expired_is_created_again(void **state)
{
    struct world *w = *state;
    say(w, "Halt advancement");
    char *name = str_dup(node_str(node_at(kept(w, 0), "metadata", "name")));
    node_remove(doc_root(w->events), name); /* the server keeps them for an hour */
    say(w, "Halt advancement");
    expect_kept(w, 0, "Halt advancement", 2);
    assert_string_equal(node_str(node_at(kept(w, 0), "metadata", "name")), name);
    assert_int_equal(requests(w, "POST"), 2);
    assert_int_equal(requests(w, "PATCH"), 1);
    str_free(&name);
    w->trouble =
        (struct fake_http_answer){.status = 404, .body = "{\"message\":\"namespaces \\\"test\\\" not found\"}"};
    send(w, podinfo("Halt advancement")); /* and when nothing can be created there, that is the end of it */
    assert_int_equal(w->err.code, ERR_NOT_FOUND);
    assert_string_equal(w->err.text, "namespaces \"test\" not found");
    assert_int_equal(requests(w, "POST"), 3);
}

static void test_a_count_never_goes_down(void **state)
{
    struct world *w = *state;
    struct event event = podinfo("Halt podinfo.test advancement");
    send(w, event);
    w->trouble = (struct fake_http_answer){.status = 503, .body = "{}"};
    event_start(w->recorder, &event, on_done, w);
    fake_clock_advance(w->fc, 1);
    w->trouble = (struct fake_http_answer){0};
    event_start(w->recorder, &event, on_done, w);
    fake_clock_advance(w->fc, 1);
    expect_kept(w, 0, "Halt podinfo.test advancement", 3);
    fake_clock_advance(w->fc, ALL_PAUSES_MS); /* the second one's turn comes, which the third has counted too */
    expect_kept(w, 0, "Halt podinfo.test advancement", 3);
    assert_int_equal(requests(w, "PATCH"), 2);
    assert_int_equal(event_recorder_pending(w->recorder), 0);
}

static void test_what_fails_in_passing_is_sent_again(void **state)
{
    struct world *w = *state;
    struct event event = podinfo("Advance podinfo.test canary weight 10");
    w->trouble = (struct fake_http_answer){.status = 503, .body = "{}"};
    event_start(w->recorder, &event, on_done, w);
    fake_clock_advance(w->fc, 499);
    assert_int_equal(requests(w, "POST"), 1);
    fake_clock_advance(w->fc, 1);
    assert_int_equal(requests(w, "POST"), 2);
    w->trouble = (struct fake_http_answer){0};
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->err.code, ERR_NONE);
    expect_kept(w, 0, "Advance podinfo.test canary weight 10", 1);
    assert_int_equal(requests(w, "POST"), 3);
    w->trouble = (struct fake_http_answer){.status = 503, .body = "{}"};
    event_start(w->recorder, &event, on_done, w); /* teardown ends it */
}

static void test_a_refusal_is_told_and_nothing_is_retried(void **state)
{
    struct world *w = *state;
    w->trouble = (struct fake_http_answer){.status = 403, .body = "{\"message\":\"events is forbidden\"}"};
    send(w, podinfo("Halt advancement"));
    assert_int_equal(w->err.code, ERR_FORBIDDEN);
    assert_string_equal(w->err.text, "events is forbidden");
    event_start(w->recorder,
                &(struct event){.kind = "Canary",
                                .namespace = "test",
                                .name = "podinfo",
                                .api_version = "flagger.app/v1beta1",
                                .type = "Normal",
                                .reason = "Synced",
                                .message = "nobody waits"},
                NULL, NULL);
    fake_clock_advance(w->fc, 3600000);
    assert_int_equal(fake_http_seen_count(w->fh), 2);
    assert_int_equal(event_recorder_pending(w->recorder), 0);
}

static void test_cancelling_drops_the_interest_only(void **state)
{
    struct world *w = *state;
    struct event event = podinfo("Halt advancement");
    event_cancel(event_start(w->recorder, &event, on_done, w));
    fake_clock_run(w->fc);
    assert_int_equal(w->done, 0);
    expect_kept(w, 0, "Halt advancement", 1);
    for (int i = 0; i < 30; i++) { /* some on their way, some dropped and about to say so */
        event_start(w->recorder, &event, on_done, w);
    }
    assert_int_equal(event_recorder_pending(w->recorder), 30);
    restart(w);
    fake_clock_run(w->fc);
    assert_int_equal(w->done, 0);
    assert_int_equal(fake_http_open_calls(w->fh), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_event_is_created, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_equal_one_patches_the_count, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_object_type_reason_or_message_is_another_event, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_texts_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_tenth_different_message_is_combined, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ten_minutes_of_quiet_end_the_similarity, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_bucket_of_tokens_for_each_object_and_type, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_people_ask_for_has_a_bucket_of_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_memory_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_key_makes_the_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_sort_as_they_were_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_moment_on_record_makes_the_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_same_key_again_is_the_same_event, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_event_that_expired_is_created_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_fails_in_passing_is_sent_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_count_never_goes_down, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_refusal_is_told_and_nothing_is_retried, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancelling_drops_the_interest_only, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
