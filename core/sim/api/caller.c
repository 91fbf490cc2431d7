#include "sim/api/caller.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/doc.h"
#include "base/mem.h"
#include "base/str.h"

enum { ANSWER_MAX = 8 * 1024 * 1024 };

/* --- the wire --- */

struct wire {
    struct exchange exchange;
    const char *content_type;
    struct buf answer;
    int status;
    bool ended;
};

static struct wire *wire_of(const struct exchange *exchange)
{
    return (struct wire *)(uintptr_t)exchange;
}

static void wire_add_header(struct exchange *exchange, const char *name, const char *value)
{
}

static void wire_begin(struct exchange *exchange, int status, const char *content_type)
{
    wire_of(exchange)->status = status;
}

static void wire_send(struct exchange *exchange, const char *bytes, size_t len)
{
    buf_append(&wire_of(exchange)->answer, bytes, len);
}

static void wire_end(struct exchange *exchange)
{
    wire_of(exchange)->ended = true;
}

static const char *wire_header(const struct exchange *exchange, const char *name)
{
    return strcasecmp(name, "Content-Type") == 0 ? wire_of(exchange)->content_type : NULL;
}

static const struct exchange_ops wire_ops = {
    .add_header = wire_add_header, .begin = wire_begin, .send = wire_send, .end = wire_end};

/* A server that cannot read an object shows all of it before it says why. A person has it before them, and gets the
 * reason: what follows the quoted JSON. */
static const char *reason_in(const char *message)
{
    static const char head[] = "Invalid value: \"{", end[] = "\": ";
    const char *at = strstr(message, head);
    if (at == NULL) {
        return message;
    }
    for (at += strlen(head); *at != '\0' && *at != '"'; at++) {
        at += *at == '\\' && at[1] != '\0';
    }
    return str_has_prefix(at, end) ? at + strlen(end) : message;
}

static bool judge(const struct wire *wire, struct err *err)
{
    struct err ignored;
    if (wire->status < 400) {
        return true;
    }
    struct doc *status = doc_parse(buf_str(&wire->answer), wire->answer.len, &ignored);
    const char *message = node_str(node_get(doc_root(status), "message"));
    err_set(err, ERR_REJECTED, "%s", message != NULL ? reason_in(message) : buf_str(&wire->answer));
    err->http_status = wire->status;
    doc_free(status);
    return false;
}

bool caller_send(struct api *api, const struct caller_request *request, struct err *err)
{
    struct wire wire = {
        .content_type = request->content_type,
        .exchange = {.ops = &wire_ops,
                     .method = request->method,
                     .path = request->path,
                     .query = request->query,
                     .body = request->body,
                     .body_len = strlen(request->body),
                     .header = wire_header},
    };
    buf_init(&wire.answer, ANSWER_MAX);
    api_serve(api, &wire.exchange);
    assert(wire.ended && "a person asks for no watch");
    bool ok = judge(&wire, err);
    buf_fini(&wire.answer);
    return ok;
}

/* --- names --- */

char *caller_path(const struct kind *kind, const char *namespace, const char *name)
{
    char *root = str_empty(kind->group) ? str_format("/api/%s", kind->version)
                                        : str_format("/apis/%s/%s", kind->group, kind->version);
    const char *space = namespace != NULL ? namespace : "default";
    char *path = kind->is_namespaced ? str_format("%s/namespaces/%s/%s/%s", root, space, kind->plural, name)
                                     : str_format("%s/%s/%s", root, kind->plural, name);
    str_free(&root);
    return path;
}

const struct kind *caller_kind(struct api *api, const char *name)
{
    const struct kinds *kinds = api_kinds(api);
    const struct kind *found = NULL;
    for (size_t i = 0; i < kinds_count(kinds); i++) {
        const struct kind *kind = kinds_at(kinds, i);
        bool is_better =
            found == NULL || (str_equal(kind->group, found->group) && str_equal(kind->version, kind->storage_version));
        if (str_equal(kind->name, name) && is_better) {
            found = kind;
        }
    }
    return found;
}
