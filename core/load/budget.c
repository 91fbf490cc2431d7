#include "load/budget.h"

#include <assert.h>
#include <utlist.h>

#include "base/mem.h"

struct budget {
    double rate;
    struct budget_share *shares; /* the one that wants least comes first */
};

struct budget *budget_new(double rate)
{
    struct budget *budget = mem_new(struct budget);
    budget->rate = rate;
    return budget;
}

void budget_free(struct budget *budget)
{
    assert(budget->shares == NULL);
    mem_free(budget);
}

/* What somebody leaves of their even share is divided among those who come later, as they want as much or more. */
static void divide(struct budget *budget, const struct budget_share *newcomer)
{
    struct budget_share *share;
    size_t left;
    double rate = budget->rate;
    DL_COUNT(budget->shares, share, left);
    DL_FOREACH(budget->shares, share)
    {
        double even = rate / (double)left--;
        double given = share->wanted < even ? share->wanted : even;
        rate -= given;
        if (given != share->given) {
            share->given = given;
            if (share != newcomer) {
                share->changed(share->ctx);
            }
        }
    }
}

static int by_wanted(const struct budget_share *a, const struct budget_share *b)
{
    return (a->wanted > b->wanted) - (a->wanted < b->wanted);
}

void budget_join(struct budget *budget, struct budget_share *share)
{
    assert(share->wanted > 0 && share->prev == NULL);
    DL_INSERT_INORDER(budget->shares, share, by_wanted);
    divide(budget, share);
}

void budget_leave(struct budget *budget, struct budget_share *share)
{
    if (share->prev == NULL) {
        return;
    }
    DL_DELETE(budget->shares, share);
    share->prev = share->next = NULL;
    divide(budget, NULL);
}

double budget_wanted(const struct budget *budget)
{
    const struct budget_share *share;
    double wanted = 0;
    DL_FOREACH(budget->shares, share)
    {
        wanted += share->wanted;
    }
    return wanted;
}
