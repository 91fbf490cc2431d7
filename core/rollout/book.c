#include "rollout/book.h"

#include <string.h>

#include "base/duration.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "canary/params.h"
#include "kube/object.h"
#include "rollout/check_adapter.h"
#include "rollout/script_place.h"
#include "rollout/strategist.h"

enum { RETRY_MIN_MS = 1000, RETRY_MAX_MS = 60 * 1000, OTHER_NAME_MAX = 60 };

const struct book_kind book_strategy = {
    .resource = &KUBE_STRATEGIES, .declares = "strategy", .module = canary_strategy_module};
const struct book_kind book_check = {
    .resource = &KUBE_CHECKS, .declares = "check", .module = canary_check_module, .modules_below = true};

struct book *book_new(struct context *context, const struct book_kind *kind, const char *key)
{
    struct book *book = mem_alloc(sizeof *book + strlen(key) + 1);
    book->context = context;
    book->kind = kind;
    memcpy(book->key, key, strlen(key) + 1);
    return book;
}

static void forget_look(struct book *book)
{
    doc_free(book->object);
    doc_free(book->sources);
    doc_free(book->declared);
    str_free(&book->fault);
    str_free(&book->other_name);
    book->object = book->sources = book->declared = NULL;
}

void book_free(struct book *book)
{
    timer_cancel(&book->retry);
    if (book->write != NULL) {
        kube_cancel(book->write);
    }
    forget_look(book);
    mem_free(book);
}

/* --- loading --- */

size_t book_sources_size(const struct node *sources)
{
    size_t size = 0;
    struct node_iter it = node_iterate(sources);
    while (node_next(&it)) {
        size += strlen(node_str_or(it.value, ""));
    }
    return size;
}

/* A text of C ends at a NUL, so what stands behind it would be seen by people and not be run. False: it has one. */
static bool take_source(struct book *book, const char *module, const char *field, const struct node *text)
{
    size_t len = 0;
    const char *source = node_str_n(text, &len);
    source = source != NULL ? source : "";
    node_set_str(book->sources, doc_root(book->sources), module, source);
    if (strlen(source) != len && book->fault == NULL) {
        book->fault = str_format("%s: there is a NUL behind %zu bytes, and a script is a text", field, strlen(source));
    }
    return strlen(source) == len;
}

/* Of a Check; a Strategy has none. */
static const struct node *adapters_of(const struct book *book, const struct node *spec)
{
    return book->kind == &book_check ? node_get(spec, "adapters") : NULL;
}

/* {"scripts.weekday-ring": text, "scripts.calendar": text}; those of a Check have the root checks, and a place of their
 * own. No name can reach a root of the engine's. False: one of them is no text. */
static bool take_sources(struct book *book, const char *module, const struct node *spec)
{
    bool are_texts = true;
    book->sources = doc_new();
    doc_set_root(book->sources, node_new_object(book->sources));
    struct node_iter it = node_iterate(node_get(spec, "modules"));
    while (node_next(&it)) {
        char *name =
            book->kind->modules_below ? str_format("%s.scripts.%s", module, it.key) : str_format("scripts.%s", it.key);
        char *field = str_format("spec.modules.%s", it.key);
        are_texts = take_source(book, name, field, it.value) && are_texts;
        str_free(&field);
        str_free(&name);
    }
    struct node_iter adapters = node_iterate(adapters_of(book, spec));
    while (node_next(&adapters)) {
        char *name = check_adapter_module(module, adapters.key);
        char *field = str_format("spec.adapters.%s.script", adapters.key);
        are_texts = take_source(book, name, field, node_get(adapters.value, "script")) && are_texts;
        str_free(&field);
        str_free(&name);
    }
    are_texts = take_source(book, module, "spec.script", node_get(spec, "script")) && are_texts;
    book->size = book_sources_size(doc_root(book->sources));
    return are_texts;
}

/* A script of another kind loads too. */
static bool is_of_kind(const struct book *book, const char *module, const struct doc *declaration,
                       struct str_list *faults)
{
    const char *declares = node_str_or(node_get(doc_root(declaration), "kind"), "strategy");
    if (strcmp(declares, book->kind->declares) == 0) {
        return true;
    }
    str_list_push_format(faults, "%s: the script returns a %s, wanted a %s, as for: return require 'stdlib.%s' {…}",
                         module, declares, book->kind->declares, book->kind->declares);
    return false;
}

