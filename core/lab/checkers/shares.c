/* Weights, growth and readiness: where the requests of a Canary go. */
#include <string.h>

#include "base/mem.h"
#include "canary/phase.h"
#include "lab/checkers/inner.h"

static bool has_ready_pod(const struct node *deployment)
{
    return node_int_or(node_at(deployment, "status", "readyReplicas"), 0) > 0 &&
           node_int_or(node_at(deployment, "spec", "replicas"), 1) > 0;
}

/* --- weights --- */

/* The canary's share of one route. The only destination of a route gets everything, whatever is written there. */
static int read_route(struct checkers *checkers, const char *service, const struct node *route, size_t index)
{
    int share = 0;
    int64_t sum = 0;
    struct node_iter to = node_iterate(node_get(route, "route"));
    while (node_next(&to)) {
        int64_t weight = node_count(to.container) == 1 ? 100 : node_int_or(node_get(to.value, "weight"), 0);
        sum += weight;
        if (weight < 0 || weight > 100) {
            checkers_break(checkers, CHECK_WEIGHTS, "route %zu of %s has weight %lld", index, service,
                           (long long)weight);
        }
        if (str_has_suffix(node_str_or(node_at(to.value, "destination", "host"), ""), "-canary")) {
            share += (int)weight;
        }
    }
    if (sum != 100) {
        checkers_break(checkers, CHECK_WEIGHTS, "the weights of route %zu of %s sum to %lld", index, service,
                       (long long)sum);
    }
    return share;
}

/* --- growth --- */

/* Within a release shares only grow, each one once, until they are taken back. There are two exceptions, both
 * Flagger's: of a promotion that fails all traffic goes where it still finds somebody, and blue/green whose gate
 * confirm-promotion is closed takes an iteration back and switches again. And an analysis that was skipped for a while
 * took the share back for its promotion; when that could not be made, the steps begin again. */
static void check_growth(struct checkers *checkers, struct checked *canary, int share)
{
    struct checked_release *release = &canary->release;
    bool is_taken_back = strcmp(once_state_of(release), "RollingBack") == 0;
    bool may_repeat = share == 100 && (is_taken_back || strcmp(canary->phase, PHASE_WAITING_PROMOTION) == 0);
    if (!checked_has_release(canary) && once_was_acting(&canary->deleted)) {
        return; /* the list of effects that was under way when somebody deleted it comes to its end */
    } else if (!checked_has_release(canary)) {
        checkers_break(checkers, CHECK_GROWTH, "the canary's share grew to %d without a release", share);
    } else if (share <= release->peak && !may_repeat) {
        checkers_break(checkers, CHECK_GROWTH, "the canary's share grew to %d, but had been %d in this release", share,
                       release->peak);
    }
    release->peak = share;
}

/* --- readiness --- */

static void check_canary(struct checkers *checkers, const struct checked *canary)
{
    if ((canary->share > 0 || canary->is_mirrored) && !canary->has_ready) {
        checkers_break(checkers, CHECK_READINESS, "the canary has weight %d%s and no ready Pod", canary->share,
                       canary->is_mirrored ? ", mirrored," : "");
    }
}

/* A promotion without an analysis waits for nobody, as in Flagger. */
static void check_primary(struct checkers *checkers, const struct checked *canary)
{
    if (canary->least < 100 && !canary->primary_ready && !canary->is_skipping && !canary->is_gone) {
        checkers_break(checkers, CHECK_READINESS, "the primary has weight %d and no ready Pod", 100 - canary->least);
    }
}

/* --- what is seen --- */

static struct checked_service *find(const struct checked *canary, const char *name)
{
    for (size_t i = 0; i < canary->service_count; i++) {
        if (strcmp(canary->services[i].name, name) == 0) {
            return &canary->services[i];
        }
    }
    return NULL;
}

void shares_add_service(struct checked *canary, const char *name)
{
    if (find(canary, name) == NULL) {
        canary->services = mem_resize(canary->services, (canary->service_count + 1) * sizeof canary->services[0]);
        canary->services[canary->service_count++] = (struct checked_service){.name = str_dup(name), .least = 100};
    }
}

static void read_service(struct checkers *checkers, struct checked_service *service, const struct node *object)
{
    static const char *const protocols[] = {"http", "tcp"};
    service->share = 0;
    service->least = 100;
    service->is_mirrored = false;
    for (size_t i = 0; i < 2; i++) {
        struct node_iter it = node_iterate(node_at(object, "spec", protocols[i]));
        while (node_next(&it)) {
            int share = read_route(checkers, service->name, it.value, it.index);
            service->share = share > service->share ? share : service->share;
            service->least = share < service->least ? share : service->least;
            service->is_mirrored = service->is_mirrored || node_get(it.value, "mirror") != NULL;
        }
    }
}

static void sum_up(struct checked *canary)
{
    canary->share = 0;
    canary->least = 100;
    canary->is_mirrored = false;
    for (size_t i = 0; i < canary->service_count; i++) {
        const struct checked_service *service = &canary->services[i];
        canary->share = service->share > canary->share ? service->share : canary->share;
        canary->least = service->least < canary->least ? service->least : canary->least;
        canary->is_mirrored = canary->is_mirrored || service->is_mirrored;
    }
}

void shares_note_routes(struct checkers *checkers, struct checked *canary, const char *name, const struct node *object)
{
    struct checked_service *service = find(canary, name);
    int share_before = canary->share, least_before = canary->least;
    bool was_mirrored = canary->is_mirrored;
    if (service == NULL) {
        return;
    }
    read_service(checkers, service, object);
    sum_up(canary);
    if (canary->share > share_before) {
        check_growth(checkers, canary, canary->share);
    }
    if (object == NULL && checked_has_release(canary)) {
        canary->is_about_others = true; /* somebody has deleted the routes: the steps begin again */
    }
    if (canary->share == 0 && (canary->is_skipping || canary->is_about_others)) {
        canary->release.peak = 0;
    }
    if (object == NULL) {
        return;
    }
    if (checkers->options.pods_stay || canary->share > share_before || canary->is_mirrored > was_mirrored) {
        check_canary(checkers, canary);
    }
    if (checkers->options.pods_stay || canary->least < least_before) {
        check_primary(checkers, canary);
    }
}

void shares_note_target(struct checkers *checkers, struct checked *canary, const struct node *target)
{
    canary->has_ready = has_ready_pod(target);
    int64_t replicas = node_int_or(node_at(target, "spec", "replicas"), 1);
    if (checkers->options.pods_stay || (replicas == 0 && canary->replicas != 0)) {
        check_canary(checkers, canary);
    }
    once_note_scale(checkers, canary, replicas);
}

void shares_note_primary(struct checkers *checkers, struct checked *canary, const struct node *primary)
{
    char *template = primary != NULL ? node_to_text(node_at(primary, "spec", "template")) : NULL;
    canary->primary_ready = has_ready_pod(primary);
    if (canary->template != NULL && template != NULL && !str_equal(canary->template, template)) {
        once_note_promotion(checkers, canary);
    }
    str_free(&canary->template);
    canary->template = template;
}
