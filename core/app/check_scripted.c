/* Where scripts come from: Strategies, Checks, and files. */
#include <string.h>

#include "app/check_inner.h"
#include "base/mem.h"
#include "canary/canary.h"
#include "canary/limits.h"
#include "io/folder.h"
#include "rollout/check_adapter.h"
#include "script/embedded.h"

/* --- files --- */

/* The other files of the folder are its modules. */
static void add_siblings(struct check_scripts *scripts, const char *path)
{
    static const char *const endings[] = {".lua", NULL};
    struct str_list files = {0};
    struct err ignored = {0};
    char *folder = check_folder_of(path);
    folder_list(folder, endings, &files, &ignored);
    for (size_t i = 0; i < files.count; i++) {
        const char *file = files.items[i];
        char *beside = check_folder_of(file);
        bool is_module = strcmp(file, path) != 0 && strcmp(beside, folder) == 0 && !str_has_suffix(file, "_spec.lua");
        char *text = is_module ? check_read_text(file, &ignored) : NULL;
        if (text != NULL) {
            char *name = check_base_of(file);
            check_scripts_add(scripts, str_format("scripts.%s", name), text, check_text_in(file));
            str_free(&name);
        }
        str_free(&text);
        str_free(&beside);
    }
    str_free(&folder);
    str_list_fini(&files);
}

/* The engine's flag -scripts has a folder with the folders strategies and checks in it. */
static bool is_in_folder_of(const char *path, const char *kind)
{
    char *folder = check_folder_of(path), *name = strrchr(folder, '/');
    name = name != NULL ? name + 1 : folder;
    bool is = strcmp(kind, "strategy") == 0 ? strcmp(name, "strategies") == 0 : strcmp(name, "checks") == 0;
    str_free(&folder);
    return is;
}

/* One of the folders above it is `adapters`. */
static bool is_adapter(const char *path)
{
    return str_has_prefix(path, "adapters/") || strstr(path, "/adapters/") != NULL;
}

/* True for the text of a strategy that the engine brings: it has words of its own. */
static bool is_bundled(const char *name, const char *text)
{
    char *module = str_format("strategies.%s", name);
    bool is = false;
    for (size_t i = 0; i < embedded_count && !is; i++) {
        const struct embedded_module *one = &embedded_modules[i];
        is = strcmp(one->name, module) == 0 && strlen(text) == one->len && memcmp(one->source, text, one->len) == 0;
    }
    str_free(&module);
    return is;
}

/* What Canaries name is the object, or the file, whatever its script says. */
static void check_own_name(struct check *check, const struct check_text *place, const struct check_looked *looked,
                           const char *name)
{
    if (looked->declared == NULL || strcmp(looked->name, name) == 0) {
        return;
    }
    const struct node *at = node_get(doc_root(looked->said), "name");
    char *text = str_format("name: \"%s\" counts for nothing, Canaries name this one \"%s\"", looked->name, name);
    check_find_in(check, place, (size_t)node_int_or(node_get(at, "line"), 1),
                  (size_t)node_int_or(node_get(at, "column"), 0), false, "script", text);
    str_free(&text);
}

static void look_at_file(struct check *check, const char *path, const char *name, const char *text)
{
    struct check_scripts scripts = {
        .has_files = true, .is_adapter = is_adapter(path), .is_bundled = is_bundled(name, text)};
    check_scripts_add(&scripts, str_format("scripts.%s", name), text, check_text_in(path));
    add_siblings(&scripts, path);
    struct check_looked looked = check_look(check, &scripts);
    if (looked.kind != NULL && is_in_folder_of(path, looked.kind)) {
        check_own_name(check, &scripts.items[0].place, &looked, name);
        check_name(check, (struct check_named){.role = strcmp(looked.kind, "check") == 0 ? CHECK_CHECK : CHECK_STRATEGY,
                                               .key = str_format("/%s", name),
                                               .declared = looked.declared,
                                               .said = looked.said,
                                               .text = check_text_in(path)});
        looked.declared = looked.said = NULL;
    }
    check_looked_fini(&looked);
    check_scripts_free(&scripts);
}

void check_script_file(struct check *check, const char *path)
{
    struct err err = {0};
    char *text = check_read_text(path, &err);
    if (text == NULL) {
        str_list_push(&check->errors, err.text);
        return;
    }
    char *name = check_base_of(path);
    if (str_has_suffix(path, "_spec.lua")) { /* it runs where all of Lua is there */
        struct check_script script = {.text = text, .place = check_text_in(path)};
        check_syntax(check, &script);
        check_text_fini(&script.place);
    } else {
        look_at_file(check, path, name, text);
    }
    str_free(&name);
    str_free(&text);
}

