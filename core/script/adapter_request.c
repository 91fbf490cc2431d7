/* The one request that a question has under way: over the HTTP door, or to the engine's own API server. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/http_error.h"
#include "io/url_scope.h"
#include "script/adapter_inner.h"

/* --- what an adapter orders --- */

static bool is_among(const char *word, const char *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        if (strcmp(word, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A text of the order; "" where there is none, or one with a NUL, behind which C would not look. */
static const char *text_of(const struct node *order, const char *name, const char *fallback)
{
    const struct node *value = node_get(order, name);
    size_t len = 0;
    const char *text = node_str_n(value, &len);
    if (value == NULL) {
        return fallback;
    }
    return text != NULL && strlen(text) == len ? text : "";
}

/* A name has no blank and no colon, a value no line end: with them one header would become two. */
static bool is_header_name(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("!#$%&'*+-.^_`|~", *c) == NULL) {
            return false;
        }
    }
    return name[0] != '\0';
}

static bool is_header_value(const char *value)
{
    for (const char *c = value; *c != '\0'; c++) {
        if (iscntrl((unsigned char)*c) && *c != '\t') {
            return false;
        }
    }
    return true;
}

static bool is_proxy(const char *url)
{
    return http_is_url(url) || (strncasecmp(url, "socks5://", 9) == 0 && url[strcspn(url, " \t\r\n")] == '\0');
}

/* In a URL no byte is a blank or a control. */
static bool is_in_one_word(const char *url)
{
    const char *c = url;
    while ((unsigned char)*c > ' ' && *c != 0x7f) {
        c++;
    }
    return c > url && *c == '\0';
}

/* Why no client of HTTP could ask such a URL; NULL: it is none. */
static const char *why_unsendable(const char *url)
{
    size_t scheme = strncasecmp(url, "http://", 7) == 0 ? 7 : strncasecmp(url, "https://", 8) == 0 ? 8 : 0;
    if (!is_in_one_word(url)) {
        return NULL;
    } else if (scheme == 0) {
        return "Unsupported URL scheme";
    }
    return strcspn(url + scheme, "/?#") == 0 ? "http: no Host in request URL" : NULL;
}

/* The first reason counts, as it would be met first. */
static void note_unsendable(struct adapter_request *request, char *why)
{
    if (request->unsendable == NULL) {
        request->unsendable = why;
    } else {
        str_free(&why);
    }
}

/* Which server is meant and where a message ends are for the client to say. Go's sends none of these either; with them
 * one request could be read as two, or by another of the servers behind an address. */
static bool is_clients_own(const char *name)
{
    static const char *const names[] = {"Host", "Content-Length", "Transfer-Encoding", "Trailer"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A name as Go quotes it, on one line. (mem_free) */
static char *quoted(const char *name)
{
    enum { NAME_SHOWN_MAX = 60, ESCAPE_MAX = 4 };
    static const char *const escapes[256] = {
        ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t", ['"'] = "\\\"", ['\\'] = "\\\\"};
    struct buf out;
    buf_init(&out, ESCAPE_MAX * NAME_SHOWN_MAX);
    for (const char *c = name; *c != '\0' && c - name < NAME_SHOWN_MAX; c++) {
        unsigned char byte = (unsigned char)*c;
        if (escapes[byte] != NULL) {
            buf_append_str(&out, escapes[byte]);
        } else if (iscntrl(byte)) {
            buf_printf(&out, "\\x%02x", (unsigned)byte);
        } else {
            buf_append_char(&out, *c);
        }
    }
    return buf_take(&out);
}

static bool add_header(struct adapter_request *request, const char *name, const struct node *value, struct err *err)
{
    if (is_clients_own(name)) {
        return true;
    }
    size_t len = 0;
    const char *text = node_str_n(value, &len);
    if (text == NULL) {
        return err_set(err, ERR_INVALID, "request.headers: %.60s is no text", name);
    }
    if (!is_header_name(name)) {
        char *shown = quoted(name);
        note_unsendable(request, str_format("net/http: invalid header field name \"%s\"", shown));
        str_free(&shown);
    } else if (strlen(text) != len || !is_header_value(text)) { /* the value may be a secret: it is not said */
        note_unsendable(request, str_format("net/http: invalid header field value for \"%.60s\"", name));
    }
    size_t size = (request->header_count + 1) * sizeof request->headers[0];
    request->headers = mem_resize(request->headers, size);
    request->headers[request->header_count++] = (struct http_header){name, text};
    return true;
}

static bool read_headers(struct adapter_request *request, const struct node *order, struct err *err)
{
    struct node_iter it = node_iterate(node_get(order, "headers"));
    while (node_next(&it)) {
        if (node_type(it.value) != NODE_ARRAY) {
            if (!add_header(request, it.key, it.value, err)) {
                return false;
            }
            continue;
        }
        struct node_iter values = node_iterate(it.value);
        while (node_next(&values)) {
            if (!add_header(request, it.key, values.value, err)) {
                return false;
            }
        }
    }
    return true;
}

static bool read_verb(const struct node *kube, enum kube_verb *verb)
{
    static const struct {
        const char *word;
        enum kube_verb verb;
    } verbs[] = {{"get", KUBE_GET}, {"list", KUBE_LIST}, {"create", KUBE_CREATE}, {"delete", KUBE_DELETE}};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (node_is(node_get(kube, "verb"), verbs[i].word)) {
            *verb = verbs[i].verb;
            return true;
        }
    }
    return false;
}

static bool read_kube(struct adapter_request *request, const struct node *order, struct err *err)
{
    const struct node *kube = node_get(order, "kube");
    if (!read_verb(kube, &request->verb) || node_str(node_get(kube, "version")) == NULL ||
        str_empty(node_str(node_get(kube, "plural")))) {
        return err_set(err, ERR_INVALID,
                       "request.kube: verb (get, list, create or delete), group, version and plural are wanted");
    }
    return true;
}

static bool read_http(struct adapter_request *request, const struct node *order, struct err *err)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "HEAD", NULL};
    const char *method = text_of(order, "method", "GET"), *url = text_of(order, "url", "");
    if (!is_among(method, methods)) {
        return err_set(err, ERR_INVALID, "request.method: %.20s came, wanted GET, POST, PUT, DELETE or HEAD", method);
    }
    const char *why = http_is_url(url) ? NULL : why_unsendable(url);
    if (why != NULL) {
        note_unsendable(request, str_dup(why));
    } else if (!http_is_url(url)) {
        char *shown = http_printable_url(url);
        err_set(err, ERR_INVALID, "request.url: %.200s is no URL", shown);
        str_free(&shown);
        return false;
    }
    const char *proxy = node_str_or(node_get(order, "proxy"), "");
    if (proxy[0] != '\0' && !is_proxy(proxy)) {
        return err_set(err, ERR_INVALID, "request.proxy: it is no URL of http, https or socks5");
    }
    return read_headers(request, order, err);
}

/* A guest asks what was declared, by itself. The parameters of its URL may be keys, and are not shown. */
static bool is_declared(const struct node *order, const struct node *urls, struct err *err)
{
    const char *url = text_of(order, "url", "");
    if (node_get(order, "proxy") != NULL) {
        return err_set(err, ERR_INVALID, "request.proxy: the adapter of a Check has no proxy of its own");
    }
    struct node_iter it = node_iterate(urls);
    while (node_next(&it)) {
        if (url_scope_has(node_str_or(it.value, ""), url)) {
            return true;
        }
    }
    char *plain = str_dup_n(url, strcspn(url, "?#")), *shown = http_printable_url(plain);
    err_set(err, ERR_INVALID, "request.url: %.200s does not stand below one of the declared URLs", shown);
    str_free(&shown);
    str_free(&plain);
    return false;
}

static void clear(struct adapter_request *request)
{
    mem_free(request->headers);
    doc_free(request->order);
    str_free(&request->unsendable);
    *request = (struct adapter_request){0};
}

bool adapter_request_read(struct adapter_request *request, const struct node *order, const struct node *urls,
                          int64_t *wait_ms, struct err *err)
{
    clear(request);
    request->order = doc_copy(order);
    request->is_guest = urls != NULL;
    order = doc_root(request->order);
    *wait_ms = node_int_or(node_get(order, "wait_ms"), 0);
    if (*wait_ms < 0 || *wait_ms > ADAPTER_WAIT_MAX_MS) {
        return err_set(err, ERR_INVALID, "request.wait_ms: %lld came, wanted 0 to %d", (long long)*wait_ms,
                       ADAPTER_WAIT_MAX_MS);
    }
    if (node_get(order, "kube") != NULL) {
        return read_kube(request, order, err);
    }
    return (urls == NULL || is_declared(order, urls, err)) && read_http(request, order, err);
}

/* --- the response --- */

static void respond(struct adapter_request *request, const struct adapter_response *response)
{
    adapter_response_fn *done = request->done;
    void *ctx = request->ctx;
    request->call = NULL;
    request->kube_call = NULL;
    done(ctx, response);
}

/* The URL as texts may show it: the parameters of some servers are keys, and so is all of a chat's webhook but its
 * host. */
static char *shown_url(const struct node *order)
{
    const char *url = node_str_or(node_get(order, "url"), "");
    if (node_bool_or(node_get(order, "secret_url"), false)) {
        const char *end = strstr(url, "://");
        return end != NULL ? str_dup_n(url, (size_t)(end - url) + 3 + strcspn(end + 3, "/?#")) : str_dup("");
    }
    if (!node_bool_or(node_get(order, "secret_parameters"), false)) {
        return str_dup(url);
    }
    return str_dup_n(url, strcspn(url, "?#"));
}

/* There is no response, and this is why. */
static void respond_failed(struct adapter_request *request, const struct err *err)
{
    const struct node *order = doc_root(request->order);
    const char *method = node_str_or(node_get(order, "method"), "GET");
    char *verb = str_dup(method), *url = shown_url(order);
    for (char *c = verb + 1; verb[0] != '\0' && *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    char *text = http_error_text(verb, url, "context deadline exceeded", err);
    respond(request, &(struct adapter_response){.error = text, .timed_out = err->code == ERR_TIMEOUT});
    str_free(&text);
    str_free(&url);
    str_free(&verb);
}

static void on_http(void *ctx, const struct http_response *response, const struct err *err)
{
    struct adapter_request *request = ctx;
    if (response != NULL) {
        respond(request, &(struct adapter_response){.status = response->status,
                                                    .retry_after_ms = response->retry_after_ms,
                                                    .content_type = response->content_type,
                                                    .body = response->body,
                                                    .body_len = response->body_len});
    } else {
        respond_failed(request, err);
    }
}

static void on_kube(void *ctx, const struct doc *answer, const struct err *err)
{
    struct adapter_request *request = ctx;
    if (answer == NULL) {
        respond(request, &(struct adapter_response){.error = err->text,
                                                    .status = err->http_status,
                                                    .retry_after_ms = err->retry_after_ms,
                                                    .timed_out = err->code == ERR_TIMEOUT});
        return;
    }
    char *text = node_to_text(doc_root(answer));
    respond(request, &(struct adapter_response){.status = 200, .body = text, .body_len = strlen(text)});
    str_free(&text);
}

/* --- on its way --- */

static int64_t timeout_of(const struct node *order)
{
    int64_t timeout_ms = node_int_or(node_get(order, "timeout_ms"), ADAPTER_TIMEOUT_MS);
    return timeout_ms > 0 && timeout_ms < ADAPTER_TIMEOUT_MAX_MS ? timeout_ms : ADAPTER_TIMEOUT_MAX_MS;
}

static void send_http(struct adapter_request *request)
{
    const struct node *order = doc_root(request->order);
    size_t body_len = 0;
    const char *body = node_str_n(node_get(order, "body"), &body_len);
    request->tls.insecure = node_bool_or(node_get(order, "insecure"), false);
    struct http_request http = {.method = node_str_or(node_get(order, "method"), "GET"),
                                .url = node_str(node_get(order, "url")),
                                .headers = request->headers,
                                .header_count = request->header_count,
                                .body = body,
                                .body_len = body_len,
                                .timeout_ms = timeout_of(order),
                                .response_max = ADAPTER_RESPONSE_MAX,
                                .proxy = node_str(node_get(order, "proxy")),
                                .tls = request->tls.insecure ? &request->tls : NULL,
                                .follow_redirects = !request->is_guest,
                                .same_host = true,
                                .outward = request->is_guest};
    request->call = http_start(request->all->options.http, &http, NULL, on_http, request);
}

static void send_kube(struct adapter_request *request, const struct node *kube)
{
    const struct node *order = doc_root(request->order);
    request->resource = (struct kube_resource){.group = node_str_or(node_get(kube, "group"), ""),
                                               .version = node_str(node_get(kube, "version")),
                                               .plural = node_str(node_get(kube, "plural")),
                                               .kind = node_str_or(node_get(kube, "kind"), "")};
    struct kube_request ask = {.verb = request->verb,
                               .resource = &request->resource,
                               .namespace = node_str(node_get(kube, "namespace")),
                               .name = node_str(node_get(kube, "name")),
                               .query = node_str(node_get(kube, "query")),
                               .body = node_get(kube, "body"),
                               .timeout_ms = timeout_of(order),
                               .answer_max = ADAPTER_RESPONSE_MAX};
    request->kube_call = kube_start(request->all->options.kube, &ask, on_kube, request);
}

void adapter_request_send(struct adapter_request *request, struct scripted_adapters *all, adapter_response_fn *done,
                          void *ctx)
{
    request->all = all;
    request->done = done;
    request->ctx = ctx;
    const struct node *kube = node_get(doc_root(request->order), "kube");
    struct err err = {0};
    if (request->unsendable != NULL) {
        err_set(&err, ERR_INVALID, "%s", request->unsendable);
        respond_failed(request, &err);
    } else if (kube == NULL) {
        send_http(request);
    } else if (all->options.kube != NULL) {
        send_kube(request, kube);
    } else {
        respond(request, &(struct adapter_response){.error = "there is no API server to ask"});
    }
}

void adapter_request_cancel(struct adapter_request *request)
{
    if (request->call != NULL) {
        http_cancel(request->call);
    }
    if (request->kube_call != NULL) {
        kube_cancel(request->kube_call);
    }
    clear(request);
}
