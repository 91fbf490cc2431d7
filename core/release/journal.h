/* The record of a running release: what its strategy was told, and what it ordered.
 *
 *     entries   begin   round  open  next_weight  shift   round  open …          one per finished word
 *     open                                                        act            operations of the word in progress
 *
 * A *word* (host.enter … host.leave) is the unit of record. While it runs, each of its operations keeps an entry of its
 * own: what was asked, the intent when it delivers or changes something, and the answer. When the word ends, these are
 * dropped and one entry with the word's result stays. After a crash the script runs again from its first line: finished
 * words are answered from their entries without running their bodies, the word in progress runs its body again and its
 * operations are answered as far as they were recorded; an intent without an answer is the one thing that is done
 * again, by the redo rules of its kind (effect/kind.h).
 *
 * Equal neighbours fold: a word equal to the one before it, and a round (from one word "round" to the next), or two,
 * equal to what stands before them, become one with a count; so a gate closed for a week costs an entry or two. Times
 * are kept of the last ones only.
 *
 * The journal is plain data: it asks nobody and waits for nothing. release/release.h writes it. */
#pragma once

#include "base/doc.h"

struct journal;

/* Bounds of a record. A record that is read may be a little larger, because its last word may have gone beyond. */
enum {
    JOURNAL_ENTRIES_MAX = 4096,
    JOURNAL_STEPS_MAX = 4096,
    JOURNAL_SIZE_MAX = 256 * 1024,
    JOURNAL_STEPS_SIZE_MAX = 512 * 1024,
    JOURNAL_WORDS_MAX = 1000 * 1000, /* repeats counted: two months of a gate that is asked every ten seconds */
    JOURNAL_EVIDENCE_MAX = 100,
};

struct journal *journal_new(void);
/* From status {entries, open, evidence, dropped} of a Release; what is there is replayed. NULL and err for a record
 * that this engine does not understand. */
struct journal *journal_load(const struct node *status, struct err *err);
void journal_free(struct journal *journal);

/* True while recorded words or operations are still ahead. */
bool journal_is_replaying(const struct journal *journal);
/* Words entered so far, repeats counted: the number of the word in progress, the same when it is replayed. */
int64_t journal_words(const struct journal *journal);

/* The word on record that comes next. */
struct journal_ahead {
    const char *word, *result; /* borrowed; `result` is JSON text */
    int64_t started_ms;
};
/* False: no finished word is ahead. */
bool journal_look_ahead(const struct journal *journal, struct journal_ahead *ahead);

enum journal_step {
    JOURNAL_NEW,      /* nothing on record: do it */
    JOURNAL_RECORDED, /* *result is a new document: what it answered */
    /* operations only: *result is a new document with the intent, whose effect may or may not have happened */
    JOURNAL_PENDING,
    JOURNAL_DIVERGED, /* the script asks for something else than the record has: err says what */
};

/* A word begins; `started_ms` becomes when it first began. Words inside words are part of the outer one:
 * JOURNAL_NEW. */
enum journal_step journal_enter(struct journal *journal, const char *word, const struct node *args, int64_t now_wall_ms,
                                struct doc **result, int64_t *started_ms, struct err *err);
/* False, and nothing happens, when no word is in progress. */
bool journal_leave(struct journal *journal, const struct node *result, struct err *err);

/* An operation is asked for. On JOURNAL_NEW it is noted; journal_intend and journal_answer complete the note. Outside
 * of words nothing is noted. */
enum journal_step journal_ask(struct journal *journal, const char *operation, const struct node *args,
                              struct doc **result, struct err *err);
/* Notes what is about to be done, in the words of the redo rules. Must be flushed before it is done. */
void journal_intend(struct journal *journal, const struct node *intent);
void journal_answer(struct journal *journal, const struct node *answer);

void journal_evidence(struct journal *journal, const struct node *evidence, const char *where);

/* Sets entries, open, evidence and, when bounds have taken something away, dropped in `status`. */
void journal_write(struct journal *journal, struct doc *doc, struct node *status);
/* For an ended release: drops the oldest evidence, then the oldest entries, until the text is at most `size_max`
 * bytes. */
void journal_trim(struct journal *journal, size_t size_max);
/* True when the record is larger than a release may keep. */
bool journal_is_full(const struct journal *journal);
