/* What may be a name, a label or an annotation. Every function answers NULL, or why not in the words of Kubernetes' API
 * server as a new string (mem_free). */
#pragma once

#include <stddef.h>

char *naming_subdomain(const char *s);        /* most objects: "a.b-c" */
char *naming_label(const char *s);            /* namespaces, containers: "a-b" */
char *naming_service(const char *s);          /* Services: as naming_label */
char *naming_path_segment(const char *s);     /* roles: anything but '/', '%', "." and ".." */
char *naming_qualified(const char *s);        /* keys of labels and annotations: "prefix/name" */
char *naming_label_value(const char *s);      /* */
char *naming_port(const char *s, size_t nth); /* ports by name: their faults from the 0th on */
char *naming_config_key(const char *s);       /* keys of ConfigMaps and Secrets */
