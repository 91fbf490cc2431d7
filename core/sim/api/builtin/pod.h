/* Pods and the templates of Pods. */
#pragma once

#include "base/doc.h"

void pod_default(struct doc *doc, struct node *spec);
/* `path` "spec.template.spec". */
void pod_validate(const struct node *spec, const char *path, struct doc *causes);
