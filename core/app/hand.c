/* sluice pause, resume, promote, rollback, retry and approve: each writes what a person asks for into annotations of a
 * Canary (canary/request.h), so that Kubernetes decides whether that person may, and waits for the engine's answer. */
#include "app/hand.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "app/command.h"
#include "app/shown.h"
#include "app/subject.h"
#include "app/version.h"
#include "base/duration.h"
#include "base/str.h"
#include "canary/request.h"
#include "kube/object.h"
#include "release/requests.h"

enum { DONE = 0, REFUSED = 1, FAILED = 2, UNANSWERED = 3, INTERRUPTED = 130 };
enum { TIMEOUT_MS = 15 * 1000, RECORD_MS = 2 * 1000 /* for what is being put on record */ };
#define OVERTAKEN "Overtaken" /* an outcome that only this command knows: no engine says it */

#define HAND_FLAGS                                                                                                     \
    {"reason", "TEXT", "why, for the record: INC-4711"}, SESSION_FLAGS,                                                \
        {"timeout", "DURATION", "how long the engine's answer is waited for (default: 15s)"},                          \
        {"o", "text|json", "text (default) or json, which docs/by-hand.md describes"}, {"output", "text|json", NULL},  \
        CLI_COMMON,                                                                                                    \
    {                                                                                                                  \
        0                                                                                                              \
    }
const struct cli_flag hand_flags[] = {HAND_FLAGS};
const struct cli_flag approve_flags[] = {
    {"gate", "NAME", "which gate, by its type or its webhook's name (default: the one that is waited at)"}, HAND_FLAGS};

static const char *const says[] = {
    [REQUEST_PAUSE] = "Holds a Canary still, as spec.suspend does: no round, no step, no new release, until\n"
                      "sluice resume. Traffic stays as it is.\n",
    [REQUEST_RESUME] = "Ends a pause.\n",
    [REQUEST_PROMOTE] = "Promotes the release under way without the rest of its analysis. Its Pods must be ready.\n",
    [REQUEST_ROLLBACK] =
        "Takes the release under way back: all traffic to the primary at once, the Canary is Failed.\n",
    [REQUEST_RETRY] = "Releases the revision of a release that failed again.\n",
    [REQUEST_APPROVE] = "Lets the release under way through the gate that it waits at. confirm-rollout and\n"
                        "confirm-promotion stay open for this release, any other gate is opened once.\n",
};

struct words {
    enum request_verb verb;
    struct session_flags session;
    const char *canary, *gate, *reason;
    int64_t timeout_ms;
    struct cli_common common;
};

static bool take_canary(struct words *words, const char *value, struct err *err)
{
    struct subject subject;
    if (words->canary != NULL) {
        return err_set(err, ERR_INVALID, "%s: one Canary is wanted", value);
    }
    bool ok = subject_read(value, SUBJECT_CANARY, &subject, err);
    words->canary = subject.name;
    return ok;
}

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct words *words = ctx;
    int64_t ns;
    if (name == NULL) {
        return take_canary(words, value, err);
    } else if (session_take(&words->session, name, value)) {
        return true;
    } else if (strcmp(name, "gate") == 0) {
        words->gate = value;
    } else if (strcmp(name, "reason") == 0) {
        words->reason = value;
    } else if (strcmp(name, "timeout") == 0) {
        if (!duration_parse(value, &ns, err) || ns <= 0) {
            return err_set(err, ERR_INVALID, "--timeout %s: a duration such as 15s is wanted", value);
        }
        words->timeout_ms = ns / 1000000;
    } else {
        return cli_take_common(&words->common, name, value, err);
    }
    return true;
}

/* --- asking --- */

