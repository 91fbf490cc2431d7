/* A scenario: a story about an embedded cluster, as a YAML file tells it. Who deploys what when, how each version
 * behaves, which fault strikes when, how people answer at the gates, and what is expected to come of it.
 * examples/scenarios/README.md is the format's reference; sim/story/play.h plays it.
 *
 * Reading is strict: an unknown field, a wrong type, an impossible time is refused with file:line:column. What was read
 * is data, for anybody to look at. */
#pragma once

#include "base/form.h"
#include "sim/ground/behaviour.h"

/* --- the world: how it is at first, and what acts change in it --- */

struct scenario_version {
    const char *image;
    struct behaviour_change change;
};

struct scenario_flow {
    const char *host;
    double per_second;
    const struct node *headers; /* NULL: none */
};

/* What answers at a URL, and at those below it. */
struct scenario_hook {
    const char *url, *body;
    int status;
    int64_t delay_ms;
    bool hangs; /* no answer ever comes */
};

enum scenario_fault_kind {
    FAULT_REQUESTS,   /* requests to a host are answered otherwise, late, or not at all */
    FAULT_WATCHES,    /* every watch is cut at that moment */
    FAULT_PROMETHEUS, /* blind, or answers of its own */
    FAULT_PODS,       /* some are lost, and there is no room for new ones */
    FAULT_ENGINE,     /* it is killed, and started again at the end */
};

struct scenario_fault {
    enum scenario_fault_kind kind;
    const struct node *node;
    int64_t from_ms, until_ms; /* since the story, or the act, began; until_ms -1: to the end */

    const char *host; /* FAULT_REQUESTS */
    double share;
    const struct node *methods; /* NULL: all */
    int status;                 /* one of these four says what happens */
    int64_t latency_ms;
    bool is_unreachable, loses_answers;
    bool expires;  /* FAULT_WATCHES: and what they could go on from is forgotten (410 Gone) */
    bool is_blind; /* FAULT_PROMETHEUS */
    const struct node *answers;
    const char *namespace, *workload; /* FAULT_PODS */
    int64_t lost;
};

struct scenario_world {
    struct scenario_version *versions;
    struct scenario_flow *flows;
    struct scenario_hook *hooks;
    struct scenario_fault *faults;
    size_t version_count, flow_count, hook_count, fault_count;
};

/* --- acts --- */

/* At a time of the story; or once a Canary becomes so and `after_ms` have passed since. */
struct scenario_moment {
    const struct node *node;
    int64_t at_ms; /* -1: none given */
    int64_t after_ms;
    const struct node *when; /* NULL: at once */
    const char *canary;      /* "namespace/name"; NULL: any */
    const char *phase;       /* NULL: any */
    int64_t weight;          /* -1: any */
};

enum scenario_order_kind { ORDER_APPLY, ORDER_SET_IMAGE, ORDER_PATCH, ORDER_SCALE, ORDER_DELETE };

/* What somebody tells the API server, as with kubectl. */
struct scenario_order {
    enum scenario_order_kind kind;
    const struct node *node;
    const char *object_kind, *namespace,
        *name;                     /* all but ORDER_APPLY; namespace NULL: the kind has none, or "default" */
    struct doc *objects;           /* ORDER_APPLY: an array */
    const char *container, *image; /* ORDER_SET_IMAGE */
    int64_t replicas;              /* ORDER_SCALE */
    const struct node *patch;      /* ORDER_PATCH: a merge patch */
};

enum { ORDERS_MAX = 5 };

struct scenario_act {
    struct scenario_moment moment;
    const char *say; /* NULL: it is told by what it does */
    struct scenario_order orders[ORDERS_MAX];
    size_t order_count;
    struct scenario_world world;
};

/* --- what is expected --- */

struct scenario_events {
    const struct node *node;
    const char *text; /* a part of it */
    int64_t min, max;
};

struct scenario_expectation {
    const struct node *node;
    const char *canary;          /* "namespace/name"; NULL: every one */
    const char *phase, *primary; /* NULL: whatever; primary: the image of its first container */
    int64_t weight;              /* -1: whatever */
    struct scenario_events *events;
    size_t event_count;
};

/* An object of `objects` or of an act stands in the scenario, or in a file beside it. */
struct scenario_origin {
    const struct node *object;
    char *file;
};

struct scenario {
    struct form form; /* where everything stands */
    const char *title, *description;
    uint64_t seed;
    int64_t begin_ms, limit_ms;
    struct doc *objects; /* an array */
    struct scenario_world world;
    struct scenario_act *acts;
    size_t act_count;
    struct scenario_moment end;
    struct scenario_expectation *expectations;
    size_t expectation_count;

    char *file;
    struct doc *doc;
    struct yaml_places *places; /* of the objects, too */
    struct scenario_origin *origins;
    size_t origin_count;
};

/* Where the files are: the scenario's and those it names, by a path that starts where the scenario's does. */
typedef bool scenario_open_fn(const char *path, struct buf *text, struct err *err);

/* `open` NULL: from the disk. NULL and err when it is refused. */
struct scenario *scenario_read(const char *path, scenario_open_fn *open, struct err *err);
void scenario_free(struct scenario *scenario);
/* "FILE:LINE:COLUMN" of an object of it, or of the field that `problem` names; mem_free. NULL: it is none of its
 * own. */
char *scenario_object_place(const struct scenario *scenario, const struct node *object, const char *problem);
/* Every version has an image, all traffic a host, every fault what it strikes, every hook a URL, and `when` and
 * `expect` a Canary, that an object or an act brings; for a story to which nobody adds objects from outside. */
bool scenario_is_reached(const struct scenario *scenario, struct err *err);
