#include "app/session.h"

#include <stdio.h>
#include <string.h>

#include "app/answer.h"
#include "app/kubeconfig.h"
#include "app/reading_door.h"
#include "app/shown.h"
#include "app/subject.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/curl.h"
#include "kube/watch.h"

enum { WATCHES_MAX = 4, QUERY_MAX = 1024 };
enum { LOOK_MIN_MS = 3 * 1000, LOOK_MAX_MS = 30 * 1000 };
enum { BUSY_MAX_MS = 30 * 1000, COMMAND_SIZE = 32, FAILED = 2, INTERRUPTED = 130 };

struct session {
    struct loop *loop;
    struct http *http, *door; /* door: over that, for the cluster and all others; it may be the same */
    struct kube_client *kube;
    char *namespace;
    bool interrupted;
    bool limited, late;
    int64_t began_ms, timeout_ms; /* of session_limit */

    const struct kube_request *request; /* of session_ask */
    struct kube_call *call;             /* of that; NULL: it is answered */
    struct doc *answer;
    struct err err;

    struct watch *watches[WATCHES_MAX];
    struct store *stores[WATCHES_MAX];
    size_t watch_count;
    char trouble[SHOWN_SIZE];
    struct timer timer;
    bool timed_out;
    bool (*is_over)(void *ctx); /* of session_wait; NULL: nothing is waited for */
    void *ctx;
};

/* --- flags --- */

bool session_take(struct session_flags *flags, const char *name, const char *value)
{
    const struct {
        const char *name, *other, **field;
    } rows[] = {
        {"n", "namespace", &flags->namespace}, {"kubeconfig", NULL, &flags->kubeconfig},
        {"context", NULL, &flags->context},    {"cluster", NULL, &flags->cluster},
        {"user", NULL, &flags->user},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(name, rows[i].name) == 0 || str_equal(name, rows[i].other)) {
            *rows[i].field = value;
            return true;
        }
    }
    return false;
}

bool session_is_told(const struct session_flags *flags)
{
    return flags->namespace != NULL || flags->kubeconfig != NULL || flags->context != NULL || flags->cluster != NULL ||
           flags->user != NULL;
}

bool session_config(const struct session_flags *flags, struct kube_config *config, struct err *err)
{
    struct kube_choice choice = {.context = flags->context, .cluster = flags->cluster, .user = flags->user};
    return (flags->namespace == NULL || subject_check_namespace("-n", flags->namespace, err)) &&
           kubeconfig_load(flags->kubeconfig, &choice, flags->otherwise, config, err);
}

/* --- life --- */

static void on_signal(void *ctx, int signum)
{
    struct session *session = ctx;
    session->interrupted = true;
    err_set(&session->err, ERR_IO, "interrupted");
    loop_stop(session->loop);
}

struct session *session_open(const struct session_flags *flags, struct err *err)
{
    struct kube_config config = {0};
    if (!session_config(flags, &config, err)) {
        answer_show_err(err);
        kube_config_fini(&config);
        return NULL;
    }
    struct session *session = mem_new(struct session);
    session->namespace = str_dup(flags->namespace != NULL ? flags->namespace : config.namespace);
    session->loop = loop_new();
    session->http = curl_http_new(session->loop);
    session->door = session->http;
    if (flags->reads_only) {
        session->door = reading_door_new(session->http, loop_clock(session->loop), NULL, NULL);
    }
    session->kube = kube_client_new(session->door, loop_clock(session->loop), session->loop, &config);
    loop_on_signal(session->loop, on_signal, session);
    return session;
}

void session_close(struct session *session)
{
    if (session == NULL) {
        return;
    }
    timer_cancel(&session->timer);
    for (size_t i = 0; i < session->watch_count; i++) {
        watch_close(session->watches[i]);
        store_free(session->stores[i]);
    }
    kube_client_free(session->kube);
    if (session->door != session->http) {
        reading_door_free(session->door);
    }
    curl_http_free(session->http);
    loop_free(session->loop);
    str_free(&session->namespace);
    mem_free(session);
}

const char *session_namespace(const struct session *session)
{
    return session->namespace;
}

