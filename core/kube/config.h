/* The address of an API server and the credentials for it */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "io/http.h"

/* How an exec credential plugin is run (client.authentication.k8s.io v1 or v1beta1). */
struct kube_exec {
    char *command; /* NULL: none */
    struct str_list args;
    struct str_list env; /* NAME=value */
    char *api_version;
    char *install_hint; /* for who reads that the plugin could not be run; NULL: none */
    bool provide_cluster_info;
};

struct kube_config {
    char *source;    /* for messages: "kubeconfig PATH" or "service account" */
    char *server;    /* https://host:port[/prefix], no slash at the end */
    char *namespace; /* of the context or the Pod; "default" when it names none */
    struct http_tls tls;
    char *ca_file, *cert_file,
        *key_file;    /* files of those, read again when the server refuses them; NULL: not from a file */
    char *token;      /* NULL: none */
    char *token_file; /* read again every minute and after a 401 */
    char *username, *password;
    struct kube_exec exec;
};

/* `path`: file; `context`: NULL for current-context. Relative file names (also of a tokenFile and of an exec command
 * with a slash) count from the kubeconfig's folder; data fields win over file fields, as in kubectl. Certificates
 * and keys are checked; what is not supported (proxy-url, impersonation, plugins that talk to a person) is refused.
 * Of a server on plain HTTP, unless it is on this machine, the user's credentials are dropped, and a warning is logged.
 * Errors name the file, the entry and the field. */
bool kube_config_load(const char *path, const char *context, struct kube_config *config, struct err *err);
/* Entries of the kubeconfig that count in the place of those that it names; NULL: its own. */
struct kube_choice {
    const char *context, *cluster, *user;
};
bool kube_config_load_chosen(const char *path, const struct kube_choice *choice, struct kube_config *config,
                             struct err *err);
/* The same of several files, as $KUBECONFIG may name them (kube/config_files.h). */
bool kube_config_load_files(const struct str_list *paths, const struct kube_choice *choice, struct kube_config *config,
                            struct err *err);
/* /var/run/secrets/kubernetes.io/serviceaccount and KUBERNETES_SERVICE_HOST/PORT; `root` stands before the path in
 * tests, else "". */
bool kube_config_in_cluster(const char *root, struct kube_config *config, struct err *err);
/* Sets another server than the loaded one (the flag -master), or, in a zeroed config, a server that is called
 * without credentials. As in client-go, the expected name of the old server's certificate is dropped with it. Of the
 * credentials the same is true as of those that are loaded. */
bool kube_config_set_server(struct kube_config *config, const char *url, struct err *err);
void kube_config_fini(struct kube_config *config);
