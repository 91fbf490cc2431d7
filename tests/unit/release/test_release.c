// room: effect
#include "base/yaml.h"
#include "fake_context.h"
#include "io/file.h"

struct outcome {
    int done;
    struct err err;
};

static void on_done(void *ctx, const struct err *err)
{
    struct outcome *o = ctx;
    o->done++;
    o->err = *err;
}

/* A release of `status` that was claimed by us. */
static struct release *claimed(struct fake_context *f, const char *status)
{
    struct release *r = fake_context_release(f, status);
    struct outcome o = {0};
    release_claim(r, on_done, &o);
    assert_int_equal(o.done, 0);
    fake_clock_run(f->fc);
    assert_int_equal(o.done, 1);
    assert_int_equal(o.err.code, ERR_NONE);
    return r;
}

static void expect_end(struct fake_context *f, const struct outcome *o, enum err_code code, const char *text)
{
    fake_clock_run(f->fc);
    assert_int_equal(o->done, 1);
    assert_string_equal(o->err.text, text);
    assert_int_equal(o->err.code, code);
}

static size_t patches(struct fake_context *f)
{
    return fake_http_count(f->fh, "PATCH", RELEASE "/status");
}

static size_t reads(struct fake_context *f)
{
    return fake_http_count(f->fh, "GET", RELEASE);
}

/* --- the claim --- */

static void test_a_claim_raises_the_epoch_and_touches_nothing_else(void **state)
{
    struct fake_context f;
    fake_context_open(&f);
    struct release *r = claimed(&f, "{'epoch':4,'serial':7,'holder':'other','state':'Running','entries':[]}");
    fake_context_expect(&f, RELEASE, "{'epoch':5,'serial':7,'holder':'me','state':'Running','entries':[]}", "status");
    assert_int_equal(r->epoch, 5);
    assert_int_equal(r->serial, 7);
    assert_int_equal(patches(&f), 1);
    assert_int_equal(reads(&f), 0);
    release_free(r);
    fake_context_close(&f);
}

static void test_a_claim_whose_answer_was_lost_is_ours(void **state)
{
    struct fake_context f;
    fake_context_open(&f);
    struct release *r = fake_context_release(&f, "{'epoch':1,'serial':3,'holder':'other'}");
    struct outcome o = {0};
    fake_api_lose(f.api, "PATCH", RELEASE);
    release_claim(r, on_done, &o);
    expect_end(&f, &o, ERR_NONE, "");
    assert_int_equal(patches(&f), 1);
    assert_int_equal(r->epoch, 2);
    release_free(r);
    fake_context_close(&f);
}

static void test_of_two_claims_one_wins(void **state)
{
    struct fake_context f;
    fake_context_open(&f);
    struct release *r = fake_context_release(&f, "{'epoch':1,'serial':3,'holder':'dead'}");
    struct outcome o = {0};
    fake_api_edit(f.api, RELEASE, "{'status':{'epoch':2,'holder':'other'}}");
    release_claim(r, on_done, &o);
    expect_end(&f, &o, ERR_FENCED, "Release podinfo-1.test: another engine claimed it");
    fake_context_expect(&f, RELEASE, "{'epoch':2,'serial':3,'holder':'other'}", "status");
    release_free(r);
    fake_context_close(&f);
}

/* What its last holder had in flight when we read it is part of the record that must be replayed. */
static void test_a_record_that_went_on_is_not_claimed(void **state)
{
    struct fake_context f;
    fake_context_open(&f);
    struct release *r = fake_context_release(&f, "{'epoch':1,'serial':3,'holder':'other'}");
    struct outcome o = {0};
    fake_api_edit(f.api, RELEASE, "{'status':{'serial':4}}");
    release_claim(r, on_done, &o);
    expect_end(&f, &o, ERR_FENCED, "Release podinfo-1.test: its record went on after it was read");
    fake_context_expect(&f, RELEASE, "1", "status", "epoch");
    release_free(r);
    fake_context_close(&f);
}

static void test_a_claim_goes_on_after_a_change_of_no_meaning(void **state)
{
    struct fake_context f;
    fake_context_open(&f);
    struct release *r = fake_context_release(&f, "{'epoch':1,'serial':3,'holder':'other'}");
    struct outcome o = {0};
    fake_api_edit(f.api, RELEASE, "{'metadata':{'labels':{'a':'b'}}}");
    release_claim(r, on_done, &o);
    fake_clock_advance(f.fc, 1000);
    expect_end(&f, &o, ERR_NONE, "");
    fake_context_expect(&f, RELEASE, "{'epoch':2,'serial':3,'holder':'me'}", "status");
    release_free(r);
    fake_context_close(&f);
}

