#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/file.h"

static char path[64];

static int make_file(void **state)
{
    memcpy(path, "/tmp/sluice-test-file-XXXXXX", sizeof("/tmp/sluice-test-file-XXXXXX"));
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a\0b\n", 4), 4);
    close(fd);
    return 0;
}

static int remove_file(void **state)
{
    unlink(path);
    return 0;
}

static void a_file_is_read_whole_and_replaces_what_was_there(void **state)
{
    struct buf b;
    struct err err;
    buf_init(&b, 4); /* exactly enough */
    buf_append_str(&b, "old");
    assert_true(file_read(path, &b, &err));
    assert_int_equal(b.len, 4);
    assert_memory_equal(b.data, "a\0b\n", 4);
    buf_fini(&b);
}

/* Nobody will ever write to it. */
static void a_fifo_is_refused_at_once_where_nobody_may_wait(void **state)
{
    struct buf b;
    struct err err;
    buf_init(&b, 4);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(file_read_regular(path, &b, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_true(str_has_suffix(err.text, ": not a regular file"));
    assert_false(file_read_regular("/dev/zero", &b, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_false(file_read_regular("/tmp", &b, &err));
    assert_int_equal(err.code, ERR_INVALID);
    buf_fini(&b);
}

static void a_regular_file_is_read_the_same_way(void **state)
{
    struct buf b;
    struct err err;
    buf_init(&b, 4);
    assert_true(file_read_regular(path, &b, &err));
    assert_memory_equal(b.data, "a\0b\n", 4);
    assert_false(file_read_regular("/nowhere", &b, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    buf_fini(&b);
}

static void what_is_private_is_ours_alone(void **state)
{
    struct stat about;
    struct buf b;
    struct err err;
    buf_init(&b, 10);
    assert_int_equal(chmod(path, 0666), 0);
    assert_true(file_write_private(path, "key", 3, &err)); /* over four bytes */
    assert_true(file_read(path, &b, &err));
    assert_string_equal(buf_str(&b), "key");
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    unlink(path);
    assert_true(file_write_private(path, "new", 3, &err));
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    buf_fini(&b);
}

static void what_is_private_goes_through_no_link(void **state)
{
    struct buf b;
    struct err err;
    char other[80];
    snprintf(other, sizeof other, "%s-link", path);
    buf_init(&b, 10);
    assert_int_equal(symlink(path, other), 0);
    assert_false(file_write_private(other, "key", 3, &err));
    assert_string_equal(err.text, "it is a symbolic link");
    unlink(other);
    assert_int_equal(link(path, other), 0);
    assert_false(file_write_private(other, "key", 3, &err));
    assert_string_equal(err.text, "the file has another name, too");
    unlink(other);
    assert_int_equal(mkfifo(other, 0600), 0);
    assert_false(file_write_private(other, "key", 3, &err));
    unlink(other);
    assert_false(file_write_private("/dev/full", "key", 3, &err));
    assert_string_equal(err.text, "not a regular file");
    assert_false(file_write_private("/no/such", "key", 3, &err));
    assert_string_equal(err.text, "No such file or directory");
    assert_true(file_read(path, &b, &err));
    assert_memory_equal(b.data, "a\0b\n", 4); /* as it was */
    buf_fini(&b);
}

static void a_file_above_the_ceiling_is_too_large(void **state)
{
    struct buf b;
    struct err err;
    buf_init(&b, 3);
    assert_false(file_read(path, &b, &err));
    assert_int_equal(err.code, ERR_TOO_LARGE);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "larger than 3 bytes"));
    buf_fini(&b);
}

static void a_file_larger_than_one_read_is_read_to_its_end(void **state)
{
    enum { SIZE = 100000 };
    char *bytes = mem_alloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (char)(i * 31 % 251);
    FILE *f = fopen(path, "w");
    assert_int_equal(fwrite(bytes, 1, SIZE, f), SIZE);
    fclose(f);
    struct buf b;
    struct err err;
    buf_init(&b, 1 << 20);
    assert_true(file_read(path, &b, &err));
    assert_int_equal(b.len, SIZE);
    assert_memory_equal(b.data, bytes, SIZE);
    buf_fini(&b);
    mem_free(bytes);
}

static void a_missing_file_is_not_found_and_named(void **state)
{
    struct buf b;
    struct err err;
    buf_init(&b, 100);
    assert_false(file_read("/nowhere/token", &b, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_string_equal(err.text, "file /nowhere/token: cannot open: No such file or directory");
    buf_fini(&b);
}

static void a_folder_is_no_file(void **state)
{
    struct buf b;
    struct err err;
    buf_init(&b, 100);
    assert_false(file_read("/tmp", &b, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_string_equal(err.text, "file /tmp: cannot read: Is a directory");
    buf_fini(&b);
}

static void a_text_is_written_in_the_place_of_what_was_there(void **state)
{
    struct buf b;
    struct err err;
    buf_init(&b, 100);
    assert_true(file_write(path, "x\n", false, &err));
    assert_true(file_read(path, &b, &err));
    assert_string_equal(buf_str(&b), "x\n");
    buf_fini(&b);
}

static void a_new_file_replaces_none(void **state)
{
    struct err err;
    char *wanted = str_format("%s: File exists", path);
    assert_false(file_write(path, "x", true, &err));
    assert_string_equal(err.text, wanted);
    str_free(&wanted);
}

static void a_replaced_file_keeps_its_mode_and_its_links(void **state)
{
    struct buf b;
    struct err err = {0};
    struct stat before, after;
    char *link = str_format("%s.link", path);
    buf_init(&b, 100);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(stat(path, &before), 0);
    assert_true(file_replace(link, "new", &err));
    assert_int_equal(lstat(link, &after), 0);
    assert_true(S_ISLNK(after.st_mode));
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(after.st_mode & 0777, 0640);
    assert_int_not_equal(after.st_ino,
                         before.st_ino); /* it was written beside: a reader of the old one has all of it */
    assert_true(file_read(path, &b, &err));
    assert_string_equal(buf_str(&b), "new");
    unlink(link);
    buf_fini(&b);
    mem_free(link);
    assert_false(file_replace("/tmp/sluice-no-such-file", "new", &err));
    assert_string_equal(err.text, "/tmp/sluice-no-such-file: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_replaced_file_keeps_its_mode_and_its_links, make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_file_is_read_whole_and_replaces_what_was_there, make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_fifo_is_refused_at_once_where_nobody_may_wait, make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_regular_file_is_read_the_same_way, make_file, remove_file),
        cmocka_unit_test_setup_teardown(what_is_private_is_ours_alone, make_file, remove_file),
        cmocka_unit_test_setup_teardown(what_is_private_goes_through_no_link, make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_file_above_the_ceiling_is_too_large, make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_file_larger_than_one_read_is_read_to_its_end, make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_text_is_written_in_the_place_of_what_was_there, make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_new_file_replaces_none, make_file, remove_file),
        cmocka_unit_test(a_missing_file_is_not_found_and_named),
        cmocka_unit_test(a_folder_is_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
