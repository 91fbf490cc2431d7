/* Plans the next write that brings a Canary's objects in line, in Flagger's order (docs/flagger.md, "The tick"):
 * Services of canary and primary, primary, autoscaler, apex Service, routes. The planning is idempotent and keeps no
 * memory: the caller repeats it after each write until nothing differs, except for the writes that the caller
 * withholds. */
#pragma once

#include "context/context.h"

enum reconcile_need {
    RECONCILE_DONE,    /* everything is as it should be; while initialising: ready for the status Initialized */
    RECONCILE_WRITE,   /* `write` is filled */
    RECONCILE_METRICS, /* the metric providers are to be asked before a primary is made */
    RECONCILE_PRIMARY, /* the primary must be created (workload/promotion.h) */
    RECONCILE_WAIT,    /* the primary is not ready yet; err says why */
    RECONCILE_DRAIN,   /* the target would go to zero now, but must stay as long as options.target_stays_ms says */
    RECONCILE_PROXIES, /* routes would change now, but reconcile_services_known_ms says that it is too early */
    RECONCILE_NEVER,   /* the primary's deadline has passed; err says so */
    /* an object of that name is there and belongs to somebody else (canary/ownership.h), as err says; the rest is in
     * line */
    RECONCILE_FOREIGN,
    /* one of them cannot be planned, or the API server refuses it, as err says; the rest is in line, but an
     * initialisation stops there */
    RECONCILE_FAILED,
};

enum reconcile_hold {
    HOLD_NOT,     /* it is to be sent */
    HOLD_LATER,   /* not now */
    HOLD_REFUSED, /* not now, as the API server refused it; err says why */
};

struct reconcile_options {
    bool metrics_asked;      /* no RECONCILE_METRICS any more */
    int64_t target_stays_ms; /* so long proxies may not know yet that its Pods are not those of the apex Service */
    /* Called with each planned write. When it is not to be sent now, the callee has taken what it owns, and planning
     * goes on with the next object. */
    enum reconcile_hold (*withhold)(void *ctx, struct kube_write *write, struct err *err);
    void *ctx;
};

/* `write` is filled for RECONCILE_WRITE only; `canary` is changed for the time of the call. */
enum reconcile_need reconcile_plan(struct context *context, struct canary *canary,
                                   const struct reconcile_options *options, struct kube_write *write, struct err *err);
/* How long proxies may not know the primary's Service yet: they answer 503 while a route leads to one they learn of
 * with it. 0: they know it, or there is none. */
int64_t reconcile_services_known_ms(struct context *context, const struct canary *canary);
/* When the primary counts as never ready by the Canary's own deadline; -1: there is none now. */
int64_t reconcile_deadline_wall_ms(struct context *context, const struct canary *canary);
