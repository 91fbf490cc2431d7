#include "io/curl.h"

#include <assert.h>
#include <netdb.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/curl_answer.h"
#include "io/curl_setup.h"
#include "io/inner_address.h"

enum {
    WATCH_HOST_CONNECTIONS_MAX = 4,
    ORDINARY_HOST_CONNECTIONS_MAX = 128,
    STREAMS_MAX = 250, /* per connection */
};

/* libcurl's words for a connection that ended before an answer. */
static const char GOT_NOTHING[] = "Empty reply from server";

/* One multi handle. Watches hold their streams for minutes; among ordinary requests they would fill every connection
 * and leave the rest queued for ever, so each kind has a side of its own. */
struct side {
    struct curl_http *http;
    CURLM *multi;
    struct timer timer;  /* curl's, one at a time */
    bool is_capped;      /* few connections per host */
    bool wants_uncapped; /* a server has answered in HTTP/1.1 */
    struct call *calls;
};

struct curl_http {
    struct http base;
    struct loop *loop;
    struct side ordinary, watches;
    bool in_curl; /* libcurl is on the stack: its handles may not be touched */
};

struct call {
    struct http_call base;
    struct side *side;
    CURL *easy;
    struct curl_setup setup;
    bool is_plain; /* http://: one connection per watch */
    bool is_added; /* to the multi handle */
    char *title;
    http_data_fn *on_data;
    http_done_fn *done;
    void *ctx;
    struct timer turn, idle;
    int64_t idle_timeout_ms;
    struct buf body;
    bool refused;       /* the caller takes no more of the body */
    bool is_sent;       /* or is just about to be */
    bool is_repeatable; /* by libcurl, when a reused connection dies without an answer */
    bool awaits_answer; /* sent, and no byte of an answer came since */
    bool is_cut_short;  /* ended by us instead of being repeated */
    char *only_host;    /* for redirects; NULL: any */
    bool is_led_away;   /* ended by us: a redirect to another host */
    bool is_outward;    /* its name must not lead to an inner address */
    bool is_led_inside; /* ended by us: it does */
    long sent_size;     /* bytes that all earlier sendings of this call wrote */
    struct err err;     /* known before the request could be sent */
    char why[CURL_ERROR_SIZE];
    struct call *next, *prev;
};

/* --- the end of a call --- */

static void call_unlink(struct call *call)
{
    if (call->prev != NULL) {
        call->prev->next = call->next;
    } else {
        call->side->calls = call->next;
    }
    if (call->next != NULL) {
        call->next->prev = call->prev;
    }
    timer_cancel(&call->turn);
    timer_cancel(&call->idle);
    if (call->is_added) {
        curl_multi_remove_handle(call->side->multi, call->easy);
    }
    call->is_added = false;
}

static void call_free(struct call *call)
{
    curl_easy_cleanup(call->easy);
    curl_setup_fini(&call->setup);
    buf_fini(&call->body);
    str_free(&call->title);
    str_free(&call->only_host);
    mem_free(call);
}

static void call_fail(struct call *call, const struct err *err)
{
    call_unlink(call);
    call->done(call->ctx, NULL, err);
    call_free(call);
}

static void call_answer(struct call *call)
{
    struct http_response response = {.body = buf_str(&call->body), .body_len = call->body.len};
    curl_answer_read(call->easy, &response);
    call_unlink(call);
    struct err none = {.code = ERR_NONE};
    call->done(call->ctx, &response, &none);
    call_free(call);
}

/* True when the connection ended in the handshake: the text is the system's, not the TLS library's, and says nothing
 * about trust. */
static bool is_cut(const char *why)
{
    return strstr(why, "SSL_connect: ") != NULL || strstr(why, "Recv failure: ") != NULL ||
           strstr(why, "Send failure: ") != NULL;
}

