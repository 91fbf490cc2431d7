/* The part of rollout/actor.h that says whether a request of a person makes sense. */
#include "base/str.h"
#include "kube/object.h"
#include "release/history.h"
#include "rollout/actor_inner.h"

/* Of a request whose answer was lost while the next release began, an earlier one knows. A pause is the Canary's: which
 * release it was on record in does not matter any more. */
static void find_entry(struct request_subject *subject, struct actor *actor)
{
    const struct request *request = subject->request;
    bool is_state = request->verb == REQUEST_PAUSE || request->verb == REQUEST_RESUME;
    subject->entry = actor->run != NULL ? requests_entry(&run_release(actor->run)->requests, request->id)
                                        : requests_find(doc_root(subject->latest), request->id);
    subject->recorded = subject->release;
    if (subject->entry == NULL && !is_state) {
        subject->earlier = history_with_request(actor->context, subject->canary, actor->release_number, request->id);
        subject->entry = requests_find(doc_root(subject->earlier), request->id);
        subject->recorded = object_name(doc_root(subject->earlier));
    }
}

void request_subject_init(struct request_subject *subject, struct actor *actor, const struct canary *canary,
                          const struct request *request, bool accepted)
{
    struct doc *target = context_target(actor->context, &canary->names);
    *subject = (struct request_subject){
        .canary = canary,
        .request = request,
        .latest = history_latest(actor->context, canary, actor->release_number),
        .accepted = accepted,
        .generation = object_generation(doc_root(target)),
    };
    const struct node *root = doc_root(subject->latest);
    subject->open =
        actor->run != NULL || (root != NULL && release_state_is_open(node_str(node_at(root, "status", "state"))));
    subject->release = actor->run != NULL ? run_release(actor->run)->name : root != NULL ? object_name(root) : NULL;
    subject->record =
        actor->run != NULL ? doc_root(run_release(actor->run)->requests.list) : node_at(root, "status", "requests");
    find_entry(subject, actor);
    doc_free(target);
}

void request_subject_fini(struct request_subject *subject)
{
    doc_free(subject->latest);
    doc_free(subject->earlier);
    *subject = (struct request_subject){0};
}

static const char *state_of(const struct request_subject *subject)
{
    return node_str_or(node_at(doc_root(subject->latest), "status", "state"), RELEASE_RUNNING);
}

/* It is meant for another release, or for another generation of the target. */
static char *other_subject(const struct request_subject *subject)
{
    const struct request *request = subject->request;
    if (request->release != NULL && !str_equal(request->release, subject->release)) {
        return str_format("it is meant for %s, and %s %s", request->release, subject->release,
                          subject->open ? "is under way" : "is the last release");
    }
    if (request->generation != 0 && request->generation != subject->generation) {
        return str_format("it is meant for generation %lld of the target, which has %lld by now",
                          (long long)request->generation, (long long)subject->generation);
    }
    return NULL;
}

static char *not_open(const struct request_subject *subject)
{
    const char *state = state_of(subject);
    if (subject->release == NULL) {
        return str_format("%s has no release", subject->canary->names.id);
    } else if (str_equal(state, RELEASE_FAILED)) {
        return str_format("%s has failed: retry releases it again", subject->release);
    } else if (str_equal(state, RELEASE_SUCCEEDED)) {
        bool goes_back = subject->request->verb == REQUEST_ROLLBACK;
        const char *instead = ": set the target back to what it was before, which is released like any other";
        return str_format("%s was promoted%s", subject->release, goes_back ? instead : "");
    }
    return str_format("no release is under way: %s is %s", subject->release, state);
}

/* What needs its script to go on. */
static char *stands_still(const struct request_subject *subject)
{
    const struct canary *canary = subject->canary;
    if (canary->pause != NULL) {
        return str_format("%s is paused: resume it first", canary->names.id);
    } else if (canary->suspend) {
        return str_format("%s is suspended: take spec.suspend away first", canary->names.id);
    } else if (!subject->accepted) {
        return str_format("%s is refused, its condition Accepted says why: mend it first", canary->names.id);
    }
    return NULL;
}

char *verdict_on_any(const struct request_subject *subject)
{
    char *why = subject->open ? other_subject(subject) : not_open(subject);
    return why == NULL && subject->request->verb != REQUEST_ROLLBACK ? stands_still(subject) : why;
}

static bool is_promoted(const struct actor *actor, const struct canary *canary)
{
    return canary_is_promoting(canary) ||
           detect_promoted(canary, run_release(actor->run), actor->context->config_tracking);
}

/* Neither promoted nor at its end. */
static char *too_late(const struct actor *actor, const struct request_subject *subject)
{
    if (is_promoted(actor, subject->canary)) {
        return str_format("%s is being promoted", subject->release);
    } else if (run_can_go_back(actor->run)) {
        return NULL;
    }
    bool goes_back = str_equal(run_release(actor->run)->state, RELEASE_ROLLING_BACK);
    return str_format("%s is being %s", subject->release, goes_back ? "taken back" : "promoted");
}

