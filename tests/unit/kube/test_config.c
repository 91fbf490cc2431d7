#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "base/log.h"
#include "base/mem.h"
#include "fake_file.h"
#include "fake_pem.h"
#include "kube/config.h"

/* A folder of its own for each test, with two pairs of certificate and key as PEM, made once. */
struct world {
    char folder[32];
    struct str_list files;
    struct kube_config config;
    struct err err;
};

static struct fake_pem pairs[2];

/* --- certificates --- */

static int make_pairs(void **state)
{
    fake_pem_make(&pairs[0]);
    fake_pem_make(&pairs[1]);
    return 0;
}

static int free_pairs(void **state)
{
    for (size_t i = 0; i < 2; i++) {
        fake_pem_free(&pairs[i]);
    }
    return 0;
}

/* Base64 as a kubeconfig has it, all on one line. */
static char *base64(const char *text)
{
    char *out = mem_alloc(strlen(text) * 2 + 8);
    EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)text, (int)strlen(text));
    return out;
}

/* --- files --- */

static int setup(void **state)
{
    struct world *w = mem_new(struct world);
    str_copy(w->folder, sizeof w->folder, "/tmp/test-config-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    for (size_t i = w->files.count; i > 0; i--) {
        remove(w->files.items[i - 1]);
    }
    assert_int_equal(rmdir(w->folder), 0);
    str_list_fini(&w->files);
    kube_config_fini(&w->config);
    mem_free(w);
    return 0;
}

static char *path_in(struct world *w, const char *name)
{
    return str_format("%s/%s", w->folder, name);
}

static void make_folder(struct world *w, const char *name)
{
    char *path = path_in(w, name);
    assert_int_equal(mkdir(path, 0700), 0);
    str_list_push(&w->files, path);
    str_free(&path);
}

static void write_file(struct world *w, const char *name, const char *text)
{
    char *path = path_in(w, name);
    fake_file_write(path, text);
    if (!str_list_has(&w->files, path)) {
        str_list_push(&w->files, path);
    }
    str_free(&path);
}

/* A kubeconfig whose only cluster has these fields besides the server, and whose only user has those. */
static void write_config(struct world *w, const char *cluster, const char *user)
{
    char *text = str_format("current-context: lab\n"
                            "contexts: [{name: lab, context: {cluster: here, user: me, namespace: test}}]\n"
                            "clusters: [{name: here, cluster: {server: 'https://api:6443', %s}}]\n"
                            "users: [{name: me, user: {%s}}]\n",
                            cluster, user);
    write_file(w, "config", text);
    str_free(&text);
}

static bool load(struct world *w, const char *context)
{
    char *path = path_in(w, "config");
    kube_config_fini(&w->config);
    err_clear(&w->err);
    bool ok = kube_config_load(path, context, &w->config, &w->err);
    str_free(&path);
    return ok;
}

static void expect_loaded(struct world *w)
{
    if (!load(w, NULL)) {
        fail_msg("%s", w->err.text);
    }
}

static void keep_line(void *ctx, const char *line)
{
    buf_append_str(ctx, line);
}

/* kubectl takes the last one. */
static void test_a_repeated_key_is_said_and_the_last_counts(void **state)
{
    struct world *w = *state;
    struct buf told;
    buf_init(&told, 4096);
    write_config(w, "insecure-skip-tls-verify: false, insecure-skip-tls-verify: true", "token: abc, token: def");
    log_set_sink(keep_line, &told);
    expect_loaded(w);
    log_set_sink(NULL, NULL);
    assert_string_equal(w->config.token, "def");
    assert_true(w->config.tls.insecure);
    assert_non_null(strstr(buf_str(&told), ": the key \\\"token\\\" is there twice: the last one counts"));
    assert_non_null(strstr(buf_str(&told), "the key \\\"insecure-skip-tls-verify\\\" is there twice"));
    buf_fini(&told);
}

