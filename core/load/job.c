#include "load/job.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/utf8.h"
#include "load/hey.h"
#include "load/player.h"

enum { FIGURES_MAX = 4096, COMMAND_SHOWN = 200 };

/* --- what is refused --- */

/* Load generators of Flagger's image whose command lines are not read here. */
static bool is_other_generator(const char *name)
{
    return strcmp(name, "ghz") == 0 || strcmp(name, "wrk") == 0;
}

static bool explain(const struct words *words, struct err *err)
{
    const char *name = words->programs[0].items[0];
    if (err->code == ERR_FORBIDDEN && is_other_generator(name)) {
        return err_set(err, ERR_FORBIDDEN,
                       "%s is not played here, only command lines of hey are: name it in -allow-commands, or write the "
                       "load for hey",
                       name);
    }
    return false;
}

/* The words may be those before a refusal, so the last program may have none yet. */
static bool has_hey(const struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        if (words->programs[i].count > 0 && strcmp(words->programs[i].items[0], "hey") == 0) {
            return true;
        }
    }
    return false;
}

static const char *type_name(bool is_load)
{
    return is_load ? "hey" : "program";
}

const char *job_type_of(const struct job_order *order)
{
    struct words words = {0};
    struct err ignored = {0};
    if (order->program == NULL) {
        words_split(order->command, &words, &ignored);
    }
    bool is_load = has_hey(&words);
    words_fini(&words);
    return type_name(is_load);
}

static bool read_load(struct job *job, struct err *err)
{
    if (job->words.count > 1) {
        return err_set(err, ERR_INVALID, "hey is played here and has no output that another program could read: |");
    }
    job->is_load = true;
    return hey_read(&job->words.programs[0], &job->plan, err) &&
           (load_plan_fit(&job->plan, &job->ground->ceiling, err) || err_wrap(err, "hey"));
}

/* As Flagger does with the command of its types helm and kubectl: it splits at blanks and knows no quotes. */
static bool split_at_blanks(struct job *job, const char *program, const char *command, struct err *err)
{
    struct str_list *words = &job->words.programs[0];
    job->words.count = 1;
    str_list_push(words, program);
    for (const char *at = command + strspn(command, " \t\r\n"); *at != '\0'; at += strspn(at, " \t\r\n")) {
        size_t len = strcspn(at, " \t\r\n");
        str_list_push_format(words, "%.*s", (int)len, at);
        at += len;
    }
    return (words->count <= WORDS_MAX && strlen(command) <= WORDS_TEXT_MAX) ||
           err_set(err, ERR_TOO_LARGE, "more than %d words or %d bytes", WORDS_MAX, WORDS_TEXT_MAX);
}

static bool read_order(struct job *job, const struct job_order *order, struct err *err)
{
    if (order->program == NULL && !words_split(order->command, &job->words, err)) {
        return false;
    }
    if (order->program == NULL && has_hey(&job->words)) {
        return read_load(job, err);
    }
    if (order->program != NULL && !split_at_blanks(job, order->program, order->command, err)) {
        return false;
    }
    return programs_find(job->ground->programs, &job->words, &job->paths, err) || explain(&job->words, err);
}

/* As one line each, the command and the problem, which has words of it: a log for people has them as they are, and so
 * has an event of the canary. */
static void name_command(const char *command, struct err *err)
{
    struct buf line, problem;
    buf_init(&line, SIZE_MAX);
    buf_init(&problem, SIZE_MAX);
    utf8_append_line(&line, command, strlen(command), COMMAND_SHOWN);
    utf8_append_line(&problem, err->text, strlen(err->text), sizeof err->text);
    err_set(err, err->code, "command \"%s\": %s", buf_str(&line), buf_str(&problem));
    buf_fini(&line);
    buf_fini(&problem);
}

