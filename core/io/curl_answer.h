/* A part of io/curl.c: what an easy handle knows of an answer that has come whole, but its body. */
#pragma once

#include <curl/curl.h>

#include "io/http.h"

/* `response` borrows from the handle. */
void curl_answer_read(CURL *easy, struct http_response *response);
