#include "notify/hook.h"

#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "io/http_error.h"

enum {
    REASON_MAX = 256, /* bytes of a body */
    TIMEOUT_DEFAULT_MS = 10 * 1000,
    RETRY_WAIT_MIN_MS = 1000,
    RETRY_WAIT_MAX_MS = 30 * 1000,
    RETRIES_MAX = 1000000, /* a year of them; more would overflow the count */
    NS_PER_MS = 1000 * 1000,
    STATUS_PASSED_MAX = 202
};

bool hook_is_type(const struct node *hook, const char *type)
{
    const char *own = node_str_or(node_get(hook, "type"), "");
    return strcmp(own[0] == '\0' ? "rollout" : own, type) == 0;
}

/* --- what is sent --- */

/* Go prints the map with its keys sorted; node_write_sorted gives that order, so the text is built from a sorted
 * copy. */
static void append_configs(struct buf *text, const struct node *configs)
{
    struct buf sorted;
    struct err err;
    buf_init(&sorted, 1024 * 1024);
    node_write_sorted(configs, &sorted);
    struct doc *doc = doc_parse(buf_str(&sorted), sorted.len, &err);
    buf_append_str(text, "map[");
    struct node_iter it = node_iterate(doc_root(doc));
    while (node_next(&it)) {
        buf_printf(text, "%s%s:%s", it.index > 0 ? " " : "", it.key, node_str_or(it.value, ""));
    }
    buf_append_char(text, ']');
    doc_free(doc);
    buf_fini(&sorted);
}

void hook_checksum(const struct canary *canary, char out[static 16])
{
    const struct node *configs = node_get(canary->status, "trackedConfigs");
    struct buf text;
    buf_init(&text, 1024 * 1024);
    buf_append_str(
        &text,
        "(struct { TrackedConfigs *map[string]string; LastAppliedSpec string }){TrackedConfigs:(*map[string]string)");
    if (configs != NULL) {
        append_configs(&text, configs);
    } else {
        buf_append_str(&text, "<nil>");
    }
    buf_printf(&text, " LastAppliedSpec:(string)%s}", canary->last_applied);
    hash_safe_encode(hash_fnv32(buf_str(&text), text.len), out);
    buf_fini(&text);
}

/* Before the first status is written, the phase is told as Initializing: Flagger has written that by then. */
static struct doc *new_payload(const struct canary *canary, const char *phase)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    doc_set_root(doc, root);
    char checksum[16];
    hook_checksum(canary, checksum);
    node_set_str(doc, root, "name", canary->names.name);
    node_set_str(doc, root, "namespace", canary->names.namespace);
    node_set_str(doc, root, "phase", str_empty(phase) ? PHASE_INITIALIZING : phase);
    node_set_str(doc, root, "checksum", checksum);
    return doc;
}

static char *payload_text(struct doc *doc)
{
    char *text = node_to_text(doc_root(doc));
    doc_free(doc);
    return text;
}

char *hook_payload(const struct canary *canary, const struct node *hook, const char *phase)
{
    struct doc *doc = new_payload(canary, phase);
    const struct node *metadata = node_get(hook, "metadata");
    if (node_count(metadata) > 0) {
        node_set(doc, doc_root(doc), "metadata", node_copy(doc, metadata));
    }
    return payload_text(doc);
}

char *hook_event_payload(const struct canary *canary, const struct node *hook, const char *phase, const char *type,
                         const char *message, int64_t now_wall_ms)
{
    struct doc *doc = new_payload(canary, phase);
    struct node *metadata = node_copy(doc, node_get(hook, "metadata"));
    if (metadata == NULL) {
        metadata = node_new_object(doc);
    }
    char timestamp[32];
    snprintf(timestamp, sizeof timestamp, "%lld", (long long)now_wall_ms);
    node_set_str(doc, metadata, "eventMessage", message);
    node_set_str(doc, metadata, "eventType", type);
    node_set_str(doc, metadata, "timestamp", timestamp);
    node_set(doc, doc_root(doc), "metadata", metadata);
    return payload_text(doc);
}

/* --- one call and its retries --- */

struct hook_call {
    struct http *http;
    struct clock *clock;
    struct timer retry; /* between attempts, and for errors found before the first one */
    struct http_call *attempt;
    struct http_tls tls;
    char *url, *body, *key;
    int64_t timeout_ms;
    int64_t attempts, attempts_max, began_ms;
    int status;  /* see struct hook_outcome */
    char *error; /* an error found at the start, reported on a later turn */
    void (*heard)(void *ctx, const char *body, size_t len);
    hook_done_fn *done;
    void *ctx;
};

static void hook_free(struct hook_call *call)
{
    timer_cancel(&call->retry);
    if (call->attempt != NULL) {
        http_cancel(call->attempt);
    }
    str_free(&call->url);
    str_free(&call->body);
    str_free(&call->key);
    str_free(&call->error);
    mem_free(call);
}

static void finish(struct hook_call *call, const char *error)
{
    hook_done_fn *done = call->done;
    void *ctx = call->ctx;
    char *copy = str_dup(error);
    struct hook_outcome outcome = {
        .error = copy, .status = call->status, .took_ms = clock_mono_ms(call->clock) - call->began_ms};
    hook_free(call);
    done(ctx, &outcome);
    str_free(&copy);
}

static void give_up(struct hook_call *call, const struct err *err)
{
    char *url = http_printable_url(call->url);
    char *why = NULL;
    if (err->code != ERR_NONE) {
        why = http_error_text("Post", call->url,
                              "context deadline exceeded (Client.Timeout exceeded while awaiting headers)", err);
    }
    char *text = str_format("POST %s giving up after %lld attempt(s)%s%s", url, (long long)call->attempts,
                            why != NULL ? ": " : "", why != NULL ? why : "");
    str_free(&why);
    finish(call, text);
    str_free(&text);
    str_free(&url);
}

