/* What a release notes for the people who read its record: release->account, release->reason, the evidence. Each rides
 * with the next flush. */
#pragma once

#include "release/release.h"

/* Notes the images of the revision that is fixed now, and the counters that it begins with. */
void note_revision(struct release *release);
/* Notes what a list of effects orders. */
void note_orders(struct release *release, const struct node *list);
/* Notes evidence with the time, the canary's share and the round. */
void note_evidence(struct release *release, int64_t round, const struct node *evidence, const char *where);

/* Notes why the release ends, by what (account.h), and the summary: "<how> at weight 10, …: <reason>". */
void note_end(struct release *release, const char *how, const char *reason, const char *by);
/* `args`: of the script's operation rollback. `not_ready`: what is known of a side that never will be ready; NULL:
 * nothing. */
void note_rollback(struct release *release, const struct node *args, const char *not_ready);
/* A person took it back. `who`: by whom and why. */
void note_taken_back(struct release *release, const struct request *request, const char *who);
void note_failed_promotion(struct release *release, const char *error);
/* `failure`: of the script; NULL: not known. */
void note_failed_script(struct release *release, const char *failure);
/* Notes that the canary's share may have been made smaller now. */
void note_less_share(struct release *release);
/* Notes that it was; of a release that is being taken back, how long that took. */
void note_drained(struct release *release);
