/* The request of a Canary (canary/request.h), kept by whoever looks often: it is read anew only when its annotation has
 * changed, which stays there long after it was answered. */
#pragma once

#include "canary/request.h"

struct asked {
    struct doc *annotation; /* as it was read; NULL: there is none */
    enum request_found found;
    struct request request;
    char *problem; /* what is wrong with it; NULL: nothing */
};
void asked_look(struct asked *asked, const struct node *canary);
void asked_fini(struct asked *asked);
/* True when it was read, and status.lastRequest does not answer it yet. */
bool asked_is_open(const struct asked *asked, const struct node *canary);
