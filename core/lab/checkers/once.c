/* Once: what the record of a release says, and that nothing of it is done twice. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "lab/checkers/inner.h"

/* --- deeds --- */

/* The holder of the Lease does a thing once; the next one, whatever became of the last, repeats what it finds no answer
 * to. */
static void note_deed(struct checkers *checkers, const char *key, int times_allowed)
{
    for (size_t i = 0; i < checkers->deed_count; i++) {
        struct deed *known = &checkers->deeds[i];
        if (strcmp(known->key, key) == 0) {
            known->times = known->term == checkers->term ? known->times + 1 : 1;
            known->term = checkers->term;
            if (known->times > times_allowed) {
                checkers_break(checkers, CHECK_ONCE,
                               "%s came %d times, though the Lease has come to no other engine between", key,
                               known->times);
            }
            return;
        }
    }
    checkers->deeds = mem_resize(checkers->deeds, (checkers->deed_count + 1) * sizeof checkers->deeds[0]);
    checkers->deeds[checkers->deed_count++] = (struct deed){.key = str_dup(key), .term = checkers->term, .times = 1};
}

/* --- the record --- */

const char *once_state_of(const struct checked_release *release)
{
    return node_str_or(node_get(doc_root(release->status), "state"), "Running");
}

static bool is_open(const struct checked_release *release)
{
    const char *state = once_state_of(release);
    return release->uid != NULL && (strcmp(state, "Running") == 0 || strcmp(state, "RollingBack") == 0);
}

bool checked_has_release(const struct checked *canary)
{
    return is_open(&canary->release);
}

void once_fini(struct checked_release *release)
{
    str_free(&release->uid);
    doc_free(release->status);
    str_list_fini(&release->pending);
    str_list_fini(&release->settled);
}

static void copy_keys(struct str_list *to, const struct str_list *from)
{
    for (size_t i = 0; i < from->count; i++) {
        str_list_push(to, from->items[i]);
    }
}

/* A release that replaces another one goes on with nothing of it. */
static void begin(struct checked_release *release, const char *uid)
{
    struct str_list settled = release->settled;
    release->settled = (struct str_list){0};
    copy_keys(&settled, &release->pending);
    once_fini(release);
    *release = (struct checked_release){.uid = str_dup(uid), .settled = settled, .peak = -1};
}

/* Words on record, repeats counted: `s` entries that were seen `n` times in a row are one segment. */
static int64_t words_of(const struct node *status)
{
    int64_t words = 0;
    struct node_iter it = node_iterate(node_get(status, "entries"));
    while (node_next(&it)) {
        words += 1 + (node_int_or(node_get(it.value, "n"), 1) - 1) * node_int_or(node_get(it.value, "s"), 1);
    }
    return words;
}

static void list_keys(const struct node *effects, struct str_list *keys)
{
    struct node_iter it = node_iterate(effects);
    while (node_type(effects) == NODE_ARRAY && node_next(&it)) {
        if (node_str(node_get(it.value, "key")) != NULL) {
            str_list_push(keys, node_str(node_get(it.value, "key")));
        }
    }
}

static struct str_list pending_of(const struct node *status)
{
    struct str_list keys = {0};
    struct node_iter it = node_iterate(node_get(status, "open"));
    while (node_next(&it)) {
        if (node_get(it.value, "r") == NULL) {
            list_keys(node_get(it.value, "i"), &keys);
        }
    }
    list_keys(node_get(status, "ending"), &keys);
    return keys;
}

bool once_was_acting(const struct checked_release *release)
{
    bool acting = node_get(doc_root(release->status), "ending") != NULL;
    struct node_iter it = node_iterate(node_get(doc_root(release->status), "open"));
    while (!acting && node_next(&it)) {
        acting = node_get(it.value, "r") == NULL && node_type(node_get(it.value, "i")) == NODE_ARRAY;
    }
    return acting;
}

static void check_record_grows(struct checkers *checkers, const struct checked_release *release,
                               const struct node *before, const struct node *now)
{
    static const char *const counters[] = {"epoch", "serial"};
    for (size_t i = 0; i < 2; i++) {
        int64_t was = node_int_or(node_get(before, counters[i]), 0), is = node_int_or(node_get(now, counters[i]), 0);
        if (is < was || is > was + 1) {
            checkers_break(checkers, CHECK_ONCE, "the record's %s went from %lld to %lld", counters[i], (long long)was,
                           (long long)is);
        }
    }
    if (is_open(release) && words_of(now) < words_of(before)) {
        checkers_break(checkers, CHECK_ONCE, "the record went from %lld words to %lld", (long long)words_of(before),
                       (long long)words_of(now));
    }
}

/* What an engine that knows no more than this goes by. */
static void copy_record(struct checked_release *to, const struct checked_release *from)
{
    once_fini(to);
    *to = (struct checked_release){.uid = str_dup(from->uid), .status = doc_copy(doc_root(from->status)), .peak = -1};
    copy_keys(&to->pending, &from->pending);
    copy_keys(&to->settled, &from->settled);
}

