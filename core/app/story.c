#include "app/story.h"

#include <string.h>

#include "base/duration.h"
#include "base/mem.h"
#include "base/str.h"

enum { BAR_CELLS = 10 };

#define COMBINED "(combined from similar events): "

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define RESET "\033[0m"

struct story {
    struct cluster *cluster;
    FILE *out;
    bool colours;
    int64_t began_ms;
    int weight;    /* of the canary, per cent, as the routes have it; -1: none yet */
    bool is_blank; /* the last line */
};

static const char *paint(const struct story *s, const char *sequence)
{
    return s->colours ? sequence : "";
}

/* Minutes and seconds since the story began. */
static void print_time(struct story *s)
{
    int64_t seconds = (clock_wall_ms(cluster_clock(s->cluster)) - s->began_ms) / 1000;
    s->is_blank = false;
    fprintf(s->out, "%s%3lld:%02lld%s  ", paint(s, DIM), (long long)(seconds / 60), (long long)(seconds % 60),
            paint(s, RESET));
}

/* How the traffic is divided at this moment, the canary's share filled. */
static void print_bar(struct story *s)
{
    int weight = s->weight > 0 ? s->weight : 0, filled = (weight * BAR_CELLS + 50) / 100;
    fprintf(s->out, "%s", paint(s, GREEN));
    for (int i = 0; i < BAR_CELLS; i++) {
        const char *cell = s->colours ? (i < filled ? "█" : "░") : (i < filled ? "#" : ".");
        fprintf(s->out, "%s", cell);
    }
    fprintf(s->out, "%s %3d%%", paint(s, RESET), weight);
}

static void print_event(struct story *s, const struct node *event)
{
    const char *type = node_str_or(node_get(event, "type"), "");
    const char *message = node_str_or(node_get(event, "message"), "");
    bool is_warning = strcmp(type, "Warning") == 0;
    if (str_has_prefix(message, COMBINED)) {
        message += strlen(COMBINED); /* the tenth and later ones share one object; here each is told */
    }
    print_time(s);
    print_bar(s);
    fprintf(s->out, "  %s%-7s%s  %s\n", paint(s, is_warning ? YELLOW : ""), type, paint(s, RESET), message);
}

/* The canary's share in the last route that names it; -1 without one. */
static int share_of(const struct node *virtual_service)
{
    int share = -1;
    struct node_iter route = node_iterate(node_at(virtual_service, "spec", "http"));
    while (node_next(&route)) {
        struct node_iter it = node_iterate(node_get(route.value, "route"));
        while (node_next(&it)) {
            if (str_has_suffix(node_str_or(node_at(it.value, "destination", "host"), ""), "-canary")) {
                share = (int)node_int_or(node_get(it.value, "weight"), 0);
            }
        }
    }
    return share;
}

static void on_change(void *ctx, const struct objects_event *event)
{
    struct story *s = ctx;
    if (event->change == OBJECTS_DELETED) {
        return;
    }
    const char *kind = node_str_or(node_get(event->object, "kind"), "");
    if (strcmp(kind, "Event") == 0 &&
        strcmp(node_str_or(node_at(event->object, "involvedObject", "kind"), ""), "Canary") == 0) {
        print_event(s, event->object);
    } else if (strcmp(kind, "VirtualService") == 0) {
        s->weight = share_of(event->object);
    }
}

struct story *story_new(struct cluster *cluster, FILE *out, bool colours)
{
    struct story *s = mem_new(struct story);
    s->cluster = cluster;
    s->out = out;
    s->colours = colours;
    s->began_ms = clock_wall_ms(cluster_clock(cluster));
    s->weight = -1;
    objects_listen(api_objects(cluster_api(cluster)), on_change, s);
    return s;
}

void story_free(struct story *s)
{
    objects_unlisten(api_objects(cluster_api(s->cluster)), on_change, s);
    mem_free(s);
}

void story_begin(struct story *s, const char *title, const char *description)
{
    fprintf(s->out, "%s%s%s\n\n", paint(s, BOLD), title, paint(s, RESET));
    if (!str_empty(description)) {
        fprintf(s->out, "%s%s", description, str_has_suffix(description, "\n") ? "\n" : "\n\n");
    }
    s->is_blank = true;
}

void story_say(struct story *s, const char *text)
{
    fprintf(s->out, "%s%s%s%s\n", s->is_blank ? "" : "\n", paint(s, BOLD), text, paint(s, RESET));
    s->is_blank = false;
}

void story_world(struct story *s, const char *text)
{
    print_time(s);
    print_bar(s);
    fprintf(s->out, "  %s%-7s%s  %s\n", paint(s, DIM), "World", paint(s, RESET), text);
}

static bool print_canary(void *ctx, const struct node *canary)
{
    struct story *s = ctx;
    const char *phase = node_str_or(node_at(canary, "status", "phase"), "");
    const char *colour = strcmp(phase, "Succeeded") == 0 ? GREEN : strcmp(phase, "Failed") == 0 ? RED : "";
    fprintf(s->out, "%-11s %-9s %s%-12s%s %-8lld %s\n", node_str_or(node_at(canary, "metadata", "namespace"), ""),
            node_str_or(node_at(canary, "metadata", "name"), ""), paint(s, colour), phase, paint(s, RESET),
            (long long)node_int_or(node_at(canary, "status", "canaryWeight"), 0),
            node_str_or(node_at(canary, "status", "lastTransitionTime"), ""));
    return true;
}

void story_canaries(struct story *s)
{
    const struct kind *kind = kinds_find(api_kinds(cluster_api(s->cluster)), "flagger.app", "v1beta1", "canaries");
    struct objects *objects = api_objects(cluster_api(s->cluster));
    fprintf(s->out, "%s$ kubectl get canaries --all-namespaces\n", s->is_blank ? "" : "\n");
    s->is_blank = false;
    if (objects_count(objects, kind->storage, NULL) == 0) {
        fprintf(s->out, "No resources found\n");
        return;
    }
    fprintf(s->out, "%-11s %-9s %-12s %-8s %s\n", "NAMESPACE", "NAME", "STATUS", "WEIGHT", "LASTTRANSITIONTIME");
    objects_each(objects, kind->storage, NULL, print_canary, s);
}
