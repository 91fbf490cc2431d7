/* The children are made by fork, not by libuv: between fork and exec each is confined and joins the process group of
 * the first, so that all of them, and what they started, die together. The first is reaped when the group was killed:
 * until then the group's number is nobody else's. libuv's own children are not disturbed: only the numbers of ours are
 * waited for. */
#include "io/pipeline.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/mem.h"

enum { READ_SIZE = 16 * 1024, CANNOT_RUN = 126 };

#define NS_PER_MS INT64_C(1000000)

struct pipeline {
    struct loop *loop;
    pipeline_done_fn *done; /* NULL after a cancel */
    void *ctx;
    pid_t pids[PIPELINE_PROGRAMS_MAX]; /* 0: reaped; the first leads the group */
    size_t count;                      /* of those that were started */
    pid_t group;                       /* 0: none was started */
    int status;                        /* of the last program, as waitpid has it */
    bool leader_exited, is_reading, is_killed, is_draining, is_closing;
    uv_signal_t children;
    uv_pipe_t out;
    int open_handles;
    int64_t timeout_ms;
    struct timer timer;
    struct buf output;
    struct err err;
    char chunk[READ_SIZE];
};

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
    uv_close((uv_handle_t *)&p->children, on_closed);
    uv_close((uv_handle_t *)&p->out, on_closed);
}

static bool is_running(const struct pipeline *p)
{
    for (size_t i = 1; i < p->count; i++) {
        if (p->pids[i] != 0) {
            return true;
        }
    }
    return !p->leader_exited;
}

static bool reap(struct pipeline *p, size_t i, int flags)
{
    int status = 0;
    pid_t got;
    do {
        got = waitpid(p->pids[i], &status, flags);
    } while (got < 0 && errno == EINTR);
    if (got == 0) {
        return false;
    }
    p->pids[i] = 0;
    if (i + 1 == p->count) {
        p->status = status;
    }
    return true;
}

/* In the words of Go's os/exec, which Flagger's log and answers have. */
static void set_exit_err(struct pipeline *p)
{
    if (WIFSIGNALED(p->status)) {
        const char *name = sigdescr_np(WTERMSIG(p->status));
        err_set(&p->err, ERR_IO, "signal: %s", name != NULL ? name : "unknown");
        char *first = p->err.text + strlen("signal: ");
        if (islower((unsigned char)first[1])) {
            first[0] = (char)tolower((unsigned char)first[0]);
        }
    } else if (WEXITSTATUS(p->status) != 0) {
        err_set(&p->err, ERR_IO, "exit status %d", WEXITSTATUS(p->status));
    }
}

static void kill_group(struct pipeline *p)
{
    p->is_killed = true;
    if (p->group != 0 && !p->is_draining) {
        kill(-p->group, SIGKILL);
    }
}

/* What the programs left behind was killed, and is ours to reap where we are the init of a container. */
static void drain(struct pipeline *p)
{
    pid_t got;
    do {
        got = waitpid(-p->group, NULL, WNOHANG);
    } while (got > 0 || (got < 0 && errno == EINTR));
    if (got < 0) {
        close_all(p);
    }
}

static void finish_if_over(struct pipeline *p)
{
    if (p->is_closing || p->is_draining || is_running(p) || (p->is_reading && !p->is_killed)) {
        return;
    }
    kill_group(p);
    reap(p, 0, 0);
    if (p->err.code == ERR_NONE) {
        set_exit_err(p);
    }
    p->is_draining = true;
    drain(p);
}

static void on_timeout(struct timer *timer, void *ctx)
{
    struct pipeline *p = ctx;
    char text[32];
    duration_write(p->timeout_ms * NS_PER_MS, text);
    err_set(&p->err, ERR_TIMEOUT, "not done within %s, killed", text);
    kill_group(p);
    finish_if_over(p);
}

/* --- what comes from the children --- */

static bool has_exited(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

static void on_child(uv_signal_t *handle, int signum)
{
    struct pipeline *p = handle->data;
    if (p->is_closing) {
        return;
    }
    if (p->is_draining) {
        drain(p);
        return;
    }
    for (size_t i = 1; i < p->count; i++) {
        if (p->pids[i] != 0) {
            reap(p, i, WNOHANG);
        }
    }
    p->leader_exited = p->leader_exited || has_exited(p->pids[0]);
    finish_if_over(p);
}

static void on_alloc(uv_handle_t *handle, size_t wish, uv_buf_t *to)
{
    struct pipeline *p = handle->data;
    *to = uv_buf_init(p->chunk, sizeof p->chunk);
}

static void on_output(uv_stream_t *stream, ssize_t len, const uv_buf_t *from)
{
    struct pipeline *p = stream->data;
    if (len < 0) {
        uv_read_stop(stream);
        p->is_reading = false;
        finish_if_over(p);
        return;
    }
    size_t room = p->output.size_max - p->output.len;
    if ((size_t)len <= room || p->is_killed) {
        buf_append(&p->output, from->base, (size_t)len < room ? (size_t)len : room);
        return;
    }
    buf_append(&p->output, from->base, room);
    err_set(&p->err, ERR_TOO_LARGE, "it wrote more than %zu bytes, killed", p->output.size_max);
    kill_group(p);
    finish_if_over(p);
}

/* --- a child, between fork and exec: system calls only --- */

static _Noreturn void child_fail(const char *what, const char *step)
{
    const char *const texts[] = {"sluice: ", what, " (", step, "): ", strerrordesc_np(errno), "\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i] != NULL && write(STDERR_FILENO, texts[i], strlen(texts[i])) < 0) {
            break;
        }
    }
    _exit(CANNOT_RUN);
}

