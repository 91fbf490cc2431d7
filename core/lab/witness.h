/* A strategist that stands before another one, and tells somebody what is said between the engine and a release's
 * script: words, operations, and what was answered. Neither side sees a difference. */
#pragma once

#include "rollout/strategist.h"

enum witness_kind {
    WITNESS_WORD,      /* a word begins; `known`: it is on record, and `answer` is its result */
    WITNESS_OPERATION, /* an operation is asked for; `answer` NULL: it comes later */
    WITNESS_ANSWER,    /* the answer to the last operation */
    WITNESS_LEAVE,     /* the word ends; `answer` is its result */
    WITNESS_EVIDENCE,  /* what the record keeps of a verdict, as `args`; `name`: where it was asked, "file:line" */
    WITNESS_END,       /* the script has ended; `name` says why, if it failed */
};

struct witness_news {
    enum witness_kind kind;
    const char *label; /* the name of the Canary */
    const char *name;
    const struct node *args, *answer; /* NULL: none */
    bool known;                       /* of a word: it is on record, and what it did is not done again */
};

/* Only to take note. */
typedef void witness_fn(void *ctx, const struct witness_news *news);

struct witness;

/* `behind` is borrowed. */
struct witness *witness_new(struct strategist *behind, witness_fn *tell, void *ctx);
void witness_free(struct witness *witness);
struct strategist *witness_strategist(struct witness *witness);
