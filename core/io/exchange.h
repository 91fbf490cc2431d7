/* One HTTP exchange as the answering side sees it, whatever wire it came over: a socket (io/server.h) or the
 * in-process network of a simulation (sim/ground/network.h).
 *
 * Whoever is given an exchange ends it once: with exchange_answer, or with exchange_begin, any number of
 * exchange_send and exchange_end. When the other side goes away first, `gone` comes once (never from inside a call
 * made here); after it the exchange must not be used. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct exchange;

/* What a wire provides. */
struct exchange_ops {
    void (*add_header)(struct exchange *exchange, const char *name, const char *value);
    void (*begin)(struct exchange *exchange, int status, const char *content_type);
    void (*send)(struct exchange *exchange, const char *bytes, size_t len);
    void (*end)(struct exchange *exchange);
    /* Of wires that keep what a slow reader has not taken; NULL: this one keeps nothing. */
    size_t (*unsent)(const struct exchange *exchange);
    void (*cut)(struct exchange *exchange);
};

/* First member of a wire's exchange. Texts are borrowed and live as long as it does. */
struct exchange {
    const struct exchange_ops *ops;
    const char *method;
    const char *path;  /* as sent, without the query: segments are still percent-encoded */
    const char *query; /* without the '?'; "" without one */
    const char *body;  /* NUL-terminated; "" without one */
    size_t body_len;
    const char *(*header)(const struct exchange *exchange, const char *name); /* any case; NULL when absent */
    void (*gone)(void *ctx);
    void *ctx; /* for `gone` */
};

/* One more header of the answer (Warning, Retry-After); before exchange_answer or exchange_begin. */
void exchange_add_header(struct exchange *exchange, const char *name, const char *value);
/* A whole answer. */
void exchange_answer(struct exchange *exchange, int status, const char *content_type, const char *body, size_t len);
/* A body that comes in pieces; each is on its way when exchange_send returns. */
void exchange_begin(struct exchange *exchange, int status, const char *content_type);
void exchange_send(struct exchange *exchange, const char *bytes, size_t len);
void exchange_end(struct exchange *exchange);
/* Bytes that the other side has not taken yet, as far as this process keeps them. */
size_t exchange_unsent(const struct exchange *exchange);
/* In place of exchange_end, for a reader that does not read: drops what is unsent, and the connection. `gone` comes
 * later. */
void exchange_cut(struct exchange *exchange);
/* Percent-decodes `len` bytes into a new string; '+' is a space in a query. */
char *exchange_decode(const char *text, size_t len, bool is_query);
/* The decoded value of a query parameter as a new string (mem_free); NULL when absent. */
char *exchange_param(const struct exchange *exchange, const char *name);

/* Takes an exchange over; answers it at once or later. */
typedef void exchange_serve_fn(void *ctx, struct exchange *exchange);
