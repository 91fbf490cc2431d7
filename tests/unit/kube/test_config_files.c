/* Several files as one kubeconfig: held to what `kubectl config view --minify --flatten` made of the same files. */
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
#include "fake_file.h"
#include "kube/config.h"

struct world {
    char folder[32];
    struct kube_config config;
    struct err err;
};

static const char *const names[] = {"one/a", "two/b", "two/token", "broken"};

static int setup(void **state)
{
    static const char *const folders[] = {"one", "two"};
    struct world *w = mem_new(struct world);
    str_copy(w->folder, sizeof w->folder, "/tmp/test-config-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    for (size_t i = 0; i < 2; i++) {
        char *path = str_format("%s/%s", w->folder, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
        str_free(&path);
    }
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    static const char *const rest[] = {"one", "two", ""};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof names / sizeof names[0] + 3; i++) {
        bool is_file = i < sizeof names / sizeof names[0];
        char *path = str_format("%s/%s", w->folder, is_file ? names[i] : rest[i - sizeof names / sizeof names[0]]);
        remove(path);
        str_free(&path);
    }
    kube_config_fini(&w->config);
    mem_free(w);
    return 0;
}

static bool load(struct world *w, const char *context, const char *const *files)
{
    struct str_list paths = {0};
    struct kube_choice choice = {.context = context};
    for (; *files != NULL; files++) {
        char *path = files[0][0] == '/' ? str_dup(*files) : str_format("%s/%s", w->folder, *files);
        str_list_push(&paths, path);
        str_free(&path);
    }
    kube_config_fini(&w->config);
    bool ok = kube_config_load_files(&paths, &choice, &w->config, &w->err);
    str_list_fini(&paths);
    return ok;
}

static void expect_loaded(struct world *w, const char *context, const char *const *files)
{
    if (!load(w, context, files)) {
        fail_msg("%s", w->err.text);
    }
}

/* `text` with every '~' standing for the folder. */
static void expect_failure(struct world *w, const char *const *files, const char *text)
{
    struct buf wanted;
    buf_init(&wanted, 4096);
    assert_false(load(w, NULL, files));
    for (; *text != '\0'; text++) {
        buf_append_str(&wanted, *text == '~' ? w->folder : (const char[]){*text, '\0'});
    }
    assert_string_equal(w->err.text, buf_str(&wanted));
    assert_null(w->config.source);
    buf_fini(&wanted);
}

#define FILES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char first[] = "clusters: [{name: here, cluster: {server: 'https://a:1'}}]\n"
                            "users: [{name: me, user: {token: abc}}]\n"
                            "contexts: [{name: lab, context: {cluster: here, user: me}}]\n";
static const char second[] =
    "current-context: lab\n"
    "clusters: [{name: here, cluster: {server: 'https://b:1', insecure-skip-tls-verify: true}},"
    " {name: there, cluster: {server: 'https://b:2'}}]\n"
    "users: [{name: me, user: {username: x, password: z}}, {name: you, user: {tokenFile: "
    "token}}]\n"
    "contexts: [{name: lab, context: {cluster: there, user: me, namespace: b}},"
    " {name: other, context: {cluster: here, user: you, namespace: other}}]\n";

static void test_the_first_entry_counts_whole(void **state)
{
    struct world *w = *state;
    fake_file_write_in(w->folder, "one/a", first);
    fake_file_write_in(w->folder, "two/b", second);
    expect_loaded(w, NULL, FILES("one/a", "two/b"));
    assert_string_equal(w->config.server, "https://a:1");
    assert_string_equal(w->config.token, "abc");
    assert_string_equal(w->config.namespace, "default");
    assert_null(w->config.username);
    assert_false(w->config.tls.insecure);
    expect_loaded(w, NULL, FILES("two/b", "one/a"));
    assert_string_equal(w->config.server, "https://b:2");
    assert_string_equal(w->config.username, "x");
    assert_string_equal(w->config.namespace, "b");
    assert_null(w->config.token);
}

/* A context of one file, its cluster of another, and a file beside the one that names it. */
static void test_entries_of_several_files(void **state)
{
    struct world *w = *state;
    fake_file_write_in(w->folder, "one/a", first);
    fake_file_write_in(w->folder, "two/b", second);
    fake_file_write_in(w->folder, "two/token", "def");
    expect_loaded(w, "other", FILES("one/a", "two/b"));
    assert_string_equal(w->config.server, "https://a:1");
    assert_string_equal(w->config.namespace, "other");
    char *token = str_format("%s/two/token", w->folder);
    assert_string_equal(w->config.token_file, token);
    str_free(&token);
}

static void test_missing_and_empty_files(void **state)
{
    struct world *w = *state;
    fake_file_write_in(w->folder, "one/a", second);
    expect_loaded(w, NULL, FILES("gone", "/dev/null", "one/a", "gone/too"));
    assert_string_equal(w->config.server, "https://b:2");
    expect_failure(w, FILES("gone", "gone2"), "kubeconfig ~/gone: file ~/gone: cannot open: No such file or directory");
}

static void test_refused(void **state)
{
    struct world *w = *state;
    fake_file_write_in(w->folder, "one/a", first);
    fake_file_write_in(w->folder, "two/b",
                       "current-context: lost\ncontexts: [{name: lost, context: {cluster: nowhere}}]\n");
    fake_file_write_in(w->folder, "broken", "- a\n");
    expect_failure(w, FILES("one/a", "broken"), "kubeconfig ~/broken: it is not a mapping");
    expect_failure(w, FILES("one/a"), "kubeconfig ~/one/a: current-context is not set");
    expect_failure(
        w, FILES("one/a", "two/b"),
        "kubeconfig ~/one/a:~/two/b: context \"lost\" of ~/two/b: there is no entry \"nowhere\" in clusters");
    fake_file_write_in(w->folder, "two/b",
                       "current-context: lab\nusers: [{name: me, user: {token: x}}, {name: me, user: {token: y}}]\n");
    expect_failure(w, FILES("one/a", "two/b"),
                   "kubeconfig ~/two/b: users[1].name: \"me\" is there twice, wanted a name of its own");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_first_entry_counts_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_entries_of_several_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_missing_and_empty_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
