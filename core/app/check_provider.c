/* MetricTemplates and AlertProviders: who is asked and told, how, and with which credentials. */
#include "app/check_inner.h"

/* What the doctor says of a spec. A line of a text is told where that line is. */
static void ask_doctor(struct check *check, const struct check_source *source, const struct node *object,
                       const char *function)
{
    const struct node *spec = node_get(object, "spec");
    struct doc *answer = node_type(spec) == NODE_OBJECT ? check_ask(check, "tool.doctor", function, spec) : NULL;
    struct node_iter it = node_iterate(doc_root(answer));
    while (node_next(&it)) {
        const char *field = node_str_or(node_get(it.value, "field"), "spec");
        const char *text = node_str_or(node_get(it.value, "text"), "");
        bool is_error = node_is(node_get(it.value, "severity"), "error");
        int64_t line = node_int_or(node_get(it.value, "line"), 0);
        if (line > 0) {
            struct check_text query = check_text_of(source, node_get(spec, "query"));
            check_find_in(check, &query, (size_t)line, 1, is_error, NULL, text);
            check_text_fini(&query);
        } else {
            check_find_at(check, source, object, field, is_error, text);
        }
    }
    doc_free(answer);
}

static void check_provider(struct check *check, const struct check_source *source, const struct node *object,
                           enum check_role role, const char *function)
{
    check_schema(check, source, object, role);
    ask_doctor(check, source, object, function);
    check_name(check, (struct check_named){.role = role,
                                           .key = str_format("%s/%s",
                                                             node_str_or(node_at(object, "metadata", "namespace"), ""),
                                                             node_str_or(node_at(object, "metadata", "name"), "")),
                                           .object = object});
}

void check_metric_template(struct check *check, const struct check_source *source, const struct node *object)
{
    check_provider(check, source, object, CHECK_METRIC_TEMPLATE, "template");
}

void check_alert_provider(struct check *check, const struct check_source *source, const struct node *object)
{
    check_provider(check, source, object, CHECK_ALERT_PROVIDER, "alert_provider");
}
