/* What sluice check says of what Canaries name: Strategies, Checks, MetricTemplates, AlertProviders, and of what their
 * scripts ask of them. */
#include "check_world.h"

static void expect_use(const char *strategy, const char *wanted)
{
    struct world w;
    char *canary = str_format(CANARY "  strategy: %s\n", strategy);
    set_up(&w);
    fake_file_write_in(w.folder, "b.yaml", canary);
    fake_file_write_in(w.folder, "c.yaml",
                       STRATEGY("ring") "spec:\n  script: |\n    local param = require 'stdlib.param'\n"
                                        "    return require 'stdlib.strategy' { name = 'ring',\n"
                                        "      params = { calm = param.integer { default = 3 } },\n"
                                        "      run = function(r) r:begin() r:promote() end }\n");
    expect_printed(&w, wanted);
    str_free(&canary);
}

static void test_use(void **state)
{
    expect_use("{name: ring, params: {calm: 5}}", "2 files, 0 errors, 0 warnings\n");
    expect_use("{name: ring}", "2 files, 0 errors, 0 warnings\n");
    expect_use("{name: ring, params: {clam: 5}}",
               "b.yaml:9:41: error: spec.strategy.params.clam: there is no such parameter, known are calm\n"
               "2 files, 1 error, 0 warnings\n");
    expect_use("{name: ring, params: {calm: x}}",
               "b.yaml:9:41: error: spec.strategy.params.calm: \"x\" is not a whole number\n"
               "2 files, 1 error, 0 warnings\n");
    expect_use(
        "{name: rong}",
        "b.yaml:9:20: warning: spec.strategy: Strategy shop/rong is not among the files (is shop/ring meant?); its "
        "parameters are not checked\n2 files, 0 errors, 1 warning\n");
    expect_use("{name: ring, namespace: other}",
               "b.yaml:9:20: warning: spec.strategy: Strategy other/ring is not among the files; its parameters are "
               "not checked\n2 files, 0 errors, 1 warning\n");
}

static void expect_annotation(const char *annotation, const char *wanted)
{
    struct world w;
    char *canary = str_format("apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: web, namespace: shop,\n"
                              "  annotations: {a.example/b: c, %s}}\nspec:\n"
                              "  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n"
                              "  service: {port: 80}\n"
                              "  analysis: {interval: 1m, threshold: 5, stepWeight: 10, maxWeight: 50}\n",
                              annotation);
    set_up(&w);
    fake_file_write_in(w.folder, "b.yaml", canary);
    expect_printed(&w, wanted);
    str_free(&canary);
}

/* What the engine does not read, or cannot. */
static void test_annotations(void **state)
{
    expect_annotation("sluice.dev/pause: freeze, sluice.dev/request: promote web-1", "1 file, 0 errors, 0 warnings\n");
    expect_annotation("sluice.dev/reqest: promote web-1",
                      "b.yaml:4:52: warning: metadata.annotations: the engine reads no sluice.dev/reqest of a Canary, "
                      "only sluice.dev/pause and sluice.dev/request\n1 file, 0 errors, 1 warning\n");
    expect_annotation("sluice.dev/request: rolback web-1",
                      "b.yaml:4:53: warning: annotation sluice.dev/request: unknown verb 'rolback': promote, rollback, "
                      "retry, approve, pause or resume is wanted, as in promote podinfo-7, or JSON\n"
                      "1 file, 0 errors, 1 warning\n");
}

static void expect_reference(const char *metric, const char *wanted)
{
    struct world w;
    char *canary = str_format("%s", CANARY), *analysis = strstr(canary, "  analysis:");
    *analysis = '\0';
    char *text = str_format("%s  analysis: {interval: 1m, threshold: 5, stepWeight: 10, %s}\n", canary, metric);
    set_up(&w);
    fake_file_write_in(w.folder, "b.yaml", text);
    fake_file_write_in(
        w.folder, "c.yaml",
        CHECK("guard") "spec:\n  script: |\n    local param = require 'stdlib.param'\n"
                       "    return require 'stdlib.check' { name = 'guard',\n"
                       "      params = { most = param.percent { default = 3 } },\n"
                       "      run = function(c) return c:judge(1, { max = c.params.most }) end }\n"
                       "---\napiVersion: flagger.app/v1beta1\nkind: MetricTemplate\n"
                       "metadata: {name: errors, namespace: shop}\n"
                       "spec: {provider: {type: prometheus, address: 'http://prom:9090'}, query: 'x{v=\"{{ "
                       "target }}\", code=\"{{ variables.code }}\"}'}\n"
                       "---\napiVersion: flagger.app/v1beta1\nkind: AlertProvider\n"
                       "metadata: {name: chat, namespace: shop}\nspec: {type: slack, address: 'http://x'}\n");
    expect_printed(&w, wanted);
    str_free(&canary);
    str_free(&text);
}

