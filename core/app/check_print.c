/* The result as text, a paragraph each Canary, and as JSON (docs/check.md describes it). */
#include "app/check_inner.h"
#include "app/cli.h"
#include "app/shown.h"
#include "base/mem.h"

/* --- text --- */

static char *title_of(const struct check_canary *canary)
{
    const char *name = canary->name[0] != '\0' ? canary->name : "(without a name)";
    return canary->namespace[0] != '\0' ? str_format("%s/%s", canary->namespace, name) : str_dup(name);
}

static void print_place(const struct check_canary *canary, size_t line, size_t column, FILE *out)
{
    if (canary->file != NULL && line > 0 && column > 0) {
        fprintf(out, "%s:%zu:%zu: ", canary->file, line, column);
    }
}

static void print_canary(const struct check_canary *canary, FILE *out)
{
    char *title = title_of(canary);
    fprintf(out, "%s ", canary->reason_count > 0 ? "refused " : "accepted");
    shown_print(title, out);
    if (canary->file != NULL && canary->line > 0) {
        fprintf(out, " (%s:%zu)", canary->file, canary->line);
    } else if (canary->file != NULL) {
        fprintf(out, " (%s)", canary->file);
    }
    fprintf(out, "\n");
    for (size_t i = 0; i < canary->reason_count; i++) {
        const struct check_reason *reason = &canary->reasons[i];
        fprintf(out, "  ");
        print_place(canary, reason->line, reason->column, out);
        shown_print(reason->text, out);
        fprintf(out, "\n");
    }
    for (size_t i = 0; i < canary->warnings.count; i++) {
        fprintf(out, "  warning: ");
        shown_print(canary->warnings.items[i], out);
        fprintf(out, "\n");
    }
    str_free(&title);
}

static void print_sum(const struct check *check, FILE *out)
{
    fprintf(out, "%zu %s: %zu accepted, %zu refused\n", check->canary_count,
            check->canary_count == 1 ? "Canary" : "Canaries", check->canary_count - check->refused_count,
            check->refused_count);
    for (size_t i = 0; i < check->other_count; i++) {
        const char *name = check->others[i].name;
        fprintf(out, "%s%zu ", i == 0 ? "passed over: " : ", ", check->others[i].count);
        shown_print(name[0] != '\0' ? name : "without a kind", out);
    }
    fprintf(out, "%s", check->other_count > 0 ? "\n" : "");
}

static void print_finding(const struct check_finding *finding, FILE *out)
{
    fprintf(out, "%s", finding->file != NULL ? finding->file : "");
    if (finding->line > 0) {
        fprintf(out, ":%zu", finding->line);
    }
    if (finding->line > 0 && finding->column > 0) {
        fprintf(out, ":%zu", finding->column);
    }
    fprintf(out, "%s%s: ", finding->file != NULL ? ": " : "", finding->is_error ? "error" : "warning");
    shown_print(finding->text, out);
    fprintf(out, "\n");
}

static size_t count(const struct check *check, bool is_error)
{
    size_t found = 0;
    for (size_t i = 0; i < check->finding_count; i++) {
        found += check->findings[i].is_error == is_error;
    }
    return found;
}

void check_print_findings(const struct check *check, FILE *out)
{
    for (size_t i = 0; i < check->finding_count; i++) {
        print_finding(&check->findings[i], out);
    }
    size_t errors = count(check, true), warnings = count(check, false);
    fprintf(out, "%zu %s, %zu %s, %zu %s\n", check->file_count, check->file_count == 1 ? "file" : "files", errors,
            errors == 1 ? "error" : "errors", warnings, warnings == 1 ? "warning" : "warnings");
}

void check_print_text(const struct check *check, FILE *out)
{
    for (size_t i = 0; i < check->canary_count; i++) {
        print_canary(&check->canaries[i], out);
    }
    for (size_t i = 0; i < check->finding_count; i++) {
        if (!check->findings[i].is_reason) {
            print_finding(&check->findings[i], out);
        }
    }
    print_sum(check, out);
}

/* --- JSON --- */

static struct node *reason_node(struct doc *doc, const struct check_reason *reason)
{
    struct node *n = node_new_object(doc);
    node_set_str(doc, n, "field", reason->field);
    node_set_str(doc, n, "message", reason->text);
    node_set_str(doc, n, "by", reason->by_api ? "schema" : "engine");
    if (reason->line > 0) {
        node_set_int(doc, n, "line", (int64_t)reason->line);
        node_set_int(doc, n, "column", (int64_t)reason->column);
    }
    return n;
}

static struct node *texts_node(struct doc *doc, const struct str_list *texts)
{
    struct node *array = node_new_array(doc);
    for (size_t i = 0; i < texts->count; i++) {
        node_push_str(doc, array, texts->items[i]);
    }
    return array;
}

static struct node *canary_node(struct doc *doc, const struct check_canary *canary)
{
    struct node *n = node_new_object(doc), *reasons = node_new_array(doc);
    node_set_str(doc, n, "namespace", canary->namespace);
    node_set_str(doc, n, "name", canary->name);
    node_set_bool(doc, n, "accepted", canary->reason_count == 0);
    if (canary->file != NULL) {
        node_set_str(doc, n, "file", canary->file);
    }
    if (canary->line > 0) {
        node_set_int(doc, n, "line", (int64_t)canary->line);
    }
    for (size_t i = 0; i < canary->reason_count; i++) {
        node_push(reasons, reason_node(doc, &canary->reasons[i]));
    }
    node_set(doc, n, "reasons", reasons);
    node_set(doc, n, "warnings", texts_node(doc, &canary->warnings));
    return n;
}

static struct node *findings_node(struct doc *doc, const struct check *check)
{
    struct node *array = node_new_array(doc);
    for (size_t i = 0; i < check->finding_count; i++) {
        const struct check_finding *finding = &check->findings[i];
        struct node *n = node_new_object(doc);
        if (finding->file != NULL) {
            node_set_str(doc, n, "file", finding->file);
        }
        if (finding->line > 0) {
            node_set_int(doc, n, "line", (int64_t)finding->line);
        }
        if (finding->column > 0) {
            node_set_int(doc, n, "column", (int64_t)finding->column);
        }
        node_set_str(doc, n, "severity", finding->is_error ? "error" : "warning");
        node_set_str(doc, n, "message", finding->text);
        node_push(array, n);
    }
    return array;
}

void check_print_json(const struct check *check, FILE *out)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc), *canaries = node_new_array(doc), *others = node_new_object(doc);
    doc_set_root(doc, root);
    node_set_int(doc, root, "version", 1);
    for (size_t i = 0; i < check->canary_count; i++) {
        node_push(canaries, canary_node(doc, &check->canaries[i]));
    }
    for (size_t i = 0; i < check->other_count; i++) {
        node_set_int(doc, others, check->others[i].name, (int64_t)check->others[i].count);
    }
    node_set_int(doc, root, "accepted", (int64_t)(check->canary_count - check->refused_count));
    node_set_int(doc, root, "refused", (int64_t)check->refused_count);
    node_set(doc, root, "canaries", canaries);
    node_set(doc, root, "passedOver", others);
    node_set_int(doc, root, "files", (int64_t)check->file_count);
    node_set(doc, root, "findings", findings_node(doc, check));
    node_set(doc, root, "errors", texts_node(doc, &check->errors));
    cli_print_json(root, out);
    doc_free(doc);
}
