#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/duration.h"
#include "base/mem.h"
#include "base/str.h"
#include "fake_clock.h"
#include "fake_http.h"
#include "fake_pem.h"
#include "kube/client.h"
#include "kube/credential.h"

/* Exec plugins are real child processes, so these tests run on the real loop; it waits for nothing but the child. */
struct world {
    struct loop *loop;
    struct fake_http *fh;
    struct kube_client *client;
    int started, done;
    bool frees; /* on_done frees the client */
    struct err err;
    char count_path[32]; /* the plugin adds a line to it each time it runs */
};

static int setup(void **state)
{
    struct world *w = mem_new(struct world);
    w->loop = loop_new();
    w->fh = fake_http_new(loop_clock(w->loop));
    fake_http_route(w->fh, "GET", NULL, 200, "{}");
    str_copy(w->count_path, sizeof w->count_path, "/tmp/test-credential-XXXXXX");
    close(mkstemp(w->count_path));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    if (w->client != NULL) {
        kube_client_free(w->client);
    }
    fake_http_free(w->fh);
    loop_free(w->loop);
    unlink(w->count_path);
    mem_free(w);
    return 0;
}

/* A client whose plugin is `script`, run by sh. */
static void make_client(struct world *w, const char *script, struct kube_config config)
{
    config.source = str_dup("kubeconfig /lab");
    config.server = str_dup("https://api");
    config.exec.command = str_dup("sh");
    config.exec.api_version = str_dup("client.authentication.k8s.io/v1");
    char *whole = str_format("echo x >> %s; %s", w->count_path, script);
    str_list_push(&config.exec.args, "-c");
    str_list_push(&config.exec.args, whole);
    str_free(&whole);
    w->client = kube_client_new(fake_http_door(w->fh), loop_clock(w->loop), w->loop, &config);
}

static void on_done(void *ctx, const struct doc *answer, const struct err *err)
{
    struct world *w = ctx;
    w->done++;
    w->err = *err;
    if (w->frees) {
        kube_client_free(w->client);
        w->client = NULL;
    }
    if (w->done == w->started) {
        loop_stop(w->loop);
    }
}

static struct kube_call *start(struct world *w)
{
    struct kube_request request = {.verb = KUBE_LIST, .resource = &KUBE_SERVICES};
    w->started++;
    return kube_start(w->client, &request, on_done, w);
}

static void ask(struct world *w)
{
    start(w);
    loop_run(w->loop);
    assert_int_equal(w->done, w->started);
}

static int runs(struct world *w)
{
    char text[64];
    FILE *file = fopen(w->count_path, "r");
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    return (int)len / 2;
}

static const char *last_authorization(struct world *w)
{
    const struct fake_http_seen *seen = fake_http_last(w->fh);
    const char *value = seen != NULL ? fake_http_header(seen, "Authorization") : NULL;
    return value != NULL ? value : "";
}

/* A plugin that answers with a token which expires `ms` from now. */
static char *answering(struct world *w, const char *token, int64_t ms)
{
    char expires[32];
    time_write(clock_wall_ms(loop_clock(w->loop)) + ms, expires);
    return str_format("echo '{\"status\":{\"token\":\"%s\",\"expirationTimestamp\":\"%s\"}}'", token, expires);
}

static void test_the_plugin_is_asked_once_for_all(void **state)
{
    struct world *w = *state;
    make_client(w, "echo '{\"status\":{\"token\":\"abc\"}}'", (struct kube_config){0});
    start(w);
    kube_cancel(start(w)); /* its done never comes */
    w->started--;
    ask(w);
    assert_int_equal(w->done, 2);
    assert_string_equal(last_authorization(w), "Bearer abc");
    ask(w);
    assert_int_equal(runs(w), 1);
    assert_int_equal(kube_client_requests(w->client), 3);
}

