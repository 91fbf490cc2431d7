/* The faults of a scenario: when one strikes, and which of the five it is. */
#include "sim/story/scenario_inner.h"

#include "base/str.h"

/* --- requests --- */

static bool read_methods(const struct form *form, const struct node *node, const struct node **methods)
{
    static const char *const words[] = {"GET", "POST", "PUT", "PATCH", "DELETE", NULL};
    if (!form_list(form, node, "methods", methods)) {
        return false;
    }
    struct node_iter it = node_iterate(*methods);
    while (node_next(&it)) {
        bool known = false;
        for (size_t i = 0; words[i] != NULL; i++) {
            known = known || node_is(it.value, words[i]);
        }
        if (!known) {
            return form_refuse(form, it.value, "wanted GET, POST, PUT, PATCH or DELETE");
        }
    }
    return true;
}

static bool read_requests(const struct form *form, const struct node *node, struct scenario_fault *fault)
{
    static const char *const fields[] = {"host",    "share",       "methods",     "status",
                                         "latency", "unreachable", "loseAnswers", NULL};
    int64_t status = 0;
    fault->host = "kubernetes";
    fault->share = 1;
    if (!form_fields(form, node, fields) || !form_str(form, node, "host", &fault->host) ||
        !form_share(form, node, "share", &fault->share) || !read_methods(form, node, &fault->methods) ||
        !form_int(form, node, "status", 400, 599, &status) ||
        !form_duration(form, node, "latency", &fault->latency_ms) ||
        !form_bool(form, node, "unreachable", &fault->is_unreachable) ||
        !form_bool(form, node, "loseAnswers", &fault->loses_answers)) {
        return false;
    }
    fault->status = (int)status;
    int effects = (status > 0) + (fault->latency_ms > 0) + fault->is_unreachable + fault->loses_answers;
    return effects == 1 || form_refuse(form, node, "%s of status, latency, unreachable and loseAnswers, wanted one",
                                       effects == 0 ? "none" : "several");
}

/* --- watches --- */

static bool read_watches(const struct form *form, const struct node *fault_node, struct scenario_fault *fault)
{
    static const char *const words[] = {"cut", "expire", NULL};
    int word = 0;
    if (!form_word(form, fault_node, "watches", words, &word)) {
        return false;
    }
    fault->expires = word == 1;
    if (fault->until_ms >= 0) {
        return form_refuse(form, node_get(fault_node, form_has(fault_node, "for") ? "for" : "until"),
                           "watches are cut at one moment; wanted from alone");
    }
    return true;
}

/* --- Prometheus --- */

static bool read_prometheus(const struct form *form, const struct node *node, struct scenario_fault *fault)
{
    static const char *const fields[] = {"blind", "answers", NULL};
    if (!form_fields(form, node, fields) || !form_bool(form, node, "blind", &fault->is_blind) ||
        !form_mapping(form, node, "answers", &fault->answers)) {
        return false;
    }
    struct node_iter it = node_iterate(fault->answers);
    while (node_next(&it)) {
        enum node_type type = node_type(it.value);
        if (type != NODE_INT && type != NODE_REAL && !node_is(it.value, "nothing")) {
            return form_refuse(form, it.value, "wanted a number or nothing: what such a query is answered with");
        }
    }
    if (fault->is_blind == (node_count(fault->answers) > 0)) {
        return form_refuse(form, node, "%s of blind and answers, wanted one", fault->is_blind ? "both" : "none");
    }
    return true;
}

/* --- Pods --- */

static bool read_pods(const struct form *form, const struct node *node, struct scenario_fault *fault)
{
    static const char *const fields[] = {"namespace", "workload", "lost", NULL};
    enum { LOST_MAX = 1000 };
    fault->namespace = "default";
    if (!form_fields(form, node, fields) || !form_str(form, node, "namespace", &fault->namespace) ||
        !form_str(form, node, "workload", &fault->workload) ||
        !form_int(form, node, "lost", 0, LOST_MAX, &fault->lost)) {
        return false;
    }
    return fault->lost == 0 || form_need(form, node, "workload");
}

/* --- the engine --- */

static bool read_engine(const struct form *form, const struct node *fault_node, struct scenario_fault *fault)
{
    static const char *const words[] = {"down", NULL};
    int word = 0;
    return form_word(form, fault_node, "engine", words, &word);
}

/* --- the whole --- */

static bool read_times(const struct form *form, const struct node *node, struct scenario_fault *fault)
{
    int64_t for_ms = -1, until_ms = -1;
    if (!form_duration(form, node, "from", &fault->from_ms) || !form_duration(form, node, "for", &for_ms) ||
        !form_duration(form, node, "until", &until_ms)) {
        return false;
    }
    if (for_ms >= 0 && until_ms >= 0) {
        return form_refuse_field(form, node, "until", "both for and until, wanted one");
    }
    if (for_ms == 0) {
        return form_refuse_field(form, node, "for", "%s, wanted more than nothing", node_str(node_get(node, "for")));
    }
    if (until_ms >= 0 && until_ms <= fault->from_ms) {
        return form_refuse_field(form, node, "until", "%s, wanted a time after from (%s)",
                                 node_str(node_get(node, "until")), node_str_or(node_get(node, "from"), "0s"));
    }
    fault->until_ms = for_ms >= 0 ? fault->from_ms + for_ms : until_ms;
    return true;
}

bool scenario_fault_read(const struct form *form, const struct node *node, struct scenario_fault *fault)
{
    static const char *const fields[] = {"from",       "for",  "until",  "requests", "watches",
                                         "prometheus", "pods", "engine", NULL};
    static const struct {
        const char *key;
        bool (*read)(const struct form *form, const struct node *node, struct scenario_fault *fault);
    } kinds[] = {
        [FAULT_REQUESTS] = {"requests", read_requests},
        [FAULT_WATCHES] = {"watches", read_watches},
        [FAULT_PROMETHEUS] = {"prometheus", read_prometheus},
        [FAULT_PODS] = {"pods", read_pods},
        [FAULT_ENGINE] = {"engine", read_engine},
    };
    size_t count = 0;
    fault->node = node;
    if (!form_fields(form, node, fields) || !read_times(form, node, fault)) {
        return false;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!form_has(node, kinds[i].key)) {
            continue;
        }
        fault->kind = (enum scenario_fault_kind)i;
        count++;
    }
    if (count != 1) {
        return form_refuse(form, node, "%s of requests, watches, prometheus, pods and engine, wanted one",
                           count == 0 ? "none" : "several");
    }
    bool is_word = fault->kind == FAULT_WATCHES || fault->kind == FAULT_ENGINE;
    const struct node *what = is_word ? node : node_get(node, kinds[fault->kind].key);
    return kinds[fault->kind].read(form, what, fault);
}
