#include "app/demo_flags.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/texts.h"
#include "base/mem.h"
#include "base/str.h"

#define TUTORIAL "scenarios/tutorial.yaml"

enum { SPEED_MAX = 1000 };

static const char serve_usage[] =
    "  --listen HOST:PORT   where the API server listens (default 127.0.0.1:0, any port)\n"
    "  --speed N            seconds there per second here, 1 to 1000 (default 1)\n"
    "  --kubeconfig FILE    write the kubeconfig there instead of printing it\n";

/* --- words: "--listen=x" and "--listen x", with one dash or two --- */

static const char *value_of(const char *name, int argc, char **argv, int *at)
{
    const char *arg = argv[*at] + (str_has_prefix(argv[*at], "--") ? 2 : 1);
    size_t len = strlen(name);
    if (argv[*at][0] != '-' || strncmp(arg, name, len) != 0) {
        return NULL;
    }
    if (arg[len] == '=') {
        return arg + len + 1;
    }
    return arg[len] == '\0' && *at + 1 < argc ? argv[++*at] : NULL;
}

static bool is_flag(const char *arg, const char *name)
{
    return arg[0] == '-' && str_equal(arg + (arg[1] == '-' ? 2 : 1), name);
}

/* A whole number from `min` to `max`; -1 for anything else. */
static int64_t number_of(const char *text, int64_t min, int64_t max)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && value >= min && value <= max ? value : -1;
}

static bool read_listen(struct demo_flags *flags, const char *text, struct err *err)
{
    const char *colon = strrchr(text, ':');
    int64_t port = colon != NULL ? number_of(colon + 1, 0, 65535) : -1;
    if (port < 0) {
        return err_set(err, ERR_INVALID, "--listen %s: expected HOST:PORT, as in 127.0.0.1:8001", text);
    }
    mem_free(flags->host);
    flags->host = str_dup_n(text, (size_t)(colon - text));
    flags->port = (int)port;
    return true;
}

/* What takes no value. */
static bool read_switch(struct demo_flags *flags, const char *arg)
{
    if (is_flag(arg, "h") || is_flag(arg, "help")) {
        flags->help = true;
    } else if (flags->plays && is_flag(arg, "serve")) {
        flags->serves = true;
    } else if (!flags->plays && is_flag(arg, "api-only")) {
        flags->api_only = true;
    } else if (flags->plays && arg[0] != '-' && flags->file == NULL) {
        flags->file = arg;
    } else {
        return false;
    }
    return true;
}

static bool read_word(struct demo_flags *flags, int argc, char **argv, int *at, struct err *err)
{
    const char *value;
    if (read_switch(flags, argv[*at])) {
        return true;
    }
    if (flags->plays && (value = value_of("seed", argc, argv, at)) != NULL) {
        flags->seed = number_of(value, 0, INT64_MAX);
        return flags->seed >= 0 ||
               err_set(err, ERR_INVALID, "--seed %s: expected a whole number that is not negative", value);
    }
    if ((value = value_of("listen", argc, argv, at)) != NULL) {
        return read_listen(flags, value, err);
    }
    if ((value = value_of("speed", argc, argv, at)) != NULL) {
        flags->speed = (int)number_of(value, 1, SPEED_MAX);
        return flags->speed > 0 ||
               err_set(err, ERR_INVALID, "--speed %s: expected a whole number from 1 to %d", value, SPEED_MAX);
    }
    if ((value = value_of("kubeconfig", argc, argv, at)) != NULL) {
        flags->kubeconfig = value;
        return true;
    }
    return err_set(err, ERR_INVALID,
                   argv[*at][0] == '-' ? "%s: unknown flag, or its value is missing" : "%s: unexpected word",
                   argv[*at]);
}

static bool read_words(struct demo_flags *flags, int argc, char **argv, struct err *err)
{
    flags->host = str_dup("127.0.0.1");
    flags->seed = -1;
    for (int i = 0; i < argc; i++) {
        if (!read_word(flags, argc, argv, &i, err)) {
            return false;
        }
    }
    bool serves = flags->serves || !flags->plays;
    if (!serves && (flags->speed > 0 || flags->port > 0 || flags->kubeconfig != NULL)) {
        return err_set(err, ERR_INVALID, "--listen, --speed and --kubeconfig are of use with --serve only");
    }
    flags->speed = flags->speed > 0 ? flags->speed : 1;
    return true;
}

static void print_help(const struct demo_flags *flags, FILE *out)
{
    fprintf(out, "%s%s", flags->usage, serve_usage);
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
        fprintf(stderr, "sluice %s: %s\n\n", flags->command, err.text);
        print_help(flags, stderr);
    } else if (flags->help) {
        print_help(flags, stdout);
        status = 0;
    } else if ((scenario = read_scenario(flags, &err)) == NULL) {
        fprintf(stderr, "sluice %s: %s\n", flags->command, err.text);
    } else {
        status = act(flags, scenario) ? 0 : 1;
    }
    scenario_free(scenario);
    str_free(&flags->host);
    return status;
}
