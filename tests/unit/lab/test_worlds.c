/* Random worlds: the engine on the embedded cluster, in virtual time, while revisions come, people meddle and things go
 * wrong.
 *
 * Everything about a world follows from its seed, so one that fails is played again alone, with its story:
 *
 *     SLUICE_SEEDS=17-17 SLUICE_STORY=1 build/tests/test_worlds
 *
 * Without SLUICE_SEEDS the same few are played each time, and those that once were trouble; the ring `worlds`
 * (tests/CMakeLists.txt) plays a thousand without sanitizers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

enum { SEED_FIRST = 1, SEED_LAST = 40 };

/* Worlds that once did not end well, and what happens in them. */
static const long known[] = {
    3424,  /* a Canary is deleted while its watch is cut, and the engine asks its rollback hook */
    5201,  /* the API server answers each write with a conflict, without an end and without a cause */
    6078,  /* a request to resume is answered after spec.suspend has ended, too */
    7132,  /* as 3424, in the middle of a list of effects */
    13330, /* the target goes to another revision and back, and nobody sees it */
    13363, /* a step is done again by the next engine, when the target is another revision by then */
    32383, /* as 3424, and the routes are made again before the engine hears of it */
};

static bool play(long seed)
{
    fprintf(stderr, "world %ld\n", seed); /* an assertion of the engine's says no number */
    bool ok = world_play((uint64_t)seed, getenv("SLUICE_STORY") != NULL);
    if (!ok) {
        fprintf(stderr, "played again: SLUICE_SEEDS=%ld-%ld SLUICE_STORY=1 build/tests/test_worlds\n", seed, seed);
    }
    return ok;
}

static void play_known(void **state)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_true(play(known[i]));
    }
}

static void play_seeds(void **state)
{
    long first = SEED_FIRST, last = SEED_LAST;
    const char *asked = getenv("SLUICE_SEEDS");
    if (asked != NULL) {
        assert_int_equal(sscanf(asked, "%ld-%ld", &first, &last), 2);
    }
    long failed = 0;
    for (long seed = first; seed <= last; seed++) {
        failed += play(seed) ? 0 : 1;
    }
    fprintf(stderr, "%ld of %ld worlds ended well\n", last - first + 1 - failed, last - first + 1);
    if (failed > 0) {
        fail_msg("%ld worlds did not end well", failed);
    }
}

int main(void)
{
    const struct CMUnitTest ring[] = {cmocka_unit_test(play_seeds), cmocka_unit_test(play_known)};
    const struct CMUnitTest asked[] = {cmocka_unit_test(play_seeds)};
    return getenv("SLUICE_SEEDS") != NULL ? cmocka_run_group_tests(asked, NULL, NULL)
                                          : cmocka_run_group_tests(ring, NULL, NULL);
}
