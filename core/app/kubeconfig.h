/* The cluster that a command is about, found as kubectl finds it. */
#pragma once

#include "kube/config.h"

/* `path`, `context` and `choice`: the flags, NULL without; else the files of $KUBECONFIG, ~/.kube/config, and
 * in a Pod its service account. `otherwise` is what else may be given in place of a cluster, for the message; NULL:
 * nothing. */
bool kubeconfig_load(const char *path, const struct kube_choice *choice, const char *otherwise,
                     struct kube_config *config, struct err *err);
