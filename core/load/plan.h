/* A load as data: which request, how often, by how many workers, for how long. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct load_plan {
    char *method, *url;
    char *body, *proxy; /* NULL: none */
    char *server_name;  /* that TLS asks for; NULL: the URL's */
    size_t body_len;
    struct str_list header_names, header_values;
    int64_t requests;    /* of all workers together; 0: as many as the duration has room for */
    int64_t duration_ms; /* no request begins later; 0: until all requests are made */
    int workers;         /* each has one request under way at most */
    double rate;         /* requests per second and worker; 0: as many as it can */
    bool takes_any_rate; /* none was asked for, so the highest was taken */
    int64_t timeout_ms;  /* of a request; 0: none */
    bool http2, no_keepalive, no_redirects;
};

void load_plan_fini(struct load_plan *plan);

/* What the flags of a tester allow a plan. */
struct load_ceiling {
    double rate;         /* requests per second, of all workers together */
    const char *flag;    /* that says so */
    int workers;         /* at once */
    int64_t duration_ms; /* from the first request */
};

/* A plan without a rate gets the highest; a longer duration is cut, as Flagger ends a task after its -timeout. What
 * would be another load than the one that was asked for is refused: a higher rate, more workers, more requests than the
 * duration has room for. */
bool load_plan_fit(struct load_plan *plan, const struct load_ceiling *ceiling, struct err *err);
