/* From a connection of microhttpd to an exchange and back:
 *
 *     head ──on_uri──> struct call ──body, piece by piece──> serve(exchange)
 *                                                              │
 *                      ended already?    yes: a response with its length
 *                                        begun: a response that a reader fills (chunked)
 *                                        neither: the connection is suspended until exchange_begin
 *
 * A connection with nothing to send is suspended, for microhttpd would ask its reader again and again. It does not look
 * at a suspended connection at all, so the loop watches the socket for the client's leaving meanwhile. */
#include "io/server.h"

#include <assert.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/connections.h"
#include "io/listener.h"

enum {
    REQUEST_MAX = 4 * 1024 * 1024,
    HANDLED_MAX = 16 * 1024 * 1024,
    UNSENT_MAX = 256 * 1024 * 1024, /* of one answer; a client so far behind is cut off */
    BLOCK = 32 * 1024,
};

/* Those between `kept` and `connections` are about to be closed (connections.h). */
struct bounds {
    unsigned connections, kept /* 0: all */, idle_timeout_s;
    size_t request_max;
};
static const struct bounds served_bounds = {1024, 0, 60, REQUEST_MAX};
/* For whoever comes, too: a page that stays open is answered as long as it reads. */
static const struct bounds public_bounds = {640, 512, 60, 64 * 1024};
/* Idle as in Flagger's server. */
static const struct bounds handled_bounds = {256, 192, 15, 16 * 1024};

/* microhttpd has an epoll set of its own; its descriptor is one more thing the loop polls, and its timeout one more
 * timer. */
struct server {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    struct timer timer, soon;
    exchange_serve_fn *serve;
    server_handle_fn *handle; /* of server_start; serve is then ours */
    const struct bounds *bounds;
    void *ctx;
    struct call *calls;
    struct connections connections;
    int port;
};

/* Watches the socket of a suspended connection; outlives it until the loop has closed it. */
struct lookout {
    uv_poll_t poll;
    struct call *call;
};

struct call {
    struct exchange exchange;
    struct server *server;
    struct MHD_Connection *connection;
    struct call *next;
    char *path, *query;
    struct buf body, unsent;
    struct str_list header_names, header_values;
    char *content_type;
    int status;
    bool had_head, served, begun, ended, suspended, broken;
    struct lookout *lookout;
};

/* --- in the loop --- */

static void run(struct server *server);

static void on_timer(struct timer *timer, void *ctx)
{
    run(ctx);
}

static void run(struct server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;
    MHD_run(server->daemon);
    if (MHD_get_timeout(server->daemon, &timeout_ms) == MHD_YES) {
        timer_start(loop_clock(server->loop), &server->timer, (int64_t)timeout_ms, on_timer, server);
    } else {
        timer_cancel(&server->timer);
    }
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    run(poll->data);
}

/* Never from inside a callback of microhttpd. */
static void run_soon(struct server *server)
{
    timer_start(loop_clock(server->loop), &server->soon, 0, on_timer, server);
}

/* --- suspended connections --- */

static void on_lookout_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

static void end_lookout(struct call *call)
{
    if (call->lookout == NULL) {
        return;
    }
    uv_close((uv_handle_t *)&call->lookout->poll, on_lookout_closed);
    call->lookout = NULL;
}

/* Nothing happens when it is not suspended. */
static void resume(struct call *call)
{
    if (call->suspended) {
        end_lookout(call);
        call->suspended = false;
        MHD_resume_connection(call->connection);
        run_soon(call->server);
    }
}

static void on_left(uv_poll_t *poll, int status, int events)
{
    struct lookout *lookout = poll->data;
    lookout->call->broken = true;
    resume(lookout->call);
}

static void suspend(struct call *call)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    call->suspended = true;
    MHD_suspend_connection(call->connection);
    struct lookout *lookout = mem_new(struct lookout);
    if (uv_poll_init(loop_uv(call->server->loop), &lookout->poll, info->connect_fd) != 0) {
        mem_free(lookout); /* its leaving is then noticed at the next write */
        return;
    }
    lookout->poll.data = lookout;
    lookout->call = call;
    call->lookout = lookout;
    uv_poll_start(&lookout->poll, UV_DISCONNECT, on_left);
}

/* --- the exchange --- */

static struct call *call_of(struct exchange *exchange)
{
    return (struct call *)exchange;
}

static void wire_add_header(struct exchange *exchange, const char *name, const char *value)
{
    struct call *call = call_of(exchange);
    str_list_push(&call->header_names, name);
    str_list_push(&call->header_values, value);
}

static void wire_begin(struct exchange *exchange, int status, const char *content_type)
{
    struct call *call = call_of(exchange);
    assert(!call->begun && "an exchange is answered once");
    call->begun = true;
    call->status = status;
    call->content_type = str_dup(content_type);
    resume(call);
}

static void wire_send(struct exchange *exchange, const char *bytes, size_t len)
{
    struct call *call = call_of(exchange);
    assert(call->begun && !call->ended);
    if (!buf_append(&call->unsent, bytes, len)) {
        call->broken = true;
    }
    resume(call);
}

