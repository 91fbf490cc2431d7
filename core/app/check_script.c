/* Scripts: what tool.scan says of their text, and what the engine says when it loads them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "app/check_inner.h"
#include "base/mem.h"
#include "canary/params.h"
#include "io/file.h"
#include "io/folder.h"
#include "io/virtual_clock.h"
#include "kube/object.h"
#include "lab/lua/tool.h"
#include "script/strategist.h"

#define NAMESPACE "scripts."

/* A text of Lua, and where its lines are told to be. */
struct script {
    char *module; /* "scripts.ring" */
    char *text;
    char *file;          /* NULL: of a cluster */
    size_t line, column; /* of the value; the lines of the text begin behind it when is_mapped */
    size_t indent;
    bool is_mapped;
};

/* The script, and the modules that it may have. */
struct scripts {
    struct script *items;
    size_t count;
};

static struct script *add(struct scripts *scripts, const char *name, const char *text)
{
    scripts->items = mem_resize(scripts->items, (scripts->count + 1) * sizeof scripts->items[0]);
    struct script *script = &scripts->items[scripts->count++];
    *script = (struct script){.module = str_format(NAMESPACE "%s", name), .text = str_dup(text)};
    return script;
}

static void scripts_fini(struct scripts *scripts)
{
    for (size_t i = 0; i < scripts->count; i++) {
        str_free(&scripts->items[i].module);
        str_free(&scripts->items[i].text);
        str_free(&scripts->items[i].file);
    }
    mem_free(scripts->items);
}

/* --- what reads them --- */

/* Declares the globals that a script has as its parameters, those of a library with two lines between. */
static const char globals[] =
    "local names = {}\n"
    "for name, value in pairs(_G) do\n"
    "  names[name] = { type = 'string' }\n"
    "  for field in pairs(type(value) == 'table' and value ~= _G and value or {}) do\n"
    "    names[name .. '__' .. field] = { type = 'string' }\n"
    "  end\n"
    "end\n"
    "return require 'stdlib.strategy' { name = 'globals', params = names, run = function() end }\n";

static struct doc *inspect(struct check *check, const struct scripts *scripts, struct err *err)
{
    struct doc *sources = doc_new();
    doc_set_root(sources, node_new_object(sources));
    for (size_t i = 0; i < scripts->count; i++) {
        node_set_str(sources, doc_root(sources), scripts->items[i].module, scripts->items[i].text);
    }
    struct doc *declared =
        check->strategist->ops->inspect(check->strategist, scripts->items[0].module, doc_root(sources), err);
    doc_free(sources);
    return declared;
}

static void open_tools(struct check *check)
{
    if (check->tool != NULL) {
        return;
    }
    struct err ignored = {0};
    struct scripts asking = {0};
    check->tool = tool_open();
    check->time = virtual_clock_new(0);
    check->strategist = script_strategist_new(virtual_clock_clock(check->time), embedded_modules, embedded_count);
    add(&asking, "globals", globals);
    check->globals = inspect(check, &asking, &ignored);
    scripts_fini(&asking);
}

void check_scripts_fini(struct check *check)
{
    for (size_t i = 0; i < check->strategy_count; i++) {
        str_free(&check->strategies[i].key);
        doc_free(check->strategies[i].declared);
    }
    for (size_t i = 0; i < check->use_count; i++) {
        str_free(&check->uses[i].key);
    }
    mem_free(check->strategies);
    mem_free(check->uses);
    doc_free(check->globals);
    script_strategist_free(check->strategist);
    virtual_clock_free(check->time);
    tool_close(check->tool);
}

struct doc *check_ask(struct check *check, const char *module, const char *function, const struct node *argument)
{
    struct err err = {0};
    open_tools(check);
    struct doc *answer = tool_call(check->tool, module, function, argument, &err);
    if (answer == NULL) {
        str_list_push_format(&check->errors, "%s: %s", module, err.text);
    }
    return answer;
}

/* --- findings in them --- */

static void find(struct check *check, const struct script *script, size_t line, size_t column, bool is_error,
                 const char *text)
{
    struct check_finding finding = {.file = script->file, .is_error = is_error, .text = str_dup(text)};
    if (script->is_mapped) {
        finding.line = script->line + line;
        finding.column = column > 0 ? column + script->indent : 0;
    } else {
        str_free(&finding.text);
        finding.line = script->line;
        finding.column = script->column;
        finding.text = str_format("line %zu of the script: %s", line, text);
    }
    check_find(check, &finding);
    str_free(&finding.text);
}

/* Where the line's text begins: for what is known of a line alone. */
static size_t begin_of(const struct script *script, size_t line)
{
    const char *at = script->text;
    for (size_t i = 1; i < line && at != NULL; i++) {
        at = strchr(at, '\n');
        at = at != NULL ? at + 1 : NULL;
    }
    size_t blanks = at != NULL ? strspn(at, " \t") : 0;
    return at != NULL && at[blanks] != '\0' && at[blanks] != '\n' ? blanks + 1 : 0;
}

