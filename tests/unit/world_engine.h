/* The engine of a random world, each in a process of its own (see world.h). */
#pragma once

static inline bool world_is_dead(const char *identity)
{
    return false; /* it may have been another machine's */
}

static inline void on_lost(void *ctx, const struct err *err)
{
    struct world *w = ctx;
    tell(w, "the engine has lost its Lease: %s", err->text);
    fake_process_kill(w->process, false);
}

static inline void on_engine_ready(void *ctx)
{
    tell(ctx, "the engine is ready");
}

static inline void on_engine_closed(void *ctx)
{
    ((struct world *)ctx)->closed = true;
}

static inline void bury_engine(struct world *w)
{
    if (w->engine != NULL) {
        w->closed = false;
        engine_close(w->engine, on_engine_closed, w);
        fake_process_bury(w->process, &w->closed);
    }
    kube_client_free(w->kube);
    script_strategist_free(w->strategist);
    metrics_free(w->metrics);
    w->graves[w->grave_count++] = w->process;
    w->engine = NULL;
    w->process = NULL;
}

static inline void start_engine(struct world *w);

static inline void on_restart(struct timer *timer, void *ctx)
{
    struct world *w = ctx;
    bury_engine(w);
    start_engine(w);
}

static inline void on_death(void *ctx)
{
    struct world *w = ctx;
    int64_t pause_ms = dice_chance(&w->dice, 50) ? dice_between(&w->dice, 0, 3000) : dice_between(&w->dice, 0, 90000);
    w->kills++;
    if (w->engines == ENGINES_MAX) {
        broken(w, "too many engines have died");
        return;
    }
    tell(w, "engine-%d is killed; the next one comes in %lld ms", w->engines, (long long)pause_ms);
    timer_start(w->clock, &w->restart, pause_ms, on_restart, w);
}

static inline void start_engine(struct world *w)
{
    struct kube_config config = {.server = str_dup(CLUSTER_API_URL)};
    w->process = fake_process_new(w->clock, network_door(cluster_network(w->stage.cluster)));
    fake_process_on_death(w->process, on_death, w);
    struct clock *clock = fake_process_clock(w->process);
    struct http *http = fake_process_door(w->process);
    char *identity = str_format("engine-%d", ++w->engines);
    w->kube = kube_client_new(http, clock, NULL, &config);
    w->metrics = metrics_new();
    w->strategist = script_strategist_new(clock, embedded_modules, embedded_count);
    struct engine_options options = {
        .clock = clock,
        .http = http,
        .kube = w->kube,
        .mesh_kube = w->kube,
        .strategist = w->strategist,
        .metrics = w->metrics,
        .defaults = {.provider = "istio", .metrics_server = CLUSTER_PROMETHEUS_URL},
        .selector_labels = "app,name,app.kubernetes.io/name",
        .include_label_prefix = "",
        .lease_namespace = "kube-system",
        .lease_name = "sluice-leader-election",
        .identity = identity,
        .is_dead = world_is_dead,
        .config_tracking = true,
        .on_lost = on_lost,
        .on_ready = on_engine_ready,
        .ctx = w,
    };
    tell(w, "%s starts", identity);
    w->engine = engine_new(&options);
    str_free(&identity);
}