static void wire_end(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    assert(call->begun && !call->ended);
    call->ended = true;
    resume(call);
}

static const char *wire_header(const struct exchange *exchange, const char *name)
{
    const struct call *call = (const struct call *)exchange;
    return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

static size_t wire_unsent(const struct exchange *exchange)
{
    return ((const struct call *)exchange)->unsent.len;
}

/* microhttpd looks again at a connection that it cannot write to only when the socket says so, as after a shutdown. */
static void wire_cut(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    call->broken = true;
    buf_clear(&call->unsent);
    shutdown(MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, SHUT_RDWR);
    resume(call);
    run_soon(call->server);
}

static const struct exchange_ops wire_ops = {.add_header = wire_add_header,
                                             .begin = wire_begin,
                                             .send = wire_send,
                                             .end = wire_end,
                                             .unsent = wire_unsent,
                                             .cut = wire_cut};

/* --- answers --- */

/* NULL: it has ended. */
static struct connection *kept_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static ssize_t read_unsent(void *ctx, uint64_t position, char *out, size_t size)
{
    struct call *call = ctx;
    if (call->broken) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (call->unsent.len > 0) {
        size_t len = call->unsent.len < size ? call->unsent.len : size;
        memcpy(out, call->unsent.data, len);
        buf_consume(&call->unsent, len);
        return (ssize_t)len;
    }
    if (call->ended) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    suspend(call);
    return 0;
}

static void free_bytes(void *bytes)
{
    mem_free(bytes);
}

static struct MHD_Response *response_of(struct call *call)
{
    if (!call->ended) {
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_unsent, call, NULL);
    }
    size_t len = call->unsent.len;
    char *bytes = buf_take(&call->unsent);
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(len, bytes, free_bytes);
    if (response == NULL) {
        mem_free(bytes);
    }
    return response;
}

static enum MHD_Result send_answer(struct call *call)
{
    struct MHD_Response *response = response_of(call);
    if (response == NULL) {
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, call->content_type);
    for (size_t i = 0; i < call->header_names.count; i++) {
        MHD_add_response_header(response, call->header_names.items[i], call->header_values.items[i]);
    }
    if (!call->ended) {
        MHD_set_connection_option(call->connection, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
        connection_set_streaming(kept_of(call->connection), true);
    }
    enum MHD_Result result = MHD_queue_response(call->connection, (unsigned)call->status, response);
    MHD_destroy_response(response);
    return result;
}

static void refuse_body(struct call *call)
{
    static const char text[] = "the request is too large\n";
    exchange_answer(&call->exchange, MHD_HTTP_CONTENT_TOO_LARGE, "text/plain; charset=utf-8", text, sizeof text - 1);
}

static enum MHD_Result serve_call(struct call *call, const char *method)
{
    call->served = true;
    call->exchange.method = method;
    call->exchange.body = buf_str(&call->body);
    call->exchange.body_len = call->body.len;
    if (call->body.overflow) {
        refuse_body(call);
    } else {
        call->server->serve(call->server->ctx, &call->exchange);
    }
    if (call->begun) {
        return send_answer(call);
    }
    suspend(call);
    return MHD_YES;
}

/* --- connections --- */

static void on_connection(void *ctx, struct MHD_Connection *connection, void **kept,
                          enum MHD_ConnectionNotificationCode what)
{
    struct server *server = ctx;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        *kept = connections_add(&server->connections, fd);
    } else {
        connections_remove(&server->connections, *kept);
        *kept = NULL;
    }
}

static void note_activity(struct server *server, struct MHD_Connection *connection)
{
    if (kept_of(connection) != NULL) {
        connections_touch(&server->connections, kept_of(connection));
    }
}

/* --- requests --- */

/* The target as it was sent; microhttpd's own has its escapes resolved. */
static void *on_uri(void *ctx, const char *uri, struct MHD_Connection *connection)
{
    struct server *server = ctx;
    struct call *call = mem_new(struct call);
    size_t path_len = strcspn(uri, "?");
    note_activity(server, connection);
    call->server = server;
    call->connection = connection;
    call->path = str_dup_n(uri, path_len);
    call->query = str_dup(uri[path_len] == '?' ? uri + path_len + 1 : "");
    buf_init(&call->body, server->bounds->request_max);
    buf_init(&call->unsent, UNSENT_MAX);
    call->exchange = (struct exchange){
        .ops = &wire_ops, .path = call->path, .query = call->query, .body = "", .header = wire_header};
    call->next = server->calls;
    server->calls = call;
    return call;
}

