/* Where fields stand, and what a schema says of them. */
#include <string.h>

#include "app/check_inner.h"
#include "base/form.h"
#include "sim/api/api.h"

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

void check_schema(struct check *check, const struct check_source *source, const struct node *object, const char *kind)
{
    struct str_list unknown = {0};
    struct doc *causes = api_find_faults(kinds_by_name(check->kinds, "sluice.dev", "v1alpha1", kind), object, &unknown);
    struct node_iter it = node_iterate(doc_root(causes));
    while (node_next(&it)) {
        const char *message = node_str_or(node_get(it.value, "message"), "");
        const char *field = node_str_or(node_get(it.value, "field"), "");
        bool is_general = strcmp(field, "<nil>") == 0;
        char *text = is_general ? str_dup(message) : str_format("%s: %s", field, message);
        if (!is_general || !str_has_prefix(message, CHECK_REMARK)) {
            check_find_at(check, source, object, field, true, text);
        }
        str_free(&text);
    }
    for (size_t i = 0; i < unknown.count; i++) {
        check_find_at(check, source, object, "", false, unknown.items[i]);
    }
    doc_free(causes);
    str_list_fini(&unknown);
}