bool session_is_interrupted(const struct session *session)
{
    return session->interrupted;
}

int64_t session_now_ms(const struct session *session)
{
    return kube_client_now_ms(session->kube);
}

struct clock *session_clock(const struct session *session)
{
    return loop_clock(session->loop);
}

struct http *session_http(const struct session *session)
{
    return session->door;
}

struct kube_client *session_kube(const struct session *session)
{
    return session->kube;
}

/* --- the time that it has --- */

void session_limit(struct session *session, int64_t timeout_ms)
{
    session->limited = true;
    session->timeout_ms = timeout_ms;
    session->began_ms = clock_mono_ms(loop_clock(session->loop));
}

static int64_t left_of(const struct session *session, int64_t timeout_ms)
{
    int64_t passed_ms = clock_mono_ms(loop_clock(session->loop)) - session->began_ms;
    return timeout_ms > passed_ms ? timeout_ms - passed_ms : 0;
}

int64_t session_left_ms(const struct session *session)
{
    return left_of(session, session->timeout_ms);
}

static int64_t ask_ms(const struct session *session)
{
    return left_of(session, session->timeout_ms > LOOK_MIN_MS ? session->timeout_ms : LOOK_MIN_MS);
}

int64_t session_look_ms(const struct session *session)
{
    int64_t left_ms = ask_ms(session);
    return left_ms < LOOK_MAX_MS ? left_ms : LOOK_MAX_MS;
}

bool session_is_late(const struct session *session)
{
    return session->late;
}

static void on_timeout(struct timer *timer, void *ctx)
{
    struct session *session = ctx;
    session->timed_out = true;
    loop_stop(session->loop);
}

/* --- asking --- */

static void on_answer(void *ctx, const struct doc *answer, const struct err *err)
{
    struct session *session = ctx;
    session->call = NULL;
    session->err = *err;
    if (answer != NULL && answer_check(session->kube, session->request, doc_root(answer), &session->err)) {
        session->answer = doc_copy(doc_root(answer));
    }
    loop_stop(session->loop);
}

static void ask_once(struct session *session, const struct kube_request *request)
{
    session->err = (struct err){0};
    session->request = request;
    session->call = kube_start(session->kube, request, on_answer, session);
    session->timed_out = false;
    if (session->limited) {
        timer_start(loop_clock(session->loop), &session->timer, ask_ms(session), on_timeout, session);
    }
    loop_run(session->loop);
    timer_cancel(&session->timer);
    session->late = session->call != NULL && session->timed_out && !session->interrupted;
    if (session->call != NULL) {
        kube_cancel(session->call);
        session->call = NULL;
    }
    if (session->late) {
        err_set(&session->err, ERR_TIMEOUT, "the server at %s did not answer in that time",
                kube_client_server(session->kube));
    }
}

/* Waits as long as a server asks for that is too busy to begin on a request, as kubectl does. */
static bool pause_as_asked(struct session *session, int64_t *left_ms)
{
    int64_t pause_ms = session->err.retry_after_ms;
    bool asks = session->err.http_status == 429 || session->err.http_status == 503;
    if (session->interrupted || !asks || pause_ms <= 0 || pause_ms > *left_ms) {
        return false;
    }
    *left_ms -= pause_ms;
    timer_start(loop_clock(session->loop), &session->timer, pause_ms, on_timeout, session);
    loop_run(session->loop);
    timer_cancel(&session->timer);
    return !session->interrupted;
}

struct doc *session_ask(struct session *session, const struct kube_request *request, struct err *err)
{
    int64_t left_ms = session->limited && ask_ms(session) < BUSY_MAX_MS ? ask_ms(session) : BUSY_MAX_MS;
    session->answer = NULL;
    do {
        ask_once(session, request);
    } while (session->answer == NULL && pause_as_asked(session, &left_ms));
    if (session->answer == NULL) {
        *err = session->err;
        answer_show_err(err);
    }
    return session->answer;
}

/* --- watching --- */