/* The codec of client-go reads YAML too. */
static void test_a_plugin_may_answer_in_yaml(void **state)
{
    struct world *w = *state;
    make_client(w,
                "printf 'apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\nstatus:\n"
                "  token: abc\n  expirationTimestamp: 2000-01-01T00:00:00Z\n'",
                (struct kube_config){0});
    ask(w);
    assert_string_equal(w->err.text, "");
    assert_string_equal(last_authorization(w), "Bearer abc");
    ask(w);
    assert_int_equal(runs(w), 2); /* the time was read */
}

static void test_what_begins_as_json_is_read_as_json(void **state)
{
    struct world *w = *state;
    make_client(w, "echo '{status: {token: abc}}'", (struct kube_config){0});
    ask(w);
    assert_non_null(strstr(w->err.text, "exec plugin sh: JSON 1:2: "));
}

static void test_the_plugin_learns_about_the_cluster(void **state)
{
    struct world *w = *state;
    struct kube_config config = {
        .tls = {.server_name = str_dup("api.lab"), .ca_pem = str_dup("CA")},
        .exec.provide_cluster_info = true,
    };
    str_list_push(&config.exec.env, "LAB=yes");
    make_client(w,
                "i=$(echo \"$KUBERNETES_EXEC_INFO\" | tr '\"' '!'); "
                "echo \"{\\\"status\\\":{\\\"token\\\":\\\"$LAB $i\\\"}}\"",
                config);
    ask(w);
    assert_string_equal(last_authorization(w),
                        "Bearer yes {!kind!:!ExecCredential!,!apiVersion!:!client.authentication.k8s.io/v1!,"
                        "!spec!:{!interactive!:false,!cluster!:{!server!:!https://api!,!tls-server-name!:!api.lab!,"
                        "!certificate-authority-data!:!Q0E=!}}}");
}

static void test_an_answer_that_expires_at_once_is_used_once(void **state)
{
    struct world *w = *state;
    char *script = answering(w, "short", -5000);
    make_client(w, script, (struct kube_config){0});
    ask(w);
    assert_int_equal(w->err.code, ERR_NONE);
    assert_string_equal(last_authorization(w), "Bearer short");
    assert_int_equal(runs(w), 1);
    ask(w); /* it is not kept beyond that */
    assert_int_equal(runs(w), 2);
    str_free(&script);
}

static void test_an_answer_is_kept_until_a_minute_before_its_end(void **state)
{
    struct world *w = *state;
    char *script = answering(w, "long", 120000);
    make_client(w, script, (struct kube_config){0});
    ask(w);
    ask(w);
    assert_int_equal(runs(w), 1);
    str_free(&script);
}

static void test_an_answer_that_lives_shortly_is_kept_for_half_its_life(void **state)
{
    struct world *w = *state;
    char *script = answering(w, "short", 30000);
    make_client(w, script, (struct kube_config){0});
    ask(w);
    ask(w);
    assert_int_equal(runs(w), 1);
    str_free(&script);
}

static void test_after_a_401_the_plugin_is_asked_again(void **state)
{
    struct world *w = *state;
    make_client(w, "echo '{\"status\":{\"token\":\"abc\"}}'", (struct kube_config){0});
    fake_http_once(w->fh, "GET", NULL, 401, "{\"message\":\"Unauthorized\"}");
    ask(w);
    assert_int_equal(w->err.code, ERR_NONE);
    assert_int_equal(runs(w), 2);
    fake_http_route(w->fh, "GET", NULL, 401, "{\"message\":\"Unauthorized\"}");
    ask(w);
    assert_int_equal(w->err.code, ERR_UNAUTHORIZED);
    assert_int_equal(runs(w), 3);
}