/* Each with its place: "scripts/ring.lua:4:14: params.calm.default: …". */
static bool are_sound(const struct book *book, const char *module, const struct node *params, struct str_list *faults)
{
    struct str_list reasons = {0};
    bool sound = params_are_sound(params, &reasons);
    for (size_t i = 0; i < reasons.count; i++) {
        char *name = str_dup_n(reasons.items[i], strcspn(reasons.items[i], ".:["));
        char *place = script_place_of_field(doc_root(book->sources), module, name);
        str_list_push_format(faults, "%sparams.%s", place, reasons.items[i]);
        str_free(&place);
        str_free(&name);
    }
    str_list_fini(&reasons);
    return sound;
}

/* NULL: the script has the object's. Not all of a long one, because it is shown. */
static char *other_name_of(const struct book *book, const struct doc *declaration)
{
    const char *name = node_str_or(node_get(doc_root(declaration), "name"), "");
    if (strcmp(name, canary_reference_name(book->key)) == 0) {
        return NULL;
    }
    if (strlen(name) <= OTHER_NAME_MAX) {
        return str_dup(name);
    }
    return str_format("%.*s…", (int)utf8_floor(name, OTHER_NAME_MAX), name);
}

static void take_declaration(struct book *book, const char *module, const struct doc *declaration)
{
    const struct node *params = node_get(doc_root(declaration), "params");
    book->other_name = other_name_of(book, declaration);
    struct str_list faults = {0};
    if (!is_of_kind(book, module, declaration, &faults) || !are_sound(book, module, params, &faults)) {
        book->fault = str_list_join(&faults, "; ");
    } else if (params != NULL && node_type(params) == NODE_OBJECT) {
        book->declared = doc_copy(params);
    } else {
        book->declared = doc_new();
        doc_set_root(book->declared, node_new_object(book->declared));
    }
    str_list_fini(&faults);
}

/* False: it asks for more than there is, or for what is not known. */
static bool take_limits(struct book *book, const struct node *spec)
{
    struct strategist *strategist = book->context->strategist;
    struct str_list faults = {0};
    struct limits most = strategist->ops->limits(strategist);
    book->limits = limits_read(node_get(spec, "limits"), &most, &faults);
    book->fault = faults.count > 0 ? str_list_join(&faults, "; ") : NULL;
    str_list_fini(&faults);
    return book->fault == NULL;
}

/* False: no text has this name. */
static bool load(struct book *book, const char *module)
{
    struct strategist *strategist = book->context->strategist;
    struct err err = {0};
    struct doc *declaration =
        strategist->ops->inspect(strategist, module, doc_root(book->sources), &book->limits, &err);
    if (declaration != NULL) {
        take_declaration(book, module, declaration);
        doc_free(declaration);
    } else {
        book->fault = script_place_with_column(err.text, doc_root(book->sources));
    }
    return err.code != ERR_NOT_FOUND;
}

static const struct node *spec_of(const struct doc *object)
{
    return node_get(doc_root(object), "spec");
}

/* A store gives the same document until the object changes, or was not read for long. */
bool book_look(struct book *book, struct doc *object)
{
    if (book->object == object) {
        return false;
    }
    bool changed = book->object == NULL || !node_equal(spec_of(book->object), spec_of(object));
    if (changed) {
        char *module = book->kind->module(book->key);
        forget_look(book);
        if (take_sources(book, module, spec_of(object)) && take_limits(book, spec_of(object))) {
            load(book, module);
        }
        if (book->fault == NULL) {
            book->fault = check_adapters_fault(book->context, module, doc_root(book->sources),
                                               adapters_of(book, spec_of(object)));
        }
        str_free(&module);
    }
    doc_free(book->object);
    book->object = doc_share(object);
    return changed;
}

bool book_look_bundled(struct book *book)
{
    char *module = book->kind->module(book->key);
    bool found = load(book, module);
    str_free(&module);
    return found;
}

/* --- its status --- */

/* What a Canary names is the object, whatever its script says. */
static char *message_of(const struct book *book)
{
    if (book->fault != NULL) {
        return str_dup(book->fault);
    }
    return book->other_name == NULL
               ? str_dup("the script loads")
               : str_format("the script loads; the name \"%s\" that it says counts for nothing", book->other_name);
}

