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
#include "kube/lease.h"
#include "kube/object.h"

enum { DURATION_MS = 15000, RENEW_MS = 5000, DEADLINE_MS = 10000, RETRY_MS = 2000 };

#define NOW_MS 1773216907000 /* 2026-03-11T08:15:07Z */

struct contender {
    struct world *world;
    struct lease *lease;
    int held, lost, closed;
    bool closes_when_lost;
    struct err err;
};

/* One Lease as an API server keeps it. */
struct world {
    struct fake_clock *fc;
    struct fake_http *fh;
    struct kube_client *client;
    struct doc *lease; /* NULL: none */
    char *text;        /* of the last answer */
    int version;
    bool unreachable, silent, conflicting;
    int64_t delay_ms;
    struct contender a, b;
};

/* --- the server --- */

static void keep(struct world *w, struct doc *lease)
{
    char version[16];
    struct buf b;
    buf_init(&b, sizeof version);
    buf_printf(&b, "%d", ++w->version);
    node_set_str(lease, node_ensure_object(lease, doc_root(lease), "metadata"), "resourceVersion", buf_str(&b));
    buf_fini(&b);
    doc_free(w->lease);
    w->lease = lease;
}

static int refuse(struct fake_http_answer *answer, int status, const char *body)
{
    answer->body = body;
    return status;
}

static int write_lease(struct world *w, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    struct err err;
    struct doc *doc = doc_parse(request->body, request->body_len, &err);
    bool is_new = strcmp(request->method, "POST") == 0;
    bool fits = is_new
                    ? w->lease == NULL
                    : w->lease != NULL && str_equal(object_version(doc_root(doc)), object_version(doc_root(w->lease)));
    if (w->conflicting) {
        doc_free(doc);
        return refuse(answer, 409, "{\"message\":\"no\"}");
    }
    if (!fits) {
        doc_free(doc);
        return w->lease == NULL ? refuse(answer, 404, "{\"message\":\"not found\"}")
               : is_new         ? refuse(answer, 409, "{\"message\":\"exists\",\"reason\":\"AlreadyExists\"}")
                                : refuse(answer, 409, "{\"message\":\"modified\",\"reason\":\"Conflict\"}");
    }
    keep(w, doc);
    return is_new ? 201 : 200;
}

static bool serve(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    struct world *w = ctx;
    assert_int_equal(request->timeout_ms, RETRY_MS);
    if (w->unreachable) {
        answer->code = ERR_UNREACHABLE;
        answer->text = "connection refused";
        return true;
    }
    if (strcmp(request->method, "GET") != 0) {
        answer->status = write_lease(w, request, answer);
    } else if (w->lease == NULL) {
        answer->status = refuse(answer, 404, "{\"message\":\"not found\"}");
    }
    if (answer->body == NULL) {
        str_free(&w->text);
        w->text = node_to_text(doc_root(w->lease));
        answer->body = w->text;
    }
    answer->delay_ms = w->silent ? 60000 : w->delay_ms;
    return true;
}

/* --- the world --- */

static int setup(void **state)
{
    struct world *w = mem_new(struct world);
    struct kube_config config = {.source = str_dup("kubeconfig /lab"), .server = str_dup("https://api")};
    w->fc = fake_clock_new(NOW_MS);
    w->fh = fake_http_new(fake_clock_clock(w->fc));
    w->client = kube_client_new(fake_http_door(w->fh), fake_clock_clock(w->fc), NULL, &config);
    w->a.world = w->b.world = w;
    fake_http_handle(w->fh, serve, w);
    log_set_sink(log_drop, NULL);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    struct contender *contenders[] = {&w->a, &w->b};
    for (size_t i = 0; i < 2; i++) {
        if (contenders[i]->lease != NULL) {
            lease_close(contenders[i]->lease, NULL, NULL);
        }
    }
    kube_client_free(w->client); /* these assert that no call, no request, no timer is left */
    fake_http_free(w->fh);
    fake_clock_free(w->fc);
    doc_free(w->lease);
    str_free(&w->text);
    log_set_sink(NULL, NULL);
    mem_free(w);
    return 0;
}

