#include "load/hey.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/duration.h"
#include "base/mem.h"
#include "base/number.h"
#include "io/http.h"

enum { NUMBER_MAX = 64, TIMEOUT_MAX_S = 24 * 3600 };

#define NS_PER_MS INT64_C(1000000)
#define DURATION_MAX_NS (INT64_C(365) * 24 * 3600 * 1000 * NS_PER_MS)

/* What the flags say, before it is a plan. Texts are borrowed from the words. */
struct flags {
    const char *method, *body, *accept, *content_type, *credentials, *host, *proxy;
    int64_t requests, workers, timeout_s;
    double rate;
    int64_t duration_ns;
    bool http2, no_compression, no_keepalive, no_redirects;
    struct load_plan *plan; /* headers go there at once */
};

typedef bool set_fn(struct flags *flags, const char *value, struct err *err);

/* --- values, as Go's flag package reads them --- */

/* strconv.ParseInt with base 0, without the octal that begins with 0o or 0. */
static bool read_int(const char *text, int64_t *out)
{
    char digits[NUMBER_MAX], *end;
    size_t len = 0;
    for (const char *c = text; *c != '\0'; c++) {
        bool separates = *c == '_' && c > text && isalnum((unsigned char)c[-1]) && isalnum((unsigned char)c[1]);
        if (separates) {
            continue;
        }
        if (len + 1 == sizeof digits || (!isalnum((unsigned char)*c) && !(len == 0 && strchr("+-", *c) != NULL))) {
            return false;
        }
        digits[len++] = *c;
    }
    digits[len] = '\0';
    errno = 0;
    *out = strtoll(digits, &end, 0);
    return len > 0 && *end == '\0' && errno == 0;
}

static bool whole(const char *value, int64_t least, int64_t most, int64_t *out, struct err *err)
{
    if (!read_int(value, out)) {
        return err_set(err, ERR_INVALID, "\"%s\" is not a whole number", value);
    }
    return (*out >= least && *out <= most) ||
           err_set(err, ERR_INVALID, "%s is not between %lld and %lld", value, (long long)least, (long long)most);
}

/* --- a flag each --- */

static bool set_requests(struct flags *flags, const char *value, struct err *err)
{
    return whole(value, 1, INT64_C(1) << 40, &flags->requests, err);
}

static bool set_workers(struct flags *flags, const char *value, struct err *err)
{
    return whole(value, 1, 1000000, &flags->workers, err);
}

static bool set_timeout(struct flags *flags, const char *value, struct err *err)
{
    return whole(value, 0, TIMEOUT_MAX_S, &flags->timeout_s, err);
}

static bool set_cpus(struct flags *flags, const char *value, struct err *err)
{
    int64_t ignored;
    return whole(value, 1, 1000000, &ignored, err);
}

static bool set_rate(struct flags *flags, const char *value, struct err *err)
{
    const char *problem;
    if (!number_read(value, &flags->rate, &problem)) {
        return err_set(err, ERR_INVALID, "\"%s\" is not a number: %s", value, problem);
    }
    return (isfinite(flags->rate) && flags->rate >= 0) ||
           err_set(err, ERR_INVALID, "%s is not a number of requests a second", value);
}

static bool set_duration(struct flags *flags, const char *value, struct err *err)
{
    if (!duration_parse(value, &flags->duration_ns, err)) {
        return false;
    }
    return (flags->duration_ns >= 0 && flags->duration_ns <= DURATION_MAX_NS) ||
           err_set(err, ERR_INVALID, "%s is not between 0s and 8760h", value);
}

static bool set_method(struct flags *flags, const char *value, struct err *err)
{
    flags->method = value;
    return value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_")] == '\0' ||
           err_set(err, ERR_INVALID, "\"%s\" is no method of HTTP", value);
}

/* The value of a header, or the name of a host. */
static bool is_printable(const char *value, struct err *err)
{
    for (; *value != '\0'; value++) {
        if ((unsigned char)*value < ' ' || *value == 0x7f) {
            return err_set(err, ERR_INVALID, "it has a control character");
        }
    }
    return true;
}

static void set_plan_header(struct load_plan *plan, const char *name, const char *value)
{
    for (size_t i = 0; i < plan->header_names.count; i++) {
        if (strcasecmp(plan->header_names.items[i], name) == 0) {
            mem_free(plan->header_values.items[i]);
            plan->header_values.items[i] = str_dup(value);
            return;
        }
    }
    str_list_push(&plan->header_names, name);
    str_list_push(&plan->header_values, value);
}

