/* One Canary as the overview of the dashboard shows it: what its object and its Release say, as JSON. */
#pragma once

#include "kube/store.h"

/* A new document, with absent what the object does not say:
 *
 *     {namespace, name, phase, weight, failed, threshold, since, strategy, suspended, paused,
 *      waits: {reason, message, since}, refused, warning, answer: {id, verb, outcome, message, by, at}}
 *
 * `answer` is what the engine made of the last request of a person (canary/request.h), `paused` why a person paused it.
 * `since` is when the status changed last. `refused` and `warning` are messages of the conditions Accepted and
 * WeightsEffective while these are False. */
struct doc *row_of(const struct node *canary, const struct store *releases);
