#include "sim/traffic/virtual_services.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "sim/objects/multimap.h"

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(p, size) mem_free(p)
#include <uthash.h>

struct entry {
    UT_hash_handle hh;
    char *key, *namespace; /* key: "namespace/name" */
    struct doc *object;
    struct str_list hosts;
};

struct virtual_services {
    struct entry *entries;
    struct multimap by_host;
};

/* --- hosts --- */

static void cut_suffix(char *s, const char *suffix)
{
    if (str_has_suffix(s, suffix)) {
        s[strlen(s) - strlen(suffix)] = '\0';
    }
}

char *route_host(const char *host, const char *namespace)
{
    char *name = str_dup_n(host, strcspn(host, ":"));
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    cut_suffix(name, ".svc.cluster.local");
    cut_suffix(name, ".svc");
    if (strchr(name, '.') != NULL || str_equal(name, "*")) {
        return name;
    }
    char *full = str_format("%s.%s", name, namespace);
    mem_free(name);
    return full;
}

/* --- entries --- */

static void entry_clear(struct virtual_services *services, struct entry *entry, struct str_list *changed)
{
    for (size_t i = 0; i < entry->hosts.count; i++) {
        multimap_remove(&services->by_host, entry->hosts.items[i], entry);
        if (changed != NULL) {
            str_list_push(changed, entry->hosts.items[i]);
        }
    }
    str_list_fini(&entry->hosts);
    doc_free(entry->object);
    entry->object = NULL;
}

static void entry_free(struct virtual_services *services, struct entry *entry)
{
    HASH_DEL(services->entries, entry);
    str_free(&entry->key);
    str_free(&entry->namespace);
    mem_free(entry);
}

static void entry_fill(struct virtual_services *services, struct entry *entry, const struct node *object,
                       struct str_list *changed)
{
    entry->object = doc_copy(object);
    struct node_iter it = node_iterate(node_at(doc_root(entry->object), "spec", "hosts"));
    while (node_next(&it)) {
        char *host = route_host(node_str_or(it.value, ""), entry->namespace);
        if (!str_list_has(&entry->hosts, host)) {
            str_list_push(&entry->hosts, host);
            str_list_push(changed, host);
            multimap_add(&services->by_host, host, entry);
        }
        mem_free(host);
    }
}

static struct entry *find_entry(const struct virtual_services *services, const char *key)
{
    struct entry *entry;
    HASH_FIND_STR(services->entries, key, entry);
    return entry;
}

static struct entry *entry_new(struct virtual_services *services, const char *key, const char *namespace)
{
    struct entry *entry = mem_new(struct entry);
    entry->key = str_dup(key);
    entry->namespace = str_dup(namespace);
    HASH_ADD_KEYPTR(hh, services->entries, entry->key, strlen(entry->key), entry);
    return entry;
}

/* --- the collection --- */

struct virtual_services *virtual_services_new(void)
{
    return mem_new(struct virtual_services);
}

void virtual_services_free(struct virtual_services *services)
{
    struct entry *entry, *next;
    if (services == NULL) {
        return;
    }
    HASH_ITER(hh, services->entries, entry, next)
    {
        entry_clear(services, entry, NULL);
        entry_free(services, entry);
    }
    multimap_fini(&services->by_host);
    mem_free(services);
}

void virtual_services_put(struct virtual_services *services, const char *namespace, const char *name,
                          const struct node *object, struct str_list *changed)
{
    char *key = str_format("%s/%s", namespace, name);
    struct entry *entry = find_entry(services, key);
    str_list_push(changed, key);
    if (entry != NULL) {
        entry_clear(services, entry, changed);
    }
    if (object != NULL && entry == NULL) {
        entry = entry_new(services, key, namespace);
    }
    if (object != NULL) {
        entry_fill(services, entry, object, changed);
    } else if (entry != NULL) {
        entry_free(services, entry);
    }
    mem_free(key);
}

/* --- finding --- */

static bool is_of_mesh(const struct entry *entry)
{
    const struct node *gateways = node_at(doc_root(entry->object), "spec", "gateways");
    struct node_iter it = node_iterate(gateways);
    while (node_next(&it)) {
        if (node_is(it.value, "mesh")) {
            return true;
        }
    }
    return node_count(gateways) == 0;
}

static const struct entry *find_exactly(const struct virtual_services *services, const char *host, bool is_service)
{
    struct multimap_values entries = multimap_find(&services->by_host, host);
    const struct entry *first = NULL;
    for (size_t i = 0; i < entries.count; i++) {
        const struct entry *entry = entries.items[i];
        bool counts = !is_service || is_of_mesh(entry);
        if (counts && (first == NULL || strcmp(entry->key, first->key) < 0)) {
            first = entry;
        }
    }
    return first;
}

bool virtual_services_find(const struct virtual_services *services, const char *host, bool is_service,
                           struct virtual_service *out)
{
    const struct entry *entry = find_exactly(services, host, is_service);
    for (const char *dot = strchr(host, '.'); dot != NULL && entry == NULL; dot = strchr(dot + 1, '.')) {
        char *wildcard = str_format("*%s", dot);
        entry = find_exactly(services, wildcard, is_service);
        mem_free(wildcard);
    }
    if (entry == NULL) {
        entry = find_exactly(services, "*", is_service);
    }
    if (entry != NULL) {
        *out = (struct virtual_service){entry->namespace, node_get(doc_root(entry->object), "spec")};
    }
    return entry != NULL;
}

bool virtual_services_get(const struct virtual_services *services, const char *namespace, const char *name,
                          struct virtual_service *out)
{
    char *key = str_format("%s/%s", namespace, name);
    const struct entry *entry = find_entry(services, key);
    mem_free(key);
    if (entry != NULL) {
        *out = (struct virtual_service){entry->namespace, node_get(doc_root(entry->object), "spec")};
    }
    return entry != NULL;
}
