/* sluice wait: until this very change of a target is promoted or taken back, for pipelines. Reads only.
 *
 * A change is known by the digest of its pod template, as a Deployment's generation also counts the engine's own
 * scaling. The Canary's status says which digest was seen last and what became of it; the Releases say what became of
 * one that others have followed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/hand.h"
#include "app/shown.h"
#include "app/subject.h"
#include "app/wait_progress.h"
#include "base/duration.h"
#include "base/str.h"
#include "canary/hold.h"
#include "canary/phase.h"
#include "kube/object.h"
#include "release/history.h"
#include "workload/revision.h"

/* The first ones are the exit status. */
enum outcome { PROMOTED = 0, TAKEN_BACK = 1, FAILED = 2, UNDECIDED = 3, SUPERSEDED };
enum { INTERRUPTED = 130 };
enum { TIMEOUT_MS = 30 * 60 * 1000 };

const struct cli_flag wait_flags[] = {
    {"timeout", "DURATION", "how long it is waited for (default: 30m)"},
    {"for-generation", "N",
     "the change that kubectl apply gave this metadata.generation (default: the one that is "
     "there now)"},
    {"q", NULL, "only the end is told, no change on the way"},
    {"quiet", NULL, NULL},
    SESSION_FLAGS,
    {"o", "text|json", "text (default) or json, which docs/by-hand.md describes"},
    {"output", "text|json", NULL},
    CLI_COMMON,
    {0},
};

struct words {
    struct session_flags session;
    struct subject subject; /* no name: none was told */
    int64_t timeout_ms, generation;
    bool quiet;
    struct cli_common common;
};

static bool take_generation(struct words *words, const char *value, struct err *err)
{
    int64_t n = 0;
    for (const char *c = value; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || n > INT32_MAX) {
            return err_set(err, ERR_INVALID, "--for-generation %s: a whole number is wanted", value);
        }
        n = n * 10 + (*c - '0');
    }
    words->generation = n;
    return n > 0 || err_set(err, ERR_INVALID, "--for-generation %s: a number above 0 is wanted", value);
}

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct words *words = ctx;
    int64_t ns;
    if (name == NULL && words->subject.name != NULL) {
        return err_set(err, ERR_INVALID, "%s: one target is wanted", value);
    } else if (name == NULL) {
        return subject_read(value, SUBJECT_ANY, &words->subject, err);
    } else if (session_take(&words->session, name, value)) {
        return true;
    } else if (strcmp(name, "timeout") == 0) {
        if (!duration_parse(value, &ns, err) || ns < 0) {
            return err_set(err, ERR_INVALID, "--timeout %s: a duration such as 30m is wanted", value);
        }
        words->timeout_ms = ns / 1000000;
    } else if (strcmp(name, "for-generation") == 0) {
        return take_generation(words, value, err);
    } else if (strcmp(name, "q") == 0 || strcmp(name, "quiet") == 0) {
        words->quiet = true;
    } else {
        return cli_take_common(&words->common, name, value, err);
    }
    return true;
}

/* --- what is waited for --- */

struct change {
    const struct store *canaries, *releases, *targets;
    const char *namespace;
    char *canary, *target;
    const char *release; /* that alone is waited for; NULL: the change is */
    int64_t generation;  /* that was asked about; 0: the one that was there at the beginning */
    char revision[REVISION_SIZE];
    bool known;           /* the revision */
    enum outcome outcome; /* UNDECIDED: not yet */
    char *message;        /* what became of it, or what it is at */
    struct wait_progress progress;
};

static void decide(struct change *change, enum outcome outcome, char *message)
{
    str_free(&change->message);
    change->outcome = outcome;
    change->message = message;
}

/* ", …" for people: what keeps the Canary from going on (str_free). */
static char *find_hindrance(const struct node *canary)
{
    struct hold hold;
    if (!hold_read(&hold, canary)) {
        return str_dup("");
    }
    static const char *const kinds[] = {[HOLD_PAUSED] = ", paused",
                                        [HOLD_SUSPENDED] = ", spec.suspend holds it",
                                        [HOLD_REFUSED] = ", the Canary is refused",
                                        [HOLD_WAITING] = ""};
    bool says_why = hold.kind != HOLD_SUSPENDED && !str_empty(hold.message);
    const char *colon = hold.kind == HOLD_WAITING ? ", " : ": ";
    return str_format("%s%s%s", kinds[hold.kind], says_why ? colon : "", says_why ? hold.message : "");
}

