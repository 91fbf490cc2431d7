/* What a person asks of a Canary, as two of its annotations. So Kubernetes says who may ask, its audit log has who did,
 * and a GitOps repository can hold both.
 *
 *   sluice.dev/pause: INC-4711       a state: while it is there, the Canary stands still as with spec.suspend. "false"
 *                                    is as if it were not there.
 *   sluice.dev/request: {"verb": "promote", "release": "podinfo-7", "reason": "INC-4711", "by": "alice", "id": "x1"}
 *                                    one thing to do, once. By hand "promote podinfo-7 -- INC-4711" says the same, and
 *                                    "approve podinfo-7 confirm-promotion".
 *
 * A request is meant for one release, or for one generation of the target: one that is old, or that is put back, does
 * nothing to what came later. The engine never writes metadata: its answer is status.lastRequest, with the id of the
 * request. A request that says no id has its text as id. */
#pragma once

#include "base/doc.h"

#define REQUEST_ANNOTATION "sluice.dev/request"
#define PAUSE_ANNOTATION "sluice.dev/pause"
#define PAUSE_WITHOUT_REASON "by hand"

enum {
    REQUEST_SIZE_MAX = 8 * 1024, /* of the annotation; a longer one is refused */
    REQUEST_ID_MAX = 128,
    REQUEST_NAME_MAX = 253,
    REQUEST_TEXT_MAX = 1024, /* of a reason, which is cut there */
};

enum request_verb {
    REQUEST_PAUSE,    /* goes with PAUSE_ANNOTATION, so that somebody answers */
    REQUEST_RESUME,   /* the same with its removal */
    REQUEST_PROMOTE,  /* without the rest of the analysis */
    REQUEST_ROLLBACK, /* the release is taken back */
    REQUEST_RETRY,    /* the revision of a release that failed is released again */
    REQUEST_APPROVE,  /* a gate that is closed lets the release through */
};
enum { REQUEST_VERBS = REQUEST_APPROVE + 1 };

struct request {
    enum request_verb verb;
    char *id;
    char *release;          /* NULL: not said */
    int64_t generation;     /* of the target; 0: not said */
    char *gate;             /* of approve, or a webhook that answers it; NULL: the one that is waited at */
    char *reason, *by, *at; /* one line each; NULL: not said */
};

enum request_found {
    REQUEST_NONE,
    REQUEST_READ,
    REQUEST_BAD, /* only the id is filled; err says what is wrong */
};
/* The request of this Canary; to be finished in any case. */
enum request_found request_read(struct request *request, const struct node *canary, struct err *err);
void request_fini(struct request *request);

const char *request_verb_name(enum request_verb verb);
bool request_verb_find(const char *name, enum request_verb *verb);
/* True when status.lastRequest answers it. */
bool request_is_answered(const struct request *request, const struct node *canary);
/* True when it is meant for this release of the target in this generation. */
bool request_is_for(const struct request *request, const char *release, int64_t generation);
/* A reason as it is kept: one line of bounded length (str_free); NULL: it says nothing. */
char *request_line(const char *reason);
/* Who asks and why, for people: "alice: INC-4711" (str_free). */
char *request_who(const struct request *request);

/* Why the Canary is paused; NULL: it is not. */
const char *request_pause(const struct node *canary);

/* The merge patch of a Canary that asks for it. A pause puts the annotation for its reason there, and resume takes it
 * away. A reason becomes one line of bounded length: what it would be read as anyhow. */
struct doc *request_patch(const struct request *request);
