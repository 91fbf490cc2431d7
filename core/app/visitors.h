/* The traffic of a served cluster besides what a scenario brings: every Canary gets steady streams of requests that its
 * routes take, so that it can be judged. */
#pragma once

#include "sim/cluster.h"
#include "sim/story/scenario.h"

struct visitors;

/* Canaries of `scenario` (NULL: none) get only the traffic that the scenario brings. `told` gets a line for each
 * Canary that gets requests from now on, and for each annotation of a template that says how a version behaves and
 * cannot be read. */
struct visitors *visitors_new(struct cluster *cluster, const struct scenario *scenario,
                              void (*told)(void *ctx, const char *text), void *ctx);
/* The traffic stays. */
void visitors_free(struct visitors *visitors);

/* An array of {host, perSecond, headers} (traffic_flow): requests to the Canary's host, of which each condition of
 * spec.service.match takes some, more for each condition of an A/B test, and in blue/green, which gives the canary no
 * share, some straight to the canary's Service. */
struct doc *visitors_streams(const struct node *canary);
/* A text that the regular expression matches, for those that people write about headers; others give something that may
 * not match. mem_free. */
char *visitors_sample(const char *regex);
