#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/pack.h"

static const char phrase[] = "\"ownerReferences\":[{\"apiVersion\":\"flagger.app/v1beta1\",\"kind\":\"Canary\"}]";

enum { LARGE = 300 * 1000, SIZE_MAX_BYTES = 1024 * 1024, MANY = 500 };

static void expect_read(const struct pack *pack, const struct buf *packed, size_t from, const char *text, size_t len)
{
    size_t len_read = 0;
    char *read = pack_read(pack, packed->data + from, packed->len - from, &len_read);
    assert_int_equal(len_read, len);
    assert_memory_equal(read, text, len);
    assert_int_equal(read[len], 0);
    mem_free(read);
}

/* Packs and unpacks; returns the size in between. */
static size_t expect_same(struct pack *pack, const char *text, size_t len)
{
    struct buf packed;
    buf_init(&packed, SIZE_MAX_BYTES);
    pack_write(pack, text, len, &packed);
    expect_read(pack, &packed, 0, text, len);
    size_t size = packed.len;
    buf_fini(&packed);
    return size;
}

static int setup(void **state)
{
    static struct pack pack;
    pack_init(&pack);
    *state = &pack;
    return 0;
}

static int teardown(void **state)
{
    pack_fini(*state);
    return 0;
}

static void test_what_was_said_before_takes_next_to_nothing(void **state)
{
    size_t first = expect_same(*state, phrase, sizeof phrase - 1);
    size_t second = expect_same(*state, phrase, sizeof phrase - 1);
    assert_true(first > 60);
    assert_in_range(second, 1, 20);
}

static void test_any_bytes_come_back(void **state)
{
    uint32_t noise = 1;
    char *text = mem_alloc(LARGE);
    expect_same(*state, "", 0);
    expect_same(*state, "\0{", 2);
    for (size_t i = 0; i < LARGE; i++) {
        noise = noise * 1664525u + 1013904223u;
        text[i] = (char)(noise >> 24);
    }
    size_t size = expect_same(*state, text, LARGE); /* nothing to be saved */
    assert_in_range(size, LARGE, LARGE + LARGE / 100);
    memset(text, 'x', LARGE);
    size = expect_same(*state, text, LARGE);
    assert_in_range(size, 1, 1000);
    mem_free(text);
}

/* What is known grows while they are packed, and at some time no more: each is read with what was known when it was
 * packed. */
static void test_the_first_can_be_read_after_the_last(void **state)
{
    struct buf packed[MANY];
    char text[MANY][64];
    for (size_t i = 0; i < MANY; i++) {
        int len = snprintf(text[i], sizeof text[i], "{\"name\":\"podinfo-%zu\",\"generation\":%zu}", i, i * i);
        buf_init(&packed[i], SIZE_MAX_BYTES);
        pack_write(*state, text[i], (size_t)len, &packed[i]);
    }
    for (size_t i = 0; i < MANY; i++) {
        expect_read(*state, &packed[i], 0, text[i], strlen(text[i]));
        buf_fini(&packed[i]);
    }
}

static void test_it_appends(void **state)
{
    struct buf packed;
    buf_init(&packed, SIZE_MAX_BYTES);
    pack_write(*state, "one", 3, &packed);
    size_t first = packed.len;
    pack_write(*state, "two", 3, &packed);
    expect_read(*state, &packed, first, "two", 3);
    buf_fini(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_said_before_takes_next_to_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_any_bytes_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_first_can_be_read_after_the_last, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_appends, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
