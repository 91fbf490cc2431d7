#include <string.h>

#include "rollout/operation/operation.h"

extern const struct operation operation_facts, operation_spec, operation_tick, operation_ready, operation_query,
    operation_hooks, operation_act, operation_pin, operation_rollback, operation_fail_promotion, operation_finish,
    operation_difference;

static const struct operation *const operations[] = {
    &operation_facts,    &operation_spec,           &operation_tick,   &operation_ready,
    &operation_query,    &operation_hooks,          &operation_act,    &operation_pin,
    &operation_rollback, &operation_fail_promotion, &operation_finish, &operation_difference,
};

const struct operation *operation_find(const char *name)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i]->name, name) == 0) {
            return operations[i];
        }
    }
    return NULL;
}
