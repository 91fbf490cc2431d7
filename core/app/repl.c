/* sluice repl: a console over a world (lua/tool/repl): walks through a release word by word, forward and back. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/bearer.h"
#include "app/cli.h"
#include "app/command.h"
#include "app/repl_line.h"
#include "app/repl_live.h"
#include "app/repl_world.h"
#include "app/subject.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/http.h"

static const char usage[] = "usage: sluice repl SCENARIO|FOLDER [flags]\n"
                            "       sluice repl --release FILE [flags]\n"
                            "       sluice repl -n NAMESPACE CANARY [--kubeconfig FILE] [--prometheus URL] [flags]\n"
                            "\n"
                            "Walks through a release in an embedded cluster and virtual time: word by word, forward\n"
                            "and back, with any expression of Lua, all checks and queries, and a world that can be\n"
                            "changed between two words. Of a live canary, the objects are read, and its Prometheus\n"
                            "is asked; nothing that is typed writes there, or calls a webhook. docs/repl.md has all\n"
                            "of it; help, typed there, a list.\n"
                            "\n";

static const char after[] =
    "\n"
    "Over a pipe the same lines are carried out, and only answers are printed.\n"
    "\n"
    "Exit status: 0 all is well with the last line, 1 the rule says no or the line is wrong, 2 it\n"
    "could not be carried out, 130 interrupted.\n";

const struct cli_flag repl_flags[] = {
    {"n", "NAMESPACE", "of a live canary (default: that of the context)"},
    {"namespace", "NAMESPACE", NULL},
    CLUSTER_FLAGS,
    {"prometheus", "URL", "ask this one for a live canary (default: its spec.metricsServer)"},
    {"prometheus-token-file", "FILE", "with the bearer token in this file (default the one in $PROMETHEUS_TOKEN)"},
    {"release", "FILE", "walk a release as it was recorded (kubectl get release NAME -o yaml)"},
    {"until", "WHEN", "go there first: to a time (2:11), a phase, a share or an event; without -e the scenario plays"},
    {"e", "LINE", "carry this line out first; may be given several times"},
    {"history", "FILE", "keep the lines there (default: sluice/history in $XDG_STATE_HOME); none: nowhere"},
    CLI_COMMON,
    {0},
};

static const struct cli_about about = {usage, after, repl_flags};

enum { COLUMNS_DEFAULT = 80, LINE_MAX_LEN = 1 << 20, INTERRUPTED = 130 };

struct words {
    const char *path, *history; /* path: or the name of a live canary */
    struct session_flags session;
    const char *release, *prometheus, *token_file, *until;
    struct str_list lines; /* of -e */
    bool help, version;
};

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct words *words = ctx;
    if (name == NULL) {
        if (words->path != NULL) {
            return err_set(err, ERR_INVALID, "%s: one scenario is wanted", value);
        }
        words->path = value;
    } else if (session_take(&words->session, name, value)) {
        return true;
    } else if (strcmp(name, "prometheus") == 0) {
        words->prometheus = value;
    } else if (strcmp(name, "prometheus-token-file") == 0) {
        words->token_file = value;
    } else if (strcmp(name, "release") == 0) {
        words->release = value;
    } else if (strcmp(name, "until") == 0) {
        words->until = value;
    } else if (strcmp(name, "e") == 0) {
        str_list_push(&words->lines, value);
    } else if (strcmp(name, "history") == 0) {
        words->history = value;
    } else if (strcmp(name, "version") == 0) {
        words->version = true;
    } else {
        words->help = true;
    }
    return true;
}

static bool is_live(const struct words *words)
{
    return session_is_told(&words->session) || words->prometheus != NULL;
}

static int columns_of_terminal(void)
{
    struct winsize size = {0};
    if (!isatty(STDOUT_FILENO)) {
        return 0;
    }
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : COLUMNS_DEFAULT;
}

/* --- the two ways in which lines come --- */

