/* We fork a supervisor, which forks the programs (io/supervisor.h). By a pair of sockets it reports that they have
 * ended, and is told to end what they left behind; when that is done, or it was killed, the pair is closed. */
#include "io/pipeline.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utlist.h>
#include <uv.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/mem.h"
#include "io/supervisor.h"

enum { READ_SIZE = 16 * 1024 };

#define NS_PER_MS INT64_C(1000000)

struct pipeline {
    pipeline_done_fn *done; /* NULL after a cancel */
    void *ctx;
    pid_t supervisor;
    int control_fd; /* that of `control` */
    struct supervisor_report report;
    size_t report_len; /* as far as it has come */
    bool is_reading, is_ending, is_closing;
    uv_pipe_t control, out;
    int open_handles;
    int64_t timeout_ms;
    struct timer timer;
    struct buf output;
    struct err err;
    char chunk[READ_SIZE];
    struct pipeline *prev, *next;
};

static struct pipeline *supervised; /* those whose supervisor was not waited for */

bool pipeline_supervises(pid_t pid)
{
    struct pipeline *p;
    DL_SEARCH_SCALAR(supervised, p, supervisor, pid);
    return p != NULL;
}

/* --- the end --- */

static void on_closed(uv_handle_t *handle)
{
    struct pipeline *p = handle->data;
    if (--p->open_handles > 0) {
        return;
    }
    if (p->done != NULL) {
        p->done(p->ctx, buf_str(&p->output), p->output.len, &p->err);
    }
    buf_fini(&p->output);
    mem_free(p);
}

static void close_all(struct pipeline *p)
{
    assert(!p->is_closing);
    p->is_closing = true;
    timer_cancel(&p->timer);
    uv_close((uv_handle_t *)&p->control, on_closed);
    uv_close((uv_handle_t *)&p->out, on_closed);
}

/* The supervisor ends all that is there, and then itself. */
static void tell_to_end(struct pipeline *p)
{
    if (!p->is_ending) {
        p->is_ending = true;
        send(p->control_fd, "", 1, MSG_NOSIGNAL);
    }
}

static void wait_for_supervisor(struct pipeline *p)
{
    while (waitpid(p->supervisor, NULL, 0) < 0 && errno == EINTR) {
        continue;
    }
    DL_DELETE(supervised, p);
}

static bool is_reported(const struct pipeline *p)
{
    return p->report_len == sizeof p->report;
}

/* Who still has the output open may still write: as in a shell's $(…), it is waited for. */
static void end_if_over(struct pipeline *p)
{
    if (is_reported(p) && (!p->is_reading || p->report.error != 0)) {
        tell_to_end(p);
    }
}

static void on_timeout(struct timer *timer, void *ctx)
{
    struct pipeline *p = ctx;
    char text[32];
    duration_write(p->timeout_ms * NS_PER_MS, text);
    err_set(&p->err, ERR_TIMEOUT, "not done within %s, killed", text);
    tell_to_end(p);
}

/* --- what the supervisor says --- */

/* In the words of Go's os/exec, which Flagger's log and answers have. */
static void set_exit_err(const struct supervisor_report *report, struct err *err)
{
    int status = report->status;
    if (report->error != 0) {
        err_set(err, ERR_IO, "cannot start a process: %s", strerror(report->error));
    } else if (WIFSIGNALED(status)) {
        const char *name = sigdescr_np(WTERMSIG(status));
        err_set(err, ERR_IO, "signal: %s", name != NULL ? name : "unknown");
        char *first = err->text + strlen("signal: ");
        if (islower((unsigned char)first[1])) {
            first[0] = (char)tolower((unsigned char)first[0]);
        }
    } else if (WEXITSTATUS(status) != 0) {
        err_set(err, ERR_IO, "exit status %d", WEXITSTATUS(status));
    }
}

static void on_alloc(uv_handle_t *handle, size_t wish, uv_buf_t *to)
{
    struct pipeline *p = handle->data;
    *to = uv_buf_init(p->chunk, sizeof p->chunk);
}

/* Its end of the sockets is closed. */
static void on_supervisor_gone(struct pipeline *p)
{
    wait_for_supervisor(p);
    if (!p->is_ending) {
        err_set(&p->err, ERR_IO, "the process that watches over it was killed");
    } else if (p->err.code == ERR_NONE) {
        set_exit_err(&p->report, &p->err);
    }
    close_all(p);
}

static void on_report(uv_stream_t *stream, ssize_t len, const uv_buf_t *from)
{
    struct pipeline *p = stream->data;
    if (len < 0) {
        uv_read_stop(stream);
        on_supervisor_gone(p);
        return;
    }
    size_t room = sizeof p->report - p->report_len, taken = (size_t)len < room ? (size_t)len : room;
    memcpy((char *)&p->report + p->report_len, from->base, taken);
    p->report_len += taken;
    end_if_over(p);
}

