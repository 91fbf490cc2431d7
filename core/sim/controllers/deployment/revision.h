/* A Deployment's ReplicaSets and their revisions. */
#pragma once

#include "sim/controllers/deployment/deployment.h"

/* Finds the newest set and gives it its revision; makes it when `make` says so. */
void revision_sync(struct deployment *d, bool make);
/* Deletes old sets beyond revisionHistoryLimit. */
void revision_clean(struct deployment *d);