/* The error names the file, and `text` with every '~' standing for the folder. Nothing of the config is left. */
static void expect_failure(struct world *w, const char *context, const char *text)
{
    assert_false(load(w, context));
    struct buf wanted;
    buf_init(&wanted, 4096);
    buf_printf(&wanted, "kubeconfig %s/config: ", w->folder);
    for (; *text != '\0'; text++) {
        if (*text == '~') {
            buf_append_str(&wanted, w->folder);
        } else {
            buf_append_char(&wanted, *text);
        }
    }
    assert_string_equal(w->err.text, buf_str(&wanted));
    buf_fini(&wanted);
    assert_null(w->config.source);
    assert_null(w->config.server);
}

/* As kubectl's flags: another cluster, another user, of the same file. */
static void test_a_chosen_cluster_and_user_take_the_place_of_the_contexts(void **state)
{
    struct world *w = *state;
    write_file(w, "config",
               "current-context: lab\n"
               "contexts: [{name: lab, context: {cluster: here, user: me, namespace: test}}]\n"
               "clusters: [{name: here, cluster: {server: 'https://api:6443'}}, "
               "{name: there, cluster: {server: 'https://other:6443'}}]\n"
               "users: [{name: me, user: {token: abc}}, {name: you, user: {token: def}}]\n");
    char *path = path_in(w, "config");
    struct kube_choice choice = {.cluster = "there", .user = "you"};
    assert_true(kube_config_load_chosen(path, &choice, &w->config, &w->err));
    assert_string_equal(w->config.server, "https://other:6443");
    assert_string_equal(w->config.token, "def");
    assert_string_equal(w->config.namespace, "test");
    kube_config_fini(&w->config);
    choice.user = "nobody";
    assert_false(kube_config_load_chosen(path, &choice, &w->config, &w->err));
    assert_non_null(strstr(w->err.text, "nobody"));
    str_free(&path);
}

static void expect_cluster_failure(struct world *w, const char *cluster, const char *text)
{
    write_config(w, cluster, "token: abc");
    char *whole = str_format("context \"lab\": cluster \"here\": %s", text);
    expect_failure(w, NULL, whole);
    str_free(&whole);
}

static void expect_user_failure(struct world *w, const char *user, const char *text)
{
    write_config(w, "", user);
    char *whole = str_format("context \"lab\": user \"me\": %s", text);
    expect_failure(w, NULL, whole);
    str_free(&whole);
}

/* --- kubeconfigs --- */

static const char two_contexts[] = "apiVersion: v1\n"
                                   "kind: Config\n"
                                   "current-context: one\n"
                                   "contexts:\n"
                                   "- {name: one, context: {cluster: here, user: me}}\n"
                                   "- {name: two, context: {cluster: there, user: '', namespace: prod}}\n"
                                   "- {name: lost, context: {cluster: nowhere, user: me}}\n"
                                   "- {name: stranger, context: {cluster: here, user: nobody}}\n"
                                   "- {name: empty, context: {user: me}}\n"
                                   "clusters:\n"
                                   "- {name: here, cluster: {server: 'https://api:6443/'}}\n"
                                   "- {name: there, cluster: {server: 'http://127.0.0.1:8080/k8s/clusters/c-1//'}}\n"
                                   "users:\n"
                                   "- {name: me, user: {token: abc}}\n";

static void test_a_context_leads_to_a_cluster_and_a_user(void **state)
{
    struct world *w = *state;
    write_file(w, "config", two_contexts);
    expect_loaded(w);
    assert_string_equal(w->config.server, "https://api:6443");
    assert_string_equal(w->config.namespace, "default");
    assert_string_equal(w->config.token, "abc");
    assert_null(w->config.token_file);
    assert_null(w->config.exec.command);
    assert_false(w->config.tls.insecure);
    assert_true(load(w, "two"));
    assert_string_equal(w->config.server, "http://127.0.0.1:8080/k8s/clusters/c-1");
    assert_string_equal(w->config.namespace, "prod");
    assert_null(w->config.token); /* user "" is nobody */
}

