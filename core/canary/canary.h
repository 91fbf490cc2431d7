/* A Canary as the engine reads it: spec with defaults applied, status as last written.
 *
 * Everything is borrowed from one document, which the struct owns. A feature of Flagger's that Sluice does not have
 * yet is refused by name, never ignored; so is a fractional number where an integer belongs. */
#pragma once

#include "base/str.h"
#include "canary/names.h"
#include "canary/phase.h"
#include "kube/store.h"

struct canary;

/* What the scripts are that a Canary names. */
struct canary_scripts {
    void *ctx;
    /* Adds why what the Canary names cannot be used, if so: reasons that begin with the field. */
    void (*check)(void *ctx, const struct canary *canary, struct str_list *reasons);
};

/* Values of flags that a Canary may override, and what it may name. */
struct canary_defaults {
    const char *provider;         /* -mesh-provider */
    const char *metrics_server;   /* -metrics-server */
    bool no_cross_namespace_refs; /* a Canary may name nothing of another namespace */
    /* NULL: the scripts that it names are not looked at, as for a release that has pinned them */
    const struct canary_scripts *scripts;
};
/* The same without what it may name: as for a release under way, which goes on with what it has begun with. */
struct canary_defaults canary_defaults_of_release(const struct canary_defaults *defaults);

struct canary {
    struct doc *doc; /* owned */
    const struct node *root, *spec, *analysis, *status;
    struct canary_names names;

    const char *provider, *metrics_server;
    /* what runs: a bundled strategy ("canary", "blue_green", "ab_test"), or a Strategy, "namespace/name" */
    const char *strategy;
    /* as Flagger's metrics name it: "canary", "blue-green", "ab-testing"; of a Strategy its name */
    const char *strategy_label;
    const struct canary_scripts *scripts;
    bool no_cross_namespace_refs;
    int64_t interval_ms; /* at least 10,000 */
    int64_t progress_deadline_s;
    int primary_ready_pct, canary_ready_pct;
    int64_t threshold; /* at least 1 */
    bool suspend;      /* spec.suspend, or it is paused */
    const char *pause; /* why it is paused, by an annotation (canary/request.h); NULL: it is not */
    bool skip_analysis, has_autoscaler;

    const char *phase; /* "" before the first status */
    int64_t failed_checks, weight, iterations;
    const char *last_applied, *last_promoted; /* "" when absent */
};

/* Takes `doc`, also on failure. False: refused; err->text reads "spec.analysis.threshold: 1.5 is not an integer" and
 * the names are filled all the same. */
bool canary_init(struct canary *canary, struct doc *doc, const struct canary_defaults *defaults, struct err *err);
void canary_fini(struct canary *canary);
/* Makes `copy` equal to `canary`; they share the document. */
void canary_copy(struct canary *copy, const struct canary *canary);
/* The Canary as the store has it. False when it is gone (`canary` is zeroed) or refused (`canary` is filled, err says
 * why). */
bool canary_find(struct canary *canary, const struct store *canaries, const char *namespace, const char *name,
                 const struct canary_defaults *defaults, struct err *err);

/* The store's pruner for Canaries: drops only the annotation in which kubectl repeats the whole object. */
void canary_prune(struct doc *object, const struct node *managers);

/* True for one of the phases. */
bool canary_phase_is(const struct canary *canary, const char *phase);
/* True in the phases "" and Initializing: the objects are not all there yet. */
bool canary_is_initialising(const struct canary *canary);
/* True in a phase without a running release: a changed target begins one. */
bool canary_is_at_rest(const struct canary *canary);
/* True once a promotion has made the primary what was analysed: traffic and target are brought in line with that. */
bool canary_is_promoting(const struct canary *canary);
/* True when a Strategy object decides, not a bundled strategy. */
bool canary_is_scripted(const struct canary *canary);
/* True for a value of `strategy` that is the key of a Strategy: "delivery/weekday-ring". */
bool canary_strategy_is_object(const char *strategy);
/* The module that decides for a value of `strategy`: "strategies.canary", "scripts.weekday-ring" (mem_free). */
char *canary_strategy_module(const char *strategy);
/* The module of a Check: "checks.delivery.revenue-guard" for "delivery/revenue-guard", "checks.delivery.revenue_v2" for
 * "delivery/revenue.v2", as what stands below a module is that Check's own; and "checks.request-duration" for
 * "/request-duration", which no object is (mem_free). */
char *canary_check_module(const char *key);
/* Lists the names of the Canary's objects, without the tracked configs. */
void canary_list_objects(const struct canary *canary, struct str_list *objects);
