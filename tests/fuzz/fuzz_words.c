// room: lab
// mutants: 20
/* Random strategies: words in a random order with random arguments, some of them sensible, in releases of the real
 * engine on an embedded cluster, with a kill now and then.
 *
 * What must hold: the engine lives on, nothing is seen that must not be (lab/checkers), and a release that is over has
 * left the canary without a share. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "base/yaml.h"
#include "dice.h"
#include "io/virtual_clock.h"
#include "lab/checkers/checkers.h"
#include "lab/stage.h"

#define BEGIN_MS INT64_C(1773216907000)

enum { STEP_MS = 20, INIT_MS = 2 * 60 * 1000, PLAYED_MS = 60 * 60 * 1000, STATEMENTS_MAX = 24, SCRIPT_MAX = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- a script --- */

static const char *const values[] = {
    "0/0",
    "1/0",
    "-1",
    "0.5",
    "101",
    "{}",
    "nil",
    "print",
    "rollout",
    "''",
    "'\\255'",
    "1LL",
    "('x'):rep(2e4)",
    "{ {} }",
    "setmetatable({}, { __index = error })",
    "2^53",
    "'30s'",
    "10",
    "'told'",
    "true",
};
static const char *const weights[] = {"0", "5", "20", "50", "70", "100"};
static const char *const spans[] = {"'1ms'", "'1s'", "'15s'", "'2m'", "'1h'"};
static const char *const hooks[] = {"'told'", "'told'", "'gone'", "'nothing'"};

static void value(struct dice *dice, struct buf *b, const char *sensible)
{
    buf_append_str(b, dice_throw(dice, 6) == 1 ? DICE_PICK(dice, values) : sensible);
}

static void word(struct dice *dice, struct buf *b)
{
    static const char *const plain[] = {
        "begin()",
        "rounds()()",
        "now()",
        "elapsed()",
        "weights()",
        "revision()",
        "random()",
        "history(3)",
        "replicas 'canary'",
        "event 'x'",
        "log 'x'",
        "alert('info', 'x')",
        "query 'up'",
        "open 'confirm-promotion'",
        "check('request-success-rate', { min = 1 })",
        "next_weight(rollout:rounds()())",
        "match { headers = { ['x-a'] = 'b' } }",
        "wait_until { from = '08:00', timeout = '1h' }",
        "wait_until { canary = 'podinfo', phase = 'Failed', timeout = '1m' }",
    };
    buf_append_str(b, "rollout:");
    switch (dice_throw(dice, 10)) {
    case 0:
        buf_append_str(b, "shift(");
        value(dice, b, DICE_PICK(dice, weights));
        buf_append_str(b, ")");
        break;
    case 1:
        buf_append_str(b, "wait(");
        value(dice, b, DICE_PICK(dice, spans));
        buf_append_str(b, ")");
        break;
    case 2:
        buf_append_str(b, "analyse { rounds = ");
        value(dice, b, "2");
        buf_append_str(b, " }");
        break;
    case 3:
        buf_append_str(b, dice_throw(dice, 2) == 1 ? "hook(" : "fetch(");
        value(dice, b, DICE_PICK(dice, hooks));
        buf_append_str(b, ", ");
        value(dice, b, "{ a = 1 }");
        buf_append_str(b, ")");
        break;
    case 4:
        buf_append_str(b, "gate(");
        value(dice, b, DICE_PICK(dice, hooks));
        buf_append_str(b, ", { timeout = '1m', otherwise = 'go on' })");
        break;
    case 5:
        buf_append_str(b, "mirror(");
        value(dice, b, "50");
        buf_append_str(b, ")");
        break;
    default:
        buf_append_str(b, DICE_PICK(dice, plain));
    }
    buf_append_str(b, "; ");
}

static void statement(struct dice *dice, struct buf *b, int depth);

static void block(struct dice *dice, struct buf *b, int depth, const char *open, const char *close)
{
    buf_append_str(b, open);
    for (unsigned i = 1 + dice_throw(dice, 3); i > 0; i--) {
        statement(dice, b, depth - 1);
    }
    buf_append_str(b, close);
}

static void statement(struct dice *dice, struct buf *b, int depth)
{
    static const char *const ends[] = {"rollout:promote(); ",
                                       "rollout:rollback 'enough'; ",
                                       "error 'x'; ",
                                       "do return end ",
                                       "local t = {} while true do t[#t + 1] = {} end ",
                                       "while true do end ",
                                       "coroutine.yield(); ",
                                       "pcall(rollout.promote, rollout); "};
    switch (dice_throw(dice, depth > 0 ? 14 : 8)) {
    case 8:
        block(dice, b, depth, "pcall(function() ", "end); ");
        break;
    case 9:
        block(dice, b, depth, "for _ = 1, 3 do ", "end ");
        break;
    case 10:
        block(dice, b, depth, "if rollout:random() < 0.5 then ", "end ");
        break;
    case 11:
        block(dice, b, depth, "table.sort({ 2, 1 }, function(a, b) ", "return a < b end); ");
        break;
    case 12:
        block(dice, b, depth, "coroutine.wrap(function() ", "end)(); ");
        break;
    case 13:
        buf_append_str(b, DICE_PICK(dice, ends));
        break;
    default:
        word(dice, b);
    }
}

