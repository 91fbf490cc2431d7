/* What the scenario_*.c files share, and nobody else includes.
 *
 *   scenario.c         the file from its first field to its last    scenario_objects.c   documents
 *   scenario_world.c   versions, traffic, hooks                     scenario_fault.c     faults
 *   scenario_act.c     acts and moments                             scenario_expect.c    what is expected
 *   scenario_reach.c   what nothing in the story reaches
 *
 * Each reads one field of a mapping into a part of the scenario; false: err says why. A part that was read half is
 * freed with the whole. */
#pragma once

#include "sim/story/scenario.h"

struct scenario_reader {
    const struct form *form;
    scenario_open_fn *open;
    struct scenario *scenario; /* that takes note of where objects stand */
};

/* The fields of a world; they stand at the top of the file and in acts. */
#define SCENARIO_WORLD_FIELDS "versions", "traffic", "hooks", "faults"

bool scenario_world_read(const struct form *form, const struct node *object, struct scenario_world *world);
void scenario_world_fini(struct scenario_world *world);
bool scenario_fault_read(const struct form *form, const struct node *node, struct scenario_fault *fault);

/* The field `key`, a list of documents and {file: path}, as one array; an empty one when it is absent. NULL:
 * refused. */
struct doc *scenario_objects_read(const struct scenario_reader *reader, const struct node *object, const char *key);

bool scenario_act_read(const struct scenario_reader *reader, const struct node *node, struct scenario_act *act);
void scenario_act_fini(struct scenario_act *act);
/* at, when, after of a mapping whose fields are known already. */
bool scenario_moment_read(const struct form *form, const struct node *object, struct scenario_moment *moment);
/* The field `canary` ("namespace/name"), and `phase` and `weight` beside it. */
bool scenario_canary_read(const struct form *form, const struct node *object, const char **canary);
bool scenario_phase_read(const struct form *form, const struct node *object, const char **phase, int64_t *weight);

bool scenario_expectation_read(const struct form *form, const struct node *node, struct scenario_expectation *to);
void scenario_expectation_fini(struct scenario_expectation *expectation);
