#include "fake_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

enum { REQUEST_MAX = 8 * 1024 * 1024 };

struct fake_net_conn {
    uv_tcp_t tcp;
    struct fake_net *net;
    struct buf input;
    struct fake_net_conn *next;
};

struct fake_net {
    uv_tcp_t listener;
    struct loop *loop;
    fake_net_handler_fn *handler;
    void *ctx;
    int port;
    size_t accepted;
    struct str_list requests;
    struct fake_net_conn *conns;
    char url[512];
};

/* --- closing --- */

static void on_conn_closed(uv_handle_t *handle)
{
    struct fake_net_conn *conn = handle->data;
    buf_fini(&conn->input);
    mem_free(conn);
}

static void conn_drop(struct fake_net_conn *conn)
{
    struct fake_net_conn **at = &conn->net->conns;
    while (*at && *at != conn)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = conn->next;
    uv_close((uv_handle_t *)&conn->tcp, on_conn_closed);
}

static void on_shut(uv_shutdown_t *request, int status)
{
    struct fake_net_conn *conn = request->data;
    mem_free(request);
    if (!uv_is_closing((uv_handle_t *)&conn->tcp))
        conn_drop(conn);
}

void fake_net_close(struct fake_net_conn *conn)
{
    uv_shutdown_t *request = mem_new(uv_shutdown_t);
    request->data = conn;
    if (uv_shutdown(request, (uv_stream_t *)&conn->tcp, on_shut) == 0)
        return;
    mem_free(request);
    conn_drop(conn);
}

/* --- bytes --- */

struct write {
    uv_write_t request;
    char *bytes;
};

static void on_written(uv_write_t *request, int status)
{
    struct write *write = request->data;
    mem_free(write->bytes);
    mem_free(write);
}

void fake_net_send(struct fake_net_conn *conn, const char *bytes)
{
    struct write *write = mem_new(struct write);
    write->bytes = str_dup(bytes);
    write->request.data = write;
    uv_buf_t piece = uv_buf_init(write->bytes, (unsigned)strlen(bytes));
    if (uv_write(&write->request, (uv_stream_t *)&conn->tcp, &piece, 1, on_written) != 0)
        on_written(&write->request, 0);
}

/* Length of the request at the start of the input; 0 while it is incomplete. */
static size_t request_len(const struct buf *input)
{
    const char *end = strstr(buf_str(input), "\r\n\r\n");
    if (!end)
        return 0;
    size_t len = (size_t)(end - input->data) + 4;
    const char *length = strcasestr(input->data, "\r\nContent-Length:");
    if (length && length < end)
        len += strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
    return input->len >= len ? len : 0;
}

static void on_alloc(uv_handle_t *handle, size_t wish, uv_buf_t *to)
{
    *to = uv_buf_init(mem_alloc(wish), (unsigned)wish);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *from)
{
    struct fake_net_conn *conn = stream->data;
    if (len > 0)
        buf_append(&conn->input, from->base, (size_t)len);
    mem_free(from->base);
    if (len < 0) {
        conn_drop(conn);
        return;
    }
    size_t complete;
    while ((complete = request_len(&conn->input)) > 0) {
        char *request = str_dup_n(conn->input.data, complete);
        str_list_push(&conn->net->requests, request);
        buf_consume(&conn->input, complete);
        conn->net->handler(conn->net->ctx, conn, request);
        mem_free(request);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct fake_net *net = listener->data;
    struct fake_net_conn *conn = mem_new(struct fake_net_conn);
    conn->net = net;
    buf_init(&conn->input, REQUEST_MAX);
    uv_tcp_init(loop_uv(net->loop), &conn->tcp);
    conn->tcp.data = conn;
    uv_accept(listener, (uv_stream_t *)&conn->tcp);
    uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
    conn->next = net->conns;
    net->conns = conn;
    net->accepted++;
}

/* --- life --- */

struct fake_net *fake_net_new(struct loop *loop, fake_net_handler_fn *handler, void *ctx)
{
    struct fake_net *net = mem_new(struct fake_net);
    net->loop = loop;
    net->handler = handler;
    net->ctx = ctx;
    int fd = fake_listen(&net->port, 64);
    uv_tcp_init(loop_uv(loop), &net->listener);
    uv_tcp_open(&net->listener, fd);
    net->listener.data = net;
    if (uv_listen((uv_stream_t *)&net->listener, 64, on_connection) != 0)
        fail_msg("fake net: cannot listen");
    return net;
}

static void on_listener_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

void fake_net_free(struct fake_net *net)
{
    while (net->conns)
        conn_drop(net->conns);
    str_list_fini(&net->requests);
    uv_close((uv_handle_t *)&net->listener, on_listener_closed);
}

const char *fake_net_url(struct fake_net *net, const char *path)
{
    snprintf(net->url, sizeof(net->url), "http://127.0.0.1:%d%s", net->port, path);
    return net->url;
}

int fake_net_port(const struct fake_net *net)
{
    return net->port;
}

size_t fake_net_accepted(const struct fake_net *net)
{
    return net->accepted;
}

size_t fake_net_open(const struct fake_net *net)
{
    size_t count = 0;
    for (struct fake_net_conn *conn = net->conns; conn; conn = conn->next)
        count++;
    return count;
}

size_t fake_net_request_count(const struct fake_net *net)
{
    return net->requests.count;
}

const char *fake_net_request(const struct fake_net *net, size_t index)
{
    if (index >= net->requests.count)
        fail_msg("fake net: request %zu was asked for, %zu came", index, net->requests.count);
    return net->requests.items[index];
}

/* --- plain sockets --- */

int fake_listen(int *port, int backlog)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, backlog) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        fail_msg("no listening socket on loopback: %s", strerror(errno));
    *port = ntohs(address.sin_port);
    return fd;
}

void fake_full_listener_open(struct fake_full_listener *full)
{
    full->listener = fake_listen(&full->port, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)full->port)};
    for (size_t i = 0; i < 8; i++) {
        full->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(full->fillers[i], (struct sockaddr *)&address, sizeof(address)) != 0 && errno != EINPROGRESS)
            fail_msg("cannot fill a backlog: %s", strerror(errno));
    }
}

void fake_full_listener_close(struct fake_full_listener *full)
{
    for (size_t i = 0; i < 8; i++)
        close(full->fillers[i]);
    close(full->listener);
}