/* What the paused or resumed engine put on record itself. */
static void note_holder(struct checkers *checkers, struct checked *canary)
{
    const struct checked_release *release = &canary->release;
    if (checkers->paused == NULL || !node_is(node_get(doc_root(release->status), "holder"), checkers->paused)) {
        return;
    }
    copy_record(&canary->of_paused, release);
}

/* A list of effects that has its answer, or whose word has ended, is done. */
static void note_status(struct checkers *checkers, struct checked *canary, const struct node *status)
{
    struct checked_release *release = &canary->release;
    struct str_list pending = pending_of(status);
    for (size_t i = 0; i < release->pending.count; i++) {
        if (!str_list_has(&pending, release->pending.items[i])) {
            str_list_push(&release->settled, release->pending.items[i]);
        }
    }
    str_list_fini(&release->pending);
    release->pending = pending;
    struct doc *before = release->status;
    release->status = doc_copy(status);
    check_record_grows(checkers, release, doc_root(before), doc_root(release->status));
    doc_free(before);
    note_holder(checkers, canary);
}

void once_note(struct checkers *checkers, struct checked *canary, const struct objects_event *event)
{
    const char *name = node_str_or(node_at(event->object, "metadata", "name"), "");
    const char *uid = node_str_or(node_at(event->object, "metadata", "uid"), "");
    if (event->change == OBJECTS_ADDED) {
        if (is_open(&canary->release)) {
            checkers_break(checkers, CHECK_ONCE, "Release %s is created beside an open one", name);
        }
        begin(&canary->release, uid);
        if (checkers->is_learning) { /* otherwise a new Release has no status */
            note_status(checkers, canary, node_get(event->object, "status"));
        }
    } else if (str_equal(uid, canary->release.uid)) {
        note_status(checkers, canary, node_get(event->object, "status"));
    } else {
        checkers_break(checkers, CHECK_ONCE, "Release %s is written, though another one took its place", name);
    }
}

void once_note_gone(struct checked *canary, const struct node *object)
{
    if (str_equal(node_str(node_at(object, "metadata", "uid")), canary->release.uid)) {
        copy_record(&canary->deleted, &canary->release);
        begin(&canary->release, NULL);
    }
}

/* A release counts from zero, and so does one that takes the place of another in mid-run. */
void once_note_failed_checks(struct checkers *checkers, struct checked *canary, const struct node *now,
                             const struct node *before)
{
    int64_t failed = node_int_or(node_get(now, "failedChecks"), 0);
    bool begins = failed == 0 && !canary->release.has_counted;
    bool same_phase = node_equal(node_get(now, "phase"), node_get(before, "phase"));
    if (failed < canary->failed_checks && !begins && (failed != 0 || same_phase)) {
        checkers_break(checkers, CHECK_WRITES, "failedChecks went from %lld to %lld in the middle of a release",
                       (long long)canary->failed_checks, (long long)failed);
    }
    canary->release.has_counted = canary->release.has_counted || failed > canary->failed_checks;
    canary->failed_checks = failed;
}

/* --- deliveries --- */

/* The key of each delivery begins with the uid of its release. */
static bool is_by(const struct checked_release *release, const char *key)
{
    size_t len = strcspn(key, "/");
    return release->uid != NULL && strlen(release->uid) == len && strncmp(key, release->uid, len) == 0;
}

static bool is_of(const struct str_list *keys, const char *key)
{
    for (size_t i = 0; i < keys->count; i++) {
        size_t len = strlen(keys->items[i]);
        if (strncmp(key, keys->items[i], len) == 0 && (key[len] == '\0' || key[len] == '/')) {
            return true;
        }
    }
    return false;
}

