/* Ownership between the two files that change it: updates, and apply. */
#pragma once

#include "sim/patch/managers.h"
#include "sim/patch/patch.h"

/* A copy without managedFields and with what is always there; `object` NULL: one that has nothing else. */
struct doc *patch_own_object(const struct kind *kind, const struct node *object);
/* Fields that a write through this door cannot set go. */
void patch_own_drop_reset(struct field_set *set, const struct kind *kind, const char *subresource);
/* What such a write changed. */
void patch_own_compare(struct field_difference *difference, const struct kind *kind, const char *subresource,
                       const struct node *before, const struct node *after);
/* Nobody owns what the server sets, and what says which object it is. */
void patch_own_strip(struct field_set *set);
/* What changed between the two becomes the writer's; without a change its entry stays as it is. */
void patch_own_changes(struct managers *managers, const struct kind *kind, const struct node *before,
                       const struct node *after, const struct patch_writer *writer);

/* "apps/v1" (mem_free). */
char *patch_own_version(const struct kind *kind);
const char *patch_own_name(const struct patch_writer *writer);
void patch_own_set_time(struct manager *manager, const char *time);
void patch_own_set_entries(struct doc *object, struct managers *managers);
/* The same but for times: then the times are those of before too, and the object need not be written. */
void patch_own_keep_times(const struct node *before, struct doc *object);