/* `release`: that of the change, where there is one already, as at gate confirm-rollout; NULL: none. */
static void decide_not_begun(struct change *change, const struct node *canary, const struct node *release)
{
    bool is_there = release != NULL && release_state_is_open(node_str(node_at(release, "status", "state")));
    char *why = find_hindrance(canary);
    decide(change, UNDECIDED,
           is_there ? str_format("%s has not begun%s", object_name(release), why)
                    : str_format("no release of it has begun%s", why));
    str_free(&why);
}

static void free_change(struct change *change)
{
    wait_progress_fini(&change->progress);
    str_free(&change->canary);
    str_free(&change->target);
    str_free(&change->message);
}

struct search {
    const struct change *change;
    int64_t number;      /* of the last one that was found */
    struct doc *release; /* that one */
    bool by_generation;
};

static bool search_release(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    struct search *search = ctx;
    const struct node *root = doc_root(object), *spec = node_get(root, "spec");
    int64_t number = release_number(name, search->change->canary);
    bool fits = search->by_generation ? node_int_or(node_get(spec, "generation"), 0) == search->change->generation
                                      : node_is(node_at(root, "status", "revision"), search->change->revision) ||
                                            node_is(node_get(spec, "revision"), search->change->revision);
    if (number > search->number && node_is(node_get(spec, "canary"), search->change->canary) && fits) {
        doc_free(search->release);
        search->release = doc_copy(root);
        search->number = number;
    }
    return true;
}

/* The last Release of that revision, or the one of that generation; NULL: none (doc_free). */
static struct doc *find_release(const struct change *change, bool by_generation)
{
    struct search search = {.change = change, .by_generation = by_generation};
    store_each(change->releases, change->namespace, search_release, &search);
    return search.release;
}

static bool search_follower(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    struct search *search = ctx;
    const struct node *root = doc_root(object), *spec = node_get(root, "spec");
    if (node_is(node_get(spec, "canary"), search->change->canary) &&
        node_int_or(node_get(spec, "generation"), 0) > search->change->generation) {
        doc_free(search->release);
        search->release = doc_copy(root);
    }
    return search->release == NULL;
}

/* A generation that is not the present one any more, and has no Release of its own. Where nothing was released since,
 * and the Canary has seen what is there now, only the engine's scaling came after it. */
static bool know_older(struct change *change, const struct node *canary)
{
    struct search search = {.change = change};
    store_each(change->releases, change->namespace, search_follower, &search);
    const char *seen = node_str_or(node_at(canary, "status", "lastAppliedSpec"), "");
    if (search.release != NULL) {
        decide(change, SUPERSEDED,
               str_format("it was superseded: generation %" PRId64
                          " of %s has no release of its own, and %s came after it",
                          change->generation, change->target, object_name(doc_root(search.release))));
    } else if (strcmp(seen, change->revision) == 0) {
        change->known = true;
    } else {
        decide_not_begun(change, canary, NULL);
    }
    doc_free(search.release);
    return change->known;
}

/* The revision of a generation that is not the live one any more is known of its Release. */
static bool know_revision(struct change *change, const struct node *target, const struct node *canary)
{
    if (change->known || object_generation(target) < change->generation) {
        return change->known;
    }
    bool is_older = change->generation > 0 && object_generation(target) > change->generation;
    struct doc *release = is_older ? find_release(change, true) : NULL;
    const char *recorded = node_str(node_at(doc_root(release), "spec", "revision"));
    if (recorded != NULL) {
        str_copy(change->revision, sizeof change->revision, recorded);
    } else {
        revision_of_template(node_at(target, "spec", "template"), change->revision);
    }
    change->known = !is_older || recorded != NULL || know_older(change, canary);
    doc_free(release);
    return change->known;
}

static const char *reason_of(const struct node *release)
{
    return node_str_or(node_at(release, "status", "reason"), "its record says no reason");
}

/* "shop-2 was promoted, the analysis passed": an engine's reason begins so (str_free). */
static char *promoted_text(const char *name, const struct node *release)
{
    const char *reason = reason_of(release);
    return str_format(str_has_prefix(reason, "promoted") ? "%s was %s" : "%s was promoted: %s", name, reason);
}

