/* Faults in words. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/story/play_inner.h"

enum { TEXT_MAX = 1024 };

static void write_requests(const struct scenario_fault *what, struct buf *text)
{
    if (what->share < 1) {
        buf_printf(text, "%g%% of ", what->share * 100);
    }
    struct node_iter it = node_iterate(what->methods);
    while (node_next(&it)) {
        buf_printf(text, "%s%s", it.index > 0 ? "/" : "", node_str(it.value));
    }
    buf_printf(text, "%srequests to %s ", what->methods != NULL ? " " : "", what->host);
    char *latency = play_duration(what->latency_ms);
    if (what->status > 0) {
        buf_printf(text, "are answered with %d", what->status);
    } else if (what->is_unreachable) {
        buf_append_str(text, "find nobody there");
    } else if (what->loses_answers) {
        buf_append_str(text, "are served, but their answers are lost");
    } else {
        buf_printf(text, "take %s longer", latency);
    }
    str_free(&latency);
}

static void write_prometheus(const struct scenario_fault *what, struct buf *text)
{
    if (what->is_blind) {
        buf_append_str(text, "Prometheus is blind: it answers with 503");
    }
    struct node_iter it = node_iterate(what->answers);
    while (node_next(&it)) {
        char *value = node_str(it.value) != NULL ? str_dup(node_str(it.value)) : node_to_text(it.value);
        buf_printf(text, "%sPrometheus answers %s to queries with \"%s\"", it.index > 0 ? "; " : "", value, it.key);
        mem_free(value);
    }
}

static void write_pods(const struct scenario_fault *what, struct buf *text)
{
    if (what->lost > 0) {
        buf_printf(text, "%s.%s loses %lld Pod%s; ", what->workload, what->namespace, (long long)what->lost,
                   what->lost > 1 ? "s" : "");
    }
    buf_append_str(text, "there is no room for new Pods");
}

static void write_end(const struct scenario_fault *what, struct buf *text)
{
    static const char *const words[] = {
        [FAULT_PODS] = "there is room for new Pods again",
        [FAULT_ENGINE] = "the engine starts again",
    };
    if (what->kind == FAULT_REQUESTS) {
        buf_append_str(text, "over: ");
        write_requests(what, text);
        return;
    }
    if (what->kind == FAULT_PROMETHEUS) {
        buf_append_str(text, what->is_blind ? "Prometheus sees again" : "Prometheus answers truthfully again");
    } else {
        buf_append_str(text, words[what->kind]);
    }
}

static void write_begin(const struct scenario_fault *what, struct buf *text)
{
    switch (what->kind) {
    case FAULT_REQUESTS:
        write_requests(what, text);
        break;
    case FAULT_WATCHES:
        buf_append_str(text, what->expires ? "every watch is cut, and what it could go on from is forgotten"
                                           : "every watch is cut");
        break;
    case FAULT_PROMETHEUS:
        write_prometheus(what, text);
        break;
    case FAULT_PODS:
        write_pods(what, text);
        break;
    case FAULT_ENGINE:
        buf_append_str(text, "the engine is killed");
        break;
    }
}

char *play_fault_text(const struct scenario_fault *what, bool begins)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    if (begins) {
        write_begin(what, &text);
    } else {
        write_end(what, &text);
    }
    return buf_take(&text);
}
