/* Folds equal neighbours of the journal into one with a count. A closed gate repeats one round; the gate
 * confirm-promotion of an A/B test or of blue/green repeats two, because every other round counts an iteration
 * instead of asking (docs/flagger.md, "Hooks"). */
#include "release/journal_record.h"

enum { ROUNDS_FOLDED_MAX = 2 };

static bool same_entry(const struct entry *a, const struct entry *b)
{
    return strcmp(a->word, b->word) == 0 && strcmp(a->args, b->args) == 0 && strcmp(a->result, b->result) == 0;
}

/* Index of the last entry before `end` that starts a round; SIZE_MAX without one. */
static size_t round_before(const struct journal *j, size_t end)
{
    for (size_t i = end; i-- > 0;) {
        if (journal_is_round(j->entries[i].word)) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* True when `at` lies inside of a folded segment that starts before it. */
static bool is_inside(const struct journal *j, size_t at)
{
    size_t start = at;
    for (int i = 1; i < ROUNDS_FOLDED_MAX && start != SIZE_MAX; i++) {
        start = round_before(j, start);
        if (start != SIZE_MAX && j->entries[start].count > 1 && start + j->entries[start].segment > at) {
            return true;
        }
    }
    return false;
}

/* True when the segment of `len` entries at `last` equals the one before it, at `previous`, and neither is a part of
 * another segment. */
static bool repeats(const struct journal *j, size_t previous, size_t last, size_t len)
{
    const struct entry *first = &j->entries[previous];
    if (!journal_is_round(first->word) || (first->count > 1 && first->segment != len) || is_inside(j, previous)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        const struct entry *x = &j->entries[previous + i], *y = &j->entries[last + i];
        if (!same_entry(x, y) || (i > 0 && x->count > 1) || y->count > 1) {
            return false;
        }
    }
    return true;
}

/* Folds the last `rounds` rounds if they equal the same number of rounds before them. */
static bool fold(struct journal *j, int rounds)
{
    size_t last = j->entry_count;
    for (int i = 0; i < rounds && last != SIZE_MAX; i++) {
        last = round_before(j, last);
    }
    size_t len = j->entry_count - last;
    if (last == SIZE_MAX || last < len || !repeats(j, last - len, last, len)) {
        return false;
    }
    struct entry *kept = &j->entries[last - len];
    kept->count++;
    kept->segment = len;
    for (size_t i = 0; i < len; i++) {
        kept[i].started_ms = j->entries[last + i].started_ms;
    }
    while (j->entry_count > last) {
        journal_pop_entry(j);
    }
    return true;
}

void journal_fold_rounds(struct journal *j)
{
    for (int rounds = 1; rounds <= ROUNDS_FOLDED_MAX; rounds++) {
        if (fold(j, rounds)) {
            return;
        }
    }
}

/* Folds single words only before the first round, where a gate is asked again and again. Later words fold with their
 * round. */
void journal_fold_word(struct journal *j)
{
    if (j->entry_count < 2 || round_before(j, j->entry_count) != SIZE_MAX) {
        return;
    }
    struct entry *last = &j->entries[j->entry_count - 1], *previous = last - 1;
    if (!same_entry(previous, last)) {
        return;
    }
    previous->count++;
    previous->started_ms = last->started_ms;
    journal_pop_entry(j);
}
