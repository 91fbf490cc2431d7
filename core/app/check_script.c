/* Scripts: what tool.scan says of their text, and what the engine says when it loads them. */
#include <string.h>

#include "app/check_inner.h"
#include "base/mem.h"
#include "canary/params.h"
#include "io/virtual_clock.h"
#include "lab/lua/tool.h"
#include "rollout/script_place.h"
#include "script/strategist.h"

/* --- what is looked at --- */

struct check_script *check_scripts_add(struct check_scripts *scripts, char *module, const char *text,
                                       struct check_text place)
{
    scripts->items = mem_resize(scripts->items, (scripts->count + 1) * sizeof scripts->items[0]);
    struct check_script *script = &scripts->items[scripts->count++];
    *script = (struct check_script){.module = module, .text = str_dup(text), .place = place};
    return script;
}

void check_scripts_free(struct check_scripts *scripts)
{
    for (size_t i = 0; i < scripts->count; i++) {
        str_free(&scripts->items[i].module);
        str_free(&scripts->items[i].text);
        check_text_fini(&scripts->items[i].place);
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

/* Loads the first of them; `more`, a module beside them, in its place. */
static struct doc *inspect(struct check *check, const struct check_scripts *scripts, const char *more,
                           const char *more_text, struct err *err)
{
    struct doc *sources = doc_new();
    doc_set_root(sources, node_new_object(sources));
    for (size_t i = 0; i < scripts->count; i++) {
        node_set_str(sources, doc_root(sources), scripts->items[i].module, scripts->items[i].text);
    }
    if (more != NULL) {
        node_set_str(sources, doc_root(sources), more, more_text);
    }
    const char *module = more != NULL ? more : scripts->items[0].module;
    struct doc *declared = check->strategist->ops->inspect(check->strategist, module, doc_root(sources), NULL, err);
    doc_free(sources);
    return declared;
}

static void open_tools(struct check *check)
{
    if (check->tool != NULL) {
        return;
    }
    struct err ignored = {0};
    struct check_scripts none = {0};
    check->tool = tool_open();
    check->time = virtual_clock_new(0);
    check->strategist = script_strategist_new(virtual_clock_clock(check->time), embedded_modules, embedded_count);
    check->globals = inspect(check, &none, "scripts.globals", globals, &ignored);
}

void check_tools_fini(struct check *check)
{
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

/* Where the line's text begins: for what is known of a line alone. */
static size_t begin_of(const struct check_script *script, size_t line)
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
static const char *sentence_of(const struct check_scripts *scripts, const char *text)
{
    for (size_t i = 0; i < scripts->count; i++) {
        size_t len = strlen(scripts->items[i].module);
        while (strncmp(text, scripts->items[i].module, len) == 0 && str_has_prefix(text + len, ": ")) {
            text += len + 2;
        }
    }
    if (str_has_prefix(text, "stdlib/")) {
        const char *end = strstr(text, ": ");
        text = end != NULL ? end + 2 : text;
    }
    return text;
}

/* The script in which that place is, "scripts/ring.lua" of "scripts.ring"; NULL: none of these. */
static const struct check_script *script_of(const struct check_scripts *scripts, const struct script_place *place)
{
    const struct check_script *found = NULL;
    for (size_t i = 0; i < scripts->count && found == NULL; i++) {
        char *file = str_format("%s.lua", scripts->items[i].module);
        for (char *at = file; at < file + strlen(scripts->items[i].module); at++) {
            *at = *at == '.' ? '/' : *at;
        }
        found = script_place_is_in(place, file) ? &scripts->items[i] : NULL;
        str_free(&file);
    }
    return found;
}

static bool has_error_at(const struct node *findings, size_t line)
{
    struct node_iter it = node_iterate(findings);
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "severity"), "error") &&
            node_int_or(node_get(it.value, "line"), 0) == (int64_t)line) {
            return true;
        }
    }
    return false;
}

/* "scripts.ring: scripts/ring.lua:3: attempt to …": the script and the line, and what follows. What the scan has said
 * of that line of the first script is most likely the cause, and is enough. */
void check_find_fault(struct check *check, const struct check_scripts *scripts, const struct node *findings,
                      const char *text)
{
    const struct check_script *script = NULL;
    const char *rest = sentence_of(scripts, text);
    struct script_place place = {.rest = text};
    while (script == NULL && script_place_find(place.rest, &place)) {
        script = script_of(scripts, &place);
    }
    size_t line = script != NULL ? place.line : 1;
    if (script == NULL) {
        script = &scripts->items[0];
    } else if (place.file == rest && str_has_prefix(place.rest, ": ")) {
        rest = place.rest + 2;
    }
    if (script != &scripts->items[0] || !has_error_at(findings, line)) {
        check_find_in(check, &script->place, line, begin_of(script, line), true, "script", rest);
    }
}

static void find_all(struct check *check, const struct check_script *script, const struct node *findings)
{
    struct node_iter it = node_iterate(findings);
    while (node_next(&it)) {
        if (check_leaves_to_server(check, it.value)) {
            continue;
        }
        check_find_in(check, &script->place, (size_t)node_int_or(node_get(it.value, "line"), 1),
                      (size_t)node_int_or(node_get(it.value, "column"), 0),
                      node_is(node_get(it.value, "severity"), "error"), "script",
                      node_str_or(node_get(it.value, "text"), ""));
    }
}

