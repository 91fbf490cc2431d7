#include "notify/alerter.h"

#include <ctype.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/http.h"
#include "kube/pem.h"

/* One alert to one chat. */
struct delivery {
    struct delivery *next;
    struct alerter *alerter;
    char *canary;   /* "podinfo.test" */
    char *provider; /* "chat.test"; NULL: the chat of the flags */
    char *type, *namespace, *secret;
    struct doc *ask;
    struct kube_call *reading; /* the Secret */
    struct adapter_call *sending;
    struct timer turn;
};

struct alerter {
    struct alerter_options options; /* its texts are in the fields below */
    char *cluster, *type, *url, *token, *proxy, *username, *channel;
    struct delivery *first, **last;
};

/* --- the chat of the flags --- */

/* Why the chat cannot be used; NULL: it can. The URL is not told: who knows it may write to the chat. */
static const char *problem_of(const struct alerter_chat *chat)
{
    bool is_slack = str_equal(chat->type, "slack");
    if (str_empty(chat->url) || !http_is_url(chat->url)) {
        return is_slack ? "invalid Slack hook URL" : "invalid MS Teams webhook URL";
    } else if (is_slack && str_empty(chat->username)) {
        return "empty Slack username";
    } else if (is_slack && str_empty(chat->channel)) {
        return "empty Slack channel";
    }
    return NULL;
}

static void take_chat(struct alerter *a, const struct alerter_chat *chat)
{
    enum { SHOWN = 30 }; /* up to the host's end, or a little more */
    if (str_empty(chat->url)) {
        return;
    }
    const char *problem = problem_of(chat);
    if (problem != NULL) {
        log_error(NULL, "Notifier %s", problem);
        return;
    }
    if (strlen(chat->url) > SHOWN) {
        log_info(NULL, "Notifications enabled for %.*s", SHOWN, chat->url);
    }
    a->type = str_dup(chat->type);
    a->url = str_dup(chat->url);
    a->token = str_dup(chat->token);
    a->proxy = str_dup(chat->proxy);
    a->username = str_dup(chat->username);
    a->channel = str_dup(chat->channel);
}

/* --- its life --- */

struct alerter *alerter_new(const struct alerter_options *options)
{
    struct alerter *a = mem_new(struct alerter);
    a->options = *options;
    a->cluster = str_dup(options->cluster);
    a->last = &a->first;
    take_chat(a, &options->chat);
    return a;
}

static void delivery_free(struct delivery *d)
{
    timer_cancel(&d->turn);
    if (d->reading != NULL) {
        kube_cancel(d->reading);
    }
    if (d->sending != NULL) {
        adapter_cancel(d->sending);
    }
    doc_free(d->ask);
    str_free(&d->canary);
    str_free(&d->provider);
    str_free(&d->type);
    str_free(&d->namespace);
    str_free(&d->secret);
    mem_free(d);
}

void alerter_free(struct alerter *a)
{
    if (a == NULL) {
        return;
    }
    while (a->first != NULL) {
        struct delivery *d = a->first;
        a->first = d->next;
        delivery_free(d);
    }
    str_free(&a->cluster);
    str_free(&a->type);
    str_free(&a->url);
    str_free(&a->token);
    str_free(&a->proxy);
    str_free(&a->username);
    str_free(&a->channel);
    mem_free(a);
}

/* --- one delivery --- */

static void start(struct delivery *d);

static void remove_delivery(struct alerter *a, const struct delivery *d)
{
    struct delivery **link = &a->first;
    while (*link != d) {
        link = &(*link)->next;
    }
    *link = d->next;
    if (d->next == NULL) {
        a->last = link;
    }
}

static struct delivery *find(struct alerter *a, const char *canary)
{
    struct delivery *d = a->first;
    while (d != NULL && strcmp(d->canary, canary) != 0) {
        d = d->next;
    }
    return d;
}

/* The next one of the same Canary begins. */
static void finish(struct delivery *d)
{
    struct alerter *a = d->alerter;
    remove_delivery(a, d);
    struct delivery *next = find(a, d->canary);
    delivery_free(d);
    if (next != NULL) {
        start(next);
    }
}

