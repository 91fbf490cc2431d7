/* The flags of a command: how they are read, and how help lists them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/cli.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

static const struct cli_flag table[] = {
    {"f", "PATH", "where it is"},
    {"A", NULL, "all of them"},
    {"why", "TEXT", NULL},
    {"serve", NULL, "stay, and say so in a text that is long enough to need more than the one line that it has"},
    {"a-name-that-is-long", "VALUE", "what"},
    CLI_COMMON,
    {0},
};

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct buf *taken = ctx;
    if (name != NULL && strcmp(name, "f") == 0 && strcmp(value, "bad") == 0) {
        return err_set(err, ERR_INVALID, "bad is bad");
    }
    return buf_printf(taken, "%s=%s;", name != NULL ? name : "", value != NULL ? value : "");
}

/* Up to five words; what was taken, or the error. */
static void expect(const char *said, const char *const words[5])
{
    char *argv[5];
    int argc = 0;
    struct buf taken;
    struct err err = {0};
    buf_init(&taken, 1000);
    for (; argc < 5 && words[argc] != NULL; argc++) {
        argv[argc] = (char *)words[argc];
    }
    bool ok = cli_read(table, argc, argv, take, &taken, &err);
    assert_string_equal(ok ? buf_str(&taken) : err.text, said);
    buf_fini(&taken);
}

static void test_forms(void **state)
{
    expect("f=x;f=y;f=z;why=;", (const char *const[5]){"-f=x", "--f=y", "-f", "z", "--why="});
    expect("serve=;=word;=-;help=;", (const char *const[5]){"-serve", "word", "-", "--help"});
    expect("f=-x;", (const char *const[5]){"-f", "-x"});
}

/* As kubectl reads them. */
static void test_letters(void **state)
{
    expect("f=x;f=x=y;f==;", (const char *const[5]){"-fx", "-fx=y", "-f=="});
    expect("A=;f=x;A=;A=;", (const char *const[5]){"-Afx", "-AA"});
    expect("A=;f=x;A=;f=y;", (const char *const[5]){"-Af", "x", "-Af=y"});
    expect("f=A;serve=;f=f=;", (const char *const[5]){"-fA", "-serve", "-ff="});
    expect("f=x;=-f;=--nope;", (const char *const[5]){"-fx", "--", "-f", "--nope"});
    expect("f=--;A=;", (const char *const[5]){"-f", "--", "-A"});
    expect("-x: unknown flag, in -Axf", (const char *const[5]){"-Axf", "y"});
    expect("--: unknown flag, in -A-", (const char *const[5]){"-A-"});
    expect("-xA: unknown flag", (const char *const[5]){"-xA"});
    expect("--fx: unknown flag", (const char *const[5]){"--fx"});
    expect("-A=x: true or false is wanted, or nothing behind it", (const char *const[5]){"-A=x"});
    expect("-A=: true or false is wanted, or nothing behind it", (const char *const[5]){"-AA="});
    expect("-f: its value is missing, wanted PATH", (const char *const[5]){"-Af"});
}

static void test_refused(void **state)
{
    expect("--nope: unknown flag", (const char *const[5]){"--nope=1"});
    expect("-f: its value is missing, wanted PATH", (const char *const[5]){"--serve", "-f"});
    expect("--a-name-that-is-long: its value is missing, wanted VALUE", (const char *const[5]){"-a-name-that-is-long"});
    expect("--serve=yes: true or false is wanted, or nothing behind it", (const char *const[5]){"--serve=yes"});
    expect("bad is bad", (const char *const[5]){"-f", "bad", "--nope"});
    expect("", (const char *const[5]){"--"});
    expect("-f: PATH is wanted, got \"\"", (const char *const[5]){"-f", ""});
    expect("-f: PATH is wanted, got \"\"", (const char *const[5]){"-Af="});
    expect("a word is empty: \"\"", (const char *const[5]){"-A", ""});
    expect("a word is empty: \"\"", (const char *const[5]){"--", ""});
}

static void test_switches(void **state)
{
    expect("A=;serve=;help=;", (const char *const[5]){"-A=true", "--serve=1", "--help=T"});
    expect("f=x;", (const char *const[5]){"-A=false", "--serve=F", "-f=x", "--help=0"});
    expect("A=;A=;f=x;", (const char *const[5]){"-AA=t", "-f=x"});
    expect("serve=;=true;", (const char *const[5]){"--serve", "true"});
}

static void test_help(void **state)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    cli_print(table, out);
    fclose(out);
    assert_string_equal(text, "  -f PATH             where it is\n"
                              "  -A                  all of them\n"
                              "  --serve             stay, and say so in a text that is long enough to need\n"
                              "                      more than the one line that it has\n"
                              "  --a-name-that-is-long VALUE\n"
                              "                      what\n"
                              "  --help              print this and end\n"
                              "  --version           print the version and end\n");
    mem_free(text);
}

static void expect_listen(const char *value, const char *host, int port)
{
    char *got_host = NULL;
    int got_port = -1;
    struct err err = {0};
    bool ok = cli_read_listen("--listen", value, &got_host, &got_port, &err);
    assert_string_equal(ok ? got_host : err.text, host);
    assert_int_equal(got_port, port);
    str_free(&got_host);
}

static void test_listen(void **state)
{
    expect_listen("127.0.0.1:8090", "127.0.0.1", 8090);
    expect_listen("[::1]:0", "[::1]", 0);
    expect_listen(":65535", "", 65535);
    for (size_t i = 0; i < 7; i++) {
        static const char *const bad[] = {"", "8090", "a:", "a:65536", "a:-1", "a: 1", "a:9999999999999999999"};
        char text[100];
        snprintf(text, sizeof text, "--listen %s: expected HOST:PORT, as in 127.0.0.1:8090", bad[i]);
        expect_listen(bad[i], text, -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),    cmocka_unit_test(test_letters), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_switches), cmocka_unit_test(test_help),    cmocka_unit_test(test_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
