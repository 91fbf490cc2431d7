#include "sim/api/failure.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/object.h"

/* --- failing --- */

static bool fail_v(struct failure *f, int code, const char *reason, const char *format, va_list args)
{
    failure_fini(f);
    f->code = code;
    f->reason = reason;
    f->message = str_format_v(format, args);
    return false;
}

bool fail_with(struct failure *f, int code, const char *reason, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail_v(f, code, reason, format, args);
    va_end(args);
    return false;
}

bool fail_bad_request(struct failure *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail_v(f, 400, "BadRequest", format, args);
    va_end(args);
    return false;
}

static struct node *add_details(struct failure *f, const char *name, const char *group, const char *kind)
{
    f->details = doc_new();
    struct node *details = node_new_object(f->details);
    doc_set_root(f->details, details);
    if (!str_empty(name)) {
        node_set_str(f->details, details, "name", name);
    }
    if (!str_empty(group)) {
        node_set_str(f->details, details, "group", group);
    }
    if (!str_empty(kind)) {
        node_set_str(f->details, details, "kind", kind);
    }
    return details;
}

bool fail_plainly(struct failure *f, int code, const char *reason, const char *message)
{
    fail_with(f, code, reason, "%s", message);
    add_details(f, NULL, NULL, NULL);
    return false;
}

bool fail_not_found(struct failure *f, const struct kind *kind, const char *name)
{
    char *resource = qualified_resource(kind);
    fail_with(f, 404, "NotFound", "%s \"%s\" not found", resource, name);
    mem_free(resource);
    add_details(f, name, kind->group, kind->plural);
    return false;
}

bool fail_exists(struct failure *f, const struct kind *kind, const char *name)
{
    char *resource = qualified_resource(kind);
    fail_with(f, 409, "AlreadyExists", "%s \"%s\" already exists", resource, name);
    mem_free(resource);
    add_details(f, name, kind->group, kind->plural);
    return false;
}

bool fail_conflict(struct failure *f, const struct kind *kind, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *why = str_format_v(format, args), *resource = qualified_resource(kind);
    va_end(args);
    fail_with(f, 409, "Conflict", "Operation cannot be fulfilled on %s \"%s\": %s", resource, name, why);
    add_details(f, name, kind->group, kind->plural);
    mem_free(why);
    mem_free(resource);
    return false;
}

/* A namespace is in itself. */
static char *place_of(const struct forbidden *what)
{
    bool is_namespace = str_equal(what->kind->storage, "/namespaces");
    const char *namespace = is_namespace ? what->name : what->namespace;
    return namespace != NULL ? str_format("in the namespace \"%s\"", namespace) : str_dup("at the cluster scope");
}

bool fail_forbidden(struct failure *f, const struct forbidden *what)
{
    const struct kind *kind = what->kind;
    char *resource = qualified_resource(kind), *place = place_of(what);
    char *subject = what->name != NULL ? str_format("%s \"%s\"", resource, what->name) : str_dup(resource);
    const char *sub = what->subresource;
    fail_with(f, 403, "Forbidden", "%s is forbidden: User \"%s\" cannot %s resource \"%s%s%s\" in API group \"%s\" %s",
              subject, what->user, what->verb, kind->plural, sub != NULL ? "/" : "", sub != NULL ? sub : "",
              kind->group, place);
    add_details(f, what->name, kind->group, kind->plural);
    mem_free(resource);
    mem_free(place);
    mem_free(subject);
    return false;
}

/* Equal complaints are said once, though they are counted as causes. */
static char *join_causes(const struct node *causes)
{
    struct str_list said = {0};
    struct node_iter it = node_iterate(causes);
    while (node_next(&it)) {
        char *text = str_format("%s: %s", node_str_or(node_get(it.value, "field"), ""),
                                node_str_or(node_get(it.value, "message"), ""));
        if (!str_list_has(&said, text)) {
            str_list_push(&said, text);
        }
        mem_free(text);
    }
    struct buf b;
    buf_init(&b, 1024 * 1024);
    for (size_t i = 0; i < said.count; i++) {
        buf_printf(&b, "%s%s%s%s", i == 0 && said.count > 1 ? "[" : "", i > 0 ? ", " : "", said.items[i],
                   i + 1 == said.count && said.count > 1 ? "]" : "");
    }
    str_list_fini(&said);
    return buf_take(&b);
}

