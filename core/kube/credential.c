#include "kube/credential.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/doc.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "io/file.h"
#include "io/file_reading.h"
#include "io/process.h"
#include "kube/pem.h"

enum {
    TOKEN_FILE_FRESH_MS = 60 * 1000,
    TOKEN_FILE_WAIT_MS = 10 * 1000,
    TOKEN_MAX = 256 * 1024,
    PEM_FILE_FRESH_MS = 60 * 1000,
    PEM_FILE_MAX = 1024 * 1024,
    EXEC_TIMEOUT_MS = 60 * 1000,
    EXEC_AHEAD_MS = 60 * 1000
};

struct waiter {
    struct waiter *next;
    struct credential *credential;
    /* pending once there is news: each waiter is told on a turn of its own, whatever the other waiters do then */
    struct timer turn;
    struct err err;
    credential_done_fn *done;
    void *ctx;
};

struct credential {
    struct kube_config *config;
    struct clock *clock;
    struct loop *loop;
    char *token;     /* the one in use; NULL: none */
    int64_t read_ms; /* of the token file, monotonic; -1: never */
    bool needs_read; /* no request goes without a look at the token file */
    credential_read_fn *read;
    struct file_reading *reading; /* of the token file; NULL: none under way */
    struct timer overdue;         /* the reading's; has fired when there is a reading and it is not pending */
    int64_t good_until_ms;        /* the plugin's answer, wall clock; INT64_MAX: not told; 0: nothing fetched yet */
    struct process *process;
    struct waiter *waiters;
    unsigned generation;
    int64_t reloaded_ms;     /* when the files of the TLS settings were read last, monotonic; -1: not since the start */
    struct str_list retired; /* certificates that calls under way may still use */
};

struct credential *credential_new(struct kube_config *config, struct clock *clock, struct loop *loop)
{
    struct credential *c = mem_new(struct credential);
    c->config = config;
    c->clock = clock;
    c->loop = loop;
    c->token = str_dup(config->token);
    c->read_ms = -1;
    c->needs_read = config->token_file != NULL;
    c->read = file_read_regular;
    c->reloaded_ms = -1;
    return c;
}

void credential_read_with(struct credential *c, credential_read_fn *read)
{
    c->read = read;
}

static void waiter_drop(struct waiter *waiter)
{
    struct waiter **link = &waiter->credential->waiters;
    while (*link != waiter) {
        link = &(*link)->next;
    }
    *link = waiter->next;
    timer_cancel(&waiter->turn);
    mem_free(waiter);
}

void credential_free(struct credential *c)
{
    if (c->process != NULL) {
        process_cancel(c->process);
    }
    if (c->reading != NULL) {
        file_reading_cancel(c->reading);
    }
    timer_cancel(&c->overdue);
    while (c->waiters != NULL) {
        waiter_drop(c->waiters);
    }
    str_list_fini(&c->retired);
    str_free(&c->token);
    mem_free(c);
}

static bool has_plugin(const struct credential *c)
{
    return c->config->exec.command != NULL;
}

/* --- who waits --- */

static void on_turn(struct timer *timer, void *ctx)
{
    struct waiter *waiter = ctx;
    credential_done_fn *done = waiter->done;
    void *done_ctx = waiter->ctx;
    struct err err = waiter->err;
    waiter_drop(waiter);
    done(done_ctx, &err);
}

/* Tells the present waiters only: a waiter that is told may wait again, cancel another one, or free the credential. */
static void tell_waiters(struct credential *c, const struct err *err)
{
    for (struct waiter *waiter = c->waiters; waiter != NULL; waiter = waiter->next) {
        if (!timer_is_pending(&waiter->turn)) {
            waiter->err = *err;
            timer_start(c->clock, &waiter->turn, 0, on_turn, waiter);
        }
    }
}

/* --- token file --- */

static bool has_identity(const struct credential *c)
{
    return !str_empty(c->token) || !str_empty(c->config->username);
}

