/* Children that nobody here has made. As the init of a container we get every process whose parent has died, and as a
 * subreaper those of a supervisor that was killed (io/supervisor.h). They are killed, and waited for. */
#pragma once

#include "io/loop.h"

struct orphans;

/* For a program whose own children are those of pipelines, and no others. */
struct orphans *orphans_new(struct loop *loop);
/* When no pipeline is left. */
void orphans_free(struct orphans *orphans);
