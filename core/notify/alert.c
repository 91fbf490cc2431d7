#include "notify/alert.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"

const char *const alert_severities[] = {ALERT_INFO, ALERT_WARN, ALERT_ERROR, NULL};

bool alert_is_for(const char *wanted, const char *severity)
{
    return strcmp(wanted, ALERT_INFO) == 0 || strcmp(wanted, severity) == 0 ||
           (strcmp(wanted, ALERT_WARN) == 0 && strcmp(severity, ALERT_ERROR) == 0);
}

static void push_field(struct doc *doc, struct node *fields, const char *name, const char *value)
{
    struct node *field = node_new_object(doc);
    node_set_str(doc, field, "name", name);
    node_set_str(doc, field, "value", value);
    node_push(fields, field);
}

static int64_t positive(const struct node *analysis, const char *key)
{
    int64_t value = node_int_or(node_get(analysis, key), 0);
    return value > 0 ? value : 0;
}

/* "1,2,10" */
static void append_steps(struct buf *text, const struct node *steps)
{
    struct node_iter it = node_iterate(steps);
    while (node_next(&it)) {
        buf_printf(text, "%s%" PRId64, it.index > 0 ? "," : "", node_int_or(it.value, 0));
    }
}

/* How the traffic moves; nothing when the analysis has no steps. maxWeight is as written, 0 when it is absent. */
static void push_routing(struct doc *doc, struct node *fields, const struct node *analysis)
{
    const struct node *steps = node_get(analysis, "stepWeights");
    int64_t iterations = positive(analysis, "iterations"), step = positive(analysis, "stepWeight");
    int64_t max = node_int_or(node_get(analysis, "maxWeight"), 0);
    struct buf text;
    buf_init(&text, 64 * 1024);
    if (iterations > 0) {
        buf_append_str(&text, node_count(node_get(analysis, "match")) > 0 ? "A/B Testing" : "Blue/Green");
    } else if (step > 0) {
        buf_printf(&text, "Weight step: %" PRId64 " max: %" PRId64, step, max);
    } else if (node_count(steps) > 0) {
        buf_append_str(&text, "Weight steps: ");
        append_steps(&text, steps);
        buf_printf(&text, " max: %" PRId64, max);
    }
    if (text.len > 0) {
        push_field(doc, fields, "Traffic routing", buf_str(&text));
    }
    buf_fini(&text);
}

static void describe(struct doc *doc, struct node *fields, const struct canary *canary)
{
    const struct canary_names *names = &canary->names;
    char *target = str_format("%s/%s.%s", names->target_kind, names->target, names->namespace);
    char *threshold = str_format("%" PRId64, canary->threshold);
    char *deadline = str_format("%" PRId64 "s", canary->progress_deadline_s);
    push_field(doc, fields, "Target", target);
    push_field(doc, fields, "Failed checks threshold", threshold);
    push_field(doc, fields, "Progress deadline", deadline);
    push_routing(doc, fields, canary->analysis);
    str_free(&target);
    str_free(&threshold);
    str_free(&deadline);
}

struct doc *alert_ask(const struct canary *canary, const struct alert *alert, const char *cluster)
{
    struct doc *doc = doc_new();
    struct node *ask = node_new_object(doc), *fields = node_new_array(doc);
    doc_set_root(doc, ask);
    node_set_str(doc, ask, "name", canary->names.name);
    node_set_str(doc, ask, "namespace", canary->names.namespace);
    node_set_str(doc, ask, "message", alert->message);
    node_set_str(doc, ask, "severity", alert->severity);
    if (!str_empty(cluster)) {
        push_field(doc, fields, "Cluster", cluster);
    }
    if (alert->described) {
        describe(doc, fields, canary);
    }
    node_set(doc, ask, "fields", fields);
    return doc;
}
