#include "app/repl_world.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/process_memory.h"
#include "base/mem.h"
#include "base/str.h"
#include "lab/lua/console.h"
#include "lab/lua/tool.h"

enum {
    SNAPSHOTS_MAX = 96,     /* when there are more, every other one of the older half is let go */
    MEMORY_MAX = 512 << 20, /* and when all processes together have more */
    MEASURED_EVERY = 8,     /* snapshots */
    PATIENCE_MS = 2000,     /* after an interrupt */
};

/* A process that waits. */
struct snapshot {
    pid_t pid;
    int socket;
    size_t line; /* of `lines`, in which it was made */
    bool is_begin;
    int64_t step;
};

struct line {
    char *text;
    int64_t end; /* the step to which it came */
};

struct repl_world {
    struct snapshot snapshots[SNAPSHOTS_MAX + 1];
    size_t snapshot_count;
    struct line *lines; /* all that were carried out; those that were gone back from are dropped */
    size_t line_count, line_capacity;
    pid_t pid; /* the worker */
    int socket;
    int64_t step;
    int columns;   /* of the terminal; 0: none */
    bool is_quiet; /* lines are made again: nothing is told */
    repl_fetch_fn *fetch;
    void *ctx;
    char text[CONSOLE_TEXT_MAX];
};

/* --- interrupts --- */

static volatile sig_atomic_t interrupts;

void repl_world_interrupt(void)
{
    interrupts = interrupts + 1;
}

bool repl_world_is_interrupted(void)
{
    return interrupts > 0;
}

/* Passes interrupts on: the first asks, and the second, or none of the line's answers in time, ends the process. */
struct patience {
    int seen;
    pid_t told;
};

static void pass_on(struct repl_world *world, struct patience *patience)
{
    int now = interrupts;
    if (now > 1 && now != patience->seen && patience->seen > 0) {
        kill(world->pid, SIGKILL);
    } else if (now > 0 && patience->told != world->pid) {
        kill(world->pid, SIGINT);
        patience->told = world->pid;
    }
    patience->seen = now;
}

