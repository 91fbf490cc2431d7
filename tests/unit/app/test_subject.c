/* What a command is about: the spellings that kubectl takes, as it answered to each of them, and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/subject.h"

static void expect_all(const char *const *kinds, unsigned wanted, enum subject_kind kind)
{
    for (; *kinds != NULL; kinds++) {
        char word[100];
        struct subject subject;
        struct err err = {0};
        snprintf(word, sizeof word, "%s/shop", *kinds);
        assert_true(subject_read(word, wanted, &subject, &err));
        assert_int_equal(subject.kind, kind);
        assert_string_equal(subject.name, "shop");
    }
}

static void test_kinds_of_kubectl(void **state)
{
    static const char *const canaries[] = {"canary",
                                           "canaries",
                                           "Canary",
                                           "CANARY",
                                           "Canaries",
                                           "canary.flagger.app",
                                           "canaries.flagger.app",
                                           "Canary.flagger.app",
                                           "canary.v1beta1.flagger.app",
                                           "canaries.v1beta1.flagger.app",
                                           "canary.v1beta1.",
                                           "canary.flagger",
                                           "canary.f",
                                           "canary.",
                                           NULL};
    static const char *const deployments[] = {"deployment",  "deployments",     "deploy",
                                              "Deployment",  "deployment.apps", "deployments.v1.apps",
                                              "deploy.apps", "deploy.v1.apps",  NULL};
    static const char *const sets[] = {"daemonset", "DaemonSets", "ds", "ds.apps", "daemonset.v1.apps", NULL};
    expect_all(canaries, SUBJECT_CANARY, SUBJECT_CANARY);
    expect_all(canaries, SUBJECT_ANY, SUBJECT_CANARY);
    expect_all(deployments, SUBJECT_ANY, SUBJECT_DEPLOYMENT);
    expect_all(sets, SUBJECT_ANY, SUBJECT_DAEMONSET);
    expect_all((const char *const[]){"release", "Releases", "releases.sluice.dev", "release.v1alpha1.sluice.dev", NULL},
               SUBJECT_ANY, SUBJECT_RELEASE);
}

static void test_a_bare_name(void **state)
{
    struct subject subject;
    struct err err = {0};
    assert_true(subject_read("shop.a-1", SUBJECT_CANARY, &subject, &err));
    assert_string_equal(subject.name, "shop.a-1");
    assert_true(subject_read("shop", SUBJECT_CANARY | SUBJECT_RELEASE, &subject, &err));
    assert_int_equal(subject.kind, SUBJECT_CANARY);
    assert_true(subject_read("release/shop-1", SUBJECT_CANARY | SUBJECT_RELEASE, &subject, &err));
    assert_int_equal(subject.kind, SUBJECT_RELEASE);
    assert_false(subject_read("ds/shop", SUBJECT_CANARY | SUBJECT_RELEASE, &subject, &err));
    assert_string_equal(err.text, "\"ds/shop\" has a kind that this command does not take: NAME, canary/NAME or "
                                  "release/NAME is wanted");
    assert_false(subject_read("shop", SUBJECT_ANY, &subject, &err));
    assert_string_equal(err.text,
                        "\"shop\" has no kind: deployment/NAME, daemonset/NAME, canary/NAME or release/NAME is wanted");
}

static void test_refused(void **state)
{
    static const char *const kinds[] = {"canaryfoo/shop",
                                        "canar/shop",
                                        "cn/shop",
                                        "/shop",
                                        "canary.x/shop",
                                        "canary.flagger.app.x/shop",
                                        "canary.V1beta1.flagger.app/shop",
                                        "canary.v1.flagger.app/shop",
                                        "canary.v1beta1/shop",
                                        "canary.v1./shop",
                                        "canary.v1beta1.flagger/shop",
                                        "canary.flagger.app./shop",
                                        "canary.flagger.App/shop",
                                        "xcanary/shop",
                                        "canary foo/shop",
                                        "deployment/shop",
                                        "canaries.flagger.app2/shop"};
    static const char *const names[] = {"",      "canary/",     "canary/a/b", "Shop",     "canary/Shop", "shop!",
                                        "-shop", "shop\nother", "a..b",       "canary//", "sh op",       "%2e%2e"};
    struct subject subject;
    struct err err = {0};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char text[200];
        assert_false(subject_read(kinds[i], SUBJECT_CANARY, &subject, &err));
        snprintf(text, sizeof text, "\"%s\" has a kind that this command does not take: NAME or canary/NAME is wanted",
                 kinds[i]);
        assert_string_equal(err.text, text);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_false(subject_read(names[i], SUBJECT_CANARY, &subject, &err));
        assert_non_null(strstr(err.text, "NAME or canary/NAME is wanted, a name of small letters, digits, - and ."));
        assert_null(strchr(err.text, '\n'));
    }
    assert_false(subject_read("Deploy/shop", SUBJECT_ANY, &subject, &err));
    assert_false(subject_read("pod/shop", SUBJECT_ANY, &subject, &err));
    assert_false(subject_read("deploy", SUBJECT_ANY, &subject, &err)); /* "deploy shop", which kubectl takes, too */
    assert_string_equal(err.text, "\"deploy\" has no name: deploy/NAME is wanted, as one word");
    assert_true(subject_read("canary", SUBJECT_CANARY, &subject, &err));
    assert_string_equal(subject.name, "canary");
}

static void test_a_long_name(void **state)
{
    static char name[100000];
    struct subject subject;
    struct err err = {0};
    memset(name, 'a', 253);
    assert_true(subject_read(name, SUBJECT_CANARY, &subject, &err));
    memset(name, 'a', sizeof name - 1);
    assert_false(subject_read(name, SUBJECT_CANARY, &subject, &err));
    assert_true(strlen(err.text) < 300);
    assert_non_null(strstr(err.text, "...\": NAME or canary/NAME is wanted"));
}

static void test_a_namespace(void **state)
{
    struct err err = {0};
    assert_true(subject_check_namespace("-n", "test-1", &err));
    assert_false(subject_check_namespace("-n", "", &err));
    assert_string_equal(err.text, "-n \"\": a namespace is wanted, a name of small letters, digits and -");
    assert_false(subject_check_namespace("-n", "a.b", &err));
    assert_false(subject_check_namespace("-n", "../kube-system", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_of_kubectl), cmocka_unit_test(test_a_bare_name), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_a_long_name),      cmocka_unit_test(test_a_namespace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
