/* Where the Releases of `sluice why` come from: a file, or a cluster that is asked once or twice and only read; and
 * what is told of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/answer.h"
#include "app/cli.h"
#include "app/kubeconfig.h"
#include "app/why.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "io/curl.h"
#include "io/file.h"
#include "io/loop.h"
#include "kube/client.h"
#include "lab/lua/tool.h"
#include "release/release.h"

#define STDIN_PATH "/dev/stdin"

enum { FILE_MAX = 64 * 1024 * 1024, QUERY_MAX = 64 * 1024, LABEL_LEN_MAX = 63 };

/* --- a file --- */

static struct doc *list_of(const struct node *object)
{
    struct doc *list = doc_new();
    doc_set_root(list, node_new_array(list));
    node_push(doc_root(list), node_copy(list, object));
    return list;
}

/* YAML is wider than JSON, but for some escapes in strings. */
static struct doc *parse(const char *name, const struct buf *text, struct err *err)
{
    struct doc *documents = yaml_parse_all(name, buf_str(text), text->len, err);
    if (documents == NULL) {
        struct err ignored;
        struct doc *json = doc_parse(buf_str(text), text->len, &ignored);
        documents = json != NULL ? list_of(doc_root(json)) : NULL;
        doc_free(json);
    }
    return documents;
}

static struct doc *read_file(const char *path, char **place, struct err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    const char *name = is_stdin ? "stdin" : path;
    struct buf text;
    buf_init(&text, FILE_MAX);
    struct doc *objects = file_read(is_stdin ? STDIN_PATH : path, &text, err) ? parse(name, &text, err) : NULL;
    buf_fini(&text);
    if (objects != NULL && node_count(doc_root(objects)) == 0) {
        err_set(err, ERR_INVALID, "%s: no object is in there", name);
        doc_free(objects);
        return NULL;
    }
    *place = str_format("in %s", name);
    return objects;
}

/* --- a cluster --- */

struct asking {
    struct loop *loop;
    const struct kube_client *kube;
    const struct kube_request *request;
    struct kube_call *call;
    struct doc *answer;
    struct err err;
};

static void on_answer(void *ctx, const struct doc *answer, const struct err *err)
{
    struct asking *asking = ctx;
    asking->call = NULL;
    asking->err = *err;
    if (answer != NULL && answer_check(asking->kube, asking->request, doc_root(answer), &asking->err)) {
        asking->answer = doc_copy(doc_root(answer));
    }
    loop_stop(asking->loop);
}

static void on_signal(void *ctx, int signum)
{
    struct asking *asking = ctx;
    err_set(&asking->err, ERR_IO, "interrupted");
    loop_stop(asking->loop);
}

/* The answer; NULL and err without one. */
static struct doc *ask(struct asking *asking, struct kube_client *kube, const struct kube_request *request)
{
    asking->answer = NULL;
    asking->err = (struct err){0};
    asking->kube = kube;
    asking->request = request;
    asking->call = kube_start(kube, request, on_answer, asking);
    loop_run(asking->loop);
    if (asking->call != NULL) {
        kube_cancel(asking->call);
        asking->call = NULL;
    }
    answer_show_err(&asking->err);
    return asking->answer;
}

/* It says what a release under way waits for. Who may not read it, or has deleted it, is told what the record has.
 * But a Canary without Releases has not released anything yet, and one that is not there is a slip of the pen. */
static bool add_canary(struct asking *asking, struct kube_client *kube, const struct why_source *source,
                       const char *namespace, struct doc *objects, struct err *err)
{
    struct kube_request request = {
        .verb = KUBE_GET, .resource = &KUBE_CANARIES, .namespace = namespace, .name = source->canary};
    bool is_wanted = node_count(doc_root(objects)) == 0;
    struct doc *canary = ask(asking, kube, &request);
    if (canary != NULL) {
        node_push(doc_root(objects), node_copy(objects, doc_root(canary)));
        doc_free(canary);
        return true;
    }
    if (asking->err.code == ERR_NOT_FOUND) {
        err_set(err, ERR_NOT_FOUND, "there is no Canary %s in the namespace %s", source->canary, namespace);
    } else {
        *err = asking->err;
    }
    return !is_wanted;
}

