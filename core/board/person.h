/* What a person does on the page, by a bearer token of their own: the board asks the API server with that token and
 * nothing else, so Kubernetes decides who may, and its audit log has who did. The token is forgotten with the answer.
 *
 *     POST access {namespace, canary}                                  → {user, verbs: [verb]}
 *     POST ask    {namespace, canary, verb, release, gate, reason}     → {id}, of canary/request.h
 *
 * Every verb is a patch of the Canary's annotations, so the access review that counts is that of patching this Canary.
 * Whom that allows, admission policies may still allow some verbs only: each is tried (dryRun), and those that are
 * forbidden are left out. What the engine makes of it comes by the feed (status.lastRequest). A refusal is {problem},
 * with the status and the words of the API server. At most ERRANDS_MAX are under way at a time (503). */
#pragma once

#include "io/exchange.h"
#include "kube/client.h"

struct people;

/* `kube` tells which server it is; its credentials are not used. */
struct people *people_new(const struct kube_client *kube, struct clock *clock);
/* Requests under way are cancelled, and their exchanges end. */
void people_free(struct people *people);
/* Takes the exchange over. */
void people_serve_access(struct people *people, struct exchange *exchange);
void people_serve_ask(struct people *people, struct exchange *exchange);
