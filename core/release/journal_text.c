/* The journal as a document: read, written, measured and cut. */
#include <stdio.h>

#include "base/mem.h"
#include "release/check.h"
#include "release/journal_record.h"

enum { READ_SIZE_MAX = 4 * 1024 * 1024 };
#define TIME_MAX_MS INT64_C(253402300799999) /* the end of the year 9999 */

size_t journal_entry_size(const struct entry *e)
{
    return strlen(e->word) + strlen(e->result) + 64;
}

static void entry_fini(struct journal *j, struct entry *e)
{
    j->size -= journal_entry_size(e);
    str_free(&e->word);
    str_free(&e->result);
}

void journal_pop_entry(struct journal *j)
{
    entry_fini(j, &j->entries[--j->entry_count]);
}

struct entry *journal_push_entry(struct journal *j)
{
    if (j->entry_count == j->entry_capacity) {
        j->entry_capacity = j->entry_capacity ? j->entry_capacity * 2 : 16;
        j->entries = mem_resize(j->entries, j->entry_capacity * sizeof *j->entries);
    }
    struct entry *e = &j->entries[j->entry_count++];
    *e = (struct entry){.count = 1, .segment = 1};
    return e;
}

struct step *journal_push_step(struct journal *j)
{
    if (j->step_count == j->step_capacity) {
        j->step_capacity = j->step_capacity ? j->step_capacity * 2 : 8;
        j->steps = mem_resize(j->steps, j->step_capacity * sizeof *j->steps);
    }
    struct step *s = &j->steps[j->step_count++];
    *s = (struct step){0};
    return s;
}

void journal_clear_steps(struct journal *j)
{
    for (size_t i = 0; i < j->step_count; i++) {
        str_free(&j->steps[i].operation);
        str_free(&j->steps[i].intent);
        str_free(&j->steps[i].answer);
    }
    j->step_count = 0;
    j->steps_size = 0;
    j->step_at = 0;
}

/* --- reading and writing --- */

static const char *copy_digest(const struct node *n, char out[static 9])
{
    snprintf(out, 9, "%s", node_str_or(n, ""));
    return out;
}

static bool is_within(int64_t value, int64_t min, int64_t max)
{
    return value >= min && value <= max;
}

static bool load_entry(struct journal *j, const struct node *n, size_t index, struct err *err)
{
    const char *word = node_str(node_get(n, "w"));
    int64_t count = node_int_or(node_get(n, "n"), 1), segment = node_int_or(node_get(n, "s"), 1);
    int64_t started_ms = node_int_or(node_get(n, "t"), 0);
    if (word == NULL || !is_within(count, 1, 2 * JOURNAL_WORDS_MAX) ||
        !is_within(segment, 1, 2 * JOURNAL_ENTRIES_MAX) || !is_within(started_ms, 0, TIME_MAX_MS)) {
        return err_set(err, ERR_INVALID, "status.entries[%zu] is not a record of a word", index);
    }
    if (j->entry_count == 2 * JOURNAL_ENTRIES_MAX || j->size > READ_SIZE_MAX) {
        return err_set(err, ERR_INVALID, "status.entries[%zu]: the record is larger than one may be", index);
    }
    struct entry *e = journal_push_entry(j);
    e->word = str_dup(word);
    copy_digest(node_get(n, "a"), e->args);
    e->result = journal_text_of(node_get(n, "r"));
    e->started_ms = started_ms;
    e->count = count;
    e->segment = (size_t)segment;
    j->size += journal_entry_size(e);
    return true;
}

static char *optional_text(const struct node *n)
{
    return n == NULL ? NULL : node_to_text(n);
}

static bool load_step(struct journal *j, const struct node *n, size_t index, struct err *err)
{
    const char *operation = node_str(node_get(n, "o"));
    if (operation == NULL) {
        return err_set(err, ERR_INVALID, "status.open[%zu] is not a record of an operation", index);
    }
    if (j->step_count == 2 * JOURNAL_STEPS_MAX || j->steps_size > READ_SIZE_MAX) {
        return err_set(err, ERR_INVALID, "status.open[%zu]: the record is larger than one may be", index);
    }
    struct step *s = journal_push_step(j);
    s->operation = str_dup(operation);
    copy_digest(node_get(n, "a"), s->args);
    s->intent = optional_text(node_get(n, "i"));
    s->answer = optional_text(node_get(n, "r"));
    j->steps_size += (s->intent != NULL ? strlen(s->intent) : 0) + (s->answer != NULL ? strlen(s->answer) : 0);
    return true;
}

struct journal *journal_new(void)
{
    return mem_new(struct journal);
}

/* Checks that folded segments do not overlap, and bounds their repetitions: a replay goes through all of them. */
static bool check_segments(const struct journal *j, struct err *err)
{
    int64_t words = 0;
    size_t free_from = 0;
    for (size_t i = 0; i < j->entry_count; i++) {
        const struct entry *e = &j->entries[i];
        if (e->segment > j->entry_count - i) {
            return err_set(err, ERR_INVALID, "status.entries[%zu].s: reaches beyond the record", i);
        }
        if (e->count > 1 && i < free_from) {
            return err_set(err, ERR_INVALID, "status.entries[%zu].n: stands inside of another repeat", i);
        }
        if (e->count > 1) {
            free_from = i + e->segment;
            words += (e->count - 1) * (int64_t)e->segment;
        }
        if (++words > 2 * JOURNAL_WORDS_MAX) {
            return err_set(err, ERR_INVALID, "status.entries[%zu].n: repeats more words than a record may have", i);
        }
    }
    return true;
}

