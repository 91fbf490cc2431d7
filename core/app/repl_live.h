/* What a console over a live canary reads: objects of the API server and answers of the providers of metrics. It can
 * read and nothing else: no request of this file has another verb than GET and LIST, and none a body. So whatever is
 * typed, nothing is written there.
 *
 * What is asked for is a text of words with tabs between them:
 *
 *     get   GROUP VERSION PLURAL NAMESPACE NAME       an object; "" for the core group
 *     list  GROUP VERSION PLURAL NAMESPACE SELECTOR   objects with these labels
 *     ask   URL HEADER...                             a GET, of a provider of metrics; a header is "Name: value"
 *     out   URL HEADER...                             the same, which must not reach this machine */
#pragma once

#include "app/session.h"
#include "base/err.h"

struct repl_live;

/* By session_config. Nothing is sent yet. NULL and err: there is no cluster, or the file cannot be read. */
struct repl_live *repl_live_open(const struct session_flags *flags, struct err *err);
void repl_live_close(struct repl_live *live); /* NULL: nothing */
/* That of the flag, or of the context; borrowed. */
const char *repl_live_namespace(const struct repl_live *live);
const char *repl_live_server(const struct repl_live *live);

/* What this server gets as Authorization, and nobody else. Both live as long as `live`. */
void repl_live_trust(struct repl_live *live, const char *url, const char *bearer);

/* A repl_fetch_fn; ctx is the struct repl_live. */
int repl_live_fetch(void *ctx, const char *what, char **body);
