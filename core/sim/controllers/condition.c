#include "sim/controllers/condition.h"

#include "base/duration.h"
#include "sim/controllers/controller.h"

void now_text(const struct controllers *c, char out[static 32])
{
    time_write(clock_wall_ms(c->clock), out);
}

int64_t time_at(const struct node *node)
{
    int64_t wall_ms;
    struct err ignored;
    const char *text = node_str(node);
    return text != NULL && time_parse(text, &wall_ms, &ignored) ? wall_ms : 0;
}

struct node *condition_find(const struct node *status, const char *type)
{
    struct node_iter it = node_iterate(node_get(status, "conditions"));
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "type"), type)) {
            return it.value;
        }
    }
    return NULL;
}

void condition_remove(struct node *status, const char *type)
{
    struct node *conditions = node_get(status, "conditions");
    for (size_t i = node_count(conditions); i-- > 0;) {
        if (node_is(node_get(node_item(conditions, i), "type"), type)) {
            node_remove_item(conditions, i);
        }
    }
}

struct node *condition_add(struct controllers *c, struct doc *doc, struct node *status, const char *type,
                           const char *value, const char *reason, const char *message, const char *since)
{
    char now[32];
    now_text(c, now);
    if (node_get(status, "conditions") == NULL) {
        node_set(doc, status, "conditions", node_new_array(doc));
    }
    struct node *condition = node_new_object(doc);
    node_set_str(doc, condition, "type", type);
    node_set_str(doc, condition, "status", value);
    node_set_str(doc, condition, "lastTransitionTime", since != NULL ? since : now);
    node_set_str(doc, condition, "reason", reason);
    node_set_str(doc, condition, "message", message);
    node_push(node_get(status, "conditions"), condition);
    return condition;
}
