/* Versions, traffic and hooks: what a world is, and what of it an act changes. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/story/play_inner.h"

enum { TEXT_MAX = 1024 };

/* --- versions --- */

static void tell_version(struct play *play, const struct scenario_version *version)
{
    const struct behaviour *said = &version->change.to;
    struct buf text;
    buf_init(&text, TEXT_MAX);
    if (version->change.said & BEHAVIOUR_ERRORS) {
        buf_printf(&text, ", %g%% errors", said->errors * 100);
    }
    if (version->change.said & BEHAVIOUR_LATENCY) {
        buf_printf(&text, ", latency %g ms", said->latency_ms);
    }
    if (version->change.said & BEHAVIOUR_P99) {
        buf_printf(&text, ", p99 %g ms", said->latency_p99_ms);
    }
    if (version->change.said & BEHAVIOUR_READY) {
        char *ready = play_duration(said->ready_ms);
        buf_printf(&text, ", ready %s%s", said->ready_ms < 0 ? "never" : "after ", said->ready_ms < 0 ? "" : ready);
        str_free(&ready);
    }
    if (text.len > 0) {
        play_tell_world(play, "%s: %s", version->image, buf_str(&text) + 2);
    }
    buf_fini(&text);
}

static void change_version(struct play *play, const struct scenario_version *version, bool silent)
{
    struct behaviour behaviour = *behaviours_find(cluster_behaviours(play->cluster), version->image);
    behaviour_apply(&behaviour, &version->change);
    behaviours_set(cluster_behaviours(play->cluster), version->image, &behaviour);
    traffic_changed(cluster_traffic(play->cluster));
    if (!silent) {
        tell_version(play, version);
    }
}

/* --- traffic --- */

static void change_flow(struct play *play, const struct scenario_flow *flow, bool silent)
{
    traffic_flow(cluster_traffic(play->cluster), flow->host, flow->per_second, flow->headers);
    char *headers = flow->headers != NULL ? node_to_text(flow->headers) : NULL;
    if (!silent) {
        play_tell_world(play, "%g requests per second to %s%s%s", flow->per_second, flow->host,
                        headers != NULL ? " with " : "", headers != NULL ? headers : "");
    }
    mem_free(headers);
}

/* --- hooks --- */

static void change_hook(struct play *play, const struct scenario_hook *hook, bool silent)
{
    play_hooks_set(play->hooks, hook);
    if (silent) {
        return;
    }
    if (hook->hangs) {
        play_tell_world(play, "%s answers no more", hook->url);
    } else {
        play_tell_world(play, "%s answers %d", hook->url, hook->status);
    }
}

void play_world_change(struct play *play, const struct scenario_world *world, bool silent)
{
    for (size_t i = 0; i < world->version_count; i++) {
        change_version(play, &world->versions[i], silent);
    }
    for (size_t i = 0; i < world->flow_count; i++) {
        change_flow(play, &world->flows[i], silent);
    }
    for (size_t i = 0; i < world->hook_count; i++) {
        change_hook(play, &world->hooks[i], silent);
    }
    for (size_t i = 0; i < world->fault_count; i++) {
        play_faults_add(play->faults, &world->faults[i]);
    }
}
