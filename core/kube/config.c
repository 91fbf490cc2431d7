#include "kube/config.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/doc.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "io/file.h"

enum { FILE_MAX = 1024 * 1024 };

static const char *const account_folder = "/var/run/secrets/kubernetes.io/serviceaccount";

void kube_config_fini(struct kube_config *config)
{
    char **texts[] = {&config->source,   &config->server,       &config->namespace,
                      &config->token,    &config->token_file,   &config->username,
                      &config->password, &config->exec.command, &config->exec.api_version};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        str_free(texts[i]);
    }
    http_tls_fini(&config->tls);
    str_list_fini(&config->exec.args);
    str_list_fini(&config->exec.env);
    *config = (struct kube_config){0};
}

static bool read_text(const char *path, char **text, struct err *err)
{
    struct buf b;
    buf_init(&b, FILE_MAX);
    bool ok = file_read(path, &b, err);
    if (ok) {
        str_free(text);
        *text = buf_take(&b);
    }
    buf_fini(&b);
    return ok;
}

/* --- a kubeconfig's fields --- */

/* Relative names count from the folder of the kubeconfig. */
static char *path_from(const char *kubeconfig, const char *name)
{
    const char *slash = strrchr(kubeconfig, '/');
    if (name[0] == '/' || slash == NULL) {
        return str_dup(name);
    }
    return str_format("%.*s/%s", (int)(slash - kubeconfig), kubeconfig, name);
}

static bool decode_base64(const char *text, char **out, struct err *err)
{
    size_t len = strlen(text);
    unsigned char *bytes = mem_alloc(len + 4);
    int n = len % 4 == 0 ? EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)len) : -1;
    if (n < 0) {
        mem_free(bytes);
        return err_set(err, ERR_INVALID, "not base64");
    }
    while (len > 0 && text[len - 1] == '=') {
        len--;
        n--;
    }
    *out = str_dup_n((const char *)bytes, (size_t)n);
    mem_free(bytes);
    return true;
}

/* "<field>-data" (base64) wins over "<field>" (a file), as in kubectl. What is found must look like PEM. */
static bool read_pem(const char *kubeconfig, const struct node *entry, const char *field, char **pem, struct err *err)
{
    char *data_field = str_format("%s-data", field);
    const char *data = node_str(node_get(entry, data_field)), *file = node_str(node_get(entry, field));
    const char *used = !str_empty(data) ? data_field : field;
    bool ok = true;
    if (!str_empty(data)) {
        ok = decode_base64(data, pem, err);
    } else if (!str_empty(file)) {
        char *path = path_from(kubeconfig, file);
        ok = read_text(path, pem, err);
        str_free(&path);
    }
    if (ok && *pem != NULL && strstr(*pem, "-----BEGIN ") == NULL) {
        ok = err_set(err, ERR_INVALID, "not a PEM document");
    }
    if (!ok) {
        err_wrap(err, "%s", used);
    }
    str_free(&data_field);
    return ok;
}

/* The entry of this name in a list such as `clusters`. */
static const struct node *find_entry(const struct node *root, const char *list, const char *name, const char *field,
                                     struct err *err)
{
    struct node_iter it = node_iterate(node_get(root, list));
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "name"), name)) {
            const struct node *entry = node_get(it.value, field);
            if (entry != NULL) {
                return entry;
            }
        }
    }
    err_set(err, ERR_INVALID, "there is no entry \"%s\" in %s", name, list);
    return NULL;
}

static bool read_cluster(const char *path, const struct node *root, const char *name, struct kube_config *config,
                         struct err *err)
{
    const struct node *cluster = find_entry(root, "clusters", name, "cluster", err);
    if (cluster == NULL) {
        return false;
    }
    const char *server = node_str(node_get(cluster, "server"));
    if (str_empty(server) || (!str_has_prefix(server, "https://") && !str_has_prefix(server, "http://"))) {
        return err_set(err, ERR_INVALID, "cluster \"%s\": server: \"%s\" is not an http(s) URL", name,
                       server != NULL ? server : "");
    }
    if (node_get(cluster, "proxy-url") != NULL) {
        return err_set(err, ERR_INVALID, "cluster \"%s\": proxy-url is not supported", name);
    }
    size_t len = strlen(server);
    while (len > 0 && server[len - 1] == '/') {
        len--;
    }
    config->server = str_dup_n(server, len);
    config->tls.insecure = node_bool_or(node_get(cluster, "insecure-skip-tls-verify"), false);
    config->tls.server_name = str_dup(node_str(node_get(cluster, "tls-server-name")));
    return read_pem(path, cluster, "certificate-authority", &config->tls.ca_pem, err) ||
           err_wrap(err, "cluster \"%s\"", name);
}

