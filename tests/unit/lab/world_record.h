/* What the releases of a random world have on record, and that nothing of it is done twice (see world.h). */
#pragma once

/* --- once --- */

/* The holder of the Lease does a thing once; the next one, whatever became of the last, repeats what it finds no answer
 * to. */
static inline void note_deed(struct world *w, const char *key)
{
    for (size_t i = 0; i < w->deed_count; i++) {
        struct deed *known = &w->deeds[i];
        if (strcmp(known->key, key) == 0) {
            if (known->term == w->term) {
                broken(w, "%s came twice, though the Lease has come to no other engine between", key);
            }
            known->term = w->term;
            return;
        }
    }
    w->deeds = mem_resize(w->deeds, (w->deed_count + 1) * sizeof w->deeds[0]);
    w->deeds[w->deed_count++] = (struct deed){.key = str_dup(key), .term = w->term};
}

static inline void forget_deeds(struct world *w)
{
    for (size_t i = 0; i < w->deed_count; i++) {
        str_free(&w->deeds[i].key);
    }
    mem_free(w->deeds);
}

/* --- the record --- */

static inline const char *record_state(const struct record *record)
{
    return node_str_or(node_get(doc_root(record->status), "state"), "Running");
}

static inline bool record_is_open(const struct record *record)
{
    const char *state = record_state(record);
    return record->uid != NULL && (strcmp(state, "Running") == 0 || strcmp(state, "RollingBack") == 0);
}

static inline void record_fini(struct record *record)
{
    str_free(&record->uid);
    doc_free(record->status);
    str_list_fini(&record->pending);
    str_list_fini(&record->settled);
}

static inline void record_begin(struct record *record, const char *uid)
{
    struct str_list settled = record->settled;
    record->settled = (struct str_list){0};
    for (size_t i = 0; i < record->pending.count; i++) { /* who replaces a release goes on with nothing of it */
        str_list_push(&settled, record->pending.items[i]);
    }
    record_fini(record);
    *record = (struct record){.uid = str_dup(uid), .settled = settled, .peak = -1};
}

/* Words on record, repeats counted: `s` entries that were seen `n` times in a row are one segment. */
static inline int64_t words_of(const struct node *status)
{
    int64_t words = 0;
    struct node_iter it = node_iterate(node_get(status, "entries"));
    while (node_next(&it)) {
        words += 1 + (node_int_or(node_get(it.value, "n"), 1) - 1) * node_int_or(node_get(it.value, "s"), 1);
    }
    return words;
}

static inline void list_keys(const struct node *effects, struct str_list *keys)
{
    struct node_iter it = node_iterate(effects);
    while (node_type(effects) == NODE_ARRAY && node_next(&it)) {
        if (node_str(node_get(it.value, "key")) != NULL) {
            str_list_push(keys, node_str(node_get(it.value, "key")));
        }
    }
}

static inline struct str_list pending_of(const struct node *status)
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

static inline void check_record_grows(struct world *w, const struct node *before, const struct node *now)
{
    static const char *const counters[] = {"epoch", "serial"};
    for (size_t i = 0; i < 2; i++) {
        int64_t was = node_int_or(node_get(before, counters[i]), 0), is = node_int_or(node_get(now, counters[i]), 0);
        if (is < was || is > was + 1) {
            broken(w, "the record's %s went from %lld to %lld", counters[i], (long long)was, (long long)is);
        }
    }
    if (record_is_open(&w->record) && words_of(now) < words_of(before)) {
        broken(w, "the record went from %lld words to %lld", (long long)words_of(before), (long long)words_of(now));
    }
}

static inline void copy_keys(struct str_list *to, const struct str_list *from)
{
    for (size_t i = 0; i < from->count; i++) {
        str_list_push(to, from->items[i]);
    }
}

/* What the paused or resumed engine put on record itself. */
static inline void note_predecessor_record(struct world *w)
{
    struct record *known = &w->predecessor.record;
    if (w->predecessor.identity[0] == '\0' ||
        !node_is(node_get(doc_root(w->record.status), "holder"), w->predecessor.identity)) {
        return;
    }
    record_fini(known);
    *known = (struct record){.uid = str_dup(w->record.uid), .status = doc_copy(doc_root(w->record.status))};
    copy_keys(&known->pending, &w->record.pending);
    copy_keys(&known->settled, &w->record.settled);
}