/* In the word in progress each operation has an answer of its own: which hooks were called, and what they said. */
static bool is_hook_answered(const struct node *status, const char *name)
{
    struct node_iter it = node_iterate(node_get(status, "open"));
    while (node_next(&it)) {
        struct node_iter result = node_iterate(node_get(it.value, "r"));
        while (node_is(node_get(it.value, "o"), "hooks") && node_next(&result)) {
            if (node_is(node_get(result.value, "name"), name)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_hook_intended(const struct node *status, const char *type)
{
    struct node_iter it = node_iterate(node_get(status, "open"));
    while (node_next(&it)) {
        if (node_is(node_at(it.value, "i", "type"), type)) {
            return true;
        }
    }
    return false;
}

/* <release>/<word>/<type>/<hook>. What only asks (gates, rollback) is put on record with the answer. */
static void check_hook(struct checkers *checkers, const struct checked_release *release, const char *key, int64_t word,
                       const char *type, const char *name)
{
    const struct node *status = doc_root(release->status);
    int64_t words = words_of(status);
    bool delivers =
        strcmp(type, "pre-rollout") == 0 || strcmp(type, "rollout") == 0 || strcmp(type, "post-rollout") == 0;
    if (word <= words || (word == words + 1 && is_hook_answered(status, name))) {
        checkers_break(checkers, CHECK_ONCE, "hook %s was called, though its answer is on record", key);
    } else if (delivers && (word != words + 1 || !is_hook_intended(status, type))) {
        checkers_break(checkers, CHECK_ONCE, "hook %s was called before that was on record", key);
    }
}

static void check_delivery(struct checkers *checkers, const struct checked_release *release, const char *key)
{
    size_t len = strcspn(key, "/");
    char type[32], name[64];
    long long word;
    if (is_of(&release->settled, key)) {
        checkers_break(checkers, CHECK_ONCE, "%s was sent, though it is on record as done", key);
    } else if (!is_by(release, key) || !is_open(release)) {
        checkers_break(checkers, CHECK_ONCE, "%s was sent for a release that is over", key);
    } else if (sscanf(key + len, "/%lld/%31[a-z-]/%63s", &word, type, name) == 3) {
        check_hook(checkers, release, key, word, type, name);
    } else if (!is_of(&release->pending, key)) {
        checkers_break(checkers, CHECK_ONCE, "%s was sent before it was on record", key);
    }
}

/* NULL: of no release that is known. */
static struct checked *sender_of(struct checkers *checkers, const char *key)
{
    for (size_t i = 0; i < checkers->count; i++) {
        struct checked *canary = &checkers->canaries[i];
        if (is_by(&canary->release, key) || is_by(&canary->deleted, key) || is_of(&canary->release.settled, key)) {
            return canary;
        }
    }
    return checkers->count == 1 ? &checkers->canaries[0] : NULL;
}

/* <canary>/request/<id>, <canary>/pause/<when>/<hash>: of what a person asks, with a release or without one. */
static bool is_of_person(const char *key)
{
    const char *rest = key + strcspn(key, "/");
    return str_has_prefix(rest, "/request/") || str_has_prefix(rest, "/pause/");
}

void checkers_note_delivery(struct checkers *checkers, const char *key)
{
    if (is_of_person(key)) {
        note_deed(checkers, key, 1);
        return;
    }
    struct checked *canary = sender_of(checkers, key);
    if (canary == NULL) {
        checkers_break(checkers, CHECK_ONCE, "%s was sent for a release that is over", key);
        return;
    }
    note_deed(checkers, key, 1 + canary->retries);
    check_delivery(checkers, is_by(&canary->deleted, key) ? &canary->deleted : &canary->release, key);
}

void checkers_note_pause(struct checkers *checkers, const char *identity)
{
    str_free(&checkers->paused);
    checkers->paused = str_dup(identity);
    checkers->stale_deliveries = 0;
    for (size_t i = 0; i < checkers->count; i++) {
        note_holder(checkers, &checkers->canaries[i]);
    }
}

void checkers_note_stale_delivery(struct checkers *checkers, const char *key)
{
    if (++checkers->stale_deliveries > 1) {
        checkers_break(checkers, CHECK_ONCE, "%s goes on though it has lost the Lease", checkers->paused);
    }
    if (is_of_person(key)) {
        return;
    }
    for (size_t i = 0; i < checkers->count; i++) {
        const struct checked_release *release = &checkers->canaries[i].of_paused;
        if (checkers->count == 1 || is_by(release, key)) {
            check_delivery(checkers, release, key);
        }
    }
}

/* --- what is told, scaled and promoted --- */

/* Texts that end a list of effects, so that a release which tells them twice has done the whole list twice. */
void once_note_told(struct checkers *checkers, struct checked *canary, const char *message)
{
    static const char *const ends[] = {"Canary failed!", "Promotion completed!"};
    bool is_step = str_has_prefix(message, "Advance ") && strstr(message, " canary weight ") != NULL;
    bool once = is_step && !canary->is_about_others;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        once = once || str_has_prefix(message, ends[i]);
    }
    if (once && canary->release.uid != NULL) {
        char *key = str_format("%s: %s", canary->release.uid, message);
        note_deed(checkers, key, 1);
        str_free(&key);
    }
}

void once_note_scale(struct checkers *checkers, struct checked *canary, int64_t replicas)
{
    struct checked_release *release = &canary->release;
    if (is_open(release) && (replicas == 0) != (canary->replicas == 0)) {
        int *count = replicas == 0 ? &release->downs : &release->ups;
        if (++*count > 1) {
            checkers_break(checkers, CHECK_WRITES, "one release scaled the target %s twice",
                           replicas == 0 ? "to zero" : "up");
        }
    }
    canary->replicas = replicas;
}

void once_note_promotion(struct checkers *checkers, struct checked *canary)
{
    if (++canary->release.promotions > 1) {
        checkers_break(checkers, CHECK_WRITES, "one release was promoted twice");
    }
}
