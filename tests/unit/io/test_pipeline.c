#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/pipeline.h"

#define LENIENT                                                                                                        \
    {                                                                                                                  \
        .cpu_s = 60, .memory_bytes = 512 << 20, .file_bytes = 1 << 20, .open_files = 64, .processes = 4096             \
    }

struct world {
    struct loop *loop;
    int done;
    char output[65536];
    size_t len;
    struct err err;
};

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.loop = loop_new()};
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    loop_free(w->loop);
    return 0;
}

static void on_done(void *ctx, const char *output, size_t len, const struct err *err)
{
    struct world *w = ctx;
    w->done++;
    w->len = len;
    w->err = *err;
    str_copy(w->output, sizeof w->output, output);
}

/* A shell each, joined by pipes. */
static struct pipeline *start(struct world *w, const char *const *scripts, struct pipeline_options options)
{
    static const char *const env[] = {"PATH=/usr/bin:/bin", "OWN=ours", NULL};
    static char shell[] = "/bin/sh";
    struct str_list programs[PIPELINE_PROGRAMS_MAX] = {0};
    char *paths[PIPELINE_PROGRAMS_MAX] = {0};
    for (; scripts[options.count] != NULL; options.count++) {
        str_list_push(&programs[options.count], "sh");
        str_list_push(&programs[options.count], "-c");
        str_list_push(&programs[options.count], scripts[options.count]);
        paths[options.count] = options.paths != NULL ? options.paths[options.count] : shell;
    }
    options.programs = programs;
    options.paths = paths;
    options.env = env;
    options.output_max = options.output_max > 0 ? options.output_max : sizeof w->output - 1;
    struct pipeline *pipeline = pipeline_start(w->loop, &options, on_done, w);
    for (size_t i = 0; i < options.count; i++) {
        str_list_fini(&programs[i]);
    }
    return pipeline;
}

#define SCRIPTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void run(struct world *w, const char *const *scripts, struct pipeline_options options)
{
    w->done = 0;
    start(w, scripts, options);
    assert_int_equal(w->done, 0);
    loop_run(w->loop);
    assert_int_equal(w->done, 1);
}

static const struct pipeline_options lenient = {.confinement = LENIENT};

static void programs_read_what_the_one_before_writes(void **state)
{
    struct world *w = *state;
    run(w, SCRIPTS("printf 'a token\\nanother\\n'", "grep token", "tr a-z A-Z"), lenient);
    assert_string_equal(w->output, "A TOKEN\n");
    assert_int_equal(w->err.code, ERR_NONE);
    run(w, SCRIPTS("cat; echo end"), lenient); /* there is nothing to read */
    assert_string_equal(w->output, "end\n");
}

static void both_streams_of_all_are_the_output(void **state)
{
    struct world *w = *state;
    run(w, SCRIPTS("echo one >&2; echo two", "cat; echo three >&2"), lenient);
    assert_string_equal(w->output, "one\ntwo\nthree\n");
}

/* As in bash without pipefail. */
static void the_last_program_decides(void **state)
{
    struct world *w = *state;
    run(w, SCRIPTS("exit 3", "true"), lenient);
    assert_int_equal(w->err.code, ERR_NONE);
    run(w, SCRIPTS("true", "exit 3"), lenient);
    assert_string_equal(w->err.text, "exit status 3");
    run(w, SCRIPTS("kill -9 $$"), lenient);
    assert_string_equal(w->err.text, "signal: killed");
}

/* We ignore SIGPIPE, and a child that did so too would write for ever. */
static void a_program_without_a_reader_ends(void **state)
{
    struct world *w = *state;
    run(w, SCRIPTS("yes", "head -n 1"), lenient);
    assert_string_equal(w->output, "y\n");
    assert_int_equal(w->err.code, ERR_NONE);
}

static void the_environment_is_their_own(void **state)
{
    struct world *w = *state;
    setenv("SLUICE_TEST_SECRET", "secret", 1);
    run(w, SCRIPTS("env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | sort"), lenient);
    assert_string_equal(w->output, "OWN=ours\nPATH=/usr/bin:/bin\n");
}

static void nothing_of_ours_is_open(void **state)
{
    struct world *w = *state;
    int fd = dup(STDERR_FILENO); /* one that is not closed by exec */
    run(w, SCRIPTS("ls /proc/self/fd | tr '\\n' ' '"), lenient);
    assert_string_equal(w->output, "0 1 2 3 "); /* the last one is of ls */
    close(fd);
}

static void root_is_dropped_for_good(void **state)
{
    struct world *w = *state;
    run(w, SCRIPTS("grep -E '^(Uid|Groups|CapEff|NoNewPrivs)' /proc/self/status | tr -d '\\n'"), lenient);
    char want[256];
    int uid = geteuid() == 0 ? 65534 : (int)geteuid();
    snprintf(want, sizeof want, "Uid:\t%d\t%d\t%d\t%d", uid, uid, uid, uid);
    assert_non_null(strstr(w->output, want));
    assert_non_null(strstr(w->output, "CapEff:\t0000000000000000"));
    assert_non_null(strstr(w->output, "NoNewPrivs:\t1"));
}

