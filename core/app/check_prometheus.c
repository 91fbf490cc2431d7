/* Asks a Prometheus what the Canaries in files would ask it. Which questions, and what follows from the answers, is for
 * lua/tool/prometheus.lua to say; here they are sent, one after the other. */
#include <string.h>

#include "app/bearer.h"
#include "app/check_inner.h"
#include "base/mem.h"
#include "canary/names.h"
#include "io/curl.h"
#include "io/http_error.h"
#include "io/loop.h"
#include "kube/object.h"

enum { TIMEOUT_MS = 10000 };

struct asker {
    struct check *check;
    char *root;   /* the address without a slash at its end */
    char *bearer; /* the header Authorization; NULL: none */
    struct loop *loop;
    struct http *http;
    struct http_call *call;
    const struct node *paths;
    size_t next;
    struct doc *answers; /* {"answers": [{path, status, body, error}]} */
};

/* --- what is asked --- */

/* {"0": key} for the metrics that name a template among the files, and these templates by their keys. */
static void add_templates(struct check *check, struct doc *doc, struct node *entry, struct node *templates,
                          const struct check_use *use)
{
    struct node *keys = node_ensure_object(doc, entry, "templates");
    struct node_iter it = node_iterate(node_at(use->object, "spec", "analysis", "metrics"));
    while (node_next(&it)) {
        char *key = canary_reference_key(node_get(it.value, "templateRef"), object_namespace(use->object));
        const struct check_named *named = key != NULL ? check_find_named(check, CHECK_METRIC_TEMPLATE, key) : NULL;
        if (named != NULL) {
            char index[24];
            snprintf(index, sizeof index, "%zu", it.index);
            node_set_str(doc, keys, index, named->key);
            node_set(doc, templates, named->key, node_copy(doc, node_get(named->object, "spec")));
        }
        str_free(&key);
    }
}

/* {script, metric, queries} for a script among the files that asks something; `metric` below 0: a strategy asks. */
static void add_script(struct check *check, struct doc *doc, struct node *scripts, enum check_role role,
                       const struct node *reference, const struct node *canary, int64_t metric)
{
    char *key = canary_reference_key(reference, object_namespace(canary));
    const struct check_named *named = key != NULL ? check_find_named(check, role, key) : NULL;
    const struct node *queries = named != NULL ? node_get(doc_root(named->said), "queries") : NULL;
    if (node_count(queries) > 0) {
        struct node *script = node_new_object(doc);
        node_set_int(doc, script, "script", named - check->named);
        node_set(doc, script, "metric", metric >= 0 ? node_new_int(doc, metric) : NULL);
        node_set(doc, script, "queries", node_copy(doc, queries));
        node_push(scripts, script);
    }
    str_free(&key);
}

static void add_scripts(struct check *check, struct doc *doc, struct node *entry, const struct node *canary)
{
    struct node *scripts = node_new_array(doc);
    node_set(doc, entry, "scripts", scripts);
    add_script(check, doc, scripts, CHECK_STRATEGY, node_at(canary, "spec", "strategy"), canary, -1);
    struct node_iter it = node_iterate(node_at(canary, "spec", "analysis", "metrics"));
    while (node_next(&it)) {
        add_script(check, doc, scripts, CHECK_CHECK, node_get(it.value, "checkRef"), canary, (int64_t)it.index);
    }
}

static struct doc *find_questions(struct check *check)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc), *canaries = node_new_array(doc);
    doc_set_root(doc, root);
    struct node *templates = node_ensure_object(doc, root, "templates");
    for (size_t i = 0; i < check->use_count; i++) {
        struct node *entry = node_new_object(doc);
        node_set(doc, entry, "object", node_copy(doc, check->uses[i].object));
        add_templates(check, doc, entry, templates, &check->uses[i]);
        add_scripts(check, doc, entry, check->uses[i].object);
        node_push(canaries, entry);
    }
    node_set(doc, root, "canaries", canaries);
    struct doc *paths = check_ask(check, "tool.prometheus", "questions", root);
    doc_free(doc);
    return paths;
}

/* --- asking --- */

static void ask(struct asker *asker);