/* True: there is something to read, or the socket is at its end. */
static bool wait_for_packet(struct repl_world *world, struct patience *patience)
{
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    pass_on(world, patience);
    struct pollfd poll = {.fd = world->socket, .events = POLLIN};
    struct timespec limit = {.tv_sec = PATIENCE_MS / 1000};
    int ready = ppoll(&poll, 1, patience->seen > 0 ? &limit : NULL, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (ready == 0) {
        kill(world->pid, SIGKILL);
    }
    return ready > 0;
}

/* --- snapshots --- */

/* Its process ends by itself when it finds that. */
static void drop_snapshot(struct repl_world *world, size_t at)
{
    close(world->snapshots[at].socket);
    world->snapshot_count--;
    memmove(&world->snapshots[at], &world->snapshots[at + 1],
            (world->snapshot_count - at) * sizeof world->snapshots[0]);
}

/* The first one is that of the beginning; and a line that ends badly is gone back from to where it began. */
static bool is_needed(const struct repl_world *world, size_t at)
{
    const struct snapshot *snapshot = &world->snapshots[at];
    return at == 0 || (snapshot->is_begin && snapshot->line == world->line_count);
}

/* Drops every other one of the older half. False: none could be spared. */
static bool thin_out(struct repl_world *world)
{
    size_t before = world->snapshot_count, half = before > 3 ? before / 2 : before - 1;
    for (size_t at = half; at > 1; at -= 2) {
        if (!is_needed(world, at - 1)) {
            drop_snapshot(world, at - 1);
        }
    }
    while (waitpid(-1, NULL, WNOHANG) > 0) { /* of those whose parents were let go */
    }
    return world->snapshot_count < before;
}

static int64_t memory_of_all(const struct repl_world *world)
{
    int64_t sum = process_memory(world->pid);
    for (size_t i = 0; i < world->snapshot_count; i++) {
        sum += process_memory(world->snapshots[i].pid);
    }
    return sum;
}

/* To measure takes a millisecond for each process, so small ones are measured seldom. */
static void keep_small(struct repl_world *world)
{
    bool is_due = world->snapshot_count % MEASURED_EVERY == 0 || process_memory(world->pid) > MEMORY_MAX / 16;
    while (is_due && memory_of_all(world) > MEMORY_MAX) {
        is_due = thin_out(world);
    }
}

static void add_snapshot(struct repl_world *world, const struct console_head *head, int socket)
{
    world->snapshots[world->snapshot_count++] = (struct snapshot){.pid = world->pid,
                                                                  .socket = world->socket,
                                                                  .line = world->line_count,
                                                                  .is_begin = head->is_begin,
                                                                  .step = head->number};
    world->pid = head->pid;
    world->socket = socket;
    if (world->snapshot_count > SNAPSHOTS_MAX) {
        thin_out(world);
    }
    keep_small(world);
}

/* This snapshot is the worker from now on; it is none any more, and those after it are gone. */
static struct snapshot return_to(struct repl_world *world, size_t at)
{
    kill(world->pid, SIGKILL);
    close(world->socket);
    while (world->snapshot_count > at + 1) {
        drop_snapshot(world, world->snapshot_count - 1);
    }
    struct snapshot snapshot = world->snapshots[--world->snapshot_count];
    world->pid = snapshot.pid;
    world->socket = snapshot.socket;
    world->step = snapshot.step;
    return snapshot;
}

/* --- one exchange --- */

static void print(FILE *out, const char *text, size_t len)
{
    fwrite(text, 1, len, out);
    cli_flush(out);
}

/* An interrupt that has ended the wait for the answer comes before it: else it might come when the line is done. */
static void fetch_for(struct repl_world *world, size_t len, struct patience *patience)
{
    char *what = str_dup_n(world->text, len), *body = NULL;
    struct console_head head = {.kind = CONSOLE_FETCHED};
    head.number = world->fetch != NULL ? world->fetch(world->ctx, what, &body) : 0;
    pass_on(world, patience);
    const char *part = body != NULL ? body : "";
    size_t left = strlen(part);
    do {
        size_t size = left < CONSOLE_TEXT_MAX ? left : CONSOLE_TEXT_MAX;
        left -= size;
        head.status = left > 0;
        console_send(world->socket, &head, part, size, -1);
        part += size;
    } while (left > 0);
    str_free(&what);
    str_free(&body);
}

/* What ended the exchange; 0: the worker has ended. */
struct ending {
    int32_t kind;
    int status;
    int64_t number;
    size_t len; /* of world->text */
};

/* Follows the worker until it wants something new. */
static struct ending listen_to(struct repl_world *world)
{
    struct console_head head;
    struct patience patience = {0};
    for (;;) {
        int socket;
        if (!wait_for_packet(world, &patience)) {
            continue;
        }
        ssize_t len = console_receive(world->socket, &head, world->text, &socket);
        if (len < 0 && (errno == EINTR || errno == ECONNRESET)) {
            continue; /* reset: it has ended without reading all; what it has said before comes next */
        } else if (len < 0) {
            return (struct ending){0};
        } else if (head.kind == CONSOLE_SNAPSHOT) {
            add_snapshot(world, &head, socket);
        } else if (head.kind == CONSOLE_FETCH) {
            fetch_for(world, (size_t)len, &patience);
        } else if (head.kind != CONSOLE_OUTPUT && head.kind != CONSOLE_ERROR) {
            return (struct ending){head.kind, head.status, head.number, (size_t)len};
        } else if (!world->is_quiet) {
            print(head.kind == CONSOLE_OUTPUT ? stdout : stderr, world->text, (size_t)len);
        }
    }
}

static struct ending exchange(struct repl_world *world, enum console_kind kind, int64_t number, const char *text)
{
    struct console_head head = {.kind = kind, .number = number};
    interrupts = 0;
    console_send(world->socket, &head, text, strlen(text), -1);
    return listen_to(world);
}

/* --- lines --- */

static void keep_line(struct repl_world *world, const char *text, int64_t end)
{
    if (world->line_count == world->line_capacity) {
        world->line_capacity = 2 * world->line_capacity + 64;
        world->lines = mem_resize(world->lines, world->line_capacity * sizeof *world->lines);
    }
    world->lines[world->line_count++] = (struct line){str_dup(text), end};
}

static void drop_lines(struct repl_world *world, size_t from)
{
    while (world->line_count > from) {
        str_free(&world->lines[--world->line_count].text);
    }
}

/* The worker has ended in the middle of a line: the snapshot of before that line takes its place. */
static struct repl_reply recover(struct repl_world *world)
{
    size_t at = world->snapshot_count;
    while (at > 0 && !(world->snapshots[at - 1].is_begin && world->snapshots[at - 1].line == world->line_count)) {
        at--;
    }
    bool is_wish = interrupts > 0;
    if (at == 0) {
        fprintf(stderr, "the process with the world has ended\n");
        return (struct repl_reply){.status = 2, .is_end = true};
    }
    return_to(world, at - 1);
    fprintf(stderr, "%s; all is as it was before this line\n",
            is_wish ? "interrupted" : "the line has ended its process");
    return (struct repl_reply){.status = is_wish ? 130 : 2};
}

/* Carries lines out once more that lie between the worker and this step: `old` has `count`, from the first on that is
 * not done yet. `in_middle`: that one is half done. False: it has come to something else. */
static bool catch_up(struct repl_world *world, const struct line *old, size_t count, bool in_middle, int64_t to)
{
    bool ok = true;
    world->is_quiet = true;
    for (size_t i = 0; ok && i < count; i++) {
        bool is_part = old[i].end > to;
        if (is_part && world->step == to) {
            break;
        }
        struct ending ending = exchange(world, in_middle && i == 0 ? CONSOLE_GO_ON : CONSOLE_AGAIN,
                                        is_part ? to : old[i].end, old[i].text);
        ok = ending.kind == CONSOLE_DONE && ending.number == (is_part ? to : old[i].end);
        world->step = ending.number;
        keep_line(world, old[i].text, world->step);
    }
    world->is_quiet = false;
    return ok;
}

/* The world as it was at this step. */
static bool go_back(struct repl_world *world, int64_t to)
{
    size_t at = world->snapshot_count;
    while (at > 1 && world->snapshots[at - 1].step > to) {
        at--;
    }
    struct snapshot snapshot = return_to(world, at - 1);
    size_t count = world->line_count - snapshot.line;
    struct line *old = mem_alloc_array(count + 1, sizeof *old);
    for (size_t i = 0; i < count; i++) {
        old[i] = (struct line){str_dup(world->lines[snapshot.line + i].text), world->lines[snapshot.line + i].end};
    }
    drop_lines(world, snapshot.line);
    bool ok = true;
    if (!snapshot.is_begin && snapshot.step == to) {
        keep_line(world, old[0].text, to); /* its first part is done */
    } else {
        ok = catch_up(world, old, count, !snapshot.is_begin, to);
    }
    for (size_t i = 0; i < count; i++) {
        str_free(&old[i].text);
    }
    mem_free(old);
    return ok;
}

/* --- from outside --- */

static struct repl_reply follow(struct repl_world *world, const char *text, struct ending ending);

/* What the worker says after a way back: where it is. */
static struct repl_reply arrive(struct repl_world *world, int64_t to)
{
    if (!go_back(world, to)) {
        fprintf(stderr, "what was carried out once more has come to something else: it is at step %lld, not %lld\n",
                (long long)world->step, (long long)to);
        return (struct repl_reply){.status = 2};
    }
    return follow(world, NULL, exchange(world, CONSOLE_LINE, world->columns, "here"));
}

static struct repl_reply follow(struct repl_world *world, const char *text, struct ending ending)
{
    struct repl_reply reply = {.status = ending.status};
    switch (ending.kind) {
    case CONSOLE_DONE:
        world->step = ending.number;
        if (text != NULL) {
            keep_line(world, text, world->step);
        }
        return reply;
    case CONSOLE_BACK:
        return arrive(world, ending.number);
    case CONSOLE_QUIT:
        reply.is_end = true;
        return reply;
    default:
        return recover(world);
    }
}

struct repl_reply repl_world_line(struct repl_world *world, const char *text, int columns)
{
    world->columns = columns;
    if (strlen(text) >= CONSOLE_TEXT_MAX) {
        fprintf(stderr, "a line of %zu bytes: at most %d are taken\n", strlen(text), CONSOLE_TEXT_MAX - 1);
        return (struct repl_reply){.status = 1};
    }
    return follow(world, text, exchange(world, CONSOLE_LINE, columns, text));
}

bool repl_world_is_whole(struct repl_world *world, const char *text)
{
    if (strlen(text) >= CONSOLE_TEXT_MAX) {
        return true;
    }
    struct ending ending = exchange(world, CONSOLE_IS_WHOLE, 0, text);
    return ending.kind != CONSOLE_ANSWER || ending.number != 0;
}

char *repl_world_complete(struct repl_world *world, const char *text)
{
    struct ending ending = {0};
    if (strlen(text) < CONSOLE_TEXT_MAX) {
        ending = exchange(world, CONSOLE_COMPLETE, 0, text);
    }
    return str_dup_n(world->text, ending.kind == CONSOLE_ANSWER ? ending.len : 0);
}

static _Noreturn void work(const struct node *order, int socket, pid_t front)
{
    struct err err = {0};
    struct tool *tool = tool_open();
    console_join(tool, tool_interrupt, socket, front);
    doc_free(tool_call(tool, "tool.repl.main", "run", order, &err));
    struct console_head head = {.kind = CONSOLE_ERROR};
    char *text = str_format("sluice repl: %s\n", err.text);
    console_send(socket, &head, text, strlen(text), -1);
    _exit(2);
}

struct repl_world *repl_world_open(const struct node *order, repl_fetch_fn *fetch, void *ctx, struct repl_reply *reply)
{
    struct repl_world *world = mem_new(struct repl_world);
    int ends[2];
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    world->fetch = fetch;
    world->ctx = ctx;
    world->socket = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) {
        pid_t front = getpid();
        fflush(NULL);
        world->pid = fork();
        if (world->pid == 0) {
            close(ends[0]);
            work(order, ends[1], front);
        }
        close(ends[1]);
        world->socket = ends[0];
    }
    struct ending ending = {0};
    if (world->pid > 0 && listen_to(world).kind == CONSOLE_DONE) { /* it is open */
        ending = exchange(world, CONSOLE_LINE, 0, "");
    }
    reply->status = ending.kind == CONSOLE_DONE ? ending.status : interrupts > 0 ? 130 : 2;
    if (ending.kind == CONSOLE_DONE) {
        return world;
    }
    repl_world_close(world);
    return NULL;
}

void repl_world_close(struct repl_world *world)
{
    if (world == NULL) {
        return;
    }
    while (world->snapshot_count > 0) {
        drop_snapshot(world, world->snapshot_count - 1);
    }
    if (world->pid > 0) {
        kill(world->pid, SIGKILL);
        close(world->socket);
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
    }
    drop_lines(world, 0);
    mem_free(world->lines);
    mem_free(world);
}
