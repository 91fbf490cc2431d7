/* Every Canary's actor, found by the Canary's name, and who is woken when an object changes.
 *
 * An actor names the objects that it looks at; a change of one of them wakes it. Nothing polls. */
#pragma once

#include "context/context.h"

struct registry {
    struct context *context;
    struct seat *seats;
    struct interest *interests;
    struct population *populations;
};

void registry_init(struct registry *registry, struct context *context);
/* Drops every actor where it stands. */
void registry_fini(struct registry *registry);

/* A Canary appeared, changed, or went: its actor looks. */
void registry_canary_changed(struct registry *registry, const char *namespace, const char *name);
/* A Release appeared, changed, or went: the actor of its Canary looks. */
void registry_release_changed(struct registry *registry, const char *namespace, const char *name);
/* An object appeared, changed, or went: the actors that watch it look. */
void registry_object_changed(struct registry *registry, const char *namespace, const char *name);

size_t registry_canaries(const struct registry *registry);
/* True while a release is under way. */
bool registry_has_releases(const struct registry *registry);