/* --- the flush --- */

static void test_a_flush_writes_the_whole_status_under_the_next_serial(void **state)
{
    struct fake_context f;
    fake_context_open(&f);
    struct release *r =
        claimed(&f, "{'epoch':1,'serial':3,'ending':[{'kind':'route'}],'checksums':{'secret/a':'1','secret/b':'1'},"
                    "'started':'2026-03-11T08:00:00Z'}");
    struct outcome o = {0};
    doc_free(r->ending);
    r->ending = NULL;
    doc_free(r->checksums);
    r->checksums = fake_doc("{'secret/a':'2'}"); /* b is tracked no more */
    r->pinned = true;
    str_free(&r->state);
    r->state = str_dup(RELEASE_FAILED);
    r->reason = str_dup("because");
    r->ended_ms = clock_wall_ms(f.context.clock);
    release_flush(r, on_done, &o);
    assert_true(release_is_flushing(r));
    expect_end(&f, &o, ERR_NONE, "");
    assert_false(release_is_flushing(r));
    fake_context_expect(&f, RELEASE,
                        "{'epoch':2,'holder':'me','serial':4,'state':'Failed','revision':'applied','pinned':true,"
                        "'reason':'because','checksums':{'secret/a':'2'},'started':'2026-03-11T08:00:00Z',"
                        "'ended':'2026-03-11T08:15:07Z','entries':[],'open':[],'openStarted':0,'evidence':[],"
                        "'observedGeneration':0,'conditions':["
                        "{'type':'Ready','status':'False','reason':'Failed','message':'because',"
                        "'lastTransitionTime':'2026-03-11T08:15:07Z'},"
                        "{'type':'Stalled','status':'True','reason':'Failed','message':'because',"
                        "'lastTransitionTime':'2026-03-11T08:15:07Z'}]}",
                        "status");
    assert_int_equal(patches(&f), 2);
    assert_int_equal(reads(&f), 0);
    release_free(r);
    fake_context_close(&f);
}

static void test_a_paused_engine_is_fenced_at_its_next_flush(void **state)
{
    struct fake_context f;
    fake_context_open(&f);
    struct release *r = claimed(&f, "{}");
    struct outcome o = {0};
    fake_api_edit(f.api, RELEASE, "{'status':{'epoch':2,'holder':'other','serial':1}}");
    release_flush(r, on_done, &o);
    expect_end(&f, &o, ERR_FENCED, "Release podinfo-1.test: another engine claimed it");
    assert_int_equal(patches(&f), 2); /* the claim and the refused flush: nothing more is written */
    fake_context_expect(&f, RELEASE, "{'epoch':2,'holder':'other','serial':1}", "status");
    release_free(r);
    fake_context_close(&f);
}

static void test_a_flush_whose_answer_was_lost_is_written_once(void **state)
{
    struct fake_context f;
    fake_context_open(&f);
    struct release *r = claimed(&f, "{'serial':3}");
    struct outcome o = {0};
    fake_api_lose(f.api, "PATCH", RELEASE);
    release_flush(r, on_done, &o);
    expect_end(&f, &o, ERR_NONE, "");
    assert_int_equal(patches(&f), 2);
    assert_int_equal(r->serial, 4);

    o.done = 0; /* and the next one builds on it */
    release_flush(r, on_done, &o);
    expect_end(&f, &o, ERR_NONE, "");
    fake_context_expect(&f, RELEASE, "5", "status", "serial");
    assert_int_equal(reads(&f), 1);
    release_free(r);
    fake_context_close(&f);
}

static void test_a_flush_the_server_could_not_take_is_repeated_more_and_more_slowly(void **state)
{
    struct fake_context f;
    fake_context_open(&f);
    struct release *r = claimed(&f, "{'serial':3}");
    struct outcome o = {0};
    fake_http_route(f.fh, "PATCH", RELEASE, 503, "busy");
    release_flush(r, on_done, &o);
    fake_clock_advance(f.fc, 60 * 1000); /* 250 ms, 500 ms, … 15 s */
    assert_int_equal(o.done, 0);
    assert_in_range(patches(&f), 8, 12);
    release_free(r); /* drops what is under way */
    fake_context_close(&f);
}

static void test_a_flush_after_trouble_is_done_once(void **state)
{
    struct fake_context f;
    fake_context_open(&f);
    struct release *r = claimed(&f, "{'serial':3}");
    struct outcome o = {0};
    fake_http_once(f.fh, "PATCH", RELEASE, 503, "busy");
    fake_http_once(f.fh, "GET", RELEASE, 500, "busy");
    release_flush(r, on_done, &o);
    fake_clock_run(f.fc);
    assert_int_equal(o.done, 0);
    fake_clock_advance(f.fc, 250);
    expect_end(&f, &o, ERR_NONE, "");
    fake_context_expect(&f, RELEASE, "4", "status", "serial");
    release_free(r);
    fake_context_close(&f);
}

