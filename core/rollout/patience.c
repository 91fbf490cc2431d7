#include "rollout/patience.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "kube/object.h"

enum { WRITES_MAX = 3, QUIET_INTERVALS = 2 };

struct patience_object {
    struct patience_object *next;
    int writes; /* that the API server took */
    int64_t last_ms;
    char key[];
};

void patience_fini(struct patience *patience)
{
    while (patience->objects != NULL) {
        struct patience_object *next = patience->objects->next;
        mem_free(patience->objects);
        patience->objects = next;
    }
}

static void drop_quiet(struct patience *patience, int64_t now_ms)
{
    struct patience_object **at = &patience->objects;
    while (*at != NULL) {
        struct patience_object *object = *at;
        if (now_ms - object->last_ms >= QUIET_INTERVALS * patience->interval_ms) {
            *at = object->next;
            mem_free(object);
        } else {
            at = &object->next;
        }
    }
}

static struct patience_object *find_or_add(struct patience *patience, const char *key, int64_t now_ms)
{
    struct patience_object *object = patience->objects;
    while (object != NULL && strcmp(object->key, key) != 0) {
        object = object->next;
    }
    if (object == NULL) {
        object = mem_alloc(sizeof *object + strlen(key) + 1);
        memcpy(object->key, key, strlen(key) + 1);
        object->last_ms = now_ms;
        object->next = patience->objects;
        patience->objects = object;
    }
    return object;
}

int64_t patience_wait_ms(struct patience *patience, const struct clock *clock, const struct kube_write *write,
                         int64_t interval_ms)
{
    int64_t now_ms = clock_mono_ms(clock);
    const char *name = write->name != NULL ? write->name : object_name(doc_root(write->body));
    char *key = str_format("%s/%s", write->resource->plural, name);
    patience->interval_ms = interval_ms;
    drop_quiet(patience, now_ms);
    patience->asked = find_or_add(patience, key, now_ms);
    str_free(&key);
    int64_t wait_ms = patience->asked->last_ms + interval_ms - now_ms;
    return patience->asked->writes > WRITES_MAX && wait_ms > 0 ? wait_ms : 0;
}

void patience_note(struct patience *patience, const struct clock *clock)
{
    patience->asked->writes++;
    patience->asked->last_ms = clock_mono_ms(clock);
}
