#include "sim/ground/behaviour.h"

#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/mem.h"

#define ANNOTATION "sluice.dev/demo-"
#define NS_PER_MS INT64_C(1000000)

struct entry {
    char *image;
    struct behaviour behaviour;
};

struct behaviours {
    struct entry *entries;
    size_t count;
};

static const struct behaviour usual = {.errors = 0, .latency_ms = 5, .latency_p99_ms = 20, .ready_ms = 1000};

struct behaviours *behaviours_new(void)
{
    return mem_new(struct behaviours);
}

void behaviours_free(struct behaviours *behaviours)
{
    if (behaviours == NULL) {
        return;
    }
    for (size_t i = 0; i < behaviours->count; i++) {
        str_free(&behaviours->entries[i].image);
    }
    mem_free(behaviours->entries);
    mem_free(behaviours);
}

void behaviours_set(struct behaviours *behaviours, const char *image, const struct behaviour *behaviour)
{
    for (size_t i = 0; i < behaviours->count; i++) {
        if (str_equal(behaviours->entries[i].image, image)) {
            behaviours->entries[i].behaviour = *behaviour;
            return;
        }
    }
    size_t size = (behaviours->count + 1) * sizeof(struct entry);
    behaviours->entries = mem_resize(behaviours->entries, size);
    behaviours->entries[behaviours->count++] = (struct entry){.image = str_dup(image), .behaviour = *behaviour};
}

/* The longest ending says most: "example.com/podinfo:1" goes before "podinfo:1". */
const struct behaviour *behaviours_find(const struct behaviours *behaviours, const char *image)
{
    const struct entry *best = NULL;
    for (size_t i = 0; behaviours != NULL && image != NULL && i < behaviours->count; i++) {
        const struct entry *entry = &behaviours->entries[i];
        if (str_has_suffix(image, entry->image) && (best == NULL || strlen(entry->image) > strlen(best->image))) {
            best = entry;
        }
    }
    return best != NULL ? &best->behaviour : &usual;
}

struct behaviour behaviours_of_pod(const struct behaviours *behaviours, const struct node *pod)
{
    const struct node *container = node_item(node_at(pod, "spec", "containers"), 0);
    struct behaviour behaviour = *behaviours_find(behaviours, node_str_or(node_get(container, "image"), ""));
    struct behaviour_change change = behaviour_read(node_at(pod, "metadata", "annotations"), NULL);
    behaviour_apply(&behaviour, &change);
    return behaviour;
}

/* --- changes --- */

void behaviour_apply(struct behaviour *behaviour, const struct behaviour_change *change)
{
    const struct behaviour *to = &change->to;
    behaviour->errors = change->said & BEHAVIOUR_ERRORS ? to->errors : behaviour->errors;
    behaviour->latency_ms = change->said & BEHAVIOUR_LATENCY ? to->latency_ms : behaviour->latency_ms;
    behaviour->latency_p99_ms = change->said & BEHAVIOUR_P99 ? to->latency_p99_ms : behaviour->latency_p99_ms;
    behaviour->ready_ms = change->said & BEHAVIOUR_READY ? to->ready_ms : behaviour->ready_ms;
    if (behaviour->latency_p99_ms >= behaviour->latency_ms) {
        return;
    }
    if (change->said & BEHAVIOUR_P99) {
        behaviour->latency_ms = behaviour->latency_p99_ms;
    } else {
        behaviour->latency_p99_ms = behaviour->latency_ms;
    }
}

bool behaviour_change_equal(const struct behaviour_change *a, const struct behaviour_change *b)
{
    return a->said == b->said && a->to.errors == b->to.errors && a->to.latency_ms == b->to.latency_ms &&
           a->to.latency_p99_ms == b->to.latency_p99_ms && a->to.ready_ms == b->to.ready_ms;
}

static bool read_share(const char *text, double *out)
{
    char *end;
    double percent = strtod(text, &end);
    *out = percent / 100;
    return end != text && strcmp(end, "%") == 0 && percent >= 0 && percent <= 100;
}

static bool read_duration(const char *text, int64_t *ms)
{
    int64_t ns;
    struct err ignored;
    bool ok = duration_parse(text, &ns, &ignored) && ns >= 0;
    *ms = ok ? ns / NS_PER_MS : 0;
    return ok;
}

static bool read_latency(const char *text, double *out)
{
    int64_t ms;
    bool ok = read_duration(text, &ms);
    *out = (double)ms;
    return ok;
}

static bool read_one(const char *name, const char *text, struct behaviour_change *change)
{
    unsigned said = 0;
    if (strcmp(name, "errors") == 0) {
        said = read_share(text, &change->to.errors) ? BEHAVIOUR_ERRORS : 0;
    } else if (strcmp(name, "latency") == 0) {
        said = read_latency(text, &change->to.latency_ms) ? BEHAVIOUR_LATENCY : 0;
    } else if (strcmp(name, "p99") == 0) {
        said = read_latency(text, &change->to.latency_p99_ms) ? BEHAVIOUR_P99 : 0;
    } else if (strcmp(name, "ready") == 0 && strcmp(text, "never") == 0) {
        change->to.ready_ms = -1;
        said = BEHAVIOUR_READY;
    } else if (strcmp(name, "ready") == 0) {
        said = read_duration(text, &change->to.ready_ms) ? BEHAVIOUR_READY : 0;
    }
    change->said |= said;
    return said != 0;
}

static char *refusal(const char *name, const char *text)
{
    static const char *const wanted[][2] = {{"errors", "a share such as 5%"},
                                            {"latency", "a duration such as 20ms"},
                                            {"p99", "a duration such as 80ms"},
                                            {"ready", "a duration such as 4s, or never"}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (strcmp(name, wanted[i][0]) == 0) {
            return str_format(ANNOTATION "%s: \"%s\", wanted %s", name, text, wanted[i][1]);
        }
    }
    return str_format(ANNOTATION "%s: unknown, known are " ANNOTATION "errors, -latency, -p99 and -ready", name);
}

struct behaviour_change behaviour_read(const struct node *annotations, struct str_list *wrong)
{
    struct behaviour_change change = {0};
    struct node_iter it = node_iterate(annotations);
    while (node_next(&it)) {
        const char *text = node_str_or(it.value, "");
        bool is_read = !str_has_prefix(it.key, ANNOTATION) || read_one(it.key + strlen(ANNOTATION), text, &change);
        if (!is_read && wrong != NULL) {
            char *line = refusal(it.key + strlen(ANNOTATION), text);
            str_list_push(wrong, line);
            mem_free(line);
        }
    }
    return change;
}
