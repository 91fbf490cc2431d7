#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/str.h"
#include "child_world.h"
#include "io/process.h"

static struct process *start(struct world *w, const char *script, struct process_options options)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    options.argv = argv;
    options.output_max = options.output_max ? options.output_max : sizeof(w->output) - 1;
    return process_start(w->loop, &options, on_done, w);
}

static void run(struct world *w, const char *script, struct process_options options)
{
    start(w, script, options);
    assert_int_equal(w->done_count, 0);
    loop_run(w->loop);
    assert_int_equal(w->done_count, 1);
}

static void the_output_is_what_stdout_said(void **state)
{
    struct world *w = *state;
    run(w, "echo one; echo noise >&2; echo two", (struct process_options){0});
    assert_int_equal(w->err.code, ERR_NONE);
    assert_string_equal(w->output, "one\ntwo\n");
    assert_int_equal(w->len, 8);
}

static void the_environment_is_ours_with_what_is_extra(void **state)
{
    struct world *w = *state;
    setenv("SLUICE_TEST_KEPT", "kept", 1);
    setenv("SLUICE_TEST_OURS", "ours", 1);
    const char *extra[] = {"SLUICE_TEST_OURS=theirs", "SLUICE_TEST_NEW=new", NULL};
    run(w, "echo $SLUICE_TEST_KEPT $SLUICE_TEST_OURS $SLUICE_TEST_NEW", (struct process_options){.env_extra = extra});
    assert_string_equal(w->output, "kept theirs new\n");
}

static void another_exit_code_is_an_error_with_the_last_words(void **state)
{
    struct world *w = *state;
    run(w, "echo half; echo no such cluster >&2; exit 3", (struct process_options){0});
    assert_int_equal(w->err.code, ERR_IO);
    assert_string_equal(w->err.text, "process sh: exited with code 3: no such cluster");
    assert_int_equal(w->len, 0);
}

static void of_long_complaints_the_end_is_kept(void **state)
{
    struct world *w = *state;
    run(w, "i=0; while [ $i -lt 3000 ]; do echo complaint $i >&2; i=$((i+1)); done; exit 1",
        (struct process_options){0});
    assert_true(str_has_suffix(w->err.text, "complaint 2999"));
    assert_true(strlen(w->err.text) < 600);
}

static void a_death_by_signal_is_named(void **state)
{
    struct world *w = *state;
    run(w, "kill -9 $$", (struct process_options){0});
    assert_string_equal(w->err.text, "process sh: killed by signal 9");
}

static void a_program_that_does_not_exist_is_an_error_on_a_later_turn(void **state)
{
    struct world *w = *state;
    const char *argv[] = {"no-such-credential-plugin", NULL};
    process_start(w->loop, &(struct process_options){.argv = argv, .output_max = 10}, on_done, w);
    assert_int_equal(w->done_count, 0);
    loop_run(w->loop);
    assert_int_equal(w->done_count, 1);
    assert_int_equal(w->err.code, ERR_IO);
    assert_string_equal(w->err.text, "process no-such-credential-plugin: cannot start: no such file or directory");
}

static void too_much_output_ends_the_process(void **state)
{
    struct world *w = *state;
    run(w, "while :; do echo more and more; done", (struct process_options){.output_max = 100000});
    assert_int_equal(w->err.code, ERR_TOO_LARGE);
    assert_string_equal(w->err.text, "process sh: wrote more than 100000 bytes, killed");
}

/* The child of the child holds both pipes; only the group's death ends them. */
static void the_timeout_kills_the_whole_family(void **state)
{
    struct world *w = *state;
    run(w, "sleep 1000 & echo $!; wait", (struct process_options){.timeout_ms = 50});
    assert_int_equal(w->err.code, ERR_TIMEOUT);
    assert_string_equal(w->err.text, "process sh: not done within 50 ms, killed");
}

static void an_orphan_that_holds_the_pipe_is_waited_for_until_the_timeout(void **state)
{
    struct world *w = *state;
    run(w, "sleep 1000 & exit 0", (struct process_options){.timeout_ms = 50});
    assert_int_equal(w->err.code, ERR_TIMEOUT);
}

static void a_cancelled_process_is_dead_and_silent(void **state)
{
    struct world *w = *state;
    struct process *p = start(w, "exec sleep 1000", (struct process_options){.timeout_ms = 60000});
    process_cancel(p);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* neither alive nor waiting to be reaped */
    assert_int_equal(errno, ECHILD);
    loop_run(w->loop);
    assert_int_equal(w->done_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_output_is_what_stdout_said, setup, teardown),
        cmocka_unit_test_setup_teardown(the_environment_is_ours_with_what_is_extra, setup, teardown),
        cmocka_unit_test_setup_teardown(another_exit_code_is_an_error_with_the_last_words, setup, teardown),
        cmocka_unit_test_setup_teardown(of_long_complaints_the_end_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_death_by_signal_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(a_program_that_does_not_exist_is_an_error_on_a_later_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(too_much_output_ends_the_process, setup, teardown),
        cmocka_unit_test_setup_teardown(the_timeout_kills_the_whole_family, setup, teardown),
        cmocka_unit_test_setup_teardown(an_orphan_that_holds_the_pipe_is_waited_for_until_the_timeout, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_process_is_dead_and_silent, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
