/* Which of the four kinds of PATCH a body is, and what it makes of an object. */
#include "sim/api/patch.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "sim/api/failure.h"
#include "sim/api/ids.h"
#include "sim/api/inner.h"
#include "sim/api/object.h"
#include "sim/api/write.h"
#include "sim/patch/patch.h"

enum patch_type { PATCH_UNKNOWN, PATCH_MERGE, PATCH_JSON, PATCH_STRATEGIC, PATCH_APPLY };

static enum patch_type type_of(const struct request *request)
{
    static const struct {
        const char *content_type;
        enum patch_type type;
    } table[] = {
        {"application/merge-patch+json", PATCH_MERGE},
        {"application/json-patch+json", PATCH_JSON},
        {"application/strategic-merge-patch+json", PATCH_STRATEGIC},
        {"application/apply-patch+yaml", PATCH_APPLY},
        {"application/apply-patch+json", PATCH_APPLY},
    };
    const char *type = request->exchange->header(request->exchange, "Content-Type");
    for (size_t i = 0; type != NULL && i < sizeof table / sizeof table[0]; i++) {
        if (str_has_prefix(type, table[i].content_type)) {
            return table[i].type;
        }
    }
    return PATCH_UNKNOWN;
}

bool patch_is_apply(const struct request *request)
{
    return type_of(request) == PATCH_APPLY;
}

