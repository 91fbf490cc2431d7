/* The acts of a scenario: when, and what somebody does then. */
#include <string.h>

#include "base/str.h"
#include "sim/story/scenario_inner.h"

/* --- Canaries and their phases --- */

bool scenario_canary_read(const struct form *form, const struct node *object, const char **canary)
{
    if (!form_str(form, object, "canary", canary)) {
        return false;
    }
    const char *slash = *canary != NULL ? strchr(*canary, '/') : NULL;
    if (*canary != NULL && (slash == NULL || slash == *canary || slash[1] == '\0' || strchr(slash + 1, '/') != NULL)) {
        return form_refuse_field(form, object, "canary", "\"%s\", wanted NAMESPACE/NAME", *canary);
    }
    return true;
}

bool scenario_phase_read(const struct form *form, const struct node *object, const char **phase, int64_t *weight)
{
    static const char *const phases[] = {"Initializing",     "Initialized", "Waiting",    "Progressing",
                                         "WaitingPromotion", "Promoting",   "Finalising", "Succeeded",
                                         "Failed",           "Terminating", "Terminated", NULL};
    int word = -1;
    *weight = -1;
    if (!form_word(form, object, "phase", phases, &word) || !form_int(form, object, "weight", 0, 100, weight)) {
        return false;
    }
    *phase = word >= 0 ? phases[word] : NULL;
    return true;
}

/* --- moments --- */

static bool read_when(const struct form *form, const struct node *object, struct scenario_moment *moment)
{
    static const char *const fields[] = {"canary", "phase", "weight", NULL};
    const struct node *when = NULL;
    if (!form_mapping(form, object, "when", &when)) {
        return false;
    }
    if (when == NULL) {
        return true;
    }
    moment->when = when;
    if (!form_fields(form, when, fields) || !scenario_canary_read(form, when, &moment->canary) ||
        !scenario_phase_read(form, when, &moment->phase, &moment->weight)) {
        return false;
    }
    return moment->phase != NULL || moment->weight >= 0 ||
           form_refuse(form, when, "neither phase nor weight, wanted one");
}

bool scenario_moment_read(const struct form *form, const struct node *object, struct scenario_moment *moment)
{
    *moment = (struct scenario_moment){.node = object, .at_ms = -1, .weight = -1};
    if (!form_duration(form, object, "at", &moment->at_ms) || !read_when(form, object, moment) ||
        !form_duration(form, object, "after", &moment->after_ms)) {
        return false;
    }
    if (moment->at_ms < 0) {
        return true;
    }
    const char *other = moment->when != NULL ? "when" : form_has(object, "after") ? "after" : NULL;
    return other == NULL || form_refuse_field(form, object, other, "both at and %s, wanted one", other);
}

/* --- orders --- */

static bool read_target(const struct form *form, const struct node *node, struct scenario_order *order)
{
    return form_need(form, node, "name") && form_str(form, node, "kind", &order->object_kind) &&
           form_str(form, node, "namespace", &order->namespace) && form_str(form, node, "name", &order->name);
}

static bool read_apply(const struct scenario_reader *reader, const struct node *act, struct scenario_order *order)
{
    order->objects = scenario_objects_read(reader, act, "apply");
    return order->objects != NULL;
}

static bool read_set_image(const struct scenario_reader *reader, const struct node *act, struct scenario_order *order)
{
    static const char *const fields[] = {"kind", "namespace", "name", "container", "image", NULL};
    const struct form *form = reader->form;
    order->object_kind = "Deployment";
    return form_fields(form, order->node, fields) && read_target(form, order->node, order) &&
           form_need(form, order->node, "container") && form_need(form, order->node, "image") &&
           form_str(form, order->node, "container", &order->container) &&
           form_str(form, order->node, "image", &order->image);
}

static bool read_patch(const struct scenario_reader *reader, const struct node *act, struct scenario_order *order)
{
    static const char *const fields[] = {"kind", "namespace", "name", "merge", NULL};
    const struct form *form = reader->form;
    return form_fields(form, order->node, fields) && form_need(form, order->node, "kind") &&
           read_target(form, order->node, order) && form_need(form, order->node, "merge") &&
           form_mapping(form, order->node, "merge", &order->patch);
}

static bool read_scale(const struct scenario_reader *reader, const struct node *act, struct scenario_order *order)
{
    static const char *const fields[] = {"kind", "namespace", "name", "replicas", NULL};
    enum { REPLICAS_MAX = 1000 };
    const struct form *form = reader->form;
    order->object_kind = "Deployment";
    return form_fields(form, order->node, fields) && read_target(form, order->node, order) &&
           form_need(form, order->node, "replicas") &&
           form_int(form, order->node, "replicas", 0, REPLICAS_MAX, &order->replicas);
}

static bool read_delete(const struct scenario_reader *reader, const struct node *act, struct scenario_order *order)
{
    static const char *const fields[] = {"kind", "namespace", "name", NULL};
    return form_fields(reader->form, order->node, fields) && form_need(reader->form, order->node, "kind") &&
           read_target(reader->form, order->node, order);
}

static bool read_orders(const struct scenario_reader *reader, const struct node *node, struct scenario_act *act)
{
    static const struct {
        const char *key;
        bool (*read)(const struct scenario_reader *reader, const struct node *act, struct scenario_order *order);
    } kinds[ORDERS_MAX] = {
        [ORDER_APPLY] = {"apply", read_apply},    [ORDER_SET_IMAGE] = {"setImage", read_set_image},
        [ORDER_PATCH] = {"patch", read_patch},    [ORDER_SCALE] = {"scale", read_scale},
        [ORDER_DELETE] = {"delete", read_delete},
    };
    for (size_t i = 0; i < ORDERS_MAX; i++) {
        if (!form_has(node, kinds[i].key)) {
            continue;
        }
        struct scenario_order *order = &act->orders[act->order_count++];
        order->kind = (enum scenario_order_kind)i;
        order->node = node_get(node, kinds[i].key);
        if (!kinds[i].read(reader, node, order)) {
            return false;
        }
    }
    return true;
}

/* --- the whole --- */

bool scenario_act_read(const struct scenario_reader *reader, const struct node *node, struct scenario_act *act)
{
    static const char *const fields[] = {
        "at", "when", "after", "say", "apply", "setImage", "patch", "scale", "delete", SCENARIO_WORLD_FIELDS, NULL};
    const struct form *form = reader->form;
    if (!form_fields(form, node, fields) || !scenario_moment_read(form, node, &act->moment) ||
        !form_str(form, node, "say", &act->say) || !read_orders(reader, node, act) ||
        !scenario_world_read(form, node, &act->world)) {
        return false;
    }
    const struct scenario_world *world = &act->world;
    size_t deeds = act->order_count + world->version_count + world->flow_count + world->hook_count + world->fault_count;
    return deeds > 0 || act->say != NULL || form_refuse(form, node, "nothing happens in this act");
}

void scenario_act_fini(struct scenario_act *act)
{
    for (size_t i = 0; i < act->order_count; i++) {
        doc_free(act->orders[i].objects);
    }
    scenario_world_fini(&act->world);
}
