#include "rollout/library.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/spelling.h"
#include "base/str.h"
#include "canary/check_ref.h"
#include "canary/params.h"
#include "canary/refusal.h"
#include "kube/object.h"
#include "release/check.h"
#include "rollout/book.h"
#include "rollout/strategist.h"

/* Of the texts that one release pins, so that the object with its record fits into etcd's 1.5 MB. */
enum { SOURCES_SIZE_MAX = 768 * 1024 };

enum shelf { STRATEGIES, CHECKS, SHELVES };

static const struct book_kind *const kinds[SHELVES] = {[STRATEGIES] = &book_strategy, [CHECKS] = &book_check};

struct library {
    struct context *context;
    struct book *shelves[SHELVES]; /* by key */
    struct doc *files[SHELVES];    /* {name: text}; NULL: none */
    library_changed_fn *changed;
    void *ctx;
};

/* --- finding --- */

static struct book *find_book(const struct library *library, enum shelf shelf, const char *key)
{
    struct book *book;
    HASH_FIND_STR(library->shelves[shelf], key, book);
    return book;
}

static struct book *add_book(struct library *library, enum shelf shelf, const char *key)
{
    struct book *book = book_new(library->context, kinds[shelf], key);
    HASH_ADD_STR(library->shelves[shelf], key, book);
    return book;
}

static void drop_book(struct library *library, enum shelf shelf, struct book *book)
{
    HASH_DEL(library->shelves[shelf], book);
    book_free(book);
}

/* The object of this key as the store has it now; NULL when there is none. `changed`: it says something else than when
 * it was looked at last. */
static struct book *look_at_object(struct library *library, enum shelf shelf, const char *key, bool *changed)
{
    struct book *book = find_book(library, shelf, key);
    char *namespace = canary_reference_namespace(key);
    struct doc *object =
        store_find(context_store(library->context, kinds[shelf]->resource), namespace, canary_reference_name(key));
    str_free(&namespace);
    if (object == NULL) {
        if (book != NULL) {
            drop_book(library, shelf, book);
        }
        *changed = true;
        return NULL;
    }
    book = book != NULL ? book : add_book(library, shelf, key);
    *changed = book_look(book, object);
    doc_free(object);
    return book;
}

/* A check that the engine brings, or else a file; false: there is none. */
static bool look_without_object(struct library *library, enum shelf shelf, struct book *book)
{
    const struct node *text = node_get(doc_root(library->files[shelf]), canary_reference_name(book->key));
    if (shelf == CHECKS && book_look_bundled(book)) {
        return true;
    }
    if (text == NULL) {
        return false;
    }
    struct doc *object = doc_new();
    doc_set_root(object, node_new_object(object));
    struct node *spec = node_ensure_object(object, doc_root(object), "spec");
    node_set(object, spec, "script", node_copy(object, text));
    book_look(book, object);
    doc_free(object);
    return true;
}

/* A script that no object has; NULL when there is none of this name. */
static struct book *find_without_object(struct library *library, enum shelf shelf, const char *name)
{
    char *key = str_format("/%s", name);
    struct book *book = find_book(library, shelf, key);
    if (book == NULL) {
        book = add_book(library, shelf, key);
        if (!look_without_object(library, shelf, book)) {
            drop_book(library, shelf, book);
            book = NULL;
        }
    }
    str_free(&key);
    return book;
}

/* What a reference of a Canary stands for. */
static struct book *find(struct library *library, enum shelf shelf, const struct node *reference, const char *key)
{
    bool ignored;
    struct book *book = look_at_object(library, shelf, key, &ignored);
    bool is_local = str_empty(node_str(node_get(reference, "namespace")));
    return book == NULL && is_local ? find_without_object(library, shelf, canary_reference_name(key)) : book;
}

/* --- who uses it --- */

struct users {
    struct library *library;
    enum shelf shelf;
    const char *key;
};

static bool names_strategy(const struct node *canary, const char *key)
{
    char *named = canary_reference_key(node_at(canary, "spec", "strategy"), object_namespace(canary));
    bool names_it = str_equal(named, key);
    str_free(&named);
    return names_it;
}

