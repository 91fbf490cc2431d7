/* What sluice check finds in scripts and Strategies, and where. (spec/tool/scan_spec.lua has what is said of Lua.) */
#include "check_world.h"

static void test_lua(void **state)
{
    expect("a.lua", GOOD, "1 file, 0 errors, 0 warnings\n");
    expect("a.lua", "return +", "a.lua:1:8: error: unexpected symbol near '+'\n1 file, 1 error, 0 warnings\n");
    expect("a_spec.lua", "describe('x', function() it('y', function() end) end)", "1 file, 0 errors, 0 warnings\n");
    expect("a_spec.lua", "describe('x', function() end)",
           "a_spec.lua:1: warning: there is no spec in it, wanted: it(…, function() … end)\n"
           "1 file, 0 errors, 1 warning\n");
    expect("a_spec.lua", "describe(",
           "a_spec.lua:1:10: error: unexpected symbol near '<eof>'\n"
           "1 file, 1 error, 0 warnings\n");
    expect("module.lua", "local text = ... return { name = 'x', text }", "1 file, 0 errors, 0 warnings\n");
    expect("module.lua", "local t = {}\nreturn t.x.y",
           "module.lua:2:1: error: attempt to index field 'x' (a nil value)\n1 file, 1 error, 0 warnings\n");
    expect("a.lua",
           "local made = require('stdlib.strategy')({ name = 'a', run = function(r) r:begin() r:promote() end,\n"
           "  params = { x = 5 } })\nreturn made",
           "a.lua:2:3: error: strategy.params.x: a declaration like param.percent { default = 5 } is wanted, got "
           "number\n1 file, 1 error, 0 warnings\n");
    expect("module.lua", "return { 5, oss.x }",
           "module.lua:1:13: error: unknown global 'oss': is it a text, in quotes, or is local missing?\n1 file, 1 "
           "error, 0 warnings\n");
}

