/* Fields that every object has, and the names of its kind as an API server writes them. */
#pragma once

#include "base/doc.h"
#include "sim/kinds/kinds.h"

/* Of metadata; "" or 0 when it is absent. */
const char *meta_str(const struct node *object, const char *key);
int64_t meta_int(const struct node *object, const char *key);
void set_default_str(struct doc *doc, struct node *object, const char *key, const char *value);
void set_default_int(struct doc *doc, struct node *object, const char *key, int64_t value);

/* mem_free. */
char *qualified_resource(const struct kind *kind); /* "deployments.apps" */
char *api_version_of(const struct kind *kind);     /* "apps/v1" */
