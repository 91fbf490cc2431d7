/* The engine's own strategies in one VM: each goes its own way, and what one leaves behind the others survive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_clock.h"
#include "script/strategist.h"

enum { RELEASES = 100 }; /* more than one VM takes */

static const char start[] =
    "local host = require 'host' return { start = function(definition) return definition.run(host) end }";
static const char asks[] = "return { name = 'asks', run = function(host) "
                           "local mine = host.random() "
                           "for i = 1, 3 do local n = host.call('ask', { mine = mine }) host.log(mine .. ' ' .. n) end "
                           "end }";
static const char spins[] = "return { name = 'spins', run = function(host) host.call('ask') "
                            "string.find(('a'):rep(40), ('a*'):rep(20) .. 'b') end }";
static const char fails[] = "return { name = 'fails', run = function(host) host.call('ask') error 'no good' end }";
static const struct embedded_module modules[] = {
    {"stdlib.start", start, sizeof start - 1},
    {"strategies.asks", asks, sizeof asks - 1},
    {"strategies.spins", spins, sizeof spins - 1},
    {"strategies.fails", fails, sizeof fails - 1},
};

struct release {
    struct strategy *strategy;
    char asked[64], told[64]; /* its last question and line */
    int ended;
    enum strategy_end end;
    struct err err;
};

struct world {
    struct fake_clock *time;
    struct strategist *strategist;
    struct release releases[RELEASES];
};

static bool on_call(void *ctx, const char *operation, const struct node *args, struct doc **answer, struct err *err)
{
    struct release *release = ctx;
    char *text = node_to_text(args);
    str_copy(release->asked, sizeof release->asked, text);
    mem_free(text);
    return false;
}

static void on_log(void *ctx, const char *line)
{
    struct release *release = ctx;
    str_copy(release->told, sizeof release->told, line);
}

static void on_delayed(void *ctx, int64_t wait_ms, enum strategy_budget lack, const char *where)
{
}

static void on_ended(void *ctx, enum strategy_end end, const struct err *err)
{
    struct release *release = ctx;
    release->ended++;
    release->end = end;
    release->err = *err;
}

static int setup(void **state)
{
    struct world *world = mem_new(struct world);
    world->time = fake_clock_new(1773216907000);
    world->strategist =
        script_strategist_new(fake_clock_clock(world->time), modules, sizeof modules / sizeof modules[0]);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < RELEASES; i++) {
        if (world->releases[i].strategy != NULL) {
            world->strategist->ops->stop(world->releases[i].strategy);
        }
    }
    script_strategist_free(world->strategist);
    fake_clock_free(world->time);
    mem_free(world);
    return 0;
}

static struct release *start_pinned(struct world *world, size_t i, const char *module, const struct node *sources)
{
    struct release *release = &world->releases[i];
    struct strategy_start order = {
        .module = module,
        .sources = sources,
        .label = "podinfo.test",
        .seed = (uint32_t)i,
        .host = {.ctx = release, .call = on_call, .log = on_log, .delayed = on_delayed, .ended = on_ended}};
    release->strategy = world->strategist->ops->start(world->strategist, &order, &release->err);
    if (release->strategy == NULL) {
        fail_msg("%s", release->err.text);
    }
    fake_clock_run(world->time);
    return release;
}

static struct release *start_release(struct world *world, size_t i, const char *module)
{
    return start_pinned(world, i, module, NULL);
}

static void answer(struct world *world, struct release *release, int number)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_int(doc, number));
    world->strategist->ops->answer(release->strategy, doc_root(doc));
    doc_free(doc);
    fake_clock_run(world->time);
}

static void test_strategies_in_one_vm_are_told_apart(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < RELEASES; i++) {
        start_release(world, i, "strategies.asks");
    }
    for (int round = 1; round <= 3; round++) {
        for (size_t i = 0; i < RELEASES; i++) {
            struct release *release = &world->releases[(i * 7) % RELEASES];
            answer(world, release, (int)(i * 7) % RELEASES + round);
        }
    }
    for (size_t i = 0; i < RELEASES; i++) {
        const struct release *release = &world->releases[i];
        char last[16];
        snprintf(last, sizeof last, " %zu", i + 3);
        assert_int_equal(release->ended, 1);
        assert_int_equal(release->end, STRATEGY_RETURNED);
        assert_non_null(strstr(release->told, last)); /* its own answer */
        for (size_t k = 0; k < i; k++) {              /* after numbers of chance of its own */
            assert_string_not_equal(release->asked, world->releases[k].asked);
        }
    }
}

