/* Structural schemas (OpenAPI v3 as CustomResourceDefinitions have them): what is unknown goes, defaults come, values are checked with the texts of Kubernetes' API
 * server. */
#pragma once

#include "base/doc.h"
#include "base/err.h"

struct schema;

/* From spec.versions[].schema.openAPIV3Schema. False: err names the path that cannot be. */
struct schema *schema_parse(const struct node *openapi, struct err *err);
void schema_free(struct schema *schema);
const struct node *schema_openapi(const struct schema *schema); /* for /openapi/v3 */

/* Removes what the schema does not know, metadata apart. `strict`: NULL, or where the paths of what was removed go, as in
 * 'unknown field "spec.foo"'. */
struct str_list;
void schema_prune(const struct schema *schema, struct doc *object, struct str_list *unknown);
void schema_default(const struct schema *schema, struct doc *object);
/* All causes, in the order of an API server: {field, reason, message} each, as in a Status' details. Empty array: valid. */
struct doc *schema_validate(const struct schema *schema, const struct node *object);
