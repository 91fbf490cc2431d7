/* Label and field selectors of list, watch and deletecollection. */
#pragma once

#include "base/doc.h"
#include "base/err.h"

struct selector;

/* "a=b,c!=d,e in (f,g),h notin (i),j,!k". */
struct selector *selector_parse_labels(const char *text, struct err *err);
/* "metadata.name=x,involvedObject.kind!=y". */
struct selector *selector_parse_fields(const char *text, struct err *err);
/* The selector of a workload: {matchLabels, matchExpressions}. */
struct selector *selector_from_node(const struct node *selector, struct err *err);
/* The path of a field selector's term; NULL behind the last. */
const char *selector_field(const struct selector *selector, size_t index);
void selector_free(struct selector *selector);
/* NULL matches everything. Labels are read from metadata.labels, fields from their path. */
bool selector_matches(const struct selector *selector, const struct node *object);
/* Against a map of labels. */
bool selector_matches_labels(const struct selector *selector, const struct node *labels);
