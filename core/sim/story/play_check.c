/* What a scenario expects, held against what came. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/story/play_inner.h"

/* --- how often an event was told --- */

struct play_tally {
    const struct scenario *scenario;
    int64_t **counts; /* by expectation and text */
};

struct play_tally *play_tally_new(const struct scenario *scenario)
{
    struct play_tally *tally = mem_new(struct play_tally);
    tally->scenario = scenario;
    tally->counts = mem_alloc_array(scenario->expectation_count, sizeof *tally->counts);
    for (size_t i = 0; i < scenario->expectation_count; i++) {
        tally->counts[i] = mem_alloc_array(scenario->expectations[i].event_count, sizeof **tally->counts);
    }
    return tally;
}

void play_tally_free(struct play_tally *tally)
{
    for (size_t i = 0; i < tally->scenario->expectation_count; i++) {
        mem_free(tally->counts[i]);
    }
    mem_free(tally->counts);
    mem_free(tally);
}

/* An Event is written once per time it is told: repeated ones become a change of one object. */
void play_tally_note(struct play_tally *tally, const struct node *event)
{
    const struct node *involved = node_get(event, "involvedObject");
    const char *message = node_str_or(node_get(event, "message"), "");
    if (!node_is(node_get(event, "kind"), "Event") || !node_is(node_get(involved, "kind"), "Canary")) {
        return;
    }
    char *canary = str_format("%s/%s", node_str_or(node_get(involved, "namespace"), ""),
                              node_str_or(node_get(involved, "name"), ""));
    for (size_t i = 0; i < tally->scenario->expectation_count; i++) {
        const struct scenario_expectation *expected = &tally->scenario->expectations[i];
        for (size_t j = 0; j < expected->event_count; j++) {
            if ((expected->canary == NULL || str_equal(expected->canary, canary)) &&
                strstr(message, expected->events[j].text) != NULL) {
                tally->counts[i][j]++;
            }
        }
    }
    str_free(&canary);
}

/* --- what is wrong --- */

struct check {
    const struct play *play;
    const struct scenario_expectation *expected;
    struct str_list *wrong, *met; /* met may be NULL */
    size_t canaries;
};

static void complain(const struct check *check, const struct node *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void complain(const struct check *check, const struct node *field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *problem = str_format_v(format, args);
    va_end(args);
    char *place = form_place(&check->play->scenario->form, field);
    char *line = str_format("%s: %s", place, problem);
    str_list_push(check->wrong, line);
    str_free(&line);
    str_free(&place);
    str_free(&problem);
}

static void approve(const struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void approve(const struct check *check, const char *format, ...)
{
    if (check->met == NULL) {
        return;
    }
    va_list args;
    va_start(args, format);
    char *line = str_format_v(format, args);
    va_end(args);
    str_list_push(check->met, line);
    str_free(&line);
}

static void check_primary(const struct check *check, const struct node *canary)
{
    const char *namespace = node_str_or(node_at(canary, "metadata", "namespace"), "");
    char *name = str_format("%s-primary", node_str_or(node_at(canary, "spec", "targetRef", "name"), ""));
    struct objects *objects = api_objects(cluster_api(check->play->cluster));
    struct doc *primary = objects_get(objects, "apps/deployments", namespace, name);
    const struct node *containers = node_at(doc_root(primary), "spec", "template", "spec", "containers");
    const char *image = node_str_or(node_get(node_item(containers, 0), "image"), "");
    if (primary == NULL) {
        complain(check, node_get(check->expected->node, "primary"), "there is no Deployment %s.%s, wanted one with %s",
                 name, namespace, check->expected->primary);
    } else if (!str_equal(image, check->expected->primary)) {
        complain(check, node_get(check->expected->node, "primary"), "%s.%s has %s, wanted %s", name, namespace, image,
                 check->expected->primary);
    } else {
        approve(check, "%s.%s has %s", name, namespace, image);
    }
    doc_free(primary);
    str_free(&name);
}

static bool check_canary(void *ctx, const struct node *canary)
{
    struct check *check = ctx;
    const struct scenario_expectation *expected = check->expected;
    const char *namespace = node_str_or(node_at(canary, "metadata", "namespace"), "");
    const char *name = node_str_or(node_at(canary, "metadata", "name"), "");
    const char *phase = node_str_or(node_at(canary, "status", "phase"), "in no phase");
    int64_t weight = node_int_or(node_at(canary, "status", "canaryWeight"), 0);
    if (!play_is_canary(canary, expected->canary)) {
        return true;
    }
    check->canaries++;
    if (expected->phase != NULL && !str_equal(phase, expected->phase)) {
        complain(check, node_get(expected->node, "phase"), "Canary %s.%s is %s, wanted %s", name, namespace, phase,
                 expected->phase);
    } else if (expected->phase != NULL) {
        approve(check, "Canary %s.%s is %s", name, namespace, phase);
    }
    if (expected->weight >= 0 && weight != expected->weight) {
        complain(check, node_get(expected->node, "weight"), "Canary %s.%s has %lld, wanted %lld", name, namespace,
                 (long long)weight, (long long)expected->weight);
    } else if (expected->weight >= 0) {
        approve(check, "Canary %s.%s has the weight %lld", name, namespace, (long long)weight);
    }
    if (expected->primary != NULL) {
        check_primary(check, canary);
    }
    return true;
}

static void approve_events(const struct check *check, const struct scenario_events *events, int64_t count)
{
    char *times = count == 0   ? str_dup("never came")
                  : count == 1 ? str_dup("came once")
                               : str_format("came %lld times", (long long)count);
    approve(check, "\"%s\" %s", events->text, times);
    str_free(&times);
}

static void check_events(const struct check *check, const int64_t *counts)
{
    for (size_t i = 0; i < check->expected->event_count; i++) {
        const struct scenario_events *events = &check->expected->events[i];
        if (counts[i] >= events->min && counts[i] <= events->max) {
            approve_events(check, events, counts[i]);
            continue;
        }
        const char *bound = events->min == events->max ? "exactly" : counts[i] < events->min ? "at least" : "at most";
        complain(check, events->node, "\"%s\" came %lld times, wanted %s %lld", events->text, (long long)counts[i],
                 bound, (long long)(counts[i] < events->min ? events->min : events->max));
    }
}

void play_check(const struct play *play, struct str_list *wrong, struct str_list *met)
{
    const struct objects *objects = api_objects(cluster_api(play->cluster));
    for (size_t i = 0; i < play->scenario->expectation_count; i++) {
        struct check check = {.play = play, .expected = &play->scenario->expectations[i], .wrong = wrong, .met = met};
        bool wants_canary =
            check.expected->phase != NULL || check.expected->weight >= 0 || check.expected->primary != NULL;
        objects_each(objects, "flagger.app/canaries", NULL, check_canary, &check);
        if (wants_canary && check.canaries == 0) {
            complain(&check, check.expected->node, "there is no Canary %s",
                     check.expected->canary != NULL ? check.expected->canary : "at all");
        }
        check_events(&check, play->tally->counts[i]);
    }
}
