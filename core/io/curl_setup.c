#include "io/curl_setup.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

enum {
    CONNECT_TIMEOUT_MS = 10000,
    KEEPALIVE_IDLE_S = 30,
    KEEPALIVE_INTERVAL_S = 15,
    REDIRECTS_MAX = 9, /* Go's client gives up at the tenth: ten requests in all */
    TITLE_URL_MAX = 400,
};

/* --- text --- */

static bool has_control(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < ' ' || *s == 0x7f) {
            return true;
        }
    }
    return false;
}

char *curl_setup_title(const struct http_request *request)
{
    const char *url = request->url;
    const char *scheme_end = strstr(url, "://");
    const char *authority = scheme_end != NULL ? scheme_end + 3 : url;
    const char *at = NULL;
    for (const char *c = authority; *c && strchr("/?#", *c) == NULL; c++) {
        if (*c == '@') {
            at = c;
        }
    }
    const char *rest = at != NULL ? at + 1 : authority;
    size_t len = strlen(rest);
    size_t kept = len > TITLE_URL_MAX ? utf8_floor(rest, TITLE_URL_MAX) : len;
    return str_format("%s %.*s%.*s%s", request->method, (int)(authority - url), url, (int)kept, rest,
                      kept < len ? "..." : "");
}

/* --- headers --- */

static void add_header(struct curl_setup *setup, const char *line)
{
    setup->headers = curl_slist_append(setup->headers, line);
}

static bool set_header(struct curl_setup *setup, const struct http_header *header, struct err *err)
{
    if (str_empty(header->name) || has_control(header->name) || strpbrk(header->name, ": ") != NULL) {
        return err_set(err, ERR_INVALID, "header \"%s\" is no name of a header",
                       header->name != NULL ? header->name : "");
    }
    if (has_control(header->value)) {
        return err_set(err, ERR_INVALID, "the value of header %s contains a control character", header->name);
    }
    /* To libcurl "Name:" means "leave it out" and "Name;" means "send it without a value". */
    bool empty = header->value[0] == '\0';
    char *line = str_format("%s%s%s", header->name, empty ? ";" : ": ", header->value);
    add_header(setup, line);
    mem_free(line);
    return true;
}

static bool has_header(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (request->headers[i].name != NULL && strcasecmp(request->headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Suppresses the headers that libcurl would add by itself, unless the caller sets them. */
static bool set_headers(struct curl_setup *setup, CURL *easy, const struct http_request *request, struct err *err)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (!set_header(setup, &request->headers[i], err)) {
            return false;
        }
    }
    if (!has_header(request, "Accept")) {
        add_header(setup, "Accept:");
    }
    if (!has_header(request, "Expect")) {
        add_header(setup, "Expect:");
    }
    if (!has_header(request, "Content-Type")) {
        add_header(setup, "Content-Type:");
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, setup->headers);
    return true;
}

/* --- method and body --- */

/* POST and GET are set as what they are, not as CUSTOMREQUEST: a custom method would survive a redirect that turns POST
 * into GET. */
static void set_method(struct curl_setup *setup, CURL *easy, const struct http_request *request)
{
    bool is_post = str_equal(request->method, "POST");
    if (request->body != NULL || is_post) {
        size_t len = request->body != NULL ? request->body_len : 0;
        setup->body = str_dup_n(request->body != NULL ? request->body : "", len);
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, setup->body);
    }
    if (str_equal(request->method, "HEAD")) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (!is_post && (request->body != NULL || !str_equal(request->method, "GET"))) {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    }
    if (request->follow_redirects) {
        curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    }
}

/* --- trust --- */

static struct curl_blob blob_of(char *pem)
{
    return (struct curl_blob){.data = pem, .len = strlen(pem), .flags = CURL_BLOB_NOCOPY};
}

static void set_tls(CURL *easy, const struct http_tls *tls)
{
    if (tls->ca_pem != NULL) {
        struct curl_blob ca = blob_of(tls->ca_pem);
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
        /* The blob replaces libcurl's default file but not its default folder, which would stay trusted beside it. */
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (tls->cert_pem != NULL) {
        struct curl_blob cert = blob_of(tls->cert_pem);
        curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &cert);
    }
    if (tls->key_pem != NULL) {
        struct curl_blob key = blob_of(tls->key_pem);
        curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
    }
    if (tls->insecure) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

/* --- the address --- */

struct address {
    char *host, *explicit_port, *port; /* libcurl's memory; explicit_port NULL: the scheme's */
};

static void address_fini(struct address *address)
{
    curl_free(address->host);
    curl_free(address->explicit_port);
    curl_free(address->port);
}

static bool is_loopback(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || str_has_prefix(host, "127.") || str_equal(host, "[::1]");
}

/* libcurl names and checks a server by the URL's host. To expect another name the URL says that name, CONNECT_TO leads
 * to the real address, and the Host header stays what it was. */
static void expect_name(struct curl_setup *setup, CURL *easy, CURLU *url, const struct http_request *request,
                        const struct address *address)
{
    const char *name = request->tls->server_name;
    char *route = str_format("%s:%s:%s:%s", name, address->port, address->host, address->port);
    setup->connect_to = curl_slist_append(NULL, route);
    mem_free(route);
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, setup->connect_to);
    const char *port = address->explicit_port;
    char *host = str_format("Host: %s%s%s", address->host, port != NULL ? ":" : "", port != NULL ? port : "");
    if (!has_header(request, "Host")) {
        add_header(setup, host);
    }
    mem_free(host);
    curl_url_set(url, CURLUPART_HOST, name, 0);
}