static void test_what_is_missing_is_named(void **state)
{
    struct world *w = *state;
    expect_failure(w, NULL, "file ~/config: cannot open: No such file or directory");
    assert_int_equal(w->err.code, ERR_NOT_FOUND);
    write_file(w, "config", two_contexts);
    expect_failure(w, "three", "there is no entry \"three\" in contexts");
    expect_failure(w, "", "current-context is not set");
    expect_failure(w, "lost", "context \"lost\": there is no entry \"nowhere\" in clusters");
    expect_failure(w, "stranger", "context \"stranger\": there is no entry \"nobody\" in users");
    expect_failure(w, "empty", "context \"empty\": cluster is missing");
    write_file(w, "config", "- a\n");
    expect_failure(w, NULL, "it is not a mapping");
    write_file(w, "config", "");
    expect_failure(w, NULL, "current-context is not set");
    write_file(w, "config", "kind: Config\n");
    expect_failure(w, NULL, "current-context is not set");
    write_file(w, "config", "current-context: 5\n");
    expect_failure(w, NULL, "current-context: a string is wanted; put quotes around it");
    write_file(w, "config", "a: [\n");
    assert_false(load(w, NULL));
    assert_non_null(strstr(w->err.text, "/config:2:1"));
}

static void test_a_cluster_without_a_usable_server_is_refused(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *server, *text;
    } cases[] = {
        {"ftp://api:6443", "server: \"ftp://api:6443\" is not an http(s) URL"},
        {"https://", "server: \"https://\" is not an http(s) URL"},
        {"''", "server: \"\" is not an http(s) URL"},
        {"7", "server: a string is wanted; put quotes around it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = str_format("current-context: lab\ncontexts: [{name: lab, context: {cluster: here}}]\n"
                                "clusters: [{name: here, cluster: {server: %s}}]\n",
                                cases[i].server);
        char *wanted = str_format("context \"lab\": cluster \"here\": %s", cases[i].text);
        write_file(w, "config", text);
        expect_failure(w, NULL, wanted);
        str_free(&text);
        str_free(&wanted);
    }
}

/* Without a scheme it is http, and https when anything is said about TLS: what client-go takes. */
static void test_a_server_without_a_scheme_gets_one(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *more, *server;
    } cases[] = {{"", "http://api:6443"}, {", insecure-skip-tls-verify: true", "https://api:6443"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = str_format("current-context: lab\ncontexts: [{name: lab, context: {cluster: here}}]\n"
                                "clusters: [{name: here, cluster: {server: 'api:6443'%s}}]\n",
                                cases[i].more);
        write_file(w, "config", text);
        expect_loaded(w);
        assert_string_equal(w->config.server, cases[i].server);
        str_free(&text);
    }
}

/* Of two entries of one name kubectl takes neither. */
static void test_entries_of_one_name_are_refused(void **state)
{
    struct world *w = *state;
    static const char *const lists[] = {"clusters", "users", "contexts"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const char *twice[3] = {"", "", ""};
        twice[i] = ", {name: a}, {name: b}, {name: a}";
        char *text = str_format("current-context: lab\ncontexts: [{name: lab, context: {cluster: here}}%s]\n"
                                "clusters: [{name: here, cluster: {server: 'http://api'}}%s]\nusers: [{name: c}%s]\n",
                                twice[2], twice[0], twice[1]);
        char *wanted = str_format("%s[3].name: \"a\" is there twice, wanted a name of its own", lists[i]);
        write_file(w, "config", text);
        expect_failure(w, NULL, wanted);
        str_free(&text);
        str_free(&wanted);
    }
}

static void test_trust_comes_from_a_file_or_from_data(void **state)
{
    struct world *w = *state;
    char *both = str_format("%s%s", pairs[0].certificate, pairs[1].certificate), *data = base64(both);
    write_file(w, "ca.pem", pairs[0].certificate);
    write_config(w, "certificate-authority: ca.pem", "");
    expect_loaded(w);
    assert_string_equal(w->config.tls.ca_pem, pairs[0].certificate);
    assert_non_null(strrchr(w->config.ca_file, '/'));
    /* Data wins, and may be broken over lines. */
    char *fields = str_format("certificate-authority: missing.pem, tls-server-name: api.lab, "
                              "certificate-authority-data: \"%.40s\\n  %s\\n\"",
                              data, data + 40);
    write_config(w, fields, "");
    expect_loaded(w);
    assert_string_equal(w->config.tls.ca_pem, both);
    assert_string_equal(w->config.tls.server_name, "api.lab");
    write_config(w, "insecure-skip-tls-verify: true", "");
    expect_loaded(w);
    assert_true(w->config.tls.insecure);
    assert_null(w->config.tls.ca_pem);
    str_free(&both);
    str_free(&data);
    str_free(&fields);
}

