// room: kube
/* Bytes from an API server as a watch. What must hold: whatever comes, in pieces of any length, the store holds whole
 * objects with names, and the watch can be closed. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "door.h"
#include "kube/object.h"
#include "kube/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char list[] = "{\"metadata\":{\"resourceVersion\":\"10\"},\"items\":[{\"metadata\":{\"name\":\"podinfo\","
                           "\"namespace\":\"test\",\"resourceVersion\":\"5\"}}]}";

static bool check_object(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    assert(object != NULL && str_equal(object_name(doc_root(object)), name));
    ++*(size_t *)ctx;
    return true;
}

static void no_line(void *ctx, const char *line)
{
}

/* In pieces of 1, 2, 3, … bytes, until the receiver has enough. */
static void stream(struct door *door, const char *bytes, size_t size)
{
    bool more = true;
    for (size_t at = 0, piece = 1; more && at < size; at += piece, piece++) {
        more = door->on_data(door->ctx, bytes + at, piece < size - at ? piece : size - at);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct door door = {.base.ops = &door_ops};
    struct clock *clock = clock_new(&door_clock);
    struct kube_config config = {.source = str_dup("kubeconfig"), .server = str_dup("https://api")};
    struct kube_client *client = kube_client_new(&door.base, clock, NULL, &config);
    struct store *store = store_new(&KUBE_DEPLOYMENTS, NULL);
    log_set_sink(no_line, NULL);
    struct watch *watch = watch_open(client, clock, store, &(struct watch_options){0});
    door_answer(&door, 200, list, sizeof list - 1);
    stream(&door, (const char *)data, size);
    door_answer(&door, 200, "", 0);
    size_t count = 0;
    store_each(store, NULL, check_object, &count);
    assert(count == store_count(store));
    watch_close(watch);
    store_free(store);
    kube_client_free(client);
    clock_free(clock);
    return 0;
}