static int64_t count_of(const struct node *n)
{
    int64_t count = node_int_or(n, 0);
    return is_within(count, 0, RELEASE_COUNT_MAX) ? count : 0;
}

static void load_dropped(struct journal *j, const struct node *dropped)
{
    j->evidence_dropped = count_of(node_get(dropped, "evidence"));
    j->entries_dropped = count_of(node_get(dropped, "entries"));
}

struct journal *journal_load(const struct node *status, struct err *err)
{
    struct journal *j = journal_new();
    bool ok = true;
    struct node_iter it = node_iterate(node_get(status, "entries"));
    while (ok && node_next(&it)) {
        ok = load_entry(j, it.value, it.index, err);
    }
    ok = ok && check_segments(j, err);
    it = node_iterate(node_get(status, "open"));
    while (ok && node_next(&it)) {
        ok = load_step(j, it.value, it.index, err);
    }
    if (!ok) {
        journal_free(j);
        return NULL;
    }
    int64_t open_started_ms = node_int_or(node_get(status, "openStarted"), 0);
    j->open_started_ms = is_within(open_started_ms, 0, TIME_MAX_MS) ? open_started_ms : 0;
    load_dropped(j, node_get(status, "dropped"));
    evidence_load(j, node_get(status, "evidence"));
    j->replay_end = j->entry_count;
    return j;
}

void journal_free(struct journal *j)
{
    if (j == NULL) {
        return;
    }
    journal_clear_steps(j);
    mem_free(j->steps);
    for (size_t i = 0; i < j->entry_count; i++) {
        entry_fini(j, &j->entries[i]);
    }
    mem_free(j->entries);
    str_list_fini(&j->evidence);
    str_free(&j->word);
    mem_free(j);
}

static struct node *entry_node(struct doc *doc, const struct entry *e)
{
    struct node *n = node_new_object(doc);
    node_set_str(doc, n, "w", e->word);
    node_set_str(doc, n, "a", e->args);
    node_set(doc, n, "r", journal_parsed(doc, e->result));
    node_set_int(doc, n, "t", e->started_ms);
    if (e->count > 1) {
        node_set_int(doc, n, "n", e->count);
        if (e->segment > 1) {
            node_set_int(doc, n, "s", (int64_t)e->segment);
        }
    }
    return n;
}

static struct node *step_node(struct doc *doc, const struct step *s)
{
    struct node *n = node_new_object(doc);
    node_set_str(doc, n, "o", s->operation);
    node_set_str(doc, n, "a", s->args);
    if (s->intent != NULL) {
        node_set(doc, n, "i", journal_parsed(doc, s->intent));
    }
    if (s->answer != NULL) {
        node_set(doc, n, "r", journal_parsed(doc, s->answer));
    }
    return n;
}

static void write_dropped(const struct journal *j, struct doc *doc, struct node *status)
{
    if (j->evidence_dropped > 0 || j->entries_dropped > 0) {
        struct node *dropped = node_ensure_object(doc, status, "dropped");
        node_set_int(doc, dropped, "evidence", j->evidence_dropped);
        node_set_int(doc, dropped, "entries", j->entries_dropped);
    }
}

void journal_write(struct journal *j, struct doc *doc, struct node *status)
{
    struct node *entries = node_new_array(doc), *open = node_new_array(doc);
    for (size_t i = 0; i < j->entry_count; i++) {
        node_push(entries, entry_node(doc, &j->entries[i]));
    }
    for (size_t i = 0; i < j->step_count; i++) {
        node_push(open, step_node(doc, &j->steps[i]));
    }
    node_set(doc, status, "entries", entries);
    node_set(doc, status, "open", open);
    node_set_int(doc, status, "openStarted", j->depth > 0 ? j->word_started_ms : 0);
    node_set(doc, status, "evidence", evidence_write(j, doc));
    write_dropped(j, doc, status);
}

/* --- bounds --- */

static size_t text_size(struct journal *j)
{
    struct doc *doc = doc_new();
    struct node *status = node_new_object(doc);
    journal_write(j, doc, status);
    char *text = node_to_text(status);
    size_t size = strlen(text);
    str_free(&text);
    doc_free(doc);
    return size;
}

/* Drops the oldest piece of evidence, or without one the oldest entry. Returns its bytes; 0 when nothing is left. */
static size_t drop_oldest(struct journal *j)
{
    size_t size = 0;
    if (j->evidence.count > 0) {
        size = evidence_drop_oldest(j) + 1;
    } else if (j->entry_count > 0) {
        size = journal_entry_size(&j->entries[0]);
        entry_fini(j, &j->entries[0]);
        memmove(&j->entries[0], &j->entries[1], --j->entry_count * sizeof j->entries[0]);
        j->entries_dropped++;
    }
    return size;
}

void journal_trim(struct journal *j, size_t size_max)
{
    journal_clear_steps(j);
    size_t size;
    while ((size = text_size(j)) > size_max) {
        /* The size of an entry counts as a little more than its text, so a pass drops too little rather than too
         * much; then the text is measured again. */
        size_t dropped = 0, piece = 1;
        while (piece > 0 && dropped < size - size_max) {
            piece = drop_oldest(j);
            dropped += piece;
        }
        if (dropped == 0) {
            break;
        }
    }
    j->replay_at = j->replay_end = j->entry_count;
}

bool journal_is_full(const struct journal *j)
{
    return j->entry_count > JOURNAL_ENTRIES_MAX || j->size > JOURNAL_SIZE_MAX || j->step_count > JOURNAL_STEPS_MAX ||
           j->steps_size > JOURNAL_STEPS_SIZE_MAX || j->words > JOURNAL_WORDS_MAX;
}