static struct doc *list_releases(struct asking *asking, struct kube_client *kube, const struct why_source *source,
                                 const char *namespace, struct err *err)
{
    char *label = name_shorten(source->canary, LABEL_LEN_MAX);
    struct buf query;
    buf_init(&query, QUERY_MAX);
    buf_append_str(&query, "labelSelector=");
    char *selector = str_format("sluice.dev/canary=%s", label);
    buf_append_url(&query, selector);
    struct kube_request request = {
        .verb = KUBE_LIST, .resource = &KUBE_RELEASES, .namespace = namespace, .query = buf_str(&query)};
    struct doc *list = ask(asking, kube, &request), *objects = NULL;
    if (list == NULL) {
        *err = asking->err;
    } else {
        objects = doc_new();
        const struct node *items = node_get(doc_root(list), "items"); /* may be null */
        doc_set_root(objects, node_type(items) == NODE_ARRAY ? node_copy(objects, items) : node_new_array(objects));
        if (!add_canary(asking, kube, source, namespace, objects, err)) {
            doc_free(objects);
            objects = NULL;
        }
    }
    doc_free(list);
    buf_fini(&query);
    str_free(&selector);
    str_free(&label);
    return objects;
}

static struct doc *read_cluster(const struct why_source *source, char **place, struct err *err)
{
    struct kube_config config = {0};
    if (!kubeconfig_load(source->kubeconfig, source->context, "a file by -f", &config, err)) {
        kube_config_fini(&config);
        return NULL;
    }
    char *namespace = str_dup(source->namespace != NULL ? source->namespace : config.namespace);
    struct asking asking = {.loop = loop_new()};
    struct http *http = curl_http_new(asking.loop);
    struct kube_client *kube = kube_client_new(http, loop_clock(asking.loop), asking.loop, &config);
    loop_on_signal(asking.loop, on_signal, &asking);
    struct doc *objects = list_releases(&asking, kube, source, namespace, err);
    *place = str_format("in the namespace %s", namespace);
    kube_client_free(kube);
    curl_http_free(http);
    loop_free(asking.loop);
    str_free(&namespace);
    return objects;
}

struct doc *why_read(const struct why_source *source, char **place, struct err *err)
{
    return source->file != NULL ? read_file(source->file, place, err) : read_cluster(source, place, err);
}

/* --- asking and telling --- */

struct doc *why_order(const struct doc *objects, const char *place, bool json)
{
    struct doc *order = doc_new();
    struct node *root = node_new_object(order);
    doc_set_root(order, root);
    node_set(order, root, "objects", node_copy(order, doc_root(objects)));
    node_set_str(order, root, "place", place);
    node_set_bool(order, root, "json", json);
    return order;
}

struct doc *why_ask(const char *module, const struct doc *order, struct err *err)
{
    struct tool *tool = tool_open();
    struct doc *told = tool_call(tool, module, "run", doc_root(order), err);
    tool_close(tool);
    return told;
}

int why_tell(const char *command, const struct doc *told)
{
    const struct node *root = doc_root(told), *document = node_get(root, "document");
    const char *problem = node_str(node_get(root, "problem"));
    if (problem != NULL) {
        fprintf(stderr, "sluice %s: %s\n", command, problem);
    } else if (document != NULL) {
        char *text = node_to_text(document);
        printf("%s\n", text);
        str_free(&text);
    } else {
        fputs(node_str_or(node_get(root, "text"), ""), stdout);
    }
    cli_flush(stdout);
    return (int)node_int_or(node_get(root, "status"), 2);
}
