/* What is said about places: kept once each, told in the order of files and lines. */
#include <stdlib.h>
#include <string.h>

#include "app/check_inner.h"
#include "base/mem.h"

static bool is_same(const struct check_finding *a, const struct check_finding *b)
{
    return a->line == b->line && a->column == b->column && str_equal(a->file, b->file) && strcmp(a->text, b->text) == 0;
}

void check_find(struct check *check, const struct check_finding *finding)
{
    for (size_t i = 0; i < check->finding_count; i++) {
        if (is_same(&check->findings[i], finding)) {
            return;
        }
    }
    check->findings = mem_resize(check->findings, (check->finding_count + 1) * sizeof check->findings[0]);
    struct check_finding *added = &check->findings[check->finding_count++];
    *added = *finding;
    added->file = str_dup(finding->file);
    added->text = str_dup(finding->text);
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