static void test_a_wrong_authority_is_named(void **state)
{
    struct world *w = *state;
    char *cut = str_dup_n(pairs[0].certificate, 120), *broken = str_format("%s%s\n", pairs[1].certificate, cut);
    expect_cluster_failure(w, "certificate-authority: no.pem",
                           "certificate-authority: file ~/no.pem: cannot open: No such file or directory");
    write_file(w, "ca.pem", "hello\n");
    expect_cluster_failure(w, "certificate-authority: ca.pem",
                           "certificate-authority: there is no PEM certificate in it");
    write_file(w, "ca.pem", pairs[0].key);
    expect_cluster_failure(w, "certificate-authority: ca.pem",
                           "certificate-authority: there is no PEM certificate in it");
    write_file(w, "ca.pem", broken);
    expect_cluster_failure(w, "certificate-authority: ca.pem",
                           "certificate-authority: certificate 2 in it cannot be read");
    expect_cluster_failure(
        w, "certificate-authority-data: aGVsbG8=", "certificate-authority-data: there is no PEM certificate in it");
    static const char *const no_base64[] = {"hello", "====", "a===", "ab=c", "????"};
    for (size_t i = 0; i < sizeof no_base64 / sizeof no_base64[0]; i++) {
        char *field = str_format("certificate-authority-data: '%s'", no_base64[i]);
        expect_cluster_failure(w, field, "certificate-authority-data: not base64");
        str_free(&field);
    }
    write_file(w, "ca.pem", pairs[0].certificate);
    expect_cluster_failure(w, "certificate-authority: ca.pem, insecure-skip-tls-verify: true",
                           "insecure-skip-tls-verify and certificate-authority exclude each other");
    expect_cluster_failure(w, "insecure-skip-tls-verify: 'true'", "insecure-skip-tls-verify: true or false is wanted");
    expect_cluster_failure(w, "proxy-url: 'http://proxy'", "proxy-url is not supported");
    str_free(&cut);
    str_free(&broken);
}

static void test_a_client_certificate_and_its_key(void **state)
{
    struct world *w = *state;
    char *certificate = base64(pairs[0].certificate), *key = base64(pairs[0].key);
    make_folder(w, "pki");
    write_file(w, "pki/me.crt", pairs[0].certificate);
    write_file(w, "pki/me.key", pairs[0].key);
    write_file(w, "pki/other.key", pairs[1].key);
    write_config(w, "", "client-certificate: pki/me.crt, client-key: ./pki/me.key");
    expect_loaded(w);
    assert_string_equal(w->config.tls.cert_pem, pairs[0].certificate);
    assert_string_equal(w->config.tls.key_pem, pairs[0].key);
    char *fields =
        str_format("client-certificate-data: %s, client-key-data: %s, client-key: pki/other.key", certificate, key);
    write_config(w, "", fields);
    expect_loaded(w);
    assert_string_equal(w->config.tls.cert_pem, pairs[0].certificate);
    assert_string_equal(w->config.tls.key_pem, pairs[0].key);
    expect_user_failure(w, "client-certificate: pki/me.crt", "client-certificate and client-key must both be set");
    expect_user_failure(w, "client-certificate: pki/me.crt, client-key: pki/other.key",
                        "client-key: it does not belong to the certificate");
    expect_user_failure(w, "client-certificate: pki/me.key, client-key: pki/me.key",
                        "client-certificate: there is no PEM certificate in it");
    expect_user_failure(w, "client-certificate: pki/me.crt, client-key: pki/me.crt",
                        "client-key: there is no PEM private key without a passphrase in it");
    expect_user_failure(w, "client-certificate: pki/me.crt, client-key: pki/no.key",
                        "client-key: file ~/pki/no.key: cannot open: No such file or directory");
    str_free(&certificate);
    str_free(&key);
    str_free(&fields);
}