static char *script(struct dice *dice)
{
    struct buf b;
    buf_init(&b, SCRIPT_MAX);
    buf_append_str(&b, "return require 'stdlib.strategy' { name = 'fuzz', run = function(rollout) ");
    buf_append_str(&b, dice_throw(dice, 16) == 1 ? "" : "rollout:begin(); ");
    for (unsigned i = dice_throw(dice, STATEMENTS_MAX); i > 0 && !b.overflow; i--) {
        statement(dice, &b, 3);
    }
    buf_append_str(&b, dice_throw(dice, 8) == 1 ? "end }" : "rollout:promote() end }");
    char *text = str_dup(buf_str(&b));
    buf_fini(&b);
    return text;
}

/* --- its world --- */

static const char objects[] =
    "{apiVersion: v1, kind: Namespace, metadata: {name: test}}\n---\n"
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: podinfo, namespace: test}, spec: {replicas: 1,\n"
    " selector: {matchLabels: {app: podinfo}}, template: {metadata: {labels: {app: podinfo}},\n"
    " spec: {containers: [{name: main, image: 'podinfo:1'}]}}}}\n---\n"
    "{apiVersion: flagger.app/v1beta1, kind: Canary, metadata: {name: podinfo, namespace: test}, spec: {\n"
    " targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}, service: {port: 9898, hosts: [web.test]},\n"
    " strategy: {name: fuzz}, analysis: {interval: 10s, threshold: 3, webhooks: [\n"
    " {name: told, type: script, url: 'http://hooks/told'}, {name: gone, type: script, url: 'http://gone/'}]}}}\n";

struct world {
    struct virtual_clock *time;
    struct stage stage;
    struct checkers *checkers;
    const char *script;
    int engines;
};

static void on_broken(void *ctx, const char *what)
{
    fprintf(stderr, "%s\n%s\n", what, ((struct world *)ctx)->script);
    abort();
}

static void on_changed(void *ctx)
{
}

static void serve(void *ctx, struct exchange *exchange)
{
    exchange_answer(exchange, 200, "text/plain", "OK", 2);
}

static void start_engine(struct world *w)
{
    char identity[32];
    snprintf(identity, sizeof identity, "engine-%d", ++w->engines);
    stage_start_engine(&w->stage, identity, on_changed, w);
}

static void create(struct world *w, const char *text)
{
    struct err err = {0};
    struct doc *doc = yaml_parse_all("fuzz", text, strlen(text), &err);
    bool created = doc != NULL && cluster_create(w->stage.cluster, doc_root(doc), &err);
    if (!created) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    doc_free(doc);
}

static void create_strategy(struct world *w)
{
    struct err err = {0};
    struct doc *doc = doc_new();
    struct node *list = node_new_array(doc), *object = node_new_object(doc);
    doc_set_root(doc, list);
    node_push(list, object);
    node_set_str(doc, object, "apiVersion", "sluice.dev/v1alpha1");
    node_set_str(doc, object, "kind", "Strategy");
    struct node *metadata = node_ensure_object(doc, object, "metadata");
    node_set_str(doc, metadata, "name", "fuzz");
    node_set_str(doc, metadata, "namespace", "test");
    node_set_str(doc, node_ensure_object(doc, object, "spec"), "script", w->script);
    bool created = cluster_create(w->stage.cluster, list, &err);
    assert(created);
    doc_free(doc);
}

static void push_version(struct world *w)
{
    struct objects *all = api_objects(cluster_api(w->stage.cluster));
    struct doc *target = objects_get(all, "apps/deployments", "test", "podinfo");
    struct node *containers = node_at(doc_root(target), "spec", "template", "spec", "containers");
    node_set_str(target, node_item(containers, 0), "image", "podinfo:2");
    struct err err = {0};
    doc_free(api_update(cluster_api(w->stage.cluster), cluster_kind(w->stage.cluster, doc_root(target), &err), NULL,
                        doc_root(target), &err));
    doc_free(target);
}

static void play(struct world *w, struct dice *dice)
{
    virtual_clock_run(w->time, INIT_MS);
    push_version(w);
    int64_t now_ms = INIT_MS;
    for (unsigned kills = dice_throw(dice, 3); kills > 0; kills--) {
        now_ms += 1000 * (int64_t)dice_throw(dice, 120);
        virtual_clock_run(w->time, now_ms);
        stage_kill_engine(&w->stage, dice_throw(dice, 2) == 1);
        start_engine(w);
    }
    virtual_clock_run(w->time, PLAYED_MS);
    assert(w->stage.state == STAGE_READY);
    const struct checked *canary = checkers_find(w->checkers, "test", "podinfo");
    assert(checked_has_release(canary) || canary->share <= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    struct dice dice = {.bytes = data, .size = size};
    char *text = script(&dice);
    struct world w = {.time = virtual_clock_new(BEGIN_MS), .script = text};
    log_set_sink(log_drop, NULL);
    bool made = stage_init(&w.stage, virtual_clock_clock(w.time), 1, &err);
    assert(made);
    w.stage.step_ms = STEP_MS;
    w.checkers = checkers_new(&(struct checkers_options){.cluster = w.stage.cluster,
                                                         .checks = CHECK_ALL & ~CHECK_GROWTH,
                                                         .hears = true,
                                                         .broken = on_broken,
                                                         .ctx = &w});
    network_host(cluster_network(w.stage.cluster), "hooks", serve, NULL);
    create(&w, objects);
    create_strategy(&w);
    start_engine(&w);
    play(&w, &dice);
    stage_kill_engine(&w.stage, false);
    checkers_free(w.checkers);
    stage_fini(&w.stage);
    virtual_clock_free(w.time);
    str_free(&text);
    return 0;
}
