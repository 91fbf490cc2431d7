#include "rollout/journal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

/* A finished word. */
struct entry {
    char *word;
    char args[9]; /* digest */
    char *result; /* JSON text */
    int64_t started_ms;
    int64_t count;  /* how often the segment that starts here was seen in a row */
    size_t segment; /* how many entries that segment has; 1 for a word that repeats on its own */
};

/* An operation of the word in progress. */
struct step {
    char *operation;
    char args[9];
    char *intent; /* JSON text, NULL: none */
    char *answer; /* JSON text, NULL: not answered yet */
};

struct journal {
    struct entry *entries;
    size_t entry_count, entry_capacity;
    struct step *steps;
    size_t step_count, step_capacity;
    struct str_list evidence; /* JSON texts, oldest first */

    /* Replay: the next entry to be answered, and how often its segment still repeats. */
    size_t replay_at, replay_end;
    size_t segment_start;
    int64_t segment_left;
    size_t step_at; /* the next recorded step */

    int depth; /* words inside words */
    char *word;
    char word_args[9];
    int64_t word_started_ms;
    int64_t open_started_ms; /* of the word in progress, as recorded */
    int64_t rounds;
    size_t size; /* bytes of all texts */
    bool dirty;
};

static void digest(const struct node *args, char out[static 9])
{
    struct buf text;
    buf_init(&text, 1024 * 1024);
    if (args != NULL) {
        node_write_sorted(args, &text);
    }
    snprintf(out, 9, "%08" PRIx32, hash_fnv32(buf_str(&text), text.len));
    buf_fini(&text);
}

static char *text_of(const struct node *n)
{
    return n == NULL ? str_dup("null") : node_to_text(n);
}

static struct doc *doc_of(const char *text)
{
    struct err err;
    struct doc *doc = doc_parse(text, strlen(text), &err);
    assert(doc != NULL); /* we wrote it */
    return doc;
}

static size_t entry_size(const struct entry *e)
{
    return strlen(e->word) + strlen(e->result) + 64;
}

static void entry_fini(struct journal *j, struct entry *e)
{
    j->size -= entry_size(e);
    str_free(&e->word);
    str_free(&e->result);
}

static struct entry *push_entry(struct journal *j)
{
    if (j->entry_count == j->entry_capacity) {
        j->entry_capacity = j->entry_capacity ? j->entry_capacity * 2 : 16;
        j->entries = mem_resize(j->entries, j->entry_capacity * sizeof *j->entries);
    }
    struct entry *e = &j->entries[j->entry_count++];
    *e = (struct entry){.count = 1, .segment = 1};
    return e;
}

static struct step *push_step(struct journal *j)
{
    if (j->step_count == j->step_capacity) {
        j->step_capacity = j->step_capacity ? j->step_capacity * 2 : 8;
        j->steps = mem_resize(j->steps, j->step_capacity * sizeof *j->steps);
    }
    struct step *s = &j->steps[j->step_count++];
    *s = (struct step){0};
    return s;
}

static void clear_steps(struct journal *j)
{
    for (size_t i = 0; i < j->step_count; i++) {
        str_free(&j->steps[i].operation);
        str_free(&j->steps[i].intent);
        str_free(&j->steps[i].answer);
    }
    j->step_count = 0;
    j->step_at = 0;
}

/* --- reading and writing --- */

static const char *copy_digest(const struct node *n, char out[static 9])
{
    snprintf(out, 9, "%s", node_str_or(n, ""));
    return out;
}

static bool load_entry(struct journal *j, const struct node *n, size_t index, struct err *err)
{
    const char *word = node_str(node_get(n, "w"));
    int64_t count = node_int_or(node_get(n, "n"), 1), segment = node_int_or(node_get(n, "s"), 1);
    if (word == NULL || count < 1 || segment < 1) {
        return err_set(err, ERR_INVALID, "status.entries[%zu] is not a record of a word", index);
    }
    struct entry *e = push_entry(j);
    e->word = str_dup(word);
    copy_digest(node_get(n, "a"), e->args);
    e->result = text_of(node_get(n, "r"));
    e->started_ms = node_int_or(node_get(n, "t"), 0);
    e->count = count;
    e->segment = (size_t)segment;
    j->size += entry_size(e);
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
    struct step *s = push_step(j);
    s->operation = str_dup(operation);
    copy_digest(node_get(n, "a"), s->args);
    s->intent = optional_text(node_get(n, "i"));
    s->answer = optional_text(node_get(n, "r"));
    return true;
}

