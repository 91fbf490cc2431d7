/* The command line of hey 0.1 (github.com/rakyll/hey), as a plan.
 *
 * Its flags are read as Go reads them (one or two dashes, -c=2 or -c 2, 0x10 and 1_000 are numbers), and mean what they
 * mean there: 200 requests by 50 workers when nothing is said, -n is ignored beside -z, headers of the same name
 * replace each other, any certificate is good. Refused by name: what reads or writes files (-D, -o). */
#pragma once

#include "load/plan.h"

/* `words[0]` is "hey". load_plan_fini is due in any case. */
bool hey_read(const struct str_list *words, struct load_plan *plan, struct err *err);
