/* sluice demo: the tutorial on an embedded cluster, in virtual time; or, with --serve, that cluster for kubectl. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/serve.h"
#include "app/stage.h"
#include "app/story.h"
#include "base/log.h"
#include "base/str.h"
#include "sim/virtual_clock.h"

/* When the tutorial was written. The seed makes the first failed check read as the tutorial's. */
#define BEGIN_MS INT64_C(1773216907000)
#define MINUTE_MS INT64_C(60000)

enum { SEED = 35 };

struct demo {
    struct virtual_clock *time;
    struct stage stage;
    struct story *story;
    const char *wanted; /* the phase that is waited for */
};

static void run_for(struct demo *d, int64_t ms)
{
    virtual_clock_run(d->time, clock_mono_ms(virtual_clock_clock(d->time)) + ms);
}

static void stop(void *ctx)
{
    struct demo *d = ctx;
    virtual_clock_stop(d->time);
}

static void set_image(struct demo *d, const char *image)
{
    struct api *api = cluster_api(d->stage.cluster);
    const struct kind *kind = kinds_find(api_kinds(api), "apps", "v1", "deployments");
    struct doc *target = objects_get(api_objects(api), kind->storage, "test", "podinfo");
    struct node *containers = node_at(doc_root(target), "spec", "template", "spec", "containers");
    node_set_str(target, node_item(containers, 0), "image", image);
    struct err err;
    doc_free(api_update(api, kind, NULL, doc_root(target), &err));
    doc_free(target);
}

static void on_change(void *ctx, const struct objects_event *event)
{
    struct demo *d = ctx;
    if (d->wanted != NULL && event->change != OBJECTS_DELETED && node_is(node_get(event->object, "kind"), "Canary") &&
        node_is(node_at(event->object, "status", "phase"), d->wanted)) {
        d->wanted = NULL;
        virtual_clock_stop(d->time);
    }
}

/* Until the canary is in this phase, and a moment longer, so that what is said about it is heard. */
static bool await_phase(struct demo *d, const char *phase)
{
    d->wanted = phase;
    run_for(d, 60 * MINUTE_MS);
    run_for(d, 2000);
    return d->wanted == NULL;
}

static bool play(struct demo *d, struct err *err)
{
    static const struct {
        const char *say, *text, *image, *phase;
    } acts[] = {
        {"$ kubectl apply -f examples/tutorial/canary.yaml", "tutorial/canary.yaml", NULL, "Initialized"},
        {"$ kubectl -n test set image deployment/podinfo podinfod=stefanprodan/podinfo:3.1.1", NULL,
         "stefanprodan/podinfo:3.1.1", "Succeeded"},
        {"$ kubectl -n test set image deployment/podinfo podinfod=stefanprodan/podinfo:3.1.2    # every ninth answer "
         "is a 500",
         NULL, "stefanprodan/podinfo:3.1.2", "Failed"},
    };
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        story_say(d->story, acts[i].say);
        if (acts[i].text != NULL && !stage_create(&d->stage, acts[i].text, err)) {
            return false;
        }
        if (acts[i].image != NULL) {
            set_image(d, acts[i].image);
        }
        if (!await_phase(d, acts[i].phase)) {
            return err_set(err, ERR_TIMEOUT, "Canary podinfo.test was not %s within an hour", acts[i].phase);
        }
        story_canaries(d->story);
    }
    return true;
}

static void drop_line(void *ctx, const char *line)
{
}

static bool tell(struct demo *d, struct err *err)
{
    if (!stage_create(&d->stage, "tutorial/podinfo.yaml", err)) {
        return false;
    }
    struct objects *objects = api_objects(cluster_api(d->stage.cluster));
    d->story = story_new(d->stage.cluster, stdout, isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL);
    objects_listen(objects, on_change, d);
    stage_start_engine(&d->stage, "sluice", stop, d);
    run_for(d, MINUTE_MS);
    bool ok = play(d, err);
    stage_close_engine(&d->stage);
    run_for(d, MINUTE_MS);
    objects_unlisten(objects, on_change, d);
    story_free(d->story);
    return ok;
}

int command_demo(int argc, char **argv)
{
    if (argc > 0) {
        return serve_demo(argc, argv);
    }
    struct demo d = {.time = virtual_clock_new(BEGIN_MS)};
    struct err err = {0};
    log_set_sink(drop_line, NULL); /* the story is told in events */
    bool ok = stage_init(&d.stage, virtual_clock_clock(d.time), SEED, &err) && tell(&d, &err);
    stage_fini(&d.stage);
    virtual_clock_free(d.time);
    if (!ok) {
        fprintf(stderr, "sluice demo: %s\n", err.text);
    }
    return ok ? 0 : 1;
}
