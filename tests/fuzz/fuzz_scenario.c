// room: sim/story
// mutants: 3000
/* A scenario from anywhere: it is refused with its place, or it is played as far as it goes and leaves nothing
 * behind. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/virtual_clock.h"
#include "sim/story/play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    const uint8_t *bytes;
    size_t size;
} input;

/* Files beside the scenario are the scenario again, which is no object. */
static bool open_input(const char *path, struct buf *text, struct err *err)
{
    return buf_append(text, input.bytes, input.size) || err_set(err, ERR_TOO_LARGE, "%s: too large", path);
}

static void play(const struct scenario *scenario)
{
    enum { PLAYED_MS = 10 * 60 * 1000 };
    struct err err = {0};
    struct str_list wrong = {0};
    struct virtual_clock *time = virtual_clock_new(scenario->begin_ms);
    struct cluster *cluster = cluster_new(virtual_clock_clock(time), scenario->seed);
    struct play *p = play_new(scenario, cluster, scenario->seed, NULL);
    play_set(p);
    if (play_create(p, &err)) {
        play_start(p);
        virtual_clock_run(time, PLAYED_MS);
        play_check(p, &wrong, NULL);
    }
    str_list_fini(&wrong);
    play_free(p);
    cluster_free(cluster);
    virtual_clock_free(time);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    input.bytes = data;
    input.size = size;
    struct scenario *scenario = scenario_read("fuzz", open_input, &err);
    if (scenario)
        play(scenario);
    else if (!str_has_prefix(err.text, "fuzz:") || strlen(err.text) < strlen("fuzz:1:1: x"))
        abort();
    scenario_free(scenario);
    return 0;
}
