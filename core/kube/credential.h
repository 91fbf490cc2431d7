/* How a client proves who it is: a fixed token, a token file that is read again every minute and after a 401, basic
 * authentication, or an exec plugin (client.authentication.k8s.io). Client certificates live in the TLS settings, which
 * follow their files. */
#pragma once

#include "base/buf.h"
#include "io/loop.h"
#include "kube/config.h"

struct credential;

/* `config` outlives it; a plugin that answers with a certificate, and files that changed, change config->tls. */
struct credential *credential_new(struct kube_config *config, struct clock *clock, struct loop *loop);
void credential_free(struct credential *credential);

/* How the token file is read, in a thread of its own: file_read_regular, unless a test says otherwise. */
typedef bool credential_read_fn(const char *path, struct buf *b, struct err *err);
void credential_read_with(struct credential *credential, credential_read_fn *read);

/* True when a request can be signed now (or needs no signature): call credential_header. False: credential_wait
 * fetches the credentials first, and `done` comes on a later turn; several callers may wait. After that
 * credential_header may be called in any case, with whatever was fetched. */
typedef void credential_done_fn(void *ctx, const struct err *err);
bool credential_is_ready(struct credential *credential);
void credential_wait(struct credential *credential, credential_done_fn *done, void *ctx);
/* No done with this ctx comes any more. */
void credential_forget(struct credential *credential, const void *ctx);

/* The value of the header Authorization; "" for none. */
void credential_header(struct credential *credential, struct buf *value);
/* To be called after a 401: false when no other credentials can be tried. */
bool credential_renew(struct credential *credential);

/* How often the files behind the TLS settings were found changed. */
unsigned credential_generation(const struct credential *credential);
/* To be called when TLS settings of that generation were refused: true when there are newer settings now. The files
 * of the authority and of the client's certificate are read again, at most once a minute; a certificate and a key
 * that do not belong together are being written. */
bool credential_reload(struct credential *credential, unsigned generation);
