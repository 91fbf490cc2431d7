/* A failed call in the words of Go's HTTP client, which Flagger's events carry and alert rules match. */
#pragma once

#include "base/err.h"

/* The URL without its password, which becomes "xxxxx"; the user stays. The caller frees it. */
char *http_printable_url(const char *url);

/* `Post "http://hook/": dial tcp 10.0.0.1:80: connect: connection refused`. `verb` as Go prints it: "Get", "Post".
 * `timeout`: the words for a call without an answer in time, which differ between Go's two ways to limit one. A
 * password in the URL becomes "***" here. Where Go says something that we do not know, our own words stand. The caller
 * frees the text. */
char *http_error_text(const char *verb, const char *url, const char *timeout, const struct err *err);
