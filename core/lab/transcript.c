#include "lab/transcript.h"

#include <assert.h>

#include "base/mem.h"

enum { TEXT_MAX = 256 * 1024 * 1024, SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS };

struct transcript {
    struct cluster *cluster;
    struct buf text;
};

static void begin_line(struct transcript *t)
{
    int64_t now = clock_mono_ms(cluster_clock(t->cluster));
    buf_printf(&t->text, "%3lld:%02lld.%03lld  ", (long long)(now / MINUTE_MS),
               (long long)(now % MINUTE_MS / SECOND_MS), (long long)(now % SECOND_MS));
}

static void on_change(void *ctx, const struct objects_event *event)
{
    struct transcript *t = ctx;
    begin_line(t);
    buf_printf(&t->text, "%s %s ", objects_change_name(event->change), event->storage);
    node_write(event->object, &t->text);
    buf_append_char(&t->text, '\n');
    assert(!t->text.overflow);
}

struct transcript *transcript_new(struct cluster *cluster)
{
    struct transcript *t = mem_new(struct transcript);
    t->cluster = cluster;
    buf_init(&t->text, TEXT_MAX);
    objects_listen(api_objects(cluster_api(cluster)), on_change, t);
    return t;
}

void transcript_free(struct transcript *t)
{
    if (t != NULL) {
        objects_unlisten(api_objects(cluster_api(t->cluster)), on_change, t);
        buf_fini(&t->text);
        mem_free(t);
    }
}

void transcript_request(struct transcript *t, const struct http_request *request)
{
    begin_line(t);
    buf_printf(&t->text, "%s %s", request->method, request->url);
    for (size_t i = 0; i < request->header_count; i++) {
        buf_printf(&t->text, " %s: %s", request->headers[i].name, request->headers[i].value);
    }
    if (request->body_len > 0) {
        buf_append_char(&t->text, ' ');
        buf_append(&t->text, request->body, request->body_len);
    }
    buf_append_char(&t->text, '\n');
    assert(!t->text.overflow);
}

const char *transcript_text(const struct transcript *t)
{
    return buf_str(&t->text);
}