static enum err_code code_of(CURLcode result, const char *why)
{
    switch (result) {
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_TIMEOUT;
    case CURLE_URL_MALFORMAT:
        return ERR_INVALID;
    case CURLE_UNSUPPORTED_PROTOCOL: /* a scheme we do not speak, or an answer without a status */
        return str_has_prefix(why, "Protocol \"") ? ERR_INVALID : ERR_PARSE;
    case CURLE_SSL_CONNECT_ERROR:
        return is_cut(why) ? ERR_UNREACHABLE : ERR_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED:
        return ERR_TLS;
    case CURLE_RECV_ERROR: /* under TLS 1.3 a refused client certificate is only heard of with the first read */
        return strstr(why, " alert ") != NULL ? ERR_TLS : ERR_UNREACHABLE;
    case CURLE_TOO_MANY_REDIRECTS:
        return ERR_REJECTED;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
        return ERR_PARSE;
    case CURLE_FILESIZE_EXCEEDED:
        return ERR_TOO_LARGE;
    default:
        return ERR_UNREACHABLE;
    }
}

static void call_end(struct call *call, CURLcode result)
{
    if (curl_answer_came(call->easy, result)) {
        call_answer(call);
        return;
    }
    struct err err;
    result = call->is_cut_short ? CURLE_GOT_NOTHING : result;
    const char *why = call->is_cut_short ? GOT_NOTHING : call->why[0] ? call->why : curl_easy_strerror(result);
    long cause = 0; /* libcurl's words say that nobody was reached, and not why */
    if (result == CURLE_COULDNT_CONNECT) {
        curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &cause);
    }
    if (call->is_led_away) {
        err_set(&err, ERR_REJECTED, "%s: a redirect to another host is not followed", call->title);
    } else if (call->is_led_inside) {
        err_set(&err, ERR_REJECTED, "%s: the name leads to an address of this machine or of its metadata server",
                call->title);
    } else if (call->refused && call->body.overflow) {
        err_set(&err, ERR_TOO_LARGE, "%s: the answer is larger than %zu bytes", call->title, call->body.size_max);
    } else if (call->refused) {
        err_set(&err, ERR_TOO_LARGE, "%s: the receiver refused the rest of the answer", call->title);
    } else {
        err_set(&err, code_of(result, why), "%s: %s%s%s", call->title, why, cause ? ": " : "",
                cause ? strerror((int)cause) : "");
    }
    call_fail(call, &err);
}

/* --- libcurl's callbacks about one call; none of them touches a handle --- */

static void restart_idle(struct call *call);

static void on_idle(struct timer *timer, void *ctx)
{
    struct call *call = ctx;
    struct err err;
    err_set(&err, ERR_TIMEOUT, "%s: nothing came for %lld ms", call->title, (long long)call->idle_timeout_ms);
    call_fail(call, &err);
}

static void restart_idle(struct call *call)
{
    if (call->idle_timeout_ms > 0) {
        timer_start(loop_clock(call->side->http->loop), &call->idle, call->idle_timeout_ms, on_idle, call);
    }
}

/* The host of the URL that the call has reached, or of its first URL. */
static char *host_of(const char *url)
{
    CURLU *parts = curl_url();
    char *host = NULL, *copy;
    curl_url_set(parts, CURLUPART_URL, url, CURLU_PATH_AS_IS | CURLU_ALLOW_SPACE | CURLU_URLENCODE);
    curl_url_get(parts, CURLUPART_HOST, &host, 0);
    copy = str_dup(host != NULL ? host : "");
    curl_free(host);
    curl_url_cleanup(parts);
    return copy;
}

static bool is_name(const char *url)
{
    char *host = host_of(url);
    bool may_hide = inner_address_may_hide(host);
    str_free(&host);
    return may_hide;
}

static bool is_led_away(struct call *call)
{
    char *url = NULL;
    if (call->only_host == NULL) {
        return false;
    }
    curl_easy_getinfo(call->easy, CURLINFO_EFFECTIVE_URL, &url);
    char *host = host_of(url != NULL ? url : "");
    call->is_led_away = call->is_led_away || strcasecmp(host, call->only_host) != 0;
    str_free(&host);
    return call->is_led_away;
}

