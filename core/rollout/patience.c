#include "rollout/patience.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "kube/object.h"

enum { WRITES_MAX = 3, QUIET_INTERVALS = 2, REFUSED_MAX_MS = 5 * 60 * 1000 };

struct patience_object {
    struct patience_object *next;
    int writes; /* that the API server took */
    int64_t last_ms;
    char *version; /* resourceVersion after the last of these writes */
    char *told;    /* the differences that were told last */
    char *asked;   /* the write that was asked about last */
    char *refused; /* the write that was refused; NULL: none */
    char *why;
    int64_t refused_ms, refused_wait_ms;
    const struct kube_resource *resource;
    char name[];
};

static void object_free(struct patience_object *object)
{
    str_free(&object->version);
    str_free(&object->told);
    str_free(&object->asked);
    str_free(&object->refused);
    str_free(&object->why);
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

/* What was refused is quiet once it could have been tried again. */
static bool is_quiet(const struct patience *patience, const struct patience_object *object, int64_t now_ms)
{
    int64_t quiet_ms = QUIET_INTERVALS * patience->interval_ms;
    return now_ms - object->last_ms >= quiet_ms &&
           (object->refused == NULL || now_ms - object->refused_ms - object->refused_wait_ms >= quiet_ms);
}

static void drop_quiet(struct patience *patience, int64_t now_ms)
{
    struct patience_object **at = &patience->objects;
    while (*at != NULL) {
        struct patience_object *object = *at;
        if (is_quiet(patience, object, now_ms)) {
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

/* What it would make of the object, whatever that has become meanwhile. */
static char *text_of(const struct kube_write *write)
{
    struct doc *body = doc_copy(doc_root(write->body));
    struct node *metadata = node_get(doc_root(body), "metadata");
    if (write->verb != KUBE_CREATE && metadata != NULL) {
        node_remove(metadata, "resourceVersion");
    }
    char *text = node_to_text(doc_root(body));
    doc_free(body);
    return text;
}

static bool is_refused(const struct patience_object *object, const struct kube_write *write)
{
    char *text = object->refused != NULL ? text_of(write) : NULL;
    bool refused = text != NULL && strcmp(text, object->refused) == 0;
    str_free(&text);
    return refused;
}

static int64_t refused_wait_ms(const struct patience_object *object, const struct kube_write *write, int64_t now_ms)
{
    int64_t wait_ms = object->refused_ms + object->refused_wait_ms - now_ms;
    return wait_ms > 0 && is_refused(object, write) ? wait_ms : 0;
}

int64_t patience_wait_ms(struct patience *patience, const struct clock *clock, const struct kube_write *write,
                         int64_t interval_ms)
{
    int64_t now_ms = clock_mono_ms(clock);
    patience->interval_ms = interval_ms;
    drop_quiet(patience, now_ms);
    patience->asked = find_or_add(patience, write, now_ms);
    str_free(&patience->asked->asked);
    patience->asked->asked = text_of(write);
    int64_t refused_ms = refused_wait_ms(patience->asked, write, now_ms);
    int64_t wait_ms = patience->asked->writes > WRITES_MAX ? patience->asked->last_ms + interval_ms - now_ms : 0;
    return refused_ms > 0 ? refused_ms : wait_ms > 0 ? wait_ms : 0;
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
    if (str_equal(object->asked, object->refused)) {
        str_free(&object->refused);
        str_free(&object->why);
    }
}

void patience_note_refused(struct patience *patience, const struct clock *clock, const char *why)
{
    struct patience_object *object = patience->asked;
    bool again = object->refused != NULL && str_equal(object->asked, object->refused);
    int64_t wait_ms = again ? 2 * object->refused_wait_ms : patience->interval_ms;
    int64_t max_ms = patience->interval_ms > REFUSED_MAX_MS ? patience->interval_ms : REFUSED_MAX_MS;
    object->refused_ms = clock_mono_ms(clock);
    object->refused_wait_ms = wait_ms < max_ms ? wait_ms : max_ms;
    str_free(&object->refused);
    object->refused = str_dup(object->asked);
    str_free(&object->why);
    object->why = str_dup(why);
}

const char *patience_refusal(const struct patience *patience, const struct kube_write *write)
{
    const struct patience_object *object = find(patience, write);
    return object != NULL && is_refused(object, write) ? object->why : NULL;
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
