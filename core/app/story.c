#include "app/story.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/duration.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/traffic/canary_share.h"

enum {
    COLUMNS_USUAL = 80,
    COLUMNS_MIN = 40,
    BAR_CELLS = 5,
    LINE_INDENT = 20, /* where an event's text begins: after time, share, bar and mark */
    COMMAND_INDENT = 4,
    COLUMN_GAP = 3,
    TEXT_MAX = 64 * 1024,
};

#define COMMAND "$ "
#define COMBINED "(combined from similar events): "

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define RESET "\033[0m"

struct story {
    struct cluster *cluster;
    FILE *out;
    struct story_look look;
    int64_t began_ms;
    int weight;    /* weight of the canary that was told of last, in percent, from the routes; -1: none yet */
    bool is_blank; /* the last line */
};

static bool is_utf8(void)
{
    setlocale(LC_CTYPE, "");
    bool yes = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    setlocale(LC_CTYPE, "C");
    return yes;
}

struct story_look story_look_of(FILE *out)
{
    const char *term = getenv("TERM");
    struct winsize size = {0};
    bool is_terminal = isatty(fileno(out)) != 0;
    bool is_dumb = str_empty(term) || strcmp(term, "dumb") == 0;
    bool has_size = is_terminal && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    int columns = has_size ? size.ws_col : COLUMNS_USUAL;
    return (struct story_look){
        .colours = is_terminal && !is_dumb && str_empty(getenv("NO_COLOR")),
        .blocks = is_terminal && !is_dumb && is_utf8(),
        .columns = columns < COLUMNS_MIN ? COLUMNS_MIN : columns,
    };
}

static const char *paint(const struct story *s, const char *sequence)
{
    return s->look.colours ? sequence : "";
}

/* --- folding --- */

