#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_doc.h"
#include "kube/shelf.h"

enum { MANY = 100 };

struct world {
    struct shelf shelf;
    struct content contents[MANY];
};

static int setup(void **state)
{
    struct world *w = mem_new(struct world);
    shelf_init(&w->shelf);
    *state = w;
    return 0;
}

/* LeakSanitizer sees what a shelf forgets to free. */
static int teardown(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < MANY; i++) {
        content_clear(&w->shelf, &w->contents[i]);
        assert_true(content_is_empty(&w->contents[i]));
    }
    assert_int_equal(shelf_size(&w->shelf), 0);
    shelf_fini(&w->shelf);
    mem_free(w);
    return 0;
}

/* An object of about `size` bytes. */
static void set(struct world *w, int i, int value, size_t size, bool is_read_soon)
{
    char *filling = mem_alloc(size + 1);
    memset(filling, 'x', size);
    char *text = str_format("{'n':%d,'filling':'%s'}", value, filling);
    content_set(&w->shelf, &w->contents[i], fake_doc(text), is_read_soon);
    str_free(&text);
    str_free(&filling);
}

static void expect(struct world *w, int i, int value)
{
    struct doc *kept = content_read(&w->shelf, &w->contents[i]);
    struct doc *once = content_read_once(&w->shelf, &w->contents[i]);
    assert_int_equal(node_int_or(node_get(doc_root(kept), "n"), -1), value);
    assert_int_equal(node_int_or(node_get(doc_root(once), "n"), -1), value);
    doc_free(kept);
    doc_free(once);
}

static int packed_count(const struct world *w)
{
    int count = 0;
    for (int i = 0; i < MANY; i++) {
        count += w->contents[i].packed != NULL;
    }
    return count;
}

/* Packing is what costs time: an object that changes again and again is not packed until nobody uses it. */
static void test_what_is_in_use_is_not_packed(void **state)
{
    struct world *w = *state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            set(w, i, round * MANY + i, 1000, true);
        }
        assert_int_equal(packed_count(w), 0);
        for (int i = 0; i < MANY; i++) {
            expect(w, i, round * MANY + i);
        }
    }
    size_t size = shelf_size(&w->shelf);
    shelf_cool(&w->shelf);
    assert_int_equal(packed_count(w), MANY);
    assert_true(shelf_size(&w->shelf) < size / 4);
    for (int i = 0; i < MANY; i++) {
        expect(w, i, 2 * MANY + i);
    }
}

static void test_what_a_list_says_is_packed_at_once(void **state)
{
    struct world *w = *state;
    set(w, 0, 7, 1000, false);
    assert_int_equal(packed_count(w), 1);
    assert_null(w->contents[0].warm);
    expect(w, 0, 7);
    expect(w, 0, 7);
    set(w, 0, 8, 1000, true); /* what was packed is no more */
    assert_int_equal(packed_count(w), 0);
    expect(w, 0, 8);
}

/* Memory in use is bounded; what was used least recently makes room, and can be read all the same. */
static void test_what_is_used_least_recently_makes_room(void **state)
{
    struct world *w = *state;
    const size_t size = SHELF_TEXTS_MAX / 10;
    for (int i = 0; i < MANY; i++) {
        set(w, i, i, size, true);
        expect(w, 0, 0);
        assert_in_range(w->shelf.texts_size, 1, SHELF_TEXTS_MAX);
    }
    assert_non_null(w->contents[0].warm);
    assert_null(w->contents[1].warm);
    for (int i = 0; i < MANY; i++) {
        expect(w, i, i);
    }
    assert_null(w->contents[0].warm);
}

static void test_an_object_beyond_the_bound_is_kept_alone(void **state)
{
    struct world *w = *state;
    set(w, 0, 1, 1000, true);
    set(w, 1, 2, SHELF_TEXTS_MAX + 1, true);
    assert_null(w->contents[0].warm);
    struct doc *first = content_read(&w->shelf, &w->contents[1]), *second = content_read(&w->shelf, &w->contents[1]);
    assert_ptr_equal(first, second);
    doc_free(first);
    doc_free(second);
    expect(w, 0, 1);
    assert_null(w->contents[1].warm);
    expect(w, 1, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_in_use_is_not_packed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_a_list_says_is_packed_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_used_least_recently_makes_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_object_beyond_the_bound_is_kept_alone, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
