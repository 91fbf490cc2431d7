/* Lines that are typed at a terminal: editing, history, completion, Ctrl-C (libedit). The only file that knows it is
 * repl_line.c. */
#pragma once

#include <stdbool.h>

struct repl_line;
struct repl_world;

/* `history`: the file of lines, "none" for nowhere, NULL for the usual place. The world completes words. */
struct repl_line *repl_line_open(const char *history, struct repl_world *world);
void repl_line_close(struct repl_line *editor); /* NULL: nothing */

/* A line without its end, to be freed; NULL: the user has ended the input (Ctrl-D). `is_more`: a line is begun. */
char *repl_line_read(struct repl_line *editor, bool is_more);
/* True when the line that was read last, and what it continues, was given up with Ctrl-C. */
bool repl_line_dropped(const struct repl_line *editor);
void repl_line_keep(struct repl_line *editor, const char *text);
