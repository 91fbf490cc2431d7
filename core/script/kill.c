#include "script/kill.h"

#include <assert.h>
#include <errno.h>
#include <lauxlib.h>
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "script/where.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum {
    SIGNAL_STACK_SIZE = 64 * 1024,
    UNWINDER_FRAMES_SIZE = 1024, /* of stack between what the unwinder calls and the unwinder itself */
    PUT_OFF_MAX = 50,            /* how often the jump is put off: a raise takes microseconds */
    PUT_OFF_NS = 100 * 1000,
};

struct run {
    struct run *outer;
    lua_State *L;
    struct kill_limits limits;
    volatile int64_t deadline_ns; /* of the stage to come, in the thread's CPU time */
    int64_t began_ns, billed_ns;  /* when it began, and up to when `spent_ns` has it */
    int64_t spent_ns;
    volatile sig_atomic_t soft; /* the hook is in place */
    volatile sig_atomic_t in_host;
    volatile sig_atomic_t jump_due;
    volatile sig_atomic_t put_off;
    char where[KILL_WHERE_SIZE], noted[KILL_WHERE_SIZE];
    sigjmp_buf door;
};

static _Thread_local struct run *volatile innermost;
static _Thread_local timer_t timer;
static _Thread_local bool timer_ready;
static _Thread_local uintptr_t stack_end;
static uintptr_t unwinder_begin, unwinder_end; /* the code of libgcc; both 0: it is not there */

static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* 0 disarms. A time that has passed fires at once. */
static void arm(int64_t when_ns)
{
    struct itimerspec spec = {.it_value = {.tv_sec = when_ns / 1000000000, .tv_nsec = when_ns % 1000000000}};
    timer_settime(timer, TIMER_ABSTIME, &spec, NULL);
}

static void raise_time_limit(lua_State *L, lua_Debug *at)
{
    struct run *run = innermost;
    if (run != NULL && run->where[0] == '\0') {
        where_find(L, run->where, sizeof run->where);
    }
    luaL_error(L, "time limit");
}

/* --- the unwinder ---
 *
 * LuaJIT raises errors by libgcc's unwinder, which may take a lock that the whole process shares. A jump out of there
 * would leave it locked, and the next error of any script would wait for ever. So the jump is put off while the
 * unwinder runs. What was left of it on the stack by an earlier error looks the same, hence a bound. */

static int find_unwinder(struct dl_phdr_info *info, size_t size, void *ctx)
{
    if (strstr(info->dlpi_name, "libgcc_s") == NULL) {
        return 0;
    }
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
            unwinder_begin = info->dlpi_addr + part->p_vaddr;
            unwinder_end = unwinder_begin + part->p_memsz;
        }
    }
    return 1;
}

static bool is_of_unwinder(uintptr_t address)
{
    return address >= unwinder_begin && address < unwinder_end;
}

/* Looks for the unwinder among the innermost return addresses. The stack is read as it is. */
__attribute__((no_sanitize("address"))) static bool is_unwinding(const ucontext_t *interrupted)
{
#ifdef __x86_64__
    uintptr_t at = (uintptr_t)interrupted->uc_mcontext.gregs[REG_RIP];
    uintptr_t top = (uintptr_t)interrupted->uc_mcontext.gregs[REG_RSP];
#else
    uintptr_t at = interrupted->uc_mcontext.pc, top = interrupted->uc_mcontext.sp;
#endif
    bool found = is_of_unwinder(at);
    uintptr_t end = top + UNWINDER_FRAMES_SIZE < stack_end ? top + UNWINDER_FRAMES_SIZE : stack_end;
    for (uintptr_t place = top & ~(uintptr_t)7; !found && place + sizeof(uintptr_t) <= end;
         place += sizeof(uintptr_t)) {
        found = is_of_unwinder(*(const uintptr_t *)place);
    }
    return found;
}

static void find_stack_end(void)
{
    pthread_attr_t attr;
    void *begin;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attr) == 0) {
        pthread_attr_getstack(&attr, &begin, &size);
        stack_end = (uintptr_t)begin + size;
        pthread_attr_destroy(&attr);
    }
}

/* --- the stages --- */

static void expire(struct run *run, const ucontext_t *interrupted)
{
    if (!run->soft) {
        run->soft = 1;
        lua_sethook(run->L, raise_time_limit, LUA_MASKCOUNT, 1);
        run->deadline_ns = cpu_ns() + run->limits.hard_ms * 1000000;
        arm(run->deadline_ns);
    } else if (run->in_host) {
        run->jump_due = 1;
    } else if (run->put_off < PUT_OFF_MAX && is_unwinding(interrupted)) {
        run->put_off++;
        run->deadline_ns = cpu_ns() + PUT_OFF_NS;
        arm(run->deadline_ns);
    } else {
        siglongjmp(run->door, 1);
    }
}