static struct buf without_space(const struct buf *content)
{
    struct buf b;
    const char *text = buf_str(content);
    size_t len = content->len;
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL) {
        len--;
    }
    buf_init(&b, TOKEN_MAX);
    buf_append(&b, text, len);
    return b;
}

/* A file that cannot be read now, or is being written, may be complete in a minute; until then the old token stays
 * in use. */
static void on_token_file(void *ctx, const struct buf *content, const struct err *err)
{
    struct credential *c = ctx;
    struct err failure = *err;
    struct buf b = without_space(content);
    c->reading = NULL;
    timer_cancel(&c->overdue);
    c->read_ms = clock_mono_ms(c->clock);
    if (failure.code == ERR_NONE && b.len == 0) {
        err_set(&failure, ERR_INVALID, "file %s: there is no token in it", c->config->token_file);
    }
    if (failure.code == ERR_NONE) {
        str_free(&c->token);
        c->token = buf_take(&b);
    } else {
        err_wrap(&failure, "%s", c->config->source);
        log_error(NULL, "%s", failure.text);
    }
    buf_fini(&b);
    c->needs_read = !has_identity(c); /* nobody is asked for anything without a name */
    if (!c->needs_read) {
        err_clear(&failure);
    } else if (failure.code == ERR_NOT_FOUND) {
        failure.code = ERR_IO; /* it is no object that is not there */
    }
    tell_waiters(c, &failure);
}

static void overdue_error(const struct credential *c, struct err *err)
{
    err_set(err, ERR_TIMEOUT, "%s: tokenFile: file %s: not read within %d s; its file system may hang",
            c->config->source, c->config->token_file, TOKEN_FILE_WAIT_MS / 1000);
}

/* With an old token requests go on, and the server says what it thinks of it. */
static void tell_overdue(struct credential *c)
{
    struct err err;
    overdue_error(c, &err);
    if (has_identity(c)) {
        err_clear(&err);
    }
    tell_waiters(c, &err);
}

static void on_overdue(struct timer *timer, void *ctx)
{
    struct credential *c = ctx;
    struct err err;
    overdue_error(c, &err);
    log_error(NULL, "%s", err.text);
    tell_overdue(c);
}

/* In a simulation, which has no loop, nobody else waits: the file is read at once. */
static void read_at_once(struct credential *c)
{
    struct buf b;
    struct err err = {0};
    buf_init(&b, TOKEN_MAX);
    if (c->read(c->config->token_file, &b, &err)) {
        err_clear(&err);
    }
    on_token_file(c, &b, &err);
    buf_fini(&b);
}

static void keep_token_fresh(struct credential *c)
{
    bool is_stale = c->needs_read || clock_mono_ms(c->clock) - c->read_ms >= TOKEN_FILE_FRESH_MS;
    if (c->config->token_file == NULL || c->reading != NULL || !is_stale) {
        return;
    }
    if (c->loop == NULL) {
        read_at_once(c);
        return;
    }
    c->reading = file_reading_start(c->loop, c->config->token_file, TOKEN_MAX, c->read, on_token_file, c);
    timer_start(c->clock, &c->overdue, TOKEN_FILE_WAIT_MS, on_overdue, c);
}

/* --- exec plugin --- */

static void retire(struct credential *c, char **pem, const char *fresh)
{
    if (*pem != NULL) {
        str_list_push(&c->retired, "");
        mem_free(c->retired.items[c->retired.count - 1]);
        c->retired.items[c->retired.count - 1] = *pem;
    }
    *pem = str_dup(fresh);
}

