/* What the checkers see: every change of an object, in the order in which the API server makes them. */
#include "lab/checkers/checkers.h"

#include <string.h>

#include "base/mem.h"
#include "lab/checkers/inner.h"

#define DEPLOYMENTS "apps/deployments"

/* --- the Canaries --- */

static char *primary_of(const struct checked *canary)
{
    return str_format("%s-primary", canary->target);
}

static void take_names(struct checked *canary, const struct node *spec)
{
    const char *target = node_str_or(node_at(spec, "targetRef", "name"), "");
    str_free(&canary->target);
    canary->target = str_dup(target);
    shares_add_service(canary, node_str_or(node_at(spec, "service", "name"), target));
}

/* Notes the Deployments that are there before their Canary. */
static void take_deployments(struct checkers *checkers, struct checked *canary)
{
    char *name = primary_of(canary);
    struct doc *target = checkers_object(checkers, DEPLOYMENTS, canary, canary->target);
    struct doc *primary = checkers_object(checkers, DEPLOYMENTS, canary, name);
    if (target != NULL) {
        shares_note_target(checkers, canary, doc_root(target));
    }
    shares_note_primary(checkers, canary, doc_root(primary));
    doc_free(target);
    doc_free(primary);
    str_free(&name);
}

static struct checked *add_canary(struct checkers *checkers, const char *namespace, const char *name)
{
    checkers->canaries = mem_resize(checkers->canaries, (checkers->count + 1) * sizeof checkers->canaries[0]);
    struct checked *canary = &checkers->canaries[checkers->count++];
    *canary =
        (struct checked){.namespace = str_dup(namespace), .name = str_dup(name), .least = 100, .release.peak = -1};
    return canary;
}

/* True when an edit leads other requests to the canary than before. Then the steps begin again: as in Flagger, or for
 * the safety of those requests. */
static bool is_about_others(const struct node *now, const struct node *before)
{
    return before != NULL && (!node_equal(node_get(now, "service"), node_get(before, "service")) ||
                              !node_equal(node_at(now, "analysis", "match"), node_at(before, "analysis", "match")));
}

static int retries_of(const struct node *spec)
{
    int64_t most = 0;
    struct node_iter it = node_iterate(node_at(spec, "analysis", "webhooks"));
    while (node_next(&it)) {
        int64_t retries = node_int_or(node_get(it.value, "retries"), 0);
        most = retries > most ? retries : most;
    }
    return (int)most;
}

static void note_canary(struct checkers *checkers, const struct objects_event *event, const char *namespace,
                        const char *name)
{
    const struct node *spec = node_get(event->object, "spec"), *status = node_get(event->object, "status");
    struct checked *canary = checkers_canary(checkers, namespace, name);
    canary = canary != NULL ? canary : add_canary(checkers, namespace, name);
    canary->is_gone = false;
    take_names(canary, spec);
    if (event->change == OBJECTS_ADDED) {
        take_deployments(checkers, canary);
    }
    canary->is_skipping = canary->is_skipping || node_bool_or(node_get(spec, "skipAnalysis"), false);
    canary->is_about_others = canary->is_about_others || is_about_others(spec, node_get(event->before, "spec"));
    canary->retries = retries_of(spec);
    str_copy(canary->phase, sizeof canary->phase, node_str_or(node_get(status, "phase"), ""));
    once_note_failed_checks(checkers, canary, status, node_get(event->before, "status"));
}

static void note_canary_gone(struct checked *canary)
{
    canary->phase[0] = '\0';
    canary->is_gone = true;
    canary->failed_checks = 0;
}

/* --- its objects --- */

static void note_deployment(struct checkers *checkers, struct checked *canary, const struct objects_event *event,
                            const char *name)
{
    char *primary = primary_of(canary);
    bool is_there = event->change != OBJECTS_DELETED;
    if (strcmp(name, primary) == 0) {
        shares_note_primary(checkers, canary, is_there ? event->object : NULL);
    } else if (strcmp(name, canary->target) == 0 && is_there) {
        shares_note_target(checkers, canary, event->object);
    }
    str_free(&primary);
}

/* A Strategy may say that its share is of other requests from now on: the steps begin again. */
static void note_overrides(struct checked *canary, const struct objects_event *event)
{
    const struct node *now = node_at(event->object, "status", "overrides");
    if (now != NULL && !node_equal(now, node_at(event->before, "status", "overrides"))) {
        canary->is_about_others = true;
        canary->release.peak = -1;
    }
}

