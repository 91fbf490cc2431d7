/* A planned write: the difference that one planner found, ready to be sent.
 *
 * Workload and mesh are planners: pure functions from (Canary, live objects) to the next write that is needed, or
 * none. The actor sends it, puts the answer into the store and plans again until nothing differs. So nothing in
 * those rooms waits, and each rule can be tested without a server. */
#pragma once

#include "kube/client.h"
#include "kube/store.h"

enum plan {
    PLAN_DONE,    /* nothing differs */
    PLAN_WRITE,   /* `write` is filled */
    PLAN_FAILED,  /* err says what is wrong; traffic and objects stay as they are */
    PLAN_FOREIGN, /* the object is not this Canary's (canary/ownership.h), and stays; err->text names it */
    PLAN_WAITING, /* something must appear first; err->text says what */
};

/* The subresource with the replicas of a workload. Its answer is a Scale, not the object. */
#define KUBE_SCALE "scale"

struct kube_write {
    enum kube_verb verb;
    const struct kube_resource *resource;
    char *namespace, *name; /* owned; name NULL for KUBE_CREATE */
    const char *subresource;
    struct doc *body; /* owned */
    char *context; /* owned; put before the server's words when it fails: "VirtualService podinfo.test update error" */
};
void kube_write_fini(struct kube_write *write);

/* Fills a CREATE of `body` (ownership moves). */
enum plan kube_write_create(struct kube_write *write, const struct kube_resource *resource, struct doc *body,
                            const char *context_format, ...) __attribute__((format(printf, 4, 5)));
/* Fills a merge PATCH of `live` with `patch` (ownership moves), guarded by live's resourceVersion, which it adds to
 * the patch. */
enum plan kube_write_patch(struct kube_write *write, const struct kube_resource *resource, const struct node *live,
                           struct doc *patch, const char *context_format, ...) __attribute__((format(printf, 5, 6)));

/* The JSON merge patch (RFC 7386) that turns `live` into `want`, as a node of `doc`: removed keys become null, lists
 * are replaced whole. NULL when they are equal. */
struct node *kube_merge_diff(struct doc *doc, const struct node *live, const struct node *want);
