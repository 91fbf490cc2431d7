#include "workload/workload.h"

#include <string.h>

#include "canary/kinds.h"
#include "canary/ownership.h"
#include "kube/object.h"
#include "workload/facts.h"

/* --- the kinds --- */

#define DECLARE(row, kind) extern const struct workload_kind row##_workload;
CANARY_WORKLOADS(DECLARE)
#undef DECLARE

#define ROW(row, kind) &row##_workload,
static const struct workload_kind *const kinds[] = {CANARY_WORKLOADS(ROW) NULL};
#undef ROW

const struct workload_kind *workload_kind_at(size_t i)
{
    return kinds[i];
}

const struct workload_kind *workload_of(const struct canary_names *names)
{
    const struct workload_kind *const *kind = kinds;
    while (*kind != NULL && strcmp((*kind)->store.resource->kind, names->target_kind) != 0) {
        kind++;
    }
    return *kind;
}

enum readiness workload_readiness(const struct canary_names *names, const struct node *workload, int64_t deadline_s,
                                  int threshold_pct, int64_t now_wall_ms, struct err *err)
{
    const struct workload_kind *kind = workload_of(names);
    if (workload == NULL) {
        err_set(err, ERR_NOT_FOUND, "%s not found", kind->word);
        return NOT_READY;
    }
    return kind->readiness(workload, deadline_s, threshold_pct, now_wall_ms, err);
}

bool workload_missing(const struct canary_names *names, struct err *err)
{
    const struct workload_kind *kind = workload_of(names);
    const struct kube_resource *resource = kind->store.resource;
    return err_set(err, ERR_NOT_FOUND, "%s %s.%s get query error: %s.%s \"%s\" not found", kind->word, names->target,
                   names->namespace, resource->plural, resource->group, names->target);
}

/* --- the primary --- */

enum plan workload_check_primary(const struct node *primary, const struct canary_names *names, struct err *err)
{
    bool made_by_an_engine = facts_promotion_id(primary) != NULL && !ownership_is_rivals(primary, names);
    if (primary == NULL || ownership_is_ours(primary, names) || made_by_an_engine) {
        return PLAN_DONE;
    }
    return ownership_refuse(workload_of(names)->store.resource, primary, names,
                            "it was there before, and is no primary of this target", err);
}

/* --- the selector --- */

/* "[app name app.kubernetes.io/name]", as Go prints a slice. */
static char *list_text(const struct str_list *list)
{
    struct buf b;
    buf_init(&b, SIZE_MAX);
    for (size_t i = 0; i < list->count; i++) {
        buf_printf(&b, "%s%s", i == 0 ? "[" : " ", list->items[i]);
    }
    buf_append_str(&b, list->count == 0 ? "[]" : "]");
    char *text = str_dup(buf_str(&b));
    buf_fini(&b);
    return text;
}

bool workload_selector(const struct workload_kind *kind, const struct node *workload,
                       const struct str_list *selector_labels, struct selector *selector, struct err *err)
{
    const struct node *labels = node_at(workload, "spec", "selector", "matchLabels");
    for (size_t i = 0; i < selector_labels->count; i++) {
        const char *value = node_str(node_get(labels, selector_labels->items[i]));
        if (value != NULL) {
            *selector = (struct selector){.key = selector_labels->items[i], .value = value};
            return true;
        }
    }
    char *wanted = list_text(selector_labels);
    err_set(err, ERR_INVALID, "getSelectorLabel failed: %s %s.%s spec.selector.matchLabels must contain one of %s",
            kind->word, object_name(workload), object_namespace(workload), wanted);
    str_free(&wanted);
    return false;
}