/* Without the names of modules, and of the place in the stdlib that has refused something. */
static const char *sentence_of(const struct script *script, const char *text)
{
    size_t len = strlen(script->module);
    while (strncmp(text, script->module, len) == 0 && str_has_prefix(text + len, ": ")) {
        text += len + 2;
    }
    if (str_has_prefix(text, "stdlib/")) {
        const char *end = strstr(text, ": ");
        text = end != NULL ? end + 2 : text;
    }
    return text;
}

/* "scripts.ring: scripts/ring.lua:3: attempt to …": the script and the line, and what follows. */
static void find_fault(struct check *check, const struct scripts *scripts, const char *text)
{
    const struct script *script = &scripts->items[0];
    size_t line = 1;
    const char *rest = sentence_of(script, text);
    for (size_t i = 0; i < scripts->count; i++) {
        char *place = str_format("scripts/%s.lua:", scripts->items[i].module + strlen(NAMESPACE));
        const char *at = strstr(text, place);
        char *end = NULL;
        if (at != NULL && isdigit((unsigned char)at[strlen(place)])) {
            script = &scripts->items[i];
            line = strtoul(at + strlen(place), &end, 10);
            rest = at == rest && str_has_prefix(end, ": ") ? end + 2 : rest;
        }
        str_free(&place);
    }
    find(check, script, line, begin_of(script, line), true, rest);
}

static void find_all(struct check *check, const struct script *script, const struct node *findings)
{
    struct node_iter it = node_iterate(findings);
    while (node_next(&it)) {
        find(check, script, (size_t)node_int_or(node_get(it.value, "line"), 1),
             (size_t)node_int_or(node_get(it.value, "column"), 0), node_is(node_get(it.value, "severity"), "error"),
             node_str_or(node_get(it.value, "text"), ""));
    }
}

/* `params` NULL: not known. */
static struct doc *scan(struct check *check, const struct script *script, const char *function,
                        const struct node *params)
{
    struct doc *argument = doc_new();
    struct node *root = node_new_object(argument);
    doc_set_root(argument, root);
    node_set_str(argument, root, "text", script->text);
    node_set(argument, root, "globals", node_copy(argument, node_get(doc_root(check->globals), "params")));
    if (params != NULL) {
        node_set(argument, root, "params", node_copy(argument, params));
    }
    struct doc *answer = check_ask(check, "tool.scan", function, root);
    doc_free(argument);
    return answer;
}

/* --- a script with its modules --- */

static void find_unsound(struct check *check, const struct script *script, const struct node *places,
                         const struct node *params)
{
    struct str_list reasons = {0};
    params_are_sound(params, &reasons);
    for (size_t i = 0; i < reasons.count; i++) {
        char *name = str_dup_n(reasons.items[i], strcspn(reasons.items[i], ".:["));
        const struct node *place = node_get(places, name);
        char *text = str_format("params.%s", reasons.items[i]);
        find(check, script, (size_t)node_int_or(node_get(place, "line"), 1),
             (size_t)node_int_or(node_get(place, "column"), 0), true, text);
        str_free(&text);
        str_free(&name);
    }
    str_list_fini(&reasons);
}

/* False: one of them is no Lua. */
static bool look_at_modules(struct check *check, const struct scripts *scripts)
{
    bool are_whole = true;
    for (size_t i = 1; i < scripts->count; i++) {
        struct doc *found = scan(check, &scripts->items[i], "scan", NULL);
        are_whole = are_whole && !node_bool_or(node_get(doc_root(found), "broken"), false);
        find_all(check, &scripts->items[i], node_get(doc_root(found), "findings"));
        doc_free(found);
    }
    return are_whole;
}

/* What the script declares as parameters; NULL when it does not load, or is `only_strategies` and no strategy. Modules
 * that are files of their own (`only_strategies`) are looked at by themselves. */
static struct doc *look(struct check *check, const struct scripts *scripts, bool only_strategies)
{
    struct err err = {0};
    open_tools(check);
    struct doc *found = scan(check, &scripts->items[0], "scan", NULL), *params = NULL;
    const struct node *root = doc_root(found);
    bool is_strategy = node_is(node_get(root, "kind"), "strategy");
    bool is_broken = node_bool_or(node_get(root, "broken"), false);
    struct doc *declared = NULL;
    if (only_strategies ? !is_broken && is_strategy : look_at_modules(check, scripts) && !is_broken) {
        declared = inspect(check, scripts, &err);
        if (declared == NULL) {
            find_fault(check, scripts, err.text);
        } else {
            const struct node *given = node_get(doc_root(declared), "params");
            params = doc_new();
            doc_set_root(params, given != NULL ? node_copy(params, given) : node_new_object(params));
            find_unsound(check, &scripts->items[0], node_get(root, "params"), doc_root(params));
            struct doc *again = scan(check, &scripts->items[0], "scan", doc_root(params));
            doc_free(found);
            found = again;
        }
    }
    find_all(check, &scripts->items[0], node_get(doc_root(found), "findings"));
    doc_free(declared);
    doc_free(found);
    return params;
}

