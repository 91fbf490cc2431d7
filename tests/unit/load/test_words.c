#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "load/words.h"

/* "hey|-n|5 || grep|token" */
static char *shown(const struct words *words)
{
    struct str_list programs = {0};
    for (size_t i = 0; i < words->count; i++) {
        char *program = str_list_join(&words->programs[i], "|");
        str_list_push(&programs, program);
        mem_free(program);
    }
    char *text = str_list_join(&programs, " || ");
    str_list_fini(&programs);
    return text;
}

static void expect(const char *text, const char *want)
{
    struct words words;
    struct err err = {0};
    bool ok = words_split(text, &words, &err);
    if (!ok) {
        fail_msg("%s: %s", text, err.text);
    }
    char *got = shown(&words);
    assert_string_equal(got, want);
    mem_free(got);
    words_fini(&words);
}

static void expect_refused(const char *text, const char *want)
{
    struct words words;
    struct err err = {0};
    assert_false(words_split(text, &words, &err));
    if (strstr(err.text, want) == NULL) {
        fail_msg("%s: \"%s\" is not in \"%s\"", text, want, err.text);
    }
    words_fini(&words);
}

static void words_are_split_as_sh_splits_them(void **state)
{
    expect("hey -z 1m  -q 10\t-c 2 http://podinfo:9898/", "hey|-z|1m|-q|10|-c|2|http://podinfo:9898/");
    expect("  hey http://a/\n", "hey|http://a/");
    expect("hey \\\n  -n 5 \\\n http://a/", "hey|-n|5|http://a/");
    expect("hey ''", "hey|");
    expect("hey a'b c'd\"e f\"", "hey|ab cde f");
}

static void quotes_mean_what_they_mean_in_sh(void **state)
{
    expect("curl -sd '{\"a\": $b; `c` \\n}' x", "curl|-sd|{\"a\": $b; `c` \\n}|x");
    expect("curl \"a\\\"b\\$c\\\\d\\ne\" x", "curl|a\"b$c\\d\\ne|x");
    expect("curl \"a\\\nb\"", "curl|ab");
    expect("curl a\\ b\\$c \\'", "curl|a b$c|'");
}

static void nothing_is_expanded(void **state)
{
    expect("curl http://a/?b=* [a] {a,b} ~/x a#b", "curl|http://a/?b=*|[a]|{a,b}|~/x|a#b");
}

static void programs_are_joined_by_pipes(void **state)
{
    expect("curl -sd 'test' http://podinfo-canary.test:9898/token | grep token",
           "curl|-sd|test|http://podinfo-canary.test:9898/token || grep|token");
    expect("a|b | c 'd|e'", "a || b || c|d|e");
}

static void what_only_a_shell_can_do_is_refused_with_its_place(void **state)
{
    expect_refused("hey http://a/; rm -rf /", "character 14, ;: a second command");
    expect_refused("hey http://a/?b=1&c=2", "character 18, &: ");
    expect_refused("a && b", "character 3, &: ");
    expect_refused("a || b", "character 3, |: a second command");
    expect_refused("curl $HOME", "character 6, $: an expansion");
    expect_refused("curl \"$(id)\"", "character 7, $: an expansion");
    expect_refused("curl \"`id`\"", "character 7, `: an expansion");
    expect_refused("curl `id`", "character 6, `: an expansion");
    expect_refused("curl x > /etc/passwd", "character 8, >: a redirection");
    expect_refused("cat < /etc/passwd", "a redirection");
    expect_refused("(id)", "a subshell");
    expect_refused("id # me", "a comment");
    expect_refused("id\nid", "character 3, a new line: a second command");
    expect_refused("a |& b", "character 4, &: ");
}

static void what_is_not_whole_is_refused(void **state)
{
    expect_refused("", "there is no command");
    expect_refused(" \n", "there is no command");
    expect_refused("| grep a", "| has no command beside it");
    expect_refused("curl |", "| has no command beside it");
    expect_refused("curl 'a", "character 6, ': this quote has no end");
    expect_refused("curl \"a\\\"", "character 6, \": this quote has no end");
    expect_refused("curl a\\", "a backslash at the end");
}

static void sizes_are_bounded(void **state)
{
    char *text = mem_alloc(WORDS_TEXT_MAX + 2);
    memset(text, 'a', WORDS_TEXT_MAX);
    struct words words;
    struct err err = {0};
    assert_true(words_split(text, &words, &err));
    assert_int_equal(strlen(words.programs[0].items[0]), WORDS_TEXT_MAX);
    words_fini(&words);
    text[WORDS_TEXT_MAX] = 'a';
    expect_refused(text, "at most 16384 wanted");
    text[WORDS_TEXT_MAX] = '\0';
    for (int i = 0; i < WORDS_TEXT_MAX; i += 2) {
        text[i] = ' ';
    }
    expect_refused(text, "more than 256 words");
    mem_free(text);
    expect_refused("a|a|a|a|a|a|a|a|a", "more than 8 programs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_split_as_sh_splits_them),
        cmocka_unit_test(quotes_mean_what_they_mean_in_sh),
        cmocka_unit_test(nothing_is_expanded),
        cmocka_unit_test(programs_are_joined_by_pipes),
        cmocka_unit_test(what_only_a_shell_can_do_is_refused_with_its_place),
        cmocka_unit_test(what_is_not_whole_is_refused),
        cmocka_unit_test(sizes_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
