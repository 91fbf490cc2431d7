/* What a hook sends: {name, namespace, phase, checksum, metadata: {key: text}}, read as Go's encoding/json reads it:
 * names of fields in any case, null is absent, other fields are ignored. */
#pragma once

#include "base/doc.h"

enum { PAYLOAD_NAME_MAX = 253, PAYLOAD_NAMESPACE_MAX = 63 }; /* as in Kubernetes */

struct payload {
    struct doc *doc;
    const char *name, *namespace; /* "" when absent; of the doc, as all texts */
    const struct node *metadata;  /* NULL: absent */
    char *canary;                 /* "name.namespace" */
};

/* payload_fini is due in any case. */
bool payload_read(const char *text, size_t len, struct payload *payload, struct err *err);
void payload_fini(struct payload *payload);

/* NULL: not there. */
const char *payload_metadata(const struct payload *payload, const char *key);
/* False for a key that is not there, and for a text that strconv.ParseBool does not take for true. */
bool payload_flag(const struct payload *payload, const char *key);
