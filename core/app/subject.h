/* What a command is about, as people type it: NAME, or KIND/NAME with the kind spelt in one of the ways that kubectl
 * takes it (canary, canaries, Canary, canary.flagger.app, canary.v1beta1.flagger.app, canary.flagger). */
#pragma once

#include <stdbool.h>

#include "base/err.h"

enum subject_kind { SUBJECT_CANARY = 1, SUBJECT_DEPLOYMENT = 2, SUBJECT_DAEMONSET = 4, SUBJECT_RELEASE = 8 };
enum { SUBJECT_ANY = SUBJECT_CANARY | SUBJECT_DEPLOYMENT | SUBJECT_DAEMONSET | SUBJECT_RELEASE };

struct subject {
    enum subject_kind kind;
    const char *name; /* the end of the word that was read */
};

/* `kinds`: those that are wanted. Where no target is among them, a bare NAME is a Canary's. False and err: it is
 * another kind, no kind at all, or no name that an object can have. */
bool subject_read(const char *word, unsigned kinds, struct subject *subject, struct err *err);
/* True when a namespace can have that name. `flag`: "-n", for the message. */
bool subject_check_namespace(const char *flag, const char *name, struct err *err);
