#include "io/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

enum { BACKLOG = 128 };

static int open_socket(const struct addrinfo *address)
{
    int on = 1, off = 0;
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->ai_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    }
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
        return fd;
    }
    int cause = errno;
    close(fd);
    errno = cause;
    return -1;
}

static int open_first(const struct addrinfo *addresses, int family)
{
    int fd = -1;
    for (const struct addrinfo *a = addresses; a != NULL && fd < 0; a = a->ai_next) {
        if (family == AF_UNSPEC || a->ai_family == family) {
            fd = open_socket(a);
        }
    }
    return fd;
}

static int resolve(const char *host, int port, struct addrinfo **addresses)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    size_t len = strlen(host);
    bool bracketed = len > 2 && host[0] == '[' && host[len - 1] == ']';
    char *bare = bracketed ? str_dup_n(host + 1, len - 2) : str_dup(host);
    char *service = str_format("%d", port);
    int rc = getaddrinfo(len == 0 ? NULL : bare, service, &hints, addresses);
    mem_free(service);
    mem_free(bare);
    return rc;
}

int listener_open(const char *host, int port, struct err *err)
{
    bool all = str_empty(host);
    struct addrinfo *addresses;
    int rc = resolve(all ? "" : host, port, &addresses);
    if (rc != 0) {
        err_set(err, ERR_INVALID, "cannot listen on %s:%d: %s", all ? "" : host, port, gai_strerror(rc));
        return -1;
    }
    errno = EADDRNOTAVAIL;
    int fd = all ? open_first(addresses, AF_INET6) : -1;
    if (fd < 0 && !(all && errno == EADDRINUSE)) {
        fd = open_first(addresses, AF_UNSPEC);
    }
    if (fd < 0) {
        err_set(err, ERR_IO, "cannot listen on %s:%d: %s", all ? "" : host, port, strerror(errno));
    }
    freeaddrinfo(addresses);
    return fd;
}

int listener_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        return 0;
    }
    if (address.ss_family == AF_INET6) {
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    }
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}
