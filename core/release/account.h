/* What people read of a release: the images of primary and target, the canary's share, the failed checks, and why it
 * ended. It is written with flushes that happen anyhow, and read back after a crash, so that an ending can name a
 * check that another engine made. Nothing is decided by it. */
#pragma once

#include "base/doc.h"

enum { ACCOUNT_TEXT_MAX = 1024 };

struct account {
    char *from, *to;    /* images of the primary and the target, when the revision was fixed; NULL: not known */
    char *check;        /* the last check that failed since the counter was 0; NULL: none */
    char *summary;      /* how it ended, in one line; NULL: not yet */
    int64_t weight_pct; /* the canary's share as it was last ordered, or when the end was decided; -1: not known */
    int64_t failed, threshold; /* failed checks, and how many of them take the release back; 0: not known */
};

/* From the status of a Release that was checked (account_check). */
void account_read(struct account *account, const struct node *status);
void account_fini(struct account *account);
/* Sets images, weight, failedChecks, threshold, checks, lastCheck and summary in `status`, within the bounds of the
 * Releases' CRD: a Canary or a route may say any number, and no record is to be refused for one. */
void account_write(const struct account *account, struct doc *doc, struct node *status);

/* `text` replaces *kept, as one line of at most ACCOUNT_TEXT_MAX bytes; NULL: none. */
void account_set(char **kept, const char *text);
/* Takes from a list of effects the ordered share, the number of failed checks, and the last check that failed. */
void account_take_orders(struct account *account, const struct node *list);
/* The summary: "taken back at weight 10, 0 of 5 failed checks: Rollback check stop passed; podinfo:1 -> podinfo:2". */
void account_sum_up(struct account *account, const char *how, const char *reason);
