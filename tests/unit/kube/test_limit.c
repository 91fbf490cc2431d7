#include "kube/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buf.h"
#include "fake_clock.h"

struct visitor {
    struct world *world;
    struct limit_place place;
    char name;
};

struct world {
    struct fake_clock *fc;
    struct limit limit;
    struct visitor visitors[6]; /* a, b, c … */
    struct buf order;           /* in which they go */
};

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.fc = fake_clock_new(0)};
    limit_init(&world.limit, fake_clock_clock(world.fc), 2);
    for (size_t i = 0; i < sizeof world.visitors / sizeof world.visitors[0]; i++) {
        world.visitors[i] = (struct visitor){.world = &world, .name = (char)('a' + i)};
    }
    buf_init(&world.order, 64);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    limit_fini(&w->limit);
    fake_clock_free(w->fc);
    buf_fini(&w->order);
    return 0;
}

static void on_go(void *ctx)
{
    struct visitor *visitor = ctx;
    buf_append_char(&visitor->world->order, visitor->name);
}

static bool enter(struct world *w, char name)
{
    struct visitor *visitor = &w->visitors[name - 'a'];
    return limit_enter(&w->limit, &visitor->place, on_go, visitor);
}

static void leave(struct world *w, char name)
{
    limit_leave(&w->limit, &w->visitors[name - 'a'].place);
}

static void expect_gone(struct world *w, const char *names)
{
    fake_clock_run(w->fc);
    assert_string_equal(buf_str(&w->order), names);
}

static void leave_all(struct world *w)
{
    for (char name = 'a'; name <= 'f'; name++) {
        leave(w, name);
    }
}

static void test_the_line_goes_in_its_order(void **state)
{
    struct world *w = *state;
    assert_true(enter(w, 'a') && enter(w, 'b'));
    assert_false(enter(w, 'c') || enter(w, 'd') || enter(w, 'e'));
    expect_gone(w, "");
    leave(w, 'b');
    assert_string_equal(buf_str(&w->order), ""); /* on a later turn */
    expect_gone(w, "c");
    leave(w, 'a');
    leave(w, 'c');
    expect_gone(w, "cde");
    leave_all(w);
    assert_true(enter(w, 'f'));
    leave(w, 'f');
}

static void test_nobody_overtakes_the_line(void **state)
{
    struct world *w = *state;
    assert_true(enter(w, 'a') && enter(w, 'b'));
    assert_false(enter(w, 'c'));
    leave(w, 'a');
    assert_false(enter(w, 'd')); /* there is room, but c comes first */
    expect_gone(w, "c");
    leave(w, 'b');
    expect_gone(w, "cd");
    leave_all(w);
}

static void test_who_leaves_the_line_is_not_called(void **state)
{
    struct world *w = *state;
    assert_true(enter(w, 'a') && enter(w, 'b'));
    assert_false(enter(w, 'c') || enter(w, 'd') || enter(w, 'e'));
    leave(w, 'd');
    leave(w, 'd'); /* again: nothing happens */
    leave(w, 'a');
    leave(w, 'c'); /* its turn would have come */
    expect_gone(w, "e");
    leave_all(w);
    expect_gone(w, "e");
}

static void test_the_line_may_be_left_by_all_at_once(void **state)
{
    struct world *w = *state;
    for (char name = 'a'; name <= 'f'; name++) {
        enter(w, name);
    }
    leave_all(w);
    expect_gone(w, "");
    assert_true(enter(w, 'a') && enter(w, 'b') && !enter(w, 'c'));
    leave_all(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_line_goes_in_its_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_overtakes_the_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_leaves_the_line_is_not_called, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_line_may_be_left_by_all_at_once, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