/* Called when the head is there, for every piece of a body, at its end, and again after a suspension that came before
 * the answer. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_len, void **request_ctx)
{
    struct call *call = *request_ctx;
    if (!call->had_head) {
        call->had_head = true;
        return MHD_YES;
    }
    if (*upload_len > 0) {
        buf_append(&call->body, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    if (!call->served) {
        return serve_call(call, method);
    }
    return call->broken || !call->begun ? MHD_NO : send_answer(call);
}

static void end_streaming(struct MHD_Connection *connection)
{
    if (kept_of(connection) != NULL) {
        connection_set_streaming(kept_of(connection), false);
    }
}

static void leave_exchange(struct call *call)
{
    if (!call->served || call->ended) {
        return;
    }
    call->ended = true;
    if (call->exchange.gone != NULL) {
        call->exchange.gone(call->exchange.ctx);
    }
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **request_ctx,
                         enum MHD_RequestTerminationCode why)
{
    struct call *call = *request_ctx;
    struct server *server = ctx;
    if (call == NULL) {
        return;
    }
    end_lookout(call);
    note_activity(server, connection);
    end_streaming(connection);
    leave_exchange(call);
    struct call **at = &server->calls;
    while (*at != call) {
        at = &(*at)->next;
    }
    *at = call->next;
    str_free(&call->path);
    str_free(&call->query);
    str_free(&call->content_type);
    str_list_fini(&call->header_names);
    str_list_fini(&call->header_values);
    buf_fini(&call->body);
    buf_fini(&call->unsent);
    mem_free(call);
    *request_ctx = NULL;
}

/* --- handlers that answer at once --- */

static void serve_handled(void *ctx, struct exchange *exchange)
{
    struct server *server = call_of(exchange)->server;
    struct buf body;
    const char *type = "text/plain; charset=utf-8";
    int status = MHD_HTTP_METHOD_NOT_ALLOWED;
    buf_init(&body, HANDLED_MAX);
    if (str_equal(exchange->method, "GET") || str_equal(exchange->method, "HEAD")) {
        status = server->handle(ctx, exchange->path, &body, &type);
    } else {
        exchange_add_header(exchange, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
        buf_append_str(&body, "method not allowed\n");
    }
    if (body.overflow) {
        log_error(NULL, "answer to %s %s is larger than %d bytes", exchange->method, exchange->path, HANDLED_MAX);
        buf_clear(&body);
        buf_append_str(&body, "the answer is too large\n");
        type = "text/plain; charset=utf-8";
        status = MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
    exchange_answer(exchange, status, type, buf_str(&body), body.len);
    buf_fini(&body);
}

/* --- life --- */

static struct MHD_Daemon *start_daemon(struct server *server, int fd)
{
    const struct bounds *bounds = server->bounds;
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, server, /* options */
                            MHD_OPTION_LISTEN_SOCKET, (MHD_socket)fd,                                    /* */
                            MHD_OPTION_CONNECTION_LIMIT, bounds->connections,                            /* */
                            MHD_OPTION_CONNECTION_TIMEOUT, bounds->idle_timeout_s,                       /* */
                            MHD_OPTION_URI_LOG_CALLBACK, on_uri, server,                                 /* */
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,                           /* */
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,                         /* */
                            MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,                                        /* */
                            MHD_OPTION_END);
}

static struct server *start(struct server *server, const char *host, int port, struct err *err)
{
    int fd = listener_open(host, port, err);
    server->connections.kept = server->bounds->kept;
    if (fd >= 0) {
        server->port = listener_port(fd);
        server->daemon = start_daemon(server, fd);
    }
    if (fd >= 0 && server->daemon == NULL) {
        err_set(err, ERR_IO, "cannot serve HTTP on %s:%d", str_empty(host) ? "" : host, server->port);
        close(fd);
    }
    if (server->daemon == NULL) {
        mem_free(server);
        return NULL;
    }
    int epoll_fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    int rc = uv_poll_init(loop_uv(server->loop), &server->poll, epoll_fd);
    assert(rc == 0 && "the loop refused a descriptor");
    (void)rc;
    server->poll.data = server;
    uv_poll_start(&server->poll, UV_READABLE, on_ready);
    return server;
}

struct server *server_serve(struct loop *loop, const char *host, int port, exchange_serve_fn *serve, void *ctx,
                            struct err *err)
{
    struct server *server = mem_new(struct server);
    *server = (struct server){.loop = loop, .serve = serve, .bounds = &served_bounds, .ctx = ctx};
    return start(server, host, port, err);
}

struct server *server_serve_public(struct loop *loop, const char *host, int port, exchange_serve_fn *serve, void *ctx,
                                   struct err *err)
{
    struct server *server = mem_new(struct server);
    *server = (struct server){.loop = loop, .serve = serve, .bounds = &public_bounds, .ctx = ctx};
    return start(server, host, port, err);
}

struct server *server_start(struct loop *loop, const char *host, int port, server_handle_fn *handle, void *ctx,
                            struct err *err)
{
    struct server *server = mem_new(struct server);
    *server =
        (struct server){.loop = loop, .serve = serve_handled, .handle = handle, .bounds = &handled_bounds, .ctx = ctx};
    return start(server, host, port, err);
}

int server_port(const struct server *server)
{
    return server->port;
}

static void on_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

bool server_is_idle(const struct server *server)
{
    return server->calls == NULL;
}

void server_stop(struct server *server)
{
    if (server == NULL) {
        return;
    }
    for (struct call *call = server->calls; call != NULL; call = call->next) {
        call->broken = true;
        resume(call);
    }
    timer_cancel(&server->timer);
    timer_cancel(&server->soon);
    uv_close((uv_handle_t *)&server->poll, on_closed);
    MHD_stop_daemon(server->daemon);
}
