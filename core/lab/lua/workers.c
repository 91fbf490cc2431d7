#include "lab/lua/workers.h"

#include <assert.h>
#include <errno.h>
#include <lauxlib.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "script/marshal.h"

enum { JOBS_MAX = 64, READ_SIZE = 64 * 1024 };

volatile sig_atomic_t workers_interrupted;

/* What a child writes: that it begins a number, or what came of it, followed by so many bytes. */
struct head {
    enum { BEGINS, HAS_TABLE, HAS_PROBLEM } what;
    size_t number; /* from 1 on */
    size_t printed_len, said_len;
};

struct worker {
    pid_t pid;
    int from; /* -1: it has ended */
    struct buf in;
    size_t number; /* that it works on; 0: none */
};

struct outcome {
    char *printed, *said; /* the table as JSON, or the problem; NULL: it is not there yet */
    size_t printed_len, said_len;
    bool is_problem;
};

struct workers {
    lua_State *L;
    size_t count, jobs, told;
    atomic_size_t *next; /* shared with the children */
    struct worker list[JOBS_MAX];
    struct outcome *outcomes;
    bool is_ending;
    bool failed; /* take has raised; the error is on top of the stack */
};

/* --- in a child --- */

static void write_all(int to, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t written = write(to, at, len);
        if (written < 0 && errno != EINTR) {
            _exit(1); /* nobody reads any more */
        }
        at += written > 0 ? written : 0;
        len -= written > 0 ? (size_t)written : 0;
    }
}

/* What was printed since the last time. */
static char *take_printed(int file, size_t *len)
{
    fflush(stdout);
    off_t size = lseek(file, 0, SEEK_CUR);
    char *text = mem_alloc((size_t)size + 1);
    ssize_t got = pread(file, text, (size_t)size, 0);
    *len = got > 0 ? (size_t)got : 0;
    int emptied = ftruncate(file, 0);
    assert(emptied == 0);
    (void)emptied;
    lseek(file, 0, SEEK_SET);
    return text;
}

/* Calls work, at 3, and sends what came of it. */
static void work(lua_State *L, size_t number, int to, int printed)
{
    struct err err = {0};
    struct head head = {.what = BEGINS, .number = number};
    write_all(to, &head, sizeof head);
    lua_pushvalue(L, 3);
    lua_pushinteger(L, (lua_Integer)number);
    struct doc *doc = NULL;
    if (lua_pcall(L, 1, 1, 0) == 0) {
        marshal_prepare(L);
        doc = marshal_read_large(L, -1, "result", &err);
    } else {
        const char *raised = lua_tostring(L, -1);
        err_set(&err, ERR_SCRIPT, "%s", raised != NULL ? raised : "an error that is no text");
    }
    lua_pop(L, 1);
    char *said = doc != NULL ? node_to_text(doc_root(doc)) : str_dup(err.text);
    char *text = take_printed(printed, &head.printed_len);
    head.what = doc != NULL ? HAS_TABLE : HAS_PROBLEM;
    head.said_len = strlen(said);
    write_all(to, &head, sizeof head);
    write_all(to, text, head.printed_len);
    write_all(to, said, head.said_len);
    mem_free(text);
    mem_free(said);
    doc_free(doc);
}

static void work_on(const struct workers *w, int to)
{
    int printed = memfd_create("printed", MFD_CLOEXEC);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (printed < 0 || dup2(printed, STDOUT_FILENO) < 0) {
        _exit(1);
    }
    size_t number = atomic_fetch_add(w->next, 1);
    while (number <= w->count && !workers_interrupted) {
        work(w->L, number, to, printed);
        number = atomic_fetch_add(w->next, 1);
    }
    _exit(0);
}

/* --- here --- */

static bool start(struct workers *w, struct worker *worker)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return false;
    }
    worker->pid = fork();
    if (worker->pid == 0) {
        close(ends[0]);
        work_on(w, ends[1]);
    }
    close(ends[1]);
    worker->from = ends[0];
    buf_init(&worker->in, SIZE_MAX);
    if (worker->pid < 0) {
        close(ends[0]);
        worker->from = -1;
    }
    return worker->pid > 0;
}

/* Tells what is there, in order. */
static void tell(struct workers *w)
{
    lua_State *L = w->L;
    while (!w->failed && w->told < w->count && w->outcomes[w->told].said != NULL) {
        struct outcome *o = &w->outcomes[w->told++];
        struct err err = {0};
        struct doc *table = o->is_problem ? NULL : doc_parse(o->said, o->said_len, &err);
        lua_pushvalue(L, 4);
        lua_pushinteger(L, (lua_Integer)w->told);
        if (table != NULL) {
            marshal_push(L, doc_root(table));
        } else {
            lua_pushnil(L);
        }
        lua_pushlstring(L, o->printed, o->printed_len);
        lua_pushstring(L, o->is_problem ? o->said : "");
        doc_free(table);
        w->failed = lua_pcall(L, 4, 0, 0) != 0;
    }
}

