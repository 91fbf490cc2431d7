#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "board/roster.h"
#include "fake_doc.h"

struct world {
    struct store *store, *releases;
    struct roster *roster;
    int changes;
};

static void on_changed(void *ctx)
{
    ((struct world *)ctx)->changes++;
}

static void put(struct world *w, const char *name, int version, int weight)
{
    struct doc *canary = fake_doc_format("{'metadata': {'name': '%s', 'namespace': 'test', 'resourceVersion': '%d'}, "
                                         "'status': {'canaryWeight': %d}}",
                                         name, version, weight);
    store_put(w->store, canary);
    doc_free(canary);
}

static void put_release(struct world *w, const char *name, int version, int weight)
{
    struct doc *release = fake_doc_format("{'metadata': {'name': '%s', 'namespace': 'test', 'resourceVersion': '%d'}, "
                                          "'spec': {'canary': 'shop'}, 'status': {'state': 'Running', 'weight': %d}}",
                                          name, version, weight);
    store_put(w->releases, release);
    doc_free(release);
}

static void lose(struct world *w, const char *name)
{
    struct doc *canary = store_find(w->store, "test", name);
    store_remove(w->store, canary);
    doc_free(canary);
}

/* The rows after `serial`, as "shop 20 " each, as far as `max` bytes go; what comes next begins behind the result. */
static uint64_t expect_piece(struct world *w, uint64_t serial, size_t max, const char *wanted)
{
    struct buf out, told;
    struct err err;
    buf_init(&out, 65536);
    buf_init(&told, 4096);
    uint64_t written = roster_write(w->roster, serial, max, &out);
    struct doc *rows = doc_parse(buf_str(&out), out.len, &err);
    assert_non_null(rows);
    struct node_iter it = node_iterate(doc_root(rows));
    while (node_next(&it)) {
        buf_printf(&told, "%s %lld ", node_str(node_get(it.value, "name")),
                   (long long)node_int_or(node_get(it.value, "weight"), -1));
    }
    assert_string_equal(buf_str(&told), wanted);
    doc_free(rows);
    buf_fini(&out);
    buf_fini(&told);
    return written;
}

static void expect_rows(struct world *w, uint64_t serial, const char *wanted)
{
    assert_int_equal(expect_piece(w, serial, SIZE_MAX, wanted), roster_serial(w->roster));
}

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.store = store_new(&KUBE_CANARIES, NULL), .releases = store_new(&KUBE_RELEASES, NULL)};
    put(&world, "shop", 1, 0);
    world.roster = roster_open(world.store, world.releases, on_changed, &world);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    roster_close(w->roster);
    put(w, "later", 90, 0); /* nobody hears of it */
    put_release(w, "shop-2", 91, 50);
    store_free(w->releases);
    store_free(w->store);
    return 0;
}

static void what_was_there_before_is_there(void **state)
{
    expect_rows(*state, 0, "shop 0 ");
}

static void only_what_changed_since_is_written(void **state)
{
    struct world *w = *state;
    put(w, "books", 2, 10);
    uint64_t seen = roster_serial(w->roster);
    expect_rows(w, seen, "");
    put(w, "shop", 3, 30);
    assert_int_equal(w->changes, 2);
    expect_rows(w, seen, "shop 30 ");
    expect_rows(w, 0, "books 10 shop 30 ");
    assert_false(roster_has_lost(w->roster, seen));
}

static void one_that_went_is_told_apart_from_one_that_changed(void **state)
{
    struct world *w = *state;
    uint64_t seen = roster_serial(w->roster);
    lose(w, "shop");
    assert_true(roster_has_lost(w->roster, seen));
    assert_false(roster_has_lost(w->roster, roster_serial(w->roster)));
    expect_rows(w, 0, "");
    put(w, "shop", 9, 5); /* made anew */
    expect_rows(w, 0, "shop 5 ");
}

static void many_rows_come_in_pieces(void **state)
{
    struct world *w = *state;
    put(w, "books", 2, 10);
    put(w, "cards", 3, 20);
    uint64_t written = expect_piece(w, 0, 1, "shop 0 ");
    put(w, "shop", 4, 5); /* was written before */
    written = expect_piece(w, written, 1, "books 10 ");
    written = expect_piece(w, written, 1, "cards 20 ");
    written = expect_piece(w, written, 1, "shop 5 ");
    assert_int_equal(written, roster_serial(w->roster));
}

/* Flagger's status has 0 there. */
static void the_share_at_the_gate_of_the_promotion_is_that_of_the_release(void **state)
{
    struct world *w = *state;
    struct doc *canary = fake_doc("{'metadata': {'name': 'shop', 'namespace': 'test', 'resourceVersion': '5'}, "
                                  "'status': {'phase': 'WaitingPromotion', 'canaryWeight': 0, 'release': 'shop-2'}}");
    put_release(w, "shop-2", 2, 50);
    uint64_t seen = roster_serial(w->roster);
    expect_rows(w, 0, "shop 0 "); /* in another phase the status counts */
    store_put(w->store, canary);
    doc_free(canary);
    expect_rows(w, seen, "shop 50 ");
    seen = roster_serial(w->roster);
    put_release(w, "shop-1", 6, 30);
    expect_rows(w, seen, ""); /* the one of before */
    put_release(w, "shop-2", 7, 40);
    expect_rows(w, seen, "shop 40 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_there_before_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_changed_since_is_written, setup, teardown),
        cmocka_unit_test_setup_teardown(the_share_at_the_gate_of_the_promotion_is_that_of_the_release, setup, teardown),
        cmocka_unit_test_setup_teardown(many_rows_come_in_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_went_is_told_apart_from_one_that_changed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
