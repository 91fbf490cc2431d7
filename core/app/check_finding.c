/* What is said about places: kept once each, told in the order of files and lines. */
#include <stdlib.h>
#include <string.h>

#include "app/check_inner.h"
#include "base/mem.h"
#include "base/utf8.h"

static bool is_same(const struct check_finding *a, const struct check_finding *b)
{
    return a->line == b->line && a->column == b->column && str_equal(a->file, b->file) && strcmp(a->text, b->text) == 0;
}

/* One line: what a script says in an error must look like no finding of its own. */
static char *line_of(const char *text)
{
    enum { REPLACED_SIZE = 3 };
    size_t len = strlen(text);
    struct buf line;
    buf_init(&line, len * REPLACED_SIZE + 1);
    utf8_append_line(&line, text, len, len);
    char *copy = buf_take(&line);
    buf_fini(&line);
    return copy;
}

void check_find(struct check *check, const struct check_finding *finding)
{
    char *text = line_of(finding->text);
    struct check_finding shown = *finding;
    shown.text = text;
    for (size_t i = 0; i < check->finding_count; i++) {
        if (is_same(&check->findings[i], &shown)) {
            str_free(&text);
            return;
        }
    }
    check->findings = mem_resize(check->findings, (check->finding_count + 1) * sizeof check->findings[0]);
    struct check_finding *added = &check->findings[check->finding_count++];
    *added = *finding;
    added->file = str_dup(finding->file);
    added->text = text;
}

bool check_leaves_to_server(const struct check *check, const struct node *finding)
{
    return check->asks_server && node_bool_or(node_get(finding, "of_language"), false);
}

void check_findings_fini(struct check *check)
{
    for (size_t i = 0; i < check->finding_count; i++) {
        str_free(&check->findings[i].file);
        str_free(&check->findings[i].text);
    }
    mem_free(check->findings);
}

static int compare(const void *left, const void *right)
{
    const struct check_finding *a = left, *b = right;
    int files = strcmp(a->file != NULL ? a->file : "", b->file != NULL ? b->file : "");
    if (files != 0) {
        return files;
    }
    if (a->line != b->line) {
        return a->line < b->line ? -1 : 1;
    }
    if (a->column != b->column) {
        return a->column < b->column ? -1 : 1;
    }
    return strcmp(a->text, b->text);
}

void check_findings_sort(struct check *check)
{
    if (check->finding_count > 0) {
        qsort(check->findings, check->finding_count, sizeof check->findings[0], compare);
    }
}
