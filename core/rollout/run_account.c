/* A third part of rollout/run.h: what a running release notes for the people who read its record. */
#include <string.h>

#include "base/duration.h"
#include "base/str.h"
#include "rollout/run.h"
#include "workload/deployment.h"

static bool live_weight(struct run *run, const struct canary *canary, int64_t *weight_pct)
{
    const struct router *router = &run->context->router;
    struct routes live;
    struct err ignored = {0};
    if (!router->ops->get_routes(router, &canary->names, canary->root, &live, &ignored)) {
        return false;
    }
    *weight_pct = live.canary_pct;
    return true;
}

/* The share and the counters as the objects have them. */
static void look(struct run *run, bool counters)
{
    struct account *account = &run->release->account;
    struct canary canary;
    if (run_canary(run, &canary)) {
        live_weight(run, &canary, &account->weight_pct);
        account->threshold = canary.threshold;
        account->failed = counters ? canary.failed_checks : account->failed;
    }
    canary_fini(&canary);
}

static void take_images(struct run *run, const char *name, char **kept)
{
    struct doc *deployment = store_find(context_store(run->context, &KUBE_DEPLOYMENTS), run->release->namespace, name);
    if (deployment != NULL) {
        account_set(kept, deployment_images(doc_root(deployment)));
    }
    doc_free(deployment);
}

static void note_images(struct run *run)
{
    struct account *account = &run->release->account;
    struct canary canary;
    if (run_canary(run, &canary)) {
        take_images(run, canary.names.target_primary, &account->from);
        take_images(run, canary.names.target, &account->to);
    }
    canary_fini(&canary);
}

void run_note_revision(struct run *run)
{
    note_images(run);
    look(run, true);
}

void run_note_orders(struct run *run, const struct node *list)
{
    look(run, false);
    account_take_orders(&run->release->account, list);
}

void run_note_answer(struct run *run, const char *operation, const struct node *answer)
{
    if (strcmp(operation, "ready") != 0) {
        return;
    }
    bool never = !node_bool_or(node_get(answer, "ready"), true);
    account_set(&run->not_ready, never ? node_str_or(node_get(answer, "error"), "not ready") : NULL);
}

void run_note_evidence(struct run *run, const struct node *evidence, const char *where)
{
    struct doc *doc = doc_copy(evidence);
    struct node *root = doc_root(doc);
    struct canary canary;
    int64_t weight_pct;
    bool known = run_canary(run, &canary);
    if (node_type(root) == NODE_OBJECT) {
        char at[32];
        time_write(clock_wall_ms(run->context->clock), at);
        node_set_str(doc, root, "at", at);
        node_set_int(doc, root, "round", run->rounds);
        if (known && live_weight(run, &canary, &weight_pct)) {
            node_set_int(doc, root, "weight", weight_pct);
        }
    }
    canary_fini(&canary);
    journal_evidence(run->release->journal, root, where);
    doc_free(doc);
}

void run_set_reason(struct run *run, const char *text)
{
    account_set(&run->release->reason, text);
}

void run_explain(struct run *run, const char *how, const char *reason)
{
    run_set_reason(run, reason);
    account_sum_up(&run->release->account, how, run->release->reason);
}

/* "Halt podinfo.test advancement success rate 88.74% < 99%" without what the Release's own name says already. */
static char *plain_check(struct run *run)
{
    const struct account *account = &run->release->account;
    char *prefix = str_format("Halt %s.%s advancement ", run->release->canary, run->release->namespace);
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

/* The script tells what it has decided by. That the threshold is reached is told last and even beside another cause; so when it is all that is told, the checks
 * are the cause, and the last of them says more than the count. */
void run_explain_rollback(struct run *run, const struct node *events)
{
    const struct account *account = &run->release->account;
    size_t count;
    look(run, true);
    if (account->to == NULL) {
        note_images(run); /* it never began */
    }
    char *text = join_warnings(events, &count);
    if (run->not_ready != NULL) {
        str_free(&text);
        text = str_format("never ready: %s", run->not_ready);
    } else if (count <= 1 && account->check != NULL && account->failed >= account->threshold) {
        str_free(&text);
        text = plain_check(run);
    }
    run_explain(run, "taken back", text[0] != '\0' ? text : "the strategy took it back");
    str_free(&text);
}

void run_explain_promotion(struct run *run, const char *error)
{
    look(run, true);
    char *text = str_format("promotion failed, primary not ready: %s", error);
    run_explain(run, "failed", text);
    str_free(&text);
}

void run_explain_failure(struct run *run)
{
    look(run, true);
    char *text = str_format("strategy failed: %s", run->failure != NULL ? run->failure : "unknown reason");
    run_explain(run, "taken back", text);
    str_free(&text);
}

/* --- what it waits for --- */

void run_note_wait(struct run *run, const char *word, const struct node *result)
{
    const struct node *waiting = node_get(result, "waiting");
    const char *reason = node_str(node_get(waiting, "reason"));
    if (reason != NULL) {
        struct wait wait = {.reason = reason,
                            .message = node_str_or(node_get(waiting, "message"), ""),
                            .told = node_bool_or(node_get(waiting, "told"), false)};
        waiting_begin(run->waiting, &wait);
        str_free(&run->wait_word);
        str_free(&run->wait_reason);
        run->wait_word = str_dup(word);
        run->wait_reason = str_dup(reason);
    } else if (str_equal(word, run->wait_word)) {
        waiting_end(run->waiting, run->wait_reason);
        str_free(&run->wait_word);
    }
}

/* One minute is like the other, so it is told once. */
void run_note_delay(struct run *run, int64_t wait_ms)
{
    const struct release *release = run->release;
    if (wait_ms == 0) {
        waiting_end(run->waiting, WAIT_BUDGET);
        return;
    }
    char *text = str_format("Release %s.%s has used up its CPU time of this minute: it goes on when the minute is over",
                            release->name, release->namespace);
    if (!run->delay_told) {
        run->delay_told = true;
        announce_text(run->announcer, "Warning", text);
    }
    run_wait(run, WAIT_BUDGET, text);
    str_free(&text);
}
