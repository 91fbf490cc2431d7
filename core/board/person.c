#include "board/person.h"

#include <string.h>
#include <strings.h>

#include "base/doc.h"
#include "base/mem.h"
#include "base/str.h"
#include "board/errand.h"
#include "canary/request.h"
#include "kube/object.h"

#define JSON "application/json"
#define MANAGER "fieldManager=sluice-dashboard"
#define DRY_RUN "dryRun=All"

enum { TOKEN_MAX = 16 * 1024, FIELD_MAX = 1024 };

static const struct kube_resource access_reviews = {"authorization.k8s.io", "v1", "selfsubjectaccessreviews",
                                                    "SelfSubjectAccessReview"};
static const struct kube_resource subject_reviews = {"authentication.k8s.io", "v1", "selfsubjectreviews",
                                                     "SelfSubjectReview"};

struct people {
    const struct kube_client *kube;
    struct clock *clock;
    struct errands errands;
};

/* --- the requests --- */

static struct doc *new_review(const struct kube_resource *resource)
{
    struct doc *doc = object_new(resource, NULL, NULL);
    node_remove(doc_root(doc), "metadata");
    return doc;
}

static void review_subject(struct errand *errand, kube_done_fn *done)
{
    struct doc *body = new_review(&subject_reviews);
    struct kube_request request = {.verb = KUBE_CREATE, .resource = &subject_reviews, .body = doc_root(body)};
    errand_send(errand, &request, done);
    doc_free(body);
}

static void review_access(struct errand *errand, kube_done_fn *done)
{
    struct doc *body = new_review(&access_reviews);
    struct node *spec = node_ensure_object(body, doc_root(body), "spec");
    struct node *attributes = node_ensure_object(body, spec, "resourceAttributes");
    node_set_str(body, attributes, "verb", "patch");
    node_set_str(body, attributes, "group", KUBE_CANARIES.group);
    node_set_str(body, attributes, "resource", KUBE_CANARIES.plural);
    node_set_str(body, attributes, "namespace", errand->namespace);
    node_set_str(body, attributes, "name", errand->canary);
    struct kube_request request = {.verb = KUBE_CREATE, .resource = &access_reviews, .body = doc_root(body)};
    errand_send(errand, &request, done);
    doc_free(body);
}

static void send_patch(struct errand *errand, const char *query, kube_done_fn *done)
{
    struct doc *patch = request_patch(&errand->request);
    struct kube_request request = {.verb = KUBE_PATCH_MERGE,
                                   .resource = &KUBE_CANARIES,
                                   .namespace = errand->namespace,
                                   .name = errand->canary,
                                   .query = query,
                                   .body = doc_root(patch)};
    errand_send(errand, &request, done);
    doc_free(patch);
}

/* NULL: the API server does not tell; it is one before Kubernetes 1.28. */
static char *user_of(const struct doc *answer)
{
    return str_dup(node_str(node_at(doc_root(answer), "status", "userInfo", "username")));
}

/* --- which buttons --- */

static void tell_access(struct errand *errand)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc), *verbs = node_new_array(doc);
    doc_set_root(doc, root);
    node_set_str(doc, root, "user", errand->user);
    node_set(doc, root, "verbs", verbs);
    for (int verb = 0; verb < REQUEST_VERBS; verb++) {
        if (errand->verbs[verb]) {
            node_push_str(doc, verbs, request_verb_name((enum request_verb)verb));
        }
    }
    errand_answer(errand, 200, root);
    doc_free(doc);
}

/* What fails in another way than by being forbidden may work when it is asked for. */
static void on_tried(void *ctx, const struct doc *answer, const struct err *err)
{
    struct errand *errand = ctx;
    int next = (int)errand->request.verb + 1;
    errand->verbs[errand->request.verb] = err->code != ERR_FORBIDDEN;
    if (next < REQUEST_VERBS) {
        errand->request.verb = (enum request_verb)next;
        send_patch(errand, DRY_RUN "&" MANAGER, on_tried);
    } else {
        tell_access(errand);
    }
}

static void on_user(void *ctx, const struct doc *answer, const struct err *err)
{
    struct errand *errand = ctx;
    errand->user = user_of(answer);
    if (errand->may) {
        errand->request.verb = REQUEST_PAUSE;
        send_patch(errand, DRY_RUN "&" MANAGER, on_tried);
    } else {
        tell_access(errand);
    }
}

static void on_access(void *ctx, const struct doc *answer, const struct err *err)
{
    struct errand *errand = ctx;
    if (err->code != ERR_NONE) {
        errand_refuse(errand, err);
        return;
    }
    errand->may = node_bool_or(node_at(doc_root(answer), "status", "allowed"), false);
    review_subject(errand, on_user);
}

