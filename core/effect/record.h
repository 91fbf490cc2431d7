/* A Release as it is opened to go on with it: besides what the record room checks (release/check.h), the effects on record keep the rules of effect/effect.h. */
#pragma once

#include "release/release.h"

/* As release_open. A release whose record breaks a rule is refused (release_refuse): it can be closed, and nothing of it is done. */
struct release *record_open(struct context *context, const struct node *object);
