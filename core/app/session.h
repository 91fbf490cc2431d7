/* A cluster for commands that ask it one thing after the other, and wait for what comes: the flags that name it, as
 * kubectl has them, requests, and watches. */
#pragma once

#include "app/cli.h"
#include "io/loop.h"
#include "kube/client.h"
#include "kube/store.h"

/* NULL: as kubectl has it without the flag. */
struct session_flags {
    const char *kubeconfig, *context, *cluster, *user, *namespace;
    const char *otherwise; /* what may be named in the place of a cluster, for a message; NULL: nothing */
    bool reads_only;       /* nothing but GET leaves the session (app/reading_door.h) */
};

#define CLUSTER_FLAGS                                                                                                  \
    {"kubeconfig", "FILE", "the cluster (default: as kubectl finds it)"},                                              \
        {"context", "NAME", "one of the kubeconfig's (default: its current one)"},                                     \
        {"cluster", "NAME", "one of the kubeconfig's, in the place of the context's"},                                 \
    {                                                                                                                  \
        "user", "NAME", "one of the kubeconfig's, in the place of the context's"                                       \
    }
#define SESSION_FLAGS                                                                                                  \
    {"n", "NAMESPACE", "that of the Canary (default: that of the context)"}, {"namespace", "NAMESPACE", NULL},         \
        CLUSTER_FLAGS

/* True when `name` is one of these flags, and taken. */
bool session_take(struct session_flags *flags, const char *name, const char *value);
/* True when one of them is given. */
bool session_is_told(const struct session_flags *flags);
/* The kubeconfig that they name, as kubectl finds it (app/kubeconfig.h), and in a Pod the service account. False and
 * err: there is none, or it cannot be read, or no namespace can be called so. */
bool session_config(const struct session_flags *flags, struct kube_config *config, struct err *err);

struct session;

/* By session_config. Nobody is asked yet. */
struct session *session_open(const struct session_flags *flags, struct err *err);
void session_close(struct session *session);
/* That of the flag, or of the context. */
const char *session_namespace(const struct session *session);
/* By a signal, also while it asked. */
bool session_is_interrupted(const struct session *session);
/* The time by which ages are told and requests are dated: the API server's (kube_client_now_ms). */
int64_t session_now_ms(const struct session *session);
struct clock *session_clock(const struct session *session);
struct http *session_http(const struct session *session);
struct kube_client *session_kube(const struct session *session);

/* All that the session asks and waits for from now on ends in `timeout_ms`. The requests of a first look have a few
 * seconds at least: with a shorter one, what is there now is told. */
void session_limit(struct session *session, int64_t timeout_ms);
/* What is left of that, for a wait; of a first look at what is there. */
int64_t session_left_ms(const struct session *session);
int64_t session_look_ms(const struct session *session);
/* A request was given up because nothing was left. */
bool session_is_late(const struct session *session);

/* The answer (doc_free), an object or a list of the kind that was asked for; NULL and err, as one line for a terminal,
 * without one. A server that is busy is asked again when it says, for half a minute. */
struct doc *session_ask(struct session *session, const struct kube_request *request, struct err *err);

/* Whether these objects may be listed: a watch asks again and again for what a person may not read. `name` NULL: all of
 * the kind; `namespace` NULL: of all namespaces. */
bool session_may_read(struct session *session, const struct kube_resource *resource, const char *namespace,
                      const char *name, struct err *err);
/* Watches one object, or with `name` NULL all of a kind, from now on: the store has what is there once it is synced. */
struct store *session_watch(struct session *session, const struct kube_resource *resource, const char *namespace,
                            const char *name);
/* The same for those objects of a kind that a field selector names; `namespace` NULL: of all namespaces. */
struct store *session_watch_fields(struct session *session, const struct kube_resource *resource, const char *namespace,
                                   const char *selector);
enum session_end { SESSION_OVER, SESSION_TIMEOUT, SESSION_INTERRUPTED };
/* Waits until `is_over`, which is asked at once and after each change of what is watched. */
enum session_end session_wait(struct session *session, int64_t timeout_ms, bool (*is_over)(void *ctx), void *ctx);
/* Asks `is_over` of the wait under way, as after something that no watch tells. */
void session_look(struct session *session);
/* Why a watch brings nothing, or whose answer did not come in time, as one line for a terminal, until it is asked
 * again; "" while all is well. */
const char *session_trouble(struct session *session);

/* A command that has one session: opens it, has `body` use it, and closes it. Gives the exit status: that of `body`; or
 * where there is no session, or `body` gives SESSION_FAILED, 2, and 130 when it was interrupted. Then `err` is told. */
enum { SESSION_FAILED = -1 };
typedef int session_body_fn(void *ctx, struct session *session, struct err *err);
/* From now on what is logged is told, too, as a line of the command: for one that stays longer than a request.
 * `command` lives as long. */
void session_tell_log(const char *command);
int session_run(const char *command, const struct session_flags *flags, session_body_fn *body, void *ctx);
