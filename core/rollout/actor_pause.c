/* The part of rollout/actor.h that holds a Canary still (canary/pause.h).
 *
 *   the Canary says something else than the record ─► the run is frozen ─► on record ─► told, or the run goes on
 *
 * A release under way has on record that it stands still, who asked for that and why, and that it goes on. Both are
 * found by a comparison, so it is all the same which engine looks, and whether a request came with the annotation. Who
 * sent one is known while that is not answered; afterwards the annotation may be another person's. */
#include <string.h>

#include "base/duration.h"
#include "base/hash.h"
#include "base/str.h"
#include "kube/object.h"
#include "release/history.h"
#include "rollout/actor_inner.h"

/* What is on record of the release under way. */
struct on_record {
    struct doc *latest;      /* NULL: there is a run */
    const struct node *list; /* status.requests */
    bool counts;             /* it has not come to its end, and can be taken up */
};

static void on_record_init(struct on_record *record, struct actor *actor, const struct canary *canary)
{
    *record = (struct on_record){0};
    if (actor->run != NULL) {
        record->list = doc_root(run_release(actor->run)->requests.list);
        record->counts = run_goes_on(actor->run);
        return;
    }
    record->latest = history_latest(actor->context, canary, actor->release_number);
    const struct node *status = node_get(doc_root(record->latest), "status");
    record->list = node_get(status, "requests");
    record->counts = record->latest != NULL && !actor_is_specless(actor, record->latest) &&
                     str_equal(node_str_or(node_get(status, "state"), RELEASE_RUNNING), RELEASE_RUNNING);
}

static void on_record_fini(struct on_record *record)
{
    doc_free(record->latest);
}

/* --- what the record lacks --- */

enum lack { LACKS_NOTHING, LACKS_PAUSE, LACKS_RESUME };

static bool is_by_annotation(const struct node *held)
{
    return held != NULL && str_equal(requests_through(held), PAUSE_ANNOTATION);
}

/* The request that came with the state in which the Canary is; NULL: none did. An id is for one request, and who has a
 * name in it has said what the annotation says: another person may change that alone. None ends spec.suspend. */
static const struct request *request_of_state(const struct actor *actor, const struct canary *canary,
                                              const struct on_record *record, const struct pause *pause)
{
    const struct request *request = &actor->asked.request;
    const struct node *same_id = NULL;
    if (!asked_is_open(&actor->asked, canary->root) ||
        request->verb != (canary->pause != NULL ? REQUEST_PAUSE : REQUEST_RESUME)) {
        return NULL;
    }
    if (request->verb == REQUEST_RESUME && !is_by_annotation(requests_pause(record->list))) {
        return NULL;
    }
    if (request->verb == REQUEST_PAUSE && request->by != NULL && !str_equal(request->reason, pause->reason)) {
        return NULL;
    }
    same_id = requests_in(record->list, request->id);
    return same_id == NULL || node_is(node_get(same_id, "verb"), request_verb_name(request->verb)) ? request : NULL;
}

static enum lack compare(const struct node *list, const struct pause *pause, const struct request *request)
{
    const struct node *held = requests_pause(list);
    if (request != NULL && request->verb == REQUEST_PAUSE && !node_is(node_get(held, "id"), request->id)) {
        return LACKS_PAUSE; /* also one of the same reason: another person asks for it */
    } else if (request != NULL && request->verb == REQUEST_RESUME) {
        return LACKS_RESUME; /* spec.suspend may hold it from here on */
    } else if (pause->through == NULL) {
        return held != NULL ? LACKS_RESUME : LACKS_NOTHING;
    }
    return requests_is_pause(held, pause) ? LACKS_NOTHING : LACKS_PAUSE;
}

bool actor_lacks_pause(struct actor *actor, const struct canary *canary)
{
    struct on_record record;
    struct pause pause;
    pause_read(&pause, canary->root);
    on_record_init(&record, actor, canary);
    enum lack lack = compare(record.list, &pause, request_of_state(actor, canary, &record, &pause));
    bool lacks = record.counts && lack != LACKS_NOTHING;
    on_record_fini(&record);
    pause_fini(&pause);
    return lacks;
}

/* --- bringing it on record --- */

