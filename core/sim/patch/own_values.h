/* The common update, without sets of fields: it changes values of what its writer owns already, and nothing else. */
#pragma once

#include "sim/patch/managers.h"

enum own_values {
    OWN_VALUES_SAME,    /* nothing is different */
    OWN_VALUES_CHANGED, /* only such values are */
    OWN_VALUES_UNKNOWN, /* look closer: field_walk_compare */
};

/* `self` is one of the managers. */
enum own_values own_values_compare(const struct managers *managers, const struct manager *self,
                                   const struct shape *shape, const struct node *before, const struct node *after);
