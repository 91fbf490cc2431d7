#include "canary/condition.h"

#include <string.h>

#include "base/duration.h"
#include "base/utf8.h"
#include "kube/object.h"

/* The list in the patch; at first it is the live one. Every entry has a message, as Flagger's clients join them without
 * a check. */
static struct node *conditions_of(struct doc *patch, const struct canary *canary)
{
    struct node *status = node_ensure_object(patch, doc_root(patch), "status");
    struct node *list = node_get(status, "conditions");
    if (node_type(list) == NODE_ARRAY) {
        return list;
    }
    list = node_new_array(patch);
    struct node_iter it = node_iterate(node_get(canary->status, "conditions"));
    while (node_next(&it)) {
        struct node *condition = node_copy(patch, it.value);
        if (node_type(condition) == NODE_OBJECT && node_str(node_get(condition, "message")) == NULL) {
            node_set_str(patch, condition, "message", "");
        }
        node_push(list, condition);
    }
    node_set(patch, status, "conditions", list);
    return list;
}

static size_t index_of(const struct node *list, const char *type)
{
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "type"), type)) {
            return it.index;
        }
    }
    return node_count(list);
}

/* The API server has a text without what is no UTF-8. */
static bool is_text(const struct node *live, const char *text)
{
    if (node_is(live, text)) {
        return true;
    }
    struct buf clean;
    size_t len = strlen(text);
    buf_init(&clean, 3 * len + 1);
    utf8_append_clean(&clean, text, len);
    bool same = node_is(live, buf_str(&clean));
    buf_fini(&clean);
    return same;
}

static bool says(const struct node *live, const struct canary_condition *condition)
{
    return node_is(node_get(live, "status"), condition->status) &&
           node_is(node_get(live, "reason"), condition->reason) &&
           is_text(node_get(live, "message"), condition->message) &&
           (condition->since == NULL || node_is(node_get(live, "lastTransitionTime"), condition->since));
}

bool canary_condition_is_live(const struct canary *canary, const struct canary_condition *condition)
{
    return says(object_condition(canary->root, condition->type), condition);
}

static struct node *new_entry(struct doc *patch, const struct node *live, const struct canary_condition *condition,
                              int64_t now_wall_ms)
{
    char now[32];
    time_write(now_wall_ms, now);
    bool same_status = node_is(node_get(live, "status"), condition->status);
    const char *since = condition->since;
    if (since == NULL) {
        since = same_status ? node_str_or(node_get(live, "lastTransitionTime"), now) : now;
    }
    struct node *entry = node_new_object(patch);
    node_set_str(patch, entry, "type", condition->type);
    node_set_str(patch, entry, "status", condition->status);
    node_set_str(patch, entry, "lastUpdateTime", now);
    node_set_str(patch, entry, "lastTransitionTime", since);
    node_set_str(patch, entry, "reason", condition->reason);
    node_set_str(patch, entry, "message", condition->message);
    return entry;
}

static void remove_all(struct node *list, const char *type)
{
    for (size_t i = index_of(list, type); i < node_count(list); i = index_of(list, type)) {
        node_remove_item(list, i);
    }
}

void canary_condition_set(struct doc *patch, const struct canary *canary, const struct canary_condition *condition,
                          int64_t now_wall_ms)
{
    struct node *list = conditions_of(patch, canary);
    size_t index = index_of(list, condition->type);
    const struct node *live = node_item(list, index);
    if (says(live, condition)) {
        return;
    }
    struct node *entry = new_entry(patch, live, condition, now_wall_ms);
    bool is_promoted = node_is(node_get(entry, "type"), CONDITION_PROMOTED);
    remove_all(list, condition->type);
    node_insert(list, is_promoted ? 0 : index < node_count(list) ? index : node_count(list), entry);
}

void canary_condition_remove(struct doc *patch, const struct canary *canary, const char *type)
{
    remove_all(conditions_of(patch, canary), type);
}