static void on_answer(void *ctx, const struct http_response *response, const struct err *err)
{
    struct asker *asker = ctx;
    struct err ignored = {0};
    struct node *answer = node_new_object(asker->answers);
    asker->call = NULL;
    node_set_str(asker->answers, answer, "path", node_str(node_item(asker->paths, asker->next)));
    if (response == NULL) {
        node_set_str(asker->answers, answer, "error", err->text);
    } else {
        struct doc *body = doc_parse(response->body, response->body_len, &ignored);
        node_set_int(asker->answers, answer, "status", response->status);
        node_set(asker->answers, answer, "body", node_copy(asker->answers, doc_root(body)));
        doc_free(body);
    }
    node_push(node_get(doc_root(asker->answers), "answers"), answer);
    asker->next = response == NULL && asker->next == 0 ? node_count(asker->paths) : asker->next + 1;
    ask(asker);
}

static void ask(struct asker *asker)
{
    const char *path = node_str(node_item(asker->paths, asker->next));
    if (path == NULL) {
        loop_stop(asker->loop);
        return;
    }
    char *url = str_format("%s%s", asker->root, path);
    struct http_header authorization = {"Authorization", asker->bearer};
    struct http_request request = {.method = "GET",
                                   .url = url,
                                   .headers = &authorization,
                                   .header_count = asker->bearer != NULL,
                                   .timeout_ms = TIMEOUT_MS};
    asker->call = http_start(asker->http, &request, NULL, on_answer, asker);
    str_free(&url);
}

static void on_signal(void *ctx, int signum)
{
    struct asker *asker = ctx;
    str_list_push(&asker->check->errors, "interrupted");
    asker->check->is_interrupted = true;
    loop_stop(asker->loop);
}

static void run(struct asker *asker)
{
    asker->loop = loop_new();
    asker->http = curl_http_new(asker->loop);
    loop_on_signal(asker->loop, on_signal, asker);
    ask(asker);
    loop_run(asker->loop);
    if (asker->call != NULL) {
        http_cancel(asker->call);
    }
    curl_http_free(asker->http);
    loop_free(asker->loop);
}

/* --- what follows --- */

/* In the script that asks, or at the field of the Canary. */
static void find(struct check *check, const struct node *finding)
{
    const char *text = node_str_or(node_get(finding, "text"), "");
    bool is_error = node_is(node_get(finding, "severity"), "error");
    int64_t script = node_int_or(node_get(finding, "script"), -1);
    if (script >= 0) {
        check_find_in(check, &check->named[script].text, (size_t)node_int_or(node_get(finding, "line"), 1),
                      (size_t)node_int_or(node_get(finding, "column"), 0), is_error, "script", text);
    } else {
        const struct check_use *use = &check->uses[node_int_or(node_get(finding, "canary"), 0)];
        check_find_at(check, &use->source, use->object, node_str_or(node_get(finding, "field"), "spec"), is_error,
                      text);
    }
}

static void judge(struct check *check, const struct asker *asker, const char *url)
{
    struct doc *judged = check_ask(check, "tool.prometheus", "judge", doc_root(asker->answers));
    const char *away = node_str(node_get(doc_root(judged), "away"));
    if (away != NULL) {
        char *shown = http_printable_url(url);
        str_list_push_format(&check->errors, "--prometheus %s: %s", shown, away);
        str_free(&shown);
    }
    struct node_iter it = node_iterate(node_get(doc_root(judged), "findings"));
    while (node_next(&it)) {
        find(check, it.value);
    }
    doc_free(judged);
}

void check_prometheus(struct check *check, const char *url, const char *token_file)
{
    struct err err = {0};
    char *bearer = bearer_read(token_file, "PROMETHEUS_TOKEN", &err);
    if (err.code != ERR_NONE) {
        str_list_push_format(&check->errors, "--prometheus: %s", err.text);
        return;
    }
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/') {
        len--;
    }
    struct doc *paths = find_questions(check);
    struct asker asker = {
        .check = check, .root = str_dup_n(url, len), .bearer = bearer, .paths = doc_root(paths), .answers = doc_new()};
    doc_set_root(asker.answers, node_new_object(asker.answers));
    node_set(asker.answers, doc_root(asker.answers), "answers", node_new_array(asker.answers));
    size_t errors = check->errors.count;
    run(&asker);
    if (check->errors.count == errors) {
        judge(check, &asker, url);
    }
    doc_free(paths);
    doc_free(asker.answers);
    str_free(&asker.root);
    str_free(&asker.bearer);
}