static bool read_exec(const struct node *exec, struct kube_exec *to, struct err *err)
{
    if (exec == NULL) {
        return true;
    }
    const char *command = node_str(node_get(exec, "command"));
    if (str_empty(command)) {
        return err_set(err, ERR_INVALID, "exec.command is missing");
    }
    to->command = str_dup(command);
    to->api_version = str_dup(node_str_or(node_get(exec, "apiVersion"), "client.authentication.k8s.io/v1"));
    to->provide_cluster_info = node_bool_or(node_get(exec, "provideClusterInfo"), false);
    struct node_iter it = node_iterate(node_get(exec, "args"));
    while (node_next(&it)) {
        str_list_push(&to->args, node_str_or(it.value, ""));
    }
    it = node_iterate(node_get(exec, "env"));
    while (node_next(&it)) {
        char *pair = str_format("%s=%s", node_str_or(node_get(it.value, "name"), ""),
                                node_str_or(node_get(it.value, "value"), ""));
        str_list_push(&to->env, pair);
        str_free(&pair);
    }
    return true;
}

static bool read_user_fields(const char *path, const struct node *user, struct kube_config *config, struct err *err)
{
    if (node_get(user, "auth-provider") != NULL) {
        return err_set(err, ERR_INVALID, "auth-provider is not supported (Kubernetes removed it in 1.26); use exec");
    }
    const char *token_file = node_str(node_get(user, "tokenFile"));
    config->token = str_dup(node_str(node_get(user, "token")));
    config->token_file = !str_empty(token_file) ? path_from(path, token_file) : NULL;
    config->username = str_dup(node_str(node_get(user, "username")));
    config->password = str_dup(node_str(node_get(user, "password")));
    if (!read_pem(path, user, "client-certificate", &config->tls.cert_pem, err) ||
        !read_pem(path, user, "client-key", &config->tls.key_pem, err)) {
        return false;
    }
    if ((config->tls.cert_pem == NULL) != (config->tls.key_pem == NULL)) {
        return err_set(err, ERR_INVALID, "client-certificate and client-key must both be set");
    }
    return read_exec(node_get(user, "exec"), &config->exec, err);
}

static bool read_user(const char *path, const struct node *root, const char *name, struct kube_config *config,
                      struct err *err)
{
    if (name == NULL) {
        return true; /* a context without a user: anonymous */
    }
    const struct node *user = find_entry(root, "users", name, "user", err);
    if (user == NULL) {
        return false;
    }
    return read_user_fields(path, user, config, err) || err_wrap(err, "user \"%s\"", name);
}

static bool read_context(const char *path, const struct node *root, const char *wanted, struct kube_config *config,
                         struct err *err)
{
    const char *name = wanted != NULL ? wanted : node_str(node_get(root, "current-context"));
    if (str_empty(name)) {
        return err_set(err, ERR_INVALID, "current-context is not set");
    }
    const struct node *context = find_entry(root, "contexts", name, "context", err);
    if (context == NULL) {
        return false;
    }
    const char *namespace = node_str(node_get(context, "namespace"));
    config->namespace = str_dup(!str_empty(namespace) ? namespace : "default");
    bool ok = read_cluster(path, root, node_str_or(node_get(context, "cluster"), ""), config, err) &&
              read_user(path, root, node_str(node_get(context, "user")), config, err);
    return ok || err_wrap(err, "context \"%s\"", name);
}

bool kube_config_load(const char *path, const char *context, struct kube_config *config, struct err *err)
{
    *config = (struct kube_config){0};
    config->source = str_format("kubeconfig %s", path);
    char *text = NULL;
    struct doc *doc = NULL;
    bool ok = read_text(path, &text, err);
    if (ok) {
        doc = yaml_parse(path, text, strlen(text), err);
        ok = doc != NULL &&
             (node_type(doc_root(doc)) == NODE_OBJECT || err_set(err, ERR_INVALID, "it is not a mapping"));
    }
    ok = ok && read_context(path, doc_root(doc), context, config, err);
    if (!ok) {
        err_wrap(err, "%s", config->source);
        kube_config_fini(config);
    }
    doc_free(doc);
    str_free(&text);
    return ok;
}

/* --- in a Pod --- */

static bool read_account(const char *folder, struct kube_config *config, struct err *err)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
    if (str_empty(host) || str_empty(port)) {
        return err_set(
            err, ERR_INVALID,
            "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is not a Pod, use -kubeconfig");
    }
    bool v6 = strchr(host, ':') != NULL;
    config->server = str_format(v6 ? "https://[%s]:%s" : "https://%s:%s", host, port);
    config->token_file = str_format("%s/token", folder);
    char *ca = str_format("%s/ca.crt", folder), *namespace = str_format("%s/namespace", folder);
    struct err ignored;
    bool ok = read_text(ca, &config->tls.ca_pem, err) && read_text(config->token_file, &config->token, err);
    if (ok && !read_text(namespace, &config->namespace, &ignored)) {
        config->namespace = str_dup("default");
    }
    str_free(&ca);
    str_free(&namespace);
    return ok;
}

bool kube_config_in_cluster(const char *root, struct kube_config *config, struct err *err)
{
    *config = (struct kube_config){0};
    config->source = str_dup("service account");
    char *folder = str_format("%s%s", root, account_folder);
    bool ok = read_account(folder, config, err);
    str_free(&folder);
    if (!ok) {
        err_wrap(err, "%s", config->source);
        kube_config_fini(config);
        return false;
    }
    str_free(&config->token); /* was only read to see that it is there */
    return true;
}
