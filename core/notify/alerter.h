/* Sends alerts to the chats that a Canary names (spec.analysis.alerts), or, when it names none, to the one that the
 * flags name. Each chat is one file of lua/adapters/alerts.
 *
 * Nothing waits for an alert, and each is sent once: a provider that is missing, refuses or hangs costs a line of the
 * log, in Flagger's words. The alerts of one Canary are sent one after the other; so many wait at most, and what comes
 * on top is dropped with a line of the log. A Secret is read when a provider names it, for each alert anew. */
#pragma once

#include "io/adapters.h"
#include "io/clock.h"
#include "kube/client.h"
#include "notify/alert.h"

enum { ALERTER_WAITING_MAX = 20, ALERTER_TIMEOUT_MS = 5000 };

struct alerter;

/* The chat of all Canaries without alerts of their own; url NULL or empty: none. All is copied. */
struct alerter_chat {
    const char *type; /* "slack" */
    const char *url, *token, *proxy, *username, *channel;
};

struct alerter_options {
    struct clock *clock;
    struct kube_client *kube;
    struct adapters *adapters;     /* NULL: no alert is ever sent */
    const struct store *providers; /* AlertProviders; NULL: there are none */
    const char *cluster;           /* -cluster-name; copied */
    struct alerter_chat chat;
};

/* Logs why the chat of the flags cannot be used, if so. */
struct alerter *alerter_new(const struct alerter_options *options);
/* Drops the alerts that were not sent yet. */
void alerter_free(struct alerter *alerter);

/* True when somebody gets alerts of this Canary, NULL: of this severity or of any. */
bool alerter_is_needed(const struct alerter *alerter, const struct canary *canary, const char *severity);
/* Hands the alert over. It is sent, or fails, later. */
void alerter_send(struct alerter *alerter, const struct canary *canary, const struct alert *alert);
