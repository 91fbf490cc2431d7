// room: sim/prometheus
/* libFuzzer: any text as a query, over a mesh where a workload got requests. What must hold: it is answered, or refused
 * with a place and a reason; asked twice it says the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/virtual_clock.h"
#include "sim/prometheus/promql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void put(struct api *api, const char *storage, const char *json)
{
    struct err err;
    struct doc *doc = doc_parse(json, strlen(json), &err);
    objects_put(api_objects(api), storage, doc);
    doc_free(doc);
}

static void on_time(struct timer *timer, void *ctx)
{
}

/* Made once and kept, within reach for the leak checker: a query changes nothing. */
static const struct traffic *mesh(void)
{
    static struct virtual_clock *vc;
    static struct api *api;
    static struct traffic *traffic;
    static struct timer later;
    if (traffic)
        return traffic;
    vc = virtual_clock_new(0);
    struct clock *clock = virtual_clock_clock(vc);
    api = api_new(clock);
    traffic = traffic_new(api, clock, behaviours_new(), 1);
    put(api, "/services",
        "{\"metadata\":{\"name\":\"app\",\"namespace\":\"test\"},\"spec\":{\"selector\":{\"app\":\"app\"}}}");
    put(api, "/pods",
        "{\"metadata\":{\"name\":\"app\",\"namespace\":\"test\",\"labels\":{\"app\":\"app\"}},"
        "\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}");
    traffic_flow(traffic, "app.test", 10, NULL);
    timer_start(clock, &later, 60000, on_time, NULL);
    virtual_clock_run(vc, 60000);
    must(traffic_count(traffic, "test", "app", 0, 60000).requests > 0);
    return traffic;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    struct promql_answer answer, again;
    char *query = str_dup_n((const char *)data, size);
    bool done = promql_ask(mesh(), 0, query, &answer, &err);
    if (!done)
        must(strstr(err.text, ": parse error: ") != NULL);
    must(promql_ask(mesh(), 0, query, &again, &err) == done);
    if (done)
        must(again.is_empty == answer.is_empty && memcmp(&again.value, &answer.value, sizeof answer.value) == 0);
    mem_free(query);
    return 0;
}
