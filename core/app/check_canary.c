/* One Canary: what an API server would refuse by the CRD's schema, and what the engine would refuse of what is left. */
#include <ctype.h>
#include <string.h>

#include "app/check_inner.h"
#include "base/form.h"
#include "base/mem.h"
#include "canary/refusal.h"
#include "kube/object.h"
#include "sim/api/api.h"

#define API_VERSION_SERVED "flagger.app/v1beta1"
#define GROUP "flagger.app/"

/* --- fields: "spec.analysis.metrics[0].query" --- */

/* How long the path is with which a refusal begins; 0: it begins with something else. */
static size_t path_length(const char *text)
{
    size_t len = 0;
    if (!str_has_prefix(text, "spec") && !str_has_prefix(text, "metadata")) {
        return 0;
    }
    while (isalnum((unsigned char)text[len]) || strchr(".[]_-", text[len]) != NULL) {
        if (text[len] == '\0') {
            break;
        }
        len++;
    }
    return len;
}

static const struct yaml_place *place_of(const struct check_source *source, const struct node *canary,
                                         const char *field)
{
    return source->places != NULL ? yaml_places_find(source->places, form_nearest(canary, field)) : NULL;
}

/* --- reasons --- */

/* About no field: that rules in CEL were not looked at, because of what else is wrong. */
static bool is_remark(const struct node *cause)
{
    return strcmp(node_str_or(node_get(cause, "field"), ""), "<nil>") == 0;
}

static void refuse_by_api(const struct check *check, struct check_canary *to, const struct check_source *source,
                          const struct node *canary)
{
    const struct kind *kind = kinds_by_name(check->kinds, "flagger.app", "v1beta1", "Canary");
    struct doc *causes = api_find_faults(kind, canary, &to->warnings);
    struct node_iter it = node_iterate(doc_root(causes));
    while (node_next(&it)) {
        const char *field = node_str_or(node_get(it.value, "field"), "");
        char *text = str_format("%s: %s", field, node_str_or(node_get(it.value, "message"), ""));
        if (!is_remark(it.value)) {
            check_refuse(to, field, text, true, place_of(source, canary, field));
        }
        mem_free(text);
    }
    doc_free(causes);
}

static void refuse_by_engine(const struct check *check, struct check_canary *to, const struct check_source *source,
                             const struct node *canary)
{
    struct canary_defaults defaults = {.provider = check->provider, .metrics_server = "http://prometheus:9090"};
    struct canary read;
    struct err ignored = {0}; /* too short for all reasons */
    struct str_list reasons = {0};
    canary_init(&read, doc_copy(canary), &defaults, &ignored);
    canary_refusals(&read, &reasons);
    for (size_t i = 0; i < reasons.count; i++) {
        char *field = str_dup_n(reasons.items[i], path_length(reasons.items[i]));
        check_refuse(to, field, reasons.items[i], false, place_of(source, canary, field));
        mem_free(field);
    }
    str_list_fini(&reasons);
    canary_fini(&read);
}

static void check_one(struct check *check, const struct check_source *source, const struct node *canary,
                      const char *version)
{
    struct check_canary *to = check_add(check, canary);
    const struct yaml_place *place = source->places != NULL ? yaml_places_find(source->places, canary) : NULL;
    to->file = str_dup(source->file);
    to->line = place != NULL ? place->line : 0;
    if (strcmp(version, API_VERSION_SERVED) != 0) {
        char *text = str_format("apiVersion: %s is not served, only " API_VERSION_SERVED, version);
        check_refuse(to, "apiVersion", text, true, place_of(source, canary, "apiVersion"));
        mem_free(text);
    } else {
        refuse_by_api(check, to, source, canary);
        refuse_by_engine(check, to, source, canary);
    }
    check->refused_count += to->reason_count > 0;
}

void check_object(struct check *check, const struct check_source *source, const struct node *object)
{
    const char *kind = node_str_or(node_get(object, "kind"), "");
    const char *version = node_str_or(node_get(object, "apiVersion"), "");
    if (strcmp(kind, "Canary") == 0 && str_has_prefix(version, GROUP)) {
        check_one(check, source, object, version);
    } else if (str_has_suffix(kind, "List") && node_type(node_get(object, "items")) == NODE_ARRAY) {
        struct node_iter it = node_iterate(node_get(object, "items"));
        while (node_next(&it)) {
            check_object(check, source, it.value);
        }
    } else {
        check_pass_over(check, kind[0] != '\0' ? kind : "");
    }
}
