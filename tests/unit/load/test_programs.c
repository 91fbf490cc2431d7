#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "load/programs.h"

struct world {
    struct loop *loop;
    struct programs *programs;
    int done;
    char output[4096], log[4096];
    struct err err;
};

static void keep_log(void *ctx, const char *line)
{
    struct world *w = ctx;
    strncat(w->log, line, sizeof w->log - strlen(w->log) - 1);
}

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.loop = loop_new()};
    log_set_sink(keep_log, &world);
    setenv("SLUICE_TEST_GIVEN", "given", 1);
    setenv("SLUICE_TEST_KEPT", "kept", 1);
    struct str_list allowed = {0}, variables = {0};
    str_list_split(&allowed, "printf,grep,env,unheard-of", ',');
    str_list_split(&variables, "SLUICE_TEST_GIVEN,SLUICE_TEST_ABSENT", ',');
    struct programs_options options = {
        .allowed = &allowed, .variables = &variables, .timeout_ms = 60000, .processes_max = 4096};
    assert_true(programs_check(&options, &world.err));
    world.programs = programs_new(&options);
    str_list_fini(&allowed);
    str_list_fini(&variables);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    programs_free(w->programs);
    loop_free(w->loop);
    log_set_sink(NULL, NULL);
    return 0;
}

static void on_done(void *ctx, const char *output, size_t len, const struct err *err)
{
    struct world *w = ctx;
    w->done++;
    w->err = *err;
    str_copy(w->output, sizeof w->output, output);
}

static bool run(struct world *w, const char *command)
{
    struct words words;
    struct str_list paths = {0};
    w->err = (struct err){0};
    w->done = 0;
    bool ok = words_split(command, &words, &w->err) && programs_find(w->programs, &words, &paths, &w->err);
    if (ok) {
        programs_start(w->programs, w->loop, &words, &paths, on_done, w);
        loop_run(w->loop);
        assert_int_equal(w->done, 1);
    }
    words_fini(&words);
    str_list_fini(&paths);
    return ok;
}

static void allowed_programs_run_without_a_shell(void **state)
{
    struct world *w = *state;
    assert_true(run(w, "printf '%s\\n' 'a token;' '$HOME' `\\`x` | grep -v x") == false); /* ` outside of quotes */
    assert_true(run(w, "printf '%s\\n' 'a token;' '$HOME' '`x`' | grep -v x"));
    assert_int_equal(w->err.code, ERR_NONE);
    assert_string_equal(w->output, "a token;\n$HOME\n");
    assert_true(run(w, "printf nothing | grep token"));
    assert_string_equal(w->err.text, "exit status 1");
}

static void they_get_the_variables_that_are_named(void **state)
{
    struct world *w = *state;
    assert_true(run(w, "env | grep -c ."));
    assert_string_equal(w->output, "4\n");
    assert_true(run(w, "env"));
    assert_non_null(strstr(w->output, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"));
    assert_non_null(strstr(w->output, "HOME=/tmp\n"));
    assert_non_null(strstr(w->output, "SLUICE_TEST_GIVEN=given\n"));
    assert_null(strstr(w->output, "KEPT"));
}

static void others_are_refused(void **state)
{
    struct world *w = *state;
    assert_false(run(w, "sh -c 'rm -rf /'"));
    assert_int_equal(w->err.code, ERR_FORBIDDEN);
    assert_string_equal(w->err.text, "sh is not among the programs that -allow-commands names");
    assert_false(run(w, "printf x | sh"));
    assert_int_equal(w->err.code, ERR_FORBIDDEN);
    assert_false(run(w, "/usr/bin/printf x")); /* a path could lead anywhere */
    assert_int_equal(w->err.code, ERR_FORBIDDEN);
    assert_false(run(w, "A=b printf x"));
    assert_int_equal(w->err.code, ERR_FORBIDDEN);
}

static void one_that_is_not_installed_is_told_of(void **state)
{
    struct world *w = *state;
    assert_non_null(strstr(w->log, "-allow-commands: unheard-of is not installed in "));
    assert_false(run(w, "unheard-of"));
    assert_int_equal(w->err.code, ERR_NOT_FOUND);
}

static void expect_unusable(const char *allowed, const char *variable, const char *want)
{
    struct err err = {0};
    struct str_list names = {0}, variables = {0};
    str_list_push(&names, allowed);
    str_list_push(&variables, variable);
    struct programs_options options = {.allowed = &names, .variables = &variables};
    assert_false(programs_check(&options, &err));
    assert_string_equal(err.text, want);
    str_list_fini(&names);
    str_list_fini(&variables);
}

static void lists_are_checked(void **state)
{
    expect_unusable("/bin/sh", "A", "-allow-commands \"/bin/sh\": the name of a program wanted, as in curl");
    expect_unusable("..", "A", "-allow-commands \"..\": the name of a program wanted, as in curl");
    expect_unusable("", "A", "-allow-commands \"\": the name of a program wanted, as in curl");
    expect_unusable("hey", "A", "-allow-commands hey: its command lines are played without the program");
    expect_unusable("curl", "A=b", "-command-env \"A=b\": the name of a variable wanted");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(allowed_programs_run_without_a_shell),
        TEST(they_get_the_variables_that_are_named),
        TEST(others_are_refused),
        TEST(one_that_is_not_installed_is_told_of),
        TEST(lists_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