static void set_problem(struct workers *w, size_t number, const char *problem)
{
    struct outcome *o = &w->outcomes[number - 1];
    if (o->said == NULL) {
        *o = (struct outcome){.printed = str_dup(""), .said = str_dup(problem), .is_problem = true};
    }
}

/* Takes what has come as a whole. */
static void read_heads(struct workers *w, struct worker *worker)
{
    struct head head;
    while (worker->in.len >= sizeof head) {
        memcpy(&head, worker->in.data, sizeof head);
        if (worker->in.len < sizeof head + head.printed_len + head.said_len) {
            return;
        }
        const char *at = worker->in.data + sizeof head;
        worker->number = head.what == BEGINS ? head.number : 0;
        if (head.what != BEGINS) {
            w->outcomes[head.number - 1] = (struct outcome){.printed = str_dup_n(at, head.printed_len),
                                                            .printed_len = head.printed_len,
                                                            .said = str_dup_n(at + head.printed_len, head.said_len),
                                                            .said_len = head.said_len,
                                                            .is_problem = head.what == HAS_PROBLEM};
        }
        buf_consume(&worker->in, sizeof head + head.printed_len + head.said_len);
    }
}

static void end(struct workers *w, struct worker *worker)
{
    int status = 0;
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR) {
    }
    close(worker->from);
    worker->from = -1;
    if (worker->number != 0) {
        char *problem = WIFSIGNALED(status) ? str_format("its process ended by signal %d", WTERMSIG(status))
                                            : str_format("its process ended with status %d", WEXITSTATUS(status));
        set_problem(w, worker->number, problem);
        str_free(&problem);
    }
    buf_fini(&worker->in);
}

static void on_readable(struct workers *w, struct worker *worker)
{
    static char bytes[READ_SIZE];
    ssize_t got = read(worker->from, bytes, sizeof bytes);
    if (got > 0) {
        buf_append(&worker->in, bytes, (size_t)got);
        read_heads(w, worker);
    } else if (got == 0 || errno != EINTR) {
        end(w, worker);
    }
}

/* A terminal has told the children too, by SIGINT; of another signal each of them hears once more. */
static void end_children(struct workers *w)
{
    w->is_ending = true;
    for (size_t i = 0; i < w->jobs; i++) {
        if (w->list[i].from >= 0) {
            kill(w->list[i].pid, SIGTERM);
        }
    }
}

/* False when all have ended. */
static bool wait_for_one(struct workers *w)
{
    struct pollfd polled[JOBS_MAX];
    struct worker *whose[JOBS_MAX];
    nfds_t count = 0;
    for (size_t i = 0; i < w->jobs; i++) {
        if (w->list[i].from >= 0) {
            polled[count] = (struct pollfd){.fd = w->list[i].from, .events = POLLIN};
            whose[count++] = &w->list[i];
        }
    }
    if (count == 0) {
        return false;
    }
    int ready = poll(polled, count, 1000);
    for (nfds_t i = 0; ready > 0 && i < count; i++) {
        if (polled[i].revents != 0) {
            on_readable(w, whose[i]);
        }
    }
    return true;
}

int workers_run(lua_State *L)
{
    struct workers w = {.L = L, .count = (size_t)luaL_checkinteger(L, 1), .jobs = (size_t)luaL_checkinteger(L, 2)};
    luaL_argcheck(L, w.jobs >= 1 && w.jobs <= JOBS_MAX, 2, "from 1 to 64 are wanted");
    luaL_checktype(L, 3, LUA_TFUNCTION);
    luaL_checktype(L, 4, LUA_TFUNCTION);
    w.next = mmap(NULL, sizeof *w.next, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (w.next == MAP_FAILED) {
        return luaL_error(L, "no memory to share with other processes");
    }
    atomic_init(w.next, 1);
    w.outcomes = mem_alloc_array(w.count, sizeof *w.outcomes);
    fflush(stdout);
    for (size_t i = 0; i < w.jobs; i++) {
        w.list[i].from = -1;
        start(&w, &w.list[i]);
    }
    while (wait_for_one(&w)) {
        tell(&w);
        if (workers_interrupted && !w.is_ending) {
            lua_sethook(L, NULL, 0, 0); /* what is there is told first */
            end_children(&w);
        }
    }
    for (size_t i = 1; i <= w.count && !workers_interrupted; i++) {
        set_problem(&w, i, "there is no process to run it in");
    }
    tell(&w);
    for (size_t i = 0; i < w.count; i++) {
        str_free(&w.outcomes[i].printed);
        str_free(&w.outcomes[i].said);
    }
    mem_free(w.outcomes);
    munmap(w.next, sizeof *w.next);
    return w.failed ? lua_error(L) : 0;
}
