#include "mesh/host_index.h"

#include <string.h>
#include <strings.h>
#include <uthash.h>

#include "base/mem.h"
#include "kube/object.h"

struct host {
    UT_hash_handle hh;
    char *name; /* in full, in lower case */
    struct host_claim *claims;
};

/* The claims of one object, so that they can be removed when it changes. */
struct claimant {
    UT_hash_handle hh;
    char *key; /* "namespace/name" */
    struct str_list hosts;
};

struct host_index {
    struct store *store;
    struct host *hosts;
    struct claimant *claimants;
};

/* As in Istio, only a name without a dot is short. The cluster's domain is taken to be the usual one. */
static char *full_host(const char *namespace, const char *host)
{
    char *full = strchr(host, '.') != NULL ? str_dup(host) : str_format("%s.%s.svc.cluster.local", host, namespace);
    for (char *c = full; *c != '\0'; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    }
    return full;
}

void host_index_gateways(const struct node *gateways, const char *namespace, struct str_list *list)
{
    if (node_count(gateways) == 0) {
        str_list_push(list, "mesh");
        return;
    }
    struct node_iter it = node_iterate(gateways);
    while (node_next(&it)) {
        const char *name = node_str_or(it.value, "");
        if (strcmp(name, "mesh") == 0 || strchr(name, '/') != NULL) {
            str_list_push(list, name);
        } else {
            char *full = str_format("%s/%s", namespace, name);
            str_list_push(list, full);
            str_free(&full);
        }
    }
}

/* --- claims --- */

static void claim_free(struct host_claim *claim)
{
    str_free(&claim->namespace);
    str_free(&claim->name);
    str_free(&claim->created);
    str_list_fini(&claim->gateways);
    str_list_fini(&claim->scopes);
    mem_free(claim);
}

static struct host *find_host(const struct host_index *index, const char *full)
{
    struct host *host;
    HASH_FIND_STR(index->hosts, full, host);
    return host;
}

static void host_free(struct host_index *index, struct host *host)
{
    HASH_DEL(index->hosts, host);
    str_free(&host->name);
    mem_free(host);
}

static void withdraw(struct host_index *index, const char *full, const char *namespace, const char *name)
{
    struct host *host = find_host(index, full);
    for (struct host_claim **at = &host->claims; *at != NULL;) {
        struct host_claim *claim = *at;
        if (strcmp(claim->namespace, namespace) == 0 && strcmp(claim->name, name) == 0) {
            *at = claim->next;
            claim_free(claim);
        } else {
            at = &claim->next;
        }
    }
    if (host->claims == NULL) {
        host_free(index, host);
    }
}

static void forget(struct host_index *index, const char *namespace, const char *name)
{
    char *key = str_format("%s/%s", namespace, name);
    struct claimant *claimant;
    HASH_FIND_STR(index->claimants, key, claimant);
    str_free(&key);
    if (claimant == NULL) {
        return;
    }
    for (size_t i = 0; i < claimant->hosts.count; i++) {
        withdraw(index, claimant->hosts.items[i], namespace, name);
    }
    HASH_DEL(index->claimants, claimant);
    str_list_fini(&claimant->hosts);
    str_free(&claimant->key);
    mem_free(claimant);
}

static bool takes_all(const struct node *spec)
{
    struct node_iter it = node_iterate(node_get(spec, "http"));
    while (node_next(&it)) {
        const struct node *match = node_get(it.value, "match"), *first = node_item(match, 0);
        bool any_path = node_count(first) == 1 && node_is(node_at(first, "uri", "prefix"), "/");
        if (node_count(match) == 0 || any_path) {
            return true;
        }
    }
    return false;
}

static void claim(struct host_index *index, const struct node *object, const char *full)
{
    struct host *host = find_host(index, full);
    if (host == NULL) {
        host = mem_new(struct host);
        host->name = str_dup(full);
        HASH_ADD_KEYPTR(hh, index->hosts, host->name, strlen(host->name), host);
    }
    struct host_claim *claim = mem_new(struct host_claim);
    const struct node *spec = node_get(object, "spec");
    claim->namespace = str_dup(object_namespace(object));
    claim->name = str_dup(object_name(object));
    claim->created = str_dup(node_str_or(node_at(object, "metadata", "creationTimestamp"), ""));
    claim->takes_all = takes_all(spec);
    struct node_iter scopes = node_iterate(node_get(spec, "exportTo"));
    while (node_next(&scopes)) {
        str_list_push(&claim->scopes, node_str_or(scopes.value, ""));
    }
    host_index_gateways(node_get(spec, "gateways"), claim->namespace, &claim->gateways);
    claim->next = host->claims;
    host->claims = claim;
}

static void take_in(struct host_index *index, const struct node *object)
{
    const struct node *hosts = node_at(object, "spec", "hosts");
    if (node_count(hosts) == 0) {
        return;
    }
    struct claimant *claimant = mem_new(struct claimant);
    claimant->key = str_format("%s/%s", object_namespace(object), object_name(object));
    HASH_ADD_KEYPTR(hh, index->claimants, claimant->key, strlen(claimant->key), claimant);
    struct node_iter it = node_iterate(hosts);
    while (node_next(&it)) {
        char *full = full_host(object_namespace(object), node_str_or(it.value, ""));
        if (!node_is(it.value, "*") && !str_list_has(&claimant->hosts, full)) {
            str_list_push(&claimant->hosts, full);
            claim(index, object, full);
        }
        str_free(&full);
    }
}

static void on_change(void *ctx, const struct store *store, const char *namespace, const char *name)
{
    struct host_index *index = ctx;
    if (name == NULL) {
        return;
    }
    forget(index, namespace, name);
    struct doc *object = store_find(store, namespace, name);
    if (object != NULL) {
        take_in(index, doc_root(object));
        doc_free(object);
    }
}

/* --- the index --- */

struct host_index *host_index_new(struct store *store)
{
    struct host_index *index = mem_new(struct host_index);
    index->store = store;
    store_subscribe(store, on_change, index);
    return index;
}

void host_index_free(struct host_index *index)
{
    if (index == NULL) {
        return;
    }
    while (index->claimants != NULL) {
        char *key = str_dup(index->claimants->key), *slash = strchr(key, '/');
        *slash = '\0';
        forget(index, key, slash + 1);
        str_free(&key);
    }
    mem_free(index);
}

const struct host_claim *host_index_find(const struct host_index *index, const char *namespace, const char *host)
{
    char *full = full_host(namespace, host);
    const struct host *found = find_host(index, full);
    str_free(&full);
    return found != NULL ? found->claims : NULL;
}

bool host_claim_reaches(const struct host_claim *claim, const char *namespace)
{
    return claim->scopes.count == 0 || str_list_has(&claim->scopes, "*") || str_list_has(&claim->scopes, namespace) ||
           (str_list_has(&claim->scopes, ".") && strcmp(claim->namespace, namespace) == 0);
}
