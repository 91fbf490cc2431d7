/* The network of a random world and the hooks at its end (see world.h). */
#pragma once

static inline bool is_struck(const struct fault *fault, const char *host, const char *written)
{
    return (fault->host == NULL || strcmp(fault->host, host) == 0) &&
           (fault->path == NULL || (written != NULL && str_has_suffix(written, fault->path)));
}

/* `written`: the path of a request that writes, where `wants_status`. */
static inline const struct fault *fault_of(struct world *w, const char *host, bool wants_status, const char *written)
{
    int64_t now = world_now_ms(w);
    for (size_t i = 0; i < w->fault_count; i++) {
        const struct fault *fault = &w->faults[i];
        if (now >= fault->from_ms && now < fault->until_ms && (fault->status != 0) == wants_status &&
            is_struck(fault, host, written) && dice_chance(&w->dice, fault->percent)) {
            return fault;
        }
    }
    return NULL;
}

/* Is this a request of an engine that was resumed and is not the leader any more? */
static inline bool is_stale(struct world *w)
{
    int sent = stage_predecessor_requests(&w->stage);
    bool of_predecessor = stage_has_predecessor(&w->stage) && sent != w->predecessor.sent;
    w->predecessor.sent = sent;
    if (!of_predecessor) {
        return false;
    }
    const struct kind *kind =
        kinds_find(api_kinds(cluster_api(w->stage.cluster)), "coordination.k8s.io", "v1", "leases");
    struct doc *lease = objects_get(w->objects, kind->storage, "kube-system", "sluice-leader-election");
    bool leads = node_is(node_at(doc_root(lease), "spec", "holderIdentity"), w->predecessor.identity);
    doc_free(lease);
    return !leads;
}

static inline void on_pause(struct timer *timer, void *ctx)
{
    stage_pause_engine(&((struct world *)ctx)->stage);
}

static inline void pause_at_cue(struct world *w, const struct http_request *request)
{
    if (w->predecessor.cue != NULL && strstr(request->url, w->predecessor.cue) != NULL) {
        w->predecessor.cue = NULL;
        timer_start(w->clock, &w->predecessor.pause, 0, on_pause, w);
    }
}

/* `stale`: sent by an engine that was paused while it lost its Lease. */
static inline void note_delivery(struct world *w, const char *key, bool stale)
{
    if (stale) {
        tell(w, "%s sends %s, though it has lost the Lease", w->predecessor.identity, key);
        checkers_note_stale_delivery(w->checkers, key);
    } else {
        checkers_note_delivery(w->checkers, key);
    }
}

static inline struct network_fate on_fate(void *ctx, const struct http_request *request)
{
    struct world *w = ctx;
    bool stale = is_stale(w);
    pause_at_cue(w, request);
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcmp(request->headers[i].name, "Sluice-Key") == 0) {
            note_delivery(w, request->headers[i].value, stale);
        }
    }
    const char *host = strstr(request->url, "://") + 3;
    char *name = str_dup_n(host, strcspn(host, "/"));
    const struct fault *fault = fault_of(w, name, false, NULL);
    struct network_fate fate = fault != NULL ? fault->fate : (struct network_fate){0};
    fate.delay_ms = fault != NULL && fault->delay_ms > 0 ? dice_between(&w->dice, 0, fault->delay_ms)
                                                         : dice_between(&w->dice, 0, w->latency_ms);
    str_free(&name);
    return fate;
}

static inline void answer_status(struct exchange *exchange, int status)
{
    char *text = str_format("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"storm\","
                            "\"reason\":\"%s\",\"code\":%d}",
                            status == 409 ? "Conflict" : "InternalError", status);
    exchange_answer(exchange, status, "application/json", text, strlen(text));
    str_free(&text);
}

static inline void serve_api(void *ctx, struct exchange *exchange)
{
    struct world *w = ctx;
    bool writes = strcmp(exchange->method, "GET") != 0;
    const struct fault *fault = fault_of(w, "kubernetes", true, writes ? exchange->path : NULL);
    if (fault != NULL && (writes || fault->status != 409)) {
        answer_status(exchange, fault->status);
        return;
    }
    api_serve(cluster_api(w->stage.cluster), exchange);
}

/* --- hooks --- */

/* http://hooks/<type>. A rollback hook is content while it answers with an error. */
static inline void serve_hook(void *ctx, struct exchange *exchange)
{
    struct world *w = ctx;
    const char *key = exchange->header(exchange, "Sluice-Key");
    if (key == NULL && strcmp(exchange->path, "/event") != 0) { /* what is told outside of a release has none */
        broken(w, "hook %s came without a key", exchange->path);
    }
    bool is_closed = w->closed_gate != NULL && str_has_prefix(exchange->path, w->closed_gate);
    int status = 200;
    if (is_closed || (str_has_prefix(exchange->path, "/rollback") && !w->rollback_wanted)) {
        status = 403;
    } else if (dice_chance(&w->dice, w->hook_trouble)) {
        status = 500;
    }
    exchange_answer(exchange, status, "text/plain", "OK", 2);
}
