/* One thing that a page asks of the API server by a person's token: some requests after one another, and one answer. It
 * goes on when the page does not wait any more, as what was asked may be half done. */
#pragma once

#include "canary/request.h"
#include "io/exchange.h"
#include "kube/client.h"

enum { ERRANDS_MAX = 16 };

struct errands {
    struct errand *list;
    size_t count;
};

struct errand {
    struct errand *prev, *next;
    struct errands *of;
    struct exchange *exchange; /* NULL: the page is gone, or has its answer */
    struct kube_client *client;
    struct kube_call *call; /* NULL: none is under way */
    kube_done_fn *done;     /* of it */
    struct clock *clock;
    struct timer end; /* frees it, not from inside of its own call */
    char *namespace, *canary;
    struct request request; /* of an action; of an access review the verb that is tried */
    char *user;             /* of an access review: who the token is; NULL: the API server does not tell */
    bool may;               /* the same: patch the Canary */
    bool verbs[REQUEST_VERBS];
};

/* NULL: ERRANDS_MAX are under way. */
struct errand *errand_begin(struct errands *errands, const struct kube_client *kube, struct clock *clock,
                            const char *token);
/* Nobody is answered. */
void errand_drop(struct errand *errand);
/* The exchange is the errand's from now on. */
void errand_take(struct errand *errand, struct exchange *exchange);
/* Gives the request of a person its id and its time. */
void errand_sign(struct errand *errand);
/* `done` comes with the errand as `ctx`. */
void errand_send(struct errand *errand, const struct kube_request *request, kube_done_fn *done);
/* These end it. */
void errand_answer(struct errand *errand, int status, const struct node *body);
void errand_refuse(struct errand *errand, const struct err *err);
/* All of them: calls are cancelled, exchanges end. */
void errands_drop(struct errands *errands);