static void on_signal(int signum, siginfo_t *info, void *interrupted)
{
    int saved_errno = errno;
    struct run *run = innermost;
    if (run != NULL) {
        /* A signal of an earlier deadline may come late. */
        if (cpu_ns() >= run->deadline_ns) {
            expire(run, interrupted);
        } else {
            arm(run->deadline_ns);
        }
    }
    errno = saved_errno;
}

/* Gives the handler a stack of its own: scripts nest C calls, and little of the thread's stack may be left. A signal
 * stack that is there already stays. */
static void set_signal_stack(void)
{
    stack_t present;
    if (sigaltstack(NULL, &present) != 0 || !(present.ss_flags & SS_DISABLE)) {
        return;
    }
    static _Thread_local char *memory;
    memory = mem_alloc(SIGNAL_STACK_SIZE);
    stack_t ours = {.ss_sp = memory, .ss_size = SIGNAL_STACK_SIZE};
    sigaltstack(&ours, NULL);
}

/* A copy of the process has none of its timers. */
static void forget_timer(void)
{
    timer_ready = false;
}

static void prepare_thread(void)
{
    static bool is_watched;
    if (timer_ready) {
        return;
    }
    if (!is_watched) {
        is_watched = pthread_atfork(NULL, NULL, forget_timer) == 0;
    }
    set_signal_stack();
    find_stack_end();
    dl_iterate_phdr(find_unwinder, NULL);
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_ONSTACK | SA_RESTART | SA_NODEFER | SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    if (sigaction(SIGRTMIN, &action, NULL) != 0 || timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0) {
        log_error(NULL, "no timer for scripts: %s", strerror(errno));
        abort(); /* without the timer nothing bounds a script */
    }
    timer_ready = true;
}

static void bill(struct run *run, int64_t free_ns)
{
    int64_t now_ns = cpu_ns();
    int64_t ns = now_ns - run->billed_ns - free_ns;
    run->spent_ns += ns > 0 ? ns : 0;
    run->billed_ns = now_ns;
}

static void leave_run(struct run *run)
{
    bill(run, 0);
    innermost = run->outer;
    arm(run->outer != NULL ? run->outer->deadline_ns : 0);
}

struct kill_report kill_run(lua_State *L, const struct kill_limits *limits, kill_body_fn *body, void *ctx)
{
    assert(innermost == NULL || innermost->in_host);
    prepare_thread();
    struct run run = {.outer = innermost, .L = L, .limits = *limits};
    struct kill_report report = {.stage = KILL_NONE};
    run.began_ns = run.billed_ns = cpu_ns();
    run.deadline_ns = run.began_ns + limits->soft_ms * 1000000;
    if (sigsetjmp(run.door, 1) != 0) {
        leave_run(&run);
        memcpy(report.where, run.where[0] != '\0' ? run.where : run.noted, sizeof report.where);
        report.stage = KILL_HARD;
        report.spent_ns = run.spent_ns;
        return report;
    }
    innermost = &run;
    arm(run.deadline_ns);
    int status = body(ctx);
    leave_run(&run);
    lua_sethook(L, NULL, 0, 0);
    memcpy(report.where, run.where, sizeof report.where);
    report.status = status;
    report.spent_ns = run.spent_ns;
    report.stage = run.soft ? KILL_SOFT : KILL_NONE;
    return report;
}

void kill_note_place(lua_State *L)
{
    struct run *run = innermost;
    if (run != NULL) {
        where_find(L, run->noted, sizeof run->noted);
    }
}

void kill_host_enter(void)
{
    assert(innermost != NULL && !innermost->in_host);
    innermost->in_host = 1;
}

void kill_host_leave(void)
{
    struct run *run = innermost;
    assert(run != NULL && run->in_host);
    run->in_host = 0;
    if (run->jump_due) {
        siglongjmp(run->door, 1);
    }
}

void kill_restart(void)
{
    struct run *run = innermost;
    assert(run != NULL && run->in_host);
    bill(run, KILL_REPLAY_FREE_NS);
    if (run->soft) {
        return;
    }
    run->deadline_ns = run->billed_ns + run->limits.soft_ms * 1000000; /* on_signal arms the timer for the rest */
}

int64_t kill_elapsed_ns(void)
{
    const struct run *run = innermost;
    assert(run != NULL && run->in_host);
    return cpu_ns() - run->began_ns;
}

void kill_abandon(lua_State *L)
{
    for (struct run *run = innermost; run != NULL; run = run->outer) {
        if (run->L != L) {
            continue;
        }
        assert(run->in_host);
        run->jump_due = 1;
        return;
    }
    assert(!"the VM is not running");
}
