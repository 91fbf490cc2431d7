#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"
#include "child_world.h"
#include "io/children.h"
#include "io/orphans.h"
#include "io/pipeline.h"

#define LENIENT                                                                                                        \
    {                                                                                                                  \
        .cpu_s = 60, .memory_bytes = 512 << 20, .file_bytes = 1 << 20, .open_files = 64, .processes = 4096             \
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
    w->done_count = 0;
    start(w, scripts, options);
    assert_int_equal(w->done_count, 0);
    loop_run(w->loop);
    assert_int_equal(w->done_count, 1);
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

static void assert_dead(pid_t pid)
{
    assert_true(pid > 1);
    assert_int_equal(kill(pid, 0), -1); /* a zombie would still be there */
    assert_int_equal(errno, ESRCH);
}

/* The text has numbers of processes, one a line. */
static void assert_all_dead(const char *pids, size_t count)
{
    size_t seen = 0;
    for (; *pids != '\0'; pids = strchr(pids, '\n') + 1, seen++) {
        assert_dead((pid_t)strtol(pids, NULL, 10));
    }
    assert_int_equal(seen, count);
}

static void assert_childless(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void what_lasts_too_long_is_killed_with_all_it_started(void **state)
{
    struct world *w = *state;
    struct pipeline_options options = {.timeout_ms = 200, .confinement = LENIENT};
    run(w, SCRIPTS("echo $$; sleep 1000 & sleep 1000", "cat"), options);
    assert_int_equal(w->err.code, ERR_TIMEOUT);
    assert_string_equal(w->err.text, "not done within 200ms, killed");
    assert_all_dead(w->output, 1);
    assert_childless();
}

static void what_is_left_in_the_background_is_killed(void **state)
{
    struct world *w = *state;
    run(w, SCRIPTS("sleep 1000 > /dev/null 2>&1 & echo $!"), lenient);
    assert_int_equal(w->err.code, ERR_NONE);
    assert_all_dead(w->output, 1);
    assert_childless();
}

/* Runs, in the background of a shell, what writes `count` numbers of processes to $f; they are the output. */
static void run_leaving(struct world *w, const char *background, size_t count)
{
    char *script = str_format("exec 3>&1 > /dev/null 2>&1; f=$(mktemp); export f\n"
                              "{ %s\n} 3>&-\n"
                              "until [ $(wc -l < $f) = %zu ]; do :; done; cat $f >&3; rm $f",
                              background, count);
    run(w, SCRIPTS(script), lenient);
    assert_int_equal(w->err.code, ERR_NONE);
    assert_all_dead(w->output, count);
    assert_childless();
    str_free(&script);
}

static void what_leaves_its_group_is_killed(void **state)
{
    struct world *w = *state;
    run_leaving(w, "setsid sh -c 'echo $$ >> $f; exec sleep 1000' &", 1);
    /* a daemon: a session of its own, and its parent has ended */
    run_leaving(w, "setsid sh -c 'setsid sh -c \"echo \\$\\$ >> $f; exec sleep 1000\" & exit'", 1);
    /* below one that is killed, and ignores what can be ignored */
    run_leaving(w, "setsid sh -c 'trap \"\" 1 2 3 15; echo $$ >> $f; setsid sleep 1000 & echo $! >> $f; wait' &", 2);
    run_leaving(w, "for i in 1 2 3 4 5 6 7 8 9 10; do setsid sh -c 'echo $$ >> $f; exec sleep 1000' & done", 10);
}

/* A file that programs may write to, though they are never root. */
static void make_file(char path[static 32])
{
    strcpy(path, "/tmp/sluice-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0666), 0);
    close(fd);
}

/* The number in the file, when it is there. */
static pid_t await_number(struct world *w, const char *path)
{
    long number = 0;
    char newline = '\0';
    while (newline != '\n') {
        uv_run(loop_uv(w->loop), UV_RUN_NOWAIT);
        assert_int_equal(w->done_count, 0);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        if (fscanf(file, "%ld%c", &number, &newline) != 2) {
            newline = '\0';
        }
        fclose(file);
    }
    unlink(path);
    return (pid_t)number;
}

static struct pipeline *start_daemon(struct world *w, pid_t *pid)
{
    char path[32];
    make_file(path);
    char *script =
        str_format("setsid sh -c 'setsid sh -c \"echo \\$\\$ > %s; exec sleep 1000\" & exit'; sleep 1000", path);
    struct pipeline *pipeline = start(w, SCRIPTS(script), lenient);
    str_free(&script);
    *pid = await_number(w, path);
    return pipeline;
}

static void each_ends_its_own_only(void **state)
{
    struct world *w = *state;
    pid_t daemon;
    struct pipeline *other = start_daemon(w, &daemon);
    start(w, SCRIPTS("true"), lenient);
    while (w->done_count == 0) {
        uv_run(loop_uv(w->loop), UV_RUN_ONCE);
    }
    assert_int_equal(kill(daemon, 0), 0);
    pipeline_cancel(other);
    loop_run(w->loop);
    assert_dead(daemon);
    assert_childless();
}

static void kill_child(void *ctx, pid_t pid)
{
    kill(pid, SIGKILL);
}

/* A program can kill its supervisor where both have the same user. What it has left becomes ours. */
static void a_killed_supervisor_leaves_nobody(void **state)
{
    struct world *w = *state;
    pid_t daemon;
    struct orphans *orphans = orphans_new(w->loop);
    start_daemon(w, &daemon);
    assert_true(children_each(kill_child, NULL));
    while (w->done_count == 0 || kill(daemon, 0) == 0) {
        uv_run(loop_uv(w->loop), UV_RUN_ONCE);
    }
    assert_string_equal(w->err.text, "the process that watches over it was killed");
    assert_dead(daemon);
    orphans_free(orphans);
    assert_childless();
}

/* As the init of a container gets them. */
static void orphans_of_others_are_waited_for(void **state)
{
    struct world *w = *state;
    struct orphans *orphans = orphans_new(w->loop);
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    while (kill(child, 0) == 0) {
        uv_run(loop_uv(w->loop), UV_RUN_ONCE);
    }
    assert_childless();
    orphans_free(orphans);
}

/* What we leave when we are killed has a supervisor that sees it. */
static void nobody_survives_us(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t parent = fork();
    if (parent == 0) {
        struct world own = {.loop = loop_new()};
        pid_t daemon;
        start_daemon(&own, &daemon);
        _exit(write(ends[1], &daemon, sizeof daemon) == sizeof daemon ? 0 : 1);
    }
    pid_t daemon = 0;
    close(ends[1]);
    assert_int_equal(read(ends[0], &daemon, sizeof daemon), sizeof daemon);
    close(ends[0]);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    while (kill(daemon, 0) == 0) {
        sched_yield();
    }
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
    assert_int_equal(w->done_count, 0);
    assert_childless();
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
        TEST(what_leaves_its_group_is_killed),
        TEST(each_ends_its_own_only),
        TEST(a_killed_supervisor_leaves_nobody),
        TEST(orphans_of_others_are_waited_for),
        TEST(nobody_survives_us),
        TEST(what_writes_too_much_is_killed),
        TEST(limits_hold),
        TEST(what_cannot_be_run_says_so),
        TEST(a_cancelled_one_is_gone_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
