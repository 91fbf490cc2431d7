/* An API server in virtual time and a wire that hands over at once, for the tests of sim/api. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/virtual_clock.h"
#include "sim/api/api.h"

struct api_world {
    struct virtual_clock *vc;
    struct api *api;
    const char *accept, *content_type, *authorization; /* of the next request; NULL: none */
    int status;
    char warnings[512];
    char *text;         /* the last answer */
    struct doc *answer; /* the same parsed; NULL when it is no JSON */
};

struct api_wire {
    struct exchange exchange;
    struct api_world *w;
    struct buf body;
};

static inline void api_wire_add_header(struct exchange *exchange, const char *name, const char *value)
{
    struct api_world *w = ((struct api_wire *)exchange)->w;
    size_t len = strlen(w->warnings);
    str_copy(w->warnings + len, sizeof w->warnings - len, value);
}

static inline void api_wire_begin(struct exchange *exchange, int status, const char *content_type)
{
    ((struct api_wire *)exchange)->w->status = status;
}

static inline void api_wire_send(struct exchange *exchange, const char *bytes, size_t len)
{
    buf_append(&((struct api_wire *)exchange)->body, bytes, len);
}

static inline void api_wire_end(struct exchange *exchange)
{
}

static inline const char *api_wire_header(const struct exchange *exchange, const char *name)
{
    const struct api_world *w = ((const struct api_wire *)exchange)->w;
    return strcasecmp(name, "Accept") == 0          ? w->accept
           : strcasecmp(name, "Content-Type") == 0  ? w->content_type
           : strcasecmp(name, "Authorization") == 0 ? w->authorization
                                                    : NULL;
}

/* The answer's root; NULL when it is no JSON. */
static inline const struct node *api_ask(struct api_world *w, const char *method, const char *target, const char *body)
{
    static const struct exchange_ops ops = {
        .add_header = api_wire_add_header, .begin = api_wire_begin, .send = api_wire_send, .end = api_wire_end};
    const char *query = strchr(target, '?');
    char *path = query ? str_dup_n(target, (size_t)(query - target)) : str_dup(target);
    struct api_wire wire = {.exchange = {.ops = &ops,
                                         .method = method,
                                         .path = path,
                                         .query = query ? query + 1 : "",
                                         .body = body ? body : "",
                                         .body_len = body ? strlen(body) : 0,
                                         .header = api_wire_header},
                            .w = w};
    struct err ignored;
    buf_init(&wire.body, 64 * 1024 * 1024);
    w->warnings[0] = '\0';
    api_serve(w->api, &wire.exchange);
    mem_free(path);
    mem_free(w->text);
    doc_free(w->answer);
    w->text = buf_take(&wire.body);
    w->answer = doc_parse(w->text, strlen(w->text), &ignored);
    w->accept = w->content_type = w->authorization = NULL;
    return doc_root(w->answer);
}

static inline const struct node *api_patch(struct api_world *w, const char *target, const char *body)
{
    w->content_type = "application/merge-patch+json";
    return api_ask(w, "PATCH", target, body);
}

static inline int api_world_setup(void **state)
{
    static struct api_world world;
    world = (struct api_world){.vc = virtual_clock_new(1767225600000)};
    world.api = api_new(virtual_clock_clock(world.vc));
    *state = &world;
    return 0;
}

static inline int api_world_teardown(void **state)
{
    struct api_world *w = *state;
    mem_free(w->text);
    doc_free(w->answer);
    api_free(w->api);
    virtual_clock_free(w->vc);
    return 0;
}

#define api_test(f) cmocka_unit_test_setup_teardown(f, api_world_setup, api_world_teardown)

static inline const char *message_of(const struct node *answer)
{
    return node_str_or(node_get(answer, "message"), "");
}

/* "field: message" of each cause, with "; " behind. */
static inline char *causes_of(const struct node *answer)
{
    struct buf b;
    buf_init(&b, 64 * 1024);
    struct node_iter it = node_iterate(node_at(answer, "details", "causes"));
    while (node_next(&it))
        buf_printf(&b, "%s: %s; ", node_str_or(node_get(it.value, "field"), ""),
                   node_str_or(node_get(it.value, "message"), ""));
    return buf_take(&b);
}

#define DEPLOYMENTS "/apis/apps/v1/namespaces/default/deployments"
#define DEPLOYMENT(name, spec)                                                                                         \
    "{\"metadata\":{\"name\":\"" name "\"},\"spec\":{" spec "\"selector\":{\"matchLabels\":{\"app\":\"x\"}},"          \
    "\"template\":{\"metadata\":{\"labels\":{\"app\":\"x\"}},\"spec\":{\"containers\":[{\"name\":\"web\","             \
    "\"image\":\"web:1\"}]}}}}"
