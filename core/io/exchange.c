#include "io/exchange.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

void exchange_add_header(struct exchange *exchange, const char *name, const char *value)
{
    exchange->ops->add_header(exchange, name, value);
}

void exchange_answer(struct exchange *exchange, int status, const char *content_type, const char *body, size_t len)
{
    exchange_begin(exchange, status, content_type);
    if (len > 0) {
        exchange_send(exchange, body, len);
    }
    exchange_end(exchange);
}

void exchange_begin(struct exchange *exchange, int status, const char *content_type)
{
    exchange->ops->begin(exchange, status, content_type);
}

void exchange_send(struct exchange *exchange, const char *bytes, size_t len)
{
    exchange->ops->send(exchange, bytes, len);
}

void exchange_end(struct exchange *exchange)
{
    exchange->ops->end(exchange);
}

size_t exchange_unsent(const struct exchange *exchange)
{
    return exchange->ops->unsent != NULL ? exchange->ops->unsent(exchange) : 0;
}

void exchange_cut(struct exchange *exchange)
{
    assert(exchange->ops->cut != NULL && "only a wire that keeps something can be cut");
    exchange->ops->cut(exchange);
}

/* --- percent-encoding --- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char *exchange_decode(const char *text, size_t len, bool is_query)
{
    char *decoded = str_dup_n(text, len);
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        int high = text[i] == '%' && i + 2 < len ? hex_digit(text[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low >= 0) {
            decoded[out++] = (char)(high * 16 + low);
            i += 2;
        } else {
            decoded[out++] = is_query && text[i] == '+' ? ' ' : text[i];
        }
    }
    decoded[out] = '\0';
    return decoded;
}

char *exchange_param(const struct exchange *exchange, const char *name)
{
    const char *at = exchange->query;
    while (*at != '\0') {
        size_t len = strcspn(at, "&");
        const char *equals = memchr(at, '=', len);
        size_t name_len = equals != NULL ? (size_t)(equals - at) : len;
        char *key = exchange_decode(at, name_len, true);
        bool is_it = str_equal(key, name);
        mem_free(key);
        if (is_it) {
            return equals != NULL ? exchange_decode(equals + 1, len - name_len - 1, true) : str_dup("");
        }
        at += len + (at[len] == '&');
    }
    return NULL;
}
