/* What sluice check finds in files. */
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

#include "app/check_inner.h"
#include "base/mem.h"
#include "fake_file.h"

#define HEAD "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: web, namespace: shop}\n"
#define TARGET "  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n"
#define GOOD HEAD "spec:\n" TARGET "  service: {port: 80}\n  analysis: {interval: 1m, threshold: 5, stepWeight: 10}\n"

struct world {
    char folder[64];
    struct check check;
};

static void set_up(struct world *w)
{
    struct err err = {0};
    strcpy(w->folder, "/tmp/sluice-check-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    assert_true(check_init(&w->check, "istio", &err));
}

static void tear_down(struct world *w)
{
    char *command = str_format("rm -r %s", w->folder);
    assert_int_equal(system(command), 0);
    mem_free(command);
    check_fini(&w->check);
}

/* What `print` says, without the folder's name. */
static char *printed(const struct world *w, void (*print)(const struct check *check, FILE *out))
{
    char *text = NULL, *at;
    size_t len = 0, skipped = strlen(w->folder) + 1;
    FILE *out = open_memstream(&text, &len);
    print(&w->check, out);
    fclose(out);
    while ((at = strstr(text, w->folder)) != NULL) {
        memmove(at, at + skipped, strlen(at + skipped) + 1);
    }
    return text;
}

static void expect_printed(const struct world *w, const char *wanted)
{
    char *text = printed(w, check_print_text);
    assert_string_equal(text, wanted);
    mem_free(text);
}

static void expect(const char *file, const char *wanted)
{
    struct world w;
    set_up(&w);
    fake_file_write_in(w.folder, "a.yaml", file);
    check_path(&w.check, w.folder);
    expect_printed(&w, wanted);
    assert_int_equal(w.check.errors.count, 0);
    tear_down(&w);
}

static void test_accepted(void **state)
{
    expect(GOOD, "accepted shop/web (a.yaml:1)\n1 Canary: 1 accepted, 0 refused\n");
}

/* Each reason of the API server's, and the engine's where the API server has none about that field. */
static void test_refused(void **state)
{
    expect(
        HEAD "spec:\n" TARGET "  service: {port: x}\n  skipAnalysis: true\n  analysis:\n    interval: 1m\n"
             "    threshold: true\n    stepWeight: 10\n",
        "refused  shop/web (a.yaml:1)\n"
        "  a.yaml:10:16: spec.analysis.threshold: Invalid value: \"boolean\": spec.analysis.threshold in body must be "
        "of type number: \"boolean\"\n"
        "  a.yaml:6:19: spec.service.port: Invalid value: \"string\": spec.service.port in body must be of type "
        "number: \"string\"\n"
        "1 Canary: 0 accepted, 1 refused\n");
    expect(HEAD "spec:\n  service: {port: 80}\n  analysis: {interval: 1m, threshold: 5, stepWeight: 10}\n",
           "refused  shop/web (a.yaml:1)\n  a.yaml:5:3: spec.targetRef: Required value\n"
           "1 Canary: 0 accepted, 1 refused\n");
    expect(HEAD "spec:\n" TARGET "  service: {port: 80}\n  revertOnDeletion: true\n"
                "  analysis: {interval: 1m, threshold: 5, stepWeight: 10}\n",
           "refused  shop/web (a.yaml:1)\n  a.yaml:7:21: spec.revertOnDeletion is not supported yet\n"
           "1 Canary: 0 accepted, 1 refused\n");
    expect("apiVersion: flagger.app/v1alpha3\nkind: Canary\nmetadata: {name: old}\n",
           "refused  old (a.yaml:1)\n"
           "  a.yaml:1:13: apiVersion: flagger.app/v1alpha3 is not served, only flagger.app/v1beta1\n"
           "1 Canary: 0 accepted, 1 refused\n");
    expect(
        HEAD "spec:\n" TARGET "  service: {port: 80}\n  analysis: {interval: 30, threshold: 5, stepWeight: 10}\n",
        "refused  shop/web (a.yaml:1)\n"
        "  a.yaml:7:24: spec.analysis.interval: Invalid value: \"integer\": spec.analysis.interval in body must be of "
        "type string: \"integer\", wanted a duration such as 30s or 1m\n"
        "1 Canary: 0 accepted, 1 refused\n");
    expect(
        "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: 3\nspec: {}\n",
        "refused  (without a name) (a.yaml:1)\n"
        "  a.yaml:3:11: metadata: Canary in version \"v1beta1\" cannot be handled as a Canary: json: cannot unmarshal "
        "number into Go struct field ObjectMeta.metadata of type v1.ObjectMeta\n"
        "  a.yaml:4:7: spec.targetRef.name is missing\n"
        "  a.yaml:4:7: spec.analysis is missing\n"
        "  a.yaml:4:7: spec.service.port is missing\n"
        "  a.yaml:4:7: spec.targetRef.kind is missing\n"
        "1 Canary: 0 accepted, 1 refused\n");
    expect(
        "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: [a]\nspec: {}\n",
        "refused  (without a name) (a.yaml:1)\n"
        "  a.yaml:3:11: metadata: Canary in version \"v1beta1\" cannot be handled as a Canary: json: cannot unmarshal "
        "array into Go struct field ObjectMeta.metadata of type v1.ObjectMeta\n"
        "  a.yaml:4:7: spec.targetRef.name is missing\n"
        "  a.yaml:4:7: spec.analysis is missing\n"
        "  a.yaml:4:7: spec.service.port is missing\n"
        "  a.yaml:4:7: spec.targetRef.kind is missing\n"
        "1 Canary: 0 accepted, 1 refused\n");
}

/* What the API server says of no field: a oneOf that several alternatives or none fit, with what it means. */
static void test_choices(void **state)
{
    static const char *const cases[][2] = {
        {"  analysis: {interval: 1m, threshold: 5, stepWeight: 10, iterations: 3}\n",
         "  a.yaml:7:13: spec.analysis: wanted one of iterations, stepWeight or stepWeights alone, there are "
         "iterations and stepWeight\n"},
        {"  analysis: {interval: 1m, threshold: 5, maxWeight: 50}\n",
         "  a.yaml:7:13: spec.analysis: wanted one of iterations, stepWeight or stepWeights, or a "
         "spec.strategy, none is there\n"},
        {"  analysis: {threshold: 5, stepWeight: 10}\n", "  a.yaml:7:13: spec.analysis.interval: Required value\n"},
        {"  analysis:\n    {interval: 1m, threshold: 5, iterations: 3, match: [{headers: {a: {exact: b, prefix: "
         "c}}}]}\n",
         "  a.yaml:8:71: spec.analysis.match[0].headers.a: wanted one of exact, prefix, suffix or regex alone, there "
         "are exact and prefix\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *file = str_format(HEAD "spec:\n" TARGET "  service: {port: 80}\n%s", cases[i][0]);
        char *wanted = str_format("refused  shop/web (a.yaml:1)\n%s1 Canary: 0 accepted, 1 refused\n", cases[i][1]);
        expect(file, wanted);
        mem_free(file);
        mem_free(wanted);
    }
}

/* spec.strategy without a name says what a release does while a check is blind. */
static void test_rules_for_blind_checks(void **state)
{
    static const char *const cases[][2] = {
        {"{params: {blind: hold, min_requests: 20, blind_timeout: 30m, otherwise: promote}}", NULL},
        {"{params: {blind: maybe}}", "spec.strategy.params.blind: \"maybe\" is not one of fail, hold, ignore"},
        {"{params: {min_requests: 0}}", "spec.strategy.params.min_requests: at least 1 is wanted, got 0"},
        {"{params: {otherwise: rollback}}",
         "spec.strategy.params.otherwise: it says what follows a blind_timeout, and there is none"},
        {"{params: {blnd: hold}}", "spec.strategy.params.blnd: there is no such parameter, known are blind, "
                                   "min_requests, blind_timeout, otherwise"},
        {"{}", "spec.strategy: wanted a name, or params without a namespace for the strategy that the analysis stands "
               "for"},
        {"{namespace: x, params: {blind: hold}}", "spec.strategy: wanted a name, or params without a namespace for the "
                                                  "strategy that the analysis stands for"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *file = str_format(GOOD "  strategy: %s\n", cases[i][0]);
        struct world w;
        set_up(&w);
        fake_file_write_in(w.folder, "a.yaml", file);
        check_path(&w.check, w.folder);
        check_end(&w.check);
        char *text = printed(&w, check_print_text);
        if (cases[i][1] == NULL ? strstr(text, "accepted") != text : strstr(text, cases[i][1]) == NULL) {
            fail_msg("%s: %s", cases[i][0], text);
        }
        mem_free(text);
        tear_down(&w);
        mem_free(file);
    }
}

static void test_warned(void **state)
{
    expect(GOOD "  stepWieght: 5\n", "accepted shop/web (a.yaml:1)\n  warning: unknown field \"spec.stepWieght\"\n"
                                     "1 Canary: 1 accepted, 0 refused\n");
}

/* Documents, Lists within Lists, other kinds, and what is no object at all. */
static void test_streams(void **state)
{
    expect("# nothing\n---\n" GOOD "---\napiVersion: v1\nkind: List\nitems:\n- kind: Service\n- kind: CanaryList\n"
           "  items:\n  - apiVersion: flagger.app/v1beta1\n    kind: Canary\n    metadata: {generateName: "
           "x-}\n---\nhello\n"
           "---\nkind: Canary\napiVersion: other.io/v1\n",
           "accepted shop/web (a.yaml:3)\n"
           "refused  (without a name) (a.yaml:17)\n"
           "  a.yaml:17:5: spec: Required value\n"
           "2 Canaries: 1 accepted, 1 refused\n"
           "passed over: 1 without a kind, 1 Canary, 1 Service\n");
}

/* JSON has escapes that YAML has not; folders are read in the order of names, what is hidden is not, and a file is read
 * whatever it is called. */
static void test_files(void **state)
{
    struct world w;
    set_up(&w);
    char *inner = str_format("%s/b", w.folder), *plain = str_format("%s/z.txt", w.folder);
    assert_int_equal(mkdir(inner, 0700), 0);
    fake_file_write_in(w.folder, "b/c.json", "{\"kind\":\"\\ud83d\\ude00\"}");
    fake_file_write_in(w.folder, ".hidden.yaml", GOOD);
    fake_file_write_in(w.folder, "a.yml", "kind: A");
    fake_file_write_in(w.folder, "z.txt", GOOD);
    check_path(&w.check, w.folder);
    check_path(&w.check, plain);
    expect_printed(&w, "accepted shop/web (z.txt:1)\n1 Canary: 1 accepted, 0 refused\n"
                       "passed over: 1 A, 1 \xf0\x9f\x98\x80\n");
    assert_int_equal(w.check.errors.count, 0);
    mem_free(inner);
    mem_free(plain);
    tear_down(&w);
}

static void test_unreadable(void **state)
{
    struct world w;
    set_up(&w);
    fake_file_write_in(w.folder, "a.yaml", "a: b\nname: {{ .Values.name }}\n");
    fake_file_write_in(w.folder, "b.yaml", GOOD);
    check_path(&w.check, w.folder);
    assert_int_equal(w.check.errors.count, 1);
    assert_non_null(strstr(w.check.errors.items[0], "/a.yaml:2:8: a key must be a string"));
    assert_true(w.check.has_templates);
    expect_printed(&w, "accepted shop/web (b.yaml:1)\n1 Canary: 1 accepted, 0 refused\n");
    check_path(&w.check, "/no/such");
    assert_string_equal(w.check.errors.items[1], "/no/such: No such file or directory");
    tear_down(&w);
}

static void test_json(void **state)
{
    struct world w;
    set_up(&w);
    fake_file_write_in(w.folder, "a.yaml",
                       HEAD "spec:\n" TARGET "  service: {port: 80}\n  revertOnDeletion: true\n"
                            "  analysis: {interval: 1m, threshold: 5, stepWeight: 10}\n---\nkind: Service\n");
    check_path(&w.check, w.folder);
    char *text = printed(&w, check_print_json);
    assert_string_equal(text,
                        "{\"version\":1,\"accepted\":0,\"refused\":1,\"canaries\":[{\"namespace\":\"shop\","
                        "\"name\":\"web\",\"accepted\":false,\"file\":\"a.yaml\",\"line\":1,\"reasons\":[{"
                        "\"field\":\"spec.revertOnDeletion\",\"message\":\"spec.revertOnDeletion is not supported "
                        "yet\",\"by\":\"engine\",\"line\":7,\"column\":21}],\"warnings\":[]}],"
                        "\"passedOver\":{\"Service\":1},\"files\":1,\"findings\":[],\"errors\":[]}\n");
    mem_free(text);
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_rules_for_blind_checks),
        cmocka_unit_test(test_warned),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_choices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