struct journal *journal_new(void)
{
    return mem_new(struct journal);
}

struct journal *journal_load(const struct node *status, struct err *err)
{
    struct journal *j = journal_new();
    bool ok = true;
    struct node_iter it = node_iterate(node_get(status, "entries"));
    while (ok && node_next(&it)) {
        ok = load_entry(j, it.value, it.index, err);
    }
    for (size_t i = 0; ok && i < j->entry_count; i++) {
        if (j->entries[i].segment > j->entry_count - i) {
            ok = err_set(err, ERR_INVALID, "status.entries[%zu].s: reaches beyond the record", i);
        }
    }
    it = node_iterate(node_get(status, "open"));
    while (ok && node_next(&it)) {
        ok = load_step(j, it.value, it.index, err);
    }
    if (!ok) {
        journal_free(j);
        return NULL;
    }
    j->open_started_ms = node_int_or(node_get(status, "openStarted"), 0);
    it = node_iterate(node_get(status, "evidence"));
    while (node_next(&it)) {
        char *text = node_to_text(it.value);
        str_list_push(&j->evidence, text);
        str_free(&text);
    }
    j->replay_end = j->entry_count;
    return j;
}

void journal_free(struct journal *j)
{
    if (j == NULL) {
        return;
    }
    clear_steps(j);
    mem_free(j->steps);
    for (size_t i = 0; i < j->entry_count; i++) {
        entry_fini(j, &j->entries[i]);
    }
    mem_free(j->entries);
    str_list_fini(&j->evidence);
    str_free(&j->word);
    mem_free(j);
}

static struct node *parsed(struct doc *doc, const char *text)
{
    struct doc *value = doc_of(text);
    struct node *copy = node_copy(doc, doc_root(value));
    doc_free(value);
    return copy;
}

static struct node *entry_node(struct doc *doc, const struct entry *e)
{
    struct node *n = node_new_object(doc);
    node_set_str(doc, n, "w", e->word);
    node_set_str(doc, n, "a", e->args);
    node_set(doc, n, "r", parsed(doc, e->result));
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
        node_set(doc, n, "i", parsed(doc, s->intent));
    }
    if (s->answer != NULL) {
        node_set(doc, n, "r", parsed(doc, s->answer));
    }
    return n;
}

void journal_write(struct journal *j, struct doc *doc, struct node *status)
{
    struct node *entries = node_new_array(doc), *open = node_new_array(doc), *evidence = node_new_array(doc);
    for (size_t i = 0; i < j->entry_count; i++) {
        node_push(entries, entry_node(doc, &j->entries[i]));
    }
    for (size_t i = 0; i < j->step_count; i++) {
        node_push(open, step_node(doc, &j->steps[i]));
    }
    for (size_t i = 0; i < j->evidence.count; i++) {
        node_push(evidence, parsed(doc, j->evidence.items[i]));
    }
    node_set(doc, status, "entries", entries);
    node_set(doc, status, "open", open);
    node_set_int(doc, status, "openStarted", j->depth > 0 ? j->word_started_ms : 0);
    node_set(doc, status, "evidence", evidence);
    j->dirty = false;
}

/* --- words --- */

bool journal_is_replaying(const struct journal *j)
{
    return j->replay_at < j->replay_end || j->step_at < j->step_count;
}

int64_t journal_rounds(const struct journal *j)
{
    return j->rounds;
}

static bool is_round(const char *word)
{
    return strcmp(word, "round") == 0;
}

/* Moves past the entry just answered; at the end of a repeated segment back to its start. */
static void replay_advance(struct journal *j)
{
    j->replay_at++;
    if (j->segment_left == 0) {
        return;
    }
    size_t end = j->segment_start + j->entries[j->segment_start].segment;
    if (j->replay_at == end && --j->segment_left > 0) {
        j->replay_at = j->segment_start;
    }
}

