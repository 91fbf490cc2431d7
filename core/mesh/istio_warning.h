/* What makes Istio ignore the weights of a Canary although all of its objects are in line. */
#pragma once

#include "mesh/router.h"

/* The verb `warnings` of mesh/router.h. */
void istio_warnings(const struct router *router, const struct canary_names *names, const struct node *canary,
                    struct str_list *texts, struct str_list *objects);