static void on_held(void *ctx)
{
    struct contender *c = ctx;
    c->held++;
}

static void on_closed(void *ctx)
{
    struct contender *c = ctx;
    c->closed++;
    c->lease = NULL;
}

static void on_lost(void *ctx, const struct err *err)
{
    struct contender *c = ctx;
    c->lost++;
    c->err = *err;
    if (c->closes_when_lost) {
        lease_close(c->lease, NULL, NULL);
        c->lease = NULL;
    }
}

static bool only_zombies_are_dead(const char *identity)
{
    return str_has_prefix(identity, "zombie");
}

static void start_as(struct contender *c, const char *identity)
{
    struct world *w = c->world;
    struct lease_options options = {
        .namespace = "flagger",
        .name = "sluice",
        .identity = identity,
        .duration_ms = DURATION_MS,
        .renew_ms = RENEW_MS,
        .renew_deadline_ms = DEADLINE_MS,
        .retry_ms = RETRY_MS,
        .is_dead = only_zombies_are_dead,
    };
    c->lease = lease_open(w->client, fake_clock_clock(w->fc), &options, on_held, on_lost, c);
    assert_int_equal(c->held, 0);
}

static void open_as(struct contender *c, const char *identity)
{
    start_as(c, identity);
    fake_clock_run(c->world->fc);
}

static void close_gracefully(struct contender *c)
{
    lease_close(c->lease, on_closed, c);
    assert_int_equal(c->closed, 0);
}

/* What another engine writes. */
static void others_write(struct world *w, const char *holder, const char *renew_time)
{
    keep(w, fake_doc_format("{'metadata':{'name':'sluice','annotations':{'a':'b'}},'spec':{'holderIdentity':'%s',"
                            "'leaseDurationSeconds':15,'renewTime':'%s','acquireTime':'2026-01-01T00:00:00.000000Z',"
                            "'leaseTransitions':3}}",
                            holder, renew_time));
}

static void expect_holder(struct world *w, const char *holder)
{
    assert_string_equal(node_str_or(node_at(doc_root(w->lease), "spec", "holderIdentity"), "absent"), holder);
}

static void open_held(struct world *w)
{
    open_as(&w->a, "me");
    assert_int_equal(w->a.held, 1);
}

/* --- acquiring --- */

static void test_a_lease_that_is_not_there_is_created(void **state)
{
    struct world *w = *state;
    open_held(w);
    fake_doc_expect(
        doc_root(w->lease),
        "{'apiVersion':'coordination.k8s.io/v1','kind':'Lease',"
        "'metadata':{'name':'sluice','namespace':'flagger','resourceVersion':'1'},"
        "'spec':{'holderIdentity':'me','leaseDurationSeconds':15,'acquireTime':'2026-03-11T08:15:07.000000Z',"
        "'renewTime':'2026-03-11T08:15:07.000000Z','leaseTransitions':0}}");
    assert_int_equal(fake_http_seen_count(w->fh), 2);
}

static void test_a_renewal_is_one_request(void **state)
{
    struct world *w = *state;
    open_held(w);
    fake_clock_advance(w->fc, RENEW_MS - 1);
    assert_int_equal(fake_http_seen_count(w->fh), 2);
    fake_clock_advance(w->fc, 60000 - RENEW_MS + 1);
    assert_int_equal(fake_http_count(w->fh, "PUT", "/namespaces/flagger/leases/sluice"), 12);
    assert_int_equal(fake_http_seen_count(w->fh), 14);
    fake_doc_expect(node_at(doc_root(w->lease), "spec"),
                    "{'holderIdentity':'me','leaseDurationSeconds':15,'acquireTime':'2026-03-11T08:15:07.000000Z',"
                    "'renewTime':'2026-03-11T08:16:07.000000Z','leaseTransitions':0}");
    assert_int_equal(w->a.held, 1);
    assert_int_equal(w->a.lost, 0);
}

