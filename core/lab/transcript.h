/* Everything that happens in an embedded cluster, a line each: the requests of the engines, and the changes of
 * objects. The same seed and the same acts give the same text, byte for byte, in any process.
 *
 *       0:12.003  PATCH http://kubernetes/apis/… {"metadata":…}
 *       0:12.003  modified flagger.app/canaries {"apiVersion":…} */
#pragma once

#include "io/http.h"
#include "sim/cluster.h"

struct transcript;

struct transcript *transcript_new(struct cluster *cluster);
void transcript_free(struct transcript *transcript);
/* The code that decides on the fate of requests (network_fates) reports them here. */
void transcript_request(struct transcript *transcript, const struct http_request *request);
/* Borrowed until the next line. */
const char *transcript_text(const struct transcript *transcript);
