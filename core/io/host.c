#include "io/host.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

enum { HOST_SIZE = 256, PORT_LEN_MAX = 5, PORT_MAX = 65535 };

/* ":8001", or nothing. */
static bool is_port(const char *text)
{
    if (text[0] != ':') {
        return text[0] == '\0';
    }
    size_t len = strspn(text + 1, "0123456789");
    long number = len <= PORT_LEN_MAX ? strtol(text + 1, NULL, 10) : 0;
    return text[1 + len] == '\0' && number >= 1 && number <= PORT_MAX;
}

/* What stands before the port, an IPv6 address without its brackets; false for what is no Host header. */
static bool host_of(const char *header, char out[static HOST_SIZE])
{
    bool is_bracketed = header[0] == '[';
    const char *begin = header + is_bracketed;
    size_t len = strcspn(begin, is_bracketed ? "]" : ":");
    if (len == 0 || len >= HOST_SIZE || (is_bracketed && begin[len] != ']') || !is_port(begin + len + is_bracketed)) {
        return false;
    }
    memcpy(out, begin, len);
    out[len] = '\0';
    unsigned char bytes[16];
    return !is_bracketed || inet_pton(AF_INET6, out, bytes) == 1;
}

static bool is_address(const char *host)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

bool host_is_ours(const char *header, const char *own)
{
    char host[HOST_SIZE];
    if (header == NULL) {
        return true; /* no browser */
    }
    return host_of(header, host) &&
           (is_address(host) || strcasecmp(host, "localhost") == 0 || strcasecmp(host, own) == 0);
}

const char *host_reachable(const char *own)
{
    return own[0] == '\0' ? "127.0.0.1" : own;
}

bool host_is_loopback(const char *own)
{
    char host[HOST_SIZE];
    struct in_addr four;
    struct in6_addr six;
    if (strcasecmp(own, "localhost") == 0) {
        return true;
    } else if (inet_pton(AF_INET, own, &four) == 1) {
        return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    bool is_six = inet_pton(AF_INET6, own, &six) == 1 || (host_of(own, host) && inet_pton(AF_INET6, host, &six) == 1);
    return is_six && (IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == IN_LOOPBACKNET));
}
