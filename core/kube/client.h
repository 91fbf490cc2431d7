/* Verbs for any kind: one function sends any request to one API server and reads the answer.
 *
 * The client signs requests (bearer token, client certificate, basic, exec plugin), renews what expires, and turns
 * every failure into one error with the server's own words. It repeats requests that the server did not take: a 401
 * renews the credentials and asks once more, a 429 with Retry-After waits and asks again, as client-go does (lists
 * and watches leave the waiting to kube/watch.c). Otherwise it never retries by itself.
 *
 * At most KUBE_UNDER_WAY_MAX requests are under way at once; the others wait in line (kube/limit.h), watches and
 * urgent requests go at once. */
#pragma once

#include "base/doc.h"
#include "io/http.h"
#include "io/loop.h"
#include "kube/config.h"
#include "kube/resource.h"

/* More requests at once would not get more done: an API server works on a few hundred from all its clients together. */
enum { KUBE_UNDER_WAY_MAX = 16 };

/* The API server takes the beginning of the User-Agent for the manager of what we write. */
#define KUBE_MANAGER "sluice"

struct kube_client;

/* Takes ownership of the content of `config`. `loop` runs exec plugins; may be NULL when there is none. */
struct kube_client *kube_client_new(struct http *http, struct clock *clock, struct loop *loop,
                                    struct kube_config *config);
/* A client of the same server for whoever has this bearer token: it knows the server and the authority of its
 * certificate, and none of the credentials of `client`. */
struct kube_client *kube_client_as(const struct kube_client *client, const char *token);
/* From now on no write but the urgent ones is sent while `may_write` is false: such a call ends with FENCED. NULL:
 * all writes are sent. */
void kube_client_fence(struct kube_client *client, bool (*may_write)(void *ctx), void *ctx);
/* Calls under way must have ended or been cancelled. */
void kube_client_free(struct kube_client *client);
const char *kube_client_server(const struct kube_client *client);
/* The time at the server, as its last answer's Date tells it to the second: by it objects have their times, whatever
 * the clock of this machine says. Without such an answer that clock's. */
int64_t kube_client_now_ms(const struct kube_client *client);

enum kube_verb {
    KUBE_GET,
    KUBE_LIST,
    KUBE_WATCH,
    KUBE_CREATE,
    KUBE_UPDATE,
    KUBE_PATCH_MERGE,     /* application/merge-patch+json */
    KUBE_PATCH_JSON,      /* application/json-patch+json */
    KUBE_PATCH_STRATEGIC, /* application/strategic-merge-patch+json */
    KUBE_DELETE,
};

struct kube_request {
    enum kube_verb verb;
    const struct kube_resource *resource;
    const char *namespace;   /* NULL: all namespaces, or a cluster-scoped kind */
    const char *name;        /* NULL for LIST, WATCH, CREATE */
    const char *subresource; /* "status", NULL: none */
    const char *query;       /* encoded, without '?'; NULL: none */
    const struct node *body; /* NULL: none */
    int64_t timeout_ms; /* of one attempt, and of all waiting between attempts, but not of the wait in line; 0: 30 s */
    bool is_urgent;     /* skips the line: a late request would be of no use */
    size_t answer_max;  /* bytes; a larger answer is TOO_LARGE, and cut off as soon as it is. 0: HTTP_RESPONSE_MAX */
    /* LIST, WATCH: of each object apiVersion, kind and metadata, unless the server can only send it whole */
    bool metadata_only;
};

struct kube_call;
/* `answer` is the object or list, NULL on failure; borrowed. err->text reads like
 * "deployments.apps \"podinfo\" not found" (the server's message) or "GET https://…: timed out after 30 s". */
typedef void kube_done_fn(void *ctx, const struct doc *answer, const struct err *err);
struct kube_call *kube_start(struct kube_client *client, const struct kube_request *request, kube_done_fn *done,
                             void *ctx);
void kube_cancel(struct kube_call *call);

/* A streamed watch: `on_line` gets each line without its newline (false ends the watch); ceiling 4 MiB a line; a
 * line without its newline at the end of the stream was cut and is dropped. `done` as above with answer NULL;
 * err->code NONE when the server ended it in the ordinary way, or on_line did. */
typedef bool kube_line_fn(void *ctx, const char *line, size_t len);
struct kube_call *kube_watch_start(struct kube_client *client, const struct kube_request *request,
                                   kube_line_fn *on_line, kube_done_fn *done, void *ctx);

/* Requests sent since the client was made, for benches and tests. */
uint64_t kube_client_requests(const struct kube_client *client);
