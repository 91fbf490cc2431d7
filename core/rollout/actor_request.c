/* The part of rollout/actor.h that does what people ask of a Canary (canary/request.h).
 *
 *   read ─► answered? ─► on record already? ─► makes sense? ─► on record, and done ─► answer in the status, event
 *
 * A request is on record in the Release before anything follows from it, and the answer is written after it. So a
 * request whose answer was lost is found on record by whoever looks next, and is only answered. */
#include "base/duration.h"
#include "base/hash.h"
#include "base/str.h"
#include "canary/status.h"
#include "kube/object.h"
#include "rollout/actor_inner.h"

/* --- answering --- */

static char *event_of(const struct status_answer *answer)
{
    const struct request *request = answer->request;
    if (answer->is_bad) {
        return str_format("A request is refused: %s", answer->message);
    }
    char *who = request_who(request);
    char *text = str_format("Request %s by %s%s: %s", request_verb_name(request->verb), who,
                            answer->done ? "" : " is refused", answer->message);
    str_free(&who);
    return text;
}

/* A pause is told by what it does, with who asked for it. The end of one is seen after the annotation is gone, and
 * nobody knows then whether a request took it away. */
static bool is_told(const struct status_answer *answer)
{
    return answer->is_bad || !answer->done || answer->request->verb != REQUEST_PAUSE;
}

/* Of the event, the same whoever tells it: whoever dies before the answer is written has told it already. */
static struct event_moment moment_of(const struct canary *canary, const struct status_answer *answer, int64_t acted_ms)
{
    enum { DAY_MS = 24 * 60 * 60 * 1000, BEHIND_OTHERS = 500 };
    const char *id = answer->request->id, *created = node_str(node_at(canary->root, "metadata", "creationTimestamp"));
    int64_t ms = acted_ms;
    struct err ignored = {0};
    if (ms == 0 && created != NULL && time_parse(created, &ms, &ignored)) {
        ms += hash_fnv32(id, strlen(id)) % DAY_MS; /* no record has when a request was refused */
    }
    return (struct event_moment){.ms = ms, .index = BEHIND_OTHERS};
}

static void tell(struct actor *actor, const struct canary *canary, const struct status_answer *answer, int64_t acted_ms)
{
    const char *id = answer->request->id;
    if (!is_told(answer) || str_equal(actor->answered, id)) {
        return;
    }
    char *text = event_of(answer), *key = str_format("%s/request/%s", canary->names.uid, id);
    struct announcement announcement = {.type = answer->done ? "Normal" : "Warning",
                                        .text = text,
                                        .key = key,
                                        .moment = moment_of(canary, answer, acted_ms),
                                        .asked = true};
    announce(actor->announcer, &announcement, NULL, NULL);
    actor->end_told = !answer->is_bad && answer->done && answer->request->verb == REQUEST_RESUME;
    str_free(&actor->answered);
    actor->answered = str_dup(id);
    str_free(&key);
    str_free(&text);
}

static bool answer(struct actor *actor, const struct canary *canary, const struct status_answer *answer,
                   int64_t acted_ms)
{
    if (actor_status_must_wait(actor)) {
        return false;
    }
    tell(actor, canary, answer, acted_ms);
    return actor_note_status(actor, canary, status_answer(canary, answer, clock_wall_ms(actor->context->clock)));
}

/* Takes `why`. The answer names the release that was asked for, which may be another one than that under way. */
static bool refuse(struct actor *actor, const struct request_subject *subject, char *why)
{
    const struct request *request = subject->request;
    const char *release = request->release != NULL ? request->release : subject->release;
    bool busy = answer(actor, subject->canary,
                       &(struct status_answer){.request = request, .release = release, .message = why}, 0);
    str_free(&why);
    return busy;
}

static int64_t acted_ms_of(const struct node *entry)
{
    int64_t ms = 0;
    struct err ignored = {0};
    time_parse(node_str_or(node_get(entry, "acted"), ""), &ms, &ignored);
    return ms;
}

/* A rollback leaves what holds the Canary still as it is, so whoever asked is told. */
static char *text_of_rollback(const struct canary *canary, const char *release)
{
    const char *still = canary->pause != NULL ? "paused" : canary->suspend ? "suspended" : NULL;
    return still != NULL ? str_format("%s is taken back; %s is still %s", release, canary->names.id, still)
                         : str_format("%s is taken back", release);
}

