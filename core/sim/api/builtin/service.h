/* Services. */
#pragma once

#include "base/doc.h"

struct api;

void service_default(struct doc *doc, bool is_new);
void service_allocate(struct api *api, struct doc *doc);
/* What was allocated stays when an update does not say it. */
void service_keep(struct doc *doc, const struct node *existing);
/* What a Service loses with its type. As in a real server, its owner has it on record all the same. */
void service_drop(struct doc *doc, const struct node *existing);
void service_validate(const struct node *service, struct doc *causes);
