/* A check on record, judged again by the bounds that a script gives it now. */
#pragma once

#include "release/journal.h"

struct rejudged {
    struct doc *outcome; /* what the word gives by the new bounds; of both, to be freed */
    struct doc *told;    /* NULL: the verdict is the same; {value, unit, recorded, again, min, max} */
    bool is_same;
};

/* The word check is ahead in the journal, and `args` is not what it was asked with. False: more than its bounds is
 * another one, or its value is not on record, or a team's own check, in `sources`, may have looked at them; the journal
 * is where it was. True: the journal is behind the word. */
bool rejudge(struct journal *journal, const struct node *sources, const struct node *args, struct rejudged *again);