struct job *job_new(const struct job_ground *ground, const struct job_order *order, struct err *err)
{
    struct job *job = mem_new(struct job);
    job->ground = ground;
    job->namespace = str_dup(order->namespace);
    job->name = str_dup(order->name);
    job->canary = str_dup(order->canary);
    job->command = str_dup(order->command);
    job->logs_output = order->logs_output;
    if (!read_order(job, order, err)) {
        name_command(order->command, err);
        job_free(job);
        return NULL;
    }
    return job;
}

void job_free(struct job *job)
{
    if (job->player != NULL) {
        budget_leave(job->ground->budget, &job->share);
        player_cancel(job->player);
    }
    if (job->pipeline != NULL) {
        pipeline_cancel(job->pipeline);
    }
    load_plan_fini(&job->plan);
    words_fini(&job->words);
    str_list_fini(&job->paths);
    str_free(&job->namespace);
    str_free(&job->name);
    str_free(&job->canary);
    str_free(&job->command);
    mem_free(job);
}

/* --- running --- */

static void count(const struct job *job, const char *outcome)
{
    figures_task(job->ground->figures, job->namespace, job->name, type_name(job->is_load), outcome);
}

static void on_result(void *ctx, int status, int64_t took_us)
{
    const struct job *job = ctx;
    figures_result(job->ground->figures, job->namespace, job->name, status, took_us);
}

static void on_played(void *ctx, const struct tally *tally, int64_t elapsed_ms)
{
    struct job *job = ctx;
    struct err none = {0};
    struct buf text;
    buf_init(&text, FIGURES_MAX);
    budget_leave(job->ground->budget, &job->share);
    tally_write(tally, elapsed_ms, &text);
    if (job->is_slowed) {
        buf_append_str(&text, "; slowed by -max-rate");
    }
    log_info(job->canary, "load finished %s: %s", job->command, buf_str(&text));
    job->player = NULL;
    count(job, "finished");
    job->done(job, buf_str(&text), text.len, &none);
    buf_fini(&text);
}

static void on_ran(void *ctx, const char *output, size_t len, const struct err *err)
{
    struct job *job = ctx;
    job->pipeline = NULL;
    if (err->code != ERR_NONE) {
        log_error(job->canary, "command failed %s %s %s", job->command, err->text, output);
    } else {
        if (job->logs_output) {
            log_info(job->canary, "%s", output);
        }
        log_info(job->canary, "command finished %s", job->command);
    }
    count(job, err->code == ERR_NONE ? "finished" : "failed");
    job->done(job, output, len, err);
}

/* Every load has its share of -max-rate, and is told in the log when that is less than it was asked for. */
static void on_share(void *ctx)
{
    struct job *job = ctx;
    if (job->share.given < job->share.wanted && !job->plan.takes_any_rate && !job->is_slowed) {
        char given[32], wanted[32];
        number_write(job->share.given, given);
        number_write(job->share.wanted, wanted);
        log_warn(job->canary, "load slowed %s: %s of its %s requests a second, as -max-rate is for all loads together",
                 job->command, given, wanted);
        job->is_slowed = true;
        figures_slowed(job->ground->figures, job->namespace, job->name);
    }
    player_set_rate(job->player, job->share.given / job->plan.workers);
}

static void start_load(struct job *job)
{
    const struct job_ground *ground = job->ground;
    job->player = player_start(ground->clock, ground->http, &job->plan, on_result, on_played, job);
    job->is_slowed = false;
    job->share = (struct budget_share){.wanted = job->plan.rate * job->plan.workers, .changed = on_share, .ctx = job};
    budget_join(ground->budget, &job->share);
    if (job->share.given < job->share.wanted) {
        on_share(job);
    }
}

void job_start(struct job *job, void (*done)(struct job *, const char *output, size_t len, const struct err *err),
               void *ctx)
{
    const struct job_ground *ground = job->ground;
    job->done = done;
    job->ctx = ctx;
    log_info(job->canary, "task starting %s", job->command);
    figures_begin(ground->figures, job->namespace, job->name);
    if (job->is_load) {
        start_load(job);
    } else {
        job->pipeline = programs_start(ground->programs, ground->loop, &job->words, &job->paths, on_ran, job);
    }
}