/* Before a name is looked up: servers of names that belong to others are asked nothing, either. */
static int on_resolve(void *resolver, void *reserved, void *ctx)
{
    return is_led_away(ctx) ? 1 : 0;
}

static bool is_led_inside(struct call *call, const char *ip)
{
    call->is_led_inside = call->is_led_inside || (call->is_outward && inner_address_is(ip));
    return call->is_led_inside;
}

/* Called before a connection is opened; on_connected is called for reused ones too. */
static curl_socket_t on_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    char ip[NI_MAXHOST] = "";
    getnameinfo(&address->addr, address->addrlen, ip, sizeof ip, NULL, 0, NI_NUMERICHOST);
    ip[strcspn(ip, "%")] = '\0'; /* the interface of a link-local one */
    return is_led_away(ctx) || is_led_inside(ctx, ip)
               ? CURL_SOCKET_BAD
               : socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Comes before each sending: the first one, one for each redirect, and libcurl's own repetition when a connection that
 * was used before ends without a byte of an answer. The server may have read the request by then, so only what is safe
 * to repeat is repeated, or what was not written at all; everything else ends here, as in Go's client. */
static int on_connected(void *ctx, char *to, char *from, int to_port, int from_port)
{
    struct call *call = ctx;
    long size = 0;
    curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &size);
    call->is_sent = true;
    call->is_cut_short = call->awaits_answer && size > call->sent_size && !call->is_repeatable;
    call->awaits_answer = true;
    call->sent_size = size;
    bool goes_on = !call->is_cut_short && !is_led_away(call) && !is_led_inside(call, to);
    return goes_on ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* libcurl follows every 3xx with a Location; to Go a 300, a 304 and the like are answers, and a gate that says so is
 * not open. */
static void judge_redirect(struct call *call)
{
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    bool follows = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    if (status / 100 == 3 && !follows) {
        curl_easy_setopt(call->easy, CURLOPT_FOLLOWLOCATION, 0L);
    }
}

static size_t on_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct call *call = ctx;
    restart_idle(call);
    call->awaits_answer = false;
    if (size * count > 5 && strncmp(bytes, "HTTP/", 5) == 0) {
        judge_redirect(call);
    }
    if (call->side->is_capped && size * count > 7 && strncmp(bytes, "HTTP/1.", 7) == 0) {
        call->side->wants_uncapped = true;
    }
    return size * count;
}

/* A short count is libcurl's way to end a transfer from here; it comes back as CURLE_WRITE_ERROR. */
static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct call *call = ctx;
    size_t len = size * count;
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    restart_idle(call);
    bool streamed = call->on_data != NULL && status / 100 == 2;
    bool taken = streamed ? call->on_data(call->ctx, bytes, len) : buf_append(&call->body, bytes, len);
    call->refused = !taken;
    return taken ? len : CURL_WRITEFUNC_ERROR;
}

/* --- a side: sockets and the timer --- */

/* The cap suits HTTP/2, where four connections carry a thousand watches. Over HTTP/1.1 a watch is a connection, and the
 * fifth would wait until the first ends. The first such answer, or the first URL without TLS, takes the cap away; calls
 * that were not sent yet are put in again, because libcurl looks at its queue only when a transfer ends. */
static void side_uncap(struct side *side)
{
    side->is_capped = false;
    curl_multi_setopt(side->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 0L);
    for (struct call *call = side->calls; call != NULL; call = call->next) {
        if (!call->is_added || call->is_sent) {
            continue;
        }
        curl_multi_remove_handle(side->multi, call->easy);
        curl_multi_add_handle(side->multi, call->easy);
    }
}