static bool names_check(const struct node *canary, const char *key)
{
    struct check_ref_iter it = check_ref_iterate(canary);
    bool names_it = false;
    while (!names_it && check_ref_next(&it)) {
        names_it = strcmp(it.key, key) == 0;
    }
    check_ref_stop(&it);
    return names_it;
}

static bool wake_user(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    const struct users *users = ctx;
    bool uses = users->shelf == STRATEGIES ? names_strategy(doc_root(object), users->key)
                                           : names_check(doc_root(object), users->key);
    if (uses) {
        users->library->changed(users->library->ctx, namespace, name);
    }
    return true;
}

static void note_changed(struct library *library, enum shelf shelf, const char *key)
{
    bool changed;
    struct book *book = look_at_object(library, shelf, key, &changed);
    if (book != NULL) {
        book_write_status(book);
    }
    if (changed) {
        struct users users = {library, shelf, key};
        if (book != NULL && book->fault != NULL) {
            log_warn(NULL, "%s %s is not ready: %s", kinds[shelf]->resource->kind, key, book->fault);
        }
        store_each(context_store(library->context, &KUBE_CANARIES), NULL, wake_user, &users);
    }
}

void library_note_changed(struct library *library, const struct kube_resource *resource, const char *namespace,
                          const char *name)
{
    char *key = str_format("%s/%s", namespace, name);
    for (enum shelf shelf = 0; shelf < SHELVES; shelf++) {
        if (kinds[shelf]->resource == resource) {
            note_changed(library, shelf, key);
        }
    }
    str_free(&key);
}

static bool wake_local_user(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    const struct users *users = ctx;
    char *key = str_format("%s/%s", namespace, users->key);
    struct users local = {users->library, users->shelf, key};
    wake_user(&local, namespace, name, object);
    str_free(&key);
    return true;
}

static void note_file(struct library *library, enum shelf shelf, const char *name, const char *place)
{
    char *key = str_format("/%s", name);
    struct book *book = find_book(library, shelf, key);
    if (book != NULL) {
        drop_book(library, shelf, book);
    }
    book = find_without_object(library, shelf, name);
    if (book != NULL && book->sources == NULL) {
        log_warn(NULL, "%s/%s.lua is not used: the engine brings a check of this name", place, name);
    } else if (book != NULL && book->fault != NULL) {
        log_warn(NULL, "%s/%s.lua is not ready: %s", place, name, book->fault);
    }
    struct users users = {library, shelf, name};
    store_each(context_store(library->context, &KUBE_CANARIES), NULL, wake_local_user, &users);
    str_free(&key);
}

/* Notes each file of `files` that differs from its namesake among `others`; one that is in both is noted once. */
static void note_files(struct library *library, enum shelf shelf, const struct node *files, const struct node *others,
                       bool absent_only, const char *place)
{
    struct node_iter it = node_iterate(files);
    while (node_next(&it)) {
        const struct node *other = node_get(others, it.key);
        if (other == NULL || (!absent_only && !node_equal(it.value, other))) {
            note_file(library, shelf, it.key, place);
        }
    }
}

void library_set_files(struct library *library, const struct kube_resource *resource, struct doc *files,
                       const char *place)
{
    enum shelf shelf = resource == book_strategy.resource ? STRATEGIES : CHECKS;
    struct doc *before = library->files[shelf];
    library->files[shelf] = files;
    note_files(library, shelf, doc_root(files), doc_root(before), false, place);
    note_files(library, shelf, doc_root(before), doc_root(files), true, place);
    doc_free(before);
}

/* --- what a Canary asks for --- */

static bool note_name(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    str_list_push(ctx, name);
    return true;
}

/* " (is guard meant?)" when one of nearly the name of this reference is in its namespace, or for all of them; else "".
 * mem_free. */
static char *near_to(const struct library *library, enum shelf shelf, const struct node *reference, const char *key)
{
    const struct strategist *strategist = library->context->strategist;
    struct str_list names = {0};
    char *namespace = canary_reference_namespace(key);
    store_each(context_store(library->context, kinds[shelf]->resource), namespace, note_name, &names);
    bool is_local = str_empty(node_str(node_get(reference, "namespace")));
    struct node_iter it = node_iterate(is_local ? doc_root(library->files[shelf]) : NULL);
    while (node_next(&it)) {
        str_list_push(&names, it.key);
    }
    if (is_local && shelf == CHECKS) {
        strategist->ops->list_checks(strategist, &names);
    }
    const char *near = spelling_nearest(canary_reference_name(key), (const char *const *)names.items, names.count);
    char *text = near != NULL ? str_format(" (is %s meant?)", near) : str_dup("");
    str_list_fini(&names);
    str_free(&namespace);
    return text;
}

