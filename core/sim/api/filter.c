#include "sim/api/filter.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/failure.h"
#include "sim/api/inner.h"
#include "sim/api/selector.h"

/* Fields that a kind can be selected by, besides its name and namespace. */
static bool is_known_field(const struct kind *kind, const char *field)
{
    static const struct {
        const char *storage, *fields;
    } table[] = {
        {"/pods", ",spec.nodeName,spec.restartPolicy,spec.schedulerName,spec.serviceAccountName,spec.hostNetwork,"
                  "status.phase,status.podIP,status.podIPs,status.nominatedNodeName,"},
        {"/events", ",involvedObject.kind,involvedObject.namespace,involvedObject.name,involvedObject.uid,"
                    "involvedObject.apiVersion,involvedObject.resourceVersion,involvedObject.fieldPath,reason,"
                    "reportingComponent,source,type,"},
        {"/secrets", ",type,"},
        {"/namespaces", ",status.phase,"},
        {"/nodes", ",spec.unschedulable,"},
        {"/services", ",spec.clusterIP,spec.type,"},
        {"apps/replicasets", ",status.replicas,"},
    };
    if (str_equal(field, "metadata.name") || str_equal(field, "metadata.namespace")) {
        return true;
    }
    char *quoted = str_format(",%s,", field);
    bool known = false;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        known |= str_equal(table[i].storage, kind->storage) && strstr(table[i].fields, quoted) != NULL;
    }
    mem_free(quoted);
    return known;
}

static bool check_fields(const struct request *request, const struct selector *fields, struct failure *f)
{
    for (size_t i = 0; selector_field(fields, i) != NULL; i++) {
        const char *field = selector_field(fields, i);
        if (is_known_field(request->kind, field)) {
            continue;
        }
        if (request->kind->is_custom || !str_has_prefix(field, "metadata.")) {
            return request->kind->is_custom
                       ? fail_bad_request(f, "field label not supported: %s", field)
                       : fail_bad_request(f,
                                          "\"%s\" is not a known field selector: only \"metadata.name\", "
                                          "\"metadata.namespace\"",
                                          field);
        }
        return fail_bad_request(f, "field label not supported: %s", field);
    }
    return true;
}

bool filter_read(const struct request *request, struct filter *filter, struct failure *f)
{
    struct err err;
    bool ok = true;
    char *labels = exchange_param(request->exchange, "labelSelector");
    char *fields = exchange_param(request->exchange, "fieldSelector");
    *filter = (struct filter){0};
    if (!str_empty(labels)) {
        filter->labels = selector_parse_labels(labels, &err);
        ok = filter->labels != NULL || fail_bad_request(f, "%s", err.text);
    }
    if (ok && !str_empty(fields)) {
        filter->fields = selector_parse_fields(fields, &err);
        ok = filter->fields != NULL ? check_fields(request, filter->fields, f) : fail_bad_request(f, "%s", err.text);
    }
    mem_free(labels);
    mem_free(fields);
    if (!ok) {
        filter_fini(filter);
    }
    return ok;
}

bool filter_matches(const struct filter *filter, const struct node *object)
{
    return selector_matches(filter->labels, object) && selector_matches(filter->fields, object);
}

void filter_fini(struct filter *filter)
{
    selector_free(filter->labels);
    selector_free(filter->fields);
    *filter = (struct filter){0};
}
