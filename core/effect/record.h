/* Opens a Release in order to go on with it. Besides the checks of release/check.h, the recorded effects must keep
 * the rules of effect/effect.h. */
#pragma once

#include "release/release.h"

/* As release_open. A release whose record breaks a rule is refused (release_refuse): it can be closed, and none of
 * its effects is done. */
struct release *record_open(struct context *context, const struct node *object);