char *verdict_on_rollback(const struct actor *actor, const struct request_subject *subject)
{
    return too_late(actor, subject);
}

static char *not_ready(const struct actor *actor, const struct request_subject *subject)
{
    const struct canary *canary = subject->canary;
    struct doc *target = context_target(actor->context, &canary->names);
    struct err err = {0};
    enum readiness readiness = workload_readiness(&canary->names, doc_root(target), canary->progress_deadline_s,
                                                  canary->canary_ready_pct, clock_wall_ms(actor->context->clock), &err);
    doc_free(target);
    return readiness == READY ? NULL : str_format("the canary is not ready: %s", err.text);
}

char *verdict_on_promote(const struct actor *actor, const struct request_subject *subject)
{
    const struct release *release = run_release(actor->run);
    const struct node *promotion = requests_promotion(&release->requests);
    char *why = too_late(actor, subject);
    if (why != NULL) {
        return why;
    } else if (promotion != NULL) {
        char *who = requests_who(promotion);
        why = str_format("%s was promoted already, by %s", release->name, who);
        str_free(&who);
        return why;
    } else if (!release->pinned) {
        return str_format("%s has not begun: it waits for gate confirm-rollout, or for the primary", release->name);
    }
    return not_ready(actor, subject);
}

/* The names of the webhooks that answer this gate; none for one of a script's own. */
static void list_hooks(const struct canary *canary, const char *gate, struct str_list *hooks)
{
    struct node_iter it = node_iterate(node_get(canary->analysis, "webhooks"));
    while (node_next(&it)) {
        const char *name = node_str(node_get(it.value, "name"));
        if (name != NULL && node_is(node_get(it.value, "type"), gate) && !str_list_has(hooks, name)) {
            str_list_push(hooks, name);
        }
    }
}

/* "confirm-rollout (go), stay": events know a gate by the webhook that keeps it closed. */
static char *show_gates(const struct canary *canary, const struct str_list *gates)
{
    struct str_list shown = {0};
    for (size_t i = 0; i < gates->count; i++) {
        struct str_list hooks = {0};
        list_hooks(canary, gates->items[i], &hooks);
        char *names = str_list_join(&hooks, ", ");
        str_list_push_format(&shown, hooks.count > 0 ? "%s (%s)" : "%s", gates->items[i], names);
        str_free(&names);
        str_list_fini(&hooks);
    }
    char *text = str_list_join(&shown, ", ");
    str_list_fini(&shown);
    return text;
}

/* Of those that are waited at the one that is meant, by its own name or by that of a webhook; NULL: none. */
static const char *find_gate(const struct canary *canary, const struct str_list *gates, const char *wanted)
{
    const char *found = NULL;
    for (size_t i = 0; i < gates->count && found == NULL; i++) {
        found = str_equal(gates->items[i], wanted) ? gates->items[i] : NULL;
    }
    for (size_t i = 0; i < gates->count && found == NULL; i++) {
        struct str_list hooks = {0};
        list_hooks(canary, gates->items[i], &hooks);
        found = str_list_has(&hooks, wanted) ? gates->items[i] : NULL;
        str_list_fini(&hooks);
    }
    return found;
}

char *verdict_on_approve(const struct actor *actor, const struct request_subject *subject, char **gate)
{
    struct str_list gates = {0};
    char *why = too_late(actor, subject), *names;
    const char *wanted = subject->request->gate;
    run_list_gates(actor->run, &gates);
    names = show_gates(subject->canary, &gates);
    const char *found = wanted != NULL     ? find_gate(subject->canary, &gates, wanted)
                        : gates.count == 1 ? gates.items[0]
                                           : NULL;
    if (why != NULL) {
        /* said already */
    } else if (gates.count == 0) {
        why = str_format("%s waits at no gate", subject->release);
    } else if (found != NULL) {
        *gate = str_dup(found);
    } else if (wanted != NULL) {
        why = str_format("%s waits at gate %s, not at %s", subject->release, names, wanted);
    } else {
        why = str_format("%s waits at more than one gate, and one is to be named: %s", subject->release, names);
    }
    str_free(&names);
    str_list_fini(&gates);
    return why;
}

/* NULL also while it cannot be told: the target is being read. */
char *verdict_on_retry(struct actor *actor, const struct request_subject *subject)
{
    const char *state = state_of(subject);
    bool failed = str_equal(state, RELEASE_FAILED) || str_equal(state, RELEASE_HALTED);
    if (subject->open) {
        return str_format("%s is under way", subject->release);
    }
    char *why = subject->release == NULL ? not_open(subject) : other_subject(subject);
    if (why != NULL || (why = stands_still(subject)) != NULL) {
        return why;
    } else if (!failed || canary_is_initialising(subject->canary)) {
        return str_format("%s has not failed: %s", subject->release, state);
    }
    struct target_now now;
    struct err problem = {0};
    bool known = target_now_init(&now, actor->context, subject->canary, &problem);
    bool same = node_is(node_at(doc_root(subject->latest), "status", "revision"), now.revision);
    target_now_fini(&now);
    return known && !same ? str_format("the target has another revision than %s by now", subject->release) : NULL;
}