/* What became of a request that is on record. */
static bool answer_by_record(struct actor *actor, const struct request_subject *subject)
{
    const struct request *request = subject->request;
    const struct node *entry = subject->entry;
    const char *gate = node_str(node_get(entry, "gate")), *name = subject->recorded;
    char *text;
    switch (request->verb) {
    case REQUEST_PROMOTE:
        text = str_format("the rest of the analysis of %s is skipped", name);
        break;
    case REQUEST_ROLLBACK:
        text = text_of_rollback(subject->canary, name);
        break;
    case REQUEST_APPROVE:
        text = str_format("gate %s lets %s through", node_str_or(node_get(entry, "gate"), "?"), name);
        break;
    default:
        text = str_format("%s releases that revision again", name);
        break;
    }
    bool busy = answer(
        actor, subject->canary,
        &(struct status_answer){.request = request, .release = name, .gate = gate, .done = true, .message = text},
        acted_ms_of(entry));
    str_free(&text);
    return busy;
}

/* --- doing --- */

/* Of a pause, or of its end, which are on record where a release is under way. */
static bool answer_state(struct actor *actor, const struct request_subject *subject, const char *what)
{
    const struct node *entry = requests_in(subject->record, subject->request->id);
    char *text = str_format("%s %s", subject->canary->names.id, what);
    bool busy = answer(actor, subject->canary,
                       &(struct status_answer){.request = subject->request,
                                               .release = entry != NULL ? subject->release : NULL,
                                               .done = true,
                                               .message = text},
                       acted_ms_of(entry));
    str_free(&text);
    return busy;
}

/* The Canary may say something else by now than it did when the request was acted on. */
static bool is_on_record(const struct request_subject *subject)
{
    return requests_in(subject->record, subject->request->id) != NULL;
}

static bool take_pause(struct actor *actor, const struct request_subject *subject)
{
    if (subject->canary->pause == NULL && is_on_record(subject)) {
        return answer_state(actor, subject, "was paused, and is not any more");
    } else if (subject->canary->pause == NULL) {
        return refuse(actor, subject, str_dup("its annotation " PAUSE_ANNOTATION " is not there"));
    }
    if (actor_lacks_pause(actor, subject->canary)) {
        return false; /* the release begins anew, and wakes the actor once it can be put on record */
    }
    actor_suspend(actor, subject->canary);
    if (actor->held == NULL || actor_is_busy(actor)) {
        return true; /* the run is acting, or the wait is being shown: both wake the actor */
    }
    return answer_state(actor, subject, "is paused");
}

/* As far as anybody knows: an annotation that came and went without a release, or without an engine, left nothing. */
static bool was_paused(const struct actor *actor, const struct request_subject *subject)
{
    const struct node *last = node_at(subject->canary->root, "status", "lastRequest");
    bool by_request = node_is(node_get(last, "verb"), request_verb_name(REQUEST_PAUSE)) &&
                      node_is(node_get(last, "outcome"), STATUS_DONE);
    return actor->paused || by_request || is_on_record(subject);
}

static bool take_resume(struct actor *actor, const struct request_subject *subject)
{
    if (subject->canary->pause != NULL && is_on_record(subject)) {
        return answer_state(actor, subject, "went on, and is paused again");
    } else if (subject->canary->pause != NULL) {
        return refuse(actor, subject,
                      str_format("its annotation " PAUSE_ANNOTATION " is still there: %s", subject->canary->pause));
    }
    if (actor_lacks_pause(actor, subject->canary)) {
        return false;
    }
    return answer_state(actor, subject,
                        subject->canary->suspend     ? "is not paused, but spec.suspend holds it"
                        : was_paused(actor, subject) ? "goes on"
                                                     : "is not paused");
}