static void test_tokens_and_passwords(void **state)
{
    struct world *w = *state;
    write_file(w, "token", "from-file\n");
    write_config(w, "", "token: abc, tokenFile: token");
    expect_loaded(w);
    char *path = path_in(w, "token");
    assert_string_equal(w->config.token_file, path);
    str_free(&path);
    write_config(w, "", "tokenFile: /etc/passwd"); /* what stands in it is asked for later */
    expect_loaded(w);
    assert_string_equal(w->config.token_file, "/etc/passwd");
    write_config(w, "", "username: me, password: 'se:cret'");
    expect_loaded(w);
    assert_string_equal(w->config.username, "me");
    assert_string_equal(w->config.password, "se:cret");
    expect_user_failure(w, "tokenFile: t.txt", "tokenFile: file ~/t.txt: cannot open: No such file or directory");
    write_file(w, "blank", " \n");
    expect_user_failure(w, "tokenFile: blank", "tokenFile: file ~/blank: there is no token in it");
    expect_user_failure(w, "tokenFile: /dev/null", "tokenFile: file /dev/null: not a regular file");
    /* Never silently nobody, and never silently ourselves. */
    expect_user_failure(w, "token: 123456", "token: a string is wanted; put quotes around it");
    expect_user_failure(w, "username: me, password: 123456", "password: a string is wanted; put quotes around it");
    expect_user_failure(w, "token: abc, as: somebody", "as is not supported");
    expect_user_failure(w, "token: abc, as-groups: [admins]", "as-groups is not supported");
    expect_user_failure(w, "auth-provider: {name: gcp}",
                        "auth-provider is not supported (Kubernetes removed it in 1.26); use exec");
    expect_user_failure(w, "auth-provider: gcp",
                        "auth-provider is not supported (Kubernetes removed it in 1.26); use exec");
    expect_user_failure(w, "token: abc, username: me", "token and username exclude each other");
    write_config(w, "", "token: abc, as: '', as-groups: [], as-user-extra: {}, auth-provider: null");
    expect_loaded(w);
}

static void test_exec_plugins(void **state)
{
    struct world *w = *state;
    write_config(w, "",
                 "exec: {command: aws, args: [eks, get-token], env: [{name: AWS_PROFILE, value: lab}, "
                 "{name: EMPTY, value: ''}], provideClusterInfo: true, interactiveMode: Never, "
                 "apiVersion: client.authentication.k8s.io/v1beta1}");
    expect_loaded(w);
    const struct kube_exec *exec = &w->config.exec;
    assert_string_equal(exec->command, "aws");
    assert_int_equal(exec->args.count, 2);
    assert_string_equal(exec->args.items[1], "get-token");
    assert_int_equal(exec->env.count, 2);
    assert_string_equal(exec->env.items[0], "AWS_PROFILE=lab");
    assert_string_equal(exec->env.items[1], "EMPTY=");
    assert_true(exec->provide_cluster_info);
    assert_string_equal(exec->api_version, "client.authentication.k8s.io/v1beta1");
    write_config(w, "", "exec: {command: bin/login, env: null}");
    expect_loaded(w);
    char *path = path_in(w, "bin/login");
    assert_string_equal(exec->command, path);
    assert_string_equal(exec->api_version, "client.authentication.k8s.io/v1");
    str_free(&path);
    expect_user_failure(w, "exec: {args: [x]}", "exec: command is missing");
    write_config(w, "", "exec: {command: x, interactiveMode: IfAvailable}");
    expect_loaded(w);
    expect_user_failure(w, "exec: {command: x, interactiveMode: Always}",
                        "exec: interactiveMode: Always is not supported, only Never and IfAvailable");
    expect_user_failure(w, "exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}",
                        "exec: apiVersion: client.authentication.k8s.io/v1alpha1 is not supported, only "
                        "client.authentication.k8s.io/v1 and v1beta1");
    expect_user_failure(w, "exec: {command: x, args: [a, 5]}",
                        "exec: args[1]: a string is wanted; put quotes around it");
    expect_user_failure(w, "exec: {command: x, env: [{value: a}]}", "exec: env[0]: name is missing");
    expect_user_failure(w, "exec: {command: x, env: [{name: A, value: 1}]}",
                        "exec: env[0]: value: a string is wanted; put quotes around it");
}

