#include "rollout/check_adapter.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "canary/check_ref.h"
#include "io/adapters.h"
#include "io/url_scope.h"
#include "rollout/credentials.h"

enum { NAME_MAX_LEN = 63 };

struct check_adapter_call {
    struct context *context;
    char *module, *adapter;
    char *key;           /* of the Check; NULL: the Canary names none with this module */
    struct doc *sources; /* the adapter's text, and those of the modules that it may have */
    struct doc *grant;   /* what spec.adapters says of it: urls, secretRef */
    struct doc *ask;
    char *lacking, *error;
    struct timer turn;
    struct kube_call *reading;
    struct adapter_call *asking;
    check_adapter_done_fn *done;
    void *ctx;
};

char *check_adapter_module(const char *module, const char *adapter)
{
    return str_format("%s.adapters.%s", module, adapter);
}

/* --- before any of them is asked --- */

static char *fault_of_name(const char *adapter)
{
    size_t len = strlen(adapter);
    bool is_name = len > 0 && len <= NAME_MAX_LEN && adapter[0] != '-' &&
                   strspn(adapter, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
    return is_name
               ? NULL
               : str_format("spec.adapters: the name of an adapter has small letters, digits and '-', at most %d of "
                            "them, got \"%.100s\"",
                            NAME_MAX_LEN, adapter);
}

static char *fault_of_urls(const char *adapter, const struct node *urls)
{
    struct node_iter it = node_iterate(urls);
    struct err err = {0};
    while (node_next(&it)) {
        const char *url = node_str_or(it.value, "");
        if (!url_scope_is_sound(url, &err)) {
            return str_format("spec.adapters.%s.urls[%zu]: %s, got \"%.200s\"", adapter, it.index, err.text, url);
        }
    }
    return node_count(urls) == 0 ? str_format("spec.adapters.%s.urls: one URL at least is wanted", adapter) : NULL;
}

static char *fault_of_script(const struct context *context, const char *module, const struct node *sources)
{
    struct adapter_guest guest = {.module = module, .sources = sources};
    struct err err = {0};
    return adapters_load_guest(context->adapters, &guest, &err) ? NULL : str_dup(err.text);
}

char *check_adapters_fault(const struct context *context, const char *module, const struct node *sources,
                           const struct node *adapters)
{
    struct node_iter it = node_iterate(adapters);
    char *fault = NULL;
    while (fault == NULL && context->adapters != NULL && node_next(&it)) {
        char *of_adapter = check_adapter_module(module, it.key);
        fault = fault_of_name(it.key);
        fault = fault != NULL ? fault : fault_of_urls(it.key, node_get(it.value, "urls"));
        fault = fault != NULL ? fault : fault_of_script(context, of_adapter, sources);
        str_free(&of_adapter);
    }
    return fault;
}

/* --- the end --- */

static void call_free(struct check_adapter_call *call)
{
    timer_cancel(&call->turn);
    doc_free(call->sources);
    doc_free(call->grant);
    doc_free(call->ask);
    str_free(&call->module);
    str_free(&call->adapter);
    str_free(&call->key);
    str_free(&call->lacking);
    str_free(&call->error);
    mem_free(call);
}

void check_adapter_cancel(struct check_adapter_call *call)
{
    if (call->reading != NULL) {
        kube_cancel(call->reading);
    }
    if (call->asking != NULL) {
        adapter_cancel(call->asking);
    }
    call_free(call);
}

static void finish(struct check_adapter_call *call, const struct node *said)
{
    struct check_adapter_answer answer = {.lacking = call->lacking, .said = said, .error = call->error};
    call->done(call->ctx, &answer);
    call_free(call);
}

/* --- the adapter --- */

static void on_answer(void *ctx, const struct node *answer, const struct err *err)
{
    struct check_adapter_call *call = ctx;
    call->asking = NULL;
    if (answer == NULL) {
        call->error = str_dup(err->text);
    }
    finish(call, answer);
}

static void ask_adapter(struct check_adapter_call *call)
{
    char *module = check_adapter_module(call->module, call->adapter);
    struct adapter_guest guest = {
        .module = module, .sources = doc_root(call->sources), .urls = node_get(doc_root(call->grant), "urls")};
    struct node *ask = doc_root(call->ask);
    node_set_str(call->ask, ask, "type", call->adapter);
    node_set_str(call->ask, ask, "address", node_str_or(node_item(guest.urls, 0), ""));
    node_set_int(call->ask, ask, "now", clock_wall_ms(call->context->clock) / 1000);
    node_set_bool(call->ask, ask, "online", false);
    call->asking = adapter_start_guest(call->context->adapters, &guest, ask, on_answer, call);
    str_free(&module);
}

/* --- what the Check grants it --- */

static void on_secret(void *ctx, const struct doc *secret, const struct err *err)
{
    struct check_adapter_call *call = ctx;
    call->reading = NULL;
    if (secret == NULL) {
        call->error = str_format("spec.adapters.%s.secretRef: %s", call->adapter, err->text);
        finish(call, NULL);
        return;
    }
    credentials_set(call->ask, secret);
    ask_adapter(call);
}

/* The names of the adapters that the release has pinned of the Check. */
static char *list_adapters(const struct check_adapter_call *call, const struct node *sources)
{
    struct str_list names = {0};
    char *prefix = check_adapter_module(call->module, "");
    struct node_iter it = node_iterate(sources);
    while (node_next(&it)) {
        if (str_has_prefix(it.key, prefix)) {
            str_list_push(&names, it.key + strlen(prefix));
        }
    }
    char *list = str_list_join(&names, ", ");
    str_list_fini(&names);
    str_free(&prefix);
    return list;
}

/* The adapter, and the Check's modules; what is of another Check stays out. */
static void take_sources(struct check_adapter_call *call, const struct node *sources)
{
    char *module = check_adapter_module(call->module, call->adapter);
    char *modules = str_format("%s.scripts.", call->module);
    call->sources = doc_new();
    doc_set_root(call->sources, node_new_object(call->sources));
    struct node_iter it = node_iterate(sources);
    while (node_next(&it)) {
        if (strcmp(it.key, module) == 0 || str_has_prefix(it.key, modules)) {
            node_set(call->sources, doc_root(call->sources), it.key, node_copy(call->sources, it.value));
        }
    }
    if (node_get(doc_root(call->sources), module) == NULL) {
        char *known = list_adapters(call, sources);
        call->lacking = str_format("there is no adapter \"%.60s\", %s%s", call->adapter,
                                   known[0] != '\0' ? "known are " : "spec.adapters has none", known);
        str_free(&known);
    }
    str_free(&modules);
    str_free(&module);
}

/* The Check that the Canary names by this module; the key of none is found in another way. */
static char *key_of(const struct canary *canary, const char *wanted)
{
    char *key = NULL;
    struct check_ref_iter it = check_ref_iterate(canary->root);
    while (key == NULL && check_ref_next(&it)) {
        char *module = canary_check_module(it.key);
        key = strcmp(module, wanted) == 0 ? str_dup(it.key) : NULL;
        str_free(&module);
    }
    check_ref_stop(&it);
    return key;
}

/* What the object says now; NULL: it is gone, or grants this adapter nothing. */
static struct doc *find_grant(const struct check_adapter_call *call, const char *namespace)
{
    struct doc *check =
        store_find(context_store(call->context, &KUBE_CHECKS), namespace, canary_reference_name(call->key));
    const struct node *grant = node_get(node_at(doc_root(check), "spec", "adapters"), call->adapter);
    struct doc *copy = grant != NULL ? doc_copy(grant) : NULL;
    doc_free(check);
    return copy;
}

static void on_turn(struct timer *timer, void *ctx)
{
    struct check_adapter_call *call = ctx;
    char *namespace = call->key != NULL ? canary_reference_namespace(call->key) : NULL;
    call->grant = call->lacking == NULL && namespace != NULL ? find_grant(call, namespace) : NULL;
    const char *secret = node_str(node_at(doc_root(call->grant), "secretRef", "name"));
    if (call->grant == NULL) {
        call->error = call->lacking == NULL ? str_format("the Check has no adapter %s any more", call->adapter) : NULL;
        finish(call, NULL);
    } else if (str_empty(secret)) {
        ask_adapter(call);
    } else {
        call->reading = credentials_read(call->context, namespace, secret, on_secret, call);
    }
    str_free(&namespace);
}

struct check_adapter_call *check_adapter_ask(struct context *context, const struct release *release,
                                             const struct canary *canary, const struct check_adapter_question *question,
                                             check_adapter_done_fn *done, void *ctx)
{
    struct check_adapter_call *call = mem_new(struct check_adapter_call);
    call->context = context;
    call->module = str_dup(question->module);
    call->adapter = str_dup(question->adapter);
    call->key = key_of(canary, question->module);
    call->ask = doc_new();
    doc_set_root(call->ask, node_new_object(call->ask));
    node_set_str(call->ask, doc_root(call->ask), "interval", question->interval);
    node_set_str(call->ask, doc_root(call->ask), "query", question->query);
    take_sources(call, doc_root(release->sources));
    call->done = done;
    call->ctx = ctx;
    timer_start(context->clock, &call->turn, 0, on_turn, call);
    return call;
}