/* We ignore SIGPIPE, which a program that writes to nobody has to die of. */
static void reset_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    for (int i = 1; i < NSIG; i++) {
        signal(i, SIG_DFL);
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
}

struct child {
    const char *path;
    char *const *argv;
    const char *const *env;
    int in, out, errors;
    pid_t group;  /* 0: the child leads it */
    pid_t parent; /* ours */
    const struct confinement *confinement;
};

static _Noreturn void child_run(const struct child *child)
{
    const char *step = "";
    setpgid(0, child->group);
    reset_signals();
    if (dup2(child->in, STDIN_FILENO) < 0 || dup2(child->out, STDOUT_FILENO) < 0 ||
        dup2(child->errors, STDERR_FILENO) < 0 || close_range(STDERR_FILENO + 1, ~0U, 0) != 0) {
        child_fail("cannot set up its files", "dup2");
    }
    if (!confine(child->confinement, &step)) {
        child_fail("cannot confine it", step);
    }
    if (getppid() != child->parent) { /* it died before the kernel was told that the child dies with it */
        _exit(CANNOT_RUN);
    }
    execve(child->path, child->argv, (char *const *)(uintptr_t)child->env);
    child_fail("cannot run it", child->path);
}

/* --- starting --- */

static bool start_child(struct pipeline *p, struct child *child)
{
    child->group = p->group;
    child->parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        child_run(child);
    }
    if (pid < 0) {
        return err_set(&p->err, ERR_IO, "cannot start a process: %s", strerror(errno));
    }
    p->group = p->group != 0 ? p->group : pid;
    setpgid(pid, p->group); /* both sides do it, as nobody knows who is first */
    p->pids[p->count++] = pid;
    return true;
}

static char **argv_of(const struct str_list *words)
{
    char **argv = mem_alloc_array(words->count + 1, sizeof *argv);
    memcpy(argv, words->items, words->count * sizeof *argv);
    return argv;
}

/* Each program reads what the one before it writes; `out` takes the output of the last and the errors of all. */
static bool start_children(struct pipeline *p, const struct pipeline_options *options, int out)
{
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool ok = in >= 0 || err_set(&p->err, ERR_IO, "/dev/null: %s", strerror(errno));
    for (size_t i = 0; ok && i < options->count; i++) {
        int between[2] = {-1, -1};
        bool is_last = i + 1 == options->count;
        if (!is_last && pipe2(between, O_CLOEXEC) != 0) {
            ok = err_set(&p->err, ERR_IO, "cannot open a pipe: %s", strerror(errno));
            break;
        }
        char **argv = argv_of(&options->programs[i]);
        struct child child = {.path = options->paths[i],
                              .argv = argv,
                              .env = options->env,
                              .in = in,
                              .out = is_last ? out : between[1],
                              .errors = out,
                              .confinement = &options->confinement};
        ok = start_child(p, &child);
        mem_free(argv);
        close(in);
        if (!is_last) {
            close(between[1]);
        }
        in = between[0];
    }
    if (in >= 0) {
        close(in);
    }
    return ok;
}

/* What was started before something failed is killed, and reaped as anything else. */
static void start_all(struct pipeline *p, const struct pipeline_options *options)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        err_set(&p->err, ERR_IO, "cannot open a pipe: %s", strerror(errno));
        return;
    }
    uv_pipe_open(&p->out, ends[0]);
    p->is_reading = true;
    uv_signal_start(&p->children, on_child, SIGCHLD);
    bool ok = start_children(p, options, ends[1]);
    close(ends[1]);
    uv_read_start((uv_stream_t *)&p->out, on_alloc, on_output);
    if (!ok) {
        kill_group(p);
    }
}

struct pipeline *pipeline_start(struct loop *loop, const struct pipeline_options *options, pipeline_done_fn *done,
                                void *ctx)
{
    assert(options->count > 0 && options->count <= PIPELINE_PROGRAMS_MAX && done != NULL);
    struct pipeline *p = mem_new(struct pipeline);
    p->loop = loop;
    p->done = done;
    p->ctx = ctx;
    p->timeout_ms = options->timeout_ms;
    p->open_handles = 2;
    buf_init(&p->output, options->output_max);
    uv_signal_init(loop_uv(loop), &p->children);
    uv_pipe_init(loop_uv(loop), &p->out, 0);
    p->children.data = p->out.data = p;
    start_all(p, options);
    if (p->group == 0) {
        p->is_killed = true; /* there is nobody to wait for */
        close_all(p);
    } else if (options->timeout_ms > 0) {
        timer_start(loop_clock(loop), &p->timer, options->timeout_ms, on_timeout, p);
    }
    return p;
}

/* Killed children are reaped on the spot: the handle that waits for them is about to go. */
void pipeline_cancel(struct pipeline *p)
{
    p->done = NULL;
    if (p->is_closing) {
        return;
    }
    kill_group(p);
    for (size_t i = 0; i < p->count; i++) {
        if (p->pids[i] != 0) {
            reap(p, i, 0);
        }
    }
    while (waitpid(-p->group, NULL, 0) > 0 || errno == EINTR) {
        continue;
    }
    close_all(p);
}
