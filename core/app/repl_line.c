#include "app/repl_line.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/repl_world.h"
#include "base/mem.h"
#include "base/str.h"

enum { HISTORY_MAX = 1000, FILE_MODE = 0600, FOLDER_MODE = 0700, GAP = 2 };

struct repl_line {
    EditLine *el;
    History *history;
    char *file; /* NULL: nowhere */
    struct repl_world *world;
    bool is_more, is_dropped;
};

/* --- prompt --- */

static char *prompt(EditLine *el)
{
    static char first[] = "> ", more[] = ". ";
    struct repl_line *editor;
    el_get(el, EL_CLIENTDATA, &editor);
    return editor->is_more ? more : first;
}

/* --- history --- */

static bool make_folder(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        bool ok = mkdir(path, FOLDER_MODE) == 0 || errno == EEXIST;
        *slash = '/';
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* NULL: nowhere. */
static char *file_of(const char *wanted)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (wanted != NULL) {
        return strcmp(wanted, "none") == 0 ? NULL : str_dup(wanted);
    }
    char *file = state != NULL && state[0] == '/' ? str_format("%s/sluice/history", state)
                 : home != NULL && home[0] == '/' ? str_format("%s/.local/state/sluice/history", home)
                                                  : NULL;
    if (file != NULL && !make_folder(file)) {
        str_free(&file);
    }
    return file;
}

/* The lines may name what is nobody else's business. */
static void save_history(struct repl_line *editor)
{
    HistEvent event;
    if (editor->file == NULL) {
        return;
    }
    mode_t before = umask(0777 & ~FILE_MODE);
    if (history(editor->history, &event, H_SAVE, editor->file) < 0) {
        fprintf(stderr, "sluice repl: the history cannot be written: %s: %s\n", editor->file, strerror(errno));
    }
    umask(before);
    chmod(editor->file, FILE_MODE);
}

static void load_history(struct repl_line *editor)
{
    HistEvent event;
    history(editor->history, &event, H_SETSIZE, HISTORY_MAX);
    history(editor->history, &event, H_SETUNIQUE, 1);
    if (editor->file != NULL && access(editor->file, R_OK) == 0) {
        history(editor->history, &event, H_LOAD, editor->file);
    }
    el_set(editor->el, EL_HIST, history, editor->history);
}

void repl_line_keep(struct repl_line *editor, const char *text)
{
    HistEvent event;
    history(editor->history, &event, H_ENTER, text);
}

/* --- completion --- */

/* What all of the lines begin with. */
static size_t common_len(const char *first, const char *lines)
{
    size_t len = strcspn(first, "\n");
    for (const char *line = lines; *line != '\0'; line += strcspn(line, "\n") + (strchr(line, '\n') != NULL)) {
        size_t same = 0;
        while (same < len && line[same] == first[same] && line[same] != '\n') {
            same++;
        }
        len = same;
    }
    return len;
}

/* All of them, in lines that end between two of them. */
static void list(const char *lines)
{
    struct winsize size = {0};
    size_t columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0, used = 0;
    for (const char *line = lines; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        bool fits = used > 0 && used + GAP + len < columns;
        printf("%s%.*s", fits ? "  " : "\n", (int)len, line);
        used = (fits ? used + GAP : 0) + len;
        line += len + (line[len] == '\n');
    }
    printf("\n");
    fflush(stdout);
}

/* The first line says how many characters before the cursor each of the others stands for. */
static unsigned char complete(EditLine *el, int character)
{
    struct repl_line *editor;
    el_get(el, EL_CLIENTDATA, &editor);
    const LineInfo *info = el_line(el);
    char *before = str_dup_n(info->buffer, (size_t)(info->cursor - info->buffer));
    char *answer = repl_world_complete(editor->world, before);
    str_free(&before);
    char *lines = answer;
    size_t known = (size_t)strtol(answer, &lines, 10);
    lines += *lines == '\n';
    unsigned char result = CC_ERROR;
    if (*lines != '\0') {
        size_t len = common_len(lines, lines);
        bool is_only = strchr(lines, '\n') == NULL;
        char *rest = str_dup_n(lines + (known < len ? known : len), len > known ? len - known : 0);
        if (rest[0] != '\0') {
            el_insertstr(el, rest);
            result = CC_REFRESH;
        } else if (!is_only) {
            list(lines);
            result = CC_REDISPLAY;
        }
        str_free(&rest);
    }
    str_free(&answer);
    return result;
}

