#include "release/account.h"

#include <inttypes.h>
#include <string.h>

#include "base/duration.h"
#include "base/str.h"
#include "base/utf8.h"
#include "release/check.h"

static void read_text(char **kept, const struct node *n)
{
    account_set(kept, node_str(n));
}

void account_read(struct account *a, const struct node *status)
{
    *a = (struct account){
        .weight_pct = node_int_or(node_get(status, "weight"), -1),
        .failed = node_int_or(node_get(status, "failedChecks"), 0),
        .threshold = node_int_or(node_get(status, "threshold"), 0),
        .drained_after_ms = node_int_or(node_get(status, "drainedAfterMs"), -1),
    };
    struct err ignored;
    time_parse(node_str_or(node_get(status, "decided"), ""), &a->decided_ms, &ignored);
    read_text(&a->author, node_at(status, "startedBy", "manager"));
    read_text(&a->written, node_at(status, "startedBy", "at"));
    read_text(&a->ended_by.kind, node_at(status, "endedBy", "kind"));
    read_text(&a->ended_by.name, node_at(status, "endedBy", "name"));
    read_text(&a->from, node_at(status, "images", "from"));
    read_text(&a->to, node_at(status, "images", "to"));
    read_text(&a->check, node_get(status, "lastCheck"));
    read_text(&a->summary, node_get(status, "summary"));
}

void account_fini(struct account *a)
{
    str_free(&a->from);
    str_free(&a->to);
    str_free(&a->check);
    str_free(&a->summary);
    str_free(&a->author);
    str_free(&a->written);
    str_free(&a->ended_by.kind);
    str_free(&a->ended_by.name);
}

static void set_within(struct doc *doc, struct node *status, const char *key, int64_t value, int64_t max)
{
    node_set_int(doc, status, key, value < 0 ? 0 : value > max ? max : value);
}

static void write_actors(const struct account *a, struct doc *doc, struct node *status)
{
    if (a->author != NULL) {
        struct node *by = node_ensure_object(doc, status, "startedBy");
        node_set_str(doc, by, "manager", a->author);
        node_set_str(doc, by, "at", a->written);
    }
    if (a->ended_by.kind != NULL) {
        struct node *by = node_ensure_object(doc, status, "endedBy");
        node_set_str(doc, by, "kind", a->ended_by.kind);
        node_set_str(doc, by, "name", a->ended_by.name);
    }
    if (a->decided_ms > 0) {
        char at[32];
        time_write_milli(a->decided_ms, at);
        node_set_str(doc, status, "decided", at);
    }
    if (a->drained_after_ms >= 0) {
        set_within(doc, status, "drainedAfterMs", a->drained_after_ms, RELEASE_COUNT_MAX);
    }
}

void account_write(const struct account *a, struct doc *doc, struct node *status)
{
    if (a->from != NULL || a->to != NULL) {
        struct node *images = node_ensure_object(doc, status, "images");
        node_set_str(doc, images, "from", a->from);
        node_set_str(doc, images, "to", a->to);
    }
    write_actors(a, doc, status);
    if (a->weight_pct >= 0) {
        set_within(doc, status, "weight", a->weight_pct, 100);
    }
    if (a->threshold > 0) {
        char *checks = str_format("%" PRId64 "/%" PRId64, a->failed, a->threshold);
        set_within(doc, status, "failedChecks", a->failed, RELEASE_COUNT_MAX);
        set_within(doc, status, "threshold", a->threshold, RELEASE_COUNT_MAX);
        node_set_str(doc, status, "checks", checks);
        str_free(&checks);
    }
    node_set(doc, status, "lastCheck", a->check != NULL ? node_new_str(doc, a->check) : node_new_null(doc));
    if (a->summary != NULL) {
        node_set_str(doc, status, "summary", a->summary);
    }
}

void account_set(char **kept, const char *text)
{
    str_free(kept);
    if (text == NULL) {
        return;
    }
    struct buf line;
    buf_init(&line, 4 * ACCOUNT_TEXT_MAX);
    utf8_append_line(&line, text, strlen(text), ACCOUNT_TEXT_MAX);
    *kept = buf_take(&line);
    buf_fini(&line);
}

/* One list tells and counts a failed check: first the warning, then the counter. */
static void take_count(struct account *a, int64_t failed, const char *told)
{
    a->failed = failed;
    if (failed == 0 || told != NULL) {
        account_set(&a->check, failed == 0 ? NULL : told);
    }
}

void account_take_orders(struct account *a, const struct node *list)
{
    const char *told = NULL;
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        const struct node *failed = node_get(it.value, "failed_checks");
        const char *kind = node_str_or(node_get(it.value, "kind"), "");
        if (strcmp(kind, "route") == 0) {
            a->weight_pct = node_int_or(node_get(it.value, "canary"), a->weight_pct);
        } else if (strcmp(kind, "event") == 0 && node_is(node_get(it.value, "type"), "Warning")) {
            told = node_str(node_get(it.value, "message"));
        } else if (strcmp(kind, "sync") == 0 || (strcmp(kind, "status") == 0 && failed != NULL)) {
            take_count(a, node_int_or(failed, 0), told);
        }
    }
}

void account_end_by(struct account *a, const char *kind, const char *name)
{
    account_set(&a->ended_by.kind, kind);
    account_set(&a->ended_by.name, name);
}

void account_sum_up(struct account *a, const char *how, const char *reason)
{
    char *weight = a->weight_pct > 0 ? str_format(" at weight %" PRId64, a->weight_pct) : str_dup("");
    char *checks = a->threshold > 0 ? str_format(", %" PRId64 " of %" PRId64 " failed checks", a->failed, a->threshold)
                                    : str_dup("");
    char *images = a->to != NULL ? str_format("; %s -> %s", a->from != NULL ? a->from : "nothing", a->to) : str_dup("");
    char *text = str_format("%s%s%s: %.500s%s", how, weight, checks, reason, images);
    account_set(&a->summary, text);
    str_free(&text);
    str_free(&images);
    str_free(&checks);
    str_free(&weight);
}
