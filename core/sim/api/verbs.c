#include "sim/api/verbs.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/body.h"
#include "sim/api/failure.h"
#include "sim/api/inner.h"
#include "sim/api/json_duplicates.h"
#include "sim/api/object.h"
#include "sim/api/patch.h"
#include "sim/api/present.h"
#include "sim/api/reply.h"
#include "sim/api/write.h"

static struct write write_of(const struct request *request)
{
    return (struct write){.kind = request->kind,
                          .namespace = request->namespace,
                          .subresource = request->subresource,
                          .manager = manager_of(request),
                          .dry_run = request->dry_run};
}

/* Answers with what was stored, or with what failed; takes `stored`. */
static void finish(const struct request *request, struct write *write, int status, struct doc *stored,
                   struct failure *f)
{
    if (stored != NULL) {
        api_reply_object(request, status, doc_root(stored));
    } else {
        api_reply_failure(request, f);
    }
    doc_free(stored);
    mem_free((char *)(uintptr_t)write->manager);
    write_fini(write);
    failure_fini(f);
}

/* --- POST --- */

struct doc *verb_body(struct request *request, struct write *write, struct failure *f)
{
    struct doc *body = body_parse(request, f), *decoded = NULL;
    const char *type = request->exchange->header(request->exchange, "Content-Type");
    if (body != NULL && doc_had_duplicates(body) && (str_empty(type) || strstr(type, "json") != NULL)) {
        json_duplicates(request->exchange->body, request->exchange->body_len, &write->unknown);
    }
    if (body != NULL && body_check(request, doc_root(body), f)) {
        decoded = write_decode_own(write, body, f);
        body = NULL;
    }
    doc_free(body);
    if (decoded == NULL || unknown_report(request, write, doc_root(decoded), f)) {
        return decoded;
    }
    doc_free(decoded);
    return NULL;
}

void verb_post(struct request *request)
{
    struct failure f = {0};
    bool ok = options_read(request, "CreateOptions", &f);
    struct write write = write_of(request);
    struct doc *decoded = ok ? verb_body(request, &write, &f) : NULL;
    finish(request, &write, 201, decoded != NULL ? write_create(request->api, &write, decoded, &f) : NULL, &f);
}

/* --- PUT --- */

static bool check_name(const struct request *request, const struct node *object, struct failure *f)
{
    const char *name = meta_str(object, "name"), *namespace = meta_str(object, "namespace");
    if (name[0] == '\0') {
        return fail_bad_request(f, "the name of the object (%s based on URL) was undeterminable: name must be provided",
                                request->name);
    }
    if (!str_equal(name, request->name)) {
        return fail_bad_request(f, "the name of the object (%s) does not match the name on the URL (%s)", name,
                                request->name);
    }
    if (request->namespace != NULL && namespace[0] != '\0' && !str_equal(namespace, request->namespace)) {
        return fail_bad_request(f, "the namespace of the object (%s) does not match the namespace on the URL (%s)",
                                namespace, request->namespace);
    }
    return true;
}

static struct doc *find_existing(const struct request *request, struct failure *f)
{
    struct doc *existing =
        objects_read(request->api->objects, request->kind->storage, request->namespace, request->name);
    if (existing == NULL) {
        fail_not_found(f, request->kind, request->name);
    }
    if (existing == NULL || !api_present_changes(request->kind, doc_root(existing))) {
        return existing;
    }
    struct doc *presented = doc_new();
    doc_set_root(presented, api_present(presented, request->kind, doc_root(existing), false));
    doc_free(existing);
    return presented;
}

void verb_put(struct request *request)
{
    struct failure f = {0};
    bool ok = options_read(request, "UpdateOptions", &f);
    struct write write = write_of(request);
    struct doc *decoded = ok ? verb_body(request, &write, &f) : NULL, *stored = NULL;
    if (decoded != NULL && !check_name(request, doc_root(decoded), &f)) {
        doc_free(decoded);
        decoded = NULL;
    }
    struct doc *existing = decoded != NULL ? find_existing(request, &f) : NULL;
    if (existing != NULL) {
        stored = write_update(request->api, &write, doc_root(existing), decoded, &f);
    } else {
        doc_free(decoded);
    }
    doc_free(existing);
    finish(request, &write, 200, stored, &f);
}

/* --- PATCH --- */

/* The decoded result of the patch. What a patch makes of a wrong type is told as a fault of the patch. */
static struct doc *patched(struct request *request, struct write *write, const struct node *existing, struct failure *f)
{
    struct doc *result = patch_of_body(request, existing, f), *decoded = NULL;
    if (result != NULL && body_check(request, doc_root(result), f)) {
        decoded = write_decode_own(write, result, f);
        result = NULL;
    }
    doc_free(result);
    if (decoded == NULL ||
        (check_name(request, doc_root(decoded), f) && unknown_report(request, write, doc_root(decoded), f))) {
        return decoded;
    }
    doc_free(decoded);
    return NULL;
}

void verb_patch(struct request *request)
{
    struct failure f = {0};
    bool ok = options_read(request, "PatchOptions", &f);
    struct write write = write_of(request);
    write.is_patch = true;
    write.is_apply = patch_is_apply(request);
    struct doc *existing = ok ? find_existing(request, &f) : NULL, *stored = NULL;
    bool creates = ok && existing == NULL && write.is_apply && request->subresource == NULL;
    if (creates) {
        failure_fini(&f);
    }
    struct doc *decoded = existing != NULL || creates ? patched(request, &write, doc_root(existing), &f) : NULL;
    if (decoded != NULL && creates) {
        stored = write_create(request->api, &write, decoded, &f);
    } else if (decoded != NULL) {
        stored = write_update(request->api, &write, doc_root(existing), decoded, &f);
    }
    doc_free(existing);
    finish(request, &write, creates ? 201 : 200, stored, &f);
}
