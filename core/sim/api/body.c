/* What a client sends: options, bodies, and the complaints about them. */
#include "sim/api/body.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "sim/api/failure.h"
#include "sim/api/inner.h"
#include "sim/api/object.h"
#include "sim/api/write.h"
#include "sim/kinds/protobuf.h"

enum { SHOWN_MAX = 30 };

/* --- options --- */

static bool refuse_option(const char *options, const char *field, const char *value, const char *supported,
                          struct failure *f)
{
    struct doc *causes = causes_new();
    cause_unsupported(causes, field, value, supported);
    fail_invalid(f, "meta.k8s.io", options, "", doc_root(causes));
    doc_free(causes);
    return false;
}

static bool dry_run_read(struct request *request, const char *options, struct failure *f)
{
    char *value = exchange_param(request->exchange, "dryRun");
    bool ok = str_empty(value) || str_equal(value, "All");
    request->dry_run = value != NULL && str_equal(value, "All");
    if (!ok) {
        char *shown = str_format("[\"%s\"]", value);
        refuse_option(options, "dryRun", shown, "\"All\"", f);
        mem_free(shown);
    }
    mem_free(value);
    return ok;
}

static bool field_validation_read(struct request *request, const char *options, struct failure *f)
{
    char *value = exchange_param(request->exchange, "fieldValidation");
    bool ok = str_empty(value) || str_equal(value, "Warn");
    request->fields = FIELDS_WARN;
    if (!ok && (str_equal(value, "Strict") || str_equal(value, "Ignore"))) {
        request->fields = str_equal(value, "Strict") ? FIELDS_STRICT : FIELDS_IGNORE;
        ok = true;
    }
    if (!ok) {
        char *shown = str_format("\"%s\"", value);
        refuse_option(options, "fieldValidation", shown, "\"\", \"Ignore\", \"Strict\", \"Warn\"", f);
        mem_free(shown);
    }
    mem_free(value);
    return ok;
}

bool options_read(struct request *request, const char *options, struct failure *f)
{
    return dry_run_read(request, options, f) && field_validation_read(request, options, f);
}

char *manager_of(const struct request *request)
{
    char *manager = exchange_param(request->exchange, "fieldManager");
    if (!str_empty(manager)) {
        return manager;
    }
    mem_free(manager);
    const char *agent = request->exchange->header(request->exchange, "User-Agent");
    return agent != NULL ? str_dup_n(agent, strcspn(agent, "/")) : str_dup("unknown");
}

/* --- parsing --- */

/* A body that is no object is shown in hex, as Go's printer of bytes does. */
static char *shown(const struct exchange *exchange)
{
    const char *body = exchange->body;
    if (exchange->body_len == 0) {
        return str_dup("<empty>");
    }
    if (body[0] == '{') {
        return exchange->body_len > SHOWN_MAX ? str_format("%.*s ...", SHOWN_MAX, body) : str_dup(body);
    }
    struct buf b;
    buf_init(&b, 4096);
    for (size_t i = 0; i < exchange->body_len && i < SHOWN_MAX; i++) {
        buf_printf(&b, "%02x", (unsigned char)body[i]);
    }
    return buf_take(&b);
}

static void refuse_body(const struct request *request, const char *why, struct failure *f)
{
    char *text = shown(request->exchange);
    fail_bad_request(f, "the object provided is unrecognized (must be of type %s): %s (%s)", request->kind->name, why,
                     text);
    mem_free(text);
}

static bool is_yaml(const char *type)
{
    return type != NULL && strstr(type, "yaml") != NULL;
}

static bool is_protobuf(const struct request *request, const char *type)
{
    return !request->kind->is_custom && type != NULL && str_has_prefix(type, "application/vnd.kubernetes.protobuf");
}

static bool is_known_type(const char *type)
{
    return str_empty(type) || str_has_prefix(type, "application/json") || is_yaml(type);
}

/* An open bracket at the end: the text stops too early; otherwise something in it is wrong. */
static char *go_syntax_error(const char *text)
{
    int depth = 0;
    bool in_string = false;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\' && in_string && c[1] != '\0') {
            c++;
        } else if (*c == '"') {
            in_string = !in_string;
        } else if (!in_string) {
            depth += (*c == '{' || *c == '[') - (*c == '}' || *c == ']');
        }
    }
    if (depth > 0 || in_string || *text == '\0') {
        return str_dup("unexpected end of JSON input");
    }
    return str_format("invalid character '%c' looking for beginning of value", *text);
}

struct doc *body_parse(const struct request *request, struct failure *f)
{
    const struct exchange *exchange = request->exchange;
    const char *type = exchange->header(exchange, "Content-Type");
    struct err err;
    if (is_protobuf(request, type)) {
        struct doc *object = protobuf_read(exchange->body, exchange->body_len, &err);
        if (object == NULL) {
            refuse_body(request, err.text, f);
        }
        return object;
    }
    if (!is_known_type(type)) {
        fail_with(f, 415, "UnsupportedMediaType",
                  "the body of the request was in an unknown format - accepted media types include: application/json, "
                  "application/yaml, application/vnd.kubernetes.protobuf");
        return NULL;
    }
    struct doc *body = is_yaml(type) ? yaml_parse("body", exchange->body, exchange->body_len, &err)
                                     : doc_parse(exchange->body, exchange->body_len, &err);
    if (body == NULL) {
        char *error = is_yaml(type) ? str_dup(err.text) : go_syntax_error(exchange->body);
        char *why = str_format("couldn't get version/kind; json parse error: %s", error);
        refuse_body(request, why, f);
        mem_free(why);
        mem_free(error);
        return NULL;
    }
    if (node_type(doc_root(body)) != NODE_OBJECT) {
        refuse_body(request,
                    "couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type "
                    "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string "
                    "\"json:\\\"kind,omitempty\\\"\" }",
                    f);
        doc_free(body);
        return NULL;
    }
    return body;
}

