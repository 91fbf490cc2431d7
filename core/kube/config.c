#include "kube/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/log.h"
#include "io/file.h"
#include "io/host.h"
#include "kube/config_files.h"
#include "kube/pem.h"

enum { FILE_MAX = 1024 * 1024 };

static const char *const account_folder = "/var/run/secrets/kubernetes.io/serviceaccount";

void kube_config_fini(struct kube_config *config)
{
    char **texts[] = {&config->source,           &config->server,   &config->namespace,    &config->ca_file,
                      &config->cert_file,        &config->key_file, &config->token,        &config->token_file,
                      &config->username,         &config->password, &config->exec.command, &config->exec.api_version,
                      &config->exec.install_hint};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        str_free(texts[i]);
    }
    http_tls_fini(&config->tls);
    str_list_fini(&config->exec.args);
    str_list_fini(&config->exec.env);
    *config = (struct kube_config){0};
}

/* Reads a file that a kubeconfig names. Some of these files are read again while the engine runs. */
static bool read_text(const char *path, char **text, struct err *err)
{
    struct buf b;
    buf_init(&b, FILE_MAX);
    bool ok = file_read_regular(path, &b, err);
    if (ok) {
        str_free(text);
        *text = buf_take(&b);
    }
    buf_fini(&b);
    return ok;
}

static void drop_user(struct kube_config *config)
{
    char **texts[] = {&config->cert_file,    &config->key_file,         &config->tls.cert_pem,     &config->tls.key_pem,
                      &config->token,        &config->token_file,       &config->username,         &config->password,
                      &config->exec.command, &config->exec.api_version, &config->exec.install_hint};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        str_free(texts[i]);
    }
    str_list_fini(&config->exec.args);
    str_list_fini(&config->exec.env);
    config->exec = (struct kube_exec){0};
}

/* "http://HOST:PORT/..."; with a user before the host it is not looked into. */
static bool is_loopback(const char *server)
{
    const char *begin = server + strlen("http://");
    size_t len = strcspn(begin, "/");
    const char *colon = memrchr(begin, ':', len), *bracket = memchr(begin, ']', len);
    char *host = str_dup_n(begin, colon != NULL && colon > bracket ? (size_t)(colon - begin) : len);
    bool is = memchr(begin, '@', len) == NULL && host_is_loopback(host);
    str_free(&host);
    return is;
}

/* Whoever is on the way would read a password that goes over plain HTTP. client-go sends none to such a server. On this
 * machine there is nobody on the way, and a server of a demo wants to know who asks. */
static void keep_secrets(struct kube_config *config)
{
    bool has_user = config->token != NULL || config->token_file != NULL || config->username != NULL ||
                    config->exec.command != NULL || config->tls.cert_pem != NULL;
    if (has_user && str_has_prefix(config->server, "http://") && !is_loopback(config->server)) {
        log_warn(NULL, "%s: %s is plain HTTP, so the credentials of the user are not sent", config->source,
                 config->server);
        drop_user(config);
    }
}

/* --- a kubeconfig's fields ---
 *
 * A field of the wrong type is an error: to read `token: 123456` as "no token" would be a silent change of who we
 * are. Empty counts as absent. */

static bool text_field(const struct node *entry, const char *field, const char **text, struct err *err)
{
    const struct node *value = node_get(entry, field);
    enum node_type type = node_type(value);
    *text = !str_empty(node_str(value)) ? node_str(value) : NULL;
    return type == NODE_ABSENT || type == NODE_NULL || type == NODE_STRING ||
           err_set(err, ERR_INVALID, "%s: a string is wanted; put quotes around it", field);
}

static bool copy_field(const struct node *entry, const char *field, char **to, struct err *err)
{
    const char *text;
    if (!text_field(entry, field, &text, err)) {
        return false;
    }
    *to = str_dup(text);
    return true;
}

