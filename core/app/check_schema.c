/* Where fields stand, and what a schema says of them. */
#include <string.h>

#include "app/check_inner.h"
#include "base/form.h"
#include "base/mem.h"
#include "sim/api/api.h"

const struct check_served check_served[CHECK_ROLES] = {
    [CHECK_CANARY] = {"Canary", "flagger.app", "v1beta1", "crds/canaries.flagger.app.yaml"},
    [CHECK_METRIC_TEMPLATE] = {"MetricTemplate", "flagger.app", "v1beta1", "crds/metrictemplates.flagger.app.yaml"},
    [CHECK_ALERT_PROVIDER] = {"AlertProvider", "flagger.app", "v1beta1", "crds/alertproviders.flagger.app.yaml"},
    [CHECK_STRATEGY] = {"Strategy", "sluice.dev", "v1alpha1", "crds/strategies.sluice.dev.yaml"},
    [CHECK_CHECK] = {"Check", "sluice.dev", "v1alpha1", "crds/checks.sluice.dev.yaml"},
};

const struct yaml_place *check_place(const struct check_source *source, const struct node *canary, const char *field)
{
    return source->places != NULL ? yaml_places_find(source->places, form_nearest(canary, field)) : NULL;
}

void check_find_at(struct check *check, const struct check_source *source, const struct node *object, const char *field,
                   bool is_error, const char *text)
{
    const struct yaml_place *place = check_place(source, object, field);
    check_find(check, &(struct check_finding){.file = (char *)source->file,
                                              .line = place != NULL ? place->line : 0,
                                              .column = place != NULL ? place->column : 0,
                                              .is_error = is_error,
                                              .text = (char *)text});
}

/* An API server says only how many alternatives of a oneOf fit. */
static char *say_in_general(const struct check *check, enum check_role role, const struct node *object,
                            const char *message)
{
    struct str_list names = {0};
    bool is_choice = strstr(message, "\"spec\" must validate") != NULL && strstr(message, "(oneOf)") != NULL;
    char *choice =
        is_choice ? check_choice(doc_root(check->crds[role]), "spec", node_get(object, "spec"), &names) : NULL;
    str_list_fini(&names);
    return choice != NULL ? choice : str_dup(message);
}

bool check_schema(struct check *check, const struct check_source *source, const struct node *object,
                  enum check_role role)
{
    const struct check_served *served = &check_served[role];
    struct str_list unknown = {0};
    bool is_sound = true;
    struct doc *causes =
        api_find_faults(kinds_by_name(check->kinds, served->group, served->version, served->kind), object, &unknown);
    struct node_iter it = node_iterate(doc_root(causes));
    while (node_next(&it)) {
        const char *message = node_str_or(node_get(it.value, "message"), "");
        const char *field = node_str_or(node_get(it.value, "field"), "");
        bool is_general = strcmp(field, "<nil>") == 0;
        if (is_general && str_has_prefix(message, CHECK_REMARK)) {
            continue;
        }
        char *text = is_general ? say_in_general(check, role, object, message) : str_format("%s: %s", field, message);
        check_find_at(check, source, object, is_general ? "spec" : field, true, text);
        is_sound = false;
        str_free(&text);
    }
    for (size_t i = 0; i < unknown.count; i++) {
        char *field, *text = check_unknown_field(doc_root(check->crds[role]), unknown.items[i], &field);
        check_find_at(check, source, object, field, false, text);
        str_free(&text);
        str_free(&field);
    }
    is_sound = is_sound && unknown.count == 0;
    doc_free(causes);
    str_list_fini(&unknown);
    return is_sound;
}
