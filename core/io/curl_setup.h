/* A part of io/curl.c: one request as options of one easy handle. */
#pragma once

#include <curl/curl.h>

#include "base/err.h"
#include "io/http.h"

/* What libcurl borrows while the request runs. */
struct curl_setup {
    struct curl_slist *headers, *connect_to;
    char *body;
};

/* INVALID for a URL or header that cannot be sent. curl_setup_fini is due in any case, after the handle is gone. */
bool curl_setup_init(struct curl_setup *setup, CURL *easy, const struct http_request *request, struct err *err);
void curl_setup_fini(struct curl_setup *setup);

/* True when the environment names a proxy for some server: libcurl itself chooses for which. */
bool curl_setup_has_proxy(void);

/* "GET https://host/path" for errors: without user and password, and not longer than one wants to read. */
char *curl_setup_title(const struct http_request *request);
