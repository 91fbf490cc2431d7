#include "board/source.h"

#include "canary/canary.h"
#include "release/history.h"

static struct watch *open_watch(struct kube_client *kube, struct clock *clock, struct store *store,
                                const char *namespace)
{
    struct watch_options options = {.namespace = namespace};
    return watch_open(kube, clock, store, &options);
}

void source_open(struct source *source, struct kube_client *kube, struct clock *clock, const char *namespace)
{
    source->canaries = store_new(&KUBE_CANARIES, canary_prune);
    source->releases = store_new(&KUBE_RELEASES, history_prune);
    source->canaries_watch = open_watch(kube, clock, source->canaries, namespace);
    source->releases_watch = open_watch(kube, clock, source->releases, namespace);
}

void source_close(struct source *source)
{
    if (source->canaries == NULL) {
        return;
    }
    watch_close(source->canaries_watch);
    watch_close(source->releases_watch);
    store_free(source->canaries);
    store_free(source->releases);
    *source = (struct source){0};
}

const char *source_trouble(void *source)
{
    const struct source *of = source;
    const char *trouble = watch_trouble(of->canaries_watch);
    return trouble[0] != '\0' ? trouble : watch_trouble(of->releases_watch);
}
