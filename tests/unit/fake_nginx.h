/* The real nginx as a child on loopback, for what a server of our own cannot show: TLS, client certificates, HTTP/2.
 *
 *     GET /who      200 "<subject of the client's certificate>|<protocol>|<Host>|<server name of TLS>"
 *     GET /watch…   passed on to `upstream_port` without buffering, with the header
 *                   X-Connection: <number of the client's connection>
 *
 * Its sockets are made by the test and inherited, so it can be asked from the first moment on. */
#pragma once

#include <sys/types.h>

#include "io/http.h"

struct fake_nginx {
    pid_t pid;
    int h2_port;          /* TLS, HTTP/2 or 1.1, 8 streams per connection */
    int h1_port;          /* TLS, HTTP/1.1 only */
    struct http_tls tls;  /* trusts the server; no certificate of its own */
    struct http_tls user; /* the same with a client certificate, CN=sluice-test */
    char *other_ca_pem;   /* an authority that signed nothing */
    char dir[64];
};

/* The server's certificate is for 127.0.0.1 and api.sluice.test. */
void fake_nginx_start(struct fake_nginx *nginx, int upstream_port);
/* Kills it at once, as a crash would. */
void fake_nginx_kill(struct fake_nginx *nginx);
void fake_nginx_stop(struct fake_nginx *nginx);
