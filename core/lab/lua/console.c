#include "lab/lua/console.h"

#include <errno.h>
#include <lauxlib.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/doc.h"
#include "base/str.h"
#include "lab/lua/workers.h"
#include "script/marshal.h"

enum {
    LINE_CPU_S = 60,       /* CPU time of a line, or between two snapshots of a long one */
    LINE_CPU_OVERTIME = 3, /* SIGXCPU comes once a second from then on */
    FETCHED_MAX = 32 << 20,
    MEMORY_MAX_MIB = 2 * 1024, /* of a worker's address space */
};

static struct {
    struct tool *tool;
    void (*interrupt)(struct tool *tool);
    int socket;
    pid_t front;
    volatile sig_atomic_t is_held;     /* an interrupt is only noted */
    volatile sig_atomic_t interrupted; /* the user wants the line to end */
    volatile sig_atomic_t overtime;
} self = {.socket = -1};

/* --- packets --- */

union control {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int))];
};

bool console_send(int socket, const struct console_head *head, const char *text, size_t len, int fd)
{
    struct iovec parts[2] = {{(void *)head, sizeof *head}, {(void *)text, len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    union control control = {.room = {0}};
    if (fd >= 0) {
        message.msg_control = control.room;
        message.msg_controllen = sizeof control.room;
        struct cmsghdr *along = CMSG_FIRSTHDR(&message);
        along->cmsg_level = SOL_SOCKET;
        along->cmsg_type = SCM_RIGHTS;
        along->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(along), &fd, sizeof fd);
    }
    ssize_t sent;
    do {
        sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

ssize_t console_receive(int socket, struct console_head *head, char *text, int *fd)
{
    struct iovec parts[2] = {{head, sizeof *head}, {text, CONSOLE_TEXT_MAX}};
    union control control = {.room = {0}};
    struct msghdr message = {
        .msg_iov = parts, .msg_iovlen = 2, .msg_control = control.room, .msg_controllen = sizeof control.room};
    ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *along = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (fd != NULL) {
        *fd = -1;
        if (along != NULL && along->cmsg_type == SCM_RIGHTS) {
            memcpy(fd, CMSG_DATA(along), sizeof *fd);
        }
    }
    if (got >= 0 && got < (ssize_t)sizeof *head) {
        errno = EPROTO; /* its end */
        return -1;
    }
    return got < 0 ? -1 : got - (ssize_t)sizeof *head;
}

static void tell(enum console_kind kind, int status, int64_t number, const char *text, size_t len)
{
    struct console_head head = {.kind = kind, .status = status, .number = number};
    if (!console_send(self.socket, &head, text, len, -1)) {
        _exit(0); /* the front is gone */
    }
}

static void forget_interrupt(lua_State *L)
{
    lua_sethook(L, NULL, 0, 0);
    self.interrupted = self.overtime = 0;
    workers_interrupted = 0;
}

/* Gives the next packet to Lua: kind, number, text. What came while it was waited for was not meant for it. */
static int take(lua_State *L)
{
    static char text[CONSOLE_TEXT_MAX];
    struct console_head head;
    ssize_t len;
    do {
        len = console_receive(self.socket, &head, text, NULL);
    } while (len < 0 && errno == EINTR);
    if (len < 0) {
        _exit(0);
    }
    forget_interrupt(L);
    char kind = (char)head.kind;
    lua_pushlstring(L, &kind, 1);
    lua_pushnumber(L, (lua_Number)head.number);
    lua_pushlstring(L, text, (size_t)len);
    return 3;
}

/* --- signals --- */

static void on_interrupt(int signum)
{
    self.interrupted = 1;
    if (!self.is_held) {
        self.interrupt(self.tool);
    }
}

static void on_overtime(int signum)
{
    static const char text[] = "the line was ended: it may take a minute of CPU time\n";
    if (self.overtime++ == 0) {
        tell(CONSOLE_ERROR, 0, 0, text, sizeof text - 1);
        self.interrupt(self.tool);
    } else if (self.overtime > LINE_CPU_OVERTIME) {
        _exit(1); /* it stands in a function that no hook reaches */
    }
}

/* The process that this one was forked from has ended. When it was thinned out, the front has taken its place. */
static void on_orphaned(int signum)
{
    if (getppid() != self.front) {
        _exit(0);
    }
}

static void listen_for(int signum, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(signum, &action, NULL);
}

static void limit(int what, rlim_t soft)
{
    struct rlimit now;
    if (getrlimit(what, &now) == 0) {
        now.rlim_cur = now.rlim_max < soft ? now.rlim_max : soft;
        setrlimit(what, &now);
    }
}

void console_join(struct tool *tool, void (*interrupt)(struct tool *tool), int socket, pid_t front)
{
    self.tool = tool;
    self.interrupt = interrupt;
    self.socket = socket;
    self.front = front;
    setpgid(0, 0); /* Ctrl-C is for the front, which passes it on */
    listen_for(SIGINT, on_interrupt);
    listen_for(SIGXCPU, on_overtime);
    listen_for(SIGUSR1, on_orphaned);
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    on_orphaned(0); /* it may have gone meanwhile */
    limit(RLIMIT_CPU, LINE_CPU_S);
#ifndef __SANITIZE_ADDRESS__ /* which reserves address space by the terabyte */
    limit(RLIMIT_AS, (rlim_t)MEMORY_MAX_MIB << 20);
#endif
}

/* --- for Lua --- */

/* snapshot(step, is_begin): nothing in the copy, which goes on. The process itself waits here, and when the front comes
 * back to it, it gets the packet of the front's. Without a copy it goes on itself. */
static int make_snapshot(lua_State *L)
{
    struct console_head head = {
        .kind = CONSOLE_SNAPSHOT, .number = (int64_t)luaL_checknumber(L, 1), .is_begin = lua_toboolean(L, 2)};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return 0;
    }
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        close(ends[0]);
        close(self.socket);
        self.socket = ends[1];
        prctl(PR_SET_PDEATHSIG, SIGUSR1);
        if (getppid() != parent) {
            on_orphaned(0);
        }
        return 0;
    }
    close(ends[1]);
    head.pid = child;
    if (child > 0 && !console_send(self.socket, &head, "", 0, ends[0])) {
        _exit(0);
    }
    close(ends[0]);
    if (child < 0) {
        return 0;
    }
    int count = take(L);
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    return count;
}

/* give(kind, status, number, text) */
static int give(lua_State *L)
{
    size_t len;
    const char *kind = luaL_checkstring(L, 1), *text = luaL_checklstring(L, 4, &len);
    int status = (int)luaL_checkinteger(L, 2);
    int64_t number = (int64_t)luaL_checknumber(L, 3);
    for (; len > CONSOLE_TEXT_MAX; text += CONSOLE_TEXT_MAX, len -= CONSOLE_TEXT_MAX) {
        tell(kind[0], status, number, text, CONSOLE_TEXT_MAX);
    }
    tell(kind[0], status, number, text, len);
    return 0;
}

/* hold(true): an interrupt is noted from now on, and ends nothing by itself; hold(false). Gives whether one was. */
static int hold(lua_State *L)
{
    self.is_held = lua_toboolean(L, 1);
    lua_pushboolean(L, self.interrupted);
    return 1;
}

static int ask_interrupted(lua_State *L)
{
    lua_pushboolean(L, self.interrupted);
    return 1;
}

/* fetch(what): the front reads it (app/repl_live.h). Gives the status, 0 for no answer, and the body or why not. */
static int fetch(lua_State *L)
{
    static char part[CONSOLE_TEXT_MAX];
    size_t len;
    const char *what = luaL_checklstring(L, 1, &len);
    luaL_argcheck(L, len < CONSOLE_TEXT_MAX, 1, "the text is too long");
    tell(CONSOLE_FETCH, 0, 0, what, len);
    struct console_head head = {.status = 1};
    struct buf body;
    buf_init(&body, FETCHED_MAX);
    while (head.status == 1) {
        ssize_t got = console_receive(self.socket, &head, part, NULL);
        if (got < 0 && errno == EINTR) {
            head.status = 1;
        } else if (got < 0) {
            _exit(0);
        } else {
            buf_append(&body, part, (size_t)got);
        }
    }
    lua_pushnumber(L, (lua_Number)head.number);
    lua_pushlstring(L, buf_str(&body), body.len);
    buf_fini(&body);
    return 2;
}

/* The worker ends in the middle of its line, which leaves no trace: the front goes back to the snapshot before. */
static int leave(lua_State *L)
{
    _exit(1);
}

/* --- tables as texts, to hand them over between processes --- */

static int encode(lua_State *L)
{
    struct err err = {0};
    luaL_checktype(L, 1, LUA_TTABLE);
    marshal_prepare(L);
    struct doc *doc = marshal_read_large(L, 1, "value", &err);
    if (doc == NULL) {
        return luaL_error(L, "%s", err.text);
    }
    char *text = node_to_text(doc_root(doc));
    lua_pushstring(L, text);
    str_free(&text);
    doc_free(doc);
    return 1;
}

static int decode(lua_State *L)
{
    struct err err = {0};
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    struct doc *doc = doc_parse(text, len, &err);
    if (doc == NULL) {
        return luaL_error(L, "%s", err.text);
    }
    marshal_push(L, doc_root(doc));
    doc_free(doc);
    return 1;
}

int console_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"take", take},
        {"give", give},
        {"snapshot", make_snapshot},
        {"hold", hold},
        {"interrupted", ask_interrupted},
        {"leave", leave},
        {"fetch", fetch},
        {"encode", encode},
        {"decode", decode},
        {NULL, NULL},
    };
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}