static void test_a_flush_goes_on_after_a_change_of_no_meaning(void **state)
{
    struct fake_context f;
    fake_context_open(&f);
    struct release *r = claimed(&f, "{'serial':3}");
    struct outcome o = {0};
    fake_api_edit(f.api, RELEASE, "{'metadata':{'labels':{'a':'b'}}}");
    release_flush(r, on_done, &o);
    fake_clock_advance(f.fc, 250);
    expect_end(&f, &o, ERR_NONE, "");
    fake_context_expect(&f, RELEASE, "4", "status", "serial");
    fake_context_expect(&f, RELEASE, "{'a':'b'}", "metadata", "labels");
    release_free(r);
    fake_context_close(&f);
}

static void test_a_release_that_is_gone_is_dropped(void **state)
{
    static const bool replaced[] = {false, true};
    for (size_t i = 0; i < 2; i++) {
        struct fake_context f;
        fake_context_open(&f);
        struct release *r = claimed(&f, "{}");
        struct outcome o = {0};
        fake_api_delete(f.api, RELEASE);
        if (replaced[i]) {
            fake_api_put(f.api, RELEASE, "{'status':{'epoch':1,'serial':1,'holder':'me'}}");
        }
        release_flush(r, on_done, &o);
        expect_end(&f, &o, ERR_FENCED,
                   replaced[i] ? "Release podinfo-1.test: another object has its name"
                               : "Release podinfo-1.test: it is gone");
        release_free(r);
        fake_context_close(&f);
    }
}

/* --- the object --- */

static void test_numbers_are_read_from_names(void **state)
{
    assert_int_equal(release_number("podinfo-12", "podinfo"), 12);
    assert_int_equal(release_number("podinfo-1-2", "podinfo-1"), 2);
    assert_int_equal(release_number("podinfo-1000000000", "podinfo"), 1000000000);
    assert_int_equal(release_number("podinfo-1000000001", "podinfo"), 0);
    assert_int_equal(release_number("podinfo-9223372036854775807", "podinfo"), 0);
    static const char *const none[] = {"podinfo",   "podinfo-",   "podinfo-x", "podinfo-1x",
                                       "podinfo-0", "podinfo--1", "backend-1"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(release_number(none[i], "podinfo"), 0);
    }
}

/* Names of objects have at most 253 characters, values of labels 63. */
static void test_names_and_labels_of_a_long_canary_are_cut(void **state)
{
    static const size_t lengths[] = {63, 64, 232, 233, 234, 253};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct fake_context f;
        fake_context_open(&f);
        char canary[254] = {0}, other[254] = {0};
        memset(canary, 'a', lengths[i]);
        memset(other, 'a', lengths[i]);
        other[lengths[i] - 1] = 'b';
        struct canary named = {.names = {.name = canary, .namespace = "test", .uid = "u"}, .strategy = "canary"};
        struct release_plan plan = {.number = RELEASE_COUNT_MAX, .revision = "r", .origin = RELEASE_FROM_REST};
        struct doc *doc = release_new_object(&f.context, &named, &plan);
        const char *name = object_name(doc_root(doc)), *label = object_label(doc_root(doc), "sluice.dev/canary");
        assert_true(strlen(name) <= 253);
        assert_true(strlen(label) <= 63);
        assert_int_equal(strcmp(label, canary) == 0, lengths[i] <= 63);
        assert_true(release_number(name, canary) == RELEASE_COUNT_MAX);
        assert_int_equal(release_number(name, other), 0);
        doc_free(doc);
        fake_context_close(&f);
    }
}

/* --- a record that the API server refuses --- */

#define CRD "deploy/crds/releases.sluice.dev.yaml"