/* --- objects --- */

void check_list_modules(struct check *check, const char *manifest, const char *script, struct str_list *names)
{
    struct err ignored = {0};
    char *text = str_dup(script);
    for (size_t next = 0; text != NULL; next++) {
        struct doc *argument = doc_new();
        doc_set_root(argument, node_new_object(argument));
        node_set_str(argument, doc_root(argument), "text", text);
        struct doc *found = check_ask(check, "tool.scan", "modules", doc_root(argument));
        struct node_iter it = node_iterate(node_get(doc_root(found), "modules"));
        while (node_next(&it)) {
            char *path = check_beside(manifest, node_str_or(it.value, ""));
            char *beside = check_read_text(path, &ignored);
            if (beside != NULL && !str_list_has(names, node_str(it.value))) {
                str_list_push(names, node_str(it.value));
            }
            str_free(&beside);
            str_free(&path);
        }
        doc_free(argument);
        doc_free(found);
        str_free(&text);
        char *path = next < names->count ? check_beside(manifest, names->items[next]) : NULL;
        text = path != NULL ? check_read_text(path, &ignored) : NULL;
        str_free(&path);
    }
}

#define REMEDY "; sluice check --write brings it up to date"

static void find_stale(struct check *check, const struct check_text *place, char *said)
{
    check_find(check,
               &(struct check_finding){
                   .file = place->file, .line = place->line, .column = place->column, .is_error = true, .text = said});
    str_free(&said);
}

/* A text of an object whose file has NAME.lua beside it is that file's, and told there: that is what people edit, and
 * what is sent once the manifest is brought up to date. False: there is no such file. */
static bool compare_file(struct check *check, const struct check_source *source, struct check_script *script,
                         const char *field, const char *name)
{
    struct err ignored = {0};
    char *path = check_beside(source->file, name);
    char *text = check_read_text(path, &ignored);
    bool found = text != NULL;
    if (found && strcmp(text, script->text) != 0) {
        find_stale(check, &script->place, str_format("%s is not what %s says" REMEDY, field, path));
        str_free(&script->text);
        script->text = str_dup(text);
    }
    if (found) {
        check_text_fini(&script->place);
        script->place = check_text_in(path);
    }
    str_free(&text);
    str_free(&path);
    return found;
}

static bool has_module(const struct check_scripts *scripts, const char *name)
{
    bool has = false;
    for (size_t i = 1 + scripts->adapters; i < scripts->count && !has; i++) {
        const char *last = strrchr(scripts->items[i].module, '.');
        has = strcmp(last + 1, name) == 0;
    }
    return has;
}

/* What the script requires and the manifest has not is taken from the file. It is told, but for a script that the
 * manifest has not either: one fault is enough. */
static void add_missing(struct check *check, const struct check_source *source, struct check_scripts *scripts,
                        const struct node *object, enum check_role role)
{
    struct str_list names = {0};
    struct err ignored = {0};
    const struct node *script = node_at(object, "spec", "script");
    struct check_text manifest = check_text_of(source, script);
    bool is_stale = !node_is(script, scripts->items[0].text);
    check_list_modules(check, source->file, scripts->items[0].text, &names);
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];
        if (has_module(scripts, name)) {
            continue;
        }
        char *path = check_beside(source->file, name), *text = check_read_text(path, &ignored);
        if (!is_stale) {
            find_stale(check, &manifest,
                       str_format("spec.modules.%s is missing: the script requires %s" REMEDY, name, path));
        }
        char *module = role == CHECK_CHECK ? str_format("%s.scripts.%s", scripts->items[0].module, name)
                                           : str_format("scripts.%s", name);
        check_scripts_add(scripts, module, text, check_text_in(path));
        str_free(&text);
        str_free(&path);
    }
    check_text_fini(&manifest);
    str_list_fini(&names);
}

static void compare_adapters(struct check *check, const struct check_source *source, struct check_scripts *scripts)
{
    for (size_t i = 1; i <= scripts->adapters; i++) {
        const char *adapter = strrchr(scripts->items[i].module, '.') + 1;
        char *field = str_format("spec.adapters.%s.script", adapter), *file = str_format("adapters/%s", adapter);
        compare_file(check, source, &scripts->items[i], field, file);
        str_free(&file);
        str_free(&field);
    }
}

