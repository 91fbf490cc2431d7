#include "release/note.h"

#include <string.h>

#include "base/duration.h"
#include "base/str.h"
#include "base/utf8.h"
#include "prom/query.h"
#include "workload/facts.h"

enum { EVIDENCE_TEXT_MAX = 2000 };

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

static void take_images(const struct doc *workload, char **kept)
{
    if (workload != NULL) {
        account_set(kept, facts_images(doc_root(workload)));
    }
}

static void take_author(const struct doc *target, struct account *account)
{
    const struct node *author = facts_author(doc_root(target));
    account_set(&account->author, node_str(node_get(author, "manager")));
    account_set(&account->written, node_str(node_get(author, "at")));
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
        struct doc *primary = context_primary(release->context, &canary.names);
        struct doc *target = context_target(release->context, &canary.names);
        take_images(primary, &account->from);
        take_images(target, &account->to);
        take_author(target, account);
        doc_free(target);
        doc_free(primary);
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

/* Texts may come from anywhere: a query from a Canary, a reason from a server. */
static void bound_texts(struct doc *doc, struct node *evidence)
{
    struct node_iter it = node_iterate(evidence);
    while (node_next(&it)) {
        const char *text = node_str(it.value);
        if (text != NULL && strlen(text) > EVIDENCE_TEXT_MAX) {
            struct buf line;
            buf_init(&line, 4 * EVIDENCE_TEXT_MAX);
            utf8_append_line(&line, text, strlen(text), EVIDENCE_TEXT_MAX);
            node_set_str(doc, evidence, it.key, buf_str(&line));
            buf_fini(&line);
        }
    }
}

/* Who was asked, where the evidence does not name a MetricTemplate. */
static void note_server(struct doc *doc, struct node *evidence, const struct canary *canary)
{
    if (node_get(evidence, "query") != NULL && node_get(evidence, "template") == NULL) {
        char *server = prom_printable_address(canary->metrics_server);
        node_set_str(doc, evidence, "server", server);
        str_free(&server);
    }
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
        if (known) {
            note_server(doc, root, &canary);
        }
        bound_texts(doc, root);
    }
    canary_fini(&canary);
    journal_evidence(release->journal, root, where);
    doc_free(doc);
}

static void note_decided(struct release *release)
{
    release->account.decided_ms = clock_wall_ms(release->context->clock);
    release->account.drained_after_ms = -1;
}

void note_less_share(struct release *release)
{
    release->drained_ms = clock_mono_ms(release->context->clock);
}

void note_drained(struct release *release)
{
    struct account *account = &release->account;
    if (account->decided_ms > 0 && account->drained_after_ms < 0) {
        account->drained_after_ms = clock_wall_ms(release->context->clock) - account->decided_ms;
        gauges_rollback(&release->context->gauges, release->canary, release->namespace,
                        (double)account->drained_after_ms / 1000);
    }
}

void note_end(struct release *release, const char *how, const char *reason, const char *by)
{
    account_end_by(&release->account, by, NULL);
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
void note_rollback(struct release *release, const struct node *args, const char *not_ready)
{
    struct account *account = &release->account;
    size_t count;
    note_decided(release);
    look(release, true);
    if (account->to == NULL) {
        note_images(release); /* it never began */
    }
    char *text = join_warnings(node_get(args, "events"), &count);
    if (not_ready != NULL) {
        str_free(&text);
        text = str_format("never ready: %s", not_ready);
    } else if (count <= 1 && account->check != NULL && account->failed >= account->threshold) {
        str_free(&text);
        text = plain_check(release);
    }
    const char *by = not_ready != NULL ? ENDED_BY_DEADLINE : node_str_or(node_get(args, "by"), ENDED_BY_STRATEGY);
    note_end(release, "taken back", text[0] != '\0' ? text : "the strategy took it back", by);
    if (not_ready == NULL) {
        account_end_by(account, by, node_str(node_get(args, "name")));
    }
    str_free(&text);
}

void note_taken_back(struct release *release, const struct request *request, const char *who)
{
    note_decided(release);
    look(release, true);
    if (release->account.to == NULL) {
        note_images(release); /* it never began */
    }
    char *text = str_format("rolled back by %s", who);
    note_end(release, "taken back", text, ENDED_BY_PERSON);
    account_end_by(&release->account, ENDED_BY_PERSON, request->by);
    str_free(&text);
}

void note_failed_promotion(struct release *release, const char *error)
{
    note_decided(release);
    look(release, true);
    char *text = str_format("promotion failed, primary not ready: %s", error);
    note_end(release, "failed", text, ENDED_BY_PROMOTION);
    str_free(&text);
}

void note_failed_script(struct release *release, const char *failure)
{
    note_decided(release);
    look(release, true);
    char *text = str_format("strategy failed: %s", failure != NULL ? failure : "unknown reason");
    note_end(release, "taken back", text, ENDED_BY_SCRIPT);
    str_free(&text);
}
