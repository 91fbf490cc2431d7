/* sluice status: every Canary of a namespace in a line: phase, weight, failed checks, when it is looked at next, and
 * what it waits for. Reads only. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/hand.h"
#include "app/shown.h"
#include "app/subject.h"
#include "base/duration.h"
#include "base/mem.h"
#include "base/str.h"
#include "canary/canary.h"
#include "canary/condition.h"
#include "canary/hold.h"
#include "canary/phase.h"
#include "kube/object.h"
#include "release/history.h"

enum { COLUMNS = 7 };

const struct cli_flag status_flags[] = {
    SESSION_FLAGS,
    {"A", NULL, "Canaries of all namespaces"},
    {"all-namespaces", NULL, NULL},
    {"o", "text|json", "text (default) or json, which docs/by-hand.md describes"},
    {"output", "text|json", NULL},
    CLI_COMMON,
    {0},
};

struct words {
    struct session_flags session;
    const char *canary;
    bool all;
    struct cli_common common;
};

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct words *words = ctx;
    if (name == NULL && words->canary != NULL) {
        return err_set(err, ERR_INVALID, "%s: one Canary is wanted, or none", value);
    } else if (name == NULL) {
        struct subject subject;
        bool ok = subject_read(value, SUBJECT_CANARY, &subject, err);
        words->canary = subject.name;
        return ok;
    } else if (session_take(&words->session, name, value)) {
        return true;
    } else if (strcmp(name, "A") == 0 || strcmp(name, "all-namespaces") == 0) {
        words->all = true;
    } else {
        return cli_take_common(&words->common, name, value, err);
    }
    return true;
}

/* --- what is said of a Canary --- */

/* Words that begin a round: the next one is due an interval later (lua/stdlib/protocol.lua). */
static bool begins_round(const char *word)
{
    static const char *const words[] = {"begin", "round", "copy", "note_copy", "move_traffic", "finalise"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_equal(word, words[i])) {
            return true;
        }
    }
    return false;
}

/* Wall clock; 0: it is not known. */
static int64_t next_look_ms(const struct canary *canary, const struct node *release)
{
    int64_t last_ms = 0;
    struct node_iter it = node_iterate(node_at(release, "status", "entries"));
    while (node_next(&it)) {
        if (begins_round(node_str(node_get(it.value, "w")))) {
            last_ms = node_int_or(node_get(it.value, "t"), 0);
        }
    }
    return last_ms > 0 && !canary->suspend ? last_ms + canary->interval_ms : 0;
}

static void add_wait(struct doc *doc, struct node *row, const struct canary *canary)
{
    struct hold hold;
    if (hold_read(&hold, canary->root)) {
        struct node *n = node_ensure_object(doc, row, "waits");
        node_set_str(doc, n, "reason", hold.reason);
        node_set_str(doc, n, "message", hold.message);
        node_set_str(doc, n, "since", hold.since);
    }
}

static void add_release(struct doc *doc, struct node *row, const struct canary *canary, const struct node *release)
{
    int64_t next_ms = next_look_ms(canary, release);
    char next[32];
    if (release == NULL) {
        return;
    }
    struct node *n = node_ensure_object(doc, row, "release");
    node_set_str(doc, n, "name", object_name(release));
    node_set_str(doc, n, "state", node_str(node_at(release, "status", "state")));
    if (next_ms > 0 && release_state_is_open(node_str(node_at(release, "status", "state")))) {
        time_write(next_ms, next);
        node_set_str(doc, row, "nextLook", next);
    }
}

/* Flagger's counter begins anew when a Canary fails, so the record says then how many there were. */
static void add_checks(struct doc *doc, struct node *row, const struct canary *canary, const struct node *release)
{
    const struct node *status = node_get(release, "status");
    bool failed = str_equal(canary->phase, PHASE_FAILED) && node_is(node_get(status, "state"), RELEASE_FAILED);
    int64_t checks = failed ? node_int_or(node_get(status, "failedChecks"), 0) : canary->failed_checks;
    int64_t threshold = failed ? node_int_or(node_get(status, "threshold"), 0) : 0;
    node_set_int(doc, row, "failedChecks", checks);
    node_set_int(doc, row, "threshold", threshold > 0 ? threshold : canary->threshold);
}

