/* The world's side of `sluice repl`: a process that carries out lines, and copies of it that wait.
 *
 *     front (app/repl_world.c)         worker                       snapshot
 *       a line ───────────────────────> forks: the copy goes on ──> waits, as all was before the line
 *                 <──────────────────── what it prints, and that it is done
 *       back: kills the worker, and asks the snapshot instead ─────> is the worker
 *
 * So a world, its clock, its engine and the variables of the user go back together, in no time, and a line that spins,
 * eats memory or crashes costs its own process alone. Each process has a socket of its own to the front, whose packets
 * come whole or not at all; when the front has closed it, the process ends. Lua has it as require 'tool.console'. */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct tool;

enum console_kind {
    /* to a worker */
    CONSOLE_LINE = 'L',  /* carry this line out; `number`: columns of the terminal, 0: there is none */
    CONSOLE_AGAIN = 'Q', /* the same, telling nothing, and not beyond step `number` */
    CONSOLE_GO_ON = 'G', /* go on with the line in whose middle this snapshot was made, telling nothing, up to there */
    CONSOLE_IS_WHOLE = 'W', /* is this text a whole line? CONSOLE_ANSWER with `number` 1 or 0 */
    CONSOLE_COMPLETE = 'C', /* what may stand at the end of this text? CONSOLE_ANSWER with a line each */
    CONSOLE_FETCHED =
        'F', /* a part of the answer to CONSOLE_FETCH, whose status is `number`; `status` 1: more follows */
    /* from a worker */
    CONSOLE_SNAPSHOT =
        'S', /* I wait from now on, at step `number`; the copy `pid` goes on, at the socket that comes along */
    CONSOLE_OUTPUT = 'O',
    CONSOLE_ERROR = 'E',
    CONSOLE_DONE = 'D',   /* the line is done: `status`, and the step at which the world is, as `number` */
    CONSOLE_BACK = 'B',   /* the line wants the world as it was at step `number` */
    CONSOLE_QUIT = 'X',   /* the line wants the console to end */
    CONSOLE_ANSWER = 'A', /* to CONSOLE_IS_WHOLE or CONSOLE_COMPLETE */
    CONSOLE_FETCH = 'R',  /* read this for me (app/repl_live.h): a worker has no network */
};

struct console_head {
    int32_t kind, status;
    int64_t number;
    int32_t pid, is_begin; /* of a snapshot: it was made before a line, not in the middle of one */
};

enum { CONSOLE_TEXT_MAX = 64 * 1024 }; /* of a packet, behind the head */

/* Sends a packet, and `fd` with it unless that is -1. False: nobody reads any more. Safe in a handler of signals. */
bool console_send(int socket, const struct console_head *head, const char *text, size_t len, int fd);
/* Waits for one; `text` has room for CONSOLE_TEXT_MAX. `fd` NULL: none can come along. Returns the length of the text;
 * -1: there will be none any more, or, with errno EINTR, a signal came. */
ssize_t console_receive(int socket, struct console_head *head, char *text, int *fd);

/* Makes this process the first worker of the front at the other end of `socket`. `interrupt` (tool_interrupt) ends what
 * the Lua is at. */
void console_join(struct tool *tool, void (*interrupt)(struct tool *tool), int socket, pid_t front);

int console_open(lua_State *L);
