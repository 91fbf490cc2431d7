/* Strict reading of YAML that people write: each field has a type, unknown fields are refused, and each refusal
 * names the place:
 *
 *     steady.yaml:12:5: acts[2].after: "soon", wanted a duration such as 90s or 1m30s
 *
 * Every function returns false when it refused. Those that read a field leave *out as it is when the field is absent
 * (or null). */
#pragma once

#include "base/doc.h"
#include "base/yaml_places.h"

/* All of it borrowed. */
struct form {
    const char *file;
    const struct node *root; /* from which paths count */
    const struct yaml_places *places;
    struct err *err;
};

/* At the value. Always false. */
bool form_refuse(const struct form *form, const struct node *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* At the field of a mapping, or at the mapping when it is absent. Always false. */
bool form_refuse_field(const struct form *form, const struct node *object, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* "FILE:LINE:COLUMN: path" of a value, for errors that are found later; mem_free. */
char *form_place(const struct form *form, const struct node *value);
/* The value at a path such as "spec.ports[0].name", or the last one on the way to it. */
const struct node *form_nearest(const struct node *root, const char *path);

/* It is a mapping, and has no field but these (the last one is NULL). */
bool form_fields(const struct form *form, const struct node *object, const char *const *names);
/* True when the mapping has this field. `key:` without a value counts as absent. */
bool form_has(const struct node *object, const char *key);
/* The same, refused when it has not. */
bool form_need(const struct form *form, const struct node *object, const char *key);

bool form_str(const struct form *form, const struct node *object, const char *key, const char **out);
bool form_bool(const struct form *form, const struct node *object, const char *key, bool *out);
/* A whole number from `min` to `max`. */
bool form_int(const struct form *form, const struct node *object, const char *key, int64_t min, int64_t max,
              int64_t *out);
/* Any number that is not negative. */
bool form_amount(const struct form *form, const struct node *object, const char *key, double *out);
/* "90s"; not negative. */
bool form_duration(const struct form *form, const struct node *object, const char *key, int64_t *ms);
/* "12.5%" as 0.125; from 0% to 100%. */
bool form_share(const struct form *form, const struct node *object, const char *key, double *out);
/* One of the words (the last one is NULL), by its index. */
bool form_word(const struct form *form, const struct node *object, const char *key, const char *const *words, int *out);
bool form_list(const struct form *form, const struct node *object, const char *key, const struct node **out);
bool form_mapping(const struct form *form, const struct node *object, const char *key, const struct node **out);
