/* The inside of a journal, for journal*.c only: journal.c has the words and their replay, journal_fold.c the
 * folding, journal_text.c reading, writing and bounds, journal_evidence.c the evidence. */
#pragma once

#include <string.h>

#include "base/str.h"
#include "release/journal.h"

/* A finished word. */
struct entry {
    char *word;
    char args[9]; /* digest */
    char *result; /* JSON text */
    int64_t started_ms;
    int64_t count; /* how often the segment that starts here was seen in a row */
    /* how many entries that segment has; 1 for a word that repeats on its own. Segments do not overlap */
    size_t segment;
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
    size_t evidence_size;     /* bytes of them */
    /* what bounds have taken away, of the evidence and, once the release has ended, of the entries */
    int64_t evidence_dropped, entries_dropped;

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
    int64_t words;           /* entered so far */
    size_t size;             /* bytes of all texts of entries */
    size_t steps_size;       /* of intents and answers */
};

struct entry *journal_push_entry(struct journal *j);
struct step *journal_push_step(struct journal *j);
/* What an entry adds to journal.size. */
size_t journal_entry_size(const struct entry *e);
/* The last entry goes. */
void journal_pop_entry(struct journal *j);
void journal_clear_steps(struct journal *j);

/* JSON text of a node ("null" for absent) and back (journal_json.c). */
char *journal_text_of(const struct node *n);
struct doc *journal_doc_of(const char *text);
struct node *journal_parsed(struct doc *doc, const char *text);

struct node *evidence_write(const struct journal *j, struct doc *doc);
void evidence_load(struct journal *j, const struct node *list);
/* Returns its bytes. */
size_t evidence_drop_oldest(struct journal *j);

static inline bool journal_is_round(const char *word)
{
    return strcmp(word, "round") == 0;
}

/* Before a new round is entered: folds the rounds that just ended with the equal ones before them. */
void journal_fold_rounds(struct journal *j);
/* After a word has ended: folds it with an equal neighbour. */
void journal_fold_word(struct journal *j);
