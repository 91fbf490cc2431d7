/* Annotations of sluice.dev/ on a Canary that nobody reads, such as misspelt ones: what they ask for does not
 * happen. */
#pragma once

#include "base/doc.h"

/* What people are told of this annotation (str_free); NULL: it is read, or is none of ours. */
char *unread_annotation(const char *key);
/* The same of all that the Canary has (str_free); NULL: there is none. */
char *unread_annotations(const struct node *canary);
