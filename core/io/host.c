#include "io/host.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

enum { HOST_MAX = 256 };

/* Without a port and the brackets of an IPv6 address; false for what is too long for a host. */
static bool host_of(const char *header, char out[static HOST_MAX])
{
    const char *end = header[0] == '[' ? strchr(header, ']') : strchr(header, ':');
    const char *begin = header[0] == '[' ? header + 1 : header;
    size_t len = end != NULL ? (size_t)(end - begin) : strlen(begin);
    if (len >= HOST_MAX) {
        return false;
    }
    memcpy(out, begin, len);
    out[len] = '\0';
    return true;
}

static bool is_address(const char *host)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

bool host_is_ours(const char *header, const char *own)
{
    char host[HOST_MAX];
    if (header == NULL) {
        return true; /* no browser */
    }
    return host_of(header, host) &&
           (is_address(host) || strcasecmp(host, "localhost") == 0 || (own[0] != '\0' && strcasecmp(host, own) == 0));
}

const char *host_reachable(const char *own)
{
    return own[0] == '\0' ? "127.0.0.1" : own;
}

bool host_is_loopback(const char *own)
{
    char host[HOST_MAX];
    unsigned char bytes[4];
    return own[0] != '\0' && host_of(own, host) &&
           (strcasecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
            (inet_pton(AF_INET, host, bytes) == 1 && bytes[0] == 127));
}