/* Checks the answer as client-go does, so that no part of an incomplete answer is used. */
static bool check_answer(const struct credential *c, const struct node *root, struct err *err)
{
    const struct node *status = node_get(root, "status");
    const char *version = node_str_or(node_get(root, "apiVersion"), "");
    const char *kind = node_str_or(node_get(root, "kind"), "");
    const char *certificate = node_str_or(node_get(status, "clientCertificateData"), ""),
               *key = node_str_or(node_get(status, "clientKeyData"), "");
    if (kind[0] != '\0' && strcmp(kind, "ExecCredential") != 0) {
        return err_set(err, ERR_INVALID, "the answer has kind %s, wanted ExecCredential", kind);
    }
    if (version[0] != '\0' && strcmp(version, c->config->exec.api_version) != 0) {
        return err_set(err, ERR_INVALID, "the answer has apiVersion %s, the kubeconfig wants %s", version,
                       c->config->exec.api_version);
    }
    if ((certificate[0] == '\0') != (key[0] == '\0')) {
        return err_set(err, ERR_INVALID,
                       "the answer has only one of status.clientCertificateData and status.clientKeyData");
    }
    if (certificate[0] == '\0') {
        return !str_empty(node_str(node_get(status, "token"))) ||
               err_set(err, ERR_INVALID,
                       "the answer has neither status.token nor status.clientCertificateData with clientKeyData");
    }
    if (!pem_check_certificates(certificate, err)) {
        return err_wrap(err, "status.clientCertificateData");
    }
    return pem_check_key(certificate, key, err) || err_wrap(err, "status.clientKeyData");
}

/* A minute before the answer expires, or half way to that: otherwise an answer that lives for less than a minute
 * would be fetched for every request. */
static int64_t good_until(const struct credential *c, int64_t expires_ms)
{
    int64_t left_ms = expires_ms - clock_wall_ms(c->clock);
    if (expires_ms == INT64_MAX || left_ms <= 0) {
        return expires_ms;
    }
    return expires_ms - (left_ms / 2 < EXEC_AHEAD_MS ? left_ms / 2 : EXEC_AHEAD_MS);
}

static bool take_answer(struct credential *c, const struct doc *answer, struct err *err)
{
    if (!check_answer(c, doc_root(answer), err)) {
        return false;
    }
    const struct node *status = node_get(doc_root(answer), "status");
    const char *token = node_str(node_get(status, "token"));
    const char *certificate = node_str(node_get(status, "clientCertificateData")),
               *key = node_str(node_get(status, "clientKeyData"));
    const char *expires = node_str(node_get(status, "expirationTimestamp"));
    int64_t expires_ms = INT64_MAX;
    if (expires != NULL && !time_parse(expires, &expires_ms, err)) {
        return err_wrap(err, "status.expirationTimestamp");
    }
    c->good_until_ms = good_until(c, expires_ms);
    str_free(&c->token);
    c->token = str_dup(token);
    bool is_new = !str_equal(certificate, c->config->tls.cert_pem) || !str_equal(key, c->config->tls.key_pem);
    if (!str_empty(certificate) && is_new) {
        retire(c, &c->config->tls.cert_pem, certificate);
        retire(c, &c->config->tls.key_pem, key);
    }
    return true;
}

/* As client-go decodes it: JSON when it begins with a brace, else YAML. */
static struct doc *parse_answer(const char *output, size_t len, struct err *err)
{
    struct str_list ignored = {0};
    bool is_json = output[strspn(output, " \t\r\n")] == '{';
    struct doc *answer = is_json ? doc_parse(output, len, err) : yaml_parse_last("answer", output, len, &ignored, err);
    str_list_fini(&ignored);
    return answer;
}

static void on_plugin(void *ctx, const char *output, size_t len, const struct err *err)
{
    struct credential *c = ctx;
    struct err failure = *err;
    bool has_answered = failure.code == ERR_NONE; /* else the hint how it is installed may help */
    c->process = NULL;
    if (has_answered) {
        struct doc *answer = parse_answer(output, len, &failure);
        if (answer != NULL) {
            err_clear(&failure);
            take_answer(c, answer, &failure);
        }
        doc_free(answer);
    }
    if (failure.code != ERR_NONE) {
        bool has_hint = !has_answered && c->config->exec.install_hint != NULL;
        err_wrap(&failure, "%s: exec plugin %s%s%s%s", c->config->source, c->config->exec.command, has_hint ? " (" : "",
                 has_hint ? c->config->exec.install_hint : "", has_hint ? ")" : "");
    }
    tell_waiters(c, &failure);
}

