// room: prom
/* Any bytes as Prometheus' answer, the first one choosing the status. What must hold: one of the five kinds of answer,
 * and an error's text exactly where there is no number. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "door.h"
#include "prom/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_answer(void *ctx, const struct prom_answer *answer)
{
    bool has_number = answer->kind == PROM_VALUE || answer->kind == PROM_SEVERAL;
    assert(has_number == (answer->err.text[0] == '\0'));
    assert(!has_number || !isnan(answer->value));
    assert(answer->kind != PROM_SEVERAL || answer->series_count > 1);
    *(bool *)ctx = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 200, 200, 422, 503, 302};
    struct door door = {.base.ops = &door_ops};
    bool done = false;
    if (size == 0) {
        return 0;
    }
    char *body = str_dup_n((const char *)data + 1, size - 1);
    prom_query_start(&door.base, "http://prometheus:9090/prefix", "up", on_answer, &done);
    door_answer(&door, statuses[data[0] % 6], body, size - 1);
    assert(done);
    str_free(&body);
    return 0;
}
