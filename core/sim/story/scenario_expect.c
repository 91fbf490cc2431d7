/* What a scenario expects of its end. */
#include "base/mem.h"
#include "sim/story/scenario_inner.h"

enum { TIMES_MAX = 1000000 };

/* `times`, or `min` and `max`; without any: at least once. */
static bool read_events(const struct form *form, const struct node *node, struct scenario_events *events)
{
    static const char *const fields[] = {"text", "times", "min", "max", NULL};
    int64_t times = -1;
    *events = (struct scenario_events){.node = node, .min = 1, .max = TIMES_MAX};
    if (!form_fields(form, node, fields) || !form_need(form, node, "text") ||
        !form_str(form, node, "text", &events->text) || !form_int(form, node, "times", 0, TIMES_MAX, &times) ||
        !form_int(form, node, "min", 0, TIMES_MAX, &events->min) ||
        !form_int(form, node, "max", 0, TIMES_MAX, &events->max)) {
        return false;
    }
    bool has_bounds = form_has(node, "min") || form_has(node, "max");
    if (times >= 0 && has_bounds) {
        return form_refuse_field(form, node, "times", "both times and min or max, wanted one");
    }
    if (times >= 0) {
        events->min = events->max = times;
    }
    if (!form_has(node, "min") && events->max < events->min) {
        events->min = events->max; /* `max: 0` alone */
    }
    return events->min <= events->max || form_refuse_field(form, node, "max", "%lld, wanted no less than min (%lld)",
                                                           (long long)events->max, (long long)events->min);
}

bool scenario_expectation_read(const struct form *form, const struct node *node, struct scenario_expectation *to)
{
    static const char *const fields[] = {"canary", "phase", "weight", "primary", "events", NULL};
    const struct node *events = NULL;
    to->node = node;
    if (!form_fields(form, node, fields) || !scenario_canary_read(form, node, &to->canary) ||
        !scenario_phase_read(form, node, &to->phase, &to->weight) || !form_str(form, node, "primary", &to->primary) ||
        !form_list(form, node, "events", &events)) {
        return false;
    }
    if (to->phase == NULL && to->weight < 0 && to->primary == NULL && node_count(events) == 0) {
        return form_refuse(form, node, "nothing is expected, wanted phase, weight, primary or events");
    }
    to->events = mem_alloc_array(node_count(events), sizeof *to->events);
    struct node_iter it = node_iterate(events);
    while (node_next(&it)) {
        if (!read_events(form, it.value, &to->events[to->event_count++])) {
            return false;
        }
    }
    return true;
}

void scenario_expectation_fini(struct scenario_expectation *expectation)
{
    mem_free(expectation->events);
}
