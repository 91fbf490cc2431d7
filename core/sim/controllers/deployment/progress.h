/* A Deployment's status. */
#pragma once

#include "sim/controllers/deployment/deployment.h"

/* Paused and resumed are told at once. */
void progress_note_paused(struct deployment *d);
/* The condition Progressing, replaced when status or reason differ. True: it was. */
bool progress_tell(struct deployment *d, const char *value, const char *reason, const char *message);
/* Counts and Available, for a look that does nothing else. */
void progress_count(struct deployment *d);
/* The whole status, at the end of a look. */
void progress_report(struct deployment *d);
bool progress_is_complete(const struct deployment *d, const struct node *status);
