#include "fake_nginx.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_file.h"
#include "fake_net.h"

enum { DAY_S = 24 * 3600 };

/* --- certificates --- */

struct identity {
    EVP_PKEY *key;
    X509 *cert;
};

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(extension);
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
}

/* Signed by `authority`, or by itself and an authority when that is NULL. */
static struct identity identity_new(const char *name, const struct identity *authority, long serial)
{
    struct identity id = {.key = EVP_EC_gen("P-256"), .cert = X509_new()};
    X509_set_version(id.cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(id.cert), serial);
    X509_gmtime_adj(X509_getm_notBefore(id.cert), -DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(id.cert), DAY_S);
    X509_set_pubkey(id.cert, id.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(id.cert), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
                               0);
    X509 *issuer = authority ? authority->cert : id.cert;
    X509_set_issuer_name(id.cert, X509_get_subject_name(issuer));
    if (authority)
        add_extension(id.cert, issuer, NID_subject_alt_name, "IP:127.0.0.1,DNS:api.sluice.test");
    else
        add_extension(id.cert, issuer, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(id.cert, authority ? authority->key : id.key, EVP_sha256()) > 0);
    return id;
}

static void identity_fini(struct identity *id)
{
    X509_free(id->cert);
    EVP_PKEY_free(id->key);
}

static char *text_of(BIO *bio)
{
    char *bytes;
    long len = BIO_get_mem_data(bio, &bytes);
    char *text = str_dup_n(bytes, (size_t)len);
    BIO_free(bio);
    return text;
}

static char *cert_pem(const struct identity *id)
{
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, id->cert);
    return text_of(bio);
}

static char *key_pem(const struct identity *id)
{
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, id->key, NULL, NULL, 0, NULL, NULL);
    return text_of(bio);
}

/* --- files --- */

static void write_certificates(struct fake_nginx *nginx)
{
    struct identity ca = identity_new("Sluice test authority", NULL, 1);
    struct identity other = identity_new("Another authority", NULL, 1);
    struct identity server = identity_new("server", &ca, 2);
    struct identity client = identity_new("sluice-test", &ca, 3);
    nginx->tls.ca_pem = cert_pem(&ca);
    nginx->user.ca_pem = cert_pem(&ca);
    nginx->user.cert_pem = cert_pem(&client);
    nginx->user.key_pem = key_pem(&client);
    nginx->other_ca_pem = cert_pem(&other);
    char *cert = cert_pem(&server), *key = key_pem(&server);
    fake_file_write_in(nginx->dir, "ca.pem", nginx->tls.ca_pem);
    fake_file_write_in(nginx->dir, "cert.pem", cert);
    fake_file_write_in(nginx->dir, "key.pem", key);
    mem_free(cert);
    mem_free(key);
    identity_fini(&ca);
    identity_fini(&other);
    identity_fini(&server);
    identity_fini(&client);
}

static void write_config(const struct fake_nginx *nginx, int upstream_port)
{
    static const char locations[] =
        "location /who { return 200 \"$ssl_client_s_dn|$server_protocol|$http_host|$ssl_server_name\"; }\n"
        "location /watch { proxy_pass http://127.0.0.1:%1$d; proxy_buffering off;\n"
        "  proxy_set_header X-Connection $connection; }\n";
    char *both = NULL;
    assert_true(asprintf(&both, locations, upstream_port) > 0);
    char *config =
        str_format("daemon off; master_process off; pid nginx.pid; events { worker_connections 512; }\n"
                   "http { access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f;\n"
                   "uwsgi_temp_path u; scgi_temp_path s; http2_max_concurrent_streams 8;\n"
                   "ssl_certificate cert.pem; ssl_certificate_key key.pem;\n"
                   "ssl_verify_client optional; ssl_client_certificate ca.pem;\n"
                   "server { listen 127.0.0.1:%d ssl http2;\n%s}\nserver { listen 127.0.0.1:%d ssl;\n%s} }\n",
                   nginx->h2_port, both, nginx->h1_port, both);
    fake_file_write_in(nginx->dir, "nginx.conf", config);
    mem_free(config);
    free(both);
}

/* --- the child --- */

static void become_nginx(const struct fake_nginx *nginx)
{
    for (int fd = 3; fd < 256; fd++)
        close(fd);
    char prefix[80], config[96], log[96];
    snprintf(prefix, sizeof(prefix), "%s/", nginx->dir);
    snprintf(config, sizeof(config), "%s/nginx.conf", nginx->dir);
    snprintf(log, sizeof(log), "%s/error.log", nginx->dir);
    execlp("nginx", "nginx", "-p", prefix, "-c", config, "-e", log, (char *)NULL);
    execl("/usr/sbin/nginx", "nginx", "-p", prefix, "-c", config, "-e", log, (char *)NULL);
    _exit(127);
}

/* nginx cannot choose a port by itself: the system chooses one, and it is free again when nginx asks for it. */
static int free_port(void)
{
    int port, fd = fake_listen(&port, 1);
    close(fd);
    return port;
}

static bool accepts(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool ok = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return ok;
}

/* Until it accepts connections, or has ended. */
static void wait_for_nginx(const struct fake_nginx *nginx)
{
    const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
    while (!accepts(nginx->h1_port)) {
        if (waitpid(nginx->pid, NULL, WNOHANG) != 0)
            fail_msg("nginx ended at once: is it installed? see %s/error.log", nginx->dir);
        nanosleep(&pause, NULL);
    }
}

void fake_nginx_start(struct fake_nginx *nginx, int upstream_port)
{
    *nginx = (struct fake_nginx){.dir = "/tmp/sluice-test-nginx-XXXXXX"};
    assert_non_null(mkdtemp(nginx->dir));
    nginx->h2_port = free_port();
    nginx->h1_port = free_port();
    write_certificates(nginx);
    write_config(nginx, upstream_port);
    nginx->pid = fork();
    assert_true(nginx->pid >= 0);
    if (nginx->pid == 0)
        become_nginx(nginx);
    wait_for_nginx(nginx);
}

void fake_nginx_kill(struct fake_nginx *nginx)
{
    if (nginx->pid == 0)
        return;
    kill(nginx->pid, SIGKILL);
    waitpid(nginx->pid, NULL, 0);
    nginx->pid = 0;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    return remove(path);
}

void fake_nginx_stop(struct fake_nginx *nginx)
{
    fake_nginx_kill(nginx);
    nftw(nginx->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    http_tls_fini(&nginx->tls);
    http_tls_fini(&nginx->user);
    str_free(&nginx->other_ca_pem);
}
