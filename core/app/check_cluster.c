/* Canaries of a cluster, page by page. */
#include "app/check_inner.h"
#include "app/session.h"
#include "base/mem.h"
#include "kube/object.h"

enum { QUERY_MAX = 64 * 1024 };

/* A page of them from `next` on, NULL: the first one. `namespace` NULL: all. */
static struct doc *read_page(struct session *session, const char *namespace, const char *next, struct err *err)
{
    struct buf query;
    buf_init(&query, QUERY_MAX);
    buf_append_str(&query, "limit=100");
    if (next != NULL) {
        buf_append_str(&query, "&continue=");
        buf_append_url(&query, next);
    }
    struct kube_request request = {
        .verb = KUBE_LIST, .resource = &KUBE_CANARIES, .namespace = namespace, .query = buf_str(&query)};
    struct doc *page = session_ask(session, &request, err);
    buf_fini(&query);
    return page;
}

static bool read_all(struct session *session, struct check *check, const char *namespace, struct err *err)
{
    const struct check_source source = {0};
    char *next = NULL;
    bool ok = true;
    do {
        struct doc *page = read_page(session, namespace, next, err);
        struct node_iter it = node_iterate(node_get(doc_root(page), "items"));
        while (node_next(&it)) {
            check_object(check, &source, it.value);
        }
        str_free(&next);
        next = str_dup(node_str(node_at(doc_root(page), "metadata", "continue")));
        ok = page != NULL;
        doc_free(page);
    } while (!str_empty(next));
    str_free(&next);
    return ok;
}

void check_cluster(struct check *check, const struct session_flags *flags)
{
    struct err err = {0};
    struct session *session = session_open(flags, &err);
    if (session == NULL || !read_all(session, check, flags->namespace, &err)) {
        str_list_push(&check->errors, err.text);
        check->is_interrupted = session != NULL && session_is_interrupted(session);
    }
    session_close(session);
}