static void test_an_expired_lease_is_taken_over(void **state)
{
    struct world *w = *state;
    others_write(w, "other", "2020-01-01T00:00:00.000000Z"); /* its clock is years behind: that proves nothing */
    open_as(&w->a, "me");
    fake_clock_advance(w->fc, DURATION_MS - 1);
    assert_int_equal(w->a.held, 0);
    assert_int_equal(fake_http_count(w->fh, "PUT", NULL), 0);
    fake_clock_advance(w->fc, RETRY_MS);
    assert_int_equal(w->a.held, 1);
    assert_true(lease_is_known(w->a.lease));
    fake_doc_expect(node_at(doc_root(w->lease), "spec"),
                    "{'holderIdentity':'me','leaseDurationSeconds':15,'acquireTime':'2026-03-11T08:15:23.000000Z',"
                    "'renewTime':'2026-03-11T08:15:23.000000Z','leaseTransitions':4}");
    fake_doc_expect(node_at(doc_root(w->lease), "metadata", "annotations"), "{'a':'b'}");
}

static void test_a_living_holder_is_waited_for(void **state)
{
    struct world *w = *state;
    others_write(w, "other", "2020-01-01T00:00:00.000000Z");
    open_as(&w->a, "me");
    for (int second = 10; second < 60; second += 5) {
        fake_clock_advance(w->fc, 14000);
        char *time = str_format("2020-01-01T00:00:%d.000000Z", second);
        others_write(w, "other", time);
        str_free(&time);
    }
    assert_int_equal(w->a.held, 0);
    assert_true(lease_is_known(w->a.lease));
    expect_holder(w, "other");
}

static void test_nobody_and_the_dead_are_not_waited_for(void **state)
{
    struct world *w = *state;
    static const char *const holders[] = {"", "zombie-7", "me"}; /* ourselves: an earlier answer was lost */
    for (size_t i = 0; i < 3; i++) {
        others_write(w, holders[i], "2026-03-11T08:15:00.000000Z");
        w->a.held = 0;
        open_held(w);
        expect_holder(w, "me");
        assert_int_equal(node_int_or(node_at(doc_root(w->lease), "spec", "leaseTransitions"), 0), i < 2 ? 4 : 3);
        lease_close(w->a.lease, NULL, NULL);
    }
    w->a.lease = NULL;
}

static void test_of_two_contenders_one_wins(void **state)
{
    struct world *w = *state;
    others_write(w, "zombie", "2026-03-11T08:15:00.000000Z");
    start_as(&w->a, "a"); /* both read it before either writes */
    start_as(&w->b, "b");
    fake_clock_advance(w->fc, 60000);
    assert_int_equal(w->a.held + w->b.held, 1);
    assert_int_equal(w->a.lost + w->b.lost, 0);
    struct contender *winner = w->a.held > 0 ? &w->a : &w->b, *loser = w->a.held > 0 ? &w->b : &w->a;
    close_gracefully(winner);
    fake_clock_advance(w->fc, RETRY_MS); /* given back: nobody waits for its end */
    assert_int_equal(winner->closed, 1);
    assert_int_equal(loser->held, 1);
}

static void test_trouble_at_the_start_is_retried(void **state)
{
    struct world *w = *state;
    w->unreachable = true;
    open_as(&w->a, "me");
    fake_clock_advance(w->fc, 60000);
    assert_int_equal(w->a.held + w->a.lost, 0); /* what was never held is not lost */
    assert_false(lease_is_known(w->a.lease));
    w->unreachable = false;
    fake_clock_advance(w->fc, RETRY_MS);
    assert_int_equal(w->a.held, 1);
}

/* --- losing --- */