bool fail_invalid(struct failure *f, const char *group, const char *kind, const char *name, const struct node *causes)
{
    char *why = join_causes(causes);
    bool has_group = !str_empty(group);
    fail_with(f, 422, "Invalid", "%s%s%s \"%s\" is invalid: %s", kind, has_group ? "." : "", has_group ? group : "",
              name, why);
    mem_free(why);
    struct node *details = add_details(f, name, group, kind);
    node_set(f->details, details, "causes", node_copy(f->details, causes));
    return false;
}

void failure_fini(struct failure *f)
{
    str_free(&f->message);
    doc_free(f->details);
    *f = (struct failure){0};
}

struct doc *failure_status(const struct failure *f)
{
    struct doc *doc = doc_new();
    struct node *status = node_new_object(doc);
    doc_set_root(doc, status);
    node_set_str(doc, status, "kind", "Status");
    node_set_str(doc, status, "apiVersion", "v1");
    struct node *metadata = node_ensure_object(doc, status, "metadata");
    node_set_str(doc, metadata, "continue", f->next);
    node_set_str(doc, status, "status", "Failure");
    node_set_str(doc, status, "message", f->message);
    node_set_str(doc, status, "reason", f->reason);
    if (f->details != NULL) {
        node_set(doc, status, "details", node_copy(doc, doc_root(f->details)));
    }
    node_set_int(doc, status, "code", f->code);
    return doc;
}

static enum err_code code_of(const struct failure *f)
{
    switch (f->code) {
    case 401:
        return ERR_UNAUTHORIZED;
    case 403:
        return ERR_FORBIDDEN;
    case 404:
        return ERR_NOT_FOUND;
    case 409:
        return str_equal(f->reason, "AlreadyExists") ? ERR_EXISTS : ERR_CONFLICT;
    case 410:
        return ERR_GONE;
    default:
        return f->code >= 500 ? ERR_SERVER : ERR_REJECTED;
    }
}

void failure_to_err(const struct failure *f, struct err *err)
{
    err_set(err, code_of(f), "%s", f->message);
    err->http_status = f->code;
}

/* --- causes --- */

struct doc *causes_new(void)
{
    struct doc *causes = doc_new();
    doc_set_root(causes, node_new_array(causes));
    return causes;
}

size_t causes_count(const struct doc *causes)
{
    return node_count(doc_root(causes));
}

/* Takes `message`. */
static void add_cause(struct doc *causes, const char *field, const char *reason, char *message)
{
    struct node *cause = node_new_object(causes);
    node_set_str(causes, cause, "reason", reason);
    node_set_str(causes, cause, "message", message);
    node_set_str(causes, cause, "field", field);
    node_push(doc_root(causes), cause);
    mem_free(message);
}

void cause_required(struct doc *causes, const char *field, const char *detail)
{
    bool has_detail = !str_empty(detail);
    add_cause(causes, field, "FieldValueRequired",
              str_format("Required value%s%s", has_detail ? ": " : "", has_detail ? detail : ""));
}

static void invalid_v(struct doc *causes, const char *field, const char *value, const char *format, va_list args)
{
    char *why = str_format_v(format, args);
    add_cause(causes, field, "FieldValueInvalid", str_format("Invalid value: %s: %s", value, why));
    mem_free(why);
}

void cause_invalid(struct doc *causes, const char *field, const struct node *value, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = value != NULL ? node_to_text(value) : str_dup("null");
    invalid_v(causes, field, text, format, args);
    mem_free(text);
    va_end(args);
}

void cause_invalid_str(struct doc *causes, const char *field, const char *value, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = str_format("\"%s\"", value);
    invalid_v(causes, field, text, format, args);
    mem_free(text);
    va_end(args);
}

void cause_forbidden(struct doc *causes, const char *field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *why = str_format_v(format, args);
    va_end(args);
    add_cause(causes, field, "FieldValueForbidden", str_format("Forbidden: %s", why));
    mem_free(why);
}

void cause_unsupported(struct doc *causes, const char *field, const char *value, const char *supported)
{
    add_cause(causes, field, "FieldValueNotSupported",
              str_format("Unsupported value: %s: supported values: %s", value, supported));
}

void cause_duplicate(struct doc *causes, const char *field, const char *value)
{
    add_cause(causes, field, "FieldValueDuplicate", str_format("Duplicate value: %s", value));
}

/* --- patches --- */

bool fail_patched(struct failure *f, const struct node *object, const char *why)
{
    struct doc *causes = causes_new();
    char *text = node_to_text(object);
    struct node *shown = node_new_str(causes, text);
    cause_invalid(causes, "patch", shown, "%s", why);
    fail_invalid(f, "", "", "", doc_root(causes));
    mem_free(text);
    doc_free(causes);
    return false;
}