/* True: it is under way, and wakes the actor. */
static bool note(struct actor *actor, enum lack lack, const struct pause *pause, const struct request *request)
{
    struct run *run = actor->run;
    if (run_is_acting(run) || !(run_is_beginning(run) || run_is_in_script(run))) {
        return false; /* it wakes the actor when it has done that */
    }
    run_freeze(run, true);
    if (run_is_beginning(run)) {
        return true; /* it wakes the actor before it does what its script asks for next */
    }
    enum request_verb verb = lack == LACKS_PAUSE ? REQUEST_PAUSE : REQUEST_RESUME;
    const struct request *its = request != NULL && request->verb == verb ? request : NULL;
    if (verb == REQUEST_PAUSE) {
        run_note_pause(run, pause, its);
    } else {
        run_note_resume(run, its);
    }
    return true;
}

bool actor_note_pause(struct actor *actor, const struct canary *canary)
{
    struct on_record record;
    struct pause pause;
    pause_read(&pause, canary->root);
    on_record_init(&record, actor, canary);
    const struct request *request = request_of_state(actor, canary, &record, &pause);
    enum lack lack = record.counts ? compare(record.list, &pause, request) : LACKS_NOTHING;
    bool busy = false;
    if (lack != LACKS_NOTHING && actor->run != NULL) {
        busy = note(actor, lack, &pause, request);
    } else if (lack != LACKS_NOTHING) {
        actor_resume(actor, record.latest);
        busy = true;
    }
    on_record_fini(&record);
    pause_fini(&pause);
    return busy;
}

/* --- telling --- */

/* Who paused it; NULL: nobody has said so. */
static const char *who(const struct actor *actor, const struct node *entry, const struct pause *pause)
{
    const struct request *request = &actor->asked.request;
    if (entry != NULL) {
        return node_str(node_get(entry, "by"));
    }
    bool is_its = actor->asked.found == REQUEST_READ && request->verb == REQUEST_PAUSE &&
                  str_equal(request->reason, pause->reason);
    return is_its ? request->by : NULL;
}

static char *text_of(const struct actor *actor, const struct canary *canary, const struct node *entry)
{
    struct pause pause;
    pause_read(&pause, canary->root);
    const char *by = who(actor, entry, &pause);
    char *text = pause.through == NULL || str_equal(pause.through, PAUSE_SUSPEND)
                     ? str_dup("skipping canary run as object is suspended")
                     : str_format("%s is paused%s%s%s%s", actor->id, by != NULL ? " by " : "", by != NULL ? by : "",
                                  pause.reason != NULL ? ": " : "", pause.reason != NULL ? pause.reason : "");
    pause_fini(&pause);
    return text;
}

/* What is on record is one event, whoever tells it. */
static void tell(struct actor *actor, const struct canary *canary, const char *text, const struct node *entry)
{
    struct announcement announcement = {.type = "Normal", .text = text, .asked = true};
    const char *acted = node_str(node_get(entry, "acted"));
    struct err ignored = {0};
    char *key = NULL;
    if (acted != NULL && time_parse(acted, &announcement.moment.ms, &ignored)) {
        key = str_format("%s/pause/%s/%08x", canary->names.uid, acted, hash_fnv32(text, strlen(text)));
        announcement.key = key;
    }
    announce(actor->announcer, &announcement, NULL, NULL);
    str_free(&key);
}

void actor_suspend(struct actor *actor, const struct canary *canary)
{
    actor->end_told = false;
    if (actor->run != NULL) {
        run_freeze(actor->run, true);
        if (run_is_acting(actor->run)) {
            return; /* it wakes the actor when that ends */
        }
    }
    struct on_record record;
    on_record_init(&record, actor, canary);
    const struct node *entry = record.counts ? requests_pause(record.list) : NULL;
    char *text = text_of(actor, canary, entry);
    if (!str_equal(text, actor->held)) {
        str_free(&actor->held);
        actor->held = str_dup(text);
        actor->paused = canary->pause != NULL;
        waiting_end(&actor->waiting, NULL);
        tell(actor, canary, text, entry);
        actor_note_waiting(actor, canary);
    }
    str_free(&text);
    on_record_fini(&record);
}

/* Flagger says nothing at the end of spec.suspend, and what an answer has told is not told again. */
void actor_end_pause(struct actor *actor)
{
    if (actor->paused && !actor->end_told) {
        char *text = str_format("%s goes on, it is not paused any more", actor->id);
        announce(actor->announcer, &(struct announcement){.type = "Normal", .text = text, .asked = true}, NULL, NULL);
        str_free(&text);
    }
    actor->paused = actor->end_told = false;
    str_free(&actor->held);
}