/* --- files --- */

/* The other files of the folder are its modules. */
static void add_siblings(struct check *check, struct scripts *scripts, const char *path)
{
    static const char *const endings[] = {".lua", NULL};
    struct str_list files = {0};
    struct err ignored = {0};
    char *folder = check_folder_of(path);
    folder_list(folder, endings, &files, &ignored);
    for (size_t i = 0; i < files.count; i++) {
        const char *file = files.items[i], *inside = file + strlen(folder) + 1;
        char *text = strcmp(file, path) != 0 && strchr(inside, '/') == NULL && !str_has_suffix(file, "_spec.lua")
                         ? check_read_text(file, &ignored)
                         : NULL;
        if (text != NULL) {
            char *name = check_base_of(file);
            struct script *script = add(scripts, name, text);
            script->file = str_dup(file);
            script->is_mapped = true;
            str_free(&name);
        }
        str_free(&text);
    }
    str_free(&folder);
    str_list_fini(&files);
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
    struct scripts scripts = {0};
    struct script *script = add(&scripts, name, text);
    script->file = str_dup(path);
    script->is_mapped = true;
    if (str_has_suffix(path, "_spec.lua")) { /* it runs where all of Lua is there */
        open_tools(check);
        struct doc *found = scan(check, script, "syntax", NULL);
        find_all(check, script, node_get(doc_root(found), "findings"));
        doc_free(found);
    } else {
        add_siblings(check, &scripts, path);
        doc_free(look(check, &scripts, true));
    }
    scripts_fini(&scripts);
    str_free(&name);
    str_free(&text);
}

/* --- Strategies --- */

static void add_value(struct scripts *scripts, const struct check_source *source, const char *name,
                      const struct node *value)
{
    const struct yaml_place *place = source->places != NULL ? yaml_places_find(source->places, value) : NULL;
    struct script *script = add(scripts, name, node_str_or(value, ""));
    script->file = str_dup(source->file);
    script->line = place != NULL ? place->line : 0;
    script->column = place != NULL ? place->column : 0;
    script->is_mapped =
        source->text != NULL && check_find_block(buf_str(source->text), place, script->text, &script->indent);
}

/* The script of a Strategy whose file has NAME.lua beside it is that file's, and told there. */
static void compare_file(struct check *check, const struct check_source *source, struct script *script,
                         const char *name)
{
    struct err ignored = {0};
    char *folder = check_folder_of(source->file), *path = str_format("%s/%s.lua", folder, name);
    char *text = check_read_text(path, &ignored);
    if (text != NULL && strcmp(text, script->text) == 0) {
        str_free(&script->file);
        script->file = str_dup(path);
        script->line = script->indent = 0;
        script->is_mapped = true;
    } else if (text != NULL) {
        char *what = str_format("spec.script is not what %s says; sluice check --write brings it up to date", path);
        check_find(
            check,
            &(struct check_finding){
                .file = script->file, .line = script->line, .column = script->column, .is_error = true, .text = what});
        str_free(&what);
    }
    str_free(&text);
    str_free(&path);
    str_free(&folder);
}

void check_strategy(struct check *check, const struct check_source *source, const struct node *strategy)
{
    const struct node *spec = node_get(strategy, "spec");
    const char *name = node_str_or(node_at(strategy, "metadata", "name"), "");
    const char *namespace = node_str_or(node_at(strategy, "metadata", "namespace"), "");
    size_t before = check->finding_count;
    check_schema(check, source, strategy, "Strategy");
    struct doc *declared = NULL;
    if (check->finding_count == before) {
        struct scripts scripts = {0};
        add_value(&scripts, source, name, node_get(spec, "script"));
        struct node_iter it = node_iterate(node_get(spec, "modules"));
        while (node_next(&it)) {
            add_value(&scripts, source, it.key, it.value);
        }
        if (source->file != NULL) {
            compare_file(check, source, &scripts.items[0], name);
        }
        declared = look(check, &scripts, false);
        scripts_fini(&scripts);
    }
    check->strategies = mem_resize(check->strategies, (check->strategy_count + 1) * sizeof check->strategies[0]);
    check->strategies[check->strategy_count++] =
        (struct check_strategy){.key = str_format("%s/%s", namespace, name), .declared = declared};
}
