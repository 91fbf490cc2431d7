// room: rollout
/* libFuzzer: any JSON as a Canary. What must hold: it is read or refused with a reason, and nothing crashes or
 * leaks. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "canary/canary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    struct doc *doc = doc_parse((const char *)data, size, &err);
    if (doc == NULL) {
        return 0;
    }
    struct canary canary;
    const struct canary_defaults defaults = {.provider = "istio", .metrics_server = "http://prometheus:9090"};
    if (!canary_init(&canary, doc, &defaults, &err)) {
        assert(err.text[0] != '\0');
    } else {
        assert(canary.interval_ms >= 10000 && canary.threshold >= 1 && canary.strategy != NULL);
    }
    canary_fini(&canary);
    return 0;
}
