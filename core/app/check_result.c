#include <string.h>

#include "app/check_inner.h"
#include "base/mem.h"

struct check_canary *check_add(struct check *check, const struct node *canary)
{
    const char *namespace = node_str(node_at(canary, "metadata", "namespace"));
    const char *name = node_str(node_at(canary, "metadata", "name"));
    check->canaries = mem_resize(check->canaries, (check->canary_count + 1) * sizeof check->canaries[0]);
    struct check_canary *added = &check->canaries[check->canary_count++];
    *added = (struct check_canary){.namespace = str_dup(namespace != NULL ? namespace : ""),
                                   .name = str_dup(name != NULL ? name : "")};
    return added;
}

/* True when the API server has refused the same field, or one above it, already: the engine would repeat that in
 * other words. */
static bool is_said(const struct check_canary *canary, const char *field)
{
    for (size_t i = 0; i < canary->reason_count; i++) {
        const struct check_reason *reason = &canary->reasons[i];
        size_t len = strlen(reason->field);
        bool is_same = len > 0 && strncmp(reason->field, field, len) == 0 && strchr(".[", field[len]) != NULL;
        if (reason->by_api && is_same) {
            return true;
        }
    }
    return false;
}

void check_refuse(struct check_canary *canary, const char *field, const char *text, bool by_api,
                  const struct yaml_place *place)
{
    if (!by_api && is_said(canary, field)) {
        return;
    }
    canary->reasons = mem_resize(canary->reasons, (canary->reason_count + 1) * sizeof canary->reasons[0]);
    canary->reasons[canary->reason_count++] = (struct check_reason){.field = str_dup(field),
                                                                    .text = str_dup(text),
                                                                    .by_api = by_api,
                                                                    .line = place != NULL ? place->line : 0,
                                                                    .column = place != NULL ? place->column : 0};
}

void check_pass_over(struct check *check, const char *kind)
{
    size_t at = 0;
    while (at < check->other_count && strcmp(check->others[at].name, kind) < 0) {
        at++;
    }
    if (at == check->other_count || strcmp(check->others[at].name, kind) != 0) {
        check->others = mem_resize(check->others, (check->other_count + 1) * sizeof check->others[0]);
        memmove(&check->others[at + 1], &check->others[at], (check->other_count - at) * sizeof check->others[0]);
        check->others[at] = (struct check_kind){.name = str_dup(kind)};
        check->other_count++;
    }
    check->others[at].count++;
}
