/* What Canaries say beside what the engine refuses: their queries and steps, and what they name: a Strategy, Checks,
 * MetricTemplates and AlertProviders. */
#include <string.h>

#include "app/check_inner.h"
#include "base/mem.h"
#include "canary/names.h"
#include "canary/params.h"
#include "kube/object.h"

/* --- queries and steps --- */

/* True: the Canary is refused for this field already. */
static bool is_refused(const struct check *check, size_t index, const char *field)
{
    const struct check_canary *canary = &check->canaries[index];
    for (size_t i = 0; i < canary->reason_count; i++) {
        if (strcmp(canary->reasons[i].field, field) == 0) {
            return true;
        }
    }
    return false;
}

static void find_remarks(struct check *check, const struct check_use *use, const char *function,
                         const struct node *argument)
{
    struct doc *answer = check_ask(check, "tool.doctor", function, argument);
    struct node_iter it = node_iterate(doc_root(answer));
    while (node_next(&it)) {
        const char *field = node_str_or(node_get(it.value, "field"), "spec");
        bool is_error = node_is(node_get(it.value, "severity"), "error");
        bool is_told = is_error && is_refused(check, use->canary, field);
        if (!is_told && !check_leaves_to_server(check, it.value)) {
            check_find_at(check, &use->source, use->object, field, is_error,
                          node_str_or(node_get(it.value, "text"), ""));
        }
    }
    doc_free(answer);
}

void check_uses(struct check *check, const struct check_source *source, const struct node *canary, size_t index)
{
    const struct check_use use = {.canary = index, .object = canary, .source = *source};
    if (node_type(node_get(canary, "spec")) == NODE_OBJECT) {
        find_remarks(check, &use, "look", node_get(canary, "spec"));
        find_remarks(check, &use, "queries", canary);
    }
    if (source->file != NULL) {
        check->uses = mem_resize(check->uses, (check->use_count + 1) * sizeof check->uses[0]);
        check->uses[check->use_count++] = use;
    }
}

/* --- what may be named --- */

void check_name(struct check *check, struct check_named named)
{
    check->named = mem_resize(check->named, (check->named_count + 1) * sizeof check->named[0]);
    check->named[check->named_count++] = named;
}

void check_named_fini(struct check *check)
{
    for (size_t i = 0; i < check->named_count; i++) {
        str_free(&check->named[i].key);
        doc_free(check->named[i].declared);
        doc_free(check->named[i].said);
        check_text_fini(&check->named[i].text);
    }
    mem_free(check->named);
    mem_free(check->uses);
}

/* Where one of them says no namespace, another tool will. */
static bool is_meant(const char *key, const char *wanted)
{
    return strcmp(strchr(key, '/'), strchr(wanted, '/')) == 0 &&
           (strcmp(key, wanted) == 0 || key[0] == '/' || wanted[0] == '/');
}

const struct check_named *check_find_named(const struct check *check, enum check_role role, const char *key)
{
    for (size_t i = 0; i < check->named_count; i++) {
        if (check->named[i].role == role && is_meant(check->named[i].key, key)) {
            return &check->named[i];
        }
    }
    return NULL;
}

/* --- what is named --- */

struct reference {
    const struct check_use *use;
    enum check_role role;
    const struct node *node; /* {name: …, namespace: …, params: …} */
    const char *at;          /* "spec.analysis.metrics[0].checkRef" */
    char *key;
};

static void find_at(struct check *check, const struct reference *ref, const char *suffix, bool is_error,
                    const char *text)
{
    char *field = str_format("%s%s", ref->at, suffix);
    check_find_at(check, &ref->use->source, ref->use->object, field, is_error, text);
    str_free(&field);
}

static void refuse_params(struct check *check, const struct reference *ref, const struct node *declared)
{
    struct check_canary *canary = &check->canaries[ref->use->canary];
    struct str_list reasons = {0};
    bool was_accepted = canary->reason_count == 0;
    char *at = str_format("%s.params", ref->at);
    params_fit(declared, node_get(ref->node, "params"), at, &reasons);
    for (size_t i = 0; i < reasons.count; i++) {
        char *field = str_dup_n(reasons.items[i], strcspn(reasons.items[i], ":"));
        check_refuse(canary, field, reasons.items[i], false, check_place(&ref->use->source, ref->use->object, field));
        str_free(&field);
    }
    check->refused_count += was_accepted && canary->reason_count > 0;
    str_list_fini(&reasons);
    str_free(&at);
}

/* " (is shop/guard meant?)" when one of nearly the same name is there, or one that the engine brings; else "".
 * mem_free. */
