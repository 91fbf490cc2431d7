#include "app/hand.h"

#include "base/str.h"
#include "kube/object.h"
#include "release/release.h"

enum { QUERY_MAX = 1024, LABEL_LEN_MAX = 63 };

struct doc *hand_canary(struct session *session, const char *name, struct err *err)
{
    struct kube_request request = {
        .verb = KUBE_GET, .resource = &KUBE_CANARIES, .namespace = session_namespace(session), .name = name};
    struct doc *canary = session_ask(session, &request, err);
    if (canary == NULL && err->code == ERR_NOT_FOUND) {
        err_set(err, ERR_NOT_FOUND, "there is no Canary %s in the namespace %s", name, session_namespace(session));
    }
    return canary;
}

struct doc *hand_release(struct session *session, const char *name, struct err *err)
{
    struct kube_request request = {
        .verb = KUBE_GET, .resource = &KUBE_RELEASES, .namespace = session_namespace(session), .name = name};
    struct doc *release = session_ask(session, &request, err);
    if (release == NULL && err->code == ERR_NOT_FOUND) {
        err_set(err, ERR_NOT_FOUND, "there is no Release %s in the namespace %s", name, session_namespace(session));
    }
    return release;
}

static bool is_owned_by(const struct node *release, const char *uid)
{
    struct node_iter it = node_iterate(node_at(release, "metadata", "ownerReferences"));
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "uid"), uid)) {
            return true;
        }
    }
    return false;
}

static const struct node *latest_of(const struct node *releases, const struct node *canary)
{
    const struct node *latest = NULL;
    int64_t highest = 0;
    struct node_iter it = node_iterate(releases);
    while (node_next(&it)) {
        int64_t number = release_number(object_name(it.value), object_name(canary));
        if (number > highest && is_owned_by(it.value, object_uid(canary))) {
            latest = it.value;
            highest = number;
        }
    }
    return latest;
}

static struct doc *read_whole(struct session *session, const struct node *release, struct err *err)
{
    struct kube_request request = {.verb = KUBE_GET,
                                   .resource = &KUBE_RELEASES,
                                   .namespace = object_namespace(release),
                                   .name = object_name(release)};
    return session_ask(session, &request, err);
}

struct doc *hand_releases(struct session *session, const char *namespace, const char *canary, bool metadata_only,
                          struct err *err)
{
    char *label = name_shorten(canary, LABEL_LEN_MAX);
    char *selector = str_format("sluice.dev/canary=%s", label);
    struct buf query;
    buf_init(&query, QUERY_MAX);
    buf_append_str(&query, "labelSelector=");
    buf_append_url(&query, selector);
    struct kube_request request = {.verb = KUBE_LIST,
                                   .resource = &KUBE_RELEASES,
                                   .namespace = namespace,
                                   .query = buf_str(&query),
                                   .metadata_only = metadata_only};
    struct doc *list = session_ask(session, &request, err);
    buf_fini(&query);
    str_free(&selector);
    str_free(&label);
    return list;
}

struct doc *hand_last_release(struct session *session, const struct node *canary, bool metadata_only, struct err *err)
{
    struct doc *list = hand_releases(session, object_namespace(canary), object_name(canary), true, err), *found = NULL;
    const struct node *latest = latest_of(node_get(doc_root(list), "items"), canary);
    if (latest != NULL) {
        found = metadata_only ? doc_copy(latest) : read_whole(session, latest, err);
    }
    doc_free(list);
    return found;
}
