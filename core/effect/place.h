/* Checks of the members of an effect; each says in its error where the member stands, what came and what was wanted. */
#pragma once

#include "base/doc.h"

struct place {
    char *text; /* of the effect: "effects[2]" */
    struct err *err;
};

/* Each check is true for an allowed value. An absent member is allowed, except in the last two checks. */
bool place_check_int(const struct place *at, const struct node *effect, const char *key, int64_t min, int64_t max,
                     const char *what);
bool place_check_text(const struct place *at, const struct node *effect, const char *key);
bool place_check_bool(const struct place *at, const struct node *effect, const char *key);
/* A share of 0 to 100 percent. */
bool place_check_share(const struct place *at, const struct node *effect, const char *key, int64_t *pct);
/* One of a list of texts that ends with NULL; "effects[2].phase: \"x\" is not a phase" with `what` "a phase". */
bool place_check_word(const struct place *at, const struct node *effect, const char *key, const char *const *words,
                      const char *what);
/* False, and the error "effects[2].key: <n> is not <what>". */
bool place_refuse(const struct place *at, const char *key, const struct node *n, const char *what);
