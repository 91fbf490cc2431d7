#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"
#include "release/journal_record.h"

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

/* --- words --- */

bool journal_is_replaying(const struct journal *j)
{
    return j->replay_at < j->replay_end || j->step_at < j->step_count;
}

int64_t journal_words(const struct journal *j)
{
    return j->words;
}

bool journal_look_ahead(const struct journal *j, struct journal_ahead *ahead)
{
    if (j->replay_at == j->replay_end) {
        return false;
    }
    const struct entry *e = &j->entries[j->replay_at];
    *ahead = (struct journal_ahead){.word = e->word, .result = e->result, .started_ms = e->started_ms};
    return true;
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
    *result = journal_doc_of(e->result);
    *started_ms = e->started_ms;
    j->words++;
    replay_advance(j);
    return JOURNAL_RECORDED;
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
    if (!resumed && journal_is_round(word)) {
        journal_fold_rounds(j);
    }
    j->depth = 1;
    j->word = str_dup(word);
    memcpy(j->word_args, args_digest, sizeof j->word_args);
    j->word_started_ms = resumed && j->open_started_ms != 0 ? j->open_started_ms : now_wall_ms;
    *started_ms = j->word_started_ms;
    j->words++;
    return JOURNAL_NEW;
}

bool journal_leave(struct journal *j, const struct node *result, struct err *err)
{
    if (j->depth == 0) {
        return err_set(err, ERR_SCRIPT, "the script ends a word, but none is in progress");
    }
    if (--j->depth > 0) {
        return true;
    }
    struct entry *e = journal_push_entry(j);
    e->word = j->word;
    j->word = NULL;
    memcpy(e->args, j->word_args, sizeof e->args);
    e->result = journal_text_of(result);
    e->started_ms = j->word_started_ms;
    j->size += journal_entry_size(e);
    journal_clear_steps(j);
    j->replay_at = j->replay_end = j->entry_count;
    journal_fold_word(j);
    j->replay_at = j->replay_end = j->entry_count;
    return true;
}

/* --- operations --- */

static enum journal_step replay_step(struct journal *j, const char *operation, const char *args, struct doc **result,
                                     struct err *err)
{
    const struct step *s = &j->steps[j->step_at];
    /* An intent is carried out as it was recorded, so the script may ask for it with other arguments. */
    bool same = strcmp(s->operation, operation) == 0 && (s->intent != NULL || strcmp(s->args, args) == 0);
    if (!same) {
        err_set(err, ERR_SCRIPT, "the record of the word %s has operation %s (%s), the script asks for %s (%s)",
                j->word, s->operation, s->args, operation, args);
        return JOURNAL_DIVERGED;
    }
    j->step_at++;
    if (s->answer != NULL) {
        *result = journal_doc_of(s->answer);
        return JOURNAL_RECORDED;
    }
    if (s->intent != NULL) {
        *result = journal_doc_of(s->intent);
        return JOURNAL_PENDING;
    }
    return JOURNAL_NEW; /* the operation was asked for and never answered: it is done again */
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
    struct step *s = journal_push_step(j);
    s->operation = str_dup(operation);
    memcpy(s->args, args_digest, sizeof s->args);
    j->step_at = j->step_count;
    return JOURNAL_NEW;
}

static struct step *current_step(struct journal *j)
{
    return j->depth > 0 && j->step_at > 0 ? &j->steps[j->step_at - 1] : NULL;
}

static void set_text(struct journal *j, char **text, const struct node *n)
{
    j->steps_size -= *text != NULL ? strlen(*text) : 0;
    str_free(text);
    *text = journal_text_of(n);
    j->steps_size += strlen(*text);
}

void journal_intend(struct journal *j, const struct node *intent)
{
    struct step *s = current_step(j);
    if (s != NULL) {
        set_text(j, &s->intent, intent);
    }
}

void journal_answer(struct journal *j, const struct node *answer)
{
    struct step *s = current_step(j);
    if (s != NULL) {
        set_text(j, &s->answer, answer);
    }
}
