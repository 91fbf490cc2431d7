#include "app/load_flags.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "base/duration.h"
#include "base/log.h"

#define NS_PER_MS INT64_C(1000000)

const struct cli_flag load_flags_table[] = {
    {"port", "PORT", "where hooks are served, on all addresses (default 9090)"},
    {"listen", "HOST:PORT", "the same on one address, as in 127.0.0.1:9090"},
    {"log-level", "debug|info|warning|error", "the least that is logged (default info)"},
    {"zap-encoding", "json|console", "the form of the log (default json)"},
    {"timeout", "DURATION", "the longest that a load or a program may last (default 1h)"},
    {"namespace-regexp", "PATTERN", "whose hooks are served: canaries of namespaces that match (default: all)"},
    {"max-rate", "N", "requests per second of all loads together (default 1000)"},
    {"max-load-rate", "N", "requests per second of one load (default: those of -max-rate)"},
    {"max-workers", "N", "workers of a load, the -c of hey (default 200)"},
    {"max-tasks", "N", "loads and programs that run at once (default 32)"},
    {"max-gates", "N", "gates that are open at once (default 10000)"},
    {"allow-commands", "LIST", "programs besides hey that hooks may run, as in curl,grep (default: none)"},
    {"command-env", "LIST", "variables of the environment that they get (default: none)"},
    {"command-processes", "N", "processes that their user may have (default 1024)"},
    {"zap-replace-globals", NULL, "has no meaning here"},
    CLI_COMMON,
    {0},
};

static const struct number {
    const char *name;
    size_t offset;
    int64_t least, most, fallback;
} numbers[] = {
    {"max-rate", offsetof(struct load_flags, rate_max), 1, 100000, 1000},
    {"max-load-rate", offsetof(struct load_flags, load_rate_max), 1, 100000, 0},
    {"max-workers", offsetof(struct load_flags, workers_max), 1, 10000, 200},
    {"max-tasks", offsetof(struct load_flags, tasks_max), 1, 1000, 32},
    {"max-gates", offsetof(struct load_flags, gates_max), 1, 1000000, 10000},
    {"command-processes", offsetof(struct load_flags, processes_max), 1, 1000000, 1024},
};

static int64_t *number_at(struct load_flags *flags, const struct number *number)
{
    return (int64_t *)(void *)((char *)flags + number->offset);
}

static bool read_whole(const char *name, const char *value, int64_t least, int64_t most, int64_t *out, struct err *err)
{
    char *end;
    errno = 0;
    *out = strtoll(value, &end, 10);
    return (errno == 0 && end != value && *end == '\0' && *out >= least && *out <= most) ||
           err_set(err, ERR_INVALID, "-%s %s: a whole number from %lld to %lld wanted", name, value, (long long)least,
                   (long long)most);
}

static bool take_number(struct load_flags *flags, const char *name, const char *value, bool *is_one, struct err *err)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            *is_one = true;
            return read_whole(name, value, numbers[i].least, numbers[i].most, number_at(flags, &numbers[i]), err);
        }
    }
    return true;
}

static bool take_timeout(struct load_flags *flags, const char *value, struct err *err)
{
    int64_t ns;
    if (!duration_parse(value, &ns, err)) {
        return err_wrap(err, "-timeout");
    }
    flags->timeout_ms = ns / NS_PER_MS;
    return (flags->timeout_ms >= 1000 && flags->timeout_ms <= INT64_C(24) * 3600 * 1000) ||
           err_set(err, ERR_INVALID, "-timeout %s: a duration from 1s to 24h wanted", value);
}

static bool take_word(const char *name, const char *value, const char **out, bool is_known, const char *wanted,
                      struct err *err)
{
    *out = value;
    return is_known || err_set(err, ERR_INVALID, "-%s %s: %s wanted", name, value, wanted);
}

static bool take_log(struct load_flags *flags, const char *name, const char *value, struct err *err)
{
    if (strcmp(name, "log-level") == 0) {
        return take_word(name, value, &flags->log_level, log_level_is(value), "debug, info, warning or error", err);
    }
    bool is_known = strcmp(value, "json") == 0 || strcmp(value, "console") == 0;
    return take_word(name, value, &flags->zap_encoding, is_known, "json or console", err);
}

static bool take_place(struct load_flags *flags, const char *name, const char *value, struct err *err)
{
    int64_t port = 0;
    if (flags->place_flag != NULL && strcmp(flags->place_flag, name) != 0) {
        return err_set(err, ERR_INVALID, "-port and -listen both say where hooks are served: one of them wanted");
    }
    flags->place_flag = name;
    if (strcmp(name, "listen") == 0) {
        return cli_read_listen("-listen", value, &flags->host, &flags->port, err);
    }
    bool ok = read_whole(name, value, 0, 65535, &port, err);
    flags->port = (int)port;
    return ok;
}

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct load_flags *flags = ctx;
    bool is_number = false;
    if (name == NULL) {
        return err_set(err, ERR_INVALID, "%s: unexpected word", value);
    }
    if (!take_number(flags, name, value, &is_number, err) || is_number) {
        return is_number && err->code == ERR_NONE;
    }
    if (strcmp(name, "port") == 0 || strcmp(name, "listen") == 0) {
        return take_place(flags, name, value, err);
    } else if (strcmp(name, "timeout") == 0) {
        return take_timeout(flags, value, err);
    } else if (strcmp(name, "log-level") == 0 || strcmp(name, "zap-encoding") == 0) {
        return take_log(flags, name, value, err);
    } else if (strcmp(name, "namespace-regexp") == 0) {
        flags->namespace_regexp = value;
    } else if (strcmp(name, "allow-commands") == 0) {
        str_list_read(&flags->allowed, value);
    } else if (strcmp(name, "command-env") == 0) {
        str_list_read(&flags->variables, value);
    } else if (strcmp(name, "version") == 0) {
        flags->version = true;
    } else if (strcmp(name, "zap-replace-globals") != 0) {
        flags->help = true;
    }
    return true;
}

bool load_flags_read(struct load_flags *flags, int argc, char **argv, struct err *err)
{
    *flags = (struct load_flags){.host = str_dup(""),
                                 .port = 9090,
                                 .log_level = "info",
                                 .zap_encoding = "json",
                                 .namespace_regexp = "",
                                 .timeout_ms = INT64_C(3600) * 1000};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        *number_at(flags, &numbers[i]) = numbers[i].fallback;
    }
    if (!cli_read(load_flags_table, argc, argv, take, flags, err)) {
        return false;
    }
    return flags->load_rate_max <= flags->rate_max ||
           err_set(err, ERR_INVALID, "-max-load-rate %lld: no load can have more than the %lld of -max-rate",
                   (long long)flags->load_rate_max, (long long)flags->rate_max);
}

void load_flags_fini(struct load_flags *flags)
{
    str_free(&flags->host);
    str_list_fini(&flags->allowed);
    str_list_fini(&flags->variables);
}