static void what_lasts_too_long_is_killed_with_all_it_started(void **state)
{
    struct world *w = *state;
    struct pipeline_options options = {.timeout_ms = 200, .confinement = LENIENT};
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    run(w, SCRIPTS("echo $$; sleep 1000 & sleep 1000", "cat"), options);
    assert_int_equal(w->err.code, ERR_TIMEOUT);
    assert_string_equal(w->err.text, "not done within 200ms, killed");
    assert_true(strtol(w->output, NULL, 10) > 1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* its orphans are ours, and would sleep on */
    assert_int_equal(errno, ECHILD);
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

/* As the init of a container, or a subreaper: what is left in the background is killed and reaped at the end. */
static void what_is_left_in_the_background_is_killed(void **state)
{
    struct world *w = *state;
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    run(w, SCRIPTS("sleep 1000 > /dev/null 2>&1 & echo $$"), lenient);
    assert_int_equal(w->err.code, ERR_NONE);
    assert_true(strtol(w->output, NULL, 10) > 1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

static void what_writes_too_much_is_killed(void **state)
{
    struct world *w = *state;
    struct pipeline_options options = {.output_max = 1000, .confinement = LENIENT};
    run(w, SCRIPTS("yes"), options);
    assert_int_equal(w->err.code, ERR_TOO_LARGE);
    assert_string_equal(w->err.text, "it wrote more than 1000 bytes, killed");
    assert_int_equal(w->len, 1000);
    run(w, SCRIPTS("printf %1000s x"), options);
    assert_int_equal(w->err.code, ERR_NONE);
    assert_int_equal(w->len, 1000);
}

static void limits_hold(void **state)
{
    struct world *w = *state;
    struct pipeline_options options = lenient;
    options.confinement.cpu_s = 1;
    run(w, SCRIPTS("while :; do :; done"), options);
    assert_int_equal(w->err.code, ERR_IO);
    assert_true(strcmp(w->err.text, "signal: CPU time limit exceeded") == 0 ||
                strcmp(w->err.text, "signal: killed") == 0);
    options = lenient;
    options.confinement.file_bytes = 100;
    run(w, SCRIPTS("f=$(mktemp) && trap 'rm -f $f' EXIT && printf %1000s x > $f; wc -c < $f"), options);
    assert_true(w->err.code != ERR_NONE || strstr(w->output, "100\n") != NULL);
    options = lenient;
    options.confinement.open_files = 5;
    run(w, SCRIPTS("exec 3</dev/null 4</dev/null 5</dev/null 6</dev/null"), options);
    assert_int_not_equal(w->err.code, ERR_NONE);
    options = lenient;
    options.confinement.memory_bytes = 8 << 20;
    run(w, SCRIPTS("exec awk 'BEGIN { s = \"x\"; while (length(s) < 67108864) s = s s; print length(s) }'"), options);
    assert_int_not_equal(w->err.code, ERR_NONE);
    options = lenient;
    options.confinement.processes = 1;
    run(w, SCRIPTS("true & true & wait; /bin/true"), options);
    assert_int_not_equal(w->err.code, ERR_NONE);
}

static void what_cannot_be_run_says_so(void **state)
{
    struct world *w = *state;
    static char nowhere[] = "/nonexistent/program";
    struct pipeline_options options = lenient;
    options.paths = (char *[]){nowhere};
    run(w, SCRIPTS("true"), options);
    assert_string_equal(w->err.text, "exit status 126");
    assert_string_equal(w->output, "sluice: cannot run it (/nonexistent/program): No such file or directory\n");
}

static void a_cancelled_one_is_gone_at_once(void **state)
{
    struct world *w = *state;
    struct pipeline *pipeline = start(w, SCRIPTS("sleep 1000", "cat"), lenient);
    pipeline_cancel(pipeline);
    loop_run(w->loop);
    assert_int_equal(w->done, 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(programs_read_what_the_one_before_writes),
        TEST(both_streams_of_all_are_the_output),
        TEST(the_last_program_decides),
        TEST(a_program_without_a_reader_ends),
        TEST(the_environment_is_their_own),
        TEST(nothing_of_ours_is_open),
        TEST(root_is_dropped_for_good),
        TEST(what_lasts_too_long_is_killed_with_all_it_started),
        TEST(what_is_left_in_the_background_is_killed),
        TEST(what_writes_too_much_is_killed),
        TEST(limits_hold),
        TEST(what_cannot_be_run_says_so),
        TEST(a_cancelled_one_is_gone_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
