#include "board/errand.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <utlist.h>

#include "base/duration.h"
#include "base/mem.h"
#include "base/str.h"

enum { ID_BYTES = 8, BAD_GATEWAY = 502 };

/* --- life --- */

struct errand *errand_begin(struct errands *errands, const struct kube_client *kube, struct clock *clock,
                            const char *token)
{
    if (errands->count >= ERRANDS_MAX) {
        return NULL;
    }
    struct errand *errand = mem_new(struct errand);
    errand->of = errands;
    errand->client = kube_client_as(kube, token);
    errand->clock = clock;
    DL_APPEND(errands->list, errand);
    errands->count++;
    return errand;
}

void errand_drop(struct errand *errand)
{
    if (errand->call != NULL) {
        kube_cancel(errand->call);
    }
    timer_cancel(&errand->end);
    DL_DELETE(errand->of->list, errand);
    errand->of->count--;
    kube_client_free(errand->client);
    request_fini(&errand->request);
    str_free(&errand->user);
    str_free(&errand->namespace);
    str_free(&errand->canary);
    mem_free(errand);
}

static void on_gone(void *ctx)
{
    ((struct errand *)ctx)->exchange = NULL;
}

void errand_take(struct errand *errand, struct exchange *exchange)
{
    errand->exchange = exchange;
    exchange->gone = on_gone;
    exchange->ctx = errand;
}

static void on_end(struct timer *timer, void *ctx)
{
    errand_drop(ctx);
}

void errand_answer(struct errand *errand, int status, const struct node *body)
{
    if (errand->exchange != NULL) {
        char *text = node_to_text(body);
        errand->exchange->gone = NULL;
        exchange_add_header(errand->exchange, "Cache-Control", "no-store");
        exchange_answer(errand->exchange, status, "application/json", text, strlen(text));
        errand->exchange = NULL;
        str_free(&text);
    }
    timer_start(errand->clock, &errand->end, 0, on_end, errand);
}

void errand_refuse(struct errand *errand, const struct err *err)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    node_set_str(doc, doc_root(doc), "problem", err->text);
    errand_answer(errand, err->http_status >= 400 ? err->http_status : BAD_GATEWAY, doc_root(doc));
    doc_free(doc);
}

void errands_drop(struct errands *errands)
{
    static const struct err ending = {.text = "the dashboard is ending"};
    while (errands->list != NULL) {
        struct errand *errand = errands->list;
        if (errand->exchange != NULL) {
            errand_refuse(errand, &ending);
        }
        errand_drop(errand);
    }
}

/* --- requests --- */

/* The random bytes of the kernel are there once it has started. */
static char *new_id(void)
{
    unsigned char bytes[ID_BYTES];
    char id[2 * ID_BYTES + 1];
    while (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        continue;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(id + 2 * i, sizeof id - 2 * i, "%02x", bytes[i]);
    }
    return str_dup(id);
}

void errand_sign(struct errand *errand)
{
    char now[32];
    time_write(clock_wall_ms(errand->clock), now);
    errand->request.id = new_id();
    errand->request.at = str_dup(now);
}

static void on_done(void *ctx, const struct doc *answer, const struct err *err)
{
    struct errand *errand = ctx;
    errand->call = NULL;
    errand->done(errand, answer, err);
}

void errand_send(struct errand *errand, const struct kube_request *request, kube_done_fn *done)
{
    errand->done = done;
    errand->call = kube_start(errand->client, request, on_done, errand);
}