static char *near_to(struct check *check, const struct reference *ref)
{
    struct doc *argument = doc_new();
    struct node *root = node_new_object(argument), *known = node_new_array(argument);
    doc_set_root(argument, root);
    for (size_t i = 0; i < check->named_count; i++) {
        if (check->named[i].role == ref->role) {
            node_push_str(argument, known, check->named[i].key);
        }
    }
    if (ref->role == CHECK_CHECK && str_empty(node_str(node_get(ref->node, "namespace")))) {
        node_set_str(argument, root, "plain", canary_reference_name(ref->key));
    }
    node_set_str(argument, root, "name", ref->key);
    node_set(argument, root, "known", known);
    struct doc *answer = check_ask(check, "tool.uses", "near", root);
    const char *name = node_str(node_get(doc_root(answer), "name"));
    char *text = name != NULL ? str_format(" (is %s meant?)", name[0] == '/' ? name + 1 : name) : str_dup("");
    doc_free(answer);
    doc_free(argument);
    return text;
}

static void say_missing(struct check *check, const struct reference *ref)
{
    static const char *const then[CHECK_ROLES] = {[CHECK_STRATEGY] = "; its parameters are not checked",
                                                  [CHECK_CHECK] = "; its parameters are not checked",
                                                  [CHECK_METRIC_TEMPLATE] = "; its query is not checked",
                                                  [CHECK_ALERT_PROVIDER] = ""};
    char *near = near_to(check, ref);
    char *text = str_format("%s: %s %s is not among the files%s%s", ref->at, check_served[ref->role].kind,
                            ref->key[0] == '/' ? ref->key + 1 : ref->key, near, then[ref->role]);
    find_at(check, ref, ".name", false, text);
    str_free(&near);
    str_free(&text);
}

/* The parameters that a check declares; NULL: they are not known. */
static struct doc *declared_by(struct check *check, const struct check_use *use, const struct node *check_ref)
{
    if (str_empty(node_str(node_get(check_ref, "name")))) {
        return NULL;
    }
    char *key = canary_reference_key(check_ref, object_namespace(use->object));
    const struct check_named *named = key != NULL ? check_find_named(check, CHECK_CHECK, key) : NULL;
    struct doc *declared = named != NULL && named->declared != NULL ? doc_copy(doc_root(named->declared)) : NULL;
    str_free(&key);
    return declared;
}

static void set_params(struct doc *doc, struct node *params, const char *name, const struct doc *declared)
{
    if (name != NULL && declared != NULL && node_get(params, name) == NULL) {
        node_set(doc, params, name, node_copy(doc, doc_root(declared)));
    }
}

/* {name: {parameter: …}} of the checks that a script can ask for: those of the Canary's metrics by both of their names,
 * and the engine's own that are in `names`. */
static struct node *params_of_checks(struct check *check, const struct check_use *use, const struct node *names,
                                     struct doc *doc)
{
    struct node *params = node_new_object(doc);
    struct node_iter it = node_iterate(node_at(use->object, "spec", "analysis", "metrics"));
    while (node_next(&it)) {
        const struct node *ref = node_get(it.value, "checkRef");
        struct doc *declared = declared_by(check, use, ref);
        set_params(doc, params, node_str(node_get(it.value, "name")), declared);
        set_params(doc, params, node_str(node_get(ref, "name")), declared);
        doc_free(declared);
    }
    it = node_iterate(names);
    while (node_next(&it)) {
        const char *name = node_str(node_get(it.value, "name"));
        if (node_count(node_get(it.value, "given")) > 0 && name != NULL && node_get(params, name) == NULL) {
            struct doc *declared = check_bundled(check, name);
            set_params(doc, params, name, declared);
            doc_free(declared);
        }
    }
    return params;
}

/* What the script asks of this Canary by name. */
static void look_at_names(struct check *check, const struct reference *ref, const struct check_named *named)
{
    struct doc *argument = doc_new();
    struct node *root = node_new_object(argument);
    char *key = str_format("%s/%s", node_str_or(node_at(ref->use->object, "metadata", "namespace"), ""),
                           node_str_or(node_at(ref->use->object, "metadata", "name"), ""));
    doc_set_root(argument, root);
    node_set(argument, root, "canary", node_copy(argument, ref->use->object));
    node_set(argument, root, "names", node_copy(argument, node_get(doc_root(named->said), "names")));
    node_set_str(argument, root, "key", key[0] == '/' ? key + 1 : key);
    node_set(argument, root, "params",
             params_of_checks(check, ref->use, node_get(doc_root(named->said), "names"), argument));
    struct doc *answer = check_ask(check, "tool.uses", "look", root);
    struct node_iter it = node_iterate(doc_root(answer));
    while (node_next(&it)) {
        check_find_in(check, &named->text, (size_t)node_int_or(node_get(it.value, "line"), 1),
                      (size_t)node_int_or(node_get(it.value, "column"), 0),
                      node_is(node_get(it.value, "severity"), "error"), "script",
                      node_str_or(node_get(it.value, "text"), ""));
    }
    doc_free(answer);
    doc_free(argument);
    str_free(&key);
}

