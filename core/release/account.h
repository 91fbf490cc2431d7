/* What people read of a release: the images of primary and target, who wrote the revision, the canary's share, the
 * failed checks, and why and by what it ended. It is written with flushes that happen anyhow, and read back after a
 * crash, so that an ending can name a check that another engine made. Nothing is decided by it. */
#pragma once

#include "base/doc.h"

enum { ACCOUNT_TEXT_MAX = 1024 };

/* What a release ended by; a name goes with some. Written as they are told here. */
#define ENDED_BY_ANALYSIS "analysis"   /* it passed */
#define ENDED_BY_SKIP "skip"           /* spec.skipAnalysis */
#define ENDED_BY_FORMER "former"       /* another engine, or Flagger, had promoted its primary before */
#define ENDED_BY_THRESHOLD "threshold" /* failed checks */
#define ENDED_BY_HOOK "hook"           /* a rollback hook, of this name, asked for it */
#define ENDED_BY_GATE "gate"           /* one of this name did not open in time */
#define ENDED_BY_CHECK "check"         /* one of this name was blind for too long */
#define ENDED_BY_STRATEGY "strategy"   /* its script said so */
#define ENDED_BY_DEADLINE "deadline"   /* a side was not ready in time */
#define ENDED_BY_PROMOTION "promotion" /* it failed */
#define ENDED_BY_SCRIPT "script"       /* it failed */
#define ENDED_BY_PERSON "person"       /* one of this name asked for it */
#define ENDED_BY_REVISION "revision"   /* another one took its place */
#define ENDED_BY_RECORD "record"       /* it is full, breaks a rule, or cannot be continued */

struct ended_by {
    char *kind, *name; /* NULL: not known */
};

struct account {
    char *from, *to;        /* images of the primary and the target, when the revision was fixed; NULL: not known */
    char *author, *written; /* who wrote the target's template, and when, as the API server says; NULL: not known */
    struct ended_by ended_by;
    char *check;        /* the last check that failed since the counter was 0; NULL: none */
    char *summary;      /* how it ended, in one line; NULL: not yet */
    int64_t weight_pct; /* the canary's share as it was last ordered, or when the end was decided; -1: not known */
    int64_t failed, threshold; /* failed checks, and how many of them take the release back; 0: not known */
    int64_t decided_ms;        /* wall clock: when the end of one that is taken back was decided; 0: not yet */
    int64_t drained_after_ms;  /* so long after that its share was taken away; -1: it had none, or it is not known */
};

/* From the status of a Release that was checked (account_check). */
void account_read(struct account *account, const struct node *status);
void account_fini(struct account *account);
/* Sets images, startedBy, endedBy, decided, drainedAfterMs, weight, failedChecks, threshold, checks, lastCheck and
 * summary in `status`, within the bounds of the
 * Releases' CRD: a Canary or a route may say any number, and no record is to be refused for one. */
void account_write(const struct account *account, struct doc *doc, struct node *status);

/* `text` replaces *kept, as one line of at most ACCOUNT_TEXT_MAX bytes; NULL: none. */
void account_set(char **kept, const char *text);
/* Takes from a list of effects the ordered share, the number of failed checks, and the last check that failed. */
void account_take_orders(struct account *account, const struct node *list);
/* Who ended it; `name` NULL: none. */
void account_end_by(struct account *account, const char *kind, const char *name);
/* The summary: "taken back at weight 10, 0 of 5 failed checks: Rollback check stop passed; podinfo:1 -> podinfo:2". */
void account_sum_up(struct account *account, const char *how, const char *reason);