/* The callbacks of calls that ended may start and cancel any calls. A watch whose HTTP/2 connection died ends here
 * with CURLE_OK: the end of a stream never proves that it was complete. */
static void side_collect(struct side *side)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(side->multi, &left)) != NULL) {
        struct call *call = NULL;
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        call_end(call, result);
    }
}

static void side_action(struct side *side, curl_socket_t fd, int events)
{
    int running;
    assert(!side->http->in_curl);
    side->http->in_curl = true;
    curl_multi_socket_action(side->multi, fd, events, &running);
    side->http->in_curl = false;
    if (side->is_capped && side->wants_uncapped) {
        side_uncap(side);
    }
    side_collect(side);
}

static void on_curl_timer(struct timer *timer, void *ctx)
{
    side_action(ctx, CURL_SOCKET_TIMEOUT, 0);
}

/* The loop's clock reads the time afresh, so the delay counts from now and not from the begin of the turn; 0 is a later
 * turn, never this one, because libcurl is on the stack. */
static int on_timer_wish(CURLM *multi, long timeout_ms, void *ctx)
{
    struct side *side = ctx;
    if (timeout_ms < 0) {
        timer_cancel(&side->timer);
    } else {
        timer_start(loop_clock(side->http->loop), &side->timer, timeout_ms, on_curl_timer, side);
    }
    return 0;
}

struct socket {
    uv_poll_t poll;
    struct side *side;
    curl_socket_t fd;
    int events; /* what curl wants to know of */
};

static void on_poll(uv_poll_t *poll, int status, int events);

static void listen_on(struct socket *s)
{
    uv_poll_start(&s->poll, s->events, on_poll);
}

/* A socket with an error may hold an answer all the same: a server that does not listen to the end sends it and resets
 * the connection. CURL_CSELECT_ERR would throw it away, and the reason too; reading gives first the one and then the
 * other. libuv has stopped the poll, and curl says nothing new about a socket it wants to go on with. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct socket *s = poll->data;
    int flags = status < 0 ? CURL_CSELECT_IN | CURL_CSELECT_OUT : 0;
    flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    side_action(s->side, s->fd, flags);
    if (status < 0 && !uv_is_closing((uv_handle_t *)poll)) {
        listen_on(s);
    }
}

static void on_socket_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

static struct socket *socket_new(struct side *side, curl_socket_t fd)
{
    struct socket *s = mem_new(struct socket);
    s->side = side;
    s->fd = fd;
    int rc = uv_poll_init_socket(loop_uv(side->http->loop), &s->poll, fd);
    assert(rc == 0 && "the loop refused a socket");
    (void)rc;
    s->poll.data = s;
    curl_multi_assign(side->multi, fd, s);
    return s;
}

static int on_socket_wish(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
    struct side *side = ctx;
    struct socket *s = socket_ctx;
    if (what == CURL_POLL_REMOVE) {
        if (s != NULL) {
            uv_close((uv_handle_t *)&s->poll, on_socket_closed);
        }
        curl_multi_assign(side->multi, fd, NULL);
        return 0;
    }
    if (s == NULL) {
        s = socket_new(side, fd);
    }
    s->events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    listen_on(s);
    return 0;
}

static void side_init(struct side *side, struct curl_http *http, long host_connections_max)
{
    side->http = http;
    side->multi = curl_multi_init();
    assert(side->multi);
    curl_multi_setopt(side->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wish);
    curl_multi_setopt(side->multi, CURLMOPT_SOCKETDATA, side);
    curl_multi_setopt(side->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish);
    curl_multi_setopt(side->multi, CURLMOPT_TIMERDATA, side);
    curl_multi_setopt(side->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(side->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS_MAX);
    curl_multi_setopt(side->multi, CURLMOPT_MAX_HOST_CONNECTIONS, host_connections_max);
}

static void side_fini(struct side *side)
{
    assert(side->calls == NULL && "a call is still under way");
    curl_multi_cleanup(side->multi);
    timer_cancel(&side->timer);
}

/* --- the transport --- */