/* UTF-8 characters; each is taken for one column. */
static int width_of(const char *text, size_t len)
{
    int width = 0;
    for (size_t i = 0; i < len; i++) {
        width += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return width;
}

/* Goes on in a line that is filled up to `column`. Further lines begin at `indent`, and the line before ends with
 * `tail`. A word that is longer than a line is not cut. */
static void print_folded(const struct story *s, const char *text, int column, int indent, const char *tail)
{
    int end = s->look.columns > 0 ? s->look.columns - (int)strlen(tail) : 0;
    bool is_first = true, is_command = tail[0] != '\0';
    while (*text != '\0') {
        size_t blanks = strspn(text, " "), len = strcspn(text + blanks, " ");
        int width = (int)blanks + width_of(text + blanks, len);
        if (is_command && text[blanks] == '#') { /* a comment, which ends the command */
            int rest = column + width_of(text, strlen(text));
            bool fits = s->look.columns == 0 || rest <= s->look.columns;
            fprintf(s->out, "%s%*s", fits ? "" : "\n", fits ? (int)blanks : indent, "");
            print_folded(s, text + blanks, fits ? column : indent, indent, "");
            return;
        }
        if (end > 0 && !is_first && column + width > end) {
            fprintf(s->out, "%s\n%*s%.*s", tail, indent, "", (int)len, text + blanks);
            column = indent + width - (int)blanks;
        } else {
            fprintf(s->out, "%.*s", (int)(blanks + len), text);
            column += width;
        }
        is_first = false;
        text += blanks + len;
    }
}

void story_note(struct story *s, int indent, const char *text)
{
    bool is_command = str_has_prefix(text, COMMAND);
    fprintf(s->out, "%*s", indent, "");
    print_folded(s, text, indent, indent + (is_command ? COMMAND_INDENT : 0), is_command ? " \\" : "");
    fprintf(s->out, "\n");
    s->is_blank = false;
}

/* --- lines --- */

/* Minutes and seconds since the story began. */
static void print_time(struct story *s)
{
    int64_t seconds = (clock_wall_ms(cluster_clock(s->cluster)) - s->began_ms) / 1000;
    s->is_blank = false;
    fprintf(s->out, "%s%3lld:%02lld%s ", paint(s, DIM), (long long)(seconds / 60), (long long)(seconds % 60),
            paint(s, RESET));
}

/* Shows the current split of the traffic, with the canary's share filled: a cell is twenty percent, half a cell ten. */
static void print_bar(struct story *s)
{
    int weight = s->weight > 0 ? s->weight : 0, halves = (weight * BAR_CELLS * 2 + 50) / 100;
    fprintf(s->out, "%3d%% %s", weight, paint(s, GREEN));
    for (int i = 0; i < BAR_CELLS; i++, halves -= 2) {
        const char *cell = s->look.blocks ? (halves >= 2   ? "█"
                                             : halves == 1 ? "▌"
                                                           : "·")
                                          : (halves >= 2   ? "#"
                                             : halves == 1 ? "+"
                                                           : ".");
        fprintf(s->out, "%s", cell);
    }
    fprintf(s->out, "%s ", paint(s, RESET));
}

/* Finds the share of this canary: several canaries have shares of their own. */
static void find_share(struct story *s, const struct node *canary)
{
    struct objects *objects = api_objects(cluster_api(s->cluster));
    const char *namespace = node_str_or(node_get(canary, "namespace"), "");
    struct doc *object =
        objects_get(objects, "flagger.app/canaries", namespace, node_str_or(node_get(canary, "name"), ""));
    const struct node *spec = node_get(doc_root(object), "spec");
    const char *apex = node_str_or(node_at(spec, "service", "name"), "");
    if (apex[0] == '\0') {
        apex = node_str_or(node_at(spec, "targetRef", "name"), "");
    }
    canary_share(objects, namespace, apex, &s->weight);
    doc_free(object);
}

static void print_event(struct story *s, const struct node *event)
{
    const char *type = node_str_or(node_get(event, "type"), "");
    const char *message = node_str_or(node_get(event, "message"), "");
    bool is_warning = strcmp(type, "Warning") == 0;
    if (str_has_prefix(message, COMBINED)) {
        message += strlen(COMBINED); /* the tenth and later ones share one object; here each is told */
    }
    find_share(s, node_get(event, "involvedObject"));
    print_time(s);
    print_bar(s);
    fprintf(s->out, "%s%s ", paint(s, is_warning ? YELLOW : ""), is_warning ? "!" : " ");
    print_folded(s, message, LINE_INDENT, LINE_INDENT, "");
    fprintf(s->out, "%s\n", paint(s, RESET));
    cli_flush(s->out);
}

static void on_change(void *ctx, const struct objects_event *event)
{
    struct story *s = ctx;
    if (event->change == OBJECTS_DELETED) {
        return;
    }
    const char *kind = node_str_or(node_get(event->object, "kind"), "");
    if (strcmp(kind, "Event") == 0 &&
        strcmp(node_str_or(node_at(event->object, "involvedObject", "kind"), ""), "Canary") == 0) {
        print_event(s, event->object);
    } else {
        canary_share_changed(event, &s->weight);
    }
}

/* --- the whole --- */

struct story *story_new(struct cluster *cluster, FILE *out, const struct story_look *look)
{
    struct story *s = mem_new(struct story);
    s->cluster = cluster;
    s->out = out;
    s->look = *look;
    s->began_ms = clock_wall_ms(cluster_clock(cluster));
    s->weight = -1;
    objects_listen(api_objects(cluster_api(cluster)), on_change, s);
    return s;
}

void story_free(struct story *s)
{
    if (s == NULL) {
        return;
    }
    objects_unlisten(api_objects(cluster_api(s->cluster)), on_change, s);
    mem_free(s);
}

/* Prints paragraphs, folded for the terminal, whatever the lines of the file are. */
static void print_text(const struct story *s, const char *text)
{
    struct buf paragraph;
    buf_init(&paragraph, TEXT_MAX);
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        buf_printf(&paragraph, "%s%.*s", paragraph.len > 0 ? " " : "", (int)len, text);
        text += len + (text[len] == '\n');
        if (len == 0 || *text == '\n' || *text == ' ' || *text == '\0') {
            print_folded(s, buf_str(&paragraph), 0, 0, "");
            fprintf(s->out, "\n");
            buf_clear(&paragraph);
        }
    }
    buf_fini(&paragraph);
}

