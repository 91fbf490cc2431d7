#include "app/demo_flags.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/version.h"
#include "base/mem.h"
#include "base/str.h"
#include "lab/texts.h"

#define TUTORIAL "scenarios/tutorial.yaml"

enum { SPEED_MAX = 1000 };

#define SERVE_FLAGS                                                                                                    \
    {"listen", "HOST:PORT", "where the API server listens (default 127.0.0.1:0, any port)"},                           \
        {"speed", "N", "seconds there per second here, 1 to 1000 (default 1)"},                                        \
    {                                                                                                                  \
        "kubeconfig", "FILE", "write the kubeconfig there instead of printing it"                                      \
    }

const struct cli_flag demo_flags_of_demo[] = {
    {"seed", "N", "of the cluster's dice, instead of the scenario's"},
    {"serve", NULL, "the cluster and the engine for kubectl, in real time"},
    SERVE_FLAGS,
    {"logs", NULL, "with --serve: the engine's logs too, on standard error"},
    CLI_COMMON,
    {0},
};

const struct cli_flag demo_flags_of_sim[] = {
    SERVE_FLAGS,
    {"api-only", NULL, "the API server alone: what is written stays as it is"},
    CLI_COMMON,
    {0},
};

/* A whole number from `min` to `max`; -1 for anything else. */
static int64_t number_of(const char *text, int64_t min, int64_t max)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && value >= min && value <= max ? value : -1;
}

static bool take_number(const char *name, const char *value, struct demo_flags *flags, struct err *err)
{
    if (strcmp(name, "seed") == 0) {
        flags->seed = number_of(value, 0, INT64_MAX);
        return flags->seed >= 0 ||
               err_set(err, ERR_INVALID, "--seed %s: expected a whole number that is not negative", value);
    }
    flags->speed = (int)number_of(value, 1, SPEED_MAX);
    return flags->speed > 0 ||
           err_set(err, ERR_INVALID, "--speed %s: expected a whole number from 1 to %d", value, SPEED_MAX);
}

static bool take_file(struct demo_flags *flags, const char *word, struct err *err)
{
    if (!flags->plays || flags->file != NULL) {
        return err_set(err, ERR_INVALID, "%s: unexpected word", word);
    }
    flags->file = word;
    return true;
}

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct demo_flags *flags = ctx;
    if (name == NULL) {
        return take_file(flags, value, err);
    }
    if (strcmp(name, "seed") == 0 || strcmp(name, "speed") == 0) {
        return take_number(name, value, flags, err);
    }
    if (strcmp(name, "listen") == 0) {
        flags->listens = true;
        return cli_read_listen("--listen", value, &flags->host, &flags->port, err);
    }
    if (strcmp(name, "kubeconfig") == 0) {
        flags->kubeconfig = value;
    } else if (strcmp(name, "serve") == 0) {
        flags->serves = true;
    } else if (strcmp(name, "api-only") == 0) {
        flags->api_only = true;
    } else if (strcmp(name, "logs") == 0) {
        flags->logs = true;
    } else if (strcmp(name, "version") == 0) {
        flags->version = true;
    } else {
        flags->help = true;
    }
    return true;
}

static bool read_words(struct demo_flags *flags, int argc, char **argv, struct err *err)
{
    flags->host = str_dup("127.0.0.1");
    flags->seed = -1;
    if (!cli_read(flags->table, argc, argv, take, flags, err)) {
        return false;
    }
    bool serves = flags->serves || !flags->plays;
    if (!serves && (flags->speed > 0 || flags->listens || flags->kubeconfig != NULL || flags->logs)) {
        return err_set(err, ERR_INVALID, "--listen, --speed, --kubeconfig and --logs are of use with --serve only");
    }
    flags->speed = flags->speed > 0 ? flags->speed : 1;
    return true;
}

static void print_help(const struct demo_flags *flags, FILE *out)
{
    fputs(flags->usage, out);
    cli_print(flags->table, out);
    fputs(flags->after, out);
}

/* --- the scenario --- */

static bool open_text(const char *path, struct buf *to, struct err *err)
{
    const struct text *text = texts_find(path);
    if (text == NULL) {
        return err_set(err, ERR_NOT_FOUND, "%s is not in the binary", path);
    }
    return buf_append(to, text->bytes, text->len);
}

static struct scenario *read_scenario(const struct demo_flags *flags, struct err *err)
{
    return flags->file != NULL ? scenario_read(flags->file, NULL, err) : scenario_read(TUTORIAL, open_text, err);
}

char *demo_flags_command(void)
{
    const char *said = getenv("SLUICE_DEMO");
    return !str_empty(said) ? str_dup(said) : str_format("%s demo", program_invocation_name);
}

uint64_t demo_flags_seed(const struct demo_flags *flags, const struct scenario *scenario)
{
    return flags->seed >= 0 ? (uint64_t)flags->seed : scenario->seed;
}

/* --- the whole --- */

int demo_flags_run(struct demo_flags *flags, int argc, char **argv, demo_act_fn *act)
{
    struct err err = {0};
    struct scenario *scenario = NULL;
    int status = 2;
    if (!read_words(flags, argc, argv, &err)) {
        status = cli_refuse(flags->command, &err);
    } else if (flags->help) {
        print_help(flags, stdout);
        status = 0;
    } else if (flags->version) {
        version_print();
        status = 0;
    } else if ((scenario = read_scenario(flags, &err)) == NULL) {
        fprintf(stderr, "sluice %s: %s\n", flags->command, err.text);
    } else {
        status = act(flags, scenario);
    }
    scenario_free(scenario);
    str_free(&flags->host);
    return status;
}