/* A release under way: of one that this engine has not taken up yet only a rollback is more urgent than all else. */
static bool take_of_release(struct actor *actor, const struct request_subject *subject)
{
    const struct request *request = subject->request;
    char *why = verdict_on_any(subject), *gate = NULL;
    if (why != NULL) {
        return refuse(actor, subject, why);
    } else if (actor->run == NULL) {
        bool is_first = request->verb == REQUEST_ROLLBACK && !actor_is_specless(actor, subject->latest);
        if (is_first) {
            actor_resume(actor, subject->latest);
        }
        return is_first;
    } else if (run_is_beginning(actor->run)) {
        run_freeze(actor->run, true); /* it wakes the actor before it does what its script asks for next */
        return true;
    }
    if (request->verb == REQUEST_APPROVE && !run_is_waiting(actor->run) && run_can_go_back(actor->run)) {
        return false; /* it may be asking the gate just now */
    }
    why = request->verb == REQUEST_ROLLBACK  ? verdict_on_rollback(actor, subject)
          : request->verb == REQUEST_PROMOTE ? verdict_on_promote(actor, subject)
                                             : verdict_on_approve(actor, subject, &gate);
    if (why != NULL) {
        return refuse(actor, subject, why);
    } else if (request->verb == REQUEST_ROLLBACK) {
        return run_take_back(actor->run, request);
    }
    if (!run_is_in_script(actor->run)) {
        str_free(&gate);
        return false; /* it begins anew, and wakes the actor once its script runs */
    }
    run_freeze(actor->run, true);
    run_ask(actor->run, request, gate);
    str_free(&gate);
    return true;
}

static bool take_retry(struct actor *actor, const struct request_subject *subject)
{
    char *why = verdict_on_retry(actor, subject);
    return why != NULL && refuse(actor, subject, why); /* else the look begins it (actor_release.c) */
}

/* False for the id of a request that asked for something else: an id is for one request. A retry is on record in the
 * release that it began, and names the one before. */
static bool is_recorded_as(const struct request_subject *subject)
{
    const struct request *request = subject->request;
    bool is_meant =
        request->verb == REQUEST_RETRY || request->release == NULL || str_equal(request->release, subject->recorded);
    return is_meant && node_is(node_get(subject->entry, "verb"), request_verb_name(request->verb));
}

/* What the Canary says by now counts of a pause, and not what was on record once. */
static bool is_of_state(const struct request *request)
{
    return request->verb == REQUEST_PAUSE || request->verb == REQUEST_RESUME;
}

static bool take(struct actor *actor, const struct request_subject *subject)
{
    if (subject->entry != NULL && !is_recorded_as(subject)) {
        const char *verb = node_str_or(node_get(subject->entry, "verb"), "another one");
        return refuse(
            actor, subject,
            str_format("its id %s is that of another request: %s %s", subject->request->id, verb, subject->recorded));
    } else if (subject->entry != NULL && !is_of_state(subject->request)) {
        return answer_by_record(actor, subject);
    }
    switch (subject->request->verb) {
    case REQUEST_PAUSE:
        return take_pause(actor, subject);
    case REQUEST_RESUME:
        return take_resume(actor, subject);
    case REQUEST_RETRY:
        return take_retry(actor, subject);
    default:
        return take_of_release(actor, subject);
    }
}

static bool take_open(struct actor *actor, const struct canary *canary, bool accepted)
{
    struct request_subject subject;
    request_subject_init(&subject, actor, canary, &actor->asked.request, accepted);
    bool busy = take(actor, &subject);
    request_subject_fini(&subject);
    return busy;
}

bool actor_take_request(struct actor *actor, const struct canary *canary, bool accepted)
{
    const struct asked *asked = &actor->asked;
    bool is_open = asked_is_open(asked, canary->root);
    bool is_urgent = is_open && asked->request.verb == REQUEST_ROLLBACK;
    /* It wakes the actor when that has ended. A release that is being taken back has begun to do what was asked. */
    if (actor->run != NULL && run_is_acting(actor->run) && !run_is_ending(actor->run)) {
        return false;
    } else if (!is_urgent && actor_note_pause(actor, canary)) {
        return true;
    } else if (is_open) {
        return take_open(actor, canary, accepted);
    } else if (asked->found == REQUEST_BAD && !request_is_answered(&asked->request, canary->root)) {
        return answer(actor, canary,
                      &(struct status_answer){.request = &asked->request, .is_bad = true, .message = asked->problem},
                      0);
    }
    return false;
}