/* A plugin that answers with these, which may be NULL. The lines of a PEM text stay lines of the JSON text. */
static char *answering_pem(const char *certificate, const char *key)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    struct node *status = node_ensure_object(doc, doc_root(doc), "status");
    node_set_str(doc, status, "clientCertificateData", certificate);
    node_set_str(doc, status, "clientKeyData", key);
    char *json = node_to_text(doc_root(doc));
    char *script = str_format("printf %%s '%s'", json);
    str_free(&json);
    doc_free(doc);
    return script;
}

static void test_a_certificate_from_the_plugin_goes_into_the_tls_settings(void **state)
{
    struct world *w = *state;
    struct fake_pem pem;
    fake_pem_make(&pem);
    char *script = answering_pem(pem.certificate, pem.key);
    make_client(w, script, (struct kube_config){.tls = {.cert_pem = str_dup("old"), .key_pem = str_dup("old key")}});
    ask(w);
    assert_string_equal(w->err.text, "");
    assert_string_equal(fake_http_last(w->fh)->tls->cert_pem, pem.certificate);
    assert_string_equal(fake_http_last(w->fh)->tls->key_pem, pem.key);
    assert_string_equal(last_authorization(w), "");
    str_free(&script);
    fake_pem_free(&pem);
}

static void expect_failure(struct world *w, const char *script, const char *text)
{
    make_client(w, script, (struct kube_config){0});
    ask(w);
    assert_string_equal(w->err.text, text);
    ask(w); /* nothing of it counts as fetched */
    assert_string_equal(w->err.text, text);
    assert_int_equal(fake_http_seen_count(w->fh), 0);
    kube_client_free(w->client);
    w->client = NULL;
}

static void test_a_plugin_that_fails_is_named(void **state)
{
    struct world *w = *state;
    expect_failure(w, "echo 'log in first' >&2; exit 3",
                   "kubeconfig /lab: exec plugin sh: process sh: exited with code 3: log in first");
    expect_failure(w, "echo '{}'",
                   "kubeconfig /lab: exec plugin sh: the answer has neither status.token nor "
                   "status.clientCertificateData with clientKeyData");
    make_client(w, "echo '{\"status\":{\"token\":\"abc\",\"expirationTimestamp\":\"soon\"}}'", (struct kube_config){0});
    ask(w);
    ask(w);
    assert_true(str_has_prefix(w->err.text, "kubeconfig /lab: exec plugin sh: status.expirationTimestamp: "));
    assert_int_equal(fake_http_seen_count(w->fh), 0);
}

