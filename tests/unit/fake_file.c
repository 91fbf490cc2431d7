#include "fake_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/str.h"

void fake_file_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

void fake_file_write_in(const char *folder, const char *name, const char *text)
{
    char *path = str_format("%s/%s", folder, name);
    fake_file_write(path, text);
    str_free(&path);
}