/* libcurl reads NO_PROXY itself, but knows "*" alone and no "*.svc", which to Go is ".svc". */
static void set_no_proxy(CURL *easy)
{
    const char *list = getenv("NO_PROXY");
    list = str_empty(list) ? getenv("no_proxy") : list;
    if (str_empty(list) || strstr(list, "*.") == NULL) {
        return;
    }
    char *plain = str_dup(list), *to = plain;
    for (const char *c = list; *c; c++) {
        if (c[0] != '*' || c[1] != '.') {
            *to++ = *c;
        }
    }
    *to = '\0';
    curl_easy_setopt(easy, CURLOPT_NOPROXY, plain);
    mem_free(plain);
}

/* As Go's client reads the environment, HTTP_PROXY in capitals included, which libcurl leaves to CGI programs. A proxy
 * never sees what is meant for this machine. */
static void set_proxy(CURL *easy, const struct http_request *request, const char *host)
{
    const char *capitals = getenv("HTTP_PROXY");
    if (!str_empty(request->proxy)) {
        curl_easy_setopt(easy, CURLOPT_PROXY, request->proxy);
        curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* the environment's exceptions are for its own proxy */
        curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        return;
    }
    if (request->no_proxy || (host != NULL && is_loopback(host))) {
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    } else if (!str_empty(capitals) && str_has_prefix(request->url, "http://")) {
        curl_easy_setopt(easy, CURLOPT_PROXY, capitals);
    }
    set_no_proxy(easy);
    /* The proxy's own answer to CONNECT is no answer of the server, and would be taken for one in HTTP/1.1. */
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

bool curl_setup_has_proxy(void)
{
    static const char *const names[] = {"http_proxy",  "HTTP_PROXY", "https_proxy",
                                        "HTTPS_PROXY", "all_proxy",  "ALL_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!str_empty(getenv(names[i]))) {
            return true;
        }
    }
    return false;
}

static bool set_address(struct curl_setup *setup, CURL *easy, CURLU *url, const struct http_request *request,
                        struct err *err)
{
    /* Blanks and what is no ASCII are encoded, as Go's client does; control characters stay an error. */
    const unsigned flags = CURLU_PATH_AS_IS | CURLU_ALLOW_SPACE | CURLU_URLENCODE;
    CURLUcode rc = curl_url_set(url, CURLUPART_URL, request->url, flags);
    if (rc != CURLUE_OK) {
        return err_set(err, ERR_INVALID, "not a URL: %s", curl_url_strerror(rc));
    }
    struct address address = {0};
    curl_url_get(url, CURLUPART_HOST, &address.host, 0);
    curl_url_get(url, CURLUPART_PORT, &address.explicit_port, 0);
    curl_url_get(url, CURLUPART_PORT, &address.port, CURLU_DEFAULT_PORT);
    set_proxy(easy, request, address.host);
    if (request->tls != NULL && request->tls->server_name != NULL && address.host != NULL && address.port != NULL) {
        expect_name(setup, easy, url, request, &address);
    }
    address_fini(&address);
    char *text = NULL;
    curl_url_get(url, CURLUPART_URL, &text, 0);
    curl_easy_setopt(easy, CURLOPT_URL, text);
    curl_free(text);
    return true;
}

/* --- all of it --- */

static void set_transport(CURL *easy, const struct http_request *request)
{
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    /* Without TLS nothing tells the version before the first answer, and with PIPEWAIT everybody else would wait for
     * that. */
    bool is_plain = str_has_prefix(request->url, "http://");
    bool is_one = is_plain || request->http1;
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)(is_one ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, is_one ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->no_reuse ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, request->no_reuse ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Otherwise libcurl joins the thread of a slow resolver when its call ends, and the whole loop waits for it. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
}

bool curl_setup_init(struct curl_setup *setup, CURL *easy, const struct http_request *request, struct err *err)
{
    *setup = (struct curl_setup){0};
    set_transport(easy, request);
    set_method(setup, easy, request);
    if (request->tls != NULL) {
        set_tls(easy, request->tls);
    }
    CURLU *url = curl_url();
    bool ok = set_address(setup, easy, url, request, err) && set_headers(setup, easy, request, err);
    curl_url_cleanup(url);
    return ok;
}

void curl_setup_fini(struct curl_setup *setup)
{
    curl_slist_free_all(setup->headers);
    curl_slist_free_all(setup->connect_to);
    mem_free(setup->body);
    *setup = (struct curl_setup){0};
}
