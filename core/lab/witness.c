#include "lab/witness.h"

#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"

struct witness {
    struct strategist base; /* first */
    struct strategist *behind;
    witness_fn *tell;
    void *ctx;
};

struct strategy {
    struct witness *witness;
    struct strategy *behind;
    struct strategy_host host; /* the engine's */
    char *label, *operation;   /* NULL: none was asked for */
    bool is_inside;            /* the engine is being called */
    bool is_stopped;           /* from inside: it is freed when the engine has returned */
};

static void strategy_free(struct strategy *strategy)
{
    str_free(&strategy->label);
    str_free(&strategy->operation);
    mem_free(strategy);
}

/* False: the engine has stopped the strategy meanwhile, and it is gone. */
static bool come_back(struct strategy *strategy)
{
    strategy->is_inside = false;
    if (strategy->is_stopped) {
        strategy_free(strategy);
        return false;
    }
    return true;
}

static void tell(const struct strategy *strategy, struct witness_news news)
{
    news.label = strategy->label;
    strategy->witness->tell(strategy->witness->ctx, &news);
}

/* --- what the script asks --- */

static bool on_call(void *ctx, const char *operation, const struct node *args, struct doc **answer, struct err *err)
{
    struct strategy *strategy = ctx;
    str_free(&strategy->operation);
    strategy->operation = str_dup(operation);
    strategy->is_inside = true;
    bool is_answered = strategy->host.call(strategy->host.ctx, operation, args, answer, err);
    if (come_back(strategy)) {
        tell(strategy, (struct witness_news){.kind = WITNESS_OPERATION,
                                             .name = operation,
                                             .args = args,
                                             .answer = is_answered ? doc_root(*answer) : NULL});
    }
    return is_answered;
}

static bool on_enter(void *ctx, const char *word, const struct node *args, struct doc **result, int64_t *started_ms)
{
    struct strategy *strategy = ctx;
    strategy->is_inside = true;
    bool known = strategy->host.enter(strategy->host.ctx, word, args, result, started_ms);
    if (come_back(strategy)) {
        tell(strategy, (struct witness_news){.kind = WITNESS_WORD,
                                             .name = word,
                                             .args = args,
                                             .answer = known ? doc_root(*result) : NULL,
                                             .known = known});
    }
    return known;
}

static void on_leave(void *ctx, const struct node *result)
{
    struct strategy *strategy = ctx;
    strategy->is_inside = true;
    strategy->host.leave(strategy->host.ctx, result);
    if (come_back(strategy)) {
        tell(strategy, (struct witness_news){.kind = WITNESS_LEAVE, .answer = result});
    }
}

static bool is_line_known(void *ctx)
{
    struct strategy *strategy = ctx;
    return strategy->host.is_line_known != NULL && strategy->host.is_line_known(strategy->host.ctx);
}

static void on_evidence(void *ctx, const struct node *evidence, const char *where)
{
    struct strategy *strategy = ctx;
    strategy->host.evidence(strategy->host.ctx, evidence, where);
    tell(strategy, (struct witness_news){.kind = WITNESS_EVIDENCE, .name = where, .args = evidence});
}

static void on_log(void *ctx, const char *message)
{
    struct strategy *strategy = ctx;
    strategy->host.log(strategy->host.ctx, message);
}

static void on_delayed(void *ctx, int64_t wait_ms, enum strategy_budget lack, const char *where)
{
    struct strategy *strategy = ctx;
    strategy->host.delayed(strategy->host.ctx, wait_ms, lack, where);
}

static void on_ended(void *ctx, enum strategy_end end, const struct err *err)
{
    struct strategy *strategy = ctx;
    tell(strategy, (struct witness_news){.kind = WITNESS_END, .name = end != STRATEGY_RETURNED ? err->text : NULL});
    strategy->host.ended(strategy->host.ctx, end, err);
}

/* --- what the engine asks --- */

static const struct strategist_ops *ops_of(const struct strategy *strategy)
{
    return strategy->witness->behind->ops;
}

/* One that rested goes on as the same. */
static struct strategy *start(struct strategist *strategist, const struct strategy_start *order, struct err *err)
{
    struct witness *witness = (struct witness *)strategist;
    struct strategy *strategy = order->before != NULL ? order->before : mem_new(struct strategy);
    struct strategy_start behind = *order;
    behind.before = order->before != NULL ? strategy->behind : NULL;
    behind.host = (struct strategy_host){.ctx = strategy,
                                         .call = on_call,
                                         .enter = on_enter,
                                         .leave = on_leave,
                                         .is_line_known = is_line_known,
                                         .evidence = on_evidence,
                                         .log = on_log,
                                         .delayed = on_delayed,
                                         .ended = on_ended};
    str_free(&strategy->label);
    strategy->label = str_dup(order->label != NULL ? order->label : "");
    strategy->witness = witness;
    strategy->host = order->host;
    strategy->behind = witness->behind->ops->start(witness->behind, &behind, err);
    if (strategy->behind == NULL) {
        strategy_free(strategy);
        return NULL;
    }
    return strategy;
}

static void answer(struct strategy *strategy, const struct node *value)
{
    tell(strategy, (struct witness_news){.kind = WITNESS_ANSWER, .name = strategy->operation, .answer = value});
    ops_of(strategy)->answer(strategy->behind, value);
}

static void stop(struct strategy *strategy)
{
    ops_of(strategy)->stop(strategy->behind);
    strategy->is_stopped = true;
    if (!strategy->is_inside) {
        strategy_free(strategy);
    }
}

static void rest(struct strategy *strategy)
{
    ops_of(strategy)->rest(strategy->behind);
}

static void where(const struct strategy *strategy, char *out, size_t size)
{
    ops_of(strategy)->where(strategy->behind, out, size);
}

static bool is_apart(const struct strategy *strategy)
{
    return ops_of(strategy)->is_apart(strategy->behind);
}

static struct strategist *behind_of(const struct strategist *strategist)
{
    return ((const struct witness *)strategist)->behind;
}

static struct doc *inspect(struct strategist *strategist, const char *module, const struct node *sources,
                           const struct limits *limits, struct err *err)
{
    struct strategist *behind = behind_of(strategist);
    return behind->ops->inspect(behind, module, sources, limits, err);
}

static struct limits limits_of(const struct strategist *strategist)
{
    struct strategist *behind = behind_of(strategist);
    return behind->ops->limits(behind);
}

static struct node *sources_of(struct strategist *strategist, const char *name, struct doc *doc)
{
    struct strategist *behind = behind_of(strategist);
    return behind->ops->sources(behind, name, doc);
}

static const struct strategist_ops ops = {
    .start = start,
    .answer = answer,
    .stop = stop,
    .rest = rest,
    .where = where,
    .is_apart = is_apart,
    .inspect = inspect,
    .limits = limits_of,
    .sources = sources_of,
};

struct witness *witness_new(struct strategist *behind, witness_fn *tell_fn, void *ctx)
{
    struct witness *witness = mem_new(struct witness);
    *witness = (struct witness){.base = {.ops = &ops}, .behind = behind, .tell = tell_fn, .ctx = ctx};
    return witness;
}

void witness_free(struct witness *witness)
{
    mem_free(witness);
}

struct strategist *witness_strategist(struct witness *witness)
{
    return &witness->base;
}