/* True for what the schema says of an integer, a text, an object or a list, and of all that is in it. */
static void expect_within(const struct node *schema, const struct node *value, const char *at)
{
    assert_true(schema != NULL || (print_error("%s is not in " CRD "\n", at), false));
    int64_t n;
    if (node_int(value, &n) && node_is(node_get(schema, "type"), "integer")) {
        bool within = n >= node_int_or(node_get(schema, "minimum"), INT64_MIN) &&
                      n <= node_int_or(node_get(schema, "maximum"), INT64_MAX);
        assert_true(within || (print_error("%s: %lld is out of bounds\n", at, (long long)n), false));
    } else if (node_str(value) != NULL) {
        assert_true(node_is(node_get(schema, "type"), "string"));
        assert_true((int64_t)strlen(node_str(value)) <= node_int_or(node_get(schema, "maxLength"), INT64_MAX));
    } else if (node_type(value) == NODE_OBJECT || node_type(value) == NODE_ARRAY) {
        struct node_iter it = node_iterate(value);
        while (!node_bool_or(node_get(schema, "x-kubernetes-preserve-unknown-fields"), false) && node_next(&it)) {
            const struct node *below =
                node_type(value) == NODE_ARRAY ? node_get(schema, "items") : node_at(schema, "properties", it.key);
            expect_within(below != NULL ? below : node_get(schema, "additionalProperties"), it.value,
                          it.key != NULL ? it.key : at);
        }
    }
}

static void test_a_record_stays_within_its_crd(void **state)
{
    struct err err = {0};
    struct buf text;
    buf_init(&text, 1024 * 1024);
    assert_true(file_read(CRD, &text, &err));
    struct doc *crd = yaml_parse(CRD, buf_str(&text), text.len, &err);
    const struct node *version = node_item(node_at(doc_root(crd), "spec", "versions"), 0);
    const struct node *schema = node_at(version, "schema", "openAPIV3Schema", "properties");
    static const int64_t numbers[] = {INT64_MIN, -50, 0, 150, 2000000000, INT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct fake_context f;
        fake_context_open(&f);
        struct release *r = claimed(&f, "{'epoch':1,'serial':1}");
        r->account.weight_pct = r->account.failed = r->account.threshold = numbers[i];
        account_set(&r->account.check, "Halt");
        r->counters = (struct counters){.weight = 30, .iterations = -1, .failed_checks = INT32_MAX};
        account_set(&r->account.to, "podinfo:2");
        r->ended_ms = clock_wall_ms(f.context.clock);
        struct outcome o = {0};
        release_flush(r, on_done, &o);
        expect_end(&f, &o, ERR_NONE, "");
        expect_within(node_get(schema, "status"), node_get(fake_api_find(f.api, RELEASE), "status"), "status");
        release_free(r);
        fake_context_close(&f);
    }
    doc_free(crd);
    buf_fini(&text);
}

/* Counters that the Canary's status did not take count until it has taken them, also for the next engine. */
static void test_counters_of_the_record_count_instead_of_the_status(void **state)
{
    struct fake_context f;
    fake_context_open(&f);
    struct canary canary;
    struct err err = {0};
    struct outcome o = {0};
    struct release *r = claimed(&f, "{'epoch':1,'serial':1,'counters':{'failedChecks':1,'iterations':-1}}");
    assert_true(release_canary(r, &canary, &err));
    assert_int_equal(canary.failed_checks, 1);
    assert_int_equal(canary.iterations, -1);
    canary_fini(&canary);
    counters_take(&r->counters, &(struct counters){.weight = 30, .iterations = COUNTER_NONE, .failed_checks = 2});
    release_flush(r, on_done, &o);
    expect_end(&f, &o, ERR_NONE, "");
    fake_context_expect(&f, RELEASE, "{'weight':30,'iterations':-1,'failedChecks':2}", "status", "counters");
    counters_clear(&r->counters);
    o = (struct outcome){0};
    release_flush(r, on_done, &o);
    expect_end(&f, &o, ERR_NONE, "");
    assert_null(node_at(fake_api_find(f.api, RELEASE), "status", "counters"));
    release_free(r);
    fake_context_close(&f);
}

static void test_forged_counters_are_none(void **state)
{
    static const char *const forged[] = {"'x'",
                                         "[1]",
                                         "{'weight':101}",
                                         "{'iterations':-2}",
                                         "{'iterations':'1'}",
                                         "{'failedChecks':-1}",
                                         "{'failedChecks':1.5}",
                                         "{'failedChecks':2147483648}"};
    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        struct fake_context f;
        fake_context_open(&f);
        char *status = str_format("{'epoch':1,'counters':%s}", forged[i]);
        struct release *r = fake_context_release(&f, status);
        assert_non_null(r->unreadable);
        assert_non_null(strstr(r->unreadable, "status.counters"));
        assert_true(counters_are_none(&r->counters));
        str_free(&status);
        release_free(r);
        fake_context_close(&f);
    }
}