/* Adding waits for a turn of its own, so that a call may be started from anywhere, libcurl's callbacks included. */
static void on_turn(struct timer *timer, void *ctx)
{
    struct call *call = ctx;
    if (call->err.code != ERR_NONE) {
        call_fail(call, &call->err);
        return;
    }
    if (call->side->is_capped && call->is_plain) {
        side_uncap(call->side);
    }
    call->is_added = true;
    CURLMcode rc = curl_multi_add_handle(call->side->multi, call->easy);
    assert(rc == CURLM_OK);
    (void)rc;
    restart_idle(call);
}

static void set_callbacks(struct call *call)
{
    curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, call->why);
    curl_easy_setopt(call->easy, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(call->easy, CURLOPT_PREREQDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_RESOLVER_START_FUNCTION, on_resolve);
    curl_easy_setopt(call->easy, CURLOPT_RESOLVER_START_DATA, call);
    curl_easy_setopt(call->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(call->easy, CURLOPT_OPENSOCKETDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(call->easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
}

static struct http_call *start(struct http *base, const struct http_request *request, http_data_fn *on_data,
                               http_done_fn *done, void *ctx)
{
    struct curl_http *http = (struct curl_http *)base;
    struct side *side = request->long_lived ? &http->watches : &http->ordinary;
    struct call *call = mem_new(struct call);
    call->base.http = base;
    call->side = side;
    call->on_data = on_data;
    call->done = done;
    call->ctx = ctx;
    call->idle_timeout_ms = request->idle_timeout_ms;
    call->title = curl_setup_title(request);
    buf_init(&call->body, request->response_max ? request->response_max : HTTP_RESPONSE_MAX);
    call->easy = curl_easy_init();
    assert(call->easy);
    if (curl_setup_init(&call->setup, call->easy, request, &call->err)) {
        set_callbacks(call);
    } else {
        err_wrap(&call->err, "%s", call->title);
    }
    call->is_plain = str_has_prefix(request->url, "http://");
    call->only_host = request->same_host ? host_of(request->url) : NULL;
    call->is_outward = request->outward && is_name(request->url) && !curl_setup_has_proxy();
    call->is_repeatable = str_equal(request->method, "GET") || str_equal(request->method, "HEAD");
    call->next = side->calls;
    if (side->calls != NULL) {
        side->calls->prev = call;
    }
    side->calls = call;
    timer_start(loop_clock(http->loop), &call->turn, 0, on_turn, call);
    return &call->base;
}

static void cancel(struct http_call *base)
{
    struct call *call = (struct call *)base;
    assert(!call->side->http->in_curl && "http_cancel from inside on_data");
    call_unlink(call);
    call_free(call);
}

static const struct http_ops curl_ops = {.start = start, .cancel = cancel};

static struct curl_http *http_new(struct loop *loop, long host_connections_max)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct curl_http *http = mem_new(struct curl_http);
    http->base.ops = &curl_ops;
    http->loop = loop;
    side_init(&http->ordinary, http, host_connections_max);
    side_init(&http->watches, http, WATCH_HOST_CONNECTIONS_MAX);
    http->watches.is_capped = true;
    return http;
}

struct http *curl_http_new(struct loop *loop)
{
    return &http_new(loop, ORDINARY_HOST_CONNECTIONS_MAX)->base;
}

struct http *curl_http_new_for_load(struct loop *loop, long idle_max)
{
    struct curl_http *http = http_new(loop, 0);
    curl_multi_setopt(http->ordinary.multi, CURLMOPT_MAXCONNECTS, idle_max);
    return &http->base;
}

void curl_http_free(struct http *base)
{
    if (base == NULL) {
        return;
    }
    struct curl_http *http = (struct curl_http *)base;
    side_fini(&http->ordinary);
    side_fini(&http->watches);
    mem_free(http);
    curl_global_cleanup();
}
