/* The table of operations, and what is checked of all of them. */
#include <string.h>

#include "base/str.h"
#include "rollout/operation/operation.h"

/* A row here makes `operation_`row of its file count. */
#define OPERATIONS(X)                                                                                                  \
    X(facts)                                                                                                           \
    X(spec)                                                                                                            \
    X(tick)                                                                                                            \
    X(ready)                                                                                                           \
    X(query)                                                                                                           \
    X(query_range)                                                                                                     \
    X(hooks)                                                                                                           \
    X(act)                                                                                                             \
    X(pin)                                                                                                             \
    X(rollback)                                                                                                        \
    X(fail_promotion)                                                                                                  \
    X(finish)                                                                                                          \
    X(difference)                                                                                                      \
    X(sleep)                                                                                                           \
    X(await)                                                                                                           \
    X(phase)                                                                                                           \
    X(calendar)                                                                                                        \
    X(webhook)                                                                                                         \
    X(history)                                                                                                         \
    X(save)

#define DECLARE(row) extern const struct operation operation_##row;
OPERATIONS(DECLARE)
#undef DECLARE

#define ROW(row) &operation_##row,
static const struct operation *const operations[] = {OPERATIONS(ROW)};
#undef ROW

const struct operation *operation_at(size_t index)
{
    return index < sizeof operations / sizeof operations[0] ? operations[index] : NULL;
}

const struct operation *operation_find(const char *name)
{
    size_t i = 0;
    while (operation_at(i) != NULL && strcmp(operations[i]->name, name) != 0) {
        i++;
    }
    return operation_at(i);
}

/* --- the contract --- */

const struct operation *operation_accept(const char *name, const struct node *args, struct err *err)
{
    const struct operation *operation = operation_find(name);
    if (operation == NULL) {
        err_set(err, ERR_SCRIPT, "there is no operation '%.60s'", name);
        return NULL;
    }
    char *place = str_format("%s: args", name);
    bool ok = contract_check(&operation->takes, place, args, err);
    str_free(&place);
    return ok ? operation : NULL;
}

bool operation_answers(const struct operation *operation, const struct node *answer, struct err *err)
{
    if (operation->ends) {
        return err_set(err, ERR_SCRIPT, "%s: it never answers", operation->name);
    }
    char *place = str_format("%s: answer", operation->name);
    bool ok = contract_check(&operation->answers, place, answer, err);
    str_free(&place);
    return ok;
}

void operation_write(const struct operation *operation, struct buf *out)
{
    buf_printf(out, "%s ", operation->name);
    contract_write(&operation->takes, out);
    if (!operation->ends) {
        buf_append_str(out, " -> ");
        contract_write(&operation->answers, out);
    }
}