/* The script that a reference stands for, when it may be used; NULL and reasons, which begin with the field `at`. */
static const struct book *usable(struct library *library, enum shelf shelf, const struct canary *canary,
                                 const struct node *reference, const char *key, const char *at,
                                 struct str_list *reasons)
{
    const char *namespace = node_str(node_get(reference, "namespace")), *kind = kinds[shelf]->resource->kind;
    bool is_foreign = !str_empty(namespace) && !str_equal(namespace, canary->names.namespace);
    const struct book *book = find(library, shelf, reference, key);
    if (is_foreign && canary->no_cross_namespace_refs) {
        str_list_push_format(reasons,
                             "%s.namespace: %s is another namespace, and the engine runs with -no-cross-namespace-refs",
                             at, namespace);
        return NULL;
    }
    if (book == NULL) {
        char *near = near_to(library, shelf, reference, key);
        str_list_push_format(reasons, "%s: %s %s not found%s", at, kind, key, near);
        str_free(&near);
        return NULL;
    }
    if (book->fault != NULL) {
        str_list_push_format(reasons, "%s: %s %s is not ready: %s", at, kind, key, book->fault);
        return NULL;
    }
    char *params = str_format("%s.params", at);
    bool fit = params_fit(doc_root(book->declared), node_get(reference, "params"), params, reasons);
    str_free(&params);
    return fit ? book : NULL;
}

static const struct book *usable_strategy(struct library *library, const struct canary *canary,
                                          struct str_list *reasons)
{
    const struct node *reference = node_get(canary->spec, "strategy");
    return usable(library, STRATEGIES, canary, reference, canary->strategy, "spec.strategy", reasons);
}

static const struct book *usable_check(struct library *library, const struct canary *canary,
                                       const struct check_ref_iter *it, struct str_list *reasons)
{
    char *at = str_format("spec.analysis.metrics[%zu].checkRef", it->index);
    const struct book *book = usable(library, CHECKS, canary, it->reference, it->key, at, reasons);
    str_free(&at);
    return book;
}

static struct doc *bundled_sources(struct strategist *strategist, const char *strategy)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, strategist->ops->sources(strategist, strategy, doc));
    return doc;
}

/* The scripts that a Canary names and may use, each once. Nothing of them is copied: each look at the Canary asks. */
struct named {
    struct doc *bundled;         /* the sources of the engine's own strategy; NULL: the Canary names one */
    const struct book *strategy; /* NULL: the engine's own, or the named one cannot be used */
    const struct book **checks;  /* room for one per metric */
    size_t check_count;
    size_t texts, size; /* of all, as a release pins them */
};

static void named_fini(struct named *named)
{
    doc_free(named->bundled);
    mem_free(named->checks);
}

static void count_texts(struct named *named, const struct book *book)
{
    named->texts += node_count(doc_root(book->sources));
    named->size += book->size;
}

static void add_check(struct named *named, const struct book *book)
{
    for (size_t i = 0; i < named->check_count; i++) {
        if (named->checks[i] == book) {
            return;
        }
    }
    named->checks[named->check_count++] = book;
    count_texts(named, book);
}

static void check_size(const struct named *named, struct str_list *reasons)
{
    if (named->texts > RELEASE_SOURCES_MAX || named->size > SOURCES_SIZE_MAX) {
        str_list_push_format(reasons,
                             "spec: the scripts that it names are %zu texts of %zu bytes together, and a release pins "
                             "at most %d of %d",
                             named->texts, named->size, RELEASE_SOURCES_MAX, SOURCES_SIZE_MAX);
    }
}

