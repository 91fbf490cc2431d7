#include "io/process.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

enum { ERRORS_KEPT = 512, READ_SIZE = 4096 };

extern char **environ;

/* The child leads a process group of its own, so that a wrapper script dies together with the processes that it
 * started. The child is over when it has exited and both its pipes have ended; after a kill the pipes are not waited
 * for. */
struct process {
    struct loop *loop;
    process_done_fn *done; /* NULL after a cancel */
    void *ctx;
    char *name;
    uv_process_t child;
    uv_pipe_t out, errors;
    bool is_running, is_killed, is_closing;
    int64_t exit_code;
    int exit_signal;
    int open_pipes;
    int open_handles; /* the struct lives until libuv let go of all of them */
    struct timer timer;
    int64_t timeout_ms;
    struct buf output, tail; /* the tail of stderr */
    struct err err;
    char chunk[READ_SIZE];
};

/* --- the end --- */

static void process_free(struct process *p)
{
    buf_fini(&p->output);
    buf_fini(&p->tail);
    str_free(&p->name);
    mem_free(p);
}

static void on_closed(uv_handle_t *handle)
{
    struct process *p = handle->data;
    if (--p->open_handles > 0) {
        return;
    }
    if (p->done != NULL) {
        p->done(p->ctx, p->err.code == ERR_NONE ? buf_str(&p->output) : "", p->err.code == ERR_NONE ? p->output.len : 0,
                &p->err);
    }
    process_free(p);
}

static void close_all(struct process *p)
{
    assert(!p->is_closing);
    p->is_closing = true;
    timer_cancel(&p->timer);
    uv_close((uv_handle_t *)&p->child, on_closed);
    uv_close((uv_handle_t *)&p->out, on_closed);
    uv_close((uv_handle_t *)&p->errors, on_closed);
}

/* ": <what it said last on stderr>", without the line's end. */
static void add_tail(struct process *p, struct buf *text)
{
    while (p->tail.len > 0 && strchr(" \t\r\n", p->tail.data[p->tail.len - 1]) != NULL) {
        p->tail.data[--p->tail.len] = '\0';
    }
    if (p->tail.len == 0) {
        return;
    }
    buf_append_str(text, ": ");
    utf8_append_clean(text, p->tail.data, p->tail.len);
}

static void set_exit_err(struct process *p)
{
    struct buf text;
    buf_init(&text, sizeof(p->err.text));
    if (p->exit_signal != 0) {
        buf_printf(&text, "killed by signal %d", p->exit_signal);
    } else {
        buf_printf(&text, "exited with code %lld", (long long)p->exit_code);
    }
    add_tail(p, &text);
    err_set(&p->err, ERR_IO, "process %s: %s", p->name, buf_str(&text));
    buf_fini(&text);
}

static void finish_if_over(struct process *p)
{
    if (p->is_closing || p->is_running || (p->open_pipes > 0 && !p->is_killed)) {
        return;
    }
    if (p->err.code == ERR_NONE && (p->exit_code != 0 || p->exit_signal != 0)) {
        set_exit_err(p);
    }
    close_all(p);
}

static void kill_group(struct process *p)
{
    p->is_killed = true;
    if (p->is_running ||
        p->open_pipes > 0) { /* a pipe is open: some of the group still lives, and keeps its number taken */
        kill(-p->child.pid, SIGKILL);
    }
}

static void give_up(struct process *p)
{
    kill_group(p);
    finish_if_over(p);
}

static void on_timeout(struct timer *timer, void *ctx)
{
    struct process *p = ctx;
    err_set(&p->err, ERR_TIMEOUT, "process %s: not done within %lld ms, killed", p->name, (long long)p->timeout_ms);
    give_up(p);
}

/* --- what comes from the child --- */

static void on_exited(uv_process_t *child, int64_t code, int signum)
{
    struct process *p = child->data;
    p->is_running = false;
    p->exit_code = code;
    p->exit_signal = signum;
    finish_if_over(p);
}

static void on_alloc(uv_handle_t *handle, size_t wish, uv_buf_t *to)
{
    struct process *p = handle->data;
    *to = uv_buf_init(p->chunk, sizeof(p->chunk));
}

static bool pipe_ended(struct process *p, uv_stream_t *stream, ssize_t len)
{
    if (len >= 0) {
        return false;
    }
    uv_read_stop(stream);
    p->open_pipes--;
    finish_if_over(p);
    return true;
}

