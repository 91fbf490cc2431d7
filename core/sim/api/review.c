#include "sim/api/review.h"

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/body.h"
#include "sim/api/failure.h"
#include "sim/api/ids.h"
#include "sim/api/inner.h"
#include "sim/api/reply.h"
#include "sim/api/user.h"
#include "sim/api/verbs.h"
#include "sim/api/write.h"
#include "sim/patch/patch.h"

/* --- who am I? --- */

static void push_group(struct doc *doc, struct node *groups, const char *group)
{
    if (group != NULL) {
        node_push_str(doc, groups, group);
    }
}

/* Whatever the review says about itself, the answer is a new one. */
static struct doc *answer_subject(const struct request *request)
{
    const struct user *user = request->user;
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc), *groups = node_new_array(doc);
    char now[32];
    doc_set_root(doc, root);
    node_set_str(doc, root, "kind", "SelfSubjectReview");
    node_set_str(doc, root, "apiVersion", "authentication.k8s.io/v1");
    api_time_now(request->api, now);
    node_set_str(doc, node_ensure_object(doc, root, "metadata"), "creationTimestamp", now);
    struct node *info = node_ensure_object(doc, node_ensure_object(doc, root, "status"), "userInfo");
    node_set_str(doc, info, "username", user->name);
    node_set_str(doc, info, "uid", user->uid);
    push_group(doc, groups, user->group);
    push_group(doc, groups, user->known_group);
    node_set(doc, info, "groups", groups);
    return doc;
}

/* --- may I? --- */

static void check_selector(const struct node *selector, const char *field, struct doc *causes)
{
    const char *raw = node_str_or(node_get(selector, "rawSelector"), "");
    if (raw[0] != '\0' && node_count(node_get(selector, "requirements")) > 0) {
        cause_invalid_str(causes, field, raw, "may not specified at the same time as requirements");
    }
}

/* As Go prints a struct without names for JSON. */
static void refuse_both(const struct node *path, struct doc *causes)
{
    struct doc *shown = doc_new();
    struct node *root = node_new_object(shown);
    doc_set_root(shown, root);
    node_set_str(shown, root, "Path", node_str_or(node_get(path, "path"), ""));
    node_set_str(shown, root, "Verb", node_str_or(node_get(path, "verb"), ""));
    cause_invalid(causes, "spec.nonResourceAttributes", root,
                  "cannot be specified in combination with "
                  "resourceAttributes");
    doc_free(shown);
}

/* Metadata with anything in it but the note of who wrote the review. */
static bool has_metadata(const struct node *metadata)
{
    struct node_iter it = node_iterate(metadata);
    while (node_next(&it)) {
        if (!str_equal(it.key, "managedFields")) {
            return true;
        }
    }
    return false;
}

static bool check_access(const struct node *review, struct failure *f)
{
    struct doc *causes = causes_new();
    const struct node *spec = node_get(review, "spec"), *metadata = node_get(review, "metadata");
    const struct node *resource = node_get(spec, "resourceAttributes"), *path = node_get(spec, "nonResourceAttributes");
    if (resource != NULL && path != NULL) {
        refuse_both(path, causes);
    } else if (resource == NULL && path == NULL) {
        cause_invalid(causes, "spec.resourceAttributes", NULL,
                      "exactly one of nonResourceAttributes or resourceAttributes must be specified");
    }
    check_selector(node_get(resource, "fieldSelector"), "spec.resourceAttributes.fieldSelector.rawSelector", causes);
    check_selector(node_get(resource, "labelSelector"), "spec.resourceAttributes.labelSelector.rawSelector", causes);
    if (has_metadata(metadata)) {
        cause_invalid(causes, "metadata", metadata, "must be empty");
    }
    bool ok = causes_count(causes) == 0 || fail_invalid(f, "authorization.k8s.io", "", "", doc_root(causes));
    doc_free(causes);
    return ok;
}

static bool is_allowed(const struct user *user, const struct node *spec)
{
    const struct node *resource = node_get(spec, "resourceAttributes"), *path = node_get(spec, "nonResourceAttributes");
    const char *verb = node_str_or(node_get(resource != NULL ? resource : path, "verb"), "");
    return resource != NULL ? user_may(user, verb, node_str_or(node_get(resource, "group"), ""),
                                       node_str_or(node_get(resource, "resource"), ""))
                            : user_may_at_path(user, verb);
}

/* The review itself, with its answer; NULL: f. Takes it. */
static struct doc *answer_access(const struct request *request, const struct write *write, struct doc *review,
                                 struct failure *f)
{
    char now[32];
    struct node *root = doc_root(review), *metadata = node_ensure_object(review, root, "metadata");
    node_remove(metadata, "managedFields");
    node_remove(metadata, "namespace");
    if (!node_bool_or(node_at(root, "status", "allowed"), false)) { /* a zero value is nobody's */
        node_remove(node_get(root, "status"), "allowed");
    }
    api_time_now(request->api, now);
    patch_own(write->kind, NULL, review, &(struct patch_writer){.manager = write->manager, .time = now});
    review = write_normalise(write->kind, review);
    root = doc_root(review);
    if (!check_access(root, f)) {
        doc_free(review);
        return NULL;
    }
    node_remove(root, "status");
    node_set_bool(review, node_ensure_object(review, root, "status"), "allowed",
                  is_allowed(request->user, node_get(root, "spec")));
    return review;
}

/* --- both --- */

static bool accepts_form(const struct request *request, struct failure *f)
{
    return request->form != FORM_TABLE ||
           fail_with(f, 406, "NotAcceptable",
                     "only the following media types are accepted: application/json, application/yaml, "
                     "application/vnd.kubernetes.protobuf");
}

void review_post(struct request *request)
{
    struct failure f = {0};
    bool ok = accepts_form(request, &f) && options_read(request, "CreateOptions", &f);
    char *manager = manager_of(request);
    struct write write = {.kind = request->kind, .manager = manager};
    struct doc *review = ok ? verb_body(request, &write, &f) : NULL, *answer = NULL;
    if (review != NULL && str_equal(request->kind->name, "SelfSubjectAccessReview")) {
        answer = answer_access(request, &write, review, &f);
    } else if (review != NULL) {
        answer = answer_subject(request);
        doc_free(review);
    }
    if (answer != NULL) {
        api_reply_object(request, 201, doc_root(answer));
    } else {
        api_reply_failure(request, &f);
    }
    doc_free(answer);
    mem_free(manager);
    write_fini(&write);
    failure_fini(&f);
}