/* A list of effects that has its answer, or whose word has ended, is done. */
static inline void note_record(struct world *w, const struct node *status)
{
    struct record *record = &w->record;
    struct doc *now = doc_copy(status);
    struct str_list pending = pending_of(status);
    for (size_t i = 0; i < record->pending.count; i++) {
        if (!str_list_has(&pending, record->pending.items[i])) {
            str_list_push(&record->settled, record->pending.items[i]);
        }
    }
    str_list_fini(&record->pending);
    record->pending = pending;
    struct doc *before = record->status;
    record->status = now;
    check_record_grows(w, doc_root(before), doc_root(now));
    doc_free(before);
    note_predecessor_record(w);
}

/* --- deliveries --- */

static inline bool is_of(const struct str_list *keys, const char *key)
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
static inline bool is_hook_answered(const struct node *status, const char *name)
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

static inline bool is_hook_intended(const struct node *status, const char *type)
{
    struct node_iter it = node_iterate(node_get(status, "open"));
    while (node_next(&it)) {
        if (node_is(node_at(it.value, "i", "type"), type)) {
            return true;
        }
    }
    return false;
}

/* <release>/<word>/<type>/<hook>. What only asks (gates, rollback, the checks of a round) is put on record with the
 * answer. */
static inline void check_hook(struct world *w, const struct record *record, const char *key, long long word,
                              const char *type, const char *name)
{
    const struct node *status = doc_root(record->status);
    int64_t words = words_of(status);
    bool delivers = strcmp(type, "pre-rollout") == 0 || strcmp(type, "post-rollout") == 0;
    if (word <= words || (word == words + 1 && is_hook_answered(status, name))) {
        broken(w, "hook %s was called, though its answer is on record", key);
    } else if (delivers && (word != words + 1 || !is_hook_intended(status, type))) {
        broken(w, "hook %s was called before that was on record", key);
    }
}

static inline void check_delivery(struct world *w, const struct record *record, const char *key)
{
    size_t len = strcspn(key, "/");
    char type[32], name[32];
    long long word;
    if (is_of(&record->settled, key)) {
        broken(w, "%s was sent, though it is on record as done", key);
    } else if (record->uid == NULL || strncmp(key, record->uid, len) != 0 || !record_is_open(record)) {
        broken(w, "%s was sent for a release that is over", key);
    } else if (sscanf(key + len, "/%lld/%31[a-z-]/%31s", &word, type, name) == 3) {
        check_hook(w, record, key, word, type, name);
    } else if (!is_of(&record->pending, key)) {
        broken(w, "%s was sent before it was on record", key);
    }
}

/* `stale`: sent by an engine that was paused while it lost its Lease. Once it may carry out what it had just put on
 * record; then it knows of the loss. */
static inline void note_delivery(struct world *w, const char *key, bool stale)
{
    if (!stale) {
        note_deed(w, key);
        check_delivery(w, &w->record, key);
        return;
    }
    tell(w, "%s sends %s, though it has lost the Lease", w->predecessor.identity, key);
    if (++w->predecessor.deliveries > 1) {
        broken(w, "%s goes on though it has lost the Lease", w->predecessor.identity);
    }
    check_delivery(w, &w->predecessor.record, key);
}

/* --- events --- */

/* Texts that end a list of effects, so that a release which tells them twice has done the whole list twice. */
static inline void note_telling(struct world *w, const char *message)
{
    static const char *const ends[] = {"Canary failed!", "Promotion completed!"};
    bool once = str_has_prefix(message, "Advance ") && strstr(message, " canary weight ") != NULL;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        once = once || str_has_prefix(message, ends[i]);
    }
    if (once && w->record.uid != NULL) {
        char *key = str_format("%s: %s", w->record.uid, message);
        note_deed(w, key);
        str_free(&key);
    }
}

/* --- scale and promotion --- */

static inline void note_scale(struct world *w, int64_t replicas)
{
    struct record *record = &w->record;
    if (record_is_open(record) && (replicas == 0) != (w->replicas == 0)) {
        int *count = replicas == 0 ? &record->downs : &record->ups;
        if (++*count > 1) {
            broken(w, "one release scaled the target %s twice", replicas == 0 ? "to zero" : "up");
        }
    }
    w->replicas = replicas;
}

static inline void note_promotion(struct world *w)
{
    if (++w->record.promotions > 1) {
        broken(w, "one release was promoted twice");
    }
}
