#include "release/conditions.h"

#include <string.h>

#include "base/duration.h"

struct condition {
    const char *type, *status;
    int64_t since_ms;
};

static const char *message_of(const struct release *r)
{
    if (strcmp(r->state, RELEASE_RUNNING) == 0) {
        return "its strategy decides";
    }
    const char *told = r->account.summary != NULL ? r->account.summary : r->reason;
    return told != NULL ? told : "";
}

static void push(const struct release *r, struct doc *doc, struct node *list, const struct condition *condition)
{
    char since[32];
    struct node *item = node_new_object(doc);
    time_write(condition->since_ms, since);
    node_set_str(doc, item, "type", condition->type);
    node_set_str(doc, item, "status", condition->status);
    node_set_str(doc, item, "reason", r->state);
    node_set_str(doc, item, "message", message_of(r));
    node_set_str(doc, item, "lastTransitionTime", since);
    node_push(list, item);
}

void conditions_write(const struct release *r, struct doc *doc, struct node *status)
{
    bool running = strcmp(r->state, RELEASE_RUNNING) == 0, succeeded = strcmp(r->state, RELEASE_SUCCEEDED) == 0;
    bool open = r->ended_ms == 0;
    int64_t decided_ms = r->account.decided_ms > 0 ? r->account.decided_ms : open ? r->started_ms : r->ended_ms;
    struct node *list = node_new_array(doc);
    push(r, doc, list,
         &(struct condition){"Ready",
                             succeeded ? "True"
                             : running ? "Unknown"
                                       : "False",
                             running     ? r->started_ms
                             : succeeded ? r->ended_ms
                                         : decided_ms});
    if (open) {
        push(r, doc, list, &(struct condition){"Reconciling", "True", r->started_ms});
    } else if (!succeeded) {
        push(r, doc, list, &(struct condition){"Stalled", "True", r->ended_ms});
    }
    node_set_int(doc, status, "observedGeneration", r->generation);
    node_set(doc, status, "conditions", list);
}