/* Why the pipe gives nothing any more; 0: it is at its end. EINTR: Ctrl-C came while it was waited for. */
static int pipe_errno;
/* The line has a NUL byte, with which it would end for whoever reads it. */
static bool pipe_gave_nul;

/* A line of a pipe, without its end; to be freed. NULL: there is none any more. One that has begun when the pipe fails
 * is none: nobody has said that it is whole. */
static char *read_piped(void)
{
    struct buf line;
    buf_init(&line, LINE_MAX_LEN);
    errno = 0;
    int next = fgetc(stdin);
    for (; next != EOF && next != '\n'; next = fgetc(stdin)) {
        buf_append_char(&line, (char)next);
    }
    pipe_gave_nul = pipe_gave_nul || memchr(buf_str(&line), '\0', line.len) != NULL;
    pipe_errno = ferror(stdin) ? errno : 0;
    if (pipe_errno != 0 || (next == EOF && line.len == 0)) {
        buf_fini(&line);
        return NULL;
    }
    return buf_take(&line);
}

static int status_of_pipe(int last)
{
    if (pipe_errno == 0) {
        return last;
    } else if (pipe_errno == EINTR) {
        return INTERRUPTED;
    }
    fprintf(stderr, "sluice repl: cannot read standard input: %s\n", strerror(pipe_errno));
    return 2;
}

/* Adds lines until they are a whole one. */
static char *read_whole(struct repl_line *editor, struct repl_world *world)
{
    struct buf text;
    buf_init(&text, LINE_MAX_LEN);
    pipe_gave_nul = false;
    for (bool is_more = false;; is_more = true) {
        char *line = editor != NULL ? repl_line_read(editor, is_more) : read_piped();
        if (line == NULL && (!is_more || pipe_errno != 0)) {
            buf_fini(&text);
            return NULL;
        }
        buf_append_str(&text, is_more ? "\n" : "");
        buf_append_str(&text, line != NULL ? line : "");
        bool is_end = line == NULL;
        str_free(&line);
        if (is_end || (editor != NULL && repl_line_dropped(editor)) || repl_world_is_whole(world, buf_str(&text))) {
            break;
        }
    }
    return buf_take(&text);
}

/* What the words of the command ask for, as lines of the console. */
static void plan_lines(struct words *words)
{
    bool has_acts = words->release == NULL && !is_live(words);
    if (words->until != NULL && has_acts && words->lines.count == 0) {
        str_list_push(&words->lines, "play");
    }
    if (words->until != NULL) {
        str_list_push_format(&words->lines, "until %s", words->until);
    }
}

static struct repl_reply carry_out(const struct str_list *lines, struct repl_world *world, struct repl_reply reply)
{
    for (size_t i = 0; i < lines->count && !reply.is_end && reply.status != INTERRUPTED; i++) {
        reply = repl_world_line(world, lines->items[i], columns_of_terminal());
    }
    return reply;
}

static int talk(struct repl_line *editor, struct repl_world *world, struct repl_reply reply)
{
    while (!reply.is_end) {
        char *line = read_whole(editor, world);
        if (line == NULL) {
            break;
        }
        bool is_dropped = editor != NULL && repl_line_dropped(editor);
        if (pipe_gave_nul) {
            fprintf(stderr, "a line with a NUL byte: text is wanted\n");
            reply = (struct repl_reply){.status = 1};
        } else if (!is_dropped && line[0] != '\0') {
            if (editor != NULL) {
                repl_line_keep(editor, line);
            }
            reply = repl_world_line(world, line, columns_of_terminal());
        }
        str_free(&line);
        if (ferror(stdout)) {
            break; /* nobody reads any more */
        }
    }
    return reply.is_end ? reply.status : status_of_pipe(reply.status);
}

/* --- signals --- */

static void on_interrupt(int signum)
{
    repl_world_interrupt();
}

