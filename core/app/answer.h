/* What an API server answers, before a command reads it: a proxy that wants a login, or a server that is none, answers
 * 200 with JSON of its own. */
#pragma once

#include "kube/client.h"

/* True when it is an object of the request's kind, or a list of such objects, with the names that readers rely on.
 * False and err, which names the server, when it is something else. */
bool answer_check(const struct kube_client *kube, const struct kube_request *request, const struct node *answer,
                  struct err *err);
/* The text of an error may have the server's words: becomes one line that a terminal shows. */
void answer_show_err(struct err *err);
