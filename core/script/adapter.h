/* Adapters in Lua behind io/adapters.h: lua/adapters/metrics/NAME.lua, lua/adapters/alerts/NAME.lua, and those of a
 * team's own, which come as texts.
 *
 *     ask ──> request(ask) ──> HTTP door or API server ──> answer(ask, response) ──> the answer
 *                    ▲                                              │
 *                    └────────────── { request = …, keep = … } ─────┘
 *
 * The engine's adapters share a VM, which is made for the first question and dropped when none is under way. It
 * keeps nothing between two steps, so a step that breaks a bound costs its own question alone: a spin, a bomb or an
 * error ends that question, and the next step gets a new VM. Each step of a team's own adapter has a VM to itself, so
 * that it changes nothing for others, and it may not ask the engine's own API server. An adapter that a Check brings
 * comes with each question, and asks the URLs that were declared for it, and nobody else.
 *
 * Equal questions that are under way at the same moment are asked once.
 *
 * What an adapter may ask is bounded here: steps and time of a question, bytes of a response, redirects to the same
 * host only. Names and values of headers are checked, so that no secret with a line end in it makes a header of its
 * own. */
#pragma once

#include "io/adapters.h"
#include "io/clock.h"
#include "io/http.h"
#include "script/embedded.h"

enum {
    ADAPTER_STEPS_MAX = 24,
    ADAPTER_TIMEOUT_MS = 5000,          /* of one request, unless it says another time */
    ADAPTER_TIMEOUT_MAX_MS = 15 * 1000, /* of one request */
    ADAPTER_WAIT_MAX_MS = 5 * 1000,     /* before one request */
    ADAPTER_RESPONSE_MAX = 1024 * 1024,
};

struct kube_client;

struct adapters_options {
    struct clock *clock;
    struct http *http;
    struct kube_client *kube; /* for requests to the engine's own API server; NULL: there are none */
    const struct embedded_module *modules;
    size_t module_count;
    bool shares;   /* compiled modules, with all engines of an embedded cluster (chunks_shared) */
    bool measured; /* CPU limits of an engine in real time (SCRIPT_CPU_MEASURED) */
};

struct adapters *script_adapters_new(const struct adapters_options *options);
/* Asserts that no question is under way. */
void script_adapters_free(struct adapters *adapters);