/* The claim that ends such a release, and the write that closes it, are within the bounds of the CRD. */
static void test_a_count_at_its_ceiling_can_be_ended(void **state)
{
    static const char *const names[] = {"epoch", "serial"};
    for (size_t i = 0; i < 2; i++) {
        struct fake_context f;
        fake_context_open(&f);
        char *status = str_format("{'%s':1000000000}", names[i]);
        char *wanted = str_format("status.%s: 1000000000 is not a count that can still rise", names[i]);
        struct release *r = fake_context_release(&f, status);
        assert_string_equal(r->unreadable, wanted);
        assert_int_equal(r->epoch + r->serial, 0);
        str_free(&wanted);
        str_free(&status);
        release_free(r);
        fake_context_close(&f);
    }
}

static int refusals_told;

static void on_refused(void *ctx, const char *text)
{
    refusals_told++;
    assert_non_null(strstr(text, "the record of Release podinfo-1.test is refused: "));
}

static bool refuse_threshold(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    if (strcmp(request->method, "PATCH") != 0 || strstr(request->body, "threshold") == NULL) {
        return false;
    }
    answer->status = 422;
    answer->body = "{\"kind\":\"Status\",\"message\":\"status.threshold in body should be less\"}";
    return true;
}

static void test_a_refused_record_is_written_without_what_only_people_read(void **state)
{
    struct fake_context f;
    fake_context_open(&f);
    struct release *r = claimed(&f, "{'epoch':1,'serial':7}");
    refusals_told = 0;
    r->refused = on_refused;
    r->account.threshold = 3;
    fake_http_handle(f.fh, refuse_threshold, NULL);
    for (int i = 1; i <= 3; i++) {
        struct outcome o = {0};
        release_flush(r, on_done, &o);
        expect_end(&f, &o, ERR_NONE, "");
        assert_int_equal(r->serial, 7 + i);
        assert_int_equal(refusals_told, 1);
    }
    fake_context_expect(&f, RELEASE, "'Running'", "status", "state");
    release_free(r);
    fake_context_close(&f);
}

/* Unjudged, it would leave its share where it is. Its end must be on record, or it would begin again. */
static void test_a_release_goes_on_without_a_record_but_to_its_end(void **state)
{
    struct fake_context f;
    fake_context_open(&f);
    struct release *r = claimed(&f, "{'epoch':1,'serial':7}");
    refusals_told = 0;
    r->refused = on_refused;
    fake_http_route(f.fh, "PATCH", RELEASE, 403, "{\"kind\":\"Status\",\"message\":\"denied\"}");
    for (int i = 0; i < 3; i++) {
        struct outcome o = {0};
        release_flush(r, on_done, &o);
        fake_clock_advance(f.fc, 5000);
        assert_int_equal(o.done, 1);
        assert_int_equal(o.err.code, ERR_NONE);
    }
    str_free(&r->state);
    r->state = str_dup(RELEASE_FAILED);
    struct outcome o = {0};
    size_t before = patches(&f);
    release_flush(r, on_done, &o);
    fake_clock_advance(f.fc, 60 * 60 * 1000);
    assert_int_equal(o.done, 0);
    assert_in_range(patches(&f) - before, 5, 25);
    assert_int_equal(refusals_told, 1);
    release_free(r);
    fake_context_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_claim_raises_the_epoch_and_touches_nothing_else),
        cmocka_unit_test(test_a_claim_whose_answer_was_lost_is_ours),
        cmocka_unit_test(test_of_two_claims_one_wins),
        cmocka_unit_test(test_a_record_that_went_on_is_not_claimed),
        cmocka_unit_test(test_a_claim_goes_on_after_a_change_of_no_meaning),
        cmocka_unit_test(test_a_flush_writes_the_whole_status_under_the_next_serial),
        cmocka_unit_test(test_a_paused_engine_is_fenced_at_its_next_flush),
        cmocka_unit_test(test_a_flush_whose_answer_was_lost_is_written_once),
        cmocka_unit_test(test_a_flush_the_server_could_not_take_is_repeated_more_and_more_slowly),
        cmocka_unit_test(test_a_flush_after_trouble_is_done_once),
        cmocka_unit_test(test_a_flush_goes_on_after_a_change_of_no_meaning),
        cmocka_unit_test(test_a_release_that_is_gone_is_dropped),
        cmocka_unit_test(test_a_record_stays_within_its_crd),
        cmocka_unit_test(test_counters_of_the_record_count_instead_of_the_status),
        cmocka_unit_test(test_forged_counters_are_none),
        cmocka_unit_test(test_a_count_at_its_ceiling_can_be_ended),
        cmocka_unit_test(test_a_refused_record_is_written_without_what_only_people_read),
        cmocka_unit_test(test_a_release_goes_on_without_a_record_but_to_its_end),
        cmocka_unit_test(test_numbers_are_read_from_names),
        cmocka_unit_test(test_names_and_labels_of_a_long_canary_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
