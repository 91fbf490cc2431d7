#include "release/note.h"

#include <string.h>

#include "base/duration.h"
#include "base/str.h"
#include "workload/facts.h"

static bool live_weight(const struct context *context, const struct canary *canary, int64_t *weight_pct)
{
    const struct router *router = &context->router;
    struct routes live;
    struct err ignored = {0};
    if (!router->ops->get_routes(router, &canary->names, canary->root, &live, &ignored)) {
        return false;
    }
    *weight_pct = live.canary_pct;
    return true;
}

/* Reads the canary's share and the counters from the objects. */
static void look(struct release *release, bool counters)
{
    struct account *account = &release->account;
    struct canary canary;
    struct err ignored = {0};
    if (release_canary(release, &canary, &ignored)) {
        live_weight(release->context, &canary, &account->weight_pct);
        account->threshold = canary.threshold;
        account->failed = counters ? canary.failed_checks : account->failed;
    }
    canary_fini(&canary);
}

/* Takes `workload`. */
static void take_images(struct doc *workload, char **kept)
{
    if (workload != NULL) {
        account_set(kept, facts_images(doc_root(workload)));
    }
    doc_free(workload);
}

static void note_images(struct release *release)
{
    struct account *account = &release->account;
    struct canary canary;
    struct err ignored = {0};
    if (release->origin == RELEASE_FINISHING) {
        return; /* what its promotion has replaced is not known any more */
    }
    if (release_canary(release, &canary, &ignored)) {
        take_images(context_primary(release->context, &canary.names), &account->from);
        take_images(context_target(release->context, &canary.names), &account->to);
    }
    canary_fini(&canary);
}

void note_revision(struct release *release)
{
    note_images(release);
    look(release, true);
}

void note_orders(struct release *release, const struct node *list)
{
    look(release, false);
    account_take_orders(&release->account, list);
}

void note_evidence(struct release *release, int64_t round, const struct node *evidence, const char *where)
{
    struct doc *doc = doc_copy(evidence);
    struct node *root = doc_root(doc);
    struct canary canary;
    struct err ignored = {0};
    int64_t weight_pct;
    bool known = release_canary(release, &canary, &ignored);
    if (node_type(root) == NODE_OBJECT) {
        char at[32];
        time_write(clock_wall_ms(release->context->clock), at);
        node_set_str(doc, root, "at", at);
        node_set_int(doc, root, "round", round);
        if (known && live_weight(release->context, &canary, &weight_pct)) {
            node_set_int(doc, root, "weight", weight_pct);
        }
    }
    canary_fini(&canary);
    journal_evidence(release->journal, root, where);
    doc_free(doc);
}

void note_end(struct release *release, const char *how, const char *reason)
{
    account_set(&release->reason, reason);
    account_sum_up(&release->account, how, release->reason);
}

/* "Halt podinfo.test advancement success rate 88.74% < 99%" without what the Release's own name says already. */
static char *plain_check(const struct release *release)
{
    const struct account *account = &release->account;
    char *prefix = str_format("Halt %s.%s advancement ", release->canary, release->namespace);
    const char *check = account->check + (str_has_prefix(account->check, prefix) ? strlen(prefix) : 0);
    char *text = str_format("failed checks reached the threshold, the last one: %s", check);
    str_free(&prefix);
    return text;
}

static char *join_warnings(const struct node *events, size_t *count)
{
    struct str_list texts = {0};
    struct node_iter it = node_iterate(events);
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "type"), "Warning") && node_str(node_get(it.value, "message")) != NULL) {
            str_list_push(&texts, node_str(node_get(it.value, "message")));
        }
    }
    char *text = str_list_join(&texts, "; ");
    *count = texts.count;
    str_list_fini(&texts);
    return text;
}

/* Finds the reason of a rollback among the script's events. That the threshold is reached is told last, even beside
 * another cause. When that is the only event, the checks are the cause, and the last failed check says more than the
 * count. */
void note_rollback(struct release *release, const struct node *events, const char *not_ready)
{
    const struct account *account = &release->account;
    size_t count;
    look(release, true);
    if (account->to == NULL) {
        note_images(release); /* it never began */
    }
    char *text = join_warnings(events, &count);
    if (not_ready != NULL) {
        str_free(&text);
        text = str_format("never ready: %s", not_ready);
    } else if (count <= 1 && account->check != NULL && account->failed >= account->threshold) {
        str_free(&text);
        text = plain_check(release);
    }
    note_end(release, "taken back", text[0] != '\0' ? text : "the strategy took it back");
    str_free(&text);
}

void note_failed_promotion(struct release *release, const char *error)
{
    look(release, true);
    char *text = str_format("promotion failed, primary not ready: %s", error);
    note_end(release, "failed", text);
    str_free(&text);
}

void note_failed_script(struct release *release, const char *failure)
{
    look(release, true);
    char *text = str_format("strategy failed: %s", failure != NULL ? failure : "unknown reason");
    note_end(release, "taken back", text);
    str_free(&text);
}
