#include "app/repl_live.h"

#include <signal.h>
#include <string.h>

#include "app/reading_door.h"
#include "app/repl_world.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/curl.h"
#include "io/loop.h"
#include "kube/client.h"

/* WORDS: of get and list; the others may have headers. */
enum { TIMEOUT_MS = 10000, WORDS = 6, WORDS_MAX = 64, QUERY_MAX = 4096 };

struct repl_live {
    struct kube_config config; /* until the client has it */
    char *namespace, *server;
    const char *trusted, *bearer; /* NULL: nobody */
    struct loop *loop;            /* NULL: nothing was asked yet */
    struct http *http, *door;     /* door: to metric servers */
    struct kube_client *kube;
    struct kube_call *asking; /* one of the two, while an answer is waited for */
    struct http_call *measuring;
    int signum; /* that ended the wait; 0: none */
    int status;
    char *body; /* of the last answer */
};

/* --- one question --- */

static void on_object(void *ctx, const struct doc *answer, const struct err *err)
{
    struct repl_live *live = ctx;
    live->asking = NULL;
    live->status = answer != NULL ? 200 : err->http_status;
    live->body = answer != NULL ? node_to_text(doc_root(answer)) : str_dup(err->text);
    loop_stop(live->loop);
}

static void on_response(void *ctx, const struct http_response *response, const struct err *err)
{
    struct repl_live *live = ctx;
    live->measuring = NULL;
    live->status = response != NULL ? response->status : 0;
    live->body = str_dup(response != NULL ? response->body : err->text);
    loop_stop(live->loop);
}

static void on_signal(void *ctx, int signum)
{
    struct repl_live *live = ctx;
    live->signum = signum;
    loop_stop(live->loop);
}

static void give_up(struct repl_live *live)
{
    if (live->asking != NULL) {
        kube_cancel(live->asking);
    }
    if (live->measuring != NULL) {
        http_cancel(live->measuring);
    }
    live->asking = NULL;
    live->measuring = NULL;
    live->body = str_dup("interrupted");
}

/* Ctrl-C ends the wait for an answer as well as the line that asks. Outside of it the console minds signals. */
static void await(struct repl_live *live)
{
    struct sigaction interrupt, term;
    sigaction(SIGINT, NULL, &interrupt);
    sigaction(SIGTERM, NULL, &term);
    live->signum = 0;
    loop_on_signal(live->loop, on_signal, live);
    if (!repl_world_is_interrupted()) {
        loop_run(live->loop);
    }
    loop_on_signal(live->loop, NULL, NULL);
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGTERM, &term, NULL);
    if (live->asking != NULL || live->measuring != NULL) {
        give_up(live);
    }
    if (live->signum != 0) {
        raise(live->signum);
    }
}

/* Not before there is something to read: the processes of the console are forked without any of it. */
static void connect_once(struct repl_live *live)
{
    if (live->loop == NULL) {
        live->loop = loop_new();
        live->http = curl_http_new(live->loop);
        live->door = reading_door_new(live->http, loop_clock(live->loop), live->trusted, live->bearer);
        live->kube = kube_client_new(live->http, loop_clock(live->loop), live->loop, &live->config);
    }
}

static void read_object(struct repl_live *live, char *const words[], bool is_list)
{
    struct kube_resource resource = {.group = words[1], .version = words[2], .plural = words[3], .kind = words[3]};
    struct buf query;
    buf_init(&query, QUERY_MAX);
    if (is_list && words[5][0] != '\0') {
        buf_append_str(&query, "labelSelector=");
        buf_append_url(&query, words[5]);
    }
    struct kube_request request = {.verb = is_list ? KUBE_LIST : KUBE_GET,
                                   .resource = &resource,
                                   .namespace = words[4][0] != '\0' ? words[4] : NULL,
                                   .name = is_list ? NULL : words[5],
                                   .query = query.len > 0 ? buf_str(&query) : NULL,
                                   .timeout_ms = TIMEOUT_MS};
    live->asking = kube_start(live->kube, &request, on_object, live);
    await(live);
    buf_fini(&query);
}

/* "Name: value" */
static struct http_header header_of(char *text)
{
    char *value = text;
    const char *name = strsep(&value, ":");
    return (struct http_header){name, value != NULL ? value + strspn(value, " ") : ""};
}

static void ask(struct repl_live *live, char *const words[], size_t count)
{
    struct http_header headers[WORDS_MAX];
    struct http_request request = {.method = "GET",
                                   .url = words[1],
                                   .headers = headers,
                                   .timeout_ms = TIMEOUT_MS,
                                   .outward = strcmp(words[0], "out") == 0};
    for (size_t i = 2; i < count; i++) {
        headers[request.header_count++] = header_of(words[i]);
    }
    live->measuring = http_start(live->door, &request, NULL, on_response, live);
    await(live);
}

int repl_live_fetch(void *ctx, const char *what, char **body)
{
    struct repl_live *live = ctx;
    char *copy = str_dup(what), *words[WORDS_MAX] = {0}, *rest = copy;
    size_t count = 0;
    while (count < WORDS_MAX && rest != NULL) {
        words[count++] = strsep(&rest, "\t");
    }
    connect_once(live);
    live->status = 0;
    live->body = NULL;
    bool is_list = strcmp(words[0], "list") == 0;
    bool is_ask = strcmp(words[0], "ask") == 0 || strcmp(words[0], "out") == 0;
    if (count == WORDS && (is_list || strcmp(words[0], "get") == 0)) {
        read_object(live, words, is_list);
    } else if (count >= 2 && is_ask && http_is_url(words[1])) {
        ask(live, words, count);
    } else if (count >= 2 && is_ask) {
        live->body = str_format("the URL of a server is wanted, got %s", words[1]);
    } else {
        live->body = str_format("%s: neither get, list nor ask", words[0]);
    }
    str_free(&copy);
    *body = live->body;
    live->body = NULL;
    return live->status;
}

/* --- life --- */

struct repl_live *repl_live_open(const struct session_flags *flags, struct err *err)
{
    struct repl_live *live = mem_new(struct repl_live);
    if (!session_config(flags, &live->config, err)) {
        repl_live_close(live);
        return NULL;
    }
    live->namespace = str_dup(flags->namespace != NULL ? flags->namespace : live->config.namespace);
    live->server = str_dup(live->config.server);
    return live;
}

const char *repl_live_namespace(const struct repl_live *live)
{
    return live->namespace;
}

const char *repl_live_server(const struct repl_live *live)
{
    return live->server;
}

void repl_live_trust(struct repl_live *live, const char *url, const char *bearer)
{
    live->trusted = url;
    live->bearer = bearer;
}

void repl_live_close(struct repl_live *live)
{
    if (live == NULL) {
        return;
    }
    if (live->loop != NULL) {
        kube_client_free(live->kube);
        reading_door_free(live->door);
        curl_http_free(live->http);
        loop_free(live->loop);
    } else {
        kube_config_fini(&live->config);
    }
    str_free(&live->namespace);
    str_free(&live->server);
    mem_free(live);
}
