#include "rollout/library.h"

#include <string.h>
#include <uthash.h>

#include "base/duration.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "canary/params.h"
#include "kube/object.h"
#include "rollout/strategist.h"

enum { RETRY_MIN_MS = 1000, RETRY_MAX_MS = 60 * 1000 };

/* One Strategy, as it was last looked at. */
struct book {
    UT_hash_handle hh;
    struct library *library;
    struct doc *spec; /* what was looked at */
    int64_t generation;
    struct doc *sources;  /* {module: text} */
    struct doc *declared; /* its parameters, an object; NULL when it has a fault */
    char *fault;          /* NULL: none */
    struct kube_call *write;
    struct timer retry;
    int64_t retry_ms;
    char key[]; /* "namespace/name" */
};

struct library {
    struct context *context;
    struct book *books;
    library_changed_fn *changed;
    void *ctx;
};

/* --- one Strategy --- */

static const char *name_of(const struct book *book)
{
    return strchr(book->key, '/') + 1;
}

static char *namespace_of(const struct book *book)
{
    return str_dup_n(book->key, (size_t)(name_of(book) - 1 - book->key));
}

static void forget_look(struct book *book)
{
    doc_free(book->spec);
    doc_free(book->sources);
    doc_free(book->declared);
    str_free(&book->fault);
    book->spec = book->sources = book->declared = NULL;
}

static void book_free(struct book *book)
{
    timer_cancel(&book->retry);
    if (book->write != NULL) {
        kube_cancel(book->write);
    }
    forget_look(book);
    HASH_DEL(book->library->books, book);
    mem_free(book);
}

/* {"scripts.weekday-ring": text, "scripts.calendar": text}: no name can reach a root of the engine's. */
static struct doc *sources_of(const struct book *book, const struct node *spec)
{
    struct doc *doc = doc_new();
    struct node *sources = node_new_object(doc);
    doc_set_root(doc, sources);
    struct node_iter it = node_iterate(node_get(spec, "modules"));
    while (node_next(&it)) {
        char *module = str_format("scripts.%s", it.key);
        node_set_str(doc, sources, module, node_str(it.value));
        str_free(&module);
    }
    char *module = canary_strategy_module(book->key);
    node_set_str(doc, sources, module, node_str_or(node_get(spec, "script"), ""));
    str_free(&module);
    return doc;
}

static void note_faults(struct book *book, struct str_list *faults)
{
    book->fault = str_list_join(faults, "; ");
    str_list_fini(faults);
}

static void look(struct book *book, const struct node *spec, int64_t generation)
{
    struct strategist *strategist = book->library->context->strategist;
    forget_look(book);
    book->spec = doc_copy(spec);
    book->generation = generation;
    book->sources = sources_of(book, spec);
    char *module = canary_strategy_module(book->key);
    struct err err = {0};
    struct doc *declaration = strategist->ops->inspect(strategist, module, doc_root(book->sources), &err);
    str_free(&module);
    if (declaration == NULL) {
        book->fault = str_dup(err.text);
        return;
    }
    const struct node *params = node_get(doc_root(declaration), "params");
    struct str_list faults = {0};
    if (!params_are_sound(params, &faults)) {
        note_faults(book, &faults);
    } else if (params != NULL && node_type(params) == NODE_OBJECT) {
        book->declared = doc_copy(params);
    } else {
        book->declared = doc_new();
        doc_set_root(book->declared, node_new_object(book->declared));
    }
    doc_free(declaration);
}

/* The Strategy of this key as the store has it now; NULL when there is none. */
static struct book *find(struct library *library, const char *key)
{
    struct book *book;
    HASH_FIND_STR(library->books, key, book);
    const char *name = strchr(key, '/') + 1;
    char *namespace = str_dup_n(key, (size_t)(name - 1 - key));
    struct doc *object = store_find(context_store(library->context, &KUBE_STRATEGIES), namespace, name);
    str_free(&namespace);
    if (object == NULL) {
        if (book != NULL) {
            book_free(book);
        }
        return NULL;
    }
    const struct node *spec = node_get(doc_root(object), "spec");
    if (book == NULL) {
        book = mem_alloc(sizeof *book + strlen(key) + 1);
        book->library = library;
        memcpy(book->key, key, strlen(key) + 1);
        HASH_ADD_STR(library->books, key, book);
    }
    if (book->spec == NULL || !node_equal(doc_root(book->spec), spec)) {
        look(book, spec, object_generation(doc_root(object)));
    }
    doc_free(object);
    return book;
}

/* --- its status --- */

