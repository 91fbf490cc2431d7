/* The adapters that a Check brings: what the engine would say of them, and of the names that the script asks. */
#include <string.h>

#include "app/check_inner.h"
#include "base/mem.h"
#include "io/virtual_clock.h"
#include "rollout/check_adapter.h"
#include "script/adapter.h"

static struct doc *sources_of(const struct check_scripts *scripts)
{
    struct doc *sources = doc_new();
    doc_set_root(sources, node_new_object(sources));
    for (size_t i = 0; i < scripts->count; i++) {
        node_set_str(sources, doc_root(sources), scripts->items[i].module, scripts->items[i].text);
    }
    return sources;
}

/* As the engine finds it when the Check is applied; NULL: nothing is wrong. */
static char *fault_of(const struct check_scripts *scripts, const struct node *adapters)
{
    struct virtual_clock *time = virtual_clock_new(0);
    struct adapters_options options = {
        .clock = virtual_clock_clock(time), .modules = embedded_modules, .module_count = embedded_count};
    struct context context = {.adapters = script_adapters_new(&options)};
    struct doc *sources = sources_of(scripts);
    char *fault = check_adapters_fault(&context, scripts->items[0].module, doc_root(sources), adapters);
    doc_free(sources);
    script_adapters_free(context.adapters);
    virtual_clock_free(time);
    return fault;
}

static void find_fault(struct check *check, const struct check_source *source, const struct node *object,
                       const struct check_scripts *scripts)
{
    char *fault = fault_of(scripts, node_at(object, "spec", "adapters"));
    if (fault != NULL && str_has_prefix(fault, "spec.")) {
        char *field = str_dup_n(fault, strcspn(fault, ":"));
        check_find_at(check, source, object, field, true, fault);
        str_free(&field);
    } else if (fault != NULL) {
        check_find_fault(check, scripts, NULL, fault);
    }
    str_free(&fault);
}

static char *names_of(const struct node *adapters)
{
    struct str_list names = {0};
    struct node_iter it = node_iterate(adapters);
    while (node_next(&it)) {
        str_list_push(&names, it.key);
    }
    char *list = str_list_join(&names, ", ");
    str_list_fini(&names);
    return list;
}

/* A name that the script says and spec.adapters does not. */
static void find_unknown(struct check *check, const struct node *adapters, const struct check_scripts *scripts,
                         const struct node *asked)
{
    struct node_iter it = node_iterate(asked);
    while (node_next(&it)) {
        const char *name = node_str_or(node_get(it.value, "name"), "");
        if (node_get(adapters, name) == NULL) {
            char *known = names_of(adapters);
            char *text = str_format("ask: adapter: there is no adapter \"%s\", %s%s", name,
                                    known[0] != '\0' ? "known are " : "spec.adapters has none", known);
            check_find_in(check, &scripts->items[0].place, (size_t)node_int_or(node_get(it.value, "line"), 1),
                          (size_t)node_int_or(node_get(it.value, "column"), 0), true, "script", text);
            str_free(&text);
            str_free(&known);
        }
    }
}

void check_adapters(struct check *check, const struct check_source *source, const struct node *object,
                    const struct check_scripts *scripts, const struct check_looked *looked)
{
    const struct node *adapters = node_at(object, "spec", "adapters");
    if (looked->is_whole) {
        find_fault(check, source, object, scripts);
    }
    find_unknown(check, adapters, scripts, node_get(doc_root(looked->said), "adapters"));
}
