/* A part of io/curl.c: what an easy handle knows of an answer that has come whole, but its body. */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>

#include "io/http.h"

/* There is an answer, if not all of it: the status of an error says enough when its text was cut. kube-apiserver closes
 * the connection behind a 401 over HTTP/2, and libcurl 7.88 then misses the text now and then, where others use the
 * connection, too. */
bool curl_answer_came(CURL *easy, CURLcode result);
/* `response` borrows from the handle. */
void curl_answer_read(CURL *easy, struct http_response *response);
