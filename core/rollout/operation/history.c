/* history: how the last releases of this Canary have ended. */
#include "release/history.h"
#include "base/duration.h"
#include "kube/object.h"
#include "rollout/operation/operation.h"

static void push(struct doc *doc, const struct node *release, int64_t number)
{
    const struct node *status = node_get(release, "status");
    struct node *entry = node_new_object(doc);
    struct err ignored;
    int64_t began_ms;
    node_set_int(doc, entry, "number", number);
    node_set_str(doc, entry, "outcome", node_str_or(node_get(status, "state"), RELEASE_RUNNING));
    node_set_str(doc, entry, "revision", node_str_or(node_get(status, "revision"), ""));
    if (time_parse(node_str(node_at(release, "metadata", "creationTimestamp")), &began_ms, &ignored)) {
        node_set_int(doc, entry, "began", began_ms);
    }
    node_push(doc_root(doc), entry);
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_array(doc));
    int64_t wanted = node_int_or(node_get(doc_root(call->args), "count"), 0);
    int64_t highest = release_number(call->release->name, call->release->canary) - 1;
    for (int64_t seen = 0; seen < wanted && highest > 0; seen++) {
        struct doc *found = history_latest(call->context, canary, highest);
        if (found == NULL) {
            break;
        }
        highest = release_number(object_name(doc_root(found)), call->release->canary);
        push(doc, doc_root(found), highest--);
        doc_free(found);
    }
    *answer = doc;
    return true;
}

static const struct contract_field takes[] = {
    {.name = "count", .type = CONTRACT_INTEGER, .min = 1, .max = RELEASE_KEPT}, {0}};
static const struct contract_field entries[] = {
    {.name = "number", .type = CONTRACT_INTEGER},
    {.name = "outcome", .type = CONTRACT_STRING},
    {.name = "revision", .type = CONTRACT_STRING},
    {.name = "began", .type = CONTRACT_INTEGER, .optional = true},
    {0},
};

const struct operation operation_history = {.name = "history",
                                            .takes.fields = takes,
                                            .answers = {.type = CONTRACT_LIST, .fields = entries},
                                            .recorded = true,
                                            .start = start};