static void listen_for_signals(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

/* --- the command --- */

static bool take_canary(struct words *words, struct err *err)
{
    struct subject subject;
    if (words->path == NULL) {
        return err_set(err, ERR_INVALID, "the name of a Canary is missing");
    }
    bool ok = subject_read(words->path, SUBJECT_CANARY, &subject, err);
    words->path = subject.name;
    return ok;
}

static bool is_whole(struct words *words, struct err *err)
{
    if (words->prometheus != NULL && !http_is_url(words->prometheus)) {
        return err_set(err, ERR_INVALID, "--prometheus: the URL of a server is wanted, got %s", words->prometheus);
    }
    if (words->token_file != NULL && words->prometheus == NULL) {
        return err_set(err, ERR_INVALID, "--prometheus-token-file is of use with --prometheus only");
    }
    if (words->release != NULL) {
        return (words->path == NULL && !is_live(words)) ||
               err_set(err, ERR_INVALID, "--release %s: a record is walked alone, without a cluster or a scenario",
                       words->release);
    }
    if (is_live(words)) {
        return take_canary(words, err);
    }
    return words->path != NULL || err_set(err, ERR_INVALID, "a scenario, or the folder of a strategy, is missing");
}

static struct doc *order_of(const struct words *words, const struct repl_live *live, bool is_terminal)
{
    struct doc *order = doc_new();
    struct node *root = node_new_object(order);
    doc_set_root(order, root);
    if (live != NULL) {
        node_set_str(order, root, "canary", words->path);
        node_set_str(order, root, "namespace", repl_live_namespace(live));
        node_set_str(order, root, "server", repl_live_server(live));
        node_set_str(order, root, "prometheus", words->prometheus);
    } else if (words->release != NULL) {
        node_set_str(order, root, "release", words->release);
    } else {
        char folder[PATH_MAX];
        node_set_str(order, root, "scenario", words->path);
        node_set_str(order, root, "folder", getcwd(folder, sizeof folder));
    }
    node_set_int(order, root, "columns", columns_of_terminal());
    node_set_bool(order, root, "terminal", is_terminal);
    return order;
}

static int walk(const struct words *words, struct repl_live *live)
{
    bool is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    struct doc *order = order_of(words, live, is_terminal);
    struct repl_reply reply = {0};
    listen_for_signals();
    struct repl_world *world = repl_world_open(doc_root(order), live != NULL ? repl_live_fetch : NULL, live, &reply);
    doc_free(order);
    if (world == NULL) {
        return reply.status;
    }
    struct repl_line *editor = is_terminal ? repl_line_open(words->history, world) : NULL;
    int status = talk(editor, world, carry_out(&words->lines, world, reply));
    repl_line_close(editor);
    repl_world_close(world);
    return status;
}

static int run(struct words *words)
{
    struct err err = {0};
    char *bearer = words->prometheus != NULL ? bearer_read(words->token_file, "PROMETHEUS_TOKEN", &err) : NULL;
    struct repl_live *live = is_live(words) && err.code == ERR_NONE ? repl_live_open(&words->session, &err) : NULL;
    int status = 2;
    if (err.code != ERR_NONE) {
        fprintf(stderr, "sluice repl: %s\n", err.text);
    } else {
        if (bearer != NULL) {
            repl_live_trust(live, words->prometheus, bearer);
        }
        plan_lines(words);
        status = walk(words, live);
    }
    repl_live_close(live);
    str_free(&bearer);
    return status;
}

static int command(struct words *words, int argc, char **argv)
{
    struct err err = {0};
    bool ok = cli_read(repl_flags, argc, argv, take, words, &err);
    if (ok && cli_answer(&about, words->help, words->version)) {
        return 0;
    }
    if (!ok || !is_whole(words, &err)) {
        return cli_refuse("repl", &err);
    }
    return run(words);
}

int command_repl(int argc, char **argv)
{
    struct words words = {0};
    int status = command(&words, argc, argv);
    str_list_fini(&words.lines);
    return status;
}