/* Of the person, as the API server says it; NULL: it does not tell. */
static char *who_am_i(struct session *session)
{
    static const struct kube_resource reviews = {"authentication.k8s.io", "v1", "selfsubjectreviews",
                                                 "SelfSubjectReview"};
    struct doc *body = doc_new();
    struct node *root = node_new_object(body);
    doc_set_root(body, root);
    node_set_str(body, root, "apiVersion", "authentication.k8s.io/v1");
    node_set_str(body, root, "kind", "SelfSubjectReview");
    struct kube_request request = {.verb = KUBE_CREATE, .resource = &reviews, .body = root};
    struct err ignored = {0};
    struct doc *answer = session_ask(session, &request, &ignored);
    char *name = str_dup(node_str(node_at(doc_root(answer), "status", "userInfo", "username")));
    doc_free(answer);
    doc_free(body);
    return name;
}

static char *new_id(void)
{
    unsigned char bytes[8] = {0};
    char id[2 * sizeof bytes + 1];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(id + 2 * i, sizeof id - 2 * i, "%02x", bytes[i]);
    }
    return str_dup(id);
}

/* Without a Release the generation of the target stands for it: the engine then says what is wrong. */
static int64_t generation_of_target(struct session *session, const struct node *canary)
{
    const struct node *ref = node_at(canary, "spec", "targetRef");
    bool is_set = node_is(node_get(ref, "kind"), "DaemonSet");
    struct kube_resource resource = KUBE_DEPLOYMENTS;
    resource.plural = is_set ? "daemonsets" : resource.plural;
    resource.kind = is_set ? "DaemonSet" : resource.kind;
    struct kube_request request = {.verb = KUBE_GET,
                                   .resource = &resource,
                                   .namespace = object_namespace(canary),
                                   .name = node_str_or(node_get(ref, "name"), "")};
    struct err ignored = {0};
    struct doc *target = session_ask(session, &request, &ignored);
    int64_t generation = object_generation(doc_root(target));
    doc_free(target);
    return generation > 0 ? generation : 1;
}

static bool fill(struct session *session, const struct words *words, const struct node *canary, struct request *request,
                 struct err *err)
{
    char now[32];
    time_write(session_now_ms(session), now);
    *request = (struct request){.verb = words->verb,
                                .id = new_id(),
                                .gate = str_dup(words->gate),
                                .reason = str_dup(words->reason),
                                .by = who_am_i(session),
                                .at = str_dup(now)};
    if (request->id == NULL) {
        return err_set(err, ERR_IO, "no random number for the id of the request");
    } else if (words->verb == REQUEST_PAUSE || words->verb == REQUEST_RESUME) {
        return true;
    }
    struct doc *release = hand_last_release(session, canary, true, err);
    if (release != NULL) {
        request->release = str_dup(object_name(doc_root(release)));
    } else if (err->code == ERR_NONE) {
        request->generation = generation_of_target(session, canary);
    }
    doc_free(release);
    return err->code == ERR_NONE;
}

static bool send(struct session *session, const struct node *canary, const struct request *request, struct err *err)
{
    struct doc *patch = request_patch(request);
    struct kube_request write = {.verb = KUBE_PATCH_MERGE,
                                 .resource = &KUBE_CANARIES,
                                 .namespace = object_namespace(canary),
                                 .name = object_name(canary),
                                 .query = "fieldManager=sluice-by-hand",
                                 .body = doc_root(patch)};
    struct doc *answer = session_ask(session, &write, err);
    bool sent = answer != NULL;
    doc_free(answer);
    doc_free(patch);
    return sent;
}

/* --- the answer --- */

struct waiting {
    const struct store *canaries;
    const char *namespace, *name;
    const struct request *request;
    struct doc *answer; /* status.lastRequest */
    char *overtaken;    /* what took its place before it was answered, for people; NULL: nothing */
};

static bool is_state(const struct request *request)
{
    return request->verb == REQUEST_PAUSE || request->verb == REQUEST_RESUME;
}

/* A Canary has one annotation for requests, so the last of two that come at once is the one that stays. What is asked
 * of a pause is a second annotation, which another request leaves as it is. */