static char *encode_base64(const char *text)
{
    size_t len = strlen(text);
    char *encoded = mem_alloc(4 * ((len + 2) / 3) + 1);
    EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)text, (int)len);
    return encoded;
}

static char *exec_info(const struct credential *c)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    doc_set_root(doc, root);
    node_set_str(doc, root, "kind", "ExecCredential");
    node_set_str(doc, root, "apiVersion", c->config->exec.api_version);
    struct node *spec = node_ensure_object(doc, root, "spec");
    node_set_bool(doc, spec, "interactive", false);
    if (c->config->exec.provide_cluster_info) {
        struct node *cluster = node_ensure_object(doc, spec, "cluster");
        node_set_str(doc, cluster, "server", c->config->server);
        node_set_str(doc, cluster, "tls-server-name", c->config->tls.server_name);
        if (c->config->tls.insecure) {
            node_set_bool(doc, cluster, "insecure-skip-tls-verify", true);
        }
        if (c->config->tls.ca_pem != NULL) {
            char *data = encode_base64(c->config->tls.ca_pem);
            node_set_str(doc, cluster, "certificate-authority-data", data);
            mem_free(data);
        }
    }
    char *json = node_to_text(root);
    char *pair = str_format("KUBERNETES_EXEC_INFO=%s", json);
    str_free(&json);
    doc_free(doc);
    return pair;
}

static void start_plugin(struct credential *c)
{
    const struct kube_exec *exec = &c->config->exec;
    const char **argv = mem_alloc_array(exec->args.count + 2, sizeof *argv);
    const char **env = mem_alloc_array(exec->env.count + 2, sizeof *env);
    char *info = exec_info(c);
    argv[0] = exec->command;
    for (size_t i = 0; i < exec->args.count; i++) {
        argv[i + 1] = exec->args.items[i];
    }
    for (size_t i = 0; i < exec->env.count; i++) {
        env[i] = exec->env.items[i];
    }
    env[exec->env.count] = info;
    struct process_options options = {
        .argv = argv, .env_extra = env, .timeout_ms = EXEC_TIMEOUT_MS, .output_max = TOKEN_MAX};
    c->process = process_start(c->loop, &options, on_plugin, c);
    str_free(&info);
    mem_free(argv);
    mem_free(env);
}

/* --- what the client asks --- */

bool credential_is_ready(struct credential *c)
{
    if (has_plugin(c)) {
        return clock_wall_ms(c->clock) < c->good_until_ms;
    }
    keep_token_fresh(c);
    return c->loop == NULL || !c->needs_read;
}

void credential_wait(struct credential *c, credential_done_fn *done, void *ctx)
{
    struct waiter *waiter = mem_new(struct waiter), **last = &c->waiters;
    waiter->credential = c;
    waiter->done = done;
    waiter->ctx = ctx;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = waiter;
    if (has_plugin(c) && c->process == NULL) {
        start_plugin(c);
    } else if (c->reading != NULL && !timer_is_pending(&c->overdue)) {
        tell_overdue(c);
    }
}

void credential_forget(struct credential *c, const void *ctx)
{
    for (struct waiter *waiter = c->waiters, *next; waiter != NULL; waiter = next) {
        next = waiter->next;
        if (waiter->ctx == ctx) {
            waiter_drop(waiter);
        }
    }
}