/* --- an action --- */

static void on_patched(void *ctx, const struct doc *answer, const struct err *err)
{
    struct errand *errand = ctx;
    if (err->code != ERR_NONE) {
        errand_refuse(errand, err);
        return;
    }
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    node_set_str(doc, doc_root(doc), "id", errand->request.id);
    errand_answer(errand, 200, doc_root(doc));
    doc_free(doc);
}

static void on_known(void *ctx, const struct doc *answer, const struct err *err)
{
    struct errand *errand = ctx;
    errand->request.by = user_of(answer);
    send_patch(errand, MANAGER, on_patched);
}

/* --- from the page --- */

/* The token of "Bearer …"; NULL: there is none that could stand in a header. */
static const char *token_of(const struct exchange *exchange)
{
    static const char scheme[] = "Bearer ";
    const char *header = exchange->header(exchange, "Authorization");
    if (header == NULL || strncasecmp(header, scheme, strlen(scheme)) != 0) {
        return NULL;
    }
    const char *token = header + strlen(scheme);
    size_t len = strlen(token);
    for (size_t i = 0; i < len; i++) {
        if (token[i] < '!' || token[i] > '~') {
            return NULL;
        }
    }
    return len > 0 && len <= TOKEN_MAX ? token : NULL;
}

static void refuse(struct exchange *exchange, int status, const char *problem)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    node_set_str(doc, doc_root(doc), "problem", problem);
    char *text = node_to_text(doc_root(doc));
    exchange_answer(exchange, status, JSON, text, strlen(text));
    str_free(&text);
    doc_free(doc);
}

/* What only pages of our own can send: others would have to ask first whether they may. */
static bool is_json(const struct exchange *exchange)
{
    const char *type = exchange->header(exchange, "Content-Type");
    return type != NULL && strncasecmp(type, JSON, strlen(JSON)) == 0;
}

/* A text of the body; NULL: absent. False: it is none, or too long. */
static bool read_text(char **out, const struct node *body, const char *field)
{
    const struct node *n = node_get(body, field);
    size_t len = 0;
    const char *text = node_str_n(n, &len);
    *out = text != NULL ? str_dup(text) : NULL;
    return n == NULL || node_type(n) == NODE_NULL || (text != NULL && len <= FIELD_MAX && strlen(text) == len);
}

static bool read_request(struct errand *errand, const struct node *body)
{
    struct request *request = &errand->request;
    bool ok = request_verb_find(node_str(node_get(body, "verb")), &request->verb);
    ok = read_text(&request->release, body, "release") && ok;
    ok = read_text(&request->gate, body, "gate") && ok;
    return read_text(&request->reason, body, "reason") && ok;
}

/* NULL: it was refused. */
static struct errand *begin(struct people *people, struct exchange *exchange, bool asks)
{
    const char *token = token_of(exchange);
    struct err err;
    if (!is_json(exchange) || token == NULL) {
        refuse(exchange, token == NULL ? 401 : 415, token == NULL ? "a bearer token is wanted" : JSON " is wanted");
        return NULL;
    }
    struct doc *doc = doc_parse(exchange->body, exchange->body_len, &err);
    const struct node *body = doc_root(doc);
    struct errand *errand = errand_begin(&people->errands, people->kube, people->clock, token);
    if (errand == NULL) {
        refuse(exchange, 503, "too many requests are under way; try again");
    } else {
        bool ok = read_text(&errand->namespace, body, "namespace") && errand->namespace != NULL;
        ok = read_text(&errand->canary, body, "canary") && errand->canary != NULL && ok;
        ok = (!asks || read_request(errand, body)) && ok;
        if (!ok) {
            errand_drop(errand);
            errand = NULL;
            refuse(exchange, 400, "namespace and canary are wanted, and of a request its verb; texts all of them");
        }
    }
    doc_free(doc);
    if (errand != NULL) {
        errand_take(errand, exchange);
    }
    return errand;
}

void people_serve_access(struct people *people, struct exchange *exchange)
{
    struct errand *errand = begin(people, exchange, false);
    if (errand != NULL) {
        review_access(errand, on_access);
    }
}

void people_serve_ask(struct people *people, struct exchange *exchange)
{
    struct errand *errand = begin(people, exchange, true);
    if (errand != NULL) {
        errand_sign(errand);
        review_subject(errand, on_known);
    }
}

/* --- life --- */

struct people *people_new(const struct kube_client *kube, struct clock *clock)
{
    struct people *people = mem_new(struct people);
    people->kube = kube;
    people->clock = clock;
    return people;
}

void people_free(struct people *people)
{
    errands_drop(&people->errands);
    mem_free(people);
}