/* What a Canary names is looked for among the files. */
static void test_references(void **state)
{
    expect_reference("metrics: [{name: a, checkRef: {name: guard, params: {most: 5}}}]",
                     "2 files, 0 errors, 0 warnings\n");
    expect_reference("metrics: [{name: a, checkRef: {name: guard, params: {mots: 5}}}]",
                     "b.yaml:8:117: error: spec.analysis.metrics[0].checkRef.params.mots: there is no such parameter, "
                     "known are most\n2 files, 1 error, 0 warnings\n");
    expect_reference("metrics: [{name: a, checkRef: {name: gard}}]",
                     "b.yaml:8:95: warning: spec.analysis.metrics[0].checkRef: Check shop/gard is not among the files "
                     "(is shop/guard meant?); its parameters are not checked\n2 files, 0 errors, 1 warning\n");
    expect_reference("metrics: [{name: a, checkRef: {name: latency-regresion}}]",
                     "b.yaml:8:95: warning: spec.analysis.metrics[0].checkRef: Check shop/latency-regresion is not "
                     "among the files (is latency-regression meant?); its parameters are not checked\n"
                     "2 files, 0 errors, 1 warning\n");
    expect_reference("metrics: [{name: a, checkRef: {name: latency-regresion, namespace: other}}]",
                     "b.yaml:8:95: warning: spec.analysis.metrics[0].checkRef: Check other/latency-regresion is not "
                     "among the files; its parameters are not checked\n2 files, 0 errors, 1 warning\n");
    expect_reference("metrics: [{name: a, checkRef: {name: request-duration}, thresholdRange: {max: 5}}]",
                     "2 files, 0 errors, 0 warnings\n");
    expect_reference("metrics: [{name: a, templateRef: {name: errors}, templateVariables: {code: '5'}, "
                     "thresholdRange: {max: 5}}]",
                     "2 files, 0 errors, 0 warnings\n");
    expect_reference("metrics: [{name: a, templateRef: {name: errors}, thresholdRange: {max: 5}}]",
                     "b.yaml:8:91: error: spec.analysis.metrics[0].templateRef: the query of MetricTemplate "
                     "shop/errors cannot be filled in: template excution failed: template: tmpl:1:29: executing "
                     "\"tmpl\" at <variables>: map has no entry for key \"code\"\n2 files, 1 error, 0 warnings\n");
    expect_reference(
        "metrics: [{name: a, templateRef: {name: errs}, thresholdRange: {max: 5}}]",
        "b.yaml:8:98: warning: spec.analysis.metrics[0].templateRef: MetricTemplate shop/errs is not among the files "
        "(is shop/errors meant?); its query is not checked\n2 files, 0 errors, 1 warning\n");
    expect_reference("alerts: [{name: a, providerRef: {name: chat}}]", "2 files, 0 errors, 0 warnings\n");
    expect_reference("alerts: [{name: a, providerRef: {name: chats}}]",
                     "b.yaml:8:97: warning: spec.analysis.alerts[0].providerRef: AlertProvider shop/chats is not among "
                     "the files (is shop/chat meant?)\n2 files, 0 errors, 1 warning\n");
}

/* An API server takes the Canary without it. */
static void test_unknown_fields(void **state)
{
    expect_reference("metrics: [{name: request-duration, treshold: 5, thresholdRange: {max: 5}}], metric: []",
                     "b.yaml:8:103: warning: unknown field \"spec.analysis.metrics[0].treshold\" (is threshold "
                     "meant?)\nb.yaml:8:142: warning: unknown field \"spec.analysis.metric\" (is metrics meant?)\n"
                     "2 files, 0 errors, 2 warnings\n");
    expect_reference("limit: 5", "b.yaml:8:65: warning: unknown field \"spec.analysis.limit\"\n"
                                 "2 files, 0 errors, 1 warning\n");
}

