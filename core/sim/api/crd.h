/* CustomResourceDefinitions themselves: defaults, rules, and the kinds that are served because of them. */
#pragma once

#include "base/doc.h"

struct api;

void crd_default(struct doc *crd);
void crd_validate(const struct node *crd, struct doc *causes);
/* After one was written: its kinds are served from now on. */
void crd_stored(struct api *api, const struct node *crd);
void crd_removed(struct api *api, const struct node *crd);
