/* What Canaries say beside what the engine refuses: the Strategy that they name, their queries and steps. */
#include <string.h>

#include "app/check_inner.h"
#include "base/mem.h"
#include "canary/names.h"
#include "canary/params.h"
#include "kube/object.h"

#define PARAMS "spec.strategy.params"

/* --- queries and steps --- */

static void ask_doctor(struct check *check, const struct check_source *source, const struct node *canary)
{
    struct doc *answer = check_ask(check, "tool.doctor", "look", node_get(canary, "spec"));
    struct node_iter it = node_iterate(doc_root(answer));
    while (node_next(&it)) {
        check_find_at(check, source, canary, node_str_or(node_get(it.value, "field"), "spec"),
                      node_is(node_get(it.value, "severity"), "error"), node_str_or(node_get(it.value, "text"), ""));
    }
    doc_free(answer);
}

/* --- Strategies --- */

void check_uses(struct check *check, const struct check_source *source, const struct node *canary, size_t index)
{
    const struct node *strategy = node_at(canary, "spec", "strategy");
    if (node_type(node_get(canary, "spec")) == NODE_OBJECT) {
        ask_doctor(check, source, canary);
    }
    if (node_str(node_get(strategy, "name")) == NULL || source->file == NULL) {
        return;
    }
    check->uses = mem_resize(check->uses, (check->use_count + 1) * sizeof check->uses[0]);
    check->uses[check->use_count++] =
        (struct check_use){.canary = index,
                           .object = canary,
                           .file = source->file,
                           .places = source->places,
                           .key = canary_reference_key(strategy, object_namespace(canary))};
}

/* Where one of them says no namespace, another tool will. */
static bool is_meant(const char *strategy, const char *wanted)
{
    return strcmp(strchr(strategy, '/'), strchr(wanted, '/')) == 0 &&
           (strcmp(strategy, wanted) == 0 || strategy[0] == '/' || wanted[0] == '/');
}

static const struct check_strategy *find_strategy(const struct check *check, const char *key)
{
    for (size_t i = 0; i < check->strategy_count; i++) {
        if (is_meant(check->strategies[i].key, key)) {
            return &check->strategies[i];
        }
    }
    return NULL;
}

static void refuse_params(struct check *check, const struct check_use *use, const struct check_source *source,
                          const struct node *declared)
{
    struct check_canary *canary = &check->canaries[use->canary];
    struct str_list reasons = {0};
    bool was_accepted = canary->reason_count == 0;
    params_fit(declared, node_at(use->object, "spec", "strategy", "params"), PARAMS, &reasons);
    for (size_t i = 0; i < reasons.count; i++) {
        char *field = str_dup_n(reasons.items[i], strcspn(reasons.items[i], ":"));
        check_refuse(canary, field, reasons.items[i], false, check_place(source, use->object, field));
        str_free(&field);
    }
    check->refused_count += was_accepted && canary->reason_count > 0;
    str_list_fini(&reasons);
}

void check_uses_end(struct check *check)
{
    for (size_t i = 0; i < check->use_count; i++) {
        const struct check_use *use = &check->uses[i];
        const struct check_source source = {.file = use->file, .places = use->places};
        const struct check_strategy *strategy = find_strategy(check, use->key);
        if (strategy == NULL) {
            char *text = str_format("spec.strategy: Strategy %s is not among the files; its parameters are not checked",
                                    use->key[0] == '/' ? use->key + 1 : use->key);
            check_find_at(check, &source, use->object, "spec.strategy.name", false, text);
            str_free(&text);
        } else if (strategy->declared != NULL) {
            refuse_params(check, use, &source, doc_root(strategy->declared));
        }
    }
}
