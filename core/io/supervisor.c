#include "io/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/children.h"

enum { CANNOT_RUN = 126, PROGRAMS_MAX = 16 };

/* The supervisor's own files; the output is on 1 and 2 until the programs have it. */
enum { CONTROL = STDERR_FILENO + 1, FILES_END };

struct supervisor {
    const struct supervision *supervision;
    pid_t self, group;        /* the first program leads the group */
    pid_t pids[PROGRAMS_MAX]; /* 0: reaped */
    size_t started;
    int deaths; /* a signalfd of SIGCHLD */
    struct supervisor_report report;
};

/* --- a program, between fork and exec --- */

static _Noreturn void program_fail(const char *what, const char *step)
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

static _Noreturn void program_run(const struct supervisor *s, const struct supervised *program, int in, int out)
{
    const char *step = "";
    setpgid(0, s->group);
    reset_signals();
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || close_range(STDERR_FILENO + 1, ~0U, 0) != 0) {
        program_fail("cannot set up its files", "dup2");
    }
    if (!confine(s->supervision->confinement, &step)) {
        program_fail("cannot confine it", step);
    }
    if (getppid() != s->self) { /* it died before the kernel was told that the program dies with it */
        _exit(CANNOT_RUN);
    }
    execve(program->path, program->argv, (char *const *)(uintptr_t)s->supervision->env);
    program_fail("cannot run it", program->path);
}

/* --- starting --- */

static bool start_program(struct supervisor *s, int in, int out)
{
    pid_t pid = _Fork(); /* without the handlers of libraries: libuv's closes files whose numbers are ours here */
    if (pid == 0) {
        program_run(s, &s->supervision->programs[s->started], in, out);
    }
    if (pid < 0) {
        return false;
    }
    s->group = s->group != 0 ? s->group : pid;
    setpgid(pid, s->group); /* both sides do it, as nobody knows who is first */
    s->pids[s->started++] = pid;
    return true;
}

static bool start_programs(struct supervisor *s)
{
    int in = STDIN_FILENO;
    bool ok = true;
    while (ok && s->started < s->supervision->count) {
        bool is_last = s->started + 1 == s->supervision->count;
        int between[2] = {STDIN_FILENO, STDOUT_FILENO};
        ok = is_last || pipe2(between, O_CLOEXEC) == 0;
        ok = ok && start_program(s, in, between[1]);
        s->report.error = ok ? 0 : errno;
        if (in != STDIN_FILENO) {
            close(in);
        }
        if (between[1] != STDOUT_FILENO) {
            close(between[1]);
        }
        in = between[0];
    }
    if (in != STDIN_FILENO) {
        close(in);
    }
    return ok;
}

/* --- waiting --- */

static bool is_running(const struct supervisor *s)
{
    for (size_t i = 0; i < s->started; i++) {
        if (s->pids[i] != 0) {
            return true;
        }
    }
    return false;
}

/* Programs, and orphans that have become ours. */
static void reap(struct supervisor *s)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < s->started; i++) {
            if (s->pids[i] == pid) {
                s->pids[i] = 0;
                s->report.status = i + 1 == s->supervision->count ? status : s->report.status;
            }
        }
    }
}

/* Until we are told to end, or nobody is there any more who could tell. */
static void wait_for_end(struct supervisor *s)
{
    struct pollfd events[] = {{.fd = CONTROL, .events = POLLIN}, {.fd = s->deaths, .events = POLLIN}};
    bool is_reported = false;
    while (events[0].revents == 0) {
        struct signalfd_siginfo ignored;
        while (read(s->deaths, &ignored, sizeof ignored) > 0) {
            continue;
        }
        reap(s);
        if (!is_reported && !is_running(s)) {
            is_reported = true;
            send(CONTROL, &s->report, sizeof s->report, MSG_NOSIGNAL);
        }
        poll(events, sizeof events / sizeof events[0], -1);
    }
}

/* --- the end --- */

/* Where /proc is not to be read, at least the programs themselves. */
static void end_all(const struct supervisor *s)
{
    confine_reach();
    for (size_t i = 0; i < s->started; i++) {
        if (s->pids[i] != 0) {
            kill(s->pids[i], SIGKILL);
        }
    }
    children_end();
}

/* Nothing else of ours is open: the other end of `control` must be closed when we die. */
static bool take_files(struct supervisor *s)
{
    const struct supervision *supervision = s->supervision;
    sigset_t deaths;
    sigemptyset(&deaths);
    sigaddset(&deaths, SIGCHLD);
    return dup2(supervision->nothing, STDIN_FILENO) >= 0 && dup2(supervision->output, STDOUT_FILENO) >= 0 &&
           dup2(supervision->output, STDERR_FILENO) >= 0 && dup2(supervision->control, CONTROL) >= 0 &&
           close_range(FILES_END, ~0U, 0) == 0 && (s->deaths = signalfd(-1, &deaths, SFD_CLOEXEC | SFD_NONBLOCK)) >= 0;
}

_Noreturn void supervisor_run(const struct supervision *supervision)
{
    struct supervisor s = {.supervision = supervision, .self = getpid()};
    signal(SIGCHLD, SIG_DFL); /* ignored, children would leave without a status */
    setsid();
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 || !take_files(&s)) {
        s.report.error = errno;
        send(supervision->control, &s.report, sizeof s.report, MSG_NOSIGNAL);
        _exit(CANNOT_RUN);
    }
    start_programs(&s);
    dup2(STDIN_FILENO, STDOUT_FILENO);
    dup2(STDIN_FILENO, STDERR_FILENO);
    if (s.report.error == 0) {
        wait_for_end(&s);
    } else {
        send(CONTROL, &s.report, sizeof s.report, MSG_NOSIGNAL);
    }
    end_all(&s);
    _exit(0);
}
