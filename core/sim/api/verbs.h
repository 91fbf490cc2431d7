/* POST, PUT and PATCH: from a body to a struct write. */
#pragma once

struct request;

void verb_post(struct request *request);
void verb_put(struct request *request);
void verb_patch(struct request *request);