static void append_basic(const struct kube_config *config, struct buf *value)
{
    char *pair = str_format("%s:%s", config->username, config->password != NULL ? config->password : "");
    char *encoded = encode_base64(pair);
    buf_printf(value, "Basic %s", encoded);
    mem_free(encoded);
    str_free(&pair);
}

void credential_header(struct credential *c, struct buf *value)
{
    if (!str_empty(c->token)) {
        buf_printf(value, "Bearer %s", c->token);
    } else if (!str_empty(c->config->username)) {
        append_basic(c->config, value);
    }
}

bool credential_renew(struct credential *c)
{
    if (has_plugin(c)) {
        c->good_until_ms = 0;
        return true;
    }
    c->needs_read = c->config->token_file != NULL;
    return c->needs_read;
}

/* --- files of the TLS settings --- */

unsigned credential_generation(const struct credential *c)
{
    return c->generation;
}

/* NULL when the file cannot be read, or when there is no path. */
static char *read_file(const char *path, struct err *err)
{
    struct buf b;
    char *text = NULL;
    buf_init(&b, PEM_FILE_MAX);
    if (path != NULL && file_read_regular(path, &b, err)) {
        text = buf_take(&b);
    }
    buf_fini(&b);
    return text;
}

struct fresh {
    char *ca, *cert, *key; /* NULL: not from a file */
};

static bool check_fresh(const struct credential *c, const struct fresh *fresh, struct err *err)
{
    if (err->code != ERR_NONE) {
        return false;
    }
    if (fresh->ca != NULL && !pem_check_certificates(fresh->ca, err)) {
        return err_wrap(err, "file %s", c->config->ca_file);
    }
    if (fresh->cert != NULL && !pem_check_certificates(fresh->cert, err)) {
        return err_wrap(err, "file %s", c->config->cert_file);
    }
    const char *cert = fresh->cert != NULL ? fresh->cert : c->config->tls.cert_pem;
    const char *key = fresh->key != NULL ? fresh->key : c->config->tls.key_pem;
    return cert == NULL || key == NULL || pem_check_key(cert, key, err) ||
           err_wrap(err, "file %s", c->config->key_file != NULL ? c->config->key_file : c->config->cert_file);
}

static bool replace(struct credential *c, char **pem, const char *fresh)
{
    if (fresh == NULL || str_equal(fresh, *pem)) {
        return false;
    }
    retire(c, pem, fresh);
    return true;
}

static bool read_fresh(struct credential *c)
{
    struct err err = {0};
    struct http_tls *tls = &c->config->tls;
    struct fresh fresh = {0};
    fresh.ca = read_file(c->config->ca_file, &err);
    fresh.cert = read_file(c->config->cert_file, &err);
    fresh.key = read_file(c->config->key_file, &err);
    bool changed = false;
    if (check_fresh(c, &fresh, &err)) {
        changed = replace(c, &tls->ca_pem, fresh.ca);
        changed = replace(c, &tls->cert_pem, fresh.cert) || changed;
        changed = replace(c, &tls->key_pem, fresh.key) || changed;
    } else {
        log_error(NULL, "%s: %s", c->config->source, err.text);
    }
    str_free(&fresh.ca);
    str_free(&fresh.cert);
    str_free(&fresh.key);
    return changed;
}

bool credential_reload(struct credential *c, unsigned generation)
{
    if (generation != c->generation) {
        return true; /* another call has found the files changed meanwhile */
    }
    const struct kube_config *config = c->config;
    int64_t now_ms = clock_mono_ms(c->clock);
    bool has_files = config->ca_file != NULL || config->cert_file != NULL || config->key_file != NULL;
    if (!has_files || (c->reloaded_ms >= 0 && now_ms - c->reloaded_ms < PEM_FILE_FRESH_MS)) {
        return false;
    }
    c->reloaded_ms = now_ms;
    if (!read_fresh(c)) {
        return false;
    }
    c->generation++;
    log_info(NULL, "%s: the files of its certificates have changed", config->source);
    return true;
}
