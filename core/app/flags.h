/* Command-line flags of `sluice run`: Flagger's, with the same names and forms (Go's flag syntax: one or two dashes,
 * -f=v or -f v, booleans -f or -f=true). A flag without a meaning here is accepted with a note. A word that is no flag
 * is an error: Go would stop there and ignore the rest. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/cli.h"
#include "app/place.h"
#include "canary/limits.h"

struct flags {
    const char *kubeconfig, *master, *kubeconfig_service_mesh;
    const char *metrics_server, *mesh_provider, *namespace, *selector_labels, *include_label_prefix;
    const char *log_level, *zap_encoding, *port, *listen, *event_webhook, *leader_election_namespace;
    const char *dashboard, *dashboard_hosts, *dashboard_prefix;
    struct place metrics_place, dashboard_place; /* what -port or -listen, and -dashboard say */
    const char *cluster_name, *slack_url, *slack_token, *slack_user, *slack_channel, *slack_proxy_url;
    const char *msteams_url, *msteams_proxy_url;
    bool enable_config_tracking, version, help, no_cross_namespace_refs;
    const char *scale_down_delay, *scripts;
    int64_t scale_down_delay_ms; /* what scale_down_delay says */
    const char *limit_texts[LIMIT_COUNT];
    struct limits limits; /* what these say */
};

/* Defaults, then `argv`, then the environment variables that override flags (EVENT_WEBHOOK_URL and others). Texts are
 * borrowed from argv and the environment. `note` is called for each flag that was accepted and has no meaning. */
bool flags_parse(struct flags *flags, int argc, char **argv, void (*note)(const char *text), struct err *err);
/* The help text: one line a flag with its default. */
void flags_print(void);

/* The flags that have a meaning here, for a shell; ends with a NULL name. */
const struct cli_flag *flags_table(void);