static void test_one_that_fails_or_is_dropped_leaves_the_others_alone(void **state)
{
    struct world *world = *state;
    struct release *asks_first = start_release(world, 0, "strategies.asks");
    struct release *fails_now = start_release(world, 1, "strategies.fails");
    struct release *dropped = start_release(world, 2, "strategies.asks");
    answer(world, fails_now, 0);
    assert_int_equal(fails_now->end, STRATEGY_FAILED);
    assert_string_equal(fails_now->err.text, "strategies/fails.lua:1: no good");
    world->strategist->ops->stop(dropped->strategy);
    dropped->strategy = NULL;
    for (int i = 1; i <= 3; i++) {
        answer(world, asks_first, i);
    }
    assert_int_equal(asks_first->end, STRATEGY_RETURNED);
    assert_int_equal(asks_first->ended, 1);
}

static void test_a_lost_vm_loses_no_release(void **state)
{
    static const struct script_limits limits = {.memory_max = 8 * 1024 * 1024, .cpu = {.soft_ms = 10, .hard_ms = 10}};
    struct world *world = *state;
    script_strategist_limit(world->strategist, &limits);
    struct release *other = start_release(world, 0, "strategies.asks");
    struct release *culprit = start_release(world, 1, "strategies.spins");
    answer(world, culprit, 0);
    assert_int_equal(culprit->end, STRATEGY_KILLED);
    assert_int_equal(other->ended, 0); /* it learns of it when it goes on */
    answer(world, other, 1);
    assert_int_equal(other->end, STRATEGY_LOST);
    assert_non_null(strstr(other->err.text, "strategies.asks: the VM that it shared with others was lost"));
    world->strategist->ops->stop(other->strategy);
    other = start_release(world, 0, "strategies.asks"); /* in a new one */
    for (int i = 1; i <= 3; i++) {
        answer(world, other, i);
    }
    assert_int_equal(other->end, STRATEGY_RETURNED);
}

/* However many begin and end beside one that stays. */
static void test_strategies_that_have_ended_leave_nothing_in_the_vm(void **state)
{
    enum { ENDED = 3000 };
    static const struct script_limits limits = {.memory_max = 256 * 1024, .cpu = {.soft_ms = 500, .hard_ms = 500}};
    struct world *world = *state;
    script_strategist_limit(world->strategist, &limits);
    start_release(world, 0, "strategies.asks");
    for (int i = 0; i < ENDED; i++) {
        struct release *release = start_release(world, 1, "strategies.asks");
        world->strategist->ops->stop(release->strategy);
        release->strategy = NULL;
    }
    assert_int_equal(world->releases[0].ended, 0);
}

static void test_a_vm_is_shared_by_64(void **state)
{
    static const struct script_limits limits = {.memory_max = 8 * 1024 * 1024, .cpu = {.soft_ms = 10, .hard_ms = 10}};
    struct world *world = *state;
    int lost = 0;
    script_strategist_limit(world->strategist, &limits);
    struct release *culprit = start_release(world, 0, "strategies.spins");
    for (size_t i = 1; i < RELEASES; i++) {
        start_release(world, i, "strategies.asks");
    }
    answer(world, culprit, 0);
    for (size_t i = 1; i < RELEASES; i++) {
        answer(world, &world->releases[i], 1);
        lost += world->releases[i].ended;
        assert_int_equal(world->releases[i].ended, i < 64);
    }
    assert_int_equal(lost, 63);
}

static bool is_apart(const struct world *world, const struct release *release)
{
    return world->strategist->ops->is_apart(release->strategy);
}

static void test_a_script_of_a_team_has_a_vm_to_give_back(void **state)
{
    struct world *world = *state;
    struct doc *sources = doc_new();
    doc_set_root(sources, node_new_object(sources));
    node_set_str(sources, doc_root(sources), "scripts.own", asks);
    struct release *own = start_pinned(world, 0, "scripts.own", doc_root(sources));
    struct release *bundled = start_release(world, 1, "strategies.asks");
    assert_true(is_apart(world, own));
    assert_false(is_apart(world, bundled));
    script_strategist_keep_awake(world->strategist);
    assert_false(is_apart(world, own));
    doc_free(sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_strategies_in_one_vm_are_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_that_fails_or_is_dropped_leaves_the_others_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_lost_vm_loses_no_release, setup, teardown),
        cmocka_unit_test_setup_teardown(test_strategies_that_have_ended_leave_nothing_in_the_vm, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_vm_is_shared_by_64, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_script_of_a_team_has_a_vm_to_give_back, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