static bool flag_field(const struct node *entry, const char *field, bool *to, struct err *err)
{
    const struct node *value = node_get(entry, field);
    enum node_type type = node_type(value);
    *to = node_bool_or(value, false);
    return type == NODE_ABSENT || type == NODE_NULL || type == NODE_BOOL ||
           err_set(err, ERR_INVALID, "%s: true or false is wanted", field);
}

/* Refuses fields that are not supported: a request that ignores them would be another one than was meant. */
static bool refuse_fields(const struct node *entry, const char *const *fields, struct err *err)
{
    for (; *fields != NULL; fields++) {
        const struct node *value = node_get(entry, *fields);
        enum node_type type = node_type(value);
        bool is_empty = type == NODE_ABSENT || type == NODE_NULL || node_is(value, "") ||
                        ((type == NODE_ARRAY || type == NODE_OBJECT) && node_count(value) == 0);
        if (!is_empty) {
            return err_set(err, ERR_INVALID, "%s is not supported", *fields);
        }
    }
    return true;
}

/* A relative name is relative to the folder of the kubeconfig. */
static char *path_from(const char *kubeconfig, const char *name)
{
    const char *slash = strrchr(kubeconfig, '/');
    if (name[0] == '/' || slash == NULL) {
        return str_dup(name);
    }
    return str_format("%.*s/%s", (int)(slash - kubeconfig), kubeconfig, name);
}

static bool path_field(const char *kubeconfig, const struct node *entry, const char *field, char **path,
                       struct err *err)
{
    const char *name;
    if (!text_field(entry, field, &name, err)) {
        return false;
    }
    *path = name != NULL ? path_from(kubeconfig, name) : NULL;
    return true;
}

/* "<field>-data" (base64) wins over "<field>" (a file), as in kubectl; `*used` is the one that was taken, `*file` the
 * file's path. */
static bool read_pem(const char *kubeconfig, const struct node *entry, const char *const field[2], char **pem,
                     char **file, const char **used, struct err *err)
{
    const char *data;
    char *path = NULL;
    *used = field[0];
    if (!text_field(entry, field[1], &data, err) || !path_field(kubeconfig, entry, field[0], &path, err)) {
        return false;
    }
    bool ok = true;
    if (data != NULL) {
        *used = field[1];
        ok = pem_decode(data, pem, err);
    } else if (path != NULL) {
        ok = read_text(path, pem, err);
        *file = path;
        path = NULL;
    }
    str_free(&path);
    return ok || err_wrap(err, "%s", *used);
}

/* "cluster "here"", and of which file, when there are several. */
static bool wrap_entry(const struct config_files *files, const char *kind, const char *name, const char *path,
                       struct err *err)
{
    bool is_one_of_several = files->paths.count > 1;
    return err_wrap(err, "%s \"%s\"%s%s", kind, name, is_one_of_several ? " of " : "", is_one_of_several ? path : "");
}

static bool take_url(const char *server, struct kube_config *config, struct err *err)
{
    const char *host = server == NULL                       ? ""
                       : str_has_prefix(server, "https://") ? server + strlen("https://")
                       : str_has_prefix(server, "http://")  ? server + strlen("http://")
                                                            : "";
    if (host[0] == '\0' || host[0] == '/') {
        return err_set(err, ERR_INVALID, "\"%s\" is not an http(s) URL", server != NULL ? server : "");
    }
    size_t len = strlen(server);
    while (server[len - 1] == '/') {
        len--;
    }
    str_free(&config->server);
    config->server = str_dup_n(server, len);
    return true;
}

static bool take_server(const char *said, struct kube_config *config, struct err *err)
{
    /* "api:6443" is http as for kubectl, but https when anything is said about TLS, which kubectl does not heed. */
    const struct http_tls *tls = &config->tls;
    const char *scheme = tls->ca_pem != NULL || tls->cert_pem != NULL || tls->insecure ? "https" : "http";
    bool has_scheme = said == NULL || said[0] == '\0' || said[0] == '/' || strstr(said, "://") != NULL;
    char *url = has_scheme ? str_dup(said) : str_format("%s://%s", scheme, said);
    bool ok = take_url(url, config, err);
    str_free(&url);
    return ok;
}

