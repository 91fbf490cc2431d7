/* What an unquoted word of YAML means: the rules of go-yaml v2 (YAML 1.1 without base 60 and without dates), which is
 * what Kubernetes' tools read. A part of base/yaml.h, of no use elsewhere. */
#pragma once

#include "base/doc.h"

/* The node of a scalar. `tag` is NULL or the full tag ("tag:yaml.org,2002:int"); `implicit` says that the word's form
 * decides its type (it stood there without quotes). NULL and *problem for a word its tag forbids, and for .inf and
 * .nan. */
struct node *yaml_scalar_node(struct doc *doc, const char *tag, bool implicit, const char *text, size_t len,
                              const char **problem);
