/* calendar: when do these hours of the week begin next, in a time zone? */
#include "base/calendar.h"
#include "base/mem.h"
#include "io/tzdata.h"
#include "rollout/operation/operation.h"

enum { EXCEPT_MAX = 100 };

static struct calendar_days *days_of(const struct node *list)
{
    struct calendar_days *days = mem_alloc_array(node_count(list) + 1, sizeof *days);
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        days[it.index].first = (int)node_int_or(node_get(it.value, "first"), 0);
        days[it.index].last = (int)node_int_or(node_get(it.value, "last"), 0);
    }
    return days;
}

static struct doc *find(const struct node *args, const struct zone *zone, int64_t now_ms)
{
    struct calendar_days *except = days_of(node_get(args, "except"));
    struct calendar calendar = {
        .zone = zone,
        .weekdays = (unsigned)node_int_or(node_get(args, "weekdays"), 0),
        .from_min = (int)node_int_or(node_get(args, "from"), 0),
        .to_min = (int)node_int_or(node_get(args, "to"), 0),
        .except = except,
        .except_count = node_count(node_get(args, "except")),
    };
    int64_t at_s;
    bool found = calendar_next(&calendar, now_ms / 1000, &at_s);
    mem_free(except);
    if (!found) {
        return operation_error("no such time comes within 400 days");
    }
    struct doc *doc = operation_object();
    int64_t at_ms = at_s * 1000;
    node_set_int(doc, doc_root(doc), "ms", at_ms > now_ms ? at_ms - now_ms : 0);
    node_set_int(doc, doc_root(doc), "at", at_ms > now_ms ? at_ms : now_ms);
    return doc;
}

struct doc *operation_calendar_find(const struct node *args, int64_t now_ms)
{
    struct err err = {0};
    if (node_count(node_get(args, "except")) > EXCEPT_MAX) {
        return operation_error("except: at most 100 are wanted");
    }
    struct zone *zone = tzdata_zone(node_str_or(node_get(args, "zone"), ""), &err);
    struct doc *answer = zone != NULL ? find(args, zone, now_ms) : operation_error(err.text);
    zone_free(zone);
    return answer;
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    *answer = operation_calendar_find(doc_root(call->args), clock_wall_ms(call->context->clock));
    return true;
}

static const struct contract_field days[] = {
    {.name = "first", .type = CONTRACT_INTEGER, .min = 10000101, .max = 99991231},
    {.name = "last", .type = CONTRACT_INTEGER, .min = 10000101, .max = 99991231},
    {0},
};
static const struct contract_field takes[] = {
    {.name = "weekdays", .type = CONTRACT_INTEGER, .min = 1, .max = 127},
    {.name = "from", .type = CONTRACT_INTEGER, .min = 0, .max = 1440},
    {.name = "to", .type = CONTRACT_INTEGER, .min = 0, .max = 1440},
    {.name = "zone", .type = CONTRACT_STRING},
    {.name = "except", .type = CONTRACT_LIST, .fields = days},
    {0},
};
static const struct contract_field answers[] = {
    {.name = "ms", .type = CONTRACT_INTEGER, .optional = true},
    {.name = "at", .type = CONTRACT_INTEGER, .optional = true},
    {.name = "error", .type = CONTRACT_STRING, .optional = true},
    {0},
};

const struct operation operation_calendar = {
    .name = "calendar", .takes.fields = takes, .answers.fields = answers, .recorded = true, .start = start};