/* Reasons say what cannot be used. */
static struct named find_named(struct library *library, const struct canary *canary, struct str_list *reasons)
{
    size_t metrics = node_count(node_get(canary->analysis, "metrics"));
    struct named named = {.checks = mem_alloc_array(metrics + 1, sizeof named.checks[0])};
    if (!canary_is_scripted(canary)) {
        named.bundled = bundled_sources(library->context->strategist, canary->strategy);
        named.texts = node_count(doc_root(named.bundled));
        named.size = book_sources_size(doc_root(named.bundled));
    } else if ((named.strategy = usable_strategy(library, canary, reasons)) != NULL) {
        count_texts(&named, named.strategy);
    }
    struct check_ref_iter it = check_ref_iterate(canary->root);
    while (check_ref_next(&it)) {
        const struct book *book = usable_check(library, canary, &it, reasons);
        if (book != NULL) {
            add_check(&named, book);
        }
    }
    check_size(&named, reasons);
    return named;
}

static bool names_scripts(const struct canary *canary)
{
    struct check_ref_iter it = check_ref_iterate(canary->root);
    bool names = canary_is_scripted(canary) || check_ref_next(&it);
    check_ref_stop(&it);
    return names;
}

void library_check(void *ctx, const struct canary *canary, struct str_list *reasons)
{
    if (names_scripts(canary)) {
        struct named named = find_named(ctx, canary, reasons);
        named_fini(&named);
    }
}

/* --- what a release pins of it --- */

static void pin_sources(struct library_choice *choice, const struct book *book)
{
    struct node_iter it = node_iterate(doc_root(book->sources));
    while (node_next(&it)) {
        node_set(choice->sources, doc_root(choice->sources), it.key, node_copy(choice->sources, it.value));
    }
}

static void pin_check(struct library_choice *choice, const struct book *book, const char *key)
{
    if (choice->checks == NULL) {
        choice->checks = doc_new();
        doc_set_root(choice->checks, node_new_object(choice->checks));
    }
    struct node *entry = node_ensure_object(choice->checks, doc_root(choice->checks), key);
    char *module = book->kind->module(book->key);
    node_set_str(choice->checks, entry, "module", module);
    node_set(choice->checks, entry, "params", node_copy(choice->checks, doc_root(book->declared)));
    str_free(&module);
    pin_sources(choice, book);
}

/* All scripts of a release run in one VM, so what is the least for one of them is the least for all. */
static struct limits limits_of(const struct library *library, const struct named *named)
{
    const struct strategist *strategist = library->context->strategist;
    struct limits limits = {0};
    if (named->strategy == NULL && named->check_count == 0) {
        return limits;
    }
    limits = strategist->ops->limits(strategist);
    if (named->strategy != NULL) {
        limits_lower(&limits, &named->strategy->limits);
    }
    for (size_t i = 0; i < named->check_count; i++) {
        limits_lower(&limits, &named->checks[i]->limits);
    }
    return limits;
}

/* Everything that a release of the Canary pins. Takes named->bundled. */
static struct library_choice pin(struct library *library, const struct canary *canary, struct named *named)
{
    struct library_choice choice = {.sources = named->bundled, .limits = limits_of(library, named)};
    named->bundled = NULL;
    if (named->strategy != NULL) {
        const struct node *given = node_at(canary->spec, "strategy", "params");
        choice.sources = doc_new();
        doc_set_root(choice.sources, node_new_object(choice.sources));
        choice.params = doc_new();
        doc_set_root(choice.params, params_fill(choice.params, doc_root(named->strategy->declared), given));
        pin_sources(&choice, named->strategy);
    }
    struct check_ref_iter it = check_ref_iterate(canary->root);
    while (check_ref_next(&it)) {
        pin_check(&choice, find(library, CHECKS, it.reference, it.key), it.key);
    }
    return choice;
}

bool library_choose(struct library *library, const struct canary *canary, struct library_choice *choice,
                    struct err *err)
{
    struct str_list reasons = {0};
    struct named named = find_named(library, canary, &reasons);
    bool ok = canary_refusals_end(&reasons, err);
    *choice = ok ? pin(library, canary, &named) : (struct library_choice){0};
    named_fini(&named);
    return ok;
}

void library_choice_fini(struct library_choice *choice)
{
    doc_free(choice->sources);
    doc_free(choice->params);
    doc_free(choice->checks);
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
    for (enum shelf shelf = 0; shelf < SHELVES; shelf++) {
        struct book *book, *next;
        HASH_ITER(hh, library->shelves[shelf], book, next)
        {
            drop_book(library, shelf, book);
        }
        doc_free(library->files[shelf]);
    }
    mem_free(library);
}