/* The Canary has seen it, and nothing after it. A record that is not closed yet has not said why. */
static void look_at_canary(struct change *change, const struct node *canary, const struct node *release)
{
    const struct node *status = node_get(canary, "status");
    const char *phase = node_str_or(node_get(status, "phase"), "");
    const char *name = release != NULL ? object_name(release) : change->target;
    bool open = release != NULL && release_state_is_open(node_str(node_at(release, "status", "state")));
    if (!open && strcmp(phase, PHASE_FAILED) == 0) {
        decide(change, TAKEN_BACK, str_format("%s was taken back: %s", name, reason_of(release)));
    } else if (!open && (strcmp(phase, PHASE_SUCCEEDED) == 0 || strcmp(phase, PHASE_INITIALIZED) == 0)) {
        decide(change, PROMOTED, release != NULL ? promoted_text(name, release) : str_format("%s runs already", name));
    } else {
        char *why = find_hindrance(canary);
        decide(change, UNDECIDED,
               str_format("%s is %s, at weight %" PRId64 "%s", name, phase, history_share(canary, release), why));
        str_free(&why);
    }
}

/* Another revision is the target's by now. */
static void look_at_record(struct change *change, const struct node *target, const struct node *release)
{
    const char *state = node_str_or(node_at(release, "status", "state"), "");
    if (strcmp(state, RELEASE_SUCCEEDED) == 0) {
        decide(change, PROMOTED,
               str_format("%s was promoted, and another revision has followed", object_name(release)));
    } else if (strcmp(state, RELEASE_FAILED) == 0) {
        decide(change, TAKEN_BACK, str_format("%s was taken back: %s", object_name(release), reason_of(release)));
    } else {
        decide(change, SUPERSEDED,
               str_format("it was superseded: generation %" PRId64 " of %s has another revision",
                          object_generation(target), change->target));
    }
}

static bool is_read(void *ctx)
{
    const struct change *change = ctx;
    return store_is_synced(change->targets) && store_is_synced(change->canaries) && store_is_synced(change->releases);
}

static bool is_decided(void *ctx)
{
    struct change *change = ctx;
    struct doc *target = store_find(change->targets, change->namespace, change->target);
    struct doc *canary = store_find(change->canaries, change->namespace, change->canary);
    bool is_there = is_read(change);
    if (is_there && (target == NULL || canary == NULL)) {
        decide(change, FAILED, str_format("%s is gone", target == NULL ? change->target : change->canary));
    } else if (is_there && know_revision(change, doc_root(target), doc_root(canary))) {
        struct doc *release = find_release(change, false);
        const char *seen = node_str_or(node_at(doc_root(canary), "status", "lastAppliedSpec"), "");
        char now[REVISION_SIZE];
        revision_of_template(node_at(doc_root(target), "spec", "template"), now);
        if (strcmp(now, change->revision) != 0) {
            look_at_record(change, doc_root(target), doc_root(release));
        } else if (strcmp(seen, change->revision) == 0) {
            look_at_canary(change, doc_root(canary), doc_root(release));
        } else {
            decide_not_begun(change, doc_root(canary), doc_root(release));
        }
        if (change->outcome == UNDECIDED) {
            wait_progress_see(&change->progress, doc_root(canary), doc_root(release));
        }
        doc_free(release);
    }
    doc_free(target);
    doc_free(canary);
    return change->outcome != UNDECIDED;
}

/* --- telling --- */

static int tell(const struct words *words, struct session *session, const struct change *change, enum session_end end)
{
    static const char *const outcomes[] = {[PROMOTED] = "promoted",
                                           [TAKEN_BACK] = "taken back",
                                           [FAILED] = "unknown",
                                           [UNDECIDED] = "undecided",
                                           [SUPERSEDED] = "superseded"};
    const char *trouble = session_trouble(session);
    enum outcome outcome = end == SESSION_INTERRUPTED ? FAILED : change->outcome;
    const char *message = end == SESSION_INTERRUPTED ? "interrupted"
                          : change->message != NULL  ? change->message
                          : trouble[0] != '\0'       ? trouble
                          : change->generation > 0   ? "the target has not come to that generation yet"
                                                     : "it is not read yet";
    char line[SHOWN_SIZE];
    message = words->common.json ? message : shown_line(line, sizeof line, message);
    if (words->common.json) {
        struct doc *doc = doc_new();
        struct node *root = node_new_object(doc);
        doc_set_root(doc, root);
        node_set_str(doc, root, "canary", change->canary);
        node_set_str(doc, root, "namespace", change->namespace);
        node_set_str(doc, root, "target", change->target);
        node_set_str(doc, root, "revision", change->known ? change->revision : NULL);
        node_set_str(doc, root, "outcome", outcomes[outcome]);
        node_set_str(doc, root, "message", message);
        cli_print_json(root, stdout);
        doc_free(doc);
    } else if (outcome == PROMOTED) {
        printf("%s\n", message);
    }
    if (outcome != PROMOTED) {
        fprintf(stderr, "sluice wait: %s%s\n", outcome == UNDECIDED ? "undecided in that time: " : "", message);
    }
    return end == SESSION_INTERRUPTED ? INTERRUPTED : outcome == SUPERSEDED ? TAKEN_BACK : (int)outcome;
}