/* Go's client takes these from elsewhere than from its headers, so hey's -H "Host: x" does nothing. */
static bool is_ignored(const char *name)
{
    static const char *const ignored[] = {"Host", "Content-Length", "Transfer-Encoding", "Trailer"};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        if (strcasecmp(name, ignored[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool set_header(struct flags *flags, const char *value, struct err *err)
{
    size_t len = 0;
    while (isalnum((unsigned char)value[len]) || value[len] == '_' || value[len] == '-') {
        len++;
    }
    const char *text = value + len + (value[len] == ':' ? 1 : 0);
    text += strspn(text, " \t");
    if (len == 0 || value[len] != ':' || *text == '\0') {
        return err_set(err, ERR_INVALID, "\"%s\" is not a header such as \"Name: value\"", value);
    }
    if (!is_printable(text, err)) {
        return false;
    }
    char *name = str_dup_n(value, len);
    bool is_sent = !is_ignored(name);
    if (is_sent) {
        set_plan_header(flags->plan, name, text);
    }
    mem_free(name);
    return is_sent || err_set(err, ERR_INVALID, "hey does not send \"%s\"%s", value,
                              strncasecmp(value, "host", 4) == 0 ? "; -host does" : "");
}

static bool set_body(struct flags *flags, const char *value, struct err *err)
{
    flags->body = value;
    return true;
}

static bool set_accept(struct flags *flags, const char *value, struct err *err)
{
    flags->accept = value;
    return is_printable(value, err);
}

static bool set_content_type(struct flags *flags, const char *value, struct err *err)
{
    flags->content_type = value;
    return is_printable(value, err);
}

static bool set_host(struct flags *flags, const char *value, struct err *err)
{
    flags->host = value;
    return is_printable(value, err);
}

static bool set_proxy(struct flags *flags, const char *value, struct err *err)
{
    flags->proxy = value;
    return is_printable(value, err);
}

static bool set_credentials(struct flags *flags, const char *value, struct err *err)
{
    const char *colon = strchr(value, ':');
    flags->credentials = value;
    return (colon > value && colon[1] != '\0') || err_set(err, ERR_INVALID, "it is not user:password");
}

static bool refuse_file(struct flags *flags, const char *value, struct err *err)
{
    return err_set(err, ERR_INVALID, "no file is read here; -d has the body itself");
}

static bool refuse_output(struct flags *flags, const char *value, struct err *err)
{
    return err_set(err, ERR_INVALID, "the figures are in the log and at /metrics, and in no other form");
}

static bool refuse_old_header(struct flags *flags, const char *value, struct err *err)
{
    return err_set(err, ERR_INVALID, "hey has no such flag any more; -H sets a header");
}

struct flag {
    const char *name;
    set_fn *set; /* NULL: a switch */
    size_t offset;
};
#define SWITCH(name, field)                                                                                            \
    {                                                                                                                  \
        name, NULL, offsetof(struct flags, field)                                                                      \
    }

static const struct flag table[] = {
    {"n", set_requests, 0},
    {"c", set_workers, 0},
    {"q", set_rate, 0},
    {"z", set_duration, 0},
    {"t", set_timeout, 0},
    {"m", set_method, 0},
    {"H", set_header, 0},
    {"A", set_accept, 0},
    {"d", set_body, 0},
    {"T", set_content_type, 0},
    {"a", set_credentials, 0},
    {"x", set_proxy, 0},
    {"host", set_host, 0},
    {"cpus", set_cpus, 0},
    {"D", refuse_file, 0},
    {"o", refuse_output, 0},
    {"h", refuse_old_header, 0},
    SWITCH("h2", http2),
    SWITCH("disable-compression", no_compression),
    SWITCH("disable-keepalive", no_keepalive),
    SWITCH("disable-redirects", no_redirects),
};

/* --- reading --- */

static const struct flag *find(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strlen(table[i].name) == len && strncmp(table[i].name, name, len) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

static bool set_switch(struct flags *flags, const struct flag *flag, const char *value, struct err *err)
{
    bool *field = (bool *)(void *)((char *)flags + flag->offset);
    *field = value == NULL || strcmp(value, "true") == 0;
    return *field || strcmp(value, "false") == 0 ||
           err_set(err, ERR_INVALID, "-%s: \"%s\" is neither true nor false", flag->name, value);
}

static bool read_flag(struct flags *flags, const struct str_list *words, size_t *at, struct err *err)
{
    const char *word = words->items[*at], *name = word + (word[1] == '-' ? 2 : 1);
    size_t len = strcspn(name, "=");
    const struct flag *flag = find(name, len);
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    if (flag == NULL) {
        return err_set(err, ERR_INVALID, "%.*s: hey has no such flag", (int)(name - word + (ptrdiff_t)len), word);
    }
    if (flag->set == NULL) {
        return set_switch(flags, flag, value, err);
    }
    if (value == NULL && *at + 1 == words->count) {
        return err_set(err, ERR_INVALID, "-%s: its value is missing", flag->name);
    }
    value = value == NULL ? words->items[++*at] : value;
    return flag->set(flags, value, err) || err_wrap(err, "-%s", flag->name);
}

static bool is_flag(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && strcmp(word, "--") != 0;
}

/* hey does not look at what stands behind the URL; here it is refused, as it was meant to do something. */
static bool read_words(struct flags *flags, const struct str_list *words, const char **url, struct err *err)
{
    size_t at = 1;
    for (; at < words->count && is_flag(words->items[at]); at++) {
        if (!read_flag(flags, words, &at, err)) {
            return false;
        }
    }
    at += at < words->count && strcmp(words->items[at], "--") == 0 ? 1 : 0;
    if (at == words->count) {
        return err_set(err, ERR_INVALID, "the URL is missing");
    }
    *url = words->items[at];
    if (at + 1 < words->count) {
        return err_set(err, ERR_INVALID, "\"%s\" stands behind the URL, where hey does not look", words->items[at + 1]);
    }
    return http_is_url(*url) || err_set(err, ERR_INVALID, "\"%s\" is no URL of http or https", *url);
}

/* --- the plan --- */

static void set_authorization(struct load_plan *plan, const char *credentials)
{
    char *code = base64_encode(credentials, strlen(credentials));
    char *value = str_format("Basic %s", code);
    set_plan_header(plan, "Authorization", value);
    str_free(&value);
    str_free(&code);
}

static bool has_header(const struct load_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->header_names.count; i++) {
        if (strcasecmp(plan->header_names.items[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void add_headers(struct load_plan *plan, const struct flags *flags)
{
    if (!str_empty(flags->accept)) {
        set_plan_header(plan, "Accept", flags->accept);
    }
    if (flags->credentials != NULL) {
        set_authorization(plan, flags->credentials);
    }
    if (!has_header(plan, "Content-Type") && !str_empty(flags->content_type)) {
        set_plan_header(plan, "Content-Type", flags->content_type);
    }
    if (!has_header(plan, "User-Agent")) {
        set_plan_header(plan, "User-Agent", "sluice-load/" SLUICE_VERSION);
    }
    /* As Go's client asks for it. The bodies are thrown away as they come, compressed or not. */
    bool has_body = strcmp(plan->method, "HEAD") != 0 && !has_header(plan, "Range");
    if (!flags->no_compression && has_body && !has_header(plan, "Accept-Encoding")) {
        set_plan_header(plan, "Accept-Encoding", "gzip");
    }
    if (!str_empty(flags->host)) {
        set_plan_header(plan, "Host", flags->host);
    }
}

/* A gateway chooses by the name that TLS asks for, too: hey asks for that of -host. */
static void set_server_name(struct load_plan *plan, const struct flags *flags)
{
    if (!str_empty(flags->host) && str_has_prefix(plan->url, "https://")) {
        plan->server_name = str_dup_n(flags->host, strcspn(flags->host, ":"));
    }
}

static bool make_plan(struct load_plan *plan, const struct flags *flags, const char *url, struct err *err)
{
    bool is_timed = flags->duration_ns > 0;
    if (!is_timed && flags->requests < flags->workers) {
        return err_set(err, ERR_INVALID, "-n %lld is less than the %lld workers of -c", (long long)flags->requests,
                       (long long)flags->workers);
    }
    plan->method = str_dup(str_empty(flags->method) ? "GET" : flags->method);
    for (char *c = plan->method; *c != '\0'; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    plan->url = str_dup(url);
    plan->body = str_empty(flags->body) ? NULL : str_dup(flags->body);
    plan->body_len = plan->body != NULL ? strlen(plan->body) : 0;
    plan->proxy = str_empty(flags->proxy) ? NULL : str_dup(flags->proxy);
    /* Each worker makes its whole share, and what is left over is left out. */
    plan->requests = is_timed ? 0 : flags->requests / flags->workers * flags->workers;
    plan->duration_ms = is_timed && flags->duration_ns < NS_PER_MS ? 1 : flags->duration_ns / NS_PER_MS;
    plan->workers = (int)flags->workers;
    plan->rate = flags->rate;
    plan->timeout_ms = flags->timeout_s * 1000;
    plan->http2 = flags->http2;
    plan->no_keepalive = flags->no_keepalive;
    plan->no_redirects = flags->no_redirects;
    add_headers(plan, flags);
    set_server_name(plan, flags);
    return true;
}

bool hey_read(const struct str_list *words, struct load_plan *plan, struct err *err)
{
    *plan = (struct load_plan){0};
    struct flags flags = {.requests = 200, .workers = 50, .timeout_s = 20, .content_type = "text/html", .plan = plan};
    const char *url = NULL;
    return (read_words(&flags, words, &url, err) && make_plan(plan, &flags, url, err)) || err_wrap(err, "hey");
}
