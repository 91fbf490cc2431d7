/* An HTTP transport for tests, on any clock: no socket, every answer made by the test, every request on record.
 *
 *     struct fake_http *fh = fake_http_new(fake_clock_clock(fc));
 *     fake_http_route(fh, "GET", "/apis/apps/v1/", 200, "{\"items\":[]}");   // simple answers
 *     fake_http_handle(fh, my_handler, &world);                          // anything else
 *     client = client_new(fake_http_door(fh), …);
 *     …
 *     fake_clock_run(fc);                                                // requests are answered on a later turn
 *     assert_int_equal(fake_http_count(fh, "PATCH", "/status"), 1);
 *     assert_string_equal(fake_http_header(fake_http_last(fh), "Sluice-Key"), "…");
 *     assert_int_equal(fake_http_open_calls(fh), 0);
 *     fake_http_free(fh);                                                // fails the test when a call is open
 *
 * A handler is asked one turn after http_start, the newest handler or route first; a request that no handler takes
 * fails the test. The request's timeout_ms, idle_timeout_ms and response_max are kept as the real transport keeps them.
 * Redirects are not followed.
 *
 * Watches: a handler that sets `hold` leaves the call open. fake_http_stream hands bytes to its on_data at once
 * (without on_data, or with a status other than 2xx, they are collected); fake_http_end ends it, and `done` comes on
 * the next turn. */
#pragma once

#include "io/clock.h"
#include "io/http.h"

struct fake_http;

/* A request as it was started. Texts are copies and live as long as the fake; `tls` is the pointer that was given. */
struct fake_http_seen {
    size_t index; /* 0 for the first request */
    char *method, *url;
    char *body; /* "" without one */
    size_t body_len;
    struct http_header *headers;
    size_t header_count;
    int64_t timeout_ms, idle_timeout_ms;
    size_t response_max;
    const struct http_tls *tls;
    bool follow_redirects, same_host, no_proxy, long_lived, streamed;
    int64_t at_ms; /* monotonic time of http_start */
    bool cancelled;
};

/* What to answer; comes zeroed, except status 200. Texts are copied when the handler returns. */
struct fake_http_answer {
    int status;
    const char *body;
    size_t body_len; /* 0: strlen(body) */
    int64_t retry_after_ms, date_ms;
    int64_t delay_ms;
    enum err_code code; /* other than ERR_NONE: no answer but this error */
    const char *text;   /* of that error; NULL: "METHOD url: <name of the code>" */
    bool hold; /* headers come (status), `body` as the first bytes, and then fake_http_stream and fake_http_end */
};

/* False: not mine, the next handler is asked. A handler may start nothing on `fake_http_door` itself. */
typedef bool fake_http_handler_fn(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer);

struct fake_http *fake_http_new(struct clock *clock);
void fake_http_free(struct fake_http *fh);
struct http *fake_http_door(struct fake_http *fh);

void fake_http_handle(struct fake_http *fh, fake_http_handler_fn *handler, void *ctx);
/* A fixed answer for `method` (NULL: any) and a URL that contains `url_part`. */
void fake_http_route(struct fake_http *fh, const char *method, const char *url_part, int status, const char *body);
/* The same for one request only, then what stood before counts again. */
void fake_http_once(struct fake_http *fh, const char *method, const char *url_part, int status, const char *body);

/* --- the record --- */

size_t fake_http_seen_count(const struct fake_http *fh);
const struct fake_http_seen *fake_http_seen(const struct fake_http *fh, size_t index);
/* NULL without one. */
const struct fake_http_seen *fake_http_last(const struct fake_http *fh);
/* How many requests had `method` (NULL: any) and `url_part` in the URL (NULL: any), and the nth of them (from 0; NULL:
 * fewer). */
size_t fake_http_count(const struct fake_http *fh, const char *method, const char *url_part);
const struct fake_http_seen *fake_http_find(const struct fake_http *fh, const char *method, const char *url_part,
                                            size_t nth);
/* Value of a header, names compared without regard to case; NULL when absent. */
const char *fake_http_header(const struct fake_http_seen *seen, const char *name);

/* --- calls held open --- */

/* True while call `index` waits for its answer or its end. */
bool fake_http_is_open(const struct fake_http *fh, size_t index);
size_t fake_http_open_calls(const struct fake_http *fh);
void fake_http_stream(struct fake_http *fh, size_t index, const char *bytes);
void fake_http_stream_n(struct fake_http *fh, size_t index, const char *bytes, size_t len);
/* ERR_NONE: a regular end; otherwise the call ends with that error, as if the connection had been cut. */
void fake_http_end(struct fake_http *fh, size_t index, enum err_code code);
