/* Canaries of a cluster, page by page. */
#include "app/check_inner.h"
#include "base/mem.h"
#include "io/curl.h"
#include "io/loop.h"
#include "kube/client.h"

enum { QUERY_MAX = 64 * 1024 };

struct reader {
    struct check *check;
    const char *namespace;
    struct loop *loop;
    struct kube_client *kube;
    struct kube_call *call;
};

static void ask(struct reader *r, const char *next);

static void on_page(void *ctx, const struct doc *answer, const struct err *err)
{
    struct reader *r = ctx;
    const struct check_source source = {0};
    r->call = NULL;
    if (err->code != ERR_NONE) {
        str_list_push(&r->check->errors, err->text);
        loop_stop(r->loop);
        return;
    }
    struct node_iter it = node_iterate(node_get(doc_root(answer), "items"));
    while (node_next(&it)) {
        check_object(r->check, &source, it.value);
    }
    const char *next = node_str(node_at(doc_root(answer), "metadata", "continue"));
    if (str_empty(next)) {
        loop_stop(r->loop);
    } else {
        ask(r, next);
    }
}

static void ask(struct reader *r, const char *next)
{
    struct buf query;
    buf_init(&query, QUERY_MAX);
    buf_append_str(&query, "limit=100");
    if (next != NULL) {
        buf_append_str(&query, "&continue=");
        buf_append_url(&query, next);
    }
    struct kube_request request = {
        .verb = KUBE_LIST, .resource = &KUBE_CANARIES, .namespace = r->namespace, .query = buf_str(&query)};
    r->call = kube_start(r->kube, &request, on_page, r);
    buf_fini(&query);
}

static void on_signal(void *ctx, int signum)
{
    struct reader *r = ctx;
    str_list_push(&r->check->errors, "interrupted");
    loop_stop(r->loop);
}

void check_cluster(struct check *check, const char *kubeconfig, const char *namespace)
{
    struct kube_config config = {0};
    struct err err = {0};
    if (!kube_config_load(kubeconfig, NULL, &config, &err)) {
        str_list_push(&check->errors, err.text);
        kube_config_fini(&config);
        return;
    }
    struct reader r = {.check = check, .namespace = namespace, .loop = loop_new()};
    struct http *http = curl_http_new(r.loop);
    r.kube = kube_client_new(http, loop_clock(r.loop), r.loop, &config);
    loop_on_signal(r.loop, on_signal, &r);
    ask(&r, NULL);
    loop_run(r.loop);
    if (r.call != NULL) {
        kube_cancel(r.call);
    }
    kube_client_free(r.kube);
    curl_http_free(http);
    loop_free(r.loop);
}
