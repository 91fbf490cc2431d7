#include "load/player.h"

#include <assert.h>

#include "base/mem.h"

/* Ticks that are missed by less are not lost: timers of milliseconds are late by so much, and a worker may have several
 * ticks in one. */
enum { LATENESS_US = 10 * 1000 };

struct worker {
    struct player *player;
    struct timer timer;
    struct http_call *call; /* NULL: waits for its tick, or is done */
    int64_t tick_us;        /* of its next request, from the begin */
    int64_t sent_ms;
    int64_t left; /* requests to make; -1: until the time is over */
    bool rests;   /* its next tick would come behind the end */
};

struct player {
    struct clock *clock;
    struct http *http;
    const struct load_plan *plan;
    player_result_fn *result;
    player_done_fn *done;
    void *ctx;
    struct http_request request;
    struct http_header *headers;
    struct http_tls tls;
    int64_t began_ms, period_us;
    struct worker *workers;
    int at_work, resting;
    struct timer end;
    struct tally tally;
};

/* --- the end --- */

static void player_free(struct player *player)
{
    timer_cancel(&player->end);
    tally_fini(&player->tally);
    mem_free(player->headers);
    mem_free(player->workers);
    mem_free(player);
}

static int64_t elapsed_ms(const struct player *player)
{
    return clock_mono_ms(player->clock) - player->began_ms;
}

static void on_end(struct timer *timer, void *ctx)
{
    struct player *player = ctx;
    if (player->at_work == 0) {
        player->done(player->ctx, &player->tally, elapsed_ms(player));
        player_free(player);
    }
}

/* A load that is told how long it lasts ends then, also when its workers have no more tick before; so does one whose
 * rate is too low for all of its requests. */
static void worker_end(struct worker *worker)
{
    struct player *player = worker->player;
    bool is_complete = player->plan->requests > 0 && player->resting == 0;
    if (--player->at_work == 0 && (is_complete || !timer_is_pending(&player->end))) {
        timer_start(player->clock, &player->end, 0, on_end, player);
    }
}

/* --- a worker --- */

static void worker_wait(struct worker *worker);

static void on_answer(void *ctx, const struct http_response *response, const struct err *err)
{
    struct worker *worker = ctx;
    struct player *player = worker->player;
    int64_t took_us = (clock_mono_ms(player->clock) - worker->sent_ms) * 1000;
    worker->call = NULL;
    if (response != NULL) {
        took_us = response->took_us > 0 ? response->took_us : took_us;
        tally_answer(&player->tally, response->status, took_us);
    } else {
        tally_failure(&player->tally, err);
    }
    player->result(player->ctx, response != NULL ? response->status : 0, took_us);
    worker_wait(worker);
}

/* Bodies are thrown away. */
static bool on_body(void *ctx, const char *bytes, size_t len)
{
    return true;
}

static void on_tick(struct timer *timer, void *ctx)
{
    struct worker *worker = ctx;
    struct player *player = worker->player;
    if (worker->left > 0) {
        worker->left--;
    }
    worker->tick_us += player->period_us;
    worker->sent_ms = clock_mono_ms(player->clock);
    worker->call = http_start(player->http, &player->request, on_body, on_answer, worker);
}

/* The last tick that came while the worker was busy is kept, and those before it are lost. */
static void catch_up(struct worker *worker)
{
    struct player *player = worker->player;
    int64_t kept_us = player->period_us > LATENESS_US ? player->period_us : LATENESS_US;
    int64_t oldest_us = elapsed_ms(player) * 1000 - kept_us;
    if (worker->tick_us <= oldest_us) {
        worker->tick_us += ((oldest_us - worker->tick_us) / player->period_us + 1) * player->period_us;
    }
}

static void worker_wait(struct worker *worker)
{
    struct player *player = worker->player;
    catch_up(worker);
    int64_t end_ms = player->plan->duration_ms;
    if (worker->left == 0 || worker->tick_us > end_ms * 1000 || elapsed_ms(player) >= end_ms) {
        worker->rests = worker->left != 0;
        player->resting += worker->rests ? 1 : 0;
        worker_end(worker);
        return;
    }
    int64_t delay_ms = (worker->tick_us + 999) / 1000 - elapsed_ms(player);
    timer_start(player->clock, &worker->timer, delay_ms > 0 ? delay_ms : 0, on_tick, worker);
}

/* --- starting --- */

static void set_request(struct player *player)
{
    const struct load_plan *plan = player->plan;
    size_t count = plan->header_names.count;
    player->headers = mem_alloc_array(count + 1, sizeof *player->headers);
    for (size_t i = 0; i < count; i++) {
        player->headers[i] = (struct http_header){plan->header_names.items[i], plan->header_values.items[i]};
    }
    player->tls.insecure = true; /* hey asks for no certificate, either */
    player->tls.server_name = plan->server_name;
    player->request = (struct http_request){
        .method = plan->method,
        .url = plan->url,
        .headers = player->headers,
        .header_count = count,
        .body = plan->body,
        .body_len = plan->body_len,
        .timeout_ms = plan->timeout_ms,
        .tls = &player->tls,
        .follow_redirects = !plan->no_redirects,
        .no_proxy = plan->proxy == NULL,
        .proxy = plan->proxy,
        .no_reuse = plan->no_keepalive,
        .http1 = !plan->http2,
    };
}

static int64_t period_of(double rate)
{
    int64_t period_us = (int64_t)(1e6 / rate);
    return period_us > 0 ? period_us : 1;
}

struct player *player_start(struct clock *clock, struct http *http, const struct load_plan *plan,
                            player_result_fn *result, player_done_fn *done, void *ctx)
{
    assert(plan->rate > 0 && plan->duration_ms > 0 && plan->workers > 0);
    struct player *player = mem_new(struct player);
    player->clock = clock;
    player->http = http;
    player->plan = plan;
    player->result = result;
    player->done = done;
    player->ctx = ctx;
    set_request(player);
    player->began_ms = clock_mono_ms(clock);
    player->period_us = period_of(plan->rate);
    player->at_work = plan->workers;
    player->workers = mem_alloc_array((size_t)plan->workers, sizeof *player->workers);
    timer_start(clock, &player->end, plan->duration_ms, on_end, player);
    for (int i = 0; i < plan->workers; i++) {
        struct worker *worker = &player->workers[i];
        worker->player = player;
        worker->left = plan->requests > 0 ? plan->requests / plan->workers : -1;
        worker->tick_us = player->period_us;
        worker_wait(worker);
    }
    return player;
}

/* Its next tick moves, and it may come before the end now. */
static void worker_retime(struct worker *worker, int64_t later_us)
{
    struct player *player = worker->player;
    worker->tick_us += later_us;
    if (timer_is_pending(&worker->timer)) {
        timer_cancel(&worker->timer);
        worker_wait(worker);
    } else if (worker->rests) {
        worker->rests = false;
        player->resting--;
        player->at_work++;
        worker_wait(worker);
    }
}

void player_set_rate(struct player *player, double rate)
{
    int64_t period_us = period_of(rate), later_us = period_us - player->period_us;
    player->period_us = period_us;
    for (int i = 0; i < player->plan->workers; i++) {
        worker_retime(&player->workers[i], later_us);
    }
}

void player_cancel(struct player *player)
{
    for (int i = 0; i < player->plan->workers; i++) {
        timer_cancel(&player->workers[i].timer);
        if (player->workers[i].call != NULL) {
            http_cancel(player->workers[i].call);
        }
    }
    player_free(player);
}
