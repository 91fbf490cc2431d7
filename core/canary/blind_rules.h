/* What a release of a bundled strategy does while a check has nothing to judge by: spec.strategy.params of a Canary
 * that names no Strategy.
 *
 *   blind          fail | hold | ignore
 *   min_requests   fewer of them in a metric's interval are nothing to judge by
 *   blind_timeout  how long a release holds
 *   otherwise      rollback | promote | fail: what comes then
 *
 * Without any of them the rule is Flagger's. */
#pragma once

#include "canary/canary.h"

/* Adds reasons that begin with the field. */
void blind_rules_check(const struct canary *canary, struct str_list *reasons);
/* Those that the Canary gives, for a script: a new object of `doc`. NULL: none. */
struct node *blind_rules_fill(struct doc *doc, const struct canary *canary);