/* --- what the programs write --- */

static void on_output(uv_stream_t *stream, ssize_t len, const uv_buf_t *from)
{
    struct pipeline *p = stream->data;
    if (len < 0) {
        uv_read_stop(stream);
        p->is_reading = false;
        end_if_over(p);
        return;
    }
    size_t room = p->output.size_max - p->output.len;
    bool fits = (size_t)len <= room;
    buf_append(&p->output, from->base, fits ? (size_t)len : room);
    if (!fits && !p->is_ending) {
        err_set(&p->err, ERR_TOO_LARGE, "it wrote more than %zu bytes, killed", p->output.size_max);
        tell_to_end(p);
    }
}

/* --- starting --- */

/* A signal that came to the child before it has its own handlers would be told to us by libuv's. */
static pid_t fork_with_signals_blocked(void)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = _Fork();
    int cause = errno;
    if (pid != 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
    }
    errno = cause;
    return pid;
}

/* All that the supervisor needs is made before it is forked, because it must not ask for memory. */
static bool fork_supervisor(struct pipeline *p, const struct pipeline_options *options, struct supervision *supervision)
{
    struct supervised programs[PIPELINE_PROGRAMS_MAX];
    for (size_t i = 0; i < options->count; i++) {
        const struct str_list *words = &options->programs[i];
        char **argv = mem_alloc_array(words->count + 1, sizeof *argv);
        memcpy(argv, words->items, words->count * sizeof *argv);
        programs[i] = (struct supervised){.path = options->paths[i], .argv = argv};
    }
    supervision->programs = programs;
    supervision->count = options->count;
    supervision->env = options->env;
    supervision->confinement = &options->confinement;
    pid_t pid = fork_with_signals_blocked();
    if (pid == 0) {
        supervisor_run(supervision);
    }
    int cause = errno;
    for (size_t i = 0; i < options->count; i++) {
        mem_free((void *)(uintptr_t)programs[i].argv);
    }
    p->supervisor = pid;
    return pid > 0 || err_set(&p->err, ERR_IO, "cannot start a process: %s", strerror(cause));
}

static bool open_files(struct supervision *supervision, int ours[2], struct err *err)
{
    int sockets[2], ends[2];
    supervision->nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (supervision->nothing < 0) {
        return err_set(err, ERR_IO, "/dev/null: %s", strerror(errno));
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
        return err_set(err, ERR_IO, "cannot open a pair of sockets: %s", strerror(errno));
    }
    ours[0] = sockets[0];
    supervision->control = sockets[1];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return err_set(err, ERR_IO, "cannot open a pipe: %s", strerror(errno));
    }
    ours[1] = ends[0];
    supervision->output = ends[1];
    return true;
}

static void close_unless_none(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

/* False: no supervisor, and err. */
static bool start(struct pipeline *p, const struct pipeline_options *options)
{
    struct supervision supervision = {.nothing = -1, .output = -1, .control = -1};
    int ours[2] = {-1, -1};
    bool ok = open_files(&supervision, ours, &p->err) && fork_supervisor(p, options, &supervision);
    close_unless_none(supervision.nothing);
    close_unless_none(supervision.output);
    close_unless_none(supervision.control);
    if (!ok) {
        close_unless_none(ours[0]);
        close_unless_none(ours[1]);
        return false;
    }
    DL_APPEND(supervised, p);
    p->control_fd = ours[0];
    p->is_reading = true;
    uv_pipe_open(&p->control, ours[0]);
    uv_pipe_open(&p->out, ours[1]);
    uv_read_start((uv_stream_t *)&p->control, on_alloc, on_report);
    uv_read_start((uv_stream_t *)&p->out, on_alloc, on_output);
    return true;
}

struct pipeline *pipeline_start(struct loop *loop, const struct pipeline_options *options, pipeline_done_fn *done,
                                void *ctx)
{
    assert(options->count > 0 && options->count <= PIPELINE_PROGRAMS_MAX && done != NULL);
    struct pipeline *p = mem_new(struct pipeline);
    p->done = done;
    p->ctx = ctx;
    p->timeout_ms = options->timeout_ms;
    p->open_handles = 2;
    buf_init(&p->output, options->output_max);
    uv_pipe_init(loop_uv(loop), &p->control, 0);
    uv_pipe_init(loop_uv(loop), &p->out, 0);
    p->control.data = p->out.data = p;
    if (!start(p, options)) {
        close_all(p);
    } else if (options->timeout_ms > 0) {
        timer_start(loop_clock(loop), &p->timer, options->timeout_ms, on_timeout, p);
    }
    return p;
}

/* The supervisor is waited for on the spot: the handle that would tell of its end is about to go. */
void pipeline_cancel(struct pipeline *p)
{
    p->done = NULL;
    if (p->is_closing) {
        return;
    }
    tell_to_end(p);
    wait_for_supervisor(p);
    close_all(p);
}