static void test_half_an_answer_is_not_used(void **state)
{
    struct world *w = *state;
    struct fake_pem pem, other;
    fake_pem_make(&pem);
    fake_pem_make(&other);
    const struct {
        const char *certificate, *key, *text;
    } cases[] = {
        {pem.certificate, NULL, "the answer has only one of status.clientCertificateData and status.clientKeyData"},
        {"CERT", pem.key, "status.clientCertificateData: there is no PEM certificate in it"},
        {pem.certificate, other.key, "status.clientKeyData: it does not belong to the certificate"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *script = answering_pem(cases[i].certificate, cases[i].key);
        char *text = str_format("kubeconfig /lab: exec plugin sh: %s", cases[i].text);
        expect_failure(w, script, text);
        str_free(&text);
        str_free(&script);
    }
    expect_failure(
        w, "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"status\":{\"token\":\"a\"}}'",
        "kubeconfig /lab: exec plugin sh: the answer has apiVersion client.authentication.k8s.io/v1beta1, the "
        "kubeconfig wants client.authentication.k8s.io/v1");
    expect_failure(w, "echo '{\"kind\":\"Foo\",\"status\":{\"token\":\"a\"}}'",
                   "kubeconfig /lab: exec plugin sh: the answer has kind Foo, wanted ExecCredential");
    fake_pem_free(&pem);
    fake_pem_free(&other);
}

/* What the kubeconfig says for who lacks the plugin. */
static void test_a_hint_says_how_to_install_it(void **state)
{
    struct world *w = *state;
    make_client(w, "exit 1", (struct kube_config){.exec = {.install_hint = str_dup("apt install x")}});
    ask(w);
    assert_non_null(strstr(w->err.text, "exec plugin sh (apt install x): "));
    kube_client_free(w->client);
    w->client = NULL;
}

static void test_who_is_told_may_free_the_client(void **state)
{
    struct world *w = *state;
    make_client(w, "echo {", (struct kube_config){0});
    w->frees = true;
    ask(w);
    assert_int_equal(w->err.code, ERR_PARSE);
    assert_null(w->client);
}

static void test_a_client_takes_its_running_plugin_along(void **state)
{
    struct world *w = *state;
    make_client(w, "exec sleep 600", (struct kube_config){0});
    kube_cancel(start(w));
}

/* --- a token file on a file system that hangs --- */

/* Reads nothing before the test has written to the pipe in the path's end: the token file's text, or "-" for an error.
 * In the path, as a reader may begin when its test is over. */
static bool read_at_gate(const char *path, struct buf *b, struct err *err)
{
    char text[64];
    ssize_t len = read(atoi(strrchr(path, '-') + 1), text, sizeof text);
    if (len == 1 && text[0] == '-') {
        return err_set(err, ERR_NOT_FOUND, "cannot open: gone");
    }
    return len > 0 && buf_append(b, text, (size_t)len);
}

struct file_world {
    struct loop *loop;
    struct fake_clock *fc; /* whether a reading is overdue does not depend on the machine */
    struct kube_config config;
    struct credential *credential;
    int pipe[2], told;
    struct err err;
};

static void on_told(void *ctx, const struct err *err)
{
    struct file_world *w = ctx;
    w->told++;
    w->err = *err;
}

static int setup_file(void **state)
{
    struct file_world *w = mem_new(struct file_world);
    assert_int_equal(pipe(w->pipe), 0);
    w->loop = loop_new();
    w->fc = fake_clock_new(1773216907000);
    w->config = (struct kube_config){.source = str_dup("kubeconfig /lab"),
                                     .token_file = str_format("/net/token-%d", w->pipe[0])};
    w->credential = credential_new(&w->config, fake_clock_clock(w->fc), w->loop);
    credential_read_with(w->credential, read_at_gate);
    *state = w;
    return 0;
}

static int teardown_file(void **state)
{
    struct file_world *w = *state;
    credential_free(w->credential);
    kube_config_fini(&w->config);
    loop_free(w->loop);
    fake_clock_free(w->fc);
    close(w->pipe[1]); /* a reader that hangs reads the end, and lets go */
    mem_free(w);
    return 0;
}

static void expect_header(struct file_world *w, const char *wanted)
{
    struct buf value;
    buf_init(&value, 1024);
    credential_header(w->credential, &value);
    assert_string_equal(buf_str(&value), wanted);
    buf_fini(&value);
}

static void on_look(struct timer *timer, void *ctx)
{
    struct file_world *w = ctx;
    fake_clock_run(w->fc);
    if (w->told > 0) {
        loop_stop(w->loop);
    } else {
        timer_start(loop_clock(w->loop), timer, 1, on_look, w);
    }
}

/* Until the waiters are told. */
static void run_loop(struct file_world *w)
{
    struct timer look = {0};
    timer_start(loop_clock(w->loop), &look, 0, on_look, w);
    loop_run(w->loop);
}

static void expect_text(struct file_world *w, const char *before, const char *after)
{
    char *wanted = str_format("%s%s%s", before, w->config.token_file, after);
    assert_string_equal(w->err.text, wanted);
    mem_free(wanted);
}

static void let_read(struct file_world *w, const char *text)
{
    assert_int_equal(write(w->pipe[1], text, strlen(text)), strlen(text));
}

static void wait_for_token(struct file_world *w)
{
    w->told = 0;
    assert_false(credential_is_ready(w->credential));
    credential_wait(w->credential, on_told, w);
}

static void test_the_loop_runs_while_a_token_file_is_read(void **state)
{
    struct file_world *w = *state;
    wait_for_token(w); /* which returns, though nothing can be read yet */
    assert_int_equal(w->told, 0);
    let_read(w, "abc \n");
    run_loop(w);
    assert_string_equal(w->err.text, "");
    expect_header(w, "Bearer abc");
    assert_true(credential_is_ready(w->credential));
    fake_clock_advance(w->fc, 60000);
    assert_true(credential_is_ready(w->credential)); /* is read again, and meanwhile the old one serves */
    expect_header(w, "Bearer abc");
    assert_true(credential_renew(w->credential)); /* refused: now only a fresh one serves */
    wait_for_token(w);
    let_read(w, "def");
    run_loop(w);
    expect_header(w, "Bearer def");
}

static void test_a_token_file_that_hangs_is_named(void **state)
{
    struct file_world *w = *state;
    wait_for_token(w);
    fake_clock_advance(w->fc, 9999);
    assert_int_equal(w->told, 0);
    fake_clock_advance(w->fc, 1);
    assert_int_equal(w->told, 1);
    assert_int_equal(w->err.code, ERR_TIMEOUT);
    expect_text(w, "kubeconfig /lab: tokenFile: file ", ": not read within 10 s; its file system may hang");
    wait_for_token(w); /* known by now, so at once; and there is no second reader */
    fake_clock_run(w->fc);
    assert_int_equal(w->told, 1);
    assert_int_equal(w->err.code, ERR_TIMEOUT);
    let_read(w, "abc"); /* it comes back */
    while (!credential_is_ready(w->credential)) {
        wait_for_token(w);
        run_loop(w);
    }
    expect_header(w, "Bearer abc");
    credential_renew(w->credential);
    wait_for_token(w);
    fake_clock_advance(w->fc, 10000);
    assert_string_equal(w->err.text, ""); /* the server shall say what it thinks of the old one */
    expect_header(w, "Bearer abc");
}

static void test_without_any_token_nothing_is_sent(void **state)
{
    struct file_world *w = *state;
    wait_for_token(w);
    let_read(w, "-");
    run_loop(w);
    assert_int_equal(w->err.code, ERR_IO); /* not-found would say that the object is not there */
    assert_string_equal(w->err.text, "kubeconfig /lab: cannot open: gone");
    wait_for_token(w); /* each request looks again */
    let_read(w, " \n");
    run_loop(w);
    expect_text(w, "kubeconfig /lab: file ", ": there is no token in it");
    wait_for_token(w);
    let_read(w, "abc");
    run_loop(w);
    assert_string_equal(w->err.text, "");
}

static void test_a_reader_that_hangs_outlives_its_credential(void **state)
{
    struct file_world *w = *state;
    wait_for_token(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_plugin_is_asked_once_for_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_plugin_may_answer_in_yaml, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_begins_as_json_is_read_as_json, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_plugin_learns_about_the_cluster, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_that_expires_at_once_is_used_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_is_kept_until_a_minute_before_its_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_that_lives_shortly_is_kept_for_half_its_life, setup, teardown),
        cmocka_unit_test_setup_teardown(test_after_a_401_the_plugin_is_asked_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_certificate_from_the_plugin_goes_into_the_tls_settings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_plugin_that_fails_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(test_half_an_answer_is_not_used, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_hint_says_how_to_install_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_is_told_may_free_the_client, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_client_takes_its_running_plugin_along, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_loop_runs_while_a_token_file_is_read, setup_file, teardown_file),
        cmocka_unit_test_setup_teardown(test_a_token_file_that_hangs_is_named, setup_file, teardown_file),
        cmocka_unit_test_setup_teardown(test_without_any_token_nothing_is_sent, setup_file, teardown_file),
        cmocka_unit_test_setup_teardown(test_a_reader_that_hangs_outlives_its_credential, setup_file, teardown_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
