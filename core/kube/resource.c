#include "kube/resource.h"

#include <stdio.h>

#define KUBE_DEFINE(name, group, version, plural, kind)                                                                \
    const struct kube_resource KUBE_##name = {group, version, plural, kind};
KUBE_RESOURCES(KUBE_DEFINE)
#undef KUBE_DEFINE

void kube_api_version(const struct kube_resource *resource, char out[static 128])
{
    if (resource->group[0] == '\0') {
        snprintf(out, 128, "%s", resource->version);
    } else {
        snprintf(out, 128, "%s/%s", resource->group, resource->version);
    }
}