static void note_object(struct checkers *checkers, struct checked *canary, const struct objects_event *event,
                        const char *kind, const char *name)
{
    bool is_there = event->change != OBJECTS_DELETED;
    if (strcmp(kind, "Deployment") == 0) {
        note_deployment(checkers, canary, event, name);
    } else if (strcmp(kind, "VirtualService") == 0) {
        shares_note_routes(checkers, canary, name, is_there ? event->object : NULL);
    } else if (strcmp(kind, "Release") == 0 && node_is(node_at(event->object, "spec", "canary"), canary->name)) {
        if (is_there) {
            once_note(checkers, canary, event);
            note_overrides(canary, event);
        } else {
            once_note_gone(canary, event->object);
        }
    } else if (strcmp(kind, "Event") == 0 && is_there) {
        const struct node *involved = node_get(event->object, "involvedObject");
        if (node_is(node_get(involved, "kind"), "Canary") && node_is(node_get(involved, "name"), canary->name)) {
            once_note_told(checkers, canary, node_str_or(node_get(event->object, "message"), ""));
        }
    }
}

/* Counts the holders of the Lease. An engine that is paused before it leads may be resumed, lead and lose the Lease;
 * only its successor in the Lease shows that it has ended. */
static void note_lease(struct checkers *checkers, const struct node *lease)
{
    const char *holder = node_str_or(node_at(lease, "spec", "holderIdentity"), "");
    if (holder[0] != '\0' && !str_equal(holder, checkers->holder)) { /* "": given back, maybe to be taken again */
        str_free(&checkers->holder);
        checkers->holder = str_dup(holder);
        checkers->term++;
    }
}

static void on_object(void *ctx, const struct objects_event *event)
{
    struct checkers *checkers = ctx;
    const struct node *metadata = node_get(event->object, "metadata");
    const char *kind = node_str_or(node_get(event->object, "kind"), "");
    const char *name = node_str_or(node_get(metadata, "name"), "");
    const char *namespace = node_str_or(node_get(metadata, "namespace"), "");
    if (strcmp(kind, "Lease") == 0 && event->change != OBJECTS_DELETED) {
        note_lease(checkers, event->object);
        return;
    }
    if (strcmp(kind, "Canary") == 0) {
        struct checked *canary = checkers_canary(checkers, namespace, name);
        if (event->change != OBJECTS_DELETED) {
            note_canary(checkers, event, namespace, name);
        } else if (canary != NULL) {
            note_canary_gone(canary);
        }
        return;
    }
    for (size_t i = 0; i < checkers->count; i++) {
        if (strcmp(checkers->canaries[i].namespace, namespace) == 0) {
            note_object(checkers, &checkers->canaries[i], event, kind, name);
        }
    }
}

static void on_request(void *ctx, const struct http_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcmp(request->headers[i].name, "Sluice-Key") == 0) {
            checkers_note_delivery(ctx, request->headers[i].value);
        }
    }
}

/* --- life --- */

struct checkers *checkers_new(const struct checkers_options *options)
{
    struct checkers *checkers = mem_new(struct checkers);
    checkers->options = *options;
    checkers->objects = api_objects(cluster_api(options->cluster));
    objects_listen(checkers->objects, on_object, checkers);
    if (options->hears) {
        network_listen(cluster_network(options->cluster), on_request, checkers);
    }
    return checkers;
}

void checkers_learn(struct checkers *checkers, bool is_learning)
{
    checkers->is_learning = is_learning;
}

void checkers_free(struct checkers *checkers)
{
    if (checkers == NULL) {
        return;
    }
    objects_unlisten(checkers->objects, on_object, checkers);
    if (checkers->options.hears) {
        network_listen(cluster_network(checkers->options.cluster), NULL, NULL);
    }
    for (size_t i = 0; i < checkers->count; i++) {
        struct checked *canary = &checkers->canaries[i];
        str_free(&canary->namespace);
        str_free(&canary->name);
        str_free(&canary->target);
        for (size_t j = 0; j < canary->service_count; j++) {
            str_free(&canary->services[j].name);
        }
        mem_free(canary->services);
        str_free(&canary->template);
        once_fini(&canary->release);
        once_fini(&canary->of_paused);
        once_fini(&canary->deleted);
    }
    for (size_t i = 0; i < checkers->deed_count; i++) {
        str_free(&checkers->deeds[i].key);
    }
    mem_free(checkers->canaries);
    mem_free(checkers->deeds);
    str_free(&checkers->holder);
    str_free(&checkers->paused);
    mem_free(checkers);
}
