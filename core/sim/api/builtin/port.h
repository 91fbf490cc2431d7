/* What the API server wants of a port, of a Service or of a container. */
#pragma once

#include "base/doc.h"

/* A port by name; true when it may be one. */
bool port_check_name(const char *name, const char *field, struct doc *causes);
void port_check_number(const struct node *value, const char *field, struct doc *causes);
void port_check_protocol(const struct node *port, const char *field, struct doc *causes);
/* True when one of `items` before this one has the same name. */
bool name_is_taken(const struct node *items, size_t index, const char *name);