static char *find_overtaker(const struct node *canary, const struct request *request)
{
    struct request other;
    struct err ignored = {0};
    enum request_found found = request_read(&other, canary, &ignored);
    const char *state = !is_state(request)              ? ""
                        : request_pause(canary) != NULL ? "; it is paused"
                                                        : "; it is not paused";
    char *text = NULL;
    if (found == REQUEST_NONE) {
        text = str_format("its annotation was taken away before it was answered%s", state);
    } else if (!str_equal(other.id, request->id)) {
        const char *verb = found == REQUEST_READ ? request_verb_name(other.verb) : "which cannot be read,";
        text = str_format("overtaken by another request (%s by %s)%s", verb, other.by != NULL ? other.by : "somebody",
                          state);
    }
    request_fini(&other);
    return text;
}

static bool is_answered(void *ctx)
{
    struct waiting *waiting = ctx;
    struct doc *canary = store_find(waiting->canaries, waiting->namespace, waiting->name);
    const struct node *last = node_at(doc_root(canary), "status", "lastRequest");
    if (node_is(node_get(last, "id"), waiting->request->id)) {
        waiting->answer = doc_copy(last);
    } else if (canary != NULL) {
        waiting->overtaken = find_overtaker(doc_root(canary), waiting->request);
    }
    doc_free(canary);
    return waiting->answer != NULL || waiting->overtaken != NULL;
}

struct record {
    const struct store *releases;
    const char *namespace, *id;
    char *release; /* which has the request; NULL: none yet */
};

static bool look_into(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    struct record *record = ctx;
    if (requests_find(doc_root(object), record->id) != NULL) {
        record->release = str_dup(name);
    }
    return record->release == NULL;
}

static bool is_on_record(void *ctx)
{
    struct record *record = ctx;
    store_each(record->releases, record->namespace, look_into, record);
    return record->release != NULL;
}

/* In the place of the engine's answer, of which the next one may have taken the place. The engine may also have begun
 * to act before it saw the other request: the Release has on record then what was done. A pause is in no record. */
static struct doc *answer_overtaken(struct session *session, const struct waiting *waiting)
{
    struct record record = {.namespace = waiting->namespace, .id = waiting->request->id};
    if (!is_state(waiting->request)) {
        record.releases = session_watch(session, &KUBE_RELEASES, record.namespace, NULL);
        session_wait(session, RECORD_MS, is_on_record, &record);
    }
    bool is_done = record.release != NULL;
    char *text = is_done ? str_format("it is on record in %s; %s", record.release, waiting->overtaken)
                         : str_dup(waiting->overtaken);
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    doc_set_root(doc, root);
    node_set_str(doc, root, "outcome", is_done ? "Done" : OVERTAKEN);
    node_set_str(doc, root, "message", text);
    str_free(&text);
    str_free(&record.release);
    return doc;
}

static void tell_json(const struct node *canary, const struct request *request, const struct node *answer)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    doc_set_root(doc, root);
    node_set_str(doc, root, "canary", object_name(canary));
    node_set_str(doc, root, "namespace", object_namespace(canary));
    node_set_str(doc, root, "verb", request_verb_name(request->verb));
    node_set_str(doc, root, "id", request->id);
    node_set_str(doc, root, "release", node_str_or(node_get(answer, "release"), request->release));
    node_set_str(doc, root, "gate", node_str_or(node_get(answer, "gate"), request->gate));
    node_set_str(doc, root, "by", request->by);
    node_set_str(doc, root, "reason", request->reason);
    node_set_str(doc, root, "at", request->at);
    node_set_str(doc, root, "outcome", node_str_or(node_get(answer, "outcome"), "Unanswered"));
    node_set_str(doc, root, "message", node_str(node_get(answer, "message")));
    cli_print_json(root, stdout);
    doc_free(doc);
}

