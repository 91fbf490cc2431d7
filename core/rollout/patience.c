#include "rollout/patience.h"

#include "base/str.h"
#include "kube/object.h"

enum { WRITES_MAX = 3 };

void patience_fini(struct patience *patience)
{
    str_free(&patience->object);
}

void patience_clear(struct patience *patience)
{
    patience->writes = 0;
    patience->until_ms = 0;
}

static bool is_last(struct patience *patience, const struct kube_write *write)
{
    const char *name = write->name != NULL ? write->name : object_name(doc_root(write->body));
    char *object = str_format("%s/%s", write->resource->plural, name);
    bool last = str_equal(patience->object, object);
    str_free(&patience->object);
    patience->object = object;
    return last;
}

bool patience_allows(struct patience *patience, const struct clock *clock, const struct kube_write *write,
                     int64_t interval_ms)
{
    patience->interval_ms = interval_ms;
    if (!is_last(patience, write)) {
        patience_clear(patience);
    }
    return clock_mono_ms(clock) >= patience->until_ms;
}

int64_t patience_note(struct patience *patience, const struct clock *clock)
{
    if (++patience->writes <= WRITES_MAX) {
        return -1;
    }
    patience->until_ms = clock_mono_ms(clock) + patience->interval_ms;
    return patience->interval_ms;
}