/* `params` NULL: not known. */
static struct doc *scan(struct check *check, const struct check_script *script, const char *function, bool is_bundled,
                        const struct node *params)
{
    open_tools(check);
    struct doc *argument = doc_new();
    struct node *root = node_new_object(argument);
    doc_set_root(argument, root);
    node_set_str(argument, root, "text", script->text);
    node_set(argument, root, "globals", node_copy(argument, node_get(doc_root(check->globals), "params")));
    node_set_bool(argument, root, "bundled", is_bundled);
    if (params != NULL) {
        node_set(argument, root, "params", node_copy(argument, params));
    }
    struct doc *answer = check_ask(check, "tool.scan", function, root);
    doc_free(argument);
    return answer;
}

void check_syntax(struct check *check, const struct check_script *script)
{
    struct doc *found = scan(check, script, "syntax", false, NULL);
    find_all(check, script, node_get(doc_root(found), "findings"));
    doc_free(found);
}

/* --- a script with its modules --- */

static void find_unsound(struct check *check, const struct check_script *script, const struct node *places,
                         const struct node *params)
{
    struct str_list reasons = {0};
    params_are_sound(params, &reasons);
    for (size_t i = 0; i < reasons.count; i++) {
        char *name = str_dup_n(reasons.items[i], strcspn(reasons.items[i], ".:["));
        const struct node *place = node_get(places, name);
        char *text = str_format("params.%s", reasons.items[i]);
        check_find_in(check, &script->place, (size_t)node_int_or(node_get(place, "line"), 1),
                      (size_t)node_int_or(node_get(place, "column"), 0), true, "script", text);
        str_free(&text);
        str_free(&name);
    }
    str_list_fini(&reasons);
}

/* False: one of them is no Lua. */
static bool look_at_modules(struct check *check, const struct check_scripts *scripts)
{
    bool are_whole = true;
    for (size_t i = 1; i < scripts->count && !scripts->has_files; i++) {
        struct doc *found = scan(check, &scripts->items[i], "scan", false, NULL);
        are_whole = are_whole && !node_bool_or(node_get(doc_root(found), "broken"), false);
        find_all(check, &scripts->items[i], node_get(doc_root(found), "findings"));
        doc_free(found);
    }
    return are_whole;
}

/* Loads a file, whatever it returns: a definition is handed on, of anything else there is nothing to declare. */
#define PROBE "scripts.sluice.probe" /* a name that no file has */
#define MODULE_KIND "module"
static const char probe[] = "local found = require '%s'\n"
                            "if type(found) == 'table' and found.name ~= nil and found.run ~= nil then\n"
                            "  return found\n"
                            "end\n"
                            "return { kind = '" MODULE_KIND "', name = 'module', run = function() end }\n";

/* The text without the probe, in front and in lists of modules. */
static char *without_probe(const char *text)
{
    static const char item[] = ", " PROBE;
    text += str_has_prefix(text, PROBE ": ") ? strlen(PROBE ": ") : 0;
    const char *at = strstr(text, item);
    return at != NULL ? str_format("%.*s%s", (int)(at - text), text, at + strlen(item)) : str_dup(text);
}

/* What a script declares: {"kind": …, "params": …}; NULL: it does not load, which is told. */
static struct doc *load(struct check *check, const struct check_scripts *scripts, const struct node *findings)
{
    struct err err = {0};
    char *probing = str_format(probe, scripts->items[0].module);
    struct doc *declared =
        inspect(check, scripts, scripts->has_files ? PROBE : NULL, scripts->has_files ? probing : NULL, &err);
    if (declared == NULL) {
        char *text = without_probe(err.text);
        check_find_fault(check, scripts, findings, text);
        str_free(&text);
    }
    str_free(&probing);
    return declared;
}

/* The parameters that it declares, which may be none. */
static struct doc *params_of(const struct doc *declared)
{
    const struct node *given = node_get(doc_root(declared), "params");
    struct doc *params = doc_new();
    bool is_map = node_type(given) == NODE_OBJECT;
    doc_set_root(params, is_map ? node_copy(params, given) : node_new_object(params));
    return params;
}

struct check_looked check_look(struct check *check, const struct check_scripts *scripts)
{
    struct check_looked looked = {0};
    const struct check_script *script = &scripts->items[0];
    struct doc *found = scan(check, script, "scan", scripts->is_bundled, NULL);
    const struct node *findings = node_get(doc_root(found), "findings");
    bool is_broken = node_bool_or(node_get(doc_root(found), "broken"), false);
    looked.is_whole = look_at_modules(check, scripts) && !is_broken;
    struct doc *declared = looked.is_whole && !scripts->is_adapter ? load(check, scripts, findings) : NULL;
    const char *kind = node_str_or(node_get(doc_root(declared), "kind"), "strategy");
    if (declared != NULL && strcmp(kind, MODULE_KIND) != 0) {
        looked.kind = str_dup(kind);
        looked.name = str_dup(node_str_or(node_get(doc_root(declared), "name"), ""));
        looked.declared = params_of(declared);
        find_unsound(check, script, node_get(doc_root(found), "params"), doc_root(looked.declared));
        struct doc *again = scan(check, script, "scan", scripts->is_bundled, doc_root(looked.declared));
        doc_free(found);
        found = again;
    }
    find_all(check, script, node_get(doc_root(found), "findings"));
    looked.said = found;
    doc_free(declared);
    return looked;
}

void check_looked_fini(struct check_looked *looked)
{
    str_free(&looked->kind);
    str_free(&looked->name);
    doc_free(looked->declared);
    doc_free(looked->said);
}

struct doc *check_bundled(struct check *check, const char *name)
{
    struct err ignored = {0};
    char *module = str_format("checks.%s", name);
    open_tools(check);
    struct doc *declared = check->strategist->ops->inspect(check->strategist, module, NULL, NULL, &ignored);
    struct doc *params = declared != NULL ? params_of(declared) : NULL;
    doc_free(declared);
    str_free(&module);
    return params;
}
