// room: sim/api sim/ground
// mutants: 1500
/* libFuzzer: requests to the embedded API server, one a line: "METHOD target content-type body". What must hold: each
 * is answered once, with a status, or is a watch that ends with the server; what was stored can be listed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/virtual_clock.h"
#include "sim/api/api.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REQUESTS_MAX = 64 };

struct wire {
    struct exchange exchange;
    char *line, *content_type;
    bool begun, ended;
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void add_header(struct exchange *exchange, const char *name, const char *value)
{
    must(!((struct wire *)exchange)->begun);
}

static void begin(struct exchange *exchange, int status, const char *content_type)
{
    struct wire *wire = (struct wire *)exchange;
    must(!wire->begun && status >= 200 && status < 600);
    wire->begun = true;
}

static void send(struct exchange *exchange, const char *bytes, size_t len)
{
    struct wire *wire = (struct wire *)exchange;
    must(wire->begun && !wire->ended);
}

static void end(struct exchange *exchange)
{
    struct wire *wire = (struct wire *)exchange;
    must(wire->begun && !wire->ended);
    wire->ended = true;
}

static const char *header(const struct exchange *exchange, const char *name)
{
    const struct wire *wire = (const struct wire *)exchange;
    if (strcasecmp(name, "Content-Type") == 0)
        return wire->content_type;
    return strcasecmp(name, "Accept") == 0 && wire->content_type[0] == 't' ? "application/json;as=Table" : NULL;
}

static const struct exchange_ops ops = {.add_header = add_header, .begin = begin, .send = send, .end = end};

/* Cuts the next word off. */
static char *word(char **at)
{
    char *start = *at;
    *at += strcspn(*at, " ");
    if (**at == ' ')
        *(*at)++ = '\0';
    return start;
}

static void ask(struct api *api, struct wire *wire, const char *line, size_t len)
{
    char *at = wire->line = str_dup_n(line, len);
    const char *method = word(&at);
    char *target = word(&at), *query = strchr(target, '?');
    if (query)
        *query++ = '\0';
    wire->content_type = word(&at);
    wire->exchange = (struct exchange){.ops = &ops,
                                       .method = method,
                                       .path = target,
                                       .query = query ? query : "",
                                       .body = at,
                                       .body_len = strlen(at),
                                       .header = header};
    api_serve(api, &wire->exchange);
    must(wire->begun);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wire wires[REQUESTS_MAX + 1];
    struct virtual_clock *vc = virtual_clock_new(1767225600000);
    struct api *api = api_new(virtual_clock_clock(vc));
    const char *at = (const char *)data, *stop = at + size;
    size_t count = 0;
    memset(wires, 0, sizeof wires);
    while (at < stop && count < REQUESTS_MAX) {
        const char *newline = memchr(at, '\n', (size_t)(stop - at));
        size_t len = newline ? (size_t)(newline - at) : (size_t)(stop - at);
        ask(api, &wires[count++], at, len);
        at += len + 1;
    }
    static const char list[] = "GET /api/v1/configmaps t";
    ask(api, &wires[count++], list, sizeof list - 1);
    api_free(api);
    for (size_t i = 0; i < count; i++) {
        must(wires[i].ended);
        mem_free(wires[i].line);
    }
    virtual_clock_free(vc);
    return 0;
}