/* --- another server --- */

static void test_another_server_takes_the_place_of_the_kubeconfigs(void **state)
{
    struct world *w = *state;
    write_config(w, "tls-server-name: other", "token: abc");
    expect_loaded(w);
    assert_false(kube_config_set_server(&w->config, "ftp://api", &w->err));
    assert_string_equal(w->err.text, "\"ftp://api\" is not an http(s) URL");
    assert_string_equal(w->config.server, "https://api:6443");
    assert_true(kube_config_set_server(&w->config, "http://localhost:8001/", &w->err));
    assert_string_equal(w->config.server, "http://localhost:8001");
    assert_string_equal(w->config.token, "abc");
    assert_null(w->config.tls.server_name);
    kube_config_fini(&w->config);
    assert_true(kube_config_set_server(&w->config, "http://localhost:8001", &w->err));
    assert_string_equal(w->config.source, "server http://localhost:8001");
    assert_string_equal(w->config.namespace, "default");
    assert_null(w->config.token);
}

/* --- in a Pod --- */

static bool load_in_cluster(struct world *w)
{
    kube_config_fini(&w->config);
    return kube_config_in_cluster(w->folder, &w->config, &w->err);
}

static void make_account(struct world *w)
{
    static const char *const folders[] = {"var", "var/run", "var/run/secrets", "var/run/secrets/kubernetes.io",
                                          "var/run/secrets/kubernetes.io/serviceaccount"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        make_folder(w, folders[i]);
    }
}

#define ACCOUNT "var/run/secrets/kubernetes.io/serviceaccount/"

static void test_the_service_account_of_a_pod(void **state)
{
    struct world *w = *state;
    make_account(w);
    write_file(w, ACCOUNT "ca.crt", pairs[0].certificate);
    write_file(w, ACCOUNT "token", "abc");
    setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    assert_true(load_in_cluster(w));
    char *token = path_in(w, ACCOUNT "token");
    assert_string_equal(w->config.server, "https://10.96.0.1:443");
    assert_string_equal(w->config.token_file, token);
    assert_null(w->config.token);
    assert_string_equal(w->config.tls.ca_pem, pairs[0].certificate);
    assert_non_null(strrchr(w->config.ca_file, '/'));
    assert_string_equal(w->config.namespace, "default");
    str_free(&token);
    write_file(w, ACCOUNT "namespace", "flagger-system\n");
    setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
    assert_true(load_in_cluster(w));
    assert_string_equal(w->config.server, "https://[fd00::1]:443");
    assert_string_equal(w->config.namespace, "flagger-system");
}

static void test_what_a_pod_lacks_is_named(void **state)
{
    struct world *w = *state;
    unsetenv("KUBERNETES_SERVICE_HOST");
    assert_false(load_in_cluster(w));
    assert_non_null(strstr(w->err.text, "service account: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are"));
    setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    make_account(w);
    assert_false(load_in_cluster(w));
    assert_non_null(strstr(w->err.text, "serviceaccount/ca.crt: cannot open"));
    write_file(w, ACCOUNT "ca.crt", "hello");
    assert_false(load_in_cluster(w));
    assert_non_null(strstr(w->err.text, "serviceaccount/ca.crt: there is no PEM certificate in it"));
    write_file(w, ACCOUNT "ca.crt", pairs[0].certificate);
    assert_false(load_in_cluster(w));
    assert_non_null(strstr(w->err.text, "serviceaccount/token: cannot open"));
    assert_null(w->config.source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_context_leads_to_a_cluster_and_a_user, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_repeated_key_is_said_and_the_last_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_chosen_cluster_and_user_take_the_place_of_the_contexts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_missing_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_cluster_without_a_usable_server_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_server_without_a_scheme_gets_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_entries_of_one_name_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trust_comes_from_a_file_or_from_data, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_wrong_authority_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_client_certificate_and_its_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tokens_and_passwords, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exec_plugins, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_server_takes_the_place_of_the_kubeconfigs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_service_account_of_a_pod, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_a_pod_lacks_is_named, setup, teardown),
    };
    return cmocka_run_group_tests(tests, make_pairs, free_pairs);
}
