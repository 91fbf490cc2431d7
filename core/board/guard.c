#include "board/guard.h"

#include <string.h>
#include <strings.h>

#include "io/host.h"

static bool is_known(const char *header, const struct str_list *hosts)
{
    if (host_is_ours(header, "")) {
        return true;
    }
    for (size_t i = 0; i < hosts->count; i++) {
        if (host_is_ours(header, hosts->items[i])) {
            return true;
        }
    }
    return false;
}

/* "http://127.0.0.1:8001" for the Host 127.0.0.1:8001. Behind a proxy that speaks TLS it is https. */
static bool is_same(const char *origin, const char *host)
{
    const char *mark = strstr(origin, "://");
    return mark != NULL && host != NULL && strcasecmp(mark + strlen("://"), host) == 0;
}

static bool is_link(const struct exchange *exchange)
{
    const char *mode = exchange->header(exchange, "Sec-Fetch-Mode");
    return str_equal(exchange->method, "GET") && str_equal(mode, "navigate");
}

bool guard_admits(const struct exchange *exchange, const struct str_list *hosts, bool is_page, const char **why)
{
    const char *host = exchange->header(exchange, "Host"), *origin = exchange->header(exchange, "Origin"),
               *site = exchange->header(exchange, "Sec-Fetch-Site");
    if (!is_known(host, hosts)) {
        *why = "the dashboard is not served under that name; --host names one more\n";
        return false;
    }
    bool is_foreign = (origin != NULL && !is_same(origin, host)) ||
                      (site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0);
    if (is_foreign && !(is_page && is_link(exchange))) {
        *why = "the page of another site asks for the dashboard\n";
        return false;
    }
    return true;
}

void guard_add_headers(struct exchange *exchange)
{
    static const char *const headers[][2] = {
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
         "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        exchange_add_header(exchange, headers[i][0], headers[i][1]);
    }
}