/* In Flagger's words: "alert provider chat.test error: …". */
static void fail(struct delivery *d, const char *what, const char *why)
{
    if (d->provider != NULL) {
        log_error(d->canary, "alert provider %s %s: %s", d->provider, what, why);
    } else {
        log_error(d->canary, "alert can't be sent: %s", why);
    }
    finish(d);
}

static void on_answer(void *ctx, const struct node *answer, const struct err *err)
{
    struct delivery *d = ctx;
    d->sending = NULL;
    const char *error = answer != NULL ? node_str(node_get(answer, "error")) : err->text;
    if (error == NULL) {
        finish(d);
    } else {
        fail(d, node_bool_or(node_get(answer, "unsendable"), false) ? "error" : "send error", error);
    }
}

/* A provider without an address tells nobody, as in Flagger. */
static void post(struct delivery *d)
{
    struct adapters *adapters = d->alerter->options.adapters;
    char *name = str_format("alerts.%s", d->type);
    if (str_empty(node_str(node_get(doc_root(d->ask), "address")))) {
        finish(d);
    } else if (!adapters_have(adapters, name)) {
        char *why = str_format("provider %s not supported", d->type);
        fail(d, "error", why);
        str_free(&why);
    } else {
        d->sending = adapter_start(adapters, name, doc_root(d->ask), on_answer, d);
    }
    str_free(&name);
}

/* --- its Secret --- */

/* Sets ask.`key` from the Secret; false when it has no such key. Line ends are what `echo` leaves behind. */
static bool take_key(struct delivery *d, const struct node *data, const char *key, struct err *err)
{
    const char *base64 = node_str(node_get(data, key));
    char *text = NULL;
    if (base64 == NULL || !pem_decode(base64, &text, err)) {
        return base64 == NULL;
    }
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        text[--len] = '\0';
    }
    node_set_str(d->ask, doc_root(d->ask), key, text);
    str_free(&text);
    return true;
}

static void on_secret(void *ctx, const struct doc *answer, const struct err *err)
{
    struct delivery *d = ctx;
    d->reading = NULL;
    if (answer == NULL) {
        fail(d, "secretRef error", err->text);
        return;
    }
    const struct node *data = node_get(doc_root(answer), "data");
    struct err problem = {0};
    if (node_str(node_get(data, "address")) == NULL) {
        log_error(d->canary, "alert provider %s secret does not contain an address", d->provider);
        finish(d);
    } else if (!take_key(d, data, "address", &problem) || !take_key(d, data, "token", &problem)) {
        fail(d, "secretRef error", problem.text);
    } else {
        post(d);
    }
}

static void read_secret(struct delivery *d)
{
    struct kube_request request = {.verb = KUBE_GET,
                                   .resource = &KUBE_SECRETS,
                                   .namespace = d->namespace,
                                   .name = d->secret,
                                   .timeout_ms = ALERTER_TIMEOUT_MS};
    d->reading = kube_start(d->alerter->options.kube, &request, on_secret, d);
}

static void on_turn(struct timer *timer, void *ctx)
{
    struct delivery *d = ctx;
    if (d->secret != NULL && d->secret[0] == '\0') {
        fail(d, "secretRef error", "resource name may not be empty");
    } else if (d->secret != NULL) {
        read_secret(d);
    } else {
        post(d);
    }
}

static void start(struct delivery *d)
{
    timer_start(d->alerter->options.clock, &d->turn, 0, on_turn, d);
}

/* --- who gets it --- */

static size_t count_waiting(const struct alerter *a, const char *canary)
{
    size_t count = 0;
    for (const struct delivery *d = a->first; d != NULL; d = d->next) {
        count += strcmp(d->canary, canary) == 0;
    }
    return count;
}

/* Takes `ask`. */
static struct delivery *queue(struct alerter *a, const struct canary *canary, const char *type, struct doc *ask)
{
    struct delivery *d = mem_new(struct delivery);
    d->alerter = a;
    d->canary = str_dup(canary->names.id);
    d->type = str_dup(type);
    d->ask = ask;
    *a->last = d;
    a->last = &d->next;
    return d;
}

