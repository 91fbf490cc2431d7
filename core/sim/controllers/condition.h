/* The conditions of an object, and the times in them. */
#pragma once

#include "base/doc.h"

struct controllers;

void now_text(const struct controllers *c, char out[static 32]);
/* Milliseconds since 1970 of a time in an object; 0 without one. */
int64_t time_at(const struct node *node);
/* In status.conditions, by its type; NULL without one. */
struct node *condition_find(const struct node *status, const char *type);
/* Removes the condition of the type. */
void condition_remove(struct node *status, const char *type);
/* Appends it. `since` NULL: it became so now. */
struct node *condition_add(struct controllers *c, struct doc *doc, struct node *status, const char *type,
                           const char *value, const char *reason, const char *message, const char *since);