/* A script asks webhooks of the Canary that names it by their names. */
static void test_webhooks(void **state)
{
    struct world w;
    char *canary = str_format(CANARY "  strategy: {name: ring}\n"), *at = strstr(canary, "threshold: 5}");
    char *text = str_format("%.*sthreshold: 5, webhooks: [{name: approval, type: script, url: 'http://x/'}]}%s",
                            (int)(at - canary), canary, at + strlen("threshold: 5}"));
    set_up(&w);
    fake_file_write_in(w.folder, "b.yaml", text);
    fake_file_write_in(
        w.folder, "c.yaml",
        STRATEGY("ring") "spec:\n  script: |\n    return require 'stdlib.strategy' { name = 'ring', run = "
                         "function(r)\n      r:begin()\n      r:gate 'aproval'\n      r:promote()\n    end }\n");
    expect_printed(&w, "c.yaml:8:14: error: gate: Canary shop/web has no webhook \"aproval\", wanted \"approval\"\n"
                       "2 files, 1 error, 0 warnings\n");
    str_free(&canary);
    str_free(&text);
}

/* Of a script that is newer than its manifest, the file counts: what it asks of the Canary is said at its lines. */
static void test_script_ahead(void **state)
{
    struct world w;
    char *canary = str_format(CANARY "  strategy: {name: ring}\n"), *at = strstr(canary, "threshold: 5}");
    char *text = str_format("%.*sthreshold: 5, metrics: [{name: errors, interval: 1m, query: '{{ target }}'}]}%s",
                            (int)(at - canary), canary, at + strlen("threshold: 5}"));
    set_up(&w);
    fake_file_write_in(w.folder, "b.yaml", text);
    fake_file_write_in(w.folder, "c.yaml",
                       STRATEGY("ring") "spec:\n  script: |\n    return require 'stdlib.strategy' { name = 'ring',\n"
                                        "      run = function(r) r:begin() r:promote() end }\n");
    fake_file_write_in(w.folder, "ring.lua",
                       "return require 'stdlib.strategy' { name = 'ring', run = function(r)\n  r:begin()\n"
                       "  r:check 'erors'\n  r:promote()\nend }\n");
    expect_printed(&w, "c.yaml:5:11: error: spec.script is not what ring.lua says; sluice check --write brings it up "
                       "to date\nring.lua:3:11: error: check: Canary shop/web has no metric \"erors\", wanted "
                       "\"errors\"\n3 files, 2 errors, 0 warnings\n");
    str_free(&canary);
    str_free(&text);
}

/* A script gives parameters to a Check of the Canary that names it, and to one that the engine brings. */
static void test_parameters_of_checks(void **state)
{
    struct world w;
    char *canary = str_format(CANARY "  strategy: {name: ring}\n"), *at = strstr(canary, "threshold: 5}");
    char *text = str_format("%.*sthreshold: 5, metrics: [{name: g, interval: 1m, checkRef: {name: guard}}]}%s",
                            (int)(at - canary), canary, at + strlen("threshold: 5}"));
    set_up(&w);
    fake_file_write_in(
        w.folder, "a.yaml",
        CHECK("guard") "spec:\n  script: |\n    local param = require 'stdlib.param'\n"
                       "    return require 'stdlib.check' { name = 'guard', params = { factor = param.number { "
                       "default = 2 } },"
                       "\n      run = function(c) return c:judge(c.params.factor) end }\n");
    fake_file_write_in(w.folder, "b.yaml", text);
    fake_file_write_in(
        w.folder, "c.yaml",
        STRATEGY("ring") "spec:\n  script: |\n    return require 'stdlib.strategy' { name = 'ring', run = "
                         "function(r)\n      r:begin()\n      r:check('g', { factor = 3, max = 4 })\n"
                         "      r:check('guard', { factr = 3 })\n"
                         "      r:check('request-duration', { max = 3, mean = 4 })\n      r:promote()\n    end }\n");
    expect_printed(&w, "c.yaml:9:26: error: check: \"guard\" has no parameter \"factr\", wanted \"factor\"\n"
                       "c.yaml:10:46: error: check: \"request-duration\" has no parameter \"mean\"\n"
                       "3 files, 2 errors, 0 warnings\n");
    str_free(&canary);
    str_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_use),
        cmocka_unit_test(test_annotations),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_unknown_fields),
        cmocka_unit_test(test_webhooks),
        cmocka_unit_test(test_script_ahead),
        cmocka_unit_test(test_parameters_of_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