bool session_may_read(struct session *session, const struct kube_resource *resource, const char *namespace,
                      const char *name, struct err *err)
{
    struct buf query;
    buf_init(&query, QUERY_MAX);
    buf_append_str(&query, "limit=1");
    if (name != NULL) {
        buf_append_str(&query, "&fieldSelector=metadata.name%3D");
        buf_append_url(&query, name);
    }
    struct kube_request request = {.verb = KUBE_LIST,
                                   .resource = resource,
                                   .namespace = namespace,
                                   .query = buf_str(&query),
                                   .metadata_only = true};
    struct doc *list = session_ask(session, &request, err);
    bool may = list != NULL || err_is_transient(err);
    doc_free(list);
    buf_fini(&query);
    return may;
}

void session_look(struct session *session)
{
    if (session->is_over != NULL && session->is_over(session->ctx)) {
        session->is_over = NULL;
        loop_stop(session->loop);
    }
}

static void on_change(void *ctx, const struct store *store, const char *namespace, const char *name)
{
    session_look(ctx);
}

struct store *session_watch_fields(struct session *session, const struct kube_resource *resource, const char *namespace,
                                   const char *selector)
{
    struct store *store = store_new(resource, NULL);
    struct watch_options options = {.namespace = namespace, .field_selector = selector};
    session->stores[session->watch_count] = store;
    store_subscribe(store, on_change, session);
    session->watches[session->watch_count++] = watch_open(session->kube, loop_clock(session->loop), store, &options);
    return store;
}

struct store *session_watch(struct session *session, const struct kube_resource *resource, const char *namespace,
                            const char *name)
{
    char *selector = name != NULL ? str_format("metadata.name=%s", name) : NULL;
    struct store *store = session_watch_fields(session, resource, namespace, selector);
    str_free(&selector);
    return store;
}

enum session_end session_wait(struct session *session, int64_t timeout_ms, bool (*is_over)(void *ctx), void *ctx)
{
    session->is_over = is_over;
    session->ctx = ctx;
    session->timed_out = false;
    if (is_over(ctx)) {
        session->is_over = NULL;
        return SESSION_OVER;
    }
    timer_start(loop_clock(session->loop), &session->timer, timeout_ms, on_timeout, session);
    loop_run(session->loop);
    timer_cancel(&session->timer);
    bool over = session->is_over == NULL;
    session->is_over = NULL;
    return over ? SESSION_OVER : session->timed_out ? SESSION_TIMEOUT : SESSION_INTERRUPTED;
}

const char *session_trouble(struct session *session)
{
    const char *trouble = "";
    for (size_t i = 0; i < session->watch_count && trouble[0] == '\0'; i++) {
        trouble = watch_trouble(session->watches[i]);
    }
    return shown_line(session->trouble, sizeof session->trouble,
                      trouble[0] == '\0' && session->late ? session->err.text : trouble);
}

/* --- a command --- */

/* A person reads what others log. */
static void on_log(void *ctx, const char *line)
{
    const char *command = ctx;
    struct err ignored;
    struct doc *doc = doc_parse(line, strlen(line), &ignored);
    char shown[SHOWN_SIZE];
    fprintf(stderr, "sluice %s: %s\n", command,
            shown_line(shown, sizeof shown, node_str_or(node_get(doc_root(doc), "msg"), line)));
    doc_free(doc);
}

void session_tell_log(const char *command)
{
    log_set_sink(on_log, (void *)command);
}

int session_run(const char *command, const struct session_flags *flags, session_body_fn *body, void *ctx)
{
    char name[COMMAND_SIZE];
    struct err err = {0};
    str_copy(name, sizeof name, command);
    session_tell_log(name);
    struct session *session = session_open(flags, &err);
    log_set_sink(log_drop, NULL); /* trouble with a request is told at the end */
    int status = session != NULL ? body(ctx, session, &err) : SESSION_FAILED;
    if (status == SESSION_FAILED) {
        fprintf(stderr, "sluice %s: %s\n", command, err.text);
        status = session != NULL && session->interrupted ? INTERRUPTED : FAILED;
    }
    session_close(session);
    log_set_sink(log_drop, NULL);
    return status;
}