/* --- a release --- */

static bool release_is_read(void *ctx)
{
    const struct change *change = ctx;
    return store_is_synced(change->releases) && (change->canaries == NULL || store_is_synced(change->canaries));
}

static void see_release(struct change *change, const struct node *release)
{
    struct doc *canary =
        change->canaries != NULL ? store_find(change->canaries, change->namespace, change->canary) : NULL;
    wait_progress_see(&change->progress, doc_root(canary), release);
    doc_free(canary);
}

static bool release_is_over(void *ctx)
{
    struct change *change = ctx;
    struct doc *release = store_find(change->releases, change->namespace, change->release);
    const struct node *status = node_get(doc_root(release), "status");
    const char *state = node_str_or(node_get(status, "state"), RELEASE_RUNNING);
    if (release == NULL) {
        decide(change, FAILED, str_format("%s is gone", change->release));
    } else if (strcmp(state, RELEASE_SUCCEEDED) == 0) {
        decide(change, PROMOTED, promoted_text(change->release, doc_root(release)));
    } else if (strcmp(state, RELEASE_FAILED) == 0) {
        decide(change, TAKEN_BACK, str_format("%s was taken back: %s", change->release, reason_of(doc_root(release))));
    } else if (strcmp(state, RELEASE_SUPERSEDED) == 0) {
        decide(change, SUPERSEDED, str_format("%s was superseded: %s", change->release, reason_of(doc_root(release))));
    } else {
        decide(change, UNDECIDED,
               str_format("%s is %s, at weight %" PRId64, change->release, state,
                          node_int_or(node_get(status, "weight"), 0)));
        see_release(change, doc_root(release));
    }
    doc_free(release);
    return change->outcome != UNDECIDED;
}

static int follow_release(const struct words *words, struct session *session, struct err *err)
{
    const char *namespace = session_namespace(session), *name = words->subject.name;
    struct doc *release = hand_release(session, name, err);
    const struct node *spec = node_get(doc_root(release), "spec");
    if (release == NULL || !session_may_read(session, &KUBE_RELEASES, namespace, name, err)) {
        doc_free(release);
        return SESSION_FAILED;
    }
    struct change change = {.namespace = namespace,
                            .release = name,
                            .canary = str_dup(node_str_or(node_get(spec, "canary"), "")),
                            .known = true,
                            .outcome = UNDECIDED};
    str_copy(change.revision, sizeof change.revision, node_str_or(node_get(spec, "revision"), ""));
    change.releases = session_watch(session, &KUBE_RELEASES, change.namespace, change.release);
    struct err ignored = {0}; /* who may read Releases alone is told of weights, not of gates */
    if (!words->quiet && change.canary[0] != '\0' &&
        session_may_read(session, &KUBE_CANARIES, change.namespace, change.canary, &ignored)) {
        change.canaries = session_watch(session, &KUBE_CANARIES, change.namespace, change.canary);
    }
    wait_progress_init(&change.progress, session_clock(session), words->quiet);
    enum session_end end = session_wait(session, session_look_ms(session), release_is_read, &change);
    if (end == SESSION_OVER) {
        end = session_wait(session, session_left_ms(session), release_is_over, &change);
    }
    int status = tell(words, session, &change, end);
    free_change(&change);
    doc_free(release);
    return status;
}

/* --- whose it is --- */

static const struct node *canary_of(const struct node *list, const char *kind, const char *name)
{
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        const struct node *ref = node_at(it.value, "spec", "targetRef");
        if (node_is(node_get(ref, "name"), name) && (kind == NULL || node_is(node_get(ref, "kind"), kind))) {
            return it.value;
        }
    }
    return NULL;
}

static struct doc *find_canary(struct session *session, const struct subject *subject, struct err *err)
{
    if (subject->kind == SUBJECT_CANARY) {
        return hand_canary(session, subject->name, err);
    }
    struct kube_request request = {
        .verb = KUBE_LIST, .resource = &KUBE_CANARIES, .namespace = session_namespace(session)};
    struct doc *list = session_ask(session, &request, err);
    const char *kind = subject->kind == SUBJECT_DAEMONSET ? "DaemonSet" : "Deployment";
    const struct node *found = canary_of(node_get(doc_root(list), "items"), kind, subject->name);
    struct doc *canary = found != NULL ? doc_copy(found) : NULL;
    if (list != NULL && canary == NULL) {
        err_set(err, ERR_NOT_FOUND, "no Canary of the namespace %s has the target %s %s", session_namespace(session),
                kind, subject->name);
    }
    doc_free(list);
    return canary;
}