/* An adapter runs in a VM of its own, with other modules. */
static void test_adapter(void **state)
{
    struct world w;
    set_up(&w);
    char *folder = str_format("%s/adapters", w.folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    fake_file_write_in(w.folder, "adapters/orders.lua",
                       "local adapter = require 'stdlib.adapter'\nreturn { ask = adapter.none, x = os }\n");
    expect_printed(&w, "adapters/orders.lua:2:34: error: unknown global 'os': time is rollout:wait\n"
                       "1 file, 1 error, 0 warnings\n");
    str_free(&folder);
}

/* What the engine says when it loads a script has a line, and stands where the text of that line begins. */
static void test_loading(void **state)
{
    expect("a.lua",
           "local strategy = require 'stdlib.strategy'\n  error 'no'\nreturn strategy { name = 'a', run = "
           "function(r) r:begin() r:promote() end }",
           "a.lua:2:3: error: no\n"
           "1 file, 1 error, 0 warnings\n");
    expect("a.lua", "return require 'stdlib.strategy' { run = function(r) r:begin() r:promote() end }",
           "a.lua:1:1: error: strategy.name: a string is wanted, got nil\n1 file, 1 error, 0 warnings\n");
    expect("a.lua",
           "return require 'stdlib.strategy' { name = 'a', params = {\n"
           "  calm = require 'stdlib.param'.percent { default = 120 } },\n"
           "run = function(r) r:begin() r:promote() end }",
           "a.lua:2:3: error: params.calm.default: at most 100 is wanted, got 120\n1 file, 1 error, 0 warnings\n");
}

/* A cluster's engine may have other flags. */
static void test_limits(void **state)
{
    const char *script = "  script: |\n    return require 'stdlib.strategy' { name = 'ring',\n"
                         "    run = function(rollout) rollout:begin() rollout:promote() end }\n";
    static const char *const cases[][2] = {
        {"{memory: 4Mi, queriesPerMinute: 5}", "1 file, 0 errors, 0 warnings\n"},
        {"{memory: 16Mi}", "a.yaml:5:20: warning: spec.limits.memory: \"16Mi\" is more than 8Mi, the most that the "
                           "engine's flag -script-memory allows\n1 file, 0 errors, 1 warning\n"},
        {"{stepTime: soon}", "a.yaml:5:22: error: spec.limits.stepTime: a duration like 20ms, from 5ms to 1s is "
                             "wanted, got \"soon\"\n1 file, 1 error, 0 warnings\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = str_format(STRATEGY("ring") "spec:\n  limits: %s\n%s", cases[i][0], script);
        expect("a.yaml", text, cases[i][1]);
        mem_free(text);
    }
}

/* What a script says in an error is one line, and text alone. */
static void test_hostile_texts(void **state)
{
    expect("a.lua", "error('\\27[31m red\\nb.lua:1:1: error: no \\194\\155m', 0)",
           "a.lua:1:1: error: ?[31m red b.lua:1:1: error: no ?m\n1 file, 1 error, 0 warnings\n");
}

/* Whatever leads to a file, and whoever complains of it. */
static void test_a_file_has_one_name(void **state)
{
    char before[512];
    assert_non_null(getcwd(before, sizeof before));
    static const char *const paths[] = {".", "ring.lua"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct world w;
        char *text = NULL;
        size_t len;
        set_up(&w);
        fake_file_write_in(w.folder, "ring.lua", "local calm = require 'scripts.calm'\n" GOOD);
        fake_file_write_in(w.folder, "calm.lua", "local a = 1\nreturn a.b.c\n");
        FILE *out = open_memstream(&text, &len);
        assert_int_equal(chdir(w.folder), 0);
        check_path(&w.check, paths[i]);
        check_end(&w.check);
        assert_int_equal(chdir(before), 0);
        check_print_findings(&w.check, out);
        fclose(out);
        assert_true(str_has_prefix(text, "calm.lua:2:1: error: attempt to index"));
        assert_null(strstr(text, "./"));
        free(text);
        char *command = str_format("rm -r %s", w.folder);
        assert_int_equal(system(command), 0);
        mem_free(command);
        check_fini(&w.check);
    }
}

/* A script in a manifest is told at the lines of the manifest. */
static void test_manifest(void **state)
{
    expect("a.yaml",
           STRATEGY("ring") "spec:\n  script: |\n\n    local strategy = require 'stdlib.strategy'\n"
                            "    return strategy { name = 'ring', run = function(rollout)\n      rollout:begin()\n"
                            "      rollout:shift(101)\n      rollout:promote()\n    end }\n",
           "a.yaml:10:21: error: shift: weight: a whole number from 0 to 100 is wanted, got 101\n"
           "1 file, 1 error, 0 warnings\n");
    expect("a.yaml", STRATEGY("ring") "spec:\n  modules: {calendar: 'return 5'}\n  script: |-\n      return +\n",
           "a.yaml:7:14: error: unexpected symbol near '+'\n1 file, 1 error, 0 warnings\n");
    expect("a.yaml", STRATEGY("ring") "spec:\n  script: \"\\n\\nreturn +\"\n",
           "a.yaml:5:11: error: line 3 of the script: unexpected symbol near '+'\n1 file, 1 error, 0 warnings\n");
    expect("a.yaml",
           STRATEGY("ring") "spec:\n  modules:\n    calendar: |\n      return 5 +\n  script: return require "
                            "'scripts.calendar'\n",
           "a.yaml:8:7: error: unexpected symbol near '<eof>'\n1 file, 1 error, 0 warnings\n");
    expect("a.yaml", STRATEGY("ring") "spec:\n  script: return 5\n",
           "a.yaml:5:11: error: line 1 of the script: the module gives a number, wanted strategy { name = …, run = … }"
           "\n1 file, 1 error, 0 warnings\n");
    expect("a.yaml", STRATEGY("ring") "spec: {scripts: return 5}\n",
           "a.yaml:4:7: error: spec.script: Required value\n"
           "a.yaml:4:17: warning: unknown field \"spec.scripts\" (is script meant?)\n1 file, 1 error, 1 warning\n");
    expect("a.json",
           "{\"apiVersion\": \"sluice.dev/v1alpha1\", \"kind\": \"Strategy\", \"metadata\": {\"name\": \"ring\"}, "
           "\"spec\": {\"script\": \"return +\"}}",
           "a.json:1:108: error: line 1 of the script: unexpected symbol near '+'\n1 file, 1 error, 0 warnings\n");
}

/* The script of a manifest may be kept in a file beside it. */
static void test_beside(void **state)
{
    struct world w;
    set_up(&w);
    fake_file_write_in(w.folder, "strategy.yaml", STRATEGY("ring") "spec:\n  script: |\n    return +\n");
    fake_file_write_in(w.folder, "ring.lua", "return +\n");
    expect_printed(&w, "ring.lua:1:8: error: unexpected symbol near '+'\n2 files, 1 error, 0 warnings\n");
    set_up(&w);
    fake_file_write_in(w.folder, "strategy.yaml", STRATEGY("ring") "spec:\n  script: |\n    return 5\n");
    fake_file_write_in(w.folder, "ring.lua", GOOD);
    expect_printed(&w, "strategy.yaml:5:11: error: spec.script is not what ring.lua says; sluice check --write brings "
                       "it up to date\n2 files, 1 error, 0 warnings\n");
}

/* What Canaries name is the object. */
static void test_another_name(void **state)
{
    expect("a.yaml",
           STRATEGY("ring") "spec:\n  script: |\n    local x = 5\n    return require 'stdlib.strategy' {\n"
                            "      name = 'rign', run = function(r) r:begin() r:promote() end }\n",
           "a.yaml:8:7: warning: name: \"rign\" counts for nothing, Canaries name this one \"ring\"\n"
           "1 file, 0 errors, 1 warning\n");
    expect("a.lua", GOOD, "1 file, 0 errors, 0 warnings\n"); /* of no object, and not in a folder of -scripts */
    struct world w;
    set_up(&w);
    char *folder = str_format("%s/strategies", w.folder);
    mkdir(folder, 0700);
    fake_file_write_in(w.folder, "strategies/calm.lua", GOOD);
    expect_printed(&w, "strategies/calm.lua:2:36: warning: name: \"ring\" counts for nothing, Canaries name this one "
                       "\"calm\"\n1 file, 0 errors, 1 warning\n");
    str_free(&folder);
}

/* The engine's own have words that a Strategy has not. */
static void test_bundled(void **state)
{
    struct world w;
    size_t count = 0;
    set_up(&w);
    for (size_t i = 0; i < embedded_count; i++) {
        const char *name = embedded_modules[i].name;
        if (str_has_prefix(name, "strategies.") || str_has_prefix(name, "checks.")) {
            char *file = str_format("%s.lua", strchr(name, '.') + 1);
            fake_file_write_in(w.folder, file, embedded_modules[i].source);
            str_free(&file);
            count++;
        }
    }
    char *wanted = str_format("%zu files, 0 errors, 0 warnings\n", count);
    expect_printed(&w, wanted);
    str_free(&wanted);
    expect("ab_test.lua",
           "return require 'stdlib.strategy' { name = 'ab_test', run = function(rollout)\n"
           "rollout:begin() rollout:iterate_matched(rollout:rounds()()) rollout:promote() end }",
           "ab_test.lua:2:25: error: rollout:iterate_matched: it follows the steps of a bundled strategy; shift is for "
           "a Strategy\n1 file, 1 error, 0 warnings\n");
}

static void test_write(void **state)
{
    struct world w;
    set_up(&w);
    fake_file_write_in(
        w.folder, "b.yaml",
        STRATEGY("ring") "spec:\n  script: |\n      return 5\n\n      -- more\n\n  modules: {}\n---\n" STRATEGY(
            "other") "spec:\n  script: |\n    return +\n");
    fake_file_write_in(w.folder, "ring.lua", GOOD);
    fake_file_write_in(w.folder, "other.lua", "return 5\n");
    FILE *nowhere = fopen("/dev/null", "w");
    check_write(&w.check, w.folder, nowhere);
    fclose(nowhere);
    char *path = str_format("%s/b.yaml", w.folder), text[2048] = "";
    FILE *in = fopen(path, "r");
    assert_true(fread(text, 1, sizeof text - 1, in) > 0);
    fclose(in);
    mem_free(path);
    assert_non_null(strstr(text, "  script: |\n      local param = require 'stdlib.param'\n      return "));
    assert_non_null(strstr(text, "rollout:promote() end }\n\n  modules: {}\n---\n"));
    assert_non_null(strstr(text, "---\napiVersion"));
    assert_non_null(strstr(text, "  script: |\n    return 5\n"));
    expect_printed(&w, "other.lua:1:1: error: the module gives a number, wanted strategy { name = …, run = … }\n"
                       "3 files, 1 error, 0 warnings\n");
}

#define RING "local calm = require 'scripts.calm'\n" GOOD
#define RING_BLOCK                                                                                                     \
    "    local calm = require 'scripts.calm'\n    local param = require 'stdlib.param'\n"                              \
    "    return require 'stdlib.strategy' { name = 'ring', params = { calm = param.integer { default = 3 } },\n"       \
    "    run = function(rollout) rollout:begin() rollout:shift(50) rollout:promote() end }\n"
#define CALM "local x = require 'scripts.other'\nreturn { x }\n"

static void expect_written(const char *manifest, const char *found, const char *wanted)
{
    struct world w;
    char text[4096] = "";
    set_up(&w);
    fake_file_write_in(w.folder, "a.yaml", manifest);
    fake_file_write_in(w.folder, "ring.lua", RING);
    fake_file_write_in(w.folder, "calm.lua", CALM);
    fake_file_write_in(w.folder, "other.lua", "return 5\n");
    fake_file_write_in(w.folder, "idle.lua", "return 6\n");
    expect_found(&w, found);
    FILE *nowhere = fopen("/dev/null", "w");
    check_write(&w.check, w.folder, nowhere);
    fclose(nowhere);
    char *path = str_format("%s/a.yaml", w.folder);
    FILE *in = fopen(path, "r");
    assert_true(fread(text, 1, sizeof text - 1, in) > 0);
    fclose(in);
    mem_free(path);
    assert_string_equal(strstr(text, "promote() end }\n") + strlen("promote() end }\n"), wanted);
    assert_int_equal(w.check.errors.count, 0);
    tear_down(&w);
}

/* What the script requires goes with it, and what it does not stays where it is. */
static void test_write_modules(void **state)
{
    static const char both[] = "  modules:\n    other: |\n      return 5\n    calm: |\n"
                               "      local x = require 'scripts.other'\n      return { x }\n";
    expect_written(
        STRATEGY("ring") "spec:\n  script: |\n    return 5\n",
        "a.yaml:5:11: error: spec.script is not what ring.lua says; sluice check --write brings it up to date\n"
        "5 files, 1 error, 0 warnings\n",
        both);
    expect_written(STRATEGY("ring") "spec:\n  script: |\n" RING_BLOCK "  modules:\n    calm: |\n      return +\n",
                   "a.yaml:5:11: error: spec.modules.other is missing: the script requires other.lua; sluice check "
                   "--write brings it up to date\na.yaml:11:11: error: spec.modules.calm is not what calm.lua says; "
                   "sluice check --write brings it up to date\n5 files, 2 errors, 0 warnings\n",
                   both);
    expect_written(STRATEGY("ring") "spec:\n  script: |\n" RING_BLOCK,
                   "a.yaml:5:11: error: spec.modules.calm is missing: the script requires calm.lua; sluice check "
                   "--write brings it up to date\na.yaml:5:11: error: spec.modules.other is missing: the script "
                   "requires other.lua; sluice check --write brings it up to date\n5 files, 2 errors, 0 warnings\n",
                   both);
}

/* What the engine takes, and is most likely not meant. */
static void test_doctor(void **state)
{
    expect("a.yaml",
           "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: web, namespace: shop}\nspec:\n"
           "  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  service: {port: 80}\n  analysis:\n"
           "    interval: 1m\n    threshold: 5\n    stepWeights: [5, 3]\n    metrics:\n      - name: errors\n"
           "        query: sum(rate(errors[1m]))\n        thresholdRange: {max: 1}\n",
           "a.yaml:10:22: warning: spec.analysis.stepWeights[1]: 3 does not rise above 5\n"
           "a.yaml:13:16: warning: spec.analysis.metrics[0].query: no label of the query tells the canary from the "
           "primary; both sides are judged together\n1 file, 0 errors, 2 warnings\n");
}

/* The script of a Check, and its modules, as those of a Strategy. */
static void test_check_object(void **state)
{
    expect("a.yaml",
           CHECK("guard") "spec:\n  script: |\n    local other = require 'scripts.other'\n"
                          "    return require 'stdlib.check' { name = 'guard', run = function(c)\n"
                          "      c:shift(5)\n      return c:judge(other.value, { max = 5 })\n    end }\n"
                          "  modules:\n    other: |\n      return { value = oss }\n",
           "a.yaml:8:9: error: c:shift: a check never acts, this is a word of strategies\n"
           "a.yaml:13:24: error: unknown global 'oss': is it a text, in quotes, or is local missing?\n"
           "1 file, 2 errors, 0 warnings\n");
    expect("a.yaml", CHECK("guard") "spec:\n  script: |\n    local x\n    error 'no'\n",
           "a.yaml:7:5: error: no\n1 file, 1 error, 0 warnings\n");
    expect("a.yaml",
           CHECK("guard") "spec:\n  script: |\n    return require 'stdlib.strategy' { name = 'x',\n"
                          "      run = function(r) r:begin() r:promote() end }\n",
           "a.yaml:6:5: error: the script returns a strategy, wanted a check, as for: return require 'stdlib.check' "
           "{…}\n1 file, 1 error, 0 warnings\n");
    expect("a.yaml", CHECK("guard") "spec: {modules: {x: 5}}\n",
           "a.yaml:4:7: error: spec.script: Required value\n"
           "a.yaml:4:21: error: spec.modules.x: Invalid value: \"integer\": spec.modules.x in body must be of type "
           "string: \"integer\"\n1 file, 2 errors, 0 warnings\n");
}

static void test_providers(void **state)
{
    expect(
        "a.yaml",
        "apiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nmetadata: {name: x}\nspec:\n"
        "  provider: {type: prom, address: 'http://x'}\n  query: |\n    sum(\n      {{ name\n",
        "a.yaml:5:20: warning: spec.provider.type: the engine brings no \"prom\", only prometheus, influxdb, datadog, "
        "externalmetrics, stackdriver, cloudwatch, newrelic, graphite, dynatrace, keptn, splunk; without a file "
        "adapters/metrics/prom.lua of -scripts prometheus is asked\n"
        "a.yaml:8:5: error: spec.query: the template cannot be read: unclosed action\n"
        "1 file, 1 error, 1 warning\n");
    expect(
        "a.yaml",
        "apiVersion: flagger.app/v1beta1\nkind: AlertProvider\nmetadata: {name: x}\n"
        "spec: {type: slak, address: 'http://x', secretRef: {name: z}}\n",
        "a.yaml:4:7: error: spec: wanted one of address or secretRef alone, there are address and secretRef\n"
        "a.yaml:4:14: warning: spec.type: the engine brings no \"slak\", only slack, msteams, discord, rocket, gchat; "
        "without a file adapters/alerts/slak.lua of -scripts nobody is told\n1 file, 1 error, 1 warning\n");
}

/* What would be applied as something else, or not at all. */
static void test_no_object(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"apiVersion: sluice.dev/v2\nkind: Strategy\n",
         "a.yaml:1:13: error: apiVersion: sluice.dev/v2 is not served, only sluice.dev/v1alpha1\n"},
        {"apiVersion: flagger.app/v1beta1\nkind: [Canary]\n",
         "a.yaml:2:7: error: kind: a text such as Canary is wanted, got a list\n"},
        {"apiVersion: flagger.app/v1beta1\nspec: {}\n",
         "a.yaml:1:1: error: kind: a text such as Canary is wanted, got nothing\n"},
        {"{\"kind\":\"Canary\",}",
         "a.yaml:1:1: error: apiVersion: flagger.app/v1beta1 is wanted for a Canary, got nothing\n"},
        {"apiVersion: sluice.dev/v1alpha1\nkind: Canary\n",
         "a.yaml:1:13: error: apiVersion: sluice.dev/v1alpha1 has no kind Canary, flagger.app/v1beta1 has\n"},
        {"apiVersion: sluice.dev/v1alpha1\nkind: Strateggy\n",
         "a.yaml:2:7: error: kind: sluice.dev/v1alpha1 has no kind Strateggy, known are Strategy, Check\n"},
        {"# nothing\n", "a.yaml:1: warning: no object is in there\n"},
        /* Of others. */
        {"apiVersion: v2\nname: chart\n", ""},
        {"apiVersion: canaries.example.com/v1\nkind: Canary\n", ""},
        {"apiVersion: sluice.dev/v1alpha1\nkind: Release\n", ""},
        {"kind: x\n", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool is_error = strstr(cases[i].said, " error: ") != NULL;
        bool is_warning = strstr(cases[i].said, " warning: ") != NULL;
        char *wanted = str_format("%s1 file, %d error%s, %d warning%s\n", cases[i].said, is_error, is_error ? "" : "s",
                                  is_warning, is_warning ? "" : "s");
        expect("a.yaml", cases[i].text, wanted);
        str_free(&wanted);
    }
    expect("a.json", "", "a.json:1: error: no object is in there\n1 file, 1 error, 0 warnings\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adapter),       cmocka_unit_test(test_limits),
        cmocka_unit_test(test_hostile_texts), cmocka_unit_test(test_a_file_has_one_name),
        cmocka_unit_test(test_lua),           cmocka_unit_test(test_loading),
        cmocka_unit_test(test_manifest),      cmocka_unit_test(test_beside),
        cmocka_unit_test(test_doctor),        cmocka_unit_test(test_another_name),
        cmocka_unit_test(test_bundled),       cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_modules), cmocka_unit_test(test_check_object),
        cmocka_unit_test(test_providers),     cmocka_unit_test(test_no_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
