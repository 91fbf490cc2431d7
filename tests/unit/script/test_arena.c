#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include <string.h>
#include <sys/mman.h>

#include "script/arena.h"

enum { RESERVE = 16 * 1024 * 1024 };

static void test_keeps_contents_when_a_block_moves(void **state)
{
    struct arena arena;
    assert_true(arena_init(&arena, RESERVE));
    char *block = arena_realloc(&arena, NULL, 0, 10);
    memcpy(block, "0123456789", 10);
    size_t size = 10;
    for (size_t next = 20; next < 3000000; next *= 3) {
        block = arena_realloc(&arena, block, size, next);
        assert_non_null(block);
        assert_memory_equal(block, "0123456789", 10);
        size = next;
        block[size - 1] = 'x';
        assert_int_equal(arena.live, size);
    }
    block = arena_realloc(&arena, block, size, 5);
    assert_memory_equal(block, "01234", 5);
    arena_realloc(&arena, block, 5, 0);
    assert_int_equal(arena.live, 0);
    arena_fini(&arena);
}

static void test_blocks_of_every_size_do_not_overlap(void **state)
{
    enum { COUNT = 1200 };
    static unsigned char *blocks[COUNT];
    struct arena arena;
    assert_true(arena_init(&arena, RESERVE));
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = arena_realloc(&arena, NULL, 7, i * 7 + 1);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)(i % 251), i * 7 + 1);
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(blocks[i][0], i % 251);
        assert_int_equal(blocks[i][i * 7], i % 251);
    }
    arena_fini(&arena);
}

static void test_ceiling_counts_live_bytes(void **state)
{
    struct arena arena;
    assert_true(arena_init(&arena, RESERVE));
    void *before = arena_realloc(&arena, NULL, 0, 100000);
    assert_non_null(before);
    arena_limit(&arena, 150000);
    void *block = arena_realloc(&arena, NULL, 0, 50000);
    assert_non_null(block);
    assert_null(arena_realloc(&arena, NULL, 0, 1));
    assert_null(arena_realloc(&arena, block, 50000, 50001));
    assert_int_equal(arena.live, 150000);
    arena_realloc(&arena, before, 100000, 0);
    assert_non_null(arena_realloc(&arena, NULL, 0, 100000));
    arena_fini(&arena);
}

static size_t resident_pages(const struct arena *arena)
{
    static unsigned char pages[RESERVE / 4096 + 1];
    size_t count = 0, used = (arena->used + 4095) / 4096;
    assert_int_equal(mincore(arena->base, used * 4096, pages), 0);
    for (size_t i = 0; i < used; i++)
        count += pages[i] & 1;
    return count;
}

/* A script that fills one class after the other, and keeps nothing. */
static void test_ceiling_counts_what_is_resident(void **state)
{
    enum { CEILING = RESERVE / 8, BLOCKS = 4096 };
    static void *blocks[BLOCKS];
    struct arena arena;
    bool refused = false;
    assert_true(arena_init(&arena, RESERVE));
    arena_limit(&arena, CEILING);
    for (size_t size = 64; size <= RESERVE / 16; size += size / 4) {
        size_t count = 0;
        while (count < BLOCKS && (count + 1) * size < CEILING &&
               (blocks[count] = arena_realloc(&arena, NULL, 0, size)) != NULL) {
            memset(blocks[count++], 1, size);
        }
        refused = refused || (count < BLOCKS && (count + 1) * size < CEILING);
        assert_true(resident_pages(&arena) * 4096 <= CEILING + CEILING / 4 + 4096);
        while (count > 0)
            arena_realloc(&arena, blocks[--count], size, 0);
    }
    assert_true(refused);
    assert_int_equal(arena.live, 0);
    arena_fini(&arena);
}

static void test_freed_blocks_are_used_again(void **state)
{
    struct arena arena;
    assert_true(arena_init(&arena, RESERVE));
    for (int i = 0; i < 10000; i++) {
        void *block = arena_realloc(&arena, NULL, 0, 200000);
        assert_non_null(block);
        memset(block, 1, 200000);
        arena_realloc(&arena, block, 200000, 0);
    }
    assert_true(arena.used < 300000);
    arena_fini(&arena);
}

static void test_range_that_is_used_up_refuses_growth_but_never_shrinking(void **state)
{
    struct arena arena;
    assert_true(arena_init(&arena, 1024 * 1024));
    char *last = NULL;
    for (char *block; (block = arena_realloc(&arena, NULL, 0, 65536)) != NULL; last = block)
        block[0] = 'b';
    assert_non_null(last);
    assert_null(arena_realloc(&arena, NULL, 0, (size_t)1 << 40));
    char *shrunk = arena_realloc(&arena, last, 65536, 3000);
    assert_non_null(shrunk);
    assert_int_equal(shrunk[0], 'b');
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_contents_when_a_block_moves),
        cmocka_unit_test(test_blocks_of_every_size_do_not_overlap),
        cmocka_unit_test(test_ceiling_counts_live_bytes),
        cmocka_unit_test(test_ceiling_counts_what_is_resident),
        cmocka_unit_test(test_freed_blocks_are_used_again),
        cmocka_unit_test(test_range_that_is_used_up_refuses_growth_but_never_shrinking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
