/* webhook: one of the Canary's webhooks, by its name. A delivery is on record before it starts; a question, which
 * changes nothing, is not. */
#include <string.h>

#include "base/str.h"
#include "notify/hook.h"
#include "rollout/operation/operation.h"

enum { BODY_MAX = 16 * 1024, DATA_MAX = 4 * 1024 };

struct webhook {
    struct hook_call *under_way;
    struct doc *answer; /* what is known of it so far */
};

static const struct node *hook_of(const struct canary *canary, const char *name)
{
    struct node_iter it = node_iterate(node_get(canary->analysis, "webhooks"));
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "name"), name)) {
            return it.value;
        }
    }
    return NULL;
}

static struct doc *failed(bool known, const char *error)
{
    struct doc *doc = operation_error(error);
    node_set_bool(doc, doc_root(doc), "ok", false);
    node_set_bool(doc, doc_root(doc), "known", known);
    return doc;
}

static struct doc *unknown(const struct canary *canary, const char *name)
{
    struct str_list known = {0};
    struct node_iter it = node_iterate(node_get(canary->analysis, "webhooks"));
    while (node_next(&it)) {
        str_list_push(&known, node_str_or(node_get(it.value, "name"), ""));
    }
    char *list = str_list_join(&known, ", ");
    char *text = str_format("the Canary declares no webhook \"%s\", %s%s", name,
                            known.count > 0 ? "it has " : "it has none", list);
    struct doc *doc = failed(false, text);
    str_free(&text);
    str_free(&list);
    str_list_fini(&known);
    return doc;
}

/* --- the call --- */

/* An answer that is JSON is given as a value, too. */
static void on_heard(void *ctx, const char *body, size_t len)
{
    struct operation_call *call = ctx;
    struct webhook *webhook = call->state;
    struct err err = {0};
    if (!node_bool_or(node_get(doc_root(call->args), "body"), false)) {
        return;
    }
    doc_free(webhook->answer);
    if (len > BODY_MAX || memchr(body, '\0', len) != NULL) {
        webhook->answer = failed(true, "its answer is no text of at most 16 KiB");
        return;
    }
    webhook->answer = operation_object();
    struct node *answer = doc_root(webhook->answer);
    node_set(webhook->answer, answer, "body", node_new_str_n(webhook->answer, body, len));
    struct doc *json = doc_parse(body, len, &err);
    if (json != NULL) {
        node_set(webhook->answer, answer, "json", node_copy(webhook->answer, doc_root(json)));
    }
    doc_free(json);
}

static void on_done(void *ctx, const struct hook_outcome *outcome)
{
    struct operation_call *call = ctx;
    struct webhook *webhook = call->state;
    struct doc *doc = outcome->error != NULL ? failed(true, outcome->error) : webhook->answer;
    webhook->under_way = NULL;
    if (doc == webhook->answer) {
        webhook->answer = NULL;
    }
    doc = doc != NULL ? doc : operation_object();
    if (node_get(doc_root(doc), "ok") == NULL) {
        node_set_bool(doc, doc_root(doc), "ok", true);
        node_set_bool(doc, doc_root(doc), "known", true);
    }
    hook_tell(doc, doc_root(doc), outcome);
    operation_answer(call, doc);
}

/* The payload of a hook, with what the script adds in `data`. */
static char *payload_of(const struct canary *canary, const struct node *hook, const struct node *args)
{
    struct err ignored = {0};
    char *text = hook_payload(canary, hook, node_str_or(node_get(args, "phase"), ""));
    const struct node *data = node_get(args, "data");
    struct doc *doc = data != NULL ? doc_parse(text, strlen(text), &ignored) : NULL;
    if (doc != NULL) {
        node_set(doc, doc_root(doc), "data", node_copy(doc, data));
        str_free(&text);
        text = node_to_text(doc_root(doc));
    }
    doc_free(doc);
    return text;
}

