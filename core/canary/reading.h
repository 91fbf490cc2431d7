/* The Canary that was read last. A turn is about one Canary, and all that happens in it asks for that one: the actor's
 * look, each operation of the script, each effect. The context owns the one reading; what it gives is a copy that
 * shares document and names, and lives as long as its holder wants. */
#pragma once

#include "canary/canary.h"

/* Zero-initialised it is empty. */
struct canary_reading {
    struct canary canary;
    bool accepted; /* as far as what it names is not looked at */
    struct err refusal;
};

void canary_reading_fini(struct canary_reading *reading);
/* As canary_find, and reads the Canary only when another one, or another version of it, was read before. NULL: nothing
 * is remembered. */
bool canary_reading_find(struct canary_reading *reading, struct canary *canary, const struct store *canaries,
                         const char *namespace, const char *name, const struct canary_defaults *defaults,
                         struct err *err);
