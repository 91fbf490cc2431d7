/* A kept Release played again: a script says its words over the record, which answers them, until it says one that the
 * record has otherwise or not at all. Nobody is asked, and nothing is done.
 *
 *     record   start  begin  shift 10  analyse  round         (promote: in progress, its operations as far as they are)
 *     script   start  begin  shift 25
 *                            └─ the first difference
 *
 * A word is on record by its name and a digest of its arguments. So what the record had can be said in full only by a
 * script that agrees with it: the Release's own, played up to the same word (`words_max`). */
#pragma once

#include "base/doc.h"

struct replay_order {
    const struct node *object; /* the Release */
    const char *script;        /* in the place of its strategy's own; NULL: that one */
    int64_t words_max;         /* ends before this word is answered, counted from 1; 0: plays to the end */
};

/* {words, rejudged, end, word, recorded, verdict, problem}:
 *   words     so many agree; `rejudged`: checks among them, of other bounds, whose verdict is the same
 *   end       why it ends: "word" (words_max), "record" (nothing more is on record), "differs" (another word, or other
 *             arguments), "verdict" (the same check, but of other bounds), "operation" (of the word in progress),
 *             "script" (it failed)
 *   word      what the script says then: {name, args, where}, where: a line of a script, or absent
 *   recorded  what is on record there: {name, at_ms}
 *   verdict   {value, unit, recorded, again, min, max}
 *   problem   of "operation" and "script"
 * NULL and err: the object is no Release that this engine understands, or the script does not load. */
struct doc *replay_play(const struct replay_order *order, struct err *err);