static int tell(const struct words *words, struct session *session, const struct node *canary,
                const struct request *request, const struct node *answer, enum session_end end)
{
    char line[SHOWN_SIZE];
    const char *verb = request_verb_name(request->verb);
    const char *message = shown_line(line, sizeof line, node_str(node_get(answer, "message")));
    bool done = node_is(node_get(answer, "outcome"), "Done");
    if (words->common.json) {
        tell_json(canary, request, answer);
    } else if (done) {
        printf("%s\n", message);
    }
    if (answer == NULL && end == SESSION_INTERRUPTED) {
        fprintf(stderr,
                "sluice %s: interrupted; the request stays on the Canary, and is acted on once an engine reads it\n",
                verb);
        return INTERRUPTED;
    } else if (answer == NULL) {
        const char *trouble = session_trouble(session);
        fprintf(stderr,
                "sluice %s: no engine answered%s%s; the request stays on the Canary, and is acted on once one "
                "does\n",
                verb, trouble[0] != '\0' ? ": " : "", trouble);
    } else if (!done) {
        bool refused = !node_is(node_get(answer, "outcome"), OVERTAKEN);
        fprintf(stderr, "sluice %s: %s%s\n", verb, refused ? "refused: " : "", message);
    }
    return answer == NULL ? UNANSWERED : done ? DONE : REFUSED;
}

static int ask(const struct words *words, struct session *session, const struct node *canary, struct err *err)
{
    struct request request;
    int status = SESSION_FAILED;
    if (fill(session, words, canary, &request, err) && send(session, canary, &request, err)) {
        struct waiting waiting = {
            .namespace = object_namespace(canary), .name = object_name(canary), .request = &request};
        waiting.canaries = session_watch(session, &KUBE_CANARIES, waiting.namespace, waiting.name);
        enum session_end end = session_wait(session, session_left_ms(session), is_answered, &waiting);
        if (waiting.overtaken != NULL) {
            waiting.answer = answer_overtaken(session, &waiting);
        }
        status = tell(words, session, canary, &request, doc_root(waiting.answer), end);
        doc_free(waiting.answer);
        str_free(&waiting.overtaken);
    }
    request_fini(&request);
    return status;
}

static int run(void *ctx, struct session *session, struct err *err)
{
    const struct words *words = ctx;
    session_limit(session, words->timeout_ms);
    struct doc *canary = hand_canary(session, words->canary, err);
    int status = canary != NULL ? ask(words, session, doc_root(canary), err) : SESSION_FAILED;
    doc_free(canary);
    return status;
}

static void print_help(enum request_verb verb, const struct cli_flag *flags)
{
    printf("usage: sluice %s [-n NAMESPACE] CANARY [--reason TEXT] [flags]\n\n%s"
           "Who asked, and why, is in %s; docs/by-hand.md has all of it.\n\n",
           request_verb_name(verb), says[verb],
           verb == REQUEST_PAUSE || verb == REQUEST_RESUME ? "an event and in the Canary's status"
                                                           : "the Release, in an event and in sluice why");
    cli_print(flags, stdout);
    fputs("\nExit status: 0 it is done, 1 the engine refuses it, or another request took its place, 2 it could\n"
          "not be asked for, 3 no engine answered in that time, 130 it was interrupted (the request stays).\n",
          stdout);
}

static int hand(enum request_verb verb, int argc, char **argv)
{
    const struct cli_flag *flags = verb == REQUEST_APPROVE ? approve_flags : hand_flags;
    struct words words = {.verb = verb, .timeout_ms = TIMEOUT_MS};
    struct err err = {0};
    bool ok = cli_read(flags, argc, argv, take, &words, &err);
    if (ok && words.common.help) {
        print_help(verb, flags);
        return DONE;
    } else if (ok && words.common.version) {
        version_print();
        return DONE;
    } else if (ok && words.canary == NULL) {
        ok = err_set(&err, ERR_INVALID, "a Canary is missing");
    }
    if (!ok) {
        return cli_refuse(request_verb_name(verb), &err);
    }
    return session_run(request_verb_name(verb), &words.session, run, &words);
}

#define HAND(name, verb)                                                                                               \
    int command_##name(int argc, char **argv)                                                                          \
    {                                                                                                                  \
        return hand(verb, argc, argv);                                                                                 \
    }
HAND(pause, REQUEST_PAUSE)
HAND(resume, REQUEST_RESUME)
HAND(promote, REQUEST_PROMOTE)
HAND(rollback, REQUEST_ROLLBACK)
HAND(retry, REQUEST_RETRY)
HAND(approve, REQUEST_APPROVE)
