/* YAML as Kubernetes' loader reads it (go-yaml v2 as sigs.k8s.io/yaml uses it), into the document type of JSON.
 *
 * Words such as on, y and 0777 mean true, true and 511, also as keys. A mapping's own keys win over what `<<` brings,
 * wherever they stand. Duplicate keys, cyclic and exploding aliases, .inf/.nan and non-scalar keys are errors.
 * Positions are in the error's text. */
#pragma once

#include "base/doc.h"
#include "base/str.h"
#include "base/yaml_places.h"

/* The first document of the stream; an empty stream gives null. `name` stands before line:column in errors (a path). */
struct doc *yaml_parse(const char *name, const char *text, size_t len, struct err *err);
/* The same, and where each of its values stands is put into `places`. */
struct doc *yaml_parse_placed(const char *name, const char *text, size_t len, struct yaml_places *places,
                              struct err *err);
/* The same, but of a key that is there more than once the last one counts; each is told in `repeated`. For what kubectl
 * reads in this way. */
struct doc *yaml_parse_last(const char *name, const char *text, size_t len, struct str_list *repeated, struct err *err);

/* Every document of the stream that is not empty, appended to an array at the root of the result. */
struct doc *yaml_parse_all(const char *name, const char *text, size_t len, struct err *err);
/* The same, and where each value stands is put into `places`. Lines count from the start of the stream. */
struct doc *yaml_parse_all_placed(const char *name, const char *text, size_t len, struct yaml_places *places,
                                  struct err *err);
