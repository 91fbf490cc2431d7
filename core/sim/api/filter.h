/* The selectors of a list, watch or deletecollection. */
#pragma once

#include "base/doc.h"
#include "sim/api/selector.h"

struct failure;
struct request;

struct filter {
    struct selector *labels, *fields; /* NULL: all of them */
};

bool filter_read(const struct request *request, struct filter *filter, struct failure *f);
bool filter_matches(const struct filter *filter, const struct node *object);
void filter_fini(struct filter *filter);