/* Where the file of the script is beside the manifest, those of its modules are, too. */
static void compare_files(struct check *check, const struct check_source *source, struct check_scripts *scripts,
                          const struct node *object, enum check_role role)
{
    const char *name = node_str_or(node_at(object, "metadata", "name"), "");
    if (compare_file(check, source, &scripts->items[0], "spec.script", name)) {
        for (size_t i = 1 + scripts->adapters; i < scripts->count; i++) {
            const char *module = strrchr(scripts->items[i].module, '.') + 1;
            char *field = str_format("spec.modules.%s", module);
            compare_file(check, source, &scripts->items[i], field, module);
            str_free(&field);
        }
        add_missing(check, source, scripts, object, role);
    }
    compare_adapters(check, source, scripts);
}

/* The modules of a Check are below it, as the engine has them. */
static char *module_of(enum check_role role, const char *namespace, const char *name)
{
    if (role != CHECK_CHECK) {
        return str_format("scripts.%s", name);
    }
    char *key = str_format("%s/%s", namespace[0] != '\0' ? namespace : "default", name);
    char *module = canary_check_module(key);
    str_free(&key);
    return module;
}

static void add_value(struct check_scripts *scripts, const struct check_source *source, char *module,
                      const struct node *value)
{
    check_scripts_add(scripts, module, node_str_or(value, ""), check_text_of(source, value));
}

/* The script, its adapters, its modules. */
static void add_all(struct check_scripts *scripts, const struct check_source *source, const struct node *object,
                    char *module, enum check_role role)
{
    const struct node *spec = node_get(object, "spec");
    add_value(scripts, source, module, node_get(spec, "script"));
    struct node_iter adapters = node_iterate(role == CHECK_CHECK ? node_get(spec, "adapters") : NULL);
    for (; node_next(&adapters); scripts->adapters++) {
        add_value(scripts, source, check_adapter_module(module, adapters.key), node_get(adapters.value, "script"));
    }
    struct node_iter it = node_iterate(node_get(spec, "modules"));
    while (node_next(&it)) {
        char *name =
            role == CHECK_CHECK ? str_format("%s.scripts.%s", module, it.key) : str_format("scripts.%s", it.key);
        add_value(scripts, source, name, it.value);
    }
}

/* A script of another kind loads too. */
static void check_kind(struct check *check, const struct check_script *script, struct check_looked *looked,
                       const char *wanted)
{
    if (looked->kind != NULL && strcmp(looked->kind, wanted) != 0) {
        char *text = str_format("the script returns a %s, wanted a %s, as for: return require 'stdlib.%s' {…}",
                                looked->kind, wanted, wanted);
        check_find_in(check, &script->place, 1, 1, true, "script", text);
        str_free(&text);
        doc_free(looked->declared);
        looked->declared = NULL;
    }
}

/* What no flag allows is wrong; what needs a flag is remarked. */
static void check_limits(struct check *check, const struct check_source *source, const struct node *object)
{
    const struct node *given = node_at(object, "spec", "limits");
    struct limits most = limits_most(), usual = limits_default();
    struct str_list faults = {0}, remarks = {0};
    limits_read(given, &most, &faults);
    if (faults.count == 0) {
        limits_read(given, &usual, &remarks);
    }
    const struct str_list *list = faults.count > 0 ? &faults : &remarks;
    for (size_t i = 0; i < list->count; i++) {
        char *field = str_dup_n(list->items[i], strcspn(list->items[i], ":"));
        check_find_at(check, source, object, field, list == &faults, list->items[i]);
        str_free(&field);
    }
    str_list_fini(&faults);
    str_list_fini(&remarks);
}

void check_scripted(struct check *check, const struct check_source *source, const struct node *object,
                    enum check_role role)
{
    const char *name = node_str_or(node_at(object, "metadata", "name"), "");
    const char *namespace = node_str_or(node_at(object, "metadata", "namespace"), "");
    struct check_named named = {.role = role, .key = str_format("%s/%s", namespace, name), .object = object};
    if (check_schema(check, source, object, role)) {
        check_limits(check, source, object);
        struct check_scripts scripts = {0};
        add_all(&scripts, source, object, module_of(role, namespace, name), role);
        if (source->file != NULL) {
            compare_files(check, source, &scripts, object, role);
        }
        struct check_looked looked = check_look(check, &scripts);
        check_kind(check, &scripts.items[0], &looked, role == CHECK_CHECK ? "check" : "strategy");
        check_own_name(check, &scripts.items[0].place, &looked, name);
        check_adapters(check, source, object, &scripts, &looked);
        named.declared = looked.declared;
        named.said = looked.said;
        named.text = scripts.items[0].place;
        scripts.items[0].place = (struct check_text){0};
        looked.declared = looked.said = NULL;
        check_looked_fini(&looked);
        check_scripts_free(&scripts);
    }
    check_name(check, named);
}
