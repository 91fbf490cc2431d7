// room: lab
// mutants: 30
/* Records of releases that an engine began, changed at random, and given to a new engine with all that was in the
 * cluster. What must hold: it lives on, and the release goes on, ends, or is ended as one that breaks a rule. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "base/yaml.h"
#include "dice.h"
#include "io/file.h"
#include "io/virtual_clock.h"
#include "lab/stage.h"
#include "release/release.h"

#define BEGIN_MS INT64_C(1773216907000)

enum { FILE_MAX = 4 << 20, PLAYED_MS = 60 * 60 * 1000, EDITS_MAX = 4, DEPTH_MAX = 6 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const records[] = {
    "records/words-1-canary-promoted-2.yaml",     "records/words-1-canary-taken-back-2.yaml",
    "records/words-1-ab-test-promoted-2.yaml",    "records/words-1-blue-green-promoted-2.yaml",
    "records/words-1-strategy-promoted-1.yaml",   "records/words-1-strategy-promoted-3.yaml",
    "records/words-1-strategy-taken-back-2.yaml",
};

/* The objects, and when the engine that wrote them had died. */
static struct doc *read_record(const char *path, int64_t *at_ms)
{
    struct err err = {0};
    struct buf text;
    buf_init(&text, FILE_MAX);
    long long ms = 0;
    if (!file_read_regular(path, &text, &err) || sscanf(buf_str(&text), "# at %lld ms", &ms) != 1) {
        fprintf(stderr, "%s: no record (this target runs in tests)\n", path);
        abort();
    }
    *at_ms = ms;
    struct doc *objects = yaml_parse_all(path, buf_str(&text), text.len, &err);
    assert(objects != NULL);
    buf_fini(&text);
    return objects;
}

/* --- changes --- */

static struct node_iter child(struct dice *dice, struct node *n)
{
    struct node_iter it = node_iterate(n);
    for (unsigned skip = dice_throw(dice, (unsigned)node_count(n)); skip > 0 && node_next(&it);) {
        skip--;
    }
    node_next(&it);
    return it;
}

static void change_list(struct dice *dice, struct doc *doc, struct node *list, size_t index)
{
    switch (dice_throw(dice, 3)) {
    case 0:
        node_remove_item(list, index);
        break;
    case 1:
        node_insert(list, index, node_copy(doc, node_item(list, index)));
        break;
    default:
        node_remove_item(list, index);
        node_insert(list, index, dice_value(dice, doc, 2));
    }
}

static void change_object(struct dice *dice, struct doc *doc, struct node *object, const char *key)
{
    char *name = str_dup(key);
    struct node *value = dice_throw(dice, 4) == 0 ? NULL : dice_value(dice, doc, 2);
    node_remove(object, name);
    node_set(doc, object, name, value);
    str_free(&name);
}

/* Something below `n` becomes something else, is gone, or is there twice. */
static void change(struct dice *dice, struct doc *doc, struct node *n)
{
    for (int depth = 0; node_count(n) > 0; depth++) {
        struct node_iter it = child(dice, n);
        bool is_leaf = node_count(it.value) == 0;
        if (is_leaf || depth == DEPTH_MAX || dice_throw(dice, 4) == 0) {
            if (node_type(n) == NODE_ARRAY) {
                change_list(dice, doc, n, it.index);
            } else {
                change_object(dice, doc, n, it.key);
            }
            return;
        }
        n = it.value;
    }
}

static struct node *release_of(const struct doc *objects)
{
    struct node_iter it = node_iterate(doc_root(objects));
    while (node_next(&it) && !node_is(node_get(it.value, "kind"), "Release")) {
    }
    assert(it.value != NULL);
    return it.value;
}

/* --- the world --- */

static void on_changed(void *ctx)
{
}

static void put(struct stage *stage, const struct node *objects)
{
    struct node_iter it = node_iterate(objects);
    while (node_next(&it)) {
        struct err err = {0};
        const struct kind *kind = cluster_kind(stage->cluster, it.value, &err);
        assert(kind != NULL);
        struct doc *object = doc_copy(it.value);
        objects_put(api_objects(cluster_api(stage->cluster)), kind->storage, object);
        doc_free(object);
    }
}

static void expect_sound(struct stage *stage, const struct node *release)
{
    static const char *const states[] = {RELEASE_RUNNING,    RELEASE_ROLLING_BACK, RELEASE_SUCCEEDED, RELEASE_FAILED,
                                         RELEASE_SUPERSEDED, RELEASE_STALLED,      RELEASE_HALTED};
    assert(stage->state == STAGE_READY);
    struct doc *now = objects_get(api_objects(cluster_api(stage->cluster)), "sluice.dev/releases", "test",
                                  node_str(node_at(release, "metadata", "name")));
    const char *state = node_str(node_at(doc_root(now), "status", "state"));
    /* one that nobody knows stays as it is */
    bool known = state == NULL || node_is(node_at(release, "status", "state"), state);
    for (size_t i = 0; state != NULL && i < sizeof states / sizeof states[0]; i++) {
        known = known || strcmp(state, states[i]) == 0;
    }
    assert(known);
    doc_free(now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    struct dice dice = {.bytes = data, .size = size};
    int64_t at_ms;
    struct doc *objects = read_record(DICE_PICK(&dice, records), &at_ms);
    struct node *release = release_of(objects);
    for (unsigned edits = dice_throw(&dice, EDITS_MAX + 1); edits > 0; edits--) {
        change(&dice, objects, node_get(release, dice_throw(&dice, 4) == 1 ? "spec" : "status"));
    }
    struct virtual_clock *time = virtual_clock_new(BEGIN_MS);
    struct stage stage;
    log_set_sink(log_drop, NULL);
    bool made = stage_init(&stage, virtual_clock_clock(time), 1, &err);
    assert(made);
    virtual_clock_run(time, at_ms);
    put(&stage, doc_root(objects));
    stage_start_engine(&stage, "engine", on_changed, NULL);
    virtual_clock_run(time, at_ms + PLAYED_MS);
    expect_sound(&stage, release);
    stage_kill_engine(&stage, false);
    stage_fini(&stage);
    virtual_clock_free(time);
    doc_free(objects);
    return 0;
}