/* After all that says whether TLS is spoken. */
static bool read_server(const struct config_files *files, const char *name, struct kube_config *config, struct err *err)
{
    const char *path, *server;
    const struct node *cluster = config_files_entry(files, "clusters", name, "cluster", &path, err);
    bool ok =
        text_field(cluster, "server", &server, err) && (take_server(server, config, err) || err_wrap(err, "server"));
    return ok || wrap_entry(files, "cluster", name, path, err);
}

bool kube_config_set_server(struct kube_config *config, const char *url, struct err *err)
{
    if (!take_server(url, config, err)) {
        return false;
    }
    str_free(&config->tls.server_name);
    if (config->source == NULL) {
        config->source = str_format("server %s", config->server);
        config->namespace = str_dup("default");
    }
    keep_secrets(config);
    return true;
}

static bool read_trust(const char *path, const struct node *cluster, struct kube_config *config, struct err *err)
{
    static const char *const authority[2] = {"certificate-authority", "certificate-authority-data"};
    const char *used;
    struct http_tls *tls = &config->tls;
    if (!flag_field(cluster, "insecure-skip-tls-verify", &tls->insecure, err) ||
        !copy_field(cluster, "tls-server-name", &tls->server_name, err) ||
        !read_pem(path, cluster, authority, &tls->ca_pem, &config->ca_file, &used, err)) {
        return false;
    }
    if (tls->ca_pem != NULL && tls->insecure) {
        return err_set(err, ERR_INVALID, "insecure-skip-tls-verify and %s exclude each other", used);
    }
    return tls->ca_pem == NULL || pem_check_certificates(tls->ca_pem, err) || err_wrap(err, "%s", used);
}

static bool read_cluster(const struct config_files *files, const char *name, struct kube_config *config,
                         struct err *err)
{
    const char *path;
    const struct node *cluster = config_files_entry(files, "clusters", name, "cluster", &path, err);
    if (cluster == NULL) {
        return false;
    }
    bool ok =
        refuse_fields(cluster, (const char *const[]){"proxy-url", NULL}, err) && read_trust(path, cluster, config, err);
    return ok || wrap_entry(files, "cluster", name, path, err);
}

static bool read_exec_lists(const struct node *exec, struct kube_exec *to, struct err *err)
{
    struct node_iter it = node_iterate(node_get(exec, "args"));
    while (node_next(&it)) {
        if (node_str(it.value) == NULL) {
            return err_set(err, ERR_INVALID, "args[%zu]: a string is wanted; put quotes around it", it.index);
        }
        str_list_push(&to->args, node_str(it.value));
    }
    it = node_iterate(node_get(exec, "env"));
    while (node_next(&it)) {
        const char *name, *value;
        if (!text_field(it.value, "name", &name, err) || !text_field(it.value, "value", &value, err)) {
            return err_wrap(err, "env[%zu]", it.index);
        }
        if (name == NULL) {
            return err_set(err, ERR_INVALID, "env[%zu]: name is missing", it.index);
        }
        char *pair = str_format("%s=%s", name, value != NULL ? value : "");
        str_list_push(&to->env, pair);
        str_free(&pair);
    }
    return true;
}

/* Refuses plugins that must ask a person: the engine has no terminal. Without a mode client-go takes IfAvailable. */
static bool check_exec_mode(const struct node *exec, struct err *err)
{
    const char *mode;
    if (!text_field(exec, "interactiveMode", &mode, err)) {
        return false;
    }
    bool known = mode == NULL || strcmp(mode, "Never") == 0 || strcmp(mode, "IfAvailable") == 0;
    return known || err_set(err, ERR_INVALID, "interactiveMode: %s is not supported, only Never and IfAvailable", mode);
}