static struct node *new_row(struct doc *doc, const struct canary *canary, const struct node *release)
{
    struct node *row = node_new_object(doc);
    node_set_str(doc, row, "namespace", canary->names.namespace);
    node_set_str(doc, row, "name", canary->names.name);
    node_set_str(doc, row, "phase", canary->phase[0] != '\0' ? canary->phase : "Unknown");
    node_set_int(doc, row, "weight", history_share(canary->root, release));
    add_checks(doc, row, canary, release);
    add_release(doc, row, canary, release);
    add_wait(doc, row, canary);
    node_set(doc, row, "lastRequest", node_copy(doc, node_get(canary->status, "lastRequest")));
    return row;
}

/* --- reading --- */

/* Only of a release under way, and of one that failed, the record is read. A person who may not read Releases sees the
 * rest. */
static void push_row(struct session *session, struct doc *rows, const struct node *object, bool alone)
{
    static const struct canary_defaults defaults = {.provider = "", .metrics_server = ""};
    struct canary canary;
    struct err ignored = {0};
    canary_init(&canary, doc_copy(object), &defaults, &ignored);
    bool whole =
        str_equal(canary.phase, PHASE_FAILED) || (!canary_is_at_rest(&canary) && !canary_is_initialising(&canary));
    struct doc *release = whole || alone ? hand_last_release(session, object, false, &ignored) : NULL;
    node_push(doc_root(rows), new_row(rows, &canary, doc_root(release)));
    doc_free(release);
    canary_fini(&canary);
}

static struct doc *read_rows(struct session *session, const struct words *words, struct err *err)
{
    struct doc *rows = doc_new();
    doc_set_root(rows, node_new_array(rows));
    struct kube_request list = {
        .verb = KUBE_LIST, .resource = &KUBE_CANARIES, .namespace = words->all ? NULL : session_namespace(session)};
    struct doc *found =
        words->canary != NULL ? hand_canary(session, words->canary, err) : session_ask(session, &list, err);
    if (found == NULL) {
        doc_free(rows);
        return NULL;
    } else if (words->canary != NULL) {
        push_row(session, rows, doc_root(found), true);
    } else {
        struct node_iter it = node_iterate(node_get(doc_root(found), "items"));
        while (node_next(&it)) {
            push_row(session, rows, it.value, false);
        }
    }
    doc_free(found);
    return rows;
}

/* --- telling --- */

static char *span(int64_t ms)
{
    char text[32];
    duration_write((ms > 0 ? ms : 0) / 1000 * 1000 * 1000 * 1000, text);
    return str_dup(text);
}

/* "in 42s", "now"; "-" where nothing is looked at. */
static char *next_of(const struct node *row, int64_t now_ms)
{
    int64_t next_ms;
    struct err ignored = {0};
    const char *next = node_str(node_get(row, "nextLook"));
    if (next == NULL || !time_parse(next, &next_ms, &ignored)) {
        return str_dup("-");
    } else if (next_ms < now_ms + 1000) {
        return str_dup("now");
    }
    char *left = span(next_ms - now_ms), *text = str_format("in %s", left);
    str_free(&left);
    return text;
}

static char *wait_of(const struct node *row, int64_t now_ms)
{
    const struct node *waits = node_get(row, "waits");
    const char *reason = node_str_or(node_get(waits, "reason"), "");
    char line[SHOWN_SIZE]; /* what follows it is to be seen, too */
    const char *message = shown_line(line, sizeof line, node_str(node_get(waits, "message")));
    int64_t since_ms;
    struct err ignored = {0};
    if (waits == NULL) {
        return str_dup("-");
    }
    char *text = str_format("%s%s%s", reason, message[0] != '\0' ? ": " : "", message);
    const char *since = node_str(node_get(waits, "since"));
    if (since != NULL && time_parse(since, &since_ms, &ignored)) {
        char *age = span(now_ms - since_ms), *whole = str_format("%s, for %s", text, age);
        str_free(&age);
        str_free(&text);
        text = whole;
    }
    return text;
}

static void fill_cells(const struct node *row, int64_t now_ms, char *cells[COLUMNS])
{
    cells[0] = str_dup(node_str(node_get(row, "namespace")));
    cells[1] = str_dup(node_str(node_get(row, "name")));
    cells[2] = str_dup(node_str(node_get(row, "phase")));
    cells[3] = str_format("%" PRId64, node_int_or(node_get(row, "weight"), 0));
    cells[4] = str_format("%" PRId64 "/%" PRId64, node_int_or(node_get(row, "failedChecks"), 0),
                          node_int_or(node_get(row, "threshold"), 0));
    cells[5] = next_of(row, now_ms);
    cells[6] = wait_of(row, now_ms);
    for (size_t i = 0; i < COLUMNS; i++) {
        char line[2 * SHOWN_SIZE], *cell = cells[i];
        cells[i] = str_dup(shown_line(line, sizeof line, cell));
        str_free(&cell);
    }
}