static void on_output(uv_stream_t *stream, ssize_t len, const uv_buf_t *from)
{
    struct process *p = stream->data;
    if (pipe_ended(p, stream, len) || p->is_killed || buf_append(&p->output, from->base, (size_t)len)) {
        return;
    }
    err_set(&p->err, ERR_TOO_LARGE, "process %s: wrote more than %zu bytes, killed", p->name, p->output.size_max);
    give_up(p);
}

static void on_errors(uv_stream_t *stream, ssize_t len, const uv_buf_t *from)
{
    struct process *p = stream->data;
    if (pipe_ended(p, stream, len)) {
        return;
    }
    buf_append(&p->tail, from->base, (size_t)len);
    if (p->tail.len > ERRORS_KEPT) {
        buf_consume(&p->tail, p->tail.len - ERRORS_KEPT);
    }
}

/* --- starting --- */

static bool is_replaced(const char *entry, const char *const *extra)
{
    const char *equals = strchr(entry, '=');
    size_t len = equals != NULL ? (size_t)(equals - entry) + 1 : 0;
    for (; len > 0 && *extra != NULL; extra++) {
        if (strncmp(entry, *extra, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Our own environment, with what is extra in place of entries of the same name. The texts are borrowed. */
static char **environment_new(const char *const *extra)
{
    size_t count = 0, extra_count = 0, used = 0;
    while (environ[count] != NULL) {
        count++;
    }
    while (extra[extra_count] != NULL) {
        extra_count++;
    }
    char **entries = mem_alloc_array(count + extra_count + 1, sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        if (!is_replaced(environ[i], extra)) {
            entries[used++] = environ[i];
        }
    }
    for (size_t i = 0; i < extra_count; i++) {
        entries[used++] = (char *)(uintptr_t)extra[i];
    }
    return entries;
}

static int spawn(struct process *p, const struct process_options *options)
{
    static const char *const nothing[] = {NULL};
    char **env = environment_new(options->env_extra != NULL ? options->env_extra : nothing);
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&p->out},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&p->errors},
    };
    uv_process_options_t wish = {
        .file = options->argv[0],
        .args = (char **)(uintptr_t)options->argv,
        .env = env,
        .flags = UV_PROCESS_DETACHED,
        .stdio = stdio,
        .stdio_count = 3,
        .exit_cb = on_exited,
    };
    int rc = uv_spawn(loop_uv(p->loop), &p->child, &wish);
    mem_free(env);
    return rc;
}

struct process *process_start(struct loop *loop, const struct process_options *options, process_done_fn *done,
                              void *ctx)
{
    assert(options->argv != NULL && options->argv[0] != NULL && done != NULL);
    struct process *p = mem_new(struct process);
    p->loop = loop;
    p->done = done;
    p->ctx = ctx;
    p->name = str_dup(options->argv[0]);
    p->timeout_ms = options->timeout_ms;
    p->open_handles = 3;
    buf_init(&p->output, options->output_max);
    buf_init(&p->tail, ERRORS_KEPT + READ_SIZE);
    uv_pipe_init(loop_uv(loop), &p->out, 0);
    uv_pipe_init(loop_uv(loop), &p->errors, 0);
    int rc = spawn(p, options);
    p->child.data = p->out.data = p->errors.data = p;
    if (rc != 0) {
        err_set(&p->err, ERR_IO, "process %s: cannot start: %s", p->name, uv_strerror(rc));
        close_all(p);
        return p;
    }
    p->is_running = true;
    p->open_pipes = 2;
    uv_read_start((uv_stream_t *)&p->out, on_alloc, on_output);
    uv_read_start((uv_stream_t *)&p->errors, on_alloc, on_errors);
    if (options->timeout_ms > 0) {
        timer_start(loop_clock(loop), &p->timer, options->timeout_ms, on_timeout, p);
    }
    return p;
}

/* A killed child is reaped on the spot: its handle is about to go, and nobody else would. */
void process_cancel(struct process *p)
{
    p->done = NULL;
    if (p->is_closing) {
        return;
    }
    kill_group(p);
    while (p->is_running && waitpid(p->child.pid, NULL, 0) < 0 && errno == EINTR) {
        continue;
    }
    p->is_running = false;
    close_all(p);
}
