/* FieldsV1 as it stands in an object, asked without making a set of it: most writes change nothing about who owns
 * what. */
#pragma once

#include "sim/patch/field_set.h"

/* Just as field_set_write writes a set that is not empty: reading and writing it again changes nothing. */
bool field_written_is_canonical(const struct node *fields);
/* `fields`, which is canonical, has some member of the set; has all of them. */
bool field_written_has_any(const struct node *fields, const struct field_set *set);
bool field_written_has_all(const struct node *fields, const struct field_set *set);
/* A field that stands in one, not only something below it. */
bool field_written_is_member(const struct node *field);
