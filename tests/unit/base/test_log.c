#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/doc.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/str.h"

static char last[128 * 1024];
static int lines;

static void keep(void *ctx, const char *line)
{
    assert_ptr_equal(ctx, &lines);
    assert_true(str_copy(last, sizeof last, line));
    lines++;
}

static int catch_lines(void **state)
{
    lines = 0;
    log_set_sink(keep, &lines);
    log_set_level(LOG_INFO);
    log_set_console(false);
    return 0;
}

static int let_go(void **state)
{
    log_set_sink(NULL, NULL);
    log_set_console(false);
    log_set_level(LOG_INFO);
    return 0;
}

static struct doc *parse_last(void)
{
    struct err err = {0};
    struct doc *doc = doc_parse(last, strlen(last), &err);
    assert_non_null(doc);
    return doc;
}

static void a_line_has_the_keys_of_flagger(void **state)
{
    log_write(LOG_WARN, "rollout/actor.c", 42, "podinfo.test", "weight %d", 5);
    struct doc *doc = parse_last();
    const struct node *n = doc_root(doc);
    assert_true(node_is(node_get(n, "level"), "warn"));
    assert_true(node_is(node_get(n, "caller"), "rollout/actor.c:42"));
    assert_true(node_is(node_get(n, "msg"), "weight 5"));
    assert_true(node_is(node_get(n, "canary"), "podinfo.test"));
    const char *ts = node_str(node_get(n, "ts"));
    struct err err = {0};
    int64_t ms;
    assert_true(time_parse(ts, &ms, &err));
    assert_int_equal(strlen(ts), strlen("2026-03-11T08:15:07.123Z"));
    doc_free(doc);

    log_info(NULL, "no canary");
    doc = parse_last();
    assert_int_equal(node_count(doc_root(doc)), 4);
    doc_free(doc);
}

static void any_bytes_make_valid_json(void **state)
{
    char message[256];
    for (int i = 0; i < 255; i++)
        message[i] = (char)(i + 1);
    message[255] = '\0';
    log_error("x\"y\n", "%s", message);
    struct doc *doc = parse_last();
    const char *text = node_str(node_get(doc_root(doc), "msg"));
    assert_memory_equal(text, message, 127); /* all of ASCII comes through */
    assert_true(str_has_prefix(text + 127, "\xEF\xBF\xBD"));
    assert_true(node_is(node_get(doc_root(doc), "canary"), "x\"y\n"));
    assert_null(strchr(last, '\n'));
    doc_free(doc);
}

static void a_huge_message_is_cut_and_the_line_stays_whole(void **state)
{
    static char huge[100000];
    memset(huge, 1, sizeof huge - 1); /* the worst: six bytes for one */
    log_info("a.b", "%s", huge);
    struct doc *doc = parse_last();
    assert_int_equal(strlen(node_str(node_get(doc_root(doc), "msg"))), 8192);
    assert_true(node_is(node_get(doc_root(doc), "canary"), "a.b"));
    doc_free(doc);
}

static void levels_filter(void **state)
{
    log_debug(NULL, "unseen");
    assert_int_equal(lines, 0);
    log_set_level(LOG_DEBUG);
    log_debug(NULL, "seen");
    assert_int_equal(lines, 1);
    log_set_level(LOG_ERROR);
    log_warn(NULL, "unseen");
    assert_int_equal(lines, 1);
    assert_true(log_enabled(LOG_FATAL) && !log_enabled(LOG_INFO));
    assert_int_equal(log_level_parse("debug"), LOG_DEBUG);
    assert_int_equal(log_level_parse("error"), LOG_ERROR);
    assert_int_equal(log_level_parse("panic"), LOG_FATAL);
    assert_int_equal(log_level_parse("loud"), LOG_INFO);
    assert_int_equal(log_level_parse(NULL), LOG_INFO);
}

static void the_console_form_is_tab_separated(void **state)
{
    log_set_console(true);
    log_write(LOG_INFO, "a.c", 1, "c.n", "hello");
    const char *rest = strchr(last, '\t');
    assert_non_null(rest);
    assert_string_equal(rest, "\tinfo\ta.c:1\thello\t{\"canary\": \"c.n\"}");
}

/* Whatever a message or a name quotes, it makes no line of its own, and no terminal obeys it. */
static void a_message_is_one_line(void **state)
{
    static const char message[] =
        "no\n2026-01-01\tinfo\tall is \"well\"\r\033[31m\x7f\xC2\x9b\xE2\x80\xAE\xE2\x80\xA8\xFF \xC3\xA9";
    log_set_console(true);
    log_write(LOG_INFO, "a.c", 1, "c\"\n.n", "%s", message);
    assert_string_equal(
        strchr(last, '\t'),
        "\tinfo\ta.c:1\tno\\n2026-01-01\\tinfo\\tall is \"well\"\\r\\u001b[31m\\u007f\\u009b\\u202e\\u2028"
        "\xEF\xBF\xBD \xC3\xA9\t{\"canary\": \"c\\\"\\n.n\"}");
    log_set_console(false);
    log_info(NULL, "%s", message);
    assert_non_null(strstr(
        last, "\"no\\n2026-01-01\\tinfo\\tall is \\\"well\\\"\\r\\u001b[31m\\u007f\\u009b\\u202e\\u2028\xEF\xBF\xBD "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_has_the_keys_of_flagger, catch_lines, let_go),
        cmocka_unit_test_setup_teardown(any_bytes_make_valid_json, catch_lines, let_go),
        cmocka_unit_test_setup_teardown(a_huge_message_is_cut_and_the_line_stays_whole, catch_lines, let_go),
        cmocka_unit_test_setup_teardown(levels_filter, catch_lines, let_go),
        cmocka_unit_test_setup_teardown(the_console_form_is_tab_separated, catch_lines, let_go),
        cmocka_unit_test_setup_teardown(a_message_is_one_line, catch_lines, let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