static bool is_supported(const struct request *request, enum patch_type type, struct failure *f)
{
    if (type == PATCH_STRATEGIC && request->kind->is_custom) {
        return fail_with(f, 415, "UnsupportedMediaType",
                         "the body of the request was in an unknown format - accepted media types include: "
                         "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
    }
    if (type == PATCH_UNKNOWN) {
        return fail_plainly(f, 415, "UnsupportedMediaType", "415: Unsupported Media Type");
    }
    return true;
}

static struct doc *parse(const struct request *request, enum patch_type type, struct failure *f)
{
    const struct exchange *exchange = request->exchange;
    struct err err;
    struct doc *patch = type == PATCH_APPLY ? yaml_parse("patch", exchange->body, exchange->body_len, &err)
                                            : doc_parse(exchange->body, exchange->body_len, &err);
    if (patch == NULL && type == PATCH_APPLY) {
        fail_bad_request(f, "error decoding YAML: %s", err.text);
    } else if (patch == NULL) {
        fail_bad_request(f, "error decoding patch: unexpected end of JSON input");
    }
    return patch;
}

/* --- what failed --- */

static void add_conflict(struct doc *causes, const char *who, size_t who_len, const char *field, size_t field_len)
{
    struct node *cause = node_new_object(causes);
    char *manager = str_dup_n(who, who_len), *message = str_format("conflict with %s", manager);
    node_set_str(causes, cause, "reason", "FieldManagerConflict");
    node_set_str(causes, cause, "message", message);
    node_set(causes, cause, "field", node_new_str_n(causes, field, field_len));
    node_push(doc_root(causes), cause);
    mem_free(manager);
    mem_free(message);
}

/* The text of an apply's conflicts, as causes: "…: conflict with "a": .spec.x", or lines "conflicts with "a":" and "-
 * .spec.x". */
static void add_conflicts(struct doc *causes, const char *text)
{
    static const char one[] = "conflict with ", several[] = "conflicts with ";
    const char *single = strstr(text, one), *who = NULL;
    const char *field = single != NULL ? strstr(single, ": .") : NULL;
    if (field != NULL) {
        add_conflict(causes, single + strlen(one), (size_t)(field - single) - strlen(one), field + 2,
                     strlen(field + 2));
        return;
    }
    size_t who_len = 0;
    for (const char *line = strstr(text, several); line != NULL;
         line = strchr(line, '\n') != NULL ? strchr(line, '\n') + 1 : NULL) {
        size_t len = strcspn(line, "\n");
        if (str_has_prefix(line, several)) {
            who = line + strlen(several);
            who_len = len - strlen(several) - 1;
        } else if (who != NULL && str_has_prefix(line, "- ")) {
            add_conflict(causes, who, who_len, line + 2, len - 2);
        }
    }
}

static void fail_conflicts(const char *text, struct failure *f)
{
    struct doc *causes = causes_new();
    fail_with(f, 409, "Conflict", "%s", text);
    add_conflicts(causes, text);
    f->details = doc_new();
    struct node *details = node_new_object(f->details);
    doc_set_root(f->details, details);
    node_set(f->details, details, "causes", node_copy(f->details, doc_root(causes)));
    doc_free(causes);
}

/* The errors of sim/patch/patch.h carry their text and status; 422 without more to say has no causes. */
static void fail_patch(const struct err *err, struct failure *f)
{
    if (err->http_status == 422) {
        fail_plainly(f, 422, "Invalid", err->text);
    } else if (err->http_status == 409) {
        fail_conflicts(err->text, f);
    } else {
        fail_bad_request(f, "%s", err->text);
    }
}

/* An apply with a field that is not known is refused, whatever fieldValidation says. */
static bool check_declared(const struct request *request, const struct node *patch, struct failure *f)
{
    struct write write = {.kind = request->kind, .is_patch = true};
    struct doc *decoded = write_decode(&write, patch, f);
    bool ok = decoded != NULL;
    if (ok && write.unknown.count > 0) {
        const char *path = strchr(write.unknown.items[0], '"') + 1;
        char *version = api_version_of(request->kind);
        ok =
            fail_with(f, 500, NULL,
                      "failed to create typed patch object (%s/%s; %s%s, Kind=%s): .%.*s: field not declared in schema",
                      meta_str(patch, "namespace"), meta_str(patch, "name"), request->kind->group[0] == '\0' ? "/" : "",
                      version, request->kind->name, (int)strcspn(path, "\""), path);
        mem_free(version);
    }
    doc_free(decoded);
    write_fini(&write);
    return ok;
}

static struct doc *apply(const struct request *request, const struct node *object, const struct node *patch,
                         struct failure *f)
{
    char *manager = exchange_param(request->exchange, "fieldManager");
    char *force = exchange_param(request->exchange, "force");
    struct doc *result = NULL;
    struct err err;
    char now[32];
    api_time_now(request->api, now);
    if (str_empty(manager)) {
        struct doc *causes = causes_new();
        cause_required(causes, "fieldManager", "is required for apply patch");
        fail_invalid(f, "meta.k8s.io", "PatchOptions", "", doc_root(causes));
        doc_free(causes);
    } else if (check_declared(request, patch, f)) {
        struct patch_writer writer = {.manager = manager,
                                      .subresource = request->subresource,
                                      .time = now,
                                      .force = force != NULL && !str_equal(force, "false")};
        result = patch_apply(request->kind, object, patch, &writer, &err);
        if (result == NULL) {
            fail_patch(&err, f);
        }
    }
    mem_free(manager);
    mem_free(force);
    return result;
}

static struct doc *patched(const struct request *request, enum patch_type type, const struct node *object,
                           const struct node *patch, struct failure *f)
{
    struct err err;
    struct doc *result;
    if (type == PATCH_APPLY) {
        return apply(request, object, patch, f);
    }
    if (type == PATCH_MERGE) {
        result = patch_merge(object, patch, &err);
    } else if (type == PATCH_JSON) {
        result = patch_json(object, patch, &err);
    } else {
        result = patch_strategic(request->kind, object, patch, &err);
    }
    if (result == NULL) {
        fail_patch(&err, f);
    }
    return result;
}

struct doc *patch_of_body(const struct request *request, const struct node *object, struct failure *f)
{
    enum patch_type type = type_of(request);
    if (!is_supported(request, type, f)) {
        return NULL;
    }
    struct doc *patch = parse(request, type, f);
    struct doc *result = patch != NULL ? patched(request, type, object, doc_root(patch), f) : NULL;
    doc_free(patch);
    return result;
}
