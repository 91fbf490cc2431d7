/* The database of the embedded cluster: every object under (storage, namespace, name), one counter of versions,
 * and the history that watches read.
 *
 * What is written here was checked before (sim/api/api.h); controllers read and write through it in-process. */
#pragma once

#include "base/doc.h"
#include "io/clock.h"

struct objects;

struct objects *objects_new(struct clock *clock);
void objects_free(struct objects *objects);

int64_t objects_version(const struct objects *objects);
/* The oldest version a watch can start from; older ones are Gone (410). */
int64_t objects_oldest(const struct objects *objects);
/* Forgets the history up to now: every watch that starts before is Gone. */
void objects_compact(struct objects *objects);

/* The object as it is, shared with all who read it (doc_free): nobody changes it. NULL without one. `namespace` NULL
 * for a kind without namespaces. */
struct doc *objects_read(const struct objects *objects, const char *storage, const char *namespace, const char *name);
/* What is stored as compact JSON, when `object` is the root of the very document that objects_read gives now; NULL for
 * any other document. */
const char *objects_text(const struct objects *objects, const char *storage, const struct node *object, size_t *len);
/* A copy of one's own. */
struct doc *objects_get(const struct objects *objects, const char *storage, const char *namespace, const char *name);
/* Writes it with the next resourceVersion (set in `object`); adds it when it was not there. The document is kept:
 * nobody changes it from now on. */
void objects_put(struct objects *objects, const char *storage, struct doc *object);
/* Takes it away; the deletion has a version of its own. False when it was not there. */
bool objects_remove(struct objects *objects, const char *storage, const char *namespace, const char *name);

/* In the order of namespace and name; `namespace` NULL: all. The object is borrowed for the call. False ends the
 * walk. */
typedef bool objects_each_fn(void *ctx, const struct node *object);
void objects_each(const struct objects *objects, const char *storage, const char *namespace, objects_each_fn *each,
                  void *ctx);

/* The same as it was at `version`: what changed later is shown as it was, what came later is not. False when `version`
 * is older than objects_oldest. */
bool objects_each_at(const struct objects *objects, const char *storage, const char *namespace, int64_t version,
                     objects_each_fn *each, void *ctx);
/* How many objects_each would show. */
size_t objects_count(const struct objects *objects, const char *storage, const char *namespace);

enum objects_change { OBJECTS_ADDED, OBJECTS_MODIFIED, OBJECTS_DELETED };
/* "added", "modified", "deleted" */
const char *objects_change_name(enum objects_change change);
struct objects_event {
    enum objects_change change;
    int64_t version;
    const char *storage;
    const struct node *object, *before; /* before: NULL when added */
    const char *text;                   /* `object` as compact JSON */
    size_t text_len;
};
/* Called after each change, in order, from inside objects_put and objects_remove: it must only take note. */
typedef void objects_listen_fn(void *ctx, const struct objects_event *event);
void objects_listen(struct objects *objects, objects_listen_fn *listen, void *ctx);
/* The same of one storage alone. */
void objects_listen_to(struct objects *objects, const char *storage, objects_listen_fn *listen, void *ctx);
void objects_unlisten(struct objects *objects, objects_listen_fn *listen, void *ctx);
/* The history of one storage after `version`, in order. False when `version` is older than objects_oldest. */
bool objects_replay(const struct objects *objects, const char *storage, int64_t version, objects_listen_fn *listen,
                    void *ctx);
