#include "rollout/credentials.h"

#include "base/str.h"
#include "kube/pem.h"

enum { TIMEOUT_MS = 5000 };

struct kube_call *credentials_read(const struct context *context, const char *namespace, const char *name,
                                   kube_done_fn *done, void *ctx)
{
    struct kube_request request = {
        .verb = KUBE_GET, .resource = &KUBE_SECRETS, .namespace = namespace, .name = name, .timeout_ms = TIMEOUT_MS};
    return kube_start(context->kube, &request, done, ctx);
}

void credentials_set(struct doc *ask, const struct doc *secret)
{
    struct node *texts = node_ensure_object(ask, doc_root(ask), "secret");
    struct node_iter it = node_iterate(node_get(doc_root(secret), "data"));
    while (node_next(&it)) {
        char *text = NULL;
        struct err err = {0};
        if (node_str(it.value) != NULL && pem_decode(node_str(it.value), &text, &err)) {
            node_set_str(ask, texts, it.key, text);
        }
        str_free(&text);
    }
}