static void test_it_is_lost_at_the_deadline(void **state)
{
    struct world *w = *state;
    open_held(w);
    w->unreachable = true;
    fake_clock_advance(w->fc, DEADLINE_MS - 1);
    assert_int_equal(w->a.lost, 0);
    assert_true(lease_is_sure(w->a.lease));
    fake_clock_advance(w->fc, 1);
    assert_int_equal(w->a.lost, 1);
    assert_false(lease_is_sure(w->a.lease));
    assert_string_equal(w->a.err.text, "Lease flagger/sluice: not renewed for 10000 ms: connection refused");
    assert_int_equal(w->a.err.code, ERR_UNREACHABLE);
    size_t count = fake_http_seen_count(w->fh);
    w->unreachable = false;
    fake_clock_advance(w->fc, 60000);
    assert_int_equal(fake_http_seen_count(w->fh), count); /* lost is lost */
    assert_int_equal(w->a.lost, 1);
}

static void test_the_deadline_counts_from_when_the_renewal_was_sent(void **state)
{
    struct world *w = *state;
    open_held(w);
    w->delay_ms = 1500;
    fake_clock_advance(w->fc, RENEW_MS + 1500);
    w->unreachable = true;
    fake_clock_advance(w->fc, DEADLINE_MS - 1501);
    assert_int_equal(w->a.lost, 0);
    fake_clock_advance(w->fc, 1);
    assert_int_equal(w->a.lost, 1);
}

static void test_silence_loses_it_too(void **state)
{
    struct world *w = *state;
    open_held(w);
    w->silent = true;
    fake_clock_advance(w->fc, DEADLINE_MS - 1);
    assert_int_equal(w->a.lost, 0);
    fake_clock_advance(w->fc, 1);
    assert_int_equal(w->a.lost, 1);
    assert_int_equal(w->a.err.code, ERR_TIMEOUT);
    assert_int_equal(fake_http_open_calls(w->fh), 0);
}

static void test_a_short_outage_loses_nothing(void **state)
{
    struct world *w = *state;
    open_held(w);
    for (int i = 0; i < 20; i++) { /* wherever it falls between two renewals */
        w->unreachable = true;
        fake_clock_advance(w->fc, 3999);
        w->unreachable = false;
        fake_clock_advance(w->fc, 10101 + 250 * i);
    }
    assert_int_equal(w->a.lost, 0);
    assert_int_equal(w->a.held, 1);
}

static void test_a_renewal_that_failed_is_tried_again_soon_and_without_reading(void **state)
{
    struct world *w = *state;
    open_held(w);
    fake_clock_advance(w->fc, RENEW_MS - 1);
    w->unreachable = true;
    fake_clock_advance(w->fc, 1 + 3 * RETRY_MS / 4);
    assert_int_equal(fake_http_count(w->fh, "PUT", NULL), 4);
    assert_int_equal(fake_http_count(w->fh, "GET", NULL), 1); /* at the start */
    w->unreachable = false;
    fake_clock_advance(w->fc, RETRY_MS / 4);
    assert_string_equal(node_str(node_at(doc_root(w->lease), "spec", "renewTime")), "2026-03-11T08:15:14.000000Z");
    assert_int_equal(fake_http_count(w->fh, "GET", NULL), 1);
}

static void test_a_takeover_by_another_is_noticed_at_the_next_renewal(void **state)
{
    struct world *w = *state;
    open_held(w);
    w->a.closes_when_lost = true;
    others_write(w, "other", "2026-03-11T08:15:08.000000Z");
    fake_clock_advance(w->fc, RENEW_MS);
    assert_int_equal(w->a.lost, 1);
    assert_int_equal(w->a.err.code, ERR_FENCED);
    assert_string_equal(w->a.err.text, "Lease flagger/sluice: other holds it now");
    expect_holder(w, "other");
}

