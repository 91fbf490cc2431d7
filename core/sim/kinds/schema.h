/* Structural schemas (OpenAPI v3 as CustomResourceDefinitions have them): what is unknown goes, defaults come, values
 * are checked with the texts of Kubernetes' API server.
 *
 * Known: type, format (sim/kinds/format.h), nullable, properties, required, additionalProperties, items, enum, pattern
 * (base/pattern.h), minimum and maximum with their exclusive forms, multipleOf, min- and maxLength, -Items and
 * -Properties, uniqueItems, allOf, anyOf, oneOf, not, default, and of Kubernetes' extensions preserve-unknown-fields,
 * int-or-string, embedded-resource, list-type, list-map-keys and map-type. Not evaluated: x-kubernetes-validations
 * (rules in CEL); that they were not looked at because something else is wrong is said, as a server says it. Not known
 * to CustomResourceDefinitions either: $ref, patternProperties, dependencies, definitions.
 *
 * A server reports the properties of an object in the random order of its map; here they come in the order of their
 * names. */
#pragma once

#include "base/doc.h"
#include "base/err.h"

struct schema;

/* From spec.versions[].schema.openAPIV3Schema; shared, so nobody changes it. NULL: err names the path that cannot be,
 * as in "properties[spec].type: Required value: …". */
struct schema *schema_parse(const struct node *openapi, struct err *err);
void schema_free(struct schema *schema);
const struct node *schema_openapi(const struct schema *schema); /* for /openapi/v3 */

/* Removes what the schema does not know, metadata apart, and nulls that may not be and have no default. `unknown`:
 * NULL, or where the paths of what was removed go, sorted, as in 'spec.foo'. */
struct str_list;
void schema_prune(const struct schema *schema, struct doc *object, struct str_list *unknown);
void schema_default(const struct schema *schema, struct doc *object);
/* All causes: {field, reason, message} each, as in a Status' details; the Status' own text is 'Kind.group "name" is
 * invalid: ' and "field: message" of the one, or of all in
 * [] with ", " between. Empty array: valid. */
struct doc *schema_validate(const struct schema *schema, const struct node *object);
/* The same for what was `old` before: what is wrong but did not change is let through (Kubernetes' ratcheting).
 * `subresource` "status": only the status is looked at; NULL: all. */
struct doc *schema_validate_update(const struct schema *schema, const struct node *object, const struct node *old,
                                   const char *subresource);