/* --- is it of this kind? --- */

static bool check_custom(const struct request *request, const struct node *body, struct failure *f)
{
    const struct kind *kind = request->kind;
    const char *said_kind = node_str_or(node_get(body, "kind"), "");
    const char *said_version = node_str_or(node_get(body, "apiVersion"), "");
    if (said_kind[0] == '\0') {
        char *why = str_format("Object 'Kind' is missing in '%s'", request->exchange->body);
        refuse_body(request, why, f);
        mem_free(why);
        return false;
    }
    char *expected = api_version_of(kind);
    bool ok = str_equal(said_version, expected) ||
              fail_bad_request(f, "the API version in the data (%s) does not match the expected API version (%s)",
                               said_version, expected);
    mem_free(expected);
    if (!ok || str_equal(said_kind, kind->name)) {
        return ok;
    }
    struct doc *causes = causes_new();
    cause_invalid_str(causes, "kind", said_kind, "must be %s", kind->name);
    fail_invalid(f, kind->group, said_kind, meta_str(body, "name"), doc_root(causes));
    doc_free(causes);
    return false;
}

/* The name of Go's package for a group: "authorization" for authorization.k8s.io. */
static char *package_of(const struct kind *kind)
{
    return kind->group[0] == '\0' ? str_dup("core") : str_dup_n(kind->group, strcspn(kind->group, "."));
}

static bool check_builtin(const struct request *request, const struct node *body, struct failure *f)
{
    const struct kind *kind = request->kind;
    const char *said_kind = node_str_or(node_get(body, "kind"), ""),
               *said = node_str_or(node_get(body, "apiVersion"), "");
    const char *slash = strchr(said, '/'), *version = slash != NULL ? slash + 1 : said;
    char *group = slash != NULL ? str_dup_n(said, (size_t)(slash - said)) : str_dup("");
    bool same_version = said[0] == '\0' || (str_equal(group, kind->group) && str_equal(version, kind->version));
    bool same_kind = said_kind[0] == '\0' || str_equal(said_kind, kind->name);
    const char *name = said_kind[0] == '\0' ? kind->name : said_kind;
    bool is_other = !same_kind && kinds_by_name(request->api->kinds, same_version ? kind->group : group,
                                                same_version ? kind->version : version, name) != NULL;
    bool ok = same_version && same_kind;
    if (!ok && is_other) {
        char *package = package_of(kind);
        fail_bad_request(f,
                         "%s in version \"%s\" cannot be handled as a %s: converting (%s.%s) to (%s.%s): unknown "
                         "conversion",
                         name, version, kind->name, version, name, package, kind->name);
        str_free(&package);
    } else if (!ok) {
        fail_bad_request(f,
                         "%s in version \"%s\" cannot be handled as a %s: no kind \"%s\" is registered for version "
                         "\"%s\" in scheme \"pkg/runtime/scheme.go:111\"",
                         name, version, kind->name, name, said);
    }
    mem_free(group);
    return ok;
}

bool body_check(const struct request *request, const struct node *body, struct failure *f)
{
    return request->kind->is_custom ? check_custom(request, body, f) : check_builtin(request, body, f);
}

/* --- unknown fields --- */

static char *quoted(const char *text)
{
    struct buf b;
    buf_init(&b, 64 * 1024);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            buf_append_char(&b, '\\');
        }
        buf_append_char(&b, *c);
    }
    return buf_take(&b);
}

static bool refuse_unknown(const struct request *request, const struct write *write, const struct node *object,
                           struct failure *f)
{
    struct buf all;
    buf_init(&all, 64 * 1024);
    for (size_t i = 0; i < write->unknown.count; i++) {
        buf_printf(&all, "%s%s", i > 0 ? ", " : "", write->unknown.items[i]);
    }
    if (write->is_patch && !write->is_apply) {
        char *why = str_format("strict decoding error: %s", buf_str(&all));
        fail_patched(f, object, why);
        mem_free(why);
    } else {
        fail_bad_request(f, "%s in version \"%s\" cannot be handled as a %s: strict decoding error: %s",
                         request->kind->name, request->kind->version, request->kind->name, buf_str(&all));
    }
    buf_fini(&all);
    return false;
}

bool unknown_report(const struct request *request, const struct write *write, const struct node *object,
                    struct failure *f)
{
    if (request->fields == FIELDS_STRICT && write->unknown.count > 0) {
        return refuse_unknown(request, write, object, f);
    }
    for (size_t i = 0; request->fields == FIELDS_WARN && i < write->unknown.count; i++) {
        char *text = quoted(write->unknown.items[i]), *warning = str_format("299 - \"%s\"", text);
        exchange_add_header(request->exchange, "Warning", warning);
        mem_free(text);
        mem_free(warning);
    }
    return true;
}
