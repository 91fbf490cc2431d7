/* Tables for kubectl. */
#pragma once

#include "base/doc.h"

struct request;

/* A Table of `objects` (an array). */
struct doc *api_table_new(const struct request *request, const struct node *objects, const struct node *list_metadata,
                          bool with_columns);