static void look_at_script(struct check *check, const struct reference *ref)
{
    const struct check_named *named = check_find_named(check, ref->role, ref->key);
    bool is_local = str_empty(node_str(node_get(ref->node, "namespace")));
    struct doc *bundled = named == NULL && ref->role == CHECK_CHECK && is_local
                              ? check_bundled(check, canary_reference_name(ref->key))
                              : NULL;
    if (named == NULL && bundled == NULL) {
        say_missing(check, ref);
    } else if (bundled != NULL) {
        refuse_params(check, ref, doc_root(bundled));
    } else if (named->declared != NULL) {
        refuse_params(check, ref, doc_root(named->declared));
    }
    if (named != NULL && node_count(node_get(doc_root(named->said), "names")) > 0) {
        look_at_names(check, ref, named);
    }
    doc_free(bundled);
}

/* `index`: of the metric. */
static void look_at_template(struct check *check, const struct reference *ref, size_t index)
{
    const struct check_named *named = check_find_named(check, ref->role, ref->key);
    if (named == NULL) {
        say_missing(check, ref);
        return;
    }
    struct doc *argument = doc_new();
    struct node *root = node_new_object(argument);
    doc_set_root(argument, root);
    node_set(argument, root, "canary", node_copy(argument, ref->use->object));
    node_set(argument, root, "template", node_copy(argument, named->object));
    node_set_int(argument, root, "index", (int64_t)index);
    node_set_str(argument, root, "key", named->key[0] == '/' ? named->key + 1 : named->key);
    find_remarks(check, ref->use, "use", root);
    doc_free(argument);
}

/* False: it names nothing. */
static bool begin(struct reference *ref, const struct check_use *use, enum check_role role, const struct node *node,
                  const char *at)
{
    *ref = (struct reference){.use = use, .role = role, .node = node, .at = at};
    bool has_name = !str_empty(node_str(node_get(node, "name")));
    ref->key = has_name ? canary_reference_key(node, object_namespace(use->object)) : NULL;
    return ref->key != NULL;
}

static void look_at_metric(struct check *check, const struct check_use *use, const struct node *metric, size_t index)
{
    struct reference ref;
    char *at = str_format("spec.analysis.metrics[%zu].checkRef", index);
    if (begin(&ref, use, CHECK_CHECK, node_get(metric, "checkRef"), at)) {
        look_at_script(check, &ref);
        str_free(&ref.key);
    }
    str_free(&at);
    at = str_format("spec.analysis.metrics[%zu].templateRef", index);
    if (begin(&ref, use, CHECK_METRIC_TEMPLATE, node_get(metric, "templateRef"), at)) {
        look_at_template(check, &ref, index);
        str_free(&ref.key);
    }
    str_free(&at);
}

static void look_at_alert(struct check *check, const struct check_use *use, const struct node *alert, size_t index)
{
    struct reference ref;
    char *at = str_format("spec.analysis.alerts[%zu].providerRef", index);
    if (begin(&ref, use, CHECK_ALERT_PROVIDER, node_get(alert, "providerRef"), at)) {
        if (check_find_named(check, ref.role, ref.key) == NULL) {
            say_missing(check, &ref);
        }
        str_free(&ref.key);
    }
    str_free(&at);
}

void check_uses_end(struct check *check)
{
    for (size_t i = 0; i < check->use_count; i++) {
        const struct check_use *use = &check->uses[i];
        const struct node *spec = node_get(use->object, "spec"), *analysis = node_get(spec, "analysis");
        struct reference ref;
        if (begin(&ref, use, CHECK_STRATEGY, node_get(spec, "strategy"), "spec.strategy")) {
            look_at_script(check, &ref);
            str_free(&ref.key);
        }
        struct node_iter it = node_iterate(node_get(analysis, "metrics"));
        while (node_next(&it)) {
            look_at_metric(check, use, it.value, it.index);
        }
        it = node_iterate(node_get(analysis, "alerts"));
        while (node_next(&it)) {
            look_at_alert(check, use, it.value, it.index);
        }
    }
}