static bool read_exec_version(const struct node *exec, struct kube_exec *to, struct err *err)
{
    static const char *const versions[] = {"client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"};
    const char *version;
    if (!text_field(exec, "apiVersion", &version, err)) {
        return false;
    }
    if (version != NULL && strcmp(version, versions[0]) != 0 && strcmp(version, versions[1]) != 0) {
        return err_set(err, ERR_INVALID, "apiVersion: %s is not supported, only %s and v1beta1", version, versions[0]);
    }
    to->api_version = str_dup(version != NULL ? version : versions[0]);
    return true;
}

/* A command with a slash is relative to the kubeconfig's folder; one without is looked up in PATH. */
static bool read_exec(const char *path, const struct node *exec, struct kube_exec *to, struct err *err)
{
    if (exec == NULL || node_type(exec) == NODE_NULL) {
        return true;
    }
    const char *command;
    bool ok = text_field(exec, "command", &command, err) && read_exec_version(exec, to, err) &&
              check_exec_mode(exec, err) && flag_field(exec, "provideClusterInfo", &to->provide_cluster_info, err) &&
              copy_field(exec, "installHint", &to->install_hint, err) && read_exec_lists(exec, to, err);
    if (ok && command == NULL) {
        ok = err_set(err, ERR_INVALID, "command is missing");
    }
    if (!ok) {
        return err_wrap(err, "exec");
    }
    to->command = strchr(command, '/') != NULL ? path_from(path, command) : str_dup(command);
    return true;
}

/* The file must be there now; it is read again whenever the token is needed (kube/credential.c). */
static bool read_token(const char *path, const struct node *user, struct kube_config *config, struct err *err)
{
    if (!copy_field(user, "token", &config->token, err) ||
        !path_field(path, user, "tokenFile", &config->token_file, err)) {
        return false;
    }
    char *text = NULL;
    bool ok = config->token_file == NULL || read_text(config->token_file, &text, err);
    if (ok && config->token_file != NULL && text[strspn(text, " \t\r\n")] == '\0') {
        ok = err_set(err, ERR_INVALID, "file %s: there is no token in it", config->token_file);
    }
    str_free(&text);
    return ok || err_wrap(err, "tokenFile");
}

static bool read_identity(const char *path, const struct node *user, struct kube_config *config, struct err *err)
{
    struct http_tls *tls = &config->tls;
    static const char *const certificate[2] = {"client-certificate", "client-certificate-data"}, *const key[2] = {
                                                                                                     "client-key",
                                                                                                     "client-key-data"};
    const char *used_certificate, *used_key;
    if (!read_pem(path, user, certificate, &tls->cert_pem, &config->cert_file, &used_certificate, err) ||
        !read_pem(path, user, key, &tls->key_pem, &config->key_file, &used_key, err)) {
        return false;
    }
    if ((tls->cert_pem == NULL) != (tls->key_pem == NULL)) {
        return err_set(err, ERR_INVALID, "client-certificate and client-key must both be set");
    }
    if (tls->cert_pem == NULL) {
        return true;
    }
    if (!pem_check_certificates(tls->cert_pem, err)) {
        return err_wrap(err, "%s", used_certificate);
    }
    return pem_check_key(tls->cert_pem, tls->key_pem, err) || err_wrap(err, "%s", used_key);
}

static bool read_user_fields(const char *path, const struct node *user, struct kube_config *config, struct err *err)
{
    struct err ignored;
    if (!refuse_fields(user, (const char *const[]){"auth-provider", NULL}, &ignored)) {
        return err_set(err, ERR_INVALID, "auth-provider is not supported (Kubernetes removed it in 1.26); use exec");
    }
    static const char *const impersonation[] = {"as", "as-uid", "as-groups", "as-user-extra", NULL};
    bool ok = refuse_fields(user, impersonation, err) && read_token(path, user, config, err) &&
              copy_field(user, "username", &config->username, err) &&
              copy_field(user, "password", &config->password, err);
    if (ok && config->token != NULL && config->username != NULL) {
        ok = err_set(err, ERR_INVALID, "token and username exclude each other");
    }
    return ok && read_identity(path, user, config, err) && read_exec(path, node_get(user, "exec"), &config->exec, err);
}