/* False, with a line of the log, when too many wait already. */
static bool has_room(const struct alerter *a, const struct canary *canary, const struct alert *alert)
{
    if (count_waiting(a, canary->names.id) < ALERTER_WAITING_MAX) {
        return true;
    }
    log_error(canary->names.id, "alert dropped, %d are waiting to be sent: %s", ALERTER_WAITING_MAX, alert->message);
    return false;
}

static const char *text_of(const struct node *spec, const char *key, const char *fallback)
{
    const char *text = node_str(node_get(spec, key));
    return str_empty(text) ? fallback : text;
}

static void send_to_chat(struct alerter *a, const struct canary *canary, const struct alert *alert)
{
    struct doc *ask = alert_ask(canary, alert, a->cluster);
    node_set_str(ask, doc_root(ask), "address", a->url);
    node_set_str(ask, doc_root(ask), "token", a->token);
    node_set_str(ask, doc_root(ask), "proxy", a->proxy);
    node_set_str(ask, doc_root(ask), "username", a->username);
    node_set_str(ask, doc_root(ask), "channel", a->channel);
    queue(a, canary, a->type, ask);
}

static void send_to_provider(struct alerter *a, const struct canary *canary, const struct alert *alert,
                             const struct node *entry)
{
    const char *name = node_str_or(node_at(entry, "providerRef", "name"), "");
    const char *namespace = node_str(node_at(entry, "providerRef", "namespace"));
    namespace = str_empty(namespace) ? canary->names.namespace : namespace;
    struct doc *provider = a->options.providers != NULL ? store_find(a->options.providers, namespace, name) : NULL;
    if (provider == NULL) {
        log_error(canary->names.id, "alert provider %s.%s error: alertprovider.flagger.app \"%s\" not found", name,
                  namespace, name);
        return;
    }
    const struct node *spec = node_get(doc_root(provider), "spec");
    struct doc *ask = alert_ask(canary, alert, a->cluster);
    struct node *root = doc_root(ask);
    node_set_str(ask, root, "address", node_str(node_get(spec, "address")));
    node_set_str(ask, root, "proxy", node_str(node_get(spec, "proxy")));
    node_set_str(ask, root, "username", text_of(spec, "username", "flagger"));
    node_set_str(ask, root, "channel", text_of(spec, "channel", "general"));
    struct delivery *d = queue(a, canary, node_str_or(node_get(spec, "type"), ""), ask);
    d->provider = str_format("%s.%s", name, namespace);
    d->namespace = str_dup(namespace);
    if (node_get(spec, "secretRef") != NULL) {
        node_remove(root, "address"); /* the Secret has it */
        d->secret = str_dup(node_str_or(node_at(spec, "secretRef", "name"), ""));
    }
    doc_free(provider);
}

static const struct node *alerts_of(const struct canary *canary)
{
    return node_get(canary->analysis, "alerts");
}

static bool is_wanted(const struct node *entry, const char *severity)
{
    const char *wanted = node_str_or(node_get(entry, "severity"), "");
    return severity == NULL || alert_is_for(wanted, severity);
}

bool alerter_is_needed(const struct alerter *a, const struct canary *canary, const char *severity)
{
    if (a == NULL || a->options.adapters == NULL) {
        return false;
    } else if (node_count(alerts_of(canary)) == 0) {
        return a->url != NULL;
    }
    bool needed = false;
    struct node_iter it = node_iterate(alerts_of(canary));
    while (node_next(&it)) {
        needed = needed || is_wanted(it.value, severity);
    }
    return needed;
}

void alerter_send(struct alerter *a, const struct canary *canary, const struct alert *alert)
{
    if (!alerter_is_needed(a, canary, alert->severity) || !has_room(a, canary, alert)) {
        return;
    }
    bool idle = find(a, canary->names.id) == NULL;
    if (node_count(alerts_of(canary)) == 0) {
        send_to_chat(a, canary, alert);
    }
    struct node_iter it = node_iterate(alerts_of(canary));
    while (node_next(&it)) {
        if (is_wanted(it.value, alert->severity)) {
            send_to_provider(a, canary, alert, it.value);
        }
    }
    struct delivery *first = find(a, canary->names.id);
    if (idle && first != NULL) {
        start(first);
    }
}
