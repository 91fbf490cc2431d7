#include "io/http_error.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "io/file.h"

#define UNKNOWN_HOST "Could not resolve host: "
#define NO_CONNECTION "Failed to connect to "
#define UNKNOWN_AUTHORITY "tls: failed to verify certificate: x509: certificate signed by unknown authority"

enum { RESOLV_CONF_MAX = 64 * 1024 };

static char *url_hiding(const char *url, const char *password)
{
    const char *scheme_end = strstr(url, "://");
    const char *host = scheme_end != NULL ? scheme_end + 3 : url;
    size_t authority = strcspn(host, "/?#");
    const char *at = memrchr(host, '@', authority);
    const char *colon = at != NULL ? memchr(host, ':', (size_t)(at - host)) : NULL;
    if (colon == NULL) {
        return str_dup(url);
    }
    return str_format("%.*s:%s%s", (int)(colon - url), url, password, at);
}

char *http_printable_url(const char *url)
{
    return url_hiding(url, "xxxxx");
}

/* "127.0.0.1:9" of "http://user@127.0.0.1:9/x"; the default port when the URL names none. */
static char *address_of(const char *url)
{
    const char *end = strstr(url, "://");
    const char *host = end != NULL ? end + 3 : url;
    size_t len = strcspn(host, "/?#");
    for (const char *at = memchr(host, '@', len); at != NULL; at = memchr(host, '@', len)) {
        len -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    const char *bracket = memchr(host, ']', len);
    const char *search = bracket != NULL ? bracket : host;
    bool has_port = memchr(search, ':', len - (size_t)(search - host)) != NULL;
    const char *port = has_port ? "" : strncmp(url, "https:", 6) == 0 ? ":443" : ":80";
    return str_format("%.*s%s", (int)len, host, port);
}

/* The reason, without the title "POST http://…: " that every transport puts before it. */
static const char *reason_of(const struct err *err)
{
    const char *scheme = strstr(err->text, "://");
    const char *colon = scheme != NULL ? strstr(scheme + 3, ": ") : NULL;
    return colon != NULL ? colon + 2 : err->text;
}

/* The first name server that the system asks; "" when there is none to be found. */
static char *name_server(void)
{
    struct buf text;
    struct err ignored;
    buf_init(&text, RESOLV_CONF_MAX);
    char *server = NULL;
    const char *line = file_read("/etc/resolv.conf", &text, &ignored) ? buf_str(&text) : "";
    while (server == NULL && line != NULL && *line != '\0') {
        if (str_has_prefix(line, "nameserver ")) {
            const char *address = line + strlen("nameserver ");
            address += strspn(address, " \t");
            server = str_dup_n(address, strcspn(address, " \t\n"));
        }
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    buf_fini(&text);
    return server != NULL ? server : str_dup("");
}

static char *unknown_host(const char *reason)
{
    char *server = name_server();
    const char *host = reason + strlen(UNKNOWN_HOST);
    bool v6 = strchr(server, ':') != NULL;
    char *text = server[0] == '\0' ? str_format("dial tcp: lookup %s: no such host", host)
                                   : str_format(v6 ? "dial tcp: lookup %s on [%s]:53: no such host"
                                                   : "dial tcp: lookup %s on %s:53: no such host",
                                                host, server);
    str_free(&server);
    return text;
}

/* Of a redirect's target where libcurl names the scheme, else of the URL itself, which may have none. */
static char *unknown_scheme(const char *url, const char *reason)
{
    static const char named[] = "Protocol \"";
    bool is_named = str_has_prefix(reason, named);
    const char *scheme = is_named ? reason + strlen(named) : url;
    size_t len = strcspn(scheme, is_named ? "\"" : ":/?#");
    bool has_scheme = is_named || scheme[len] == ':';
    return str_format("unsupported protocol scheme \"%.*s\"", has_scheme ? (int)len : 0, scheme);
}

/* Both ends have ports that we do not know of; the words behind them are what is looked for. */
static char *reset(const char *url)
{
    char *address = address_of(url);
    char *text = str_format("read tcp ->%s: read: connection reset by peer", address);
    str_free(&address);
    return text;
}

/* Go's words for this reason; NULL: our own words are used. */
static const char *goes_words(const char *reason)
{
    static const struct {
        const char *ours, *gos;
    } words[] = {
        {"Empty reply from server", "EOF"},
        {") redirects followed", "stopped after 10 redirects"},
        {"self signed certificate", UNKNOWN_AUTHORITY},
        {"self-signed certificate", UNKNOWN_AUTHORITY},
        {"unable to get local issuer certificate", UNKNOWN_AUTHORITY},
        {"wrong version number", "http: server gave HTTP response to HTTPS client"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strstr(reason, words[i].ours) != NULL) {
            return words[i].gos;
        }
    }
    return NULL;
}

/* The system's words as Go has them; a refusal where the transport does not tell. */
static const char *connect_error(const char *reason)
{
    static const char *const others[][2] = {
        {"No route to host", "no route to host"},
        {"Network is unreachable", "network is unreachable"},
        {"Connection reset by peer", "connection reset by peer"},
        {"Cannot assign requested address", "cannot assign requested address"},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (str_has_suffix(reason, others[i][0])) {
            return others[i][1];
        }
    }
    return "connection refused";
}

/* "127.0.0.1:3128" of "Failed to connect to 127.0.0.1 port 3128 after 0 ms: …"; NULL: libcurl names none. */
static char *dialled_address(const char *reason)
{
    static const char words[] = " port ";
    const char *host = reason + strlen(NO_CONNECTION), *port = strstr(host, words);
    size_t digits = port != NULL ? strspn(port + strlen(words), "0123456789") : 0;
    if (digits == 0) {
        return NULL;
    }
    return str_format("%.*s:%.*s", (int)(port - host), host, (int)digits, port + strlen(words));
}

/* What is dialled is a proxy where it is not the URL's own host. (libcurl names an IPv6 host without brackets.) */
static char *no_connection(const char *url, const char *reason)
{
    char *address = address_of(url), *dialled = dialled_address(reason);
    bool is_proxy = dialled != NULL && address[0] != '[' && strcasecmp(dialled, address) != 0;
    char *text = str_format("%sdial tcp %s: connect: %s", is_proxy ? "proxyconnect tcp: " : "",
                            is_proxy ? dialled : address, connect_error(reason));
    str_free(&dialled);
    str_free(&address);
    return text;
}

static char *failure_of(const char *url, const char *timeout, const struct err *err)
{
    const char *reason = reason_of(err);
    if (err->code == ERR_TIMEOUT) {
        return str_dup(timeout);
    }
    if (err->code == ERR_UNREACHABLE && str_has_prefix(reason, NO_CONNECTION)) {
        return no_connection(url, reason);
    }
    if (str_has_prefix(reason, UNKNOWN_HOST)) {
        return unknown_host(reason);
    }
    if (str_has_prefix(reason, "Protocol \"") || strstr(reason, "Unsupported URL scheme") != NULL ||
        strstr(reason, "Bad scheme") != NULL) {
        return unknown_scheme(url, reason);
    }
    if (str_has_prefix(reason, "Recv failure: Connection reset by peer")) {
        return reset(url);
    }
    const char *gos = goes_words(reason);
    return str_dup(gos != NULL ? gos : reason);
}

char *http_error_text(const char *verb, const char *url, const char *timeout, const struct err *err)
{
    char *shown = url_hiding(url, "***"), *failure = failure_of(url, timeout, err);
    char *text = str_format("%s \"%s\": %s", verb, shown, failure);
    str_free(&shown);
    str_free(&failure);
    return text;
}