/* --- following --- */

static int follow(const struct words *words, struct session *session, const struct node *canary)
{
    const struct node *ref = node_at(canary, "spec", "targetRef");
    static const struct kube_resource sets = {"apps", "v1", "daemonsets", "DaemonSet"};
    struct change change = {.namespace = object_namespace(canary),
                            .canary = str_dup(object_name(canary)),
                            .target = str_dup(node_str_or(node_get(ref, "name"), "")),
                            .generation = words->generation,
                            .outcome = UNDECIDED};
    bool is_set = node_is(node_get(ref, "kind"), "DaemonSet");
    const struct kube_resource *kind = is_set ? &sets : &KUBE_DEPLOYMENTS;
    struct err err = {0};
    const char *namespace = session_namespace(session);
    if (!session_may_read(session, kind, namespace, change.target, &err) ||
        !session_may_read(session, &KUBE_CANARIES, namespace, change.canary, &err) ||
        !session_may_read(session, &KUBE_RELEASES, namespace, NULL, &err)) {
        decide(&change, FAILED, str_dup(err.text));
        int failed =
            tell(words, session, &change, session_is_interrupted(session) ? SESSION_INTERRUPTED : SESSION_OVER);
        free_change(&change);
        return failed;
    }
    wait_progress_init(&change.progress, session_clock(session), words->quiet);
    change.targets = session_watch(session, kind, change.namespace, change.target);
    change.canaries = session_watch(session, &KUBE_CANARIES, change.namespace, change.canary);
    change.releases = session_watch(session, &KUBE_RELEASES, change.namespace, NULL);
    enum session_end end = session_wait(session, session_look_ms(session), is_read, &change);
    if (end == SESSION_OVER) {
        end = session_wait(session, session_left_ms(session), is_decided, &change);
    }
    int status = tell(words, session, &change, end);
    free_change(&change);
    return status;
}

/* A server that hangs is one more reason that nothing is decided in that time. */
static int tell_late(const struct words *words, struct session *session, const struct err *err)
{
    const char *name = words->subject.name;
    struct change change = {.namespace = session_namespace(session),
                            .canary = words->subject.kind == SUBJECT_CANARY ? str_dup(name) : NULL,
                            .outcome = UNDECIDED,
                            .message = str_dup(err->text)};
    int status = tell(words, session, &change, SESSION_TIMEOUT);
    free_change(&change);
    return status;
}

static int run(void *ctx, struct session *session, struct err *err)
{
    const struct words *words = ctx;
    session_limit(session, words->timeout_ms);
    int status = SESSION_FAILED;
    if (words->subject.kind == SUBJECT_RELEASE) {
        status = follow_release(words, session, err);
    } else {
        struct doc *canary = find_canary(session, &words->subject, err);
        status = canary != NULL ? follow(words, session, doc_root(canary)) : SESSION_FAILED;
        doc_free(canary);
    }
    return status == SESSION_FAILED && session_is_late(session) ? tell_late(words, session, err) : status;
}

static const struct cli_about about = {
    "usage: sluice wait [-n NAMESPACE] deployment/NAME|daemonset/NAME|canary/NAME|release/NAME [flags]\n\n"
    "Waits until the revision that the target has now, or a release, is promoted or taken back.\n"
    "Another revision that supersedes it ends the wait. Each change on the way, and each gate, is a\n"
    "line on stderr. Reads only.\n\n",
    "\nExit status: 0 promoted, 1 taken back or superseded, 2 it could not be read, 3 still\n"
    "undecided in that time, 130 interrupted.\n",
    wait_flags};

int command_wait(int argc, char **argv)
{
    struct words words = {.timeout_ms = TIMEOUT_MS};
    struct err err = {0};
    bool ok = cli_read(wait_flags, argc, argv, take, &words, &err);
    if (ok && cli_answer(&about, words.common.help, words.common.version)) {
        return 0;
    }
    if (ok && words.subject.name == NULL) {
        ok = err_set(&err, ERR_INVALID, "a target is missing: deployment/NAME");
    } else if (ok && words.subject.kind == SUBJECT_RELEASE && words.generation > 0) {
        ok = err_set(&err, ERR_INVALID, "--for-generation is one of a target, not of a Release");
    }
    if (!ok) {
        return cli_refuse("wait", &err);
    }
    return session_run("wait", &words.session, run, &words);
}