static void send(struct operation_call *call, const struct canary *canary)
{
    struct webhook *webhook = call->state;
    const struct node *args = doc_root(call->args);
    const struct node *hook = hook_of(canary, operation_text(call, "name"));
    if (hook == NULL) { /* an edit has taken it away while the intent was recorded */
        operation_answer(call, failed(true, "the Canary does not declare it any more"));
        return;
    }
    char *key = str_format("%s/%lld/script/%s", call->release->uid, (long long)journal_words(call->release->journal),
                           operation_text(call, "name"));
    char *body = payload_of(canary, hook, args);
    struct hook_options options = {.http = call->context->http,
                                   .clock = call->context->clock,
                                   .hook = hook,
                                   .body = body,
                                   .key = key,
                                   .heard = on_heard};
    webhook->under_way = hook_start(&options, on_done, call);
    str_free(&body);
    str_free(&key);
}

static struct doc *check(const struct operation_call *call, const struct canary *canary)
{
    const char *name = operation_text(call, "name");
    struct doc *refused = hook_of(canary, name) == NULL ? unknown(canary, name) : NULL;
    const struct node *data = node_get(doc_root(call->args), "data");
    char *text = refused == NULL && data != NULL ? node_to_text(data) : NULL;
    if (text != NULL && strlen(text) > DATA_MAX) {
        refused = failed(false, "data: at most 4 KiB as JSON are wanted");
    }
    str_free(&text);
    return refused;
}

/* A person has answered in the place of the webhook. */
static struct doc *approved(const char *who)
{
    struct doc *doc = operation_object();
    node_set_bool(doc, doc_root(doc), "known", true);
    node_set_bool(doc, doc_root(doc), "ok", true);
    node_set_str(doc, doc_root(doc), "approved", who);
    return doc;
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    *answer = call->intent == NULL ? check(call, canary) : NULL;
    if (*answer != NULL) {
        return true;
    }
    bool delivers = node_bool_or(node_get(doc_root(call->args), "deliver"), false);
    if (hook_of(canary, operation_text(call, "name")) == NULL) {
        *answer = failed(true, "the Canary does not declare it any more");
        return true;
    }
    char *who = delivers ? NULL : operation_approval(call, operation_text(call, "name"));
    if (who != NULL) {
        *answer = approved(who);
        str_free(&who);
        return true;
    }
    operation_send(call, canary, delivers);
    return false;
}

static void cancel(struct operation_call *call)
{
    struct webhook *webhook = call->state;
    if (webhook->under_way != NULL) {
        hook_cancel(webhook->under_way);
    }
    doc_free(webhook->answer);
    webhook->answer = NULL;
}

static const struct contract_field takes[] = {
    {.name = "name", .type = CONTRACT_STRING},
    {.name = "phase", .type = CONTRACT_STRING},
    {.name = "data", .type = CONTRACT_ANY, .optional = true},
    {.name = "deliver", .type = CONTRACT_BOOLEAN},
    {.name = "body", .type = CONTRACT_BOOLEAN},
    {0},
};
static const struct contract_field answers[] = {
    {.name = "known", .type = CONTRACT_BOOLEAN},
    {.name = "ok", .type = CONTRACT_BOOLEAN},
    {.name = "error", .type = CONTRACT_STRING, .optional = true},
    {.name = "status", .type = CONTRACT_INTEGER, .optional = true},
    {.name = "took_ms", .type = CONTRACT_INTEGER, .optional = true},
    {.name = "approved", .type = CONTRACT_STRING, .optional = true},
    {.name = "body", .type = CONTRACT_STRING, .optional = true},
    {.name = "json", .type = CONTRACT_ANY, .optional = true},
    {0},
};

const struct operation operation_webhook = {.name = "webhook",
                                            .takes.fields = takes,
                                            .answers.fields = answers,
                                            .recorded = true,
                                            .size = sizeof(struct webhook),
                                            .start = start,
                                            .send = send,
                                            .cancel = cancel};