static void print_table(const struct node *rows, int64_t now_ms)
{
    static const char *const heads[COLUMNS] = {"NAMESPACE", "NAME",      "PHASE",    "WEIGHT",
                                               "FAILED",    "NEXT LOOK", "WAITS FOR"};
    size_t count = node_count(rows) + 1, widths[COLUMNS] = {0};
    char *(*cells)[COLUMNS] = mem_alloc(count * sizeof *cells);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            fill_cells(node_item(rows, i - 1), now_ms, cells[i]);
        }
        for (size_t j = 0; j < COLUMNS; j++) {
            cells[i][j] = i > 0 ? cells[i][j] : str_dup(heads[j]);
            widths[j] = strlen(cells[i][j]) > widths[j] ? strlen(cells[i][j]) : widths[j];
        }
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < COLUMNS; j++) {
            bool last = j + 1 == COLUMNS;
            printf("%-*s%s", last ? 0 : (int)widths[j], cells[i][j], last ? "\n" : "   ");
            str_free(&cells[i][j]);
        }
    }
    mem_free(cells);
}

static void print_line(char *text)
{
    char line[2 * SHOWN_SIZE];
    printf("%s\n", shown_line(line, sizeof line, text));
    str_free(&text);
}

static void print_details(const struct node *row)
{
    const struct node *release = node_get(row, "release"), *last = node_get(row, "lastRequest");
    if (release != NULL) {
        printf("\n");
        print_line(str_format("release       %s, %s", node_str_or(node_get(release, "name"), "?"),
                              node_str_or(node_get(release, "state"), RELEASE_RUNNING)));
    }
    if (last != NULL) {
        const char *reason = node_str(node_get(last, "reason"));
        print_line(str_format("last request  %s by %s%s%s, %s: %s: %s", node_str_or(node_get(last, "verb"), "?"),
                              node_str_or(node_get(last, "by"), "somebody"), reason != NULL ? ": " : "",
                              reason != NULL ? reason : "", node_str_or(node_get(last, "at"), "?"),
                              node_str_or(node_get(last, "outcome"), "?"), node_str_or(node_get(last, "message"), "")));
    }
}

static void tell(const struct words *words, const struct session *session, struct doc *rows)
{
    if (words->common.json) {
        struct doc *doc = doc_new();
        doc_set_root(doc, node_new_object(doc));
        node_set(doc, doc_root(doc), "canaries", node_copy(doc, doc_root(rows)));
        cli_print_json(doc_root(doc), stdout);
        doc_free(doc);
    } else if (node_count(doc_root(rows)) == 0) {
        printf("No Canaries in %s%s\n", words->all ? "any namespace" : "namespace ",
               words->all ? "" : session_namespace(session));
    } else {
        print_table(doc_root(rows), session_now_ms(session));
        if (words->canary != NULL) {
            print_details(node_item(doc_root(rows), 0));
        }
    }
}

static int run(void *ctx, struct session *session, struct err *err)
{
    const struct words *words = ctx;
    struct doc *rows = read_rows(session, words, err);
    if (rows == NULL) {
        return SESSION_FAILED;
    }
    tell(words, session, rows);
    doc_free(rows);
    return 0;
}

static const struct cli_about about = {
    "usage: sluice status [-n NAMESPACE | -A] [CANARY] [flags]\n\n"
    "Tells of every Canary its phase, the canary's share of the traffic, failed checks, when\n"
    "it is looked at next, what it waits for and for how long. Reads only.\n\n",
    "\nExit status: 0 it is told, 2 it could not be read, 130 interrupted.\n", status_flags};

int command_status(int argc, char **argv)
{
    struct words words = {0};
    struct err err = {0};
    if (!cli_read(status_flags, argc, argv, take, &words, &err) ||
        (words.all && words.canary != NULL && !err_set(&err, ERR_INVALID, "-A and a Canary exclude each other"))) {
        return cli_refuse("status", &err);
    } else if (cli_answer(&about, words.common.help, words.common.version)) {
        return 0;
    }
    return session_run("status", &words.session, run, &words);
}