static bool read_user(const struct config_files *files, const char *name, struct kube_config *config, struct err *err)
{
    if (name == NULL) {
        return true; /* a context without a user is anonymous */
    }
    const char *path;
    const struct node *user = config_files_entry(files, "users", name, "user", &path, err);
    return user != NULL && (read_user_fields(path, user, config, err) || wrap_entry(files, "user", name, path, err));
}

static bool read_context_fields(const struct config_files *files, const struct node *context,
                                const struct kube_choice *choice, struct kube_config *config, struct err *err)
{
    const char *namespace, *cluster, *user;
    if (!text_field(context, "namespace", &namespace, err) || !text_field(context, "cluster", &cluster, err) ||
        !text_field(context, "user", &user, err)) {
        return false;
    }
    cluster = choice->cluster != NULL ? choice->cluster : cluster;
    user = choice->user != NULL ? choice->user : user;
    if (cluster == NULL) {
        return err_set(err, ERR_INVALID, "cluster is missing");
    }
    config->namespace = str_dup(namespace != NULL ? namespace : "default");
    return read_cluster(files, cluster, config, err) && read_user(files, user, config, err) &&
           read_server(files, cluster, config, err);
}

static bool read_context(const struct config_files *files, const struct kube_choice *choice, struct kube_config *config,
                         struct err *err)
{
    const struct node *current = config_files_current_context(files);
    const char *name = choice->context != NULL ? choice->context : node_str(current), *path;
    if (str_empty(name)) {
        return err_set(err, ERR_INVALID,
                       current == NULL || name != NULL ? "current-context is not set"
                                                       : "current-context: a string is wanted; put quotes around it");
    }
    const struct node *context = config_files_entry(files, "contexts", name, "context", &path, err);
    return context != NULL &&
           (read_context_fields(files, context, choice, config, err) || wrap_entry(files, "context", name, path, err));
}

bool kube_config_load_files(const struct str_list *paths, const struct kube_choice *choice, struct kube_config *config,
                            struct err *err)
{
    struct config_files files;
    *config = (struct kube_config){0};
    if (!config_files_read(&files, paths, err)) {
        return false;
    }
    char *name = config_files_name(&files);
    config->source = str_format("kubeconfig %s", name);
    bool ok = read_context(&files, choice, config, err);
    if (ok) {
        keep_secrets(config);
    } else {
        err_wrap(err, "%s", config->source);
        kube_config_fini(config);
    }
    str_free(&name);
    config_files_fini(&files);
    return ok;
}

bool kube_config_load(const char *path, const char *context, struct kube_config *config, struct err *err)
{
    return kube_config_load_chosen(path, &(struct kube_choice){.context = context}, config, err);
}

bool kube_config_load_chosen(const char *path, const struct kube_choice *choice, struct kube_config *config,
                             struct err *err)
{
    struct str_list paths = {0};
    str_list_push(&paths, path);
    bool ok = kube_config_load_files(&paths, choice, config, err);
    str_list_fini(&paths);
    return ok;
}

/* --- in a Pod --- */

static void trim_end(char *text)
{
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL) {
        text[--len] = '\0';
    }
}

static void read_namespace(const char *folder, struct kube_config *config)
{
    struct err ignored;
    char *path = str_format("%s/namespace", folder);
    if (read_text(path, &config->namespace, &ignored)) {
        trim_end(config->namespace);
    }
    if (str_empty(config->namespace)) {
        str_free(&config->namespace);
        config->namespace = str_dup("default");
    }
    str_free(&path);
}

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
    config->ca_file = str_format("%s/ca.crt", folder);
    bool ok = read_text(config->ca_file, &config->tls.ca_pem, err) &&
              (pem_check_certificates(config->tls.ca_pem, err) || err_wrap(err, "file %s", config->ca_file)) &&
              read_text(config->token_file, &config->token, err);
    read_namespace(folder, config);
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
    str_free(&config->token); /* the token was read only to check that the file is there */
    return true;
}
