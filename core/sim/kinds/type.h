/* The Go types of the built-in kinds. A real API server reads a request into them and writes its answers from them, so
 * what they do not know goes, what is empty goes, and some zero values come. */
#pragma once

#include "base/doc.h"
#include "base/str.h"

struct type;

/* "Deployment", "ObjectMeta"; NULL when there is none. */
const struct type *type_find(const char *name);

/* `value` as the type has it. `unknown` (may be NULL) gets the paths of what the type does not know, such as unknown
 * field "spec.extra". NULL: err is what Go says about a value of the wrong kind. */
struct doc *type_convert(const struct type *type, const struct node *value, struct str_list *unknown, struct err *err);

/* What encoding/json calls a value: "number", "array". */
const char *type_json_word(const struct node *value);

/* The same as a node of `doc`. */
struct node *type_convert_into(struct doc *doc, const struct type *type, const struct node *value,
                               struct str_list *unknown, struct err *err);

/* Adds the schemas of the type and of all it refers to under their names, for /openapi/v3. */
void type_describe(const struct type *type, struct doc *doc, struct node *schemas, const char *prefix);
