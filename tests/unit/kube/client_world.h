/* A world for tests of the Kubernetes client: a fake API server behind it, calls that are counted, answers as they
 * came.
 *
 * A header alone, because only the tests of kube/client.h need it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_clock.h"
#include "fake_http.h"
#include "kube/client.h"

#define SERVER "https://api:6443"

struct world {
    struct fake_clock *fc;
    struct fake_http *fh;
    struct kube_client *client;
    int done;
    char *answer; /* as text; NULL: none */
    struct err err;
    struct buf lines; /* of a watch, each with '|' */
    char token_path[32];
};

static inline void make_client(struct world *w, struct kube_config config)
{
    config.source = str_dup("kubeconfig /lab");
    config.server = str_dup(SERVER);
    w->client = kube_client_new(fake_http_door(w->fh), fake_clock_clock(w->fc), NULL, &config);
    assert_null(config.server); /* it is the client's now */
}

static inline int setup(void **state)
{
    struct world *w = mem_new(struct world);
    w->fc = fake_clock_new(1773216907000);
    w->fh = fake_http_new(fake_clock_clock(w->fc));
    buf_init(&w->lines, 4096);
    *state = w;
    return 0;
}

/* The client asserts that no call is open, the fakes that no request and no timer are left. */
static inline int teardown(void **state)
{
    struct world *w = *state;
    kube_client_free(w->client);
    fake_http_free(w->fh);
    fake_clock_free(w->fc);
    buf_fini(&w->lines);
    str_free(&w->answer);
    if (w->token_path[0] != '\0') {
        unlink(w->token_path);
    }
    mem_free(w);
    return 0;
}

static inline void on_done(void *ctx, const struct doc *answer, const struct err *err)
{
    struct world *w = ctx;
    w->done++;
    w->err = *err;
    str_free(&w->answer);
    w->answer = answer != NULL ? node_to_text(doc_root(answer)) : NULL;
}

static inline bool on_line(void *ctx, const char *line, size_t len)
{
    struct world *w = ctx;
    assert_int_equal(strlen(line), len);
    if (len < 100) {
        buf_printf(&w->lines, "%s|", line);
    } else {
        buf_printf(&w->lines, "(%zu)|", len);
    }
    return strcmp(line, "stop") != 0;
}

static inline struct kube_call *start(struct world *w, struct kube_request request)
{
    if (request.resource == NULL) {
        request.resource = &KUBE_DEPLOYMENTS;
    }
    int before = w->done;
    struct kube_call *call = request.verb == KUBE_WATCH ? kube_watch_start(w->client, &request, on_line, on_done, w)
                                                        : kube_start(w->client, &request, on_done, w);
    assert_int_equal(w->done, before); /* never before it returns */
    return call;
}

static const struct kube_request get_podinfo = {.verb = KUBE_GET, .namespace = "test", .name = "podinfo"};
static const struct kube_request watch_all = {.verb = KUBE_WATCH, .query = "watch=true"};

static inline void ask(struct world *w, struct kube_request request)
{
    int before = w->done;
    start(w, request);
    fake_clock_run(w->fc);
    assert_int_equal(w->done, before + 1);
}

static inline void expect_failure(struct world *w, enum err_code code, const char *text)
{
    assert_null(w->answer);
    assert_string_equal(w->err.text, text);
    assert_int_equal(w->err.code, code);
}

/* Nobody is answered before the test says so. */
static inline bool hold(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    answer->hold = true;
    return true;
}
