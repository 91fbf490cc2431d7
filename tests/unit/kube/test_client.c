#include "client_world.h"
#include "fake_doc.h"
#include "fake_file.h"
#include "fake_pem.h"

static void expect_last(struct world *w, const char *method, const char *path)
{
    const struct fake_http_seen *seen = fake_http_last(w->fh);
    assert_string_equal(seen->method, method);
    assert_true(str_has_prefix(seen->url, SERVER));
    assert_string_equal(seen->url + strlen(SERVER), path);
}

/* --- the form of requests --- */

static void test_paths_of_core_and_group_kinds(void **state)
{
    struct world *w = *state;
    make_client(w, (struct kube_config){0});
    fake_http_route(w->fh, NULL, NULL, 200, "{}");
    static const struct {
        enum kube_verb verb;
        const struct kube_resource *resource;
        const char *namespace, *name, *subresource, *query, *method, *path;
    } cases[] = {
        {KUBE_GET, &KUBE_SERVICES, "test", "podinfo", NULL, NULL, "GET", "/api/v1/namespaces/test/services/podinfo"},
        {KUBE_GET, &KUBE_DEPLOYMENTS, "test", "podinfo", NULL, NULL, "GET",
         "/apis/apps/v1/namespaces/test/deployments/podinfo"},
        {KUBE_LIST, &KUBE_CANARIES, NULL, NULL, NULL, "limit=5", "GET", "/apis/flagger.app/v1beta1/canaries?limit=5"},
        {KUBE_LIST, &KUBE_CONFIG_MAPS, "test", NULL, NULL, NULL, "GET", "/api/v1/namespaces/test/configmaps"},
        {KUBE_CREATE, &KUBE_EVENTS, "test", NULL, NULL, NULL, "POST", "/api/v1/namespaces/test/events"},
        {KUBE_UPDATE, &KUBE_LEASES, "a b", "c?d", NULL, NULL, "PUT",
         "/apis/coordination.k8s.io/v1/namespaces/a%20b/leases/c%3Fd"},
        {KUBE_PATCH_MERGE, &KUBE_CANARIES, "test", "podinfo", "status", "fieldManager=x", "PATCH",
         "/apis/flagger.app/v1beta1/namespaces/test/canaries/podinfo/status?fieldManager=x"},
        {KUBE_DELETE, &KUBE_RELEASES, "test", "r", NULL, NULL, "DELETE",
         "/apis/sluice.dev/v1alpha1/namespaces/test/releases/r"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask(w, (struct kube_request){.verb = cases[i].verb,
                                     .resource = cases[i].resource,
                                     .namespace = cases[i].namespace,
                                     .name = cases[i].name,
                                     .subresource = cases[i].subresource,
                                     .query = cases[i].query});
        expect_last(w, cases[i].method, cases[i].path);
        assert_string_equal(w->answer, "{}");
    }
    assert_int_equal(kube_client_requests(w->client), sizeof cases / sizeof cases[0]);
    assert_string_equal(kube_client_server(w->client), SERVER);
}

static void test_bodies_have_the_content_type_of_their_verb(void **state)
{
    struct world *w = *state;
    make_client(w, (struct kube_config){.token = str_dup("abc")});
    fake_http_route(w->fh, NULL, NULL, 201, "{}");
    struct doc *body = fake_doc("{'spec':{'replicas':9007199254740993}}");
    static const char *const types[] = {
        [KUBE_CREATE] = "application/json",
        [KUBE_UPDATE] = "application/json",
        [KUBE_PATCH_MERGE] = "application/merge-patch+json",
        [KUBE_PATCH_JSON] = "application/json-patch+json",
        [KUBE_PATCH_STRATEGIC] = "application/strategic-merge-patch+json",
        [KUBE_DELETE] = "application/json",
    };
    for (enum kube_verb verb = KUBE_CREATE; verb <= KUBE_DELETE; verb++) {
        ask(w, (struct kube_request){.verb = verb,
                                     .namespace = "test",
                                     .name = verb == KUBE_CREATE ? NULL : "podinfo",
                                     .body = doc_root(body)});
        const struct fake_http_seen *seen = fake_http_last(w->fh);
        assert_string_equal(fake_http_header(seen, "Content-Type"), types[verb]);
        assert_string_equal(seen->body, "{\"spec\":{\"replicas\":9007199254740993}}");
    }
    ask(w, get_podinfo);
    const struct fake_http_seen *seen = fake_http_last(w->fh);
    assert_null(fake_http_header(seen, "Content-Type"));
    assert_string_equal(fake_http_header(seen, "Accept"), "application/json");
    assert_string_equal(fake_http_header(seen, "User-Agent"), "sluice/" SLUICE_VERSION);
    assert_string_equal(fake_http_header(seen, "Authorization"), "Bearer abc");
    assert_int_equal(seen->timeout_ms, 30000);
    assert_false(seen->long_lived || seen->streamed || seen->follow_redirects);
    assert_non_null(seen->tls);
    doc_free(body);
}

static void test_names_that_would_mean_another_path_are_refused(void **state)
{
    struct world *w = *state;
    make_client(w, (struct kube_config){0});
    static const char *const names[] = {"", ".", "..", "a/b", "a%2fb"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *text = str_format("GET deployments: name \"%s\" is not valid", names[i]);
        ask(w, (struct kube_request){.verb = KUBE_GET, .namespace = "test", .name = names[i]});
        expect_failure(w, ERR_INVALID, text);
        str_free(&text);
    }
    ask(w, (struct kube_request){.verb = KUBE_LIST, .namespace = ".."});
    expect_failure(w, ERR_INVALID, "GET deployments: namespace \"..\" is not valid");
    ask(w, (struct kube_request){.verb = KUBE_DELETE, .namespace = "test"});
    expect_failure(w, ERR_INVALID, "DELETE deployments: the name is missing");
    char *query = mem_alloc(20001);
    memset(query, 'x', 20000);
    ask(w, (struct kube_request){.verb = KUBE_LIST, .query = query});
    expect_failure(w, ERR_TOO_LARGE, "GET deployments: a URL of more than 16384 bytes");
    mem_free(query);
    kube_cancel(start(w, (struct kube_request){.verb = KUBE_GET, .name = ""}));
    fake_clock_run(w->fc);
    assert_int_equal(fake_http_seen_count(w->fh), 0);
}

/* --- answers --- */

static void test_refusals_carry_the_servers_words(void **state)
{
    struct world *w = *state;
    make_client(w, (struct kube_config){0});
    static const struct {
        int status;
        const char *body;
        enum err_code code;
        const char *text;
    } cases[] = {
        {404, "{\"message\":\"deployments.apps \\\"podinfo\\\" not found\",\"reason\":\"NotFound\"}", ERR_NOT_FOUND,
         "deployments.apps \"podinfo\" not found"},
        {409, "{\"message\":\"Operation cannot be fulfilled\",\"reason\":\"Conflict\"}", ERR_CONFLICT,
         "Operation cannot be fulfilled"},
        {409, "{\"message\":\"already there\",\"reason\":\"AlreadyExists\"}", ERR_EXISTS, "already there"},
        {410, "{\"message\":\"too old\",\"reason\":\"Expired\"}", ERR_GONE, "too old"},
        {403, "{\"message\":\"forbidden: User cannot\"}", ERR_FORBIDDEN, "forbidden: User cannot"},
        {422, "{\"message\":\"spec.replicas: Invalid value\",\"reason\":\"Invalid\"}", ERR_REJECTED,
         "spec.replicas: Invalid value"},
        {401, "{\"message\":\"Unauthorized\"}", ERR_UNAUTHORIZED,
         "kubeconfig /lab: the credentials were refused: Unauthorized"},
        {404, "404 page not found\n", ERR_NOT_FOUND,
         "GET " SERVER "/apis/apps/v1/namespaces/test/deployments/podinfo: status 404: 404 page not found"},
        {503, "", ERR_SERVER, "GET " SERVER "/apis/apps/v1/namespaces/test/deployments/podinfo: status 503: "},
        {302, "{\"message\":5}", ERR_REJECTED,
         "GET " SERVER "/apis/apps/v1/namespaces/test/deployments/podinfo: status 302: {\"message\":5}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_http_once(w->fh, "GET", NULL, cases[i].status, cases[i].body);
        ask(w, get_podinfo);
        expect_failure(w, cases[i].code, cases[i].text);
        assert_int_equal(w->err.http_status, cases[i].status);
        assert_int_equal(w->err.retry_after_ms, 0);
    }
}

static bool busy(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    *answer = *(const struct fake_http_answer *)ctx;
    return true;
}

static void test_the_server_says_when_to_come_back(void **state)
{
    struct world *w = *state;
    make_client(w, (struct kube_config){0});
    struct fake_http_answer answer = {.status = 429, .body = "{\"details\":{\"retryAfterSeconds\":7}}"};
    fake_http_handle(w->fh, busy, &answer);
    ask(w, get_podinfo);
    assert_int_equal(w->err.code, ERR_SERVER);
    assert_int_equal(w->err.retry_after_ms, 7000);
    answer.retry_after_ms = 40000; /* the header wins; longer than anybody waits here */
    ask(w, get_podinfo);
    assert_int_equal(w->err.retry_after_ms, 40000);
    answer.retry_after_ms = 0;
    answer.body = "{\"details\":{\"retryAfterSeconds\":9223372036854775807}}";
    ask(w, get_podinfo);
    assert_int_equal(w->err.retry_after_ms, HTTP_RETRY_AFTER_MAX_MS);
    answer.body = "{\"details\":{\"retryAfterSeconds\":-9223372036854775807}}";
    ask(w, get_podinfo);
    assert_int_equal(w->err.retry_after_ms, 0);
}

/* Busy for as many answers as `ctx` says. */
static bool busy_for(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    int *left = ctx;
    answer->status = (*left)-- > 0 ? 429 : 200;
    answer->body = "{}";
    answer->retry_after_ms = 1000;
    return true;
}

static void test_who_was_too_busy_is_asked_again_when_it_says(void **state)
{
    struct world *w = *state;
    int left = 2;
    make_client(w, (struct kube_config){0});
    fake_http_handle(w->fh, busy_for, &left);
    start(w, get_podinfo);
    fake_clock_advance(w->fc, 1999);
    assert_int_equal(fake_http_seen_count(w->fh), 2);
    assert_int_equal(w->done, 0);
    fake_clock_advance(w->fc, 1);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->err.code, ERR_NONE);
    left = 1000;
    start(w, get_podinfo);
    fake_clock_advance(w->fc, 60000);
    assert_int_equal(w->done, 2);
    assert_int_equal(w->err.http_status, 429);
    assert_int_equal(fake_http_seen_count(w->fh), 3 + 1 + 10);
    struct kube_request hurried = get_podinfo, list = {.verb = KUBE_LIST};
    hurried.timeout_ms = 2500; /* two pauses */
    start(w, hurried);
    fake_clock_advance(w->fc, 60000);
    assert_int_equal(fake_http_seen_count(w->fh), 14 + 3);
    ask(w, list); /* at once: who lists waits by himself */
    assert_int_equal(fake_http_seen_count(w->fh), 14 + 3 + 1);
    struct kube_call *call = start(w, get_podinfo);
    fake_clock_advance(w->fc, 500);
    kube_cancel(call); /* while it waits */
    fake_clock_advance(w->fc, 60000);
    assert_int_equal(fake_http_seen_count(w->fh), 14 + 3 + 2);
}

static void test_what_is_no_answer_is_an_error(void **state)
{
    struct world *w = *state;
    make_client(w, (struct kube_config){0});
    fake_http_once(w->fh, "GET", NULL, 200, "<html>");
    ask(w, get_podinfo);
    assert_int_equal(w->err.code, ERR_PARSE);
    assert_non_null(strstr(w->err.text, "deployments/podinfo: the answer: "));
    struct fake_http_answer answer = {.status = 200, .body = "{}", .delay_ms = 60000};
    fake_http_handle(w->fh, busy, &answer);
    start(w, get_podinfo);
    fake_clock_advance(w->fc, 29999);
    assert_int_equal(w->done, 1);
    fake_clock_advance(w->fc, 1);
    assert_int_equal(w->done, 2);
    assert_int_equal(w->err.code, ERR_TIMEOUT);
    struct kube_request request = get_podinfo;
    request.timeout_ms = 2000;
    start(w, request);
    fake_clock_advance(w->fc, 2000);
    assert_int_equal(w->done, 3);
    answer = (struct fake_http_answer){.code = ERR_UNREACHABLE, .text = "connection refused"};
    ask(w, get_podinfo);
    expect_failure(w, ERR_UNREACHABLE, "connection refused");
}

static void test_an_answer_above_8_mib_is_too_large(void **state)
{
    struct world *w = *state;
    make_client(w, (struct kube_config){0});
    size_t len = 8 * 1024 * 1024;
    char *body = mem_alloc(len + 2);
    memset(body, ' ', len + 1);
    memcpy(body, "[1]", 3);
    struct fake_http_answer answer = {.status = 200, .body = body, .body_len = len};
    fake_http_handle(w->fh, busy, &answer);
    ask(w, get_podinfo);
    assert_string_equal(w->answer, "[1]");
    answer.body_len = len + 1;
    ask(w, get_podinfo);
    assert_int_equal(w->err.code, ERR_TOO_LARGE);
    assert_null(w->answer);
    mem_free(body);
}

static void test_a_wrong_authority_is_told_with_the_kubeconfig(void **state)
{
    struct world *w = *state;
    make_client(w, (struct kube_config){.tls.ca_pem = str_dup("another CA")});
    struct fake_http_answer answer = {.code = ERR_TLS, .text = "GET " SERVER ": self-signed certificate"};
    fake_http_handle(w->fh, busy, &answer);
    ask(w, get_podinfo);
    expect_failure(w, ERR_TLS,
                   "kubeconfig /lab: certificate-authority or client-certificate does not fit the server: "
                   "GET " SERVER ": self-signed certificate");
    assert_string_equal(fake_http_last(w->fh)->tls->ca_pem, "another CA");
}

static void test_a_cancelled_call_says_nothing(void **state)
{
    struct world *w = *state;
    make_client(w, (struct kube_config){0});
    fake_http_route(w->fh, NULL, NULL, 200, "{}");
    kube_cancel(start(w, get_podinfo));
    struct kube_call *watch = start(w, watch_all);
    kube_cancel(watch);
    fake_clock_advance(w->fc, 60000);
    assert_int_equal(w->done, 0);
    assert_true(fake_http_seen(w->fh, 0)->cancelled && fake_http_seen(w->fh, 1)->cancelled);
}

/* --- the line --- */

static const struct kube_request urgent = {
    .verb = KUBE_UPDATE, .resource = &KUBE_LEASES, .namespace = "kube-system", .name = "sluice", .is_urgent = true};

static void test_no_more_than_the_bound_are_under_way(void **state)
{
    struct world *w = *state;
    enum { EXTRA = 3 };
    struct kube_call *calls[KUBE_UNDER_WAY_MAX + EXTRA];
    make_client(w, (struct kube_config){0});
    fake_http_handle(w->fh, hold, NULL);
    for (size_t i = 0; i < KUBE_UNDER_WAY_MAX + EXTRA; i++) {
        calls[i] = start(w, get_podinfo);
    }
    fake_clock_run(w->fc);
    assert_int_equal(fake_http_open_calls(w->fh), KUBE_UNDER_WAY_MAX);
    kube_cancel(calls[KUBE_UNDER_WAY_MAX]); /* waits in line, and is never sent */
    fake_http_end(w->fh, 0, ERR_UNREACHABLE);
    fake_clock_run(w->fc);
    assert_int_equal(w->done, 1);
    assert_int_equal(fake_http_open_calls(w->fh), KUBE_UNDER_WAY_MAX);
    assert_int_equal(fake_http_seen_count(w->fh), KUBE_UNDER_WAY_MAX + 1);
    for (size_t i = 1; i < KUBE_UNDER_WAY_MAX + EXTRA; i++) {
        if (i != KUBE_UNDER_WAY_MAX) {
            kube_cancel(calls[i]);
        }
    }
    fake_clock_run(w->fc);
    assert_int_equal(kube_client_requests(w->client),
                     KUBE_UNDER_WAY_MAX + 1); /* the last one was not sent to be cancelled */
}

static void test_the_lease_and_watches_do_not_stand_in_line(void **state)
{
    struct world *w = *state;
    struct kube_call *calls[KUBE_UNDER_WAY_MAX + 2];
    make_client(w, (struct kube_config){0});
    fake_http_handle(w->fh, hold, NULL);
    for (size_t i = 0; i < KUBE_UNDER_WAY_MAX; i++) {
        calls[i] = start(w, get_podinfo);
    }
    calls[KUBE_UNDER_WAY_MAX] = start(w, urgent);
    calls[KUBE_UNDER_WAY_MAX + 1] = start(w, watch_all);
    fake_clock_run(w->fc);
    assert_int_equal(fake_http_count(w->fh, "PUT", "/leases/sluice"), 1);
    assert_int_equal(fake_http_open_calls(w->fh), KUBE_UNDER_WAY_MAX + 2);
    for (size_t i = 0; i < KUBE_UNDER_WAY_MAX + 2; i++) {
        kube_cancel(calls[i]);
    }
}

/* --- the fence --- */

static bool says(void *ctx)
{
    return *(bool *)ctx;
}

static void test_who_may_not_write_reads_and_renews(void **state)
{
    struct world *w = *state;
    bool may_write = false;
    struct kube_request write = {
        .verb = KUBE_DELETE, .resource = &KUBE_SERVICES, .namespace = "test", .name = "podinfo"};
    make_client(w, (struct kube_config){0});
    kube_client_fence(w->client, says, &may_write);
    fake_http_route(w->fh, NULL, NULL, 200, "{}");
    ask(w, write);
    assert_int_equal(w->err.code, ERR_FENCED);
    assert_int_equal(fake_http_seen_count(w->fh), 0);
    ask(w, get_podinfo);
    ask(w, urgent);
    assert_int_equal(fake_http_seen_count(w->fh), 2);
    may_write = true;
    ask(w, write);
    assert_int_equal(w->err.code, ERR_NONE);
    assert_int_equal(fake_http_seen_count(w->fh), 3);
}

/* It was allowed when it was asked for. */
static void test_the_fence_stands_behind_the_line(void **state)
{
    struct world *w = *state;
    bool may_write = true;
    struct kube_call *calls[KUBE_UNDER_WAY_MAX];
    struct kube_request write = {
        .verb = KUBE_DELETE, .resource = &KUBE_SERVICES, .namespace = "test", .name = "podinfo"};
    make_client(w, (struct kube_config){0});
    kube_client_fence(w->client, says, &may_write);
    fake_http_handle(w->fh, hold, NULL);
    for (size_t i = 0; i < KUBE_UNDER_WAY_MAX; i++) {
        calls[i] = start(w, get_podinfo);
    }
    start(w, write);
    fake_clock_run(w->fc);
    may_write = false;
    for (size_t i = 0; i < KUBE_UNDER_WAY_MAX; i++) {
        kube_cancel(calls[i]);
    }
    fake_clock_run(w->fc);
    assert_int_equal(fake_http_count(w->fh, "DELETE", ""), 0);
    assert_int_equal(w->err.code, ERR_FENCED);
}

/* --- who we are --- */

static void make_token_client(struct world *w)
{
    str_copy(w->token_path, sizeof w->token_path, "/tmp/test-client-XXXXXX");
    close(mkstemp(w->token_path));
    fake_file_write(w->token_path, "first\n");
    make_client(w, (struct kube_config){.token_file = str_dup(w->token_path)});
}

static const char *last_authorization(struct world *w)
{
    const char *value = fake_http_header(fake_http_last(w->fh), "Authorization");
    return value != NULL ? value : "";
}

static bool only_second(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    if (!str_equal(fake_http_header(request, "Authorization"), "Bearer second")) {
        answer->status = 401;
        answer->body = "{\"message\":\"Unauthorized\"}";
    } else {
        answer->body = "{}";
    }
    return true;
}

static void test_after_a_401_the_token_is_read_again_and_asked_once_more(void **state)
{
    struct world *w = *state;
    make_token_client(w);
    fake_http_handle(w->fh, only_second, NULL);
    ask(w, get_podinfo); /* nothing new in the file: twice, and no third time */
    assert_int_equal(fake_http_seen_count(w->fh), 2);
    expect_failure(w, ERR_UNAUTHORIZED, "kubeconfig /lab: the credentials were refused: Unauthorized");
    fake_file_write(w->token_path, "second\n");
    ask(w, get_podinfo);
    assert_int_equal(fake_http_seen_count(w->fh), 4);
    assert_string_equal(w->answer, "{}");
    ask(w, get_podinfo);
    assert_int_equal(fake_http_seen_count(w->fh), 5);
    start(w, watch_all); /* a watch likewise */
    fake_file_write(w->token_path, "third");
    fake_clock_run(w->fc);
    assert_int_equal(w->err.code, ERR_NONE);
    assert_int_equal(kube_client_requests(w->client), 6);
}

/* Trusts, and is trusted by, the second pair only. */
static bool second_pair(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    const struct fake_pem *pairs = ctx;
    bool trusts = strcmp(request->tls->ca_pem, pairs[1].certificate) == 0;
    answer->code = trusts ? ERR_NONE : ERR_TLS;
    answer->status = strcmp(request->tls->key_pem, pairs[1].key) == 0 ? 200 : 401;
    answer->body = "{}";
    return true;
}

static void test_certificates_are_read_again_when_they_are_refused(void **state)
{
    struct world *w = *state;
    struct fake_pem pairs[2];
    char folder[] = "/tmp/test-client-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *ca = str_format("%s/ca", folder), *cert = str_format("%s/cert", folder), *key = str_format("%s/key", folder);
    fake_pem_make(&pairs[0]);
    fake_pem_make(&pairs[1]);
    make_client(w, (struct kube_config){.ca_file = str_dup(ca),
                                        .cert_file = str_dup(cert),
                                        .key_file = str_dup(key),
                                        .tls = {.ca_pem = str_dup(pairs[0].certificate),
                                                .cert_pem = str_dup(pairs[0].certificate),
                                                .key_pem = str_dup(pairs[0].key)}});
    fake_http_handle(w->fh, second_pair, pairs);
    fake_file_write(ca, pairs[1].certificate);
    fake_file_write(cert, pairs[1].certificate);
    fake_file_write(key, pairs[0].key); /* is being written */
    ask(w, get_podinfo);
    assert_int_equal(w->err.code, ERR_TLS);
    assert_int_equal(fake_http_seen_count(w->fh), 1);
    fake_file_write(key, pairs[1].key);
    ask(w, get_podinfo); /* not twice in a minute */
    assert_int_equal(w->err.code, ERR_TLS);
    fake_clock_advance(w->fc, 60000);
    start(w, get_podinfo);
    start(w, get_podinfo); /* both profit */
    fake_clock_run(w->fc);
    assert_int_equal(w->done, 4);
    assert_int_equal(w->err.code, ERR_NONE);
    assert_int_equal(fake_http_seen_count(w->fh), 2 + 4);
    fake_file_write(cert, pairs[0].certificate);
    fake_file_write(key, pairs[0].key);
    ask(w, get_podinfo); /* what works is not looked at */
    assert_int_equal(fake_http_seen_count(w->fh), 7);
    unlink(ca);
    unlink(cert);
    unlink(key);
    rmdir(folder);
    str_free(&ca);
    str_free(&cert);
    str_free(&key);
    fake_pem_free(&pairs[0]);
    fake_pem_free(&pairs[1]);
}

static void test_a_token_file_is_read_every_minute(void **state)
{
    struct world *w = *state;
    make_token_client(w);
    fake_http_route(w->fh, NULL, NULL, 200, "{}");
    ask(w, get_podinfo);
    assert_string_equal(last_authorization(w), "Bearer first");
    fake_file_write(w->token_path, "second");
    fake_clock_advance(w->fc, 59999);
    ask(w, get_podinfo);
    assert_string_equal(last_authorization(w), "Bearer first");
    fake_clock_advance(w->fc, 1);
    ask(w, get_podinfo);
    assert_string_equal(last_authorization(w), "Bearer second");
    fake_file_write(w->token_path, " \n"); /* caught while it is being written: what we have is kept */
    fake_clock_advance(w->fc, 60000);
    ask(w, get_podinfo);
    assert_string_equal(last_authorization(w), "Bearer second");
    unlink(w->token_path);
    fake_clock_advance(w->fc, 60000);
    ask(w, get_podinfo);
    assert_string_equal(last_authorization(w), "Bearer second");
}

static void test_a_fixed_identity_is_asked_once(void **state)
{
    struct world *w = *state;
    make_client(w, (struct kube_config){.username = str_dup("me"), .password = str_dup("se:cret")});
    fake_http_handle(w->fh, only_second, NULL);
    ask(w, get_podinfo);
    assert_string_equal(last_authorization(w), "Basic bWU6c2U6Y3JldA==");
    assert_int_equal(w->err.code, ERR_UNAUTHORIZED);
    assert_int_equal(fake_http_seen_count(w->fh), 1);
    kube_client_free(w->client);
    make_client(w, (struct kube_config){0});
    ask(w, get_podinfo);
    assert_string_equal(last_authorization(w), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_paths_of_core_and_group_kinds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bodies_have_the_content_type_of_their_verb, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_that_would_mean_another_path_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals_carry_the_servers_words, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_server_says_when_to_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_was_too_busy_is_asked_again_when_it_says, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_no_answer_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_above_8_mib_is_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_wrong_authority_is_told_with_the_kubeconfig, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_cancelled_call_says_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_more_than_the_bound_are_under_way, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_lease_and_watches_do_not_stand_in_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_may_not_write_reads_and_renews, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_fence_stands_behind_the_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_after_a_401_the_token_is_read_again_and_asked_once_more, setup, teardown),
        cmocka_unit_test_setup_teardown(test_certificates_are_read_again_when_they_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_token_file_is_read_every_minute, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_fixed_identity_is_asked_once, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
