#include "board/roster.h"

#include <string.h>
#include <uthash.h>

#include "base/mem.h"
#include "base/str.h"
#include "board/row.h"
#include "canary/phase.h"

struct entry {
    UT_hash_handle hh;
    uint64_t serial;
    char *row; /* NULL: not written since the last change */
    char *namespace, *name;
    char key[];
};

struct roster {
    struct store *canaries, *releases;
    struct entry *entries; /* in the order of their serials */
    uint64_t serial, lost_serial;
    void (*changed)(void *ctx);
    void *ctx;
};

static struct entry *entry_of(struct roster *roster, const char *key)
{
    struct entry *entry;
    HASH_FIND_STR(roster->entries, key, entry);
    return entry;
}

static void entry_free(struct roster *roster, struct entry *entry)
{
    HASH_DEL(roster->entries, entry);
    str_free(&entry->row);
    str_free(&entry->namespace);
    str_free(&entry->name);
    mem_free(entry);
}

static struct entry *entry_add(struct roster *roster, const char *key, const char *namespace, const char *name)
{
    struct entry *entry = mem_alloc(sizeof *entry + strlen(key) + 1);
    memcpy(entry->key, key, strlen(key) + 1);
    entry->namespace = str_dup(namespace);
    entry->name = str_dup(name);
    HASH_ADD_STR(roster->entries, key, entry);
    return entry;
}

static struct entry *entry_to_end(struct roster *roster, struct entry *entry)
{
    HASH_DEL(roster->entries, entry);
    HASH_ADD_STR(roster->entries, key, entry);
    return entry;
}

static void note(struct roster *roster, const char *namespace, const char *name)
{
    char *key = str_format("%s/%s", namespace, name);
    struct entry *entry = entry_of(roster, key);
    bool is_there = store_has(roster->canaries, namespace, name);
    roster->serial++;
    if (!is_there) {
        roster->lost_serial = roster->serial;
        if (entry != NULL) {
            entry_free(roster, entry);
        }
    } else {
        entry = entry != NULL ? entry_to_end(roster, entry) : entry_add(roster, key, namespace, name);
        entry->serial = roster->serial;
        str_free(&entry->row);
    }
    str_free(&key);
}

static void on_change(void *ctx, const struct store *store, const char *namespace, const char *name)
{
    struct roster *roster = ctx;
    if (name != NULL) {
        note(roster, namespace, name);
    } else {
        roster->serial++; /* the first list is complete, however short it is */
    }
    roster->changed(roster->ctx);
}

/* What a row has of its Release is shown in this phase alone (release/history.h). */
static bool shows_release(const struct roster *roster, const char *namespace, const char *name, const char *release)
{
    struct doc *canary = store_find(roster->canaries, namespace, name);
    const struct node *status = node_get(doc_root(canary), "status");
    bool shows =
        node_is(node_get(status, "phase"), PHASE_WAITING_PROMOTION) && node_is(node_get(status, "release"), release);
    doc_free(canary);
    return shows;
}

static void on_release(void *ctx, const struct store *store, const char *namespace, const char *name)
{
    struct roster *roster = ctx;
    struct doc *release = name != NULL ? store_find(store, namespace, name) : NULL;
    const char *canary = node_str(node_at(doc_root(release), "spec", "canary"));
    if (canary != NULL && shows_release(roster, namespace, canary, name)) {
        note(roster, namespace, canary);
        roster->changed(roster->ctx);
    }
    doc_free(release);
}

static bool add(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    note(ctx, namespace, name);
    return true;
}

struct roster *roster_open(struct store *canaries, struct store *releases, void (*changed)(void *ctx), void *ctx)
{
    struct roster *roster = mem_new(struct roster);
    *roster = (struct roster){.canaries = canaries, .releases = releases, .changed = changed, .ctx = ctx};
    store_each(canaries, NULL, add, roster);
    store_subscribe(canaries, on_change, roster);
    store_subscribe(releases, on_release, roster);
    return roster;
}

void roster_close(struct roster *roster)
{
    struct entry *entry, *next;
    store_unsubscribe(roster->canaries, on_change, roster);
    store_unsubscribe(roster->releases, on_release, roster);
    HASH_ITER(hh, roster->entries, entry, next)
    {
        entry_free(roster, entry);
    }
    mem_free(roster);
}

uint64_t roster_serial(const struct roster *roster)
{
    return roster->serial;
}

bool roster_has_lost(const struct roster *roster, uint64_t serial)
{
    return roster->lost_serial > serial;
}

/* --- writing --- */

static const char *row_text(struct roster *roster, struct entry *entry)
{
    if (entry->row == NULL) {
        struct doc *canary = store_find(roster->canaries, entry->namespace, entry->name);
        struct doc *row = row_of(doc_root(canary), roster->releases);
        entry->row = node_to_text(doc_root(row));
        doc_free(row);
        doc_free(canary);
    }
    return entry->row;
}

uint64_t roster_write(struct roster *roster, uint64_t serial, size_t max, struct buf *out)
{
    struct entry *entry, *next;
    uint64_t written = roster->serial;
    const char *separator = "";
    buf_append_char(out, '[');
    HASH_ITER(hh, roster->entries, entry, next)
    {
        if (entry->serial <= serial) {
            continue;
        }
        buf_append_str(out, separator);
        buf_append_str(out, row_text(roster, entry));
        separator = ",";
        if (out->len >= max && next != NULL) {
            written = entry->serial;
            break;
        }
    }
    buf_append_char(out, ']');
    return written;
}
