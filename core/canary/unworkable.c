#include "canary/unworkable.h"

#include <inttypes.h>
#include <string.h>

#include "base/duration.h"
#include "base/str.h"
#include "canary/query_template.h"
#include "io/http.h"

/* --- metrics --- */

static bool is_builtin(const char *name)
{
    return strcmp(name, "request-success-rate") == 0 || strcmp(name, "request-duration") == 0;
}

static void check_metric(const struct node *metric, size_t index, struct str_list *reasons)
{
    const char *name = node_str_or(node_get(metric, "name"), "");
    const char *query = node_str_or(node_get(metric, "query"), "");
    bool refers = node_get(metric, "templateRef") != NULL || node_get(metric, "checkRef") != NULL;
    if (query[0] == '\0' && !is_builtin(name) && !refers) {
        str_list_push_format(
            reasons,
            "spec.analysis.metrics[%zu] (metric %s): it has no query, and its name is no built-in one, wanted a query "
            "or the name request-success-rate or request-duration",
            index, name);
    }
    char *problem = query_template_problem(query, node_get(metric, "templateVariables"));
    if (problem != NULL) {
        str_list_push_format(reasons, "spec.analysis.metrics[%zu].query (metric %s): %s", index, name, problem);
        str_free(&problem);
    }
}

/* --- hooks --- */

/* Those without whose success no release goes on. One without a type is of type rollout. */
static bool is_needed(const char *type)
{
    static const char *const types[] = {
        "", "rollout", "pre-rollout", "confirm-rollout", "confirm-promotion", "confirm-traffic-increase"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(type, types[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void check_hook(const struct node *hook, size_t index, struct str_list *reasons)
{
    const char *name = node_str_or(node_get(hook, "name"), "");
    const char *url = node_str_or(node_get(hook, "url"), "");
    const char *timeout = node_str_or(node_get(hook, "timeout"), "");
    int64_t ignored;
    struct err err;
    if (!is_needed(node_str_or(node_get(hook, "type"), ""))) {
        return;
    }
    if (!http_is_url(url)) {
        str_list_push_format(
            reasons, "spec.analysis.webhooks[%zu].url (webhook %s): \"%s\" is no URL, wanted one of http or https",
            index, name, url);
    }
    if (strlen(timeout) > 1 && !duration_parse(timeout, &ignored, &err)) { /* a shorter one counts as unset */
        str_list_push_format(
            reasons, "spec.analysis.webhooks[%zu].timeout (webhook %s): \"%s\" is no duration, wanted one like 30s",
            index, name, timeout);
    }
}

/* --- all together --- */

/* So many of the Pods are never ready. A number that nobody counts to is refused as such (refusal.c). */
static void check_thresholds(const struct node *analysis, struct str_list *reasons)
{
    enum { SENSIBLE_MAX = 1000 * 1000 * 1000 };
    static const char *const fields[] = {"primaryReadyThreshold", "canaryReadyThreshold"};
    for (size_t i = 0; i < 2; i++) {
        int64_t percent;
        if (node_int(node_get(analysis, fields[i]), &percent) && percent > 100 && percent <= SENSIBLE_MAX) {
            str_list_push_format(reasons,
                                 "spec.analysis.%s: %" PRId64 " is no part of the Pods, wanted 0 to 100 percent",
                                 fields[i], percent);
        }
    }
}

static void check_delegation(const struct node *service, struct str_list *reasons)
{
    static const char *const fields[] = {"hosts", "gateways"};
    for (size_t i = 0; i < 2 && node_bool_or(node_get(service, "delegation"), false); i++) {
        if (node_count(node_get(service, fields[i])) > 0) {
            str_list_push_format(reasons,
                                 "spec.service.%s: a delegate VirtualService has none, wanted no %s or no delegation",
                                 fields[i], fields[i]);
        }
    }
}

void canary_unworkable(const struct canary *canary, struct str_list *reasons)
{
    check_delegation(node_get(canary->spec, "service"), reasons);
    check_thresholds(canary->analysis, reasons);
    if (canary->skip_analysis) {
        return;
    }
    struct node_iter it = node_iterate(node_get(canary->analysis, "metrics"));
    while (node_next(&it)) {
        check_metric(it.value, it.index, reasons);
    }
    it = node_iterate(node_get(canary->analysis, "webhooks"));
    while (node_next(&it)) {
        check_hook(it.value, it.index, reasons);
    }
}