static void test_a_conflict_alone_is_no_loss(void **state)
{
    struct world *w = *state;
    open_held(w);
    others_write(w, "me", "2026-03-11T08:15:07.000000Z"); /* somebody annotated it */
    fake_clock_advance(w->fc, RENEW_MS);
    assert_int_equal(w->a.lost, 0);
    fake_doc_expect(node_at(doc_root(w->lease), "metadata", "annotations"), "{'a':'b'}");
    assert_string_equal(node_str(node_at(doc_root(w->lease), "spec", "renewTime")), "2026-03-11T08:15:12.000000Z");
    doc_free(w->lease); /* and deleted */
    w->lease = NULL;
    fake_clock_advance(w->fc, RENEW_MS + RETRY_MS);
    assert_int_equal(w->a.lost, 0);
    expect_holder(w, "me");
    assert_int_equal(w->a.held, 1);
}

static void test_a_server_that_answers_every_write_with_a_conflict_is_not_besieged(void **state)
{
    struct world *w = *state;
    open_held(w);
    fake_clock_advance(w->fc, RENEW_MS - 1);
    w->conflicting = true;
    fake_clock_advance(w->fc, 1 + RETRY_MS); /* at once to look, then four times as often as retry_ms */
    assert_int_equal(fake_http_count(w->fh, "PUT", NULL), 6);
    fake_clock_advance(w->fc, DEADLINE_MS);
    assert_int_equal(w->a.lost, 1);
}

/* --- closing --- */

static void test_closing_gives_it_back(void **state)
{
    struct world *w = *state;
    open_held(w);
    fake_clock_advance(w->fc, 1000);
    close_gracefully(&w->a);
    fake_clock_run(w->fc);
    assert_int_equal(w->a.closed, 1);
    fake_doc_expect(node_at(doc_root(w->lease), "spec"),
                    "{'holderIdentity':'','leaseDurationSeconds':1,'acquireTime':'2026-03-11T08:15:07.000000Z',"
                    "'renewTime':'2026-03-11T08:15:08.000000Z','leaseTransitions':0}");
    assert_int_equal(w->a.lost, 0);
}

static void test_closing_writes_nothing_into_the_lease_of_another(void **state)
{
    struct world *w = *state;
    others_write(w, "other", "2026-03-11T08:15:00.000000Z");
    open_as(&w->a, "me");
    close_gracefully(&w->a);
    fake_clock_run(w->fc);
    assert_int_equal(w->a.closed, 1);
    assert_int_equal(fake_http_count(w->fh, "PUT", NULL), 0);
    expect_holder(w, "other");
}

static void test_closing_ends_whatever_the_server_does(void **state)
{
    struct world *w = *state;
    open_held(w);
    w->unreachable = true;
    close_gracefully(&w->a);
    fake_clock_run(w->fc);
    assert_int_equal(w->a.closed, 1);
    w->unreachable = false;
    w->a.held = w->a.closed = 0;
    open_held(w);
    w->silent = true;
    close_gracefully(&w->a);
    fake_clock_advance(w->fc, RETRY_MS);
    assert_int_equal(w->a.closed, 1);
    w->silent = false;
    w->a.held = 0;
    doc_free(w->lease);
    w->lease = NULL;
    w->a.lease = NULL;
    open_held(w);
    w->silent = true;
    fake_clock_advance(w->fc, RENEW_MS); /* closed while a renewal is on its way */
    w->a.closed = 0;
    w->silent = false;
    close_gracefully(&w->a);
    fake_clock_run(w->fc);
    assert_int_equal(w->a.closed, 1);
    expect_holder(w, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_lease_that_is_not_there_is_created, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_renewal_is_one_request, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_expired_lease_is_taken_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_living_holder_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_and_the_dead_are_not_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_of_two_contenders_one_wins, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trouble_at_the_start_is_retried, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_is_lost_at_the_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_deadline_counts_from_when_the_renewal_was_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_silence_loses_it_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_short_outage_loses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_renewal_that_failed_is_tried_again_soon_and_without_reading, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_takeover_by_another_is_noticed_at_the_next_renewal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_conflict_alone_is_no_loss, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_server_that_answers_every_write_with_a_conflict_is_not_besieged, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_closing_gives_it_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_closing_writes_nothing_into_the_lease_of_another, setup, teardown),
        cmocka_unit_test_setup_teardown(test_closing_ends_whatever_the_server_does, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