static struct node *condition_of(const struct book *book, struct doc *doc, const struct node *live)
{
    const struct node *before = object_condition(live, "Ready");
    const char *status = book->fault == NULL ? "True" : "False";
    struct node *condition = node_new_object(doc);
    char now[32];
    time_write(clock_wall_ms(book->context->clock), now);
    node_set_str(doc, condition, "type", "Ready");
    node_set_str(doc, condition, "status", status);
    node_set_int(doc, condition, "observedGeneration", object_generation(doc_root(book->object)));
    node_set_str(doc, condition, "reason", book->fault == NULL ? "Loaded" : "Fault");
    char *message = message_of(book);
    node_set_str(doc, condition, "message", message);
    str_free(&message);
    bool stays = node_is(node_get(before, "status"), status);
    node_set_str(doc, condition, "lastTransitionTime",
                 stays ? node_str_or(node_get(before, "lastTransitionTime"), now) : now);
    return condition;
}

static struct node *params_of(const struct book *book, struct doc *doc)
{
    struct node *list = node_new_array(doc);
    struct node_iter it = node_iterate(doc_root(book->declared));
    while (node_next(&it)) {
        struct node *one = node_copy(doc, it.value);
        node_set_str(doc, one, "name", it.key);
        node_push(list, one);
    }
    return list;
}

/* What `kubectl get strategies` shows in one column. */
static char *names_of(const struct node *params)
{
    struct str_list names = {0};
    struct node_iter it = node_iterate(params);
    while (node_next(&it)) {
        str_list_push(&names, node_str_or(node_get(it.value, "name"), ""));
    }
    char *text = str_list_join(&names, ", ");
    str_list_fini(&names);
    return text;
}

/* The status as it should be; NULL when the live one says so already. */
static struct doc *status_of(const struct book *book, const struct node *live)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    doc_set_root(doc, root);
    struct node *status = node_ensure_object(doc, root, "status");
    struct node *conditions = node_new_array(doc);
    node_push(conditions, condition_of(book, doc, live));
    node_set(doc, status, "conditions", conditions);
    struct node *params = params_of(book, doc);
    char *names = names_of(params);
    node_set(doc, status, "params", params);
    node_set_str(doc, status, "parameters", names);
    str_free(&names);
    if (node_equal(status, node_get(live, "status"))) {
        doc_free(doc);
        return NULL;
    }
    return doc;
}

static void on_retry(struct timer *timer, void *ctx)
{
    book_write_status(ctx);
}

static void on_written(void *ctx, const struct doc *answer, const struct err *err)
{
    struct book *book = ctx;
    book->write = NULL;
    if (answer != NULL) {
        book->retry_ms = 0;
        store_put(context_store(book->context, book->kind->resource), answer);
        book_write_status(book); /* it may have changed meanwhile */
        return;
    }
    if (err->code == ERR_NOT_FOUND) {
        return; /* the watch tells that it is gone */
    }
    book->retry_ms = book->retry_ms == 0 ? RETRY_MIN_MS : book->retry_ms * 2;
    book->retry_ms = book->retry_ms > RETRY_MAX_MS ? RETRY_MAX_MS : book->retry_ms;
    log_warn(NULL, "%s %s: its status cannot be written: %s", book->kind->resource->kind, book->key, err->text);
    timer_start(book->context->clock, &book->retry, book->retry_ms, on_retry, book);
}

void book_write_status(struct book *book)
{
    char *namespace = canary_reference_namespace(book->key);
    struct doc *live =
        store_find(context_store(book->context, book->kind->resource), namespace, canary_reference_name(book->key));
    struct doc *patch = live != NULL ? status_of(book, doc_root(live)) : NULL;
    if (patch != NULL && book->write == NULL) {
        struct kube_request request = {.verb = KUBE_PATCH_MERGE,
                                       .resource = book->kind->resource,
                                       .namespace = namespace,
                                       .name = canary_reference_name(book->key),
                                       .subresource = "status",
                                       .body = doc_root(patch)};
        timer_cancel(&book->retry);
        book->write = kube_start(book->context->kube, &request, on_written, book);
    }
    doc_free(patch);
    doc_free(live);
    str_free(&namespace);
}