void story_begin(struct story *s, const char *title, const char *description)
{
    fprintf(s->out, "%s%s%s\n\n", paint(s, BOLD), title, paint(s, RESET));
    if (!str_empty(description)) {
        print_text(s, description);
        fprintf(s->out, "\n");
    }
    s->is_blank = true;
}

void story_say(struct story *s, const char *text)
{
    bool is_command = str_has_prefix(text, COMMAND);
    fprintf(s->out, "%s%s", s->is_blank ? "" : "\n", paint(s, BOLD));
    print_folded(s, text, 0, is_command ? COMMAND_INDENT : 0, is_command ? " \\" : "");
    fprintf(s->out, "%s\n", paint(s, RESET));
    cli_flush(s->out);
    s->is_blank = false;
}

void story_world(struct story *s, const char *text)
{
    print_time(s);
    print_bar(s);
    fprintf(s->out, "%s* ", paint(s, DIM));
    print_folded(s, text, LINE_INDENT, LINE_INDENT, "");
    fprintf(s->out, "%s\n", paint(s, RESET));
    cli_flush(s->out);
}

/* --- canaries --- */

enum { TABLE_COLUMNS = 5 };

struct table {
    struct story *story; /* NULL: only the widths are wanted */
    int widths[TABLE_COLUMNS];
};

static void add_row(struct table *table, const char *const cells[TABLE_COLUMNS], const char *colour)
{
    for (int i = 0; i < TABLE_COLUMNS; i++) {
        int width = width_of(cells[i], strlen(cells[i]));
        bool is_last = i + 1 == TABLE_COLUMNS;
        if (table->story == NULL) {
            table->widths[i] = width > table->widths[i] ? width : table->widths[i];
            continue;
        }
        const char *before = i == 2 ? paint(table->story, colour) : "";
        const char *after = i == 2 && before[0] != '\0' ? RESET : "";
        fprintf(table->story->out, "%s%s%s%*s%s", before, cells[i], after,
                is_last ? 0 : table->widths[i] + COLUMN_GAP - width, "", is_last ? "\n" : "");
    }
}

static bool add_canary(void *ctx, const struct node *canary)
{
    const char *phase = node_str_or(node_at(canary, "status", "phase"), "");
    const char *colour = strcmp(phase, "Succeeded") == 0 ? GREEN : strcmp(phase, "Failed") == 0 ? RED : "";
    char *weight = str_format("%lld", (long long)node_int_or(node_at(canary, "status", "canaryWeight"), 0));
    const char *const cells[] = {node_str_or(node_at(canary, "metadata", "namespace"), ""),
                                 node_str_or(node_at(canary, "metadata", "name"), ""), phase, weight,
                                 node_str_or(node_at(canary, "status", "lastTransitionTime"), "")};
    add_row(ctx, cells, colour);
    mem_free(weight);
    return true;
}

void story_canaries(struct story *s)
{
    static const char *const heads[] = {"NAMESPACE", "NAME", "STATUS", "WEIGHT", "LASTTRANSITIONTIME"};
    struct objects *objects = api_objects(cluster_api(s->cluster));
    struct table table = {0};
    fprintf(s->out, "%s$ kubectl get canaries --all-namespaces\n", s->is_blank ? "" : "\n");
    s->is_blank = false;
    if (objects_count(objects, "flagger.app/canaries", NULL) == 0) {
        fprintf(s->out, "No resources found\n");
        return;
    }
    add_row(&table, heads, "");
    objects_each(objects, "flagger.app/canaries", NULL, add_canary, &table);
    table.story = s;
    add_row(&table, heads, "");
    objects_each(objects, "flagger.app/canaries", NULL, add_canary, &table);
}