static enum journal_step replay_word(struct journal *j, const char *word, const char *args, struct doc **result,
                                     int64_t *started_ms, struct err *err)
{
    const struct entry *e = &j->entries[j->replay_at];
    if (strcmp(e->word, word) != 0 || strcmp(e->args, args) != 0) {
        err_set(err, ERR_SCRIPT, "the record has word %s (%s) as number %zu, the script asks for %s (%s)", e->word,
                e->args, j->replay_at, word, args);
        return JOURNAL_DIVERGED;
    }
    if (j->segment_left == 0 && e->count > 1) {
        j->segment_start = j->replay_at;
        j->segment_left = e->count;
    }
    *result = doc_of(e->result);
    *started_ms = e->started_ms;
    if (is_round(word)) {
        j->rounds++;
    }
    replay_advance(j);
    return JOURNAL_RECORDED;
}

static bool same_entry(const struct entry *a, const struct entry *b)
{
    return strcmp(a->word, b->word) == 0 && strcmp(a->args, b->args) == 0 && strcmp(a->result, b->result) == 0;
}

/* Index of the last entry before `end` that starts a round; SIZE_MAX without one. */
static size_t round_before(const struct journal *j, size_t end)
{
    for (size_t i = end; i-- > 0;) {
        if (is_round(j->entries[i].word)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static bool same_inside(const struct journal *j, size_t a, size_t b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const struct entry *x = &j->entries[a + i], *y = &j->entries[b + i];
        if (!same_entry(x, y) || (i > 0 && (x->count != y->count || x->segment != y->segment))) {
            return false;
        }
    }
    return true;
}

/* Called before a new round is entered: is the round that just ended equal to the one before it? */
static void fold_round(struct journal *j)
{
    size_t last = round_before(j, j->entry_count);
    if (last == SIZE_MAX || last == 0) {
        return;
    }
    size_t len = j->entry_count - last;
    size_t previous = round_before(j, last);
    if (previous == SIZE_MAX || last - previous != len || j->entries[last].count != 1 ||
        !same_inside(j, previous, last, len)) {
        return;
    }
    struct entry *kept = &j->entries[previous];
    kept->count++;
    kept->segment = len;
    for (size_t i = 0; i < len; i++) {
        j->entries[previous + i].started_ms = j->entries[last + i].started_ms;
    }
    while (j->entry_count > last) {
        entry_fini(j, &j->entries[--j->entry_count]);
    }
}

/* A word equal to its neighbour, before the first round (a gate asked again and again); later words fold with their round. */
static void fold_word(struct journal *j)
{
    if (j->entry_count < 2 || round_before(j, j->entry_count) != SIZE_MAX) {
        return;
    }
    struct entry *last = &j->entries[j->entry_count - 1], *previous = last - 1;
    if (!same_entry(previous, last)) {
        return;
    }
    previous->count++;
    previous->started_ms = last->started_ms;
    entry_fini(j, last);
    j->entry_count--;
}

enum journal_step journal_enter(struct journal *j, const char *word, const struct node *args, int64_t now_wall_ms,
                                struct doc **result, int64_t *started_ms, struct err *err)
{
    *result = NULL;
    if (j->depth > 0) {
        j->depth++;
        *started_ms = j->word_started_ms;
        return JOURNAL_NEW;
    }
    char args_digest[9];
    digest(args, args_digest);
    if (j->replay_at < j->replay_end) {
        return replay_word(j, word, args_digest, result, started_ms, err);
    }
    bool resumed = j->step_at < j->step_count;
    if (!resumed && is_round(word)) {
        fold_round(j);
    }
    j->depth = 1;
    j->word = str_dup(word);
    memcpy(j->word_args, args_digest, sizeof j->word_args);
    j->word_started_ms = resumed && j->open_started_ms != 0 ? j->open_started_ms : now_wall_ms;
    *started_ms = j->word_started_ms;
    j->rounds += is_round(word);
    return JOURNAL_NEW;
}

void journal_leave(struct journal *j, const struct node *result)
{
    assert(j->depth > 0);
    if (--j->depth > 0) {
        return;
    }
    struct entry *e = push_entry(j);
    e->word = j->word;
    j->word = NULL;
    memcpy(e->args, j->word_args, sizeof e->args);
    e->result = text_of(result);
    e->started_ms = j->word_started_ms;
    j->size += entry_size(e);
    clear_steps(j);
    j->replay_at = j->replay_end = j->entry_count;
    fold_word(j);
    j->replay_at = j->replay_end = j->entry_count;
    j->dirty = true;
}

/* --- operations --- */

static enum journal_step replay_step(struct journal *j, const char *operation, const char *args, struct doc **result,
                                     struct err *err)
{
    const struct step *s = &j->steps[j->step_at];
    /* What an intent holds is done as it was recorded, so its arguments need not be asked for in the same words. */
    bool same = strcmp(s->operation, operation) == 0 && (s->intent != NULL || strcmp(s->args, args) == 0);
    if (!same) {
        err_set(err, ERR_SCRIPT, "the record of the word %s has operation %s (%s), the script asks for %s (%s)",
                j->word, s->operation, s->args, operation, args);
        return JOURNAL_DIVERGED;
    }
    j->step_at++;
    if (s->answer != NULL) {
        *result = doc_of(s->answer);
        return JOURNAL_RECORDED;
    }
    if (s->intent != NULL) {
        *result = doc_of(s->intent);
        return JOURNAL_PENDING;
    }
    return JOURNAL_NEW; /* it was asked for and never answered: ask again */
}

enum journal_step journal_ask(struct journal *j, const char *operation, const struct node *args, struct doc **result,
                              struct err *err)
{
    *result = NULL;
    if (j->depth == 0) {
        return JOURNAL_NEW;
    }
    char args_digest[9];
    digest(args, args_digest);
    if (j->step_at < j->step_count) {
        return replay_step(j, operation, args_digest, result, err);
    }
    struct step *s = push_step(j);
    s->operation = str_dup(operation);
    memcpy(s->args, args_digest, sizeof s->args);
    j->step_at = j->step_count;
    j->dirty = true;
    return JOURNAL_NEW;
}

static struct step *current_step(struct journal *j)
{
    return j->depth > 0 && j->step_at > 0 ? &j->steps[j->step_at - 1] : NULL;
}

void journal_intend(struct journal *j, const struct node *intent)
{
    struct step *s = current_step(j);
    if (s != NULL) {
        str_free(&s->intent);
        s->intent = text_of(intent);
        j->dirty = true;
    }
}

void journal_answer(struct journal *j, const struct node *answer)
{
    struct step *s = current_step(j);
    if (s != NULL) {
        str_free(&s->answer);
        s->answer = text_of(answer);
        j->dirty = true;
    }
}

/* --- bounds --- */

static void drop_oldest_evidence(struct journal *j)
{
    mem_free(j->evidence.items[0]);
    memmove(&j->evidence.items[0], &j->evidence.items[1], --j->evidence.count * sizeof j->evidence.items[0]);
}

void journal_evidence(struct journal *j, const struct node *evidence, const char *where)
{
    struct doc *doc = doc_copy(evidence);
    if (node_type(doc_root(doc)) == NODE_OBJECT) {
        node_set_str(doc, doc_root(doc), "where", where);
    }
    char *text = node_to_text(doc_root(doc));
    str_list_push(&j->evidence, text);
    str_free(&text);
    doc_free(doc);
    if (j->evidence.count > JOURNAL_EVIDENCE_MAX) {
        drop_oldest_evidence(j);
    }
    j->dirty = true;
}

static size_t text_size(struct journal *j)
{
    struct doc *doc = doc_new();
    struct node *status = node_new_object(doc);
    bool dirty = j->dirty;
    journal_write(j, doc, status);
    j->dirty = dirty;
    char *text = node_to_text(status);
    size_t size = strlen(text);
    str_free(&text);
    doc_free(doc);
    return size;
}

/* Bytes that went with the oldest piece: of the evidence first, then of the entries; 0 when nothing is left. */
static size_t drop_oldest(struct journal *j)
{
    size_t size = 0;
    if (j->evidence.count > 0) {
        size = strlen(j->evidence.items[0]) + 1;
        drop_oldest_evidence(j);
    } else if (j->entry_count > 0) {
        size = entry_size(&j->entries[0]);
        entry_fini(j, &j->entries[0]);
        memmove(&j->entries[0], &j->entries[1], --j->entry_count * sizeof j->entries[0]);
    }
    return size;
}

void journal_trim(struct journal *j, size_t size_max)
{
    clear_steps(j);
    size_t size;
    while ((size = text_size(j)) > size_max) {
        /* An entry counts as a little more than its text, so this stops early rather than late; then the text is measured again. */
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
    j->dirty = true;
}

bool journal_is_full(const struct journal *j)
{
    return j->entry_count > JOURNAL_ENTRIES_MAX || j->size > JOURNAL_SIZE_MAX;
}

bool journal_is_dirty(const struct journal *j)
{
    return j->dirty;
}
