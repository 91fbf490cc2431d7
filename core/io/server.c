#include "io/server.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

enum {
    BODY_MAX = 16 * 1024 * 1024,
    CONNECTIONS_MAX = 256,
    CONNECTIONS_PER_IP_MAX = 64, /* so that nobody who opens many keeps the kubelet's probe out */
    IDLE_TIMEOUT_S = 15,         /* as Flagger's server */
    BACKLOG = 128,
};

/* microhttpd has an epoll set of its own; its descriptor is one more thing the loop polls, and its timeout one more timer. */
struct server {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    struct timer timer;
    server_handle_fn *handle;
    void *ctx;
    int port;
};

/* --- answers --- */

static void free_body(void *bytes)
{
    mem_free(bytes);
}

static enum MHD_Result send_body(struct MHD_Connection *connection, int status, struct buf *body, const char *type)
{
    size_t len = body->len;
    char *bytes = buf_take(body);
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(len, bytes, free_body);
    if (!response) {
        mem_free(bytes);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return result;
}

static int answer(struct server *server, const char *method, const char *path, struct buf *body, const char **type)
{
    if (!str_equal(method, "GET") && !str_equal(method, "HEAD")) {
        buf_append_str(body, "method not allowed\n");
        return MHD_HTTP_METHOD_NOT_ALLOWED;
    }
    int status = server->handle(server->ctx, path, body, type);
    if (!body->overflow)
        return status;
    log_error(NULL, "answer to %s %s is larger than %d bytes", method, path, BODY_MAX);
    buf_clear(body);
    buf_append_str(body, "the answer is too large\n");
    *type = "text/plain; charset=utf-8";
    return MHD_HTTP_INTERNAL_SERVER_ERROR;
}

/* Called when the head is there, for every piece of a body (dropped), and at the end, which is when we answer. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_len, void **request_ctx)
{
    struct server *server = ctx;
    bool is_first = !*request_ctx;
    *request_ctx = server;
    if (is_first)
        return MHD_YES;
    if (*upload_len > 0) {
        *upload_len = 0;
        return MHD_YES;
    }
    struct buf body;
    buf_init(&body, BODY_MAX);
    const char *type = "text/plain; charset=utf-8";
    int status = answer(server, method, path, &body, &type);
    enum MHD_Result result = send_body(connection, status, &body, type);
    buf_fini(&body);
    return result;
}

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
    if (MHD_get_timeout(server->daemon, &timeout_ms) == MHD_YES)
        timer_start(loop_clock(server->loop), &server->timer, (int64_t)timeout_ms, on_timer, server);
    else
        timer_cancel(&server->timer);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    run(poll->data);
}

/* --- listening --- */

/* A socket of ours, not one microhttpd opens: its errors name their cause, and "all addresses" means both families. */
static int open_socket(const struct addrinfo *address)
{
    int on = 1, off = 0;
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int cause = errno;
    close(fd);
    errno = cause;
    return -1;
}

static int open_first(const struct addrinfo *addresses, int family)
{
    int fd = -1;
    for (const struct addrinfo *a = addresses; a && fd < 0; a = a->ai_next)
        if (family == AF_UNSPEC || a->ai_family == family)
            fd = open_socket(a);
    return fd;
}

static int open_listener(const char *host, int port, struct err *err)
{
    bool all = str_empty(host);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *addresses;
    char *service = str_format("%d", port);
    int rc = getaddrinfo(all ? NULL : host, service, &hints, &addresses);
    mem_free(service);
    if (rc != 0) {
        err_set(err, ERR_INVALID, "cannot listen on %s:%d: %s", all ? "" : host, port, gai_strerror(rc));
        return -1;
    }
    errno = EADDRNOTAVAIL;
    int fd = all ? open_first(addresses, AF_INET6) : -1;
    if (fd < 0 && !(all && errno == EADDRINUSE))
        fd = open_first(addresses, AF_UNSPEC);
    if (fd < 0)
        err_set(err, ERR_IO, "cannot listen on %s:%d: %s", all ? "" : host, port, strerror(errno));
    freeaddrinfo(addresses);
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static struct MHD_Daemon *start_daemon(struct server *server, int fd)
{
    return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, server,                     /* options */
                            MHD_OPTION_LISTEN_SOCKET, (MHD_socket)fd,                             /* */
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,               /* */
                            MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CONNECTIONS_PER_IP_MAX, /* */
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,              /* */
                            MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,                                 /* */
                            MHD_OPTION_END);
}

struct server *server_start(struct loop *loop, const char *host, int port, server_handle_fn *handle, void *ctx,
                            struct err *err)
{
    int fd = open_listener(host, port, err);
    if (fd < 0)
        return NULL;
    struct server *server = mem_new(struct server);
    *server = (struct server){.loop = loop, .handle = handle, .ctx = ctx, .port = port_of(fd)};
    server->daemon = start_daemon(server, fd);
    if (!server->daemon) {
        err_set(err, ERR_IO, "cannot serve HTTP on %s:%d", str_empty(host) ? "" : host, server->port);
        close(fd);
        mem_free(server);
        return NULL;
    }
    int epoll_fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    int rc = uv_poll_init(loop_uv(loop), &server->poll, epoll_fd);
    assert(rc == 0 && "the loop refused a descriptor");
    (void)rc;
    server->poll.data = server;
    uv_poll_start(&server->poll, UV_READABLE, on_ready);
    return server;
}

int server_port(const struct server *server)
{
    return server->port;
}

static void on_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

void server_stop(struct server *server)
{
    if (!server)
        return;
    timer_cancel(&server->timer);
    uv_close((uv_handle_t *)&server->poll, on_closed);
    MHD_stop_daemon(server->daemon);
}