static struct node *condition_of(const struct book *book, struct doc *doc, const struct node *live)
{
    const struct node *before = object_condition(live, "Ready");
    const char *status = book->fault == NULL ? "True" : "False";
    struct node *condition = node_new_object(doc);
    char now[32];
    time_write(clock_wall_ms(book->library->context->clock), now);
    node_set_str(doc, condition, "type", "Ready");
    node_set_str(doc, condition, "status", status);
    node_set_int(doc, condition, "observedGeneration", book->generation);
    node_set_str(doc, condition, "reason", book->fault == NULL ? "Loaded" : "Fault");
    node_set_str(doc, condition, "message", book->fault == NULL ? "the script loads" : book->fault);
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

static void write_status(struct book *book);

static void on_retry(struct timer *timer, void *ctx)
{
    write_status(ctx);
}

static void on_written(void *ctx, const struct doc *answer, const struct err *err)
{
    struct book *book = ctx;
    struct context *context = book->library->context;
    book->write = NULL;
    if (answer != NULL) {
        book->retry_ms = 0;
        store_put(context_store(context, &KUBE_STRATEGIES), answer);
        write_status(book); /* it may have changed meanwhile */
        return;
    }
    if (err->code == ERR_NOT_FOUND) {
        return; /* the watch tells that it is gone */
    }
    book->retry_ms = book->retry_ms == 0 ? RETRY_MIN_MS : book->retry_ms * 2;
    book->retry_ms = book->retry_ms > RETRY_MAX_MS ? RETRY_MAX_MS : book->retry_ms;
    log_warn(NULL, "Strategy %s: its status cannot be written: %s", book->key, err->text);
    timer_start(context->clock, &book->retry, book->retry_ms, on_retry, book);
}

static void write_status(struct book *book)
{
    struct context *context = book->library->context;
    char *namespace = namespace_of(book);
    struct doc *live = store_find(context_store(context, &KUBE_STRATEGIES), namespace, name_of(book));
    struct doc *patch = live != NULL ? status_of(book, doc_root(live)) : NULL;
    if (patch != NULL && book->write == NULL) {
        struct kube_request request = {.verb = KUBE_PATCH_MERGE,
                                       .resource = &KUBE_STRATEGIES,
                                       .namespace = namespace,
                                       .name = name_of(book),
                                       .subresource = "status",
                                       .body = doc_root(patch)};
        timer_cancel(&book->retry);
        book->write = kube_start(context->kube, &request, on_written, book);
    }
    doc_free(patch);
    doc_free(live);
    str_free(&namespace);
}

/* --- who uses it --- */

struct users {
    struct library *library;
    const char *key;
};

static bool wake_user(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    struct users *users = ctx;
    struct canary_names names;
    canary_names_init(&names, doc_root(object));
    if (str_equal(names.strategy, users->key)) {
        users->library->changed(users->library->ctx, namespace, name);
    }
    canary_names_fini(&names);
    return true;
}

void library_note_changed(struct library *library, const char *namespace, const char *name)
{
    char *key = str_format("%s/%s", namespace, name);
    struct book *book;
    HASH_FIND_STR(library->books, key, book);
    struct doc *before = book != NULL ? doc_copy(doc_root(book->spec)) : NULL;
    book = find(library, key);
    if (book != NULL) {
        write_status(book);
    }
    if (book == NULL || before == NULL || !node_equal(doc_root(before), doc_root(book->spec))) {
        struct users users = {library, key};
        if (book != NULL && book->fault != NULL) {
            log_warn(NULL, "Strategy %s is not ready: %s", key, book->fault);
        }
        store_each(context_store(library->context, &KUBE_CANARIES), NULL, wake_user, &users);
    }
    doc_free(before);
    str_free(&key);
}

/* --- what a Canary asks for --- */

static void check_book(const struct library *library, const struct book *book, const struct canary *canary,
                       struct str_list *reasons)
{
    const char *namespace = node_str(node_at(canary->spec, "strategy", "namespace"));
    bool is_foreign = !str_empty(namespace) && !str_equal(namespace, canary->names.namespace);
    if (is_foreign && library->context->no_cross_namespace_refs) {
        str_list_push_format(reasons,
                             "spec.strategy.namespace: %s is another namespace, and the engine runs with "
                             "-no-cross-namespace-refs",
                             namespace);
    } else if (book == NULL) {
        str_list_push_format(reasons, "spec.strategy: Strategy %s not found", canary->strategy);
    } else if (book->fault != NULL) {
        str_list_push_format(reasons, "spec.strategy: Strategy %s is not ready: %s", canary->strategy, book->fault);
    } else {
        params_fit(doc_root(book->declared), node_at(canary->spec, "strategy", "params"), "spec.strategy.params",
                   reasons);
    }
}

void library_check(void *ctx, const struct canary *canary, struct str_list *reasons)
{
    check_book(ctx, find(ctx, canary->strategy), canary, reasons);
}

static struct library_choice bundled(struct strategist *strategist, const char *strategy)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, strategist->ops->sources(strategist, strategy, doc));
    return (struct library_choice){.sources = doc};
}

bool library_choose(struct library *library, const struct canary *canary, struct library_choice *choice,
                    struct err *err)
{
    if (!canary_is_scripted(canary)) {
        *choice = bundled(library->context->strategist, canary->strategy);
        return true;
    }
    *choice = (struct library_choice){0};
    const struct book *book = find(library, canary->strategy);
    struct str_list reasons = {0};
    check_book(library, book, canary, &reasons);
    bool ok = reasons.count == 0;
    if (ok) {
        const struct node *given = node_at(canary->spec, "strategy", "params");
        choice->sources = doc_copy(doc_root(book->sources));
        choice->params = doc_new();
        doc_set_root(choice->params, params_fill(choice->params, doc_root(book->declared), given));
    } else {
        char *text = str_list_join(&reasons, "; ");
        err_set(err, ERR_INVALID, "%s", text);
        str_free(&text);
    }
    str_list_fini(&reasons);
    return ok;
}

void library_choice_fini(struct library_choice *choice)
{
    doc_free(choice->sources);
    doc_free(choice->params);
    *choice = (struct library_choice){0};
}

/* --- its life --- */

struct library *library_new(struct context *context, library_changed_fn *changed, void *ctx)
{
    struct library *library = mem_new(struct library);
    *library = (struct library){.context = context, .changed = changed, .ctx = ctx};
    return library;
}

void library_free(struct library *library)
{
    struct book *book, *next;
    HASH_ITER(hh, library->books, book, next)
    {
        book_free(book);
    }
    mem_free(library);
}