/* --- reading --- */

static sigjmp_buf interrupted;

static void on_interrupt(int signum)
{
    siglongjmp(interrupted, 1);
}

/* A line, or NULL and `dropped`: Ctrl-C. libedit reads on after a signal, so the way out is a jump; what it holds then
 * is what el_reset throws away. */
static const char *read_line(EditLine *el, int *count, bool *dropped)
{
    struct sigaction action = {.sa_handler = on_interrupt}, before;
    sigemptyset(&action.sa_mask);
    *dropped = false;
    if (sigsetjmp(interrupted, 1) != 0) {
        *dropped = true;
        sigaction(SIGINT, &before, NULL);
        return NULL;
    }
    sigaction(SIGINT, &action, &before);
    const char *line = el_gets(el, count);
    sigaction(SIGINT, &before, NULL);
    return line;
}

/* Ends a line on the screen that was given up. The cursor may be in the midst of it, with rows of it below. */
static void leave_line(void)
{
    const char *term = getenv("TERM");
    bool is_dumb = str_empty(term) || strcmp(term, "dumb") == 0;
    printf("^C%s\n", is_dumb ? "" : "\033[J");
    fflush(stdout);
}

char *repl_line_read(struct repl_line *editor, bool is_more)
{
    int count = 0;
    editor->is_more = is_more;
    const char *line = read_line(editor->el, &count, &editor->is_dropped);
    if (editor->is_dropped) {
        el_reset(editor->el);
        leave_line();
        return str_dup("");
    }
    if (line == NULL || count <= 0) {
        printf("\n");
        return NULL;
    }
    size_t len = strlen(line); /* one of the history may have several lines in it */
    return str_dup_n(line, len > 0 && line[len - 1] == '\n' ? len - 1 : len);
}

bool repl_line_dropped(const struct repl_line *editor)
{
    return editor->is_dropped;
}

/* --- life --- */

/* The terminal of this process, as libedit has it. It is never ended, as el_end would lose what EL_ADDFN has copied. */
static EditLine *terminal;

/* Lines are UTF-8, as all that Sluice writes, whatever the environment says: in the locale "C" libedit would leave out
 * each character that is not ASCII, and say nothing. */
static void read_utf8(void)
{
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
        setlocale(LC_CTYPE, "");
    }
}

static EditLine *open_terminal(void)
{
    if (terminal == NULL) {
        read_utf8();
        terminal = el_init("sluice", stdin, stdout, stderr);
        el_set(terminal, EL_PROMPT, prompt);
        el_set(terminal, EL_EDITOR, "emacs");
        el_set(terminal, EL_ADDFN, "sluice-complete", "completes the word before the cursor", complete);
        el_set(terminal, EL_BIND, "\t", "sluice-complete", NULL);
        el_source(terminal, NULL);
    }
    return terminal;
}

struct repl_line *repl_line_open(const char *history_file, struct repl_world *world)
{
    struct repl_line *editor = mem_new(struct repl_line);
    editor->world = world;
    editor->file = file_of(history_file);
    editor->el = open_terminal();
    editor->history = history_init();
    el_set(editor->el, EL_CLIENTDATA, editor);
    load_history(editor);
    return editor;
}

void repl_line_close(struct repl_line *editor)
{
    if (editor == NULL) {
        return;
    }
    save_history(editor);
    el_set(editor->el, EL_HIST, NULL, NULL);
    history_end(editor->history);
    el_set(editor->el, EL_PREP_TERM, 0);
    str_free(&editor->file);
    mem_free(editor);
}
