/* What an alert says (docs/alerts.md): its severity, its text, and what the Canary is, as fields. An alert is told to
 * people in a chat; an event (notify/announcer.h) is told in the cluster. */
#pragma once

#include "canary/canary.h"

#define ALERT_INFO "info"
#define ALERT_WARN "warn"
#define ALERT_ERROR "error"

/* For checks: NULL ends it. */
extern const char *const alert_severities[];

struct alert {
    const char *severity; /* ALERT_INFO, ALERT_WARN or ALERT_ERROR */
    const char *message;
    bool described; /* with what the Canary is: target, threshold, deadline, routing */
};

/* True when an entry of spec.analysis.alerts with this severity wants alerts of the other one. An entry without a
 * severity wants none, as in Flagger. */
bool alert_is_for(const char *wanted, const char *severity);
/* What an adapter is asked (lua/stdlib/chat.lua), without the address: {name, namespace, message, severity, fields}.
 * `cluster`: NULL or empty for none. */
struct doc *alert_ask(const struct canary *canary, const struct alert *alert, const char *cluster);
