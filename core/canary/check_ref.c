#include "canary/check_ref.h"

#include "base/str.h"
#include "canary/params.h"
#include "canary/refusal.h"
#include "kube/object.h"

struct check_ref_iter check_ref_iterate(const struct node *canary)
{
    return (struct check_ref_iter){.metrics = node_iterate(node_at(canary, "spec", "analysis", "metrics")),
                                   .namespace = object_namespace(canary)};
}

bool check_ref_next(struct check_ref_iter *it)
{
    str_free(&it->key);
    while (node_next(&it->metrics)) {
        it->key = canary_reference_key(node_get(it->metrics.value, "checkRef"), it->namespace);
        if (it->key != NULL) {
            it->metric = it->metrics.value;
            it->reference = node_get(it->metric, "checkRef");
            it->index = it->metrics.index;
            return true;
        }
    }
    return false;
}

void check_ref_stop(struct check_ref_iter *it)
{
    str_free(&it->key);
}

static bool fits(const struct check_ref_iter *it, const struct node *pinned, struct str_list *reasons)
{
    const struct node *entry = node_get(pinned, it->key);
    if (entry == NULL) {
        str_list_push_format(reasons, "the release did not begin with Check %s", it->key);
        return false;
    }
    char *at = str_format("spec.analysis.metrics[%zu].checkRef.params", it->index);
    bool ok = params_fit(node_get(entry, "params"), node_get(it->reference, "params"), at, reasons);
    str_free(&at);
    return ok;
}

bool check_refs_are_pinned(const struct canary *canary, const struct node *pinned, struct err *err)
{
    struct str_list reasons = {0};
    struct check_ref_iter it = check_ref_iterate(canary->root);
    while (check_ref_next(&it)) {
        fits(&it, pinned, &reasons);
    }
    return canary_refusals_end(&reasons, err);
}

static struct node *resolved(struct doc *doc, const struct check_ref_iter *it, const struct node *pinned)
{
    const struct node *entry = node_get(pinned, it->key);
    struct node *check = node_new_object(doc);
    struct str_list reasons = {0};
    if (fits(it, pinned, &reasons)) {
        node_set_str(doc, check, "module", node_str_or(node_get(entry, "module"), ""));
        node_set(doc, check, "params", params_fill(doc, node_get(entry, "params"), node_get(it->reference, "params")));
    } else {
        char *text = str_list_join(&reasons, "; ");
        node_set_str(doc, check, "lacking", text);
        str_free(&text);
    }
    str_list_fini(&reasons);
    return check;
}

void check_refs_resolve(struct doc *doc, struct node *analysis, const struct canary *canary, const struct node *pinned)
{
    struct node *metrics = node_get(analysis, "metrics");
    struct node_iter all = node_iterate(metrics);
    while (node_next(&all)) {
        node_remove(all.value, "check");
    }
    struct check_ref_iter it = check_ref_iterate(canary->root);
    while (check_ref_next(&it)) {
        node_set(doc, node_item(metrics, it.index), "check", resolved(doc, &it, pinned));
    }
}
