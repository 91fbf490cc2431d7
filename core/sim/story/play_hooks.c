/* The servers that webhooks call: load testers, gates and the people behind them. A host answers by the hook with the
 * longest path that is a prefix of the requested one, and with 404 when no hook fits. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/story/play_inner.h"

struct hook {
    struct hook *next;
    char *url, *host, *path;
    const struct scenario_hook *answer;
};

struct host {
    struct host *next;
    struct play_hooks *hooks;
    char *name;
};

/* An exchange that is answered later. */
struct waiting {
    struct waiting *next;
    struct play_hooks *hooks;
    const struct scenario_hook *answer;
    struct exchange *exchange;
    struct timer timer;
};

struct play_hooks {
    struct clock *clock;
    struct network *network;
    struct hook *all;
    struct host *hosts;
    struct waiting *waiting;
    play_serve_fn *first; /* asked before the hooks; NULL: none */
    void *ctx;            /* for `first` */
};

/* --- answers --- */

static const char *body_of(const struct scenario_hook *hook)
{
    if (hook->body != NULL) {
        return hook->body;
    }
    return hook->status == 200 ? "OK" : hook->status == 403 ? "Forbidden" : "";
}

static void answer(struct exchange *exchange, const struct scenario_hook *hook)
{
    const char *body = body_of(hook);
    exchange_answer(exchange, hook->status, "text/plain", body, strlen(body));
}

static void forget(struct waiting *waiting)
{
    struct waiting **at = &waiting->hooks->waiting;
    while (*at != waiting) {
        at = &(*at)->next;
    }
    *at = waiting->next;
    timer_cancel(&waiting->timer);
    mem_free(waiting);
}

static void on_gone(void *ctx)
{
    forget(ctx);
}

static void on_due(struct timer *timer, void *ctx)
{
    struct waiting *waiting = ctx;
    waiting->exchange->gone = NULL;
    answer(waiting->exchange, waiting->answer);
    forget(waiting);
}

static void answer_later(struct play_hooks *hooks, struct exchange *exchange, const struct scenario_hook *hook)
{
    struct waiting *waiting = mem_new(struct waiting);
    *waiting = (struct waiting){.next = hooks->waiting, .hooks = hooks, .answer = hook, .exchange = exchange};
    hooks->waiting = waiting;
    exchange->gone = on_gone;
    exchange->ctx = waiting;
    timer_start(hooks->clock, &waiting->timer, hook->delay_ms, on_due, waiting);
}

/* --- requests --- */

/* "/gate" begins "/gate", "/gate/open" and "/gate?x", not "/gates". */
static bool begins(const char *path, const char *asked)
{
    size_t len = strlen(path);
    return strncmp(path, asked, len) == 0 &&
           (len == 0 || path[len - 1] == '/' || asked[len] == '\0' || asked[len] == '/');
}

static const struct hook *find(const struct host *host, const char *path)
{
    const struct hook *best = NULL;
    for (const struct hook *hook = host->hooks->all; hook != NULL; hook = hook->next) {
        if (str_equal(hook->host, host->name) && begins(hook->path, path) &&
            (best == NULL || strlen(hook->path) > strlen(best->path))) {
            best = hook;
        }
    }
    return best;
}

static void serve(void *ctx, struct exchange *exchange)
{
    const struct host *host = ctx;
    const struct play_hooks *hooks = host->hooks;
    if (hooks->first != NULL && hooks->first(hooks->ctx, exchange)) {
        return;
    }
    const struct hook *hook = find(host, exchange->path);
    if (hook == NULL) {
        exchange_answer(exchange, 404, "text/plain", "", 0);
    } else if (hook->answer->delay_ms > 0 && !hook->answer->hangs) {
        answer_later(host->hooks, exchange, hook->answer);
    } else if (!hook->answer->hangs) { /* who hangs says nothing until the other side has had enough */
        answer(exchange, hook->answer);
    }
}

/* --- what is said --- */

static void serve_host(struct play_hooks *hooks, const char *name)
{
    for (const struct host *host = hooks->hosts; host != NULL; host = host->next) {
        if (str_equal(host->name, name)) {
            return;
        }
    }
    struct host *host = mem_new(struct host);
    *host = (struct host){.next = hooks->hosts, .hooks = hooks, .name = str_dup(name)};
    hooks->hosts = host;
    network_host(hooks->network, name, serve, host);
}

void play_hooks_set(struct play_hooks *hooks, const struct scenario_hook *said)
{
    struct hook *hook = hooks->all;
    while (hook != NULL && !str_equal(hook->url, said->url)) {
        hook = hook->next;
    }
    if (hook != NULL) {
        hook->answer = said;
        return;
    }
    const char *host = strstr(said->url, "://") + 3;
    size_t len = strcspn(host, "/");
    hook = mem_new(struct hook);
    *hook = (struct hook){.next = hooks->all, .url = str_dup(said->url), .answer = said};
    hook->host = str_dup_n(host, len);
    hook->path = str_dup(host + len);
    hooks->all = hook;
    serve_host(hooks, hook->host);
}

void play_hooks_serve(struct play_hooks *hooks, play_serve_fn *first, void *ctx)
{
    hooks->first = first;
    hooks->ctx = ctx;
}

/* --- life --- */

struct play_hooks *play_hooks_new(struct cluster *cluster)
{
    struct play_hooks *hooks = mem_new(struct play_hooks);
    *hooks = (struct play_hooks){.clock = cluster_clock(cluster), .network = cluster_network(cluster)};
    return hooks;
}

void play_hooks_free(struct play_hooks *hooks)
{
    while (hooks->waiting != NULL) {
        hooks->waiting->exchange->gone = NULL;
        forget(hooks->waiting);
    }
    for (struct host *host = hooks->hosts; host != NULL; host = hooks->hosts) {
        network_host(hooks->network, host->name, NULL, NULL);
        hooks->hosts = host->next;
        str_free(&host->name);
        mem_free(host);
    }
    for (struct hook *hook = hooks->all; hook != NULL; hook = hooks->all) {
        hooks->all = hook->next;
        str_free(&hook->url);
        str_free(&hook->host);
        str_free(&hook->path);
        mem_free(hook);
    }
    mem_free(hooks);
}