static void on_retry(struct timer *timer, void *ctx);

/* Retrying does not help against a refused certificate, a circle of redirects, or a request that cannot be sent. It
 * may help against any other failed handshake. */
static bool is_retriable(const struct http_response *response, const struct err *err)
{
    if (response == NULL && err->code == ERR_TLS) {
        return strstr(err->text, "certificate") == NULL;
    }
    if (response == NULL) {
        return err->code != ERR_REJECTED && err->code != ERR_INVALID && err->code != ERR_TOO_LARGE;
    }
    return response->status == 429 || (response->status >= 500 && response->status != 501);
}

static int64_t retry_wait_ms(const struct hook_call *call, const struct http_response *response)
{
    bool told =
        response != NULL && (response->status == 429 || response->status == 503) && response->retry_after_ms > 0;
    if (told) {
        return response->retry_after_ms;
    }
    int64_t wait = RETRY_WAIT_MIN_MS;
    for (int64_t i = 1; i < call->attempts && wait < RETRY_WAIT_MAX_MS; i++) {
        wait *= 2;
    }
    return wait < RETRY_WAIT_MAX_MS ? wait : RETRY_WAIT_MAX_MS;
}

/* Reports the beginning of the body, on one line. A longer body is a page for a browser, or data that nobody should
 * read in an event. */
static void refused(struct hook_call *call, const struct http_response *response)
{
    struct buf reason;
    buf_init(&reason, 4 * REASON_MAX);
    utf8_append_line(&reason, response->body, response->body_len, REASON_MAX);
    finish(call, buf_str(&reason));
    buf_fini(&reason);
}

static void on_answer(void *ctx, const struct http_response *response, const struct err *err)
{
    struct hook_call *call = ctx;
    call->attempt = NULL;
    call->status = response != NULL ? response->status : 0;
    if (response != NULL && response->status <= STATUS_PASSED_MAX) {
        if (call->heard != NULL) {
            call->heard(call->ctx, response->body, response->body_len);
        }
        finish(call, NULL);
    } else if (is_retriable(response, err)) {
        if (call->attempts < call->attempts_max) {
            timer_start(call->clock, &call->retry, retry_wait_ms(call, response), on_retry, call);
        } else {
            give_up(call, err);
        }
    } else if (response != NULL) {
        refused(call, response);
    } else {
        give_up(call, err);
    }
}

static void attempt(struct hook_call *call)
{
    struct http_header headers[2] = {{"Content-Type", "application/json"}, {"Sluice-Key", call->key}};
    struct http_request request = {
        .method = "POST",
        .url = call->url,
        .headers = headers,
        .header_count = call->key != NULL ? 2 : 1,
        .body = call->body,
        .body_len = strlen(call->body),
        .timeout_ms = call->timeout_ms,
        .tls = &call->tls,
        .follow_redirects = true,
        .same_host = true, /* a hook's answer must not lead the engine to hosts that the hook's author cannot reach */
        .no_proxy = call->tls.insecure, /* Flagger's client for disableTLS has a transport of its own, without one */
    };
    call->attempts++;
    call->attempt = http_start(call->http, &request, NULL, on_answer, call);
}

static void on_retry(struct timer *timer, void *ctx)
{
    struct hook_call *call = ctx;
    if (call->error != NULL) {
        finish(call, call->error);
    } else {
        attempt(call);
    }
}

/* A text of fewer than two characters counts as unset and "0s" means no limit, as in Flagger. */
static bool read_timeout(const struct node *hook, int64_t *timeout_ms, struct err *err)
{
    const char *text = node_str_or(node_get(hook, "timeout"), "");
    int64_t ns;
    *timeout_ms = TIMEOUT_DEFAULT_MS;
    if (strlen(text) < 2) {
        return true;
    }
    if (!duration_parse(text, &ns, err)) {
        return false;
    }
    *timeout_ms = ns == 0 || ns >= NS_PER_MS ? ns / NS_PER_MS : 1;
    return true;
}

/* The key contains the hook's name, which may be any text, also one with line breaks. */
static char *header_value(const char *key)
{
    char *value = str_dup(key);
    for (char *c = value; c != NULL && *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            *c = '_';
        }
    }
    return value;
}

struct hook_call *hook_start(const struct hook_options *options, hook_done_fn *done, void *ctx)
{
    struct hook_call *call = mem_new(struct hook_call);
    struct err err = {0};
    call->http = options->http;
    call->clock = options->clock;
    call->url = str_dup(node_str_or(node_get(options->hook, "url"), ""));
    call->body = str_dup(options->body);
    call->key = header_value(options->key);
    call->tls.insecure = node_bool_or(node_get(options->hook, "disableTLS"), false);
    int64_t retries = node_int_or(node_get(options->hook, "retries"), 0);
    call->attempts_max = 1 + (retries > RETRIES_MAX ? RETRIES_MAX : retries > 0 ? retries : 0);
    call->began_ms = clock_mono_ms(call->clock);
    call->heard = options->heard;
    call->done = done;
    call->ctx = ctx;
    if (read_timeout(options->hook, &call->timeout_ms, &err) && http_url_parses(call->url, &err)) {
        attempt(call);
    } else {
        call->error = str_dup(err.text);
        timer_start(call->clock, &call->retry, 0, on_retry, call);
    }
    return call;
}

void hook_cancel(struct hook_call *call)
{
    hook_free(call);
}

void hook_tell(struct doc *doc, struct node *object, const struct hook_outcome *outcome)
{
    if (outcome->status != 0) {
        node_set_int(doc, object, "status", outcome->status);
    }
    node_set_int(doc, object, "took_ms", outcome->took_ms);
}
