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
    char *version; /* resourceVersion after the last of these writes */
    char *told;    /* the differences that were told last */
    const struct kube_resource *resource;
    char name[];
};

static void object_free(struct patience_object *object)
{
    str_free(&object->version);
    str_free(&object->told);
    mem_free(object);
}

void patience_fini(struct patience *patience)
{
    while (patience->objects != NULL) {
        struct patience_object *next = patience->objects->next;
        object_free(patience->objects);
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
            object_free(object);
        } else {
            at = &object->next;
        }
    }
}

static const char *name_of(const struct kube_write *write)
{
    return write->name != NULL ? write->name : object_name(doc_root(write->body));
}

static struct patience_object *find(const struct patience *patience, const struct kube_write *write)
{
    struct patience_object *object = patience->objects;
    while (object != NULL && (object->resource != write->resource || strcmp(object->name, name_of(write)) != 0)) {
        object = object->next;
    }
    return object;
}

static struct patience_object *find_or_add(struct patience *patience, const struct kube_write *write, int64_t now_ms)
{
    struct patience_object *object = find(patience, write);
    if (object == NULL) {
        size_t size = strlen(name_of(write)) + 1;
        object = mem_alloc(sizeof *object + size);
        memcpy(object->name, name_of(write), size);
        object->resource = write->resource;
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
    patience->interval_ms = interval_ms;
    drop_quiet(patience, now_ms);
    patience->asked = find_or_add(patience, write, now_ms);
    int64_t wait_ms = patience->asked->last_ms + interval_ms - now_ms;
    return patience->asked->writes > WRITES_MAX && wait_ms > 0 ? wait_ms : 0;
}

const char *patience_asked(const struct patience *patience, const struct kube_resource **resource)
{
    *resource = patience->asked->resource;
    return patience->asked->name;
}

void patience_note(struct patience *patience, const struct clock *clock, const char *version)
{
    struct patience_object *object = patience->asked;
    object->writes++;
    object->last_ms = clock_mono_ms(clock);
    str_free(&object->version);
    object->version = str_dup(version);
}

bool patience_is_undone_at_once(const struct patience *patience, const struct kube_write *write)
{
    const struct patience_object *object = find(patience, write);
    const char *version = object_version(doc_root(write->body));
    return object != NULL && version != NULL && str_equal(object->version, version);
}

bool patience_has_told(const struct patience *patience, const struct kube_write *write, const char *differences)
{
    const struct patience_object *object = find(patience, write);
    return object != NULL && str_equal(object->told, differences);
}

void patience_note_told(struct patience *patience, const struct kube_write *write, const char *differences)
{
    struct patience_object *object = find(patience, write);
    str_free(&object->told);
    object->told = str_dup(differences);
}
