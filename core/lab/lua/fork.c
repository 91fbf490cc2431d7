/* A function in a copy of the process that ends with it, for Lua (see module.c): nothing of what it does is left here
 * but the text that it gives. So a world comes to a place once, and goes on from there in many ways. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "lab/lua/module_inner.h"

enum { TEXT_MAX = 64 << 20, GAVE_NOTHING = 0, GAVE_TEXT = 60, RAISED = 61 };

static void write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno != EINTR) {
            return; /* nobody reads it any more */
        }
        bytes += written > 0 ? written : 0;
        len -= written > 0 ? (size_t)written : 0;
    }
}

/* The copy's whole life. What is registered for the end of a process is the other's. It is too short for the collector,
 * which would write into every page that the two share. */
static _Noreturn void live(lua_State *L, int to)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody would read what it gives */
    lua_gc(L, LUA_GCSTOP, 0);
    int status = lua_pcall(L, 0, 1, 0) == 0 ? GAVE_NOTHING : RAISED;
    size_t len = 0;
    const char *text = lua_tolstring(L, -1, &len);
    if (text != NULL) {
        write_all(to, text, len);
        status = status == RAISED ? RAISED : GAVE_TEXT;
    }
    fflush(NULL);
    _exit(status);
}

static void read_all(int fd, struct buf *text)
{
    char bytes[4096];
    ssize_t count;
    do {
        count = read(fd, bytes, sizeof bytes);
        buf_append(text, bytes, count > 0 ? (size_t)count : 0);
    } while (count > 0 || (count < 0 && errno == EINTR));
}

static int wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

static int fork_call(lua_State *L)
{
    int ends[2];
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    fflush(NULL); /* else the copy writes it, too */
    if (pipe(ends) != 0) {
        return luaL_error(L, "no pipe to a copy of the process: %s", strerror(errno));
    }
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        live(L, ends[1]);
    }
    close(ends[1]);
    struct buf text;
    buf_init(&text, TEXT_MAX);
    read_all(ends[0], &text);
    close(ends[0]);
    int status = child > 0 ? wait_for(child) : -1;
    lua_pushlstring(L, buf_str(&text), text.len);
    buf_fini(&text);
    if (child < 0) {
        return luaL_error(L, "no copy of the process: %s", strerror(errno));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == RAISED) {
        return lua_error(L);
    }
    if (!WIFEXITED(status) || (WEXITSTATUS(status) != GAVE_TEXT && WEXITSTATUS(status) != GAVE_NOTHING)) {
        return luaL_error(L, "the copy of the process ended with %s %d", WIFEXITED(status) ? "status" : "signal",
                          WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    }
    return WEXITSTATUS(status) == GAVE_TEXT ? 1 : 0;
}

const luaL_Reg module_fork[] = {{"fork", fork_call}, {NULL, NULL}};
