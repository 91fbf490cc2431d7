/* Between the files that validate: what one keyword, or a few, say about a value. */
#pragma once

#include "sim/kinds/outcome.h"
#include "sim/kinds/rule.h"

#define TYPE_REASON "FieldValueTypeInvalid"
#define INVALID_REASON "FieldValueInvalid"

/* A value, what it was before (NULL: not known) and where it is. */
struct subject {
    const struct node *value, *old;
    const struct place *place;
};

void schema_check_null_type(struct outcome *out, const struct rule *rule, const struct subject *s);
void schema_check_type(struct outcome *out, const struct rule *rule, const struct subject *s);
void schema_check_text(struct outcome *out, const struct rule *rule, const struct subject *s);
void schema_check_format(struct outcome *out, const struct rule *rule, const struct subject *s);
void schema_check_number(struct outcome *out, const struct rule *rule, const struct subject *s);
void schema_check_values(struct outcome *out, const struct rule *rule, const struct subject *s);
