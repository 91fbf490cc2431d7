#include "context/context.h"

#include "base/mem.h"
#include "base/str.h"

struct store *context_store(const struct context *context, const struct kube_resource *resource)
{
    return stores_of(&context->stores, resource);
}

struct config_stores context_configs(const struct context *context)
{
    return (struct config_stores){.config_maps = context_store(context, &KUBE_CONFIG_MAPS),
                                  .secrets = context_store(context, &KUBE_SECRETS)};
}

struct store *context_workloads(const struct context *context, const struct canary_names *names)
{
    const struct workload_kind *kind = workload_of(names);
    return kind != NULL ? context_store(context, kind->store.resource) : NULL;
}

static struct doc *find_workload(const struct context *context, const struct canary_names *names, const char *name)
{
    const struct store *workloads = context_workloads(context, names);
    return workloads != NULL ? store_find(workloads, names->namespace, name) : NULL;
}

struct doc *context_target(const struct context *context, const struct canary_names *names)
{
    return find_workload(context, names, names->target);
}

struct doc *context_primary(const struct context *context, const struct canary_names *names)
{
    return find_workload(context, names, names->target_primary);
}

bool context_canary(const struct context *context, const char *namespace, const char *name, struct canary *canary,
                    struct err *err)
{
    return canary_reading_find(context->reading, canary, context_store(context, &KUBE_CANARIES), namespace, name,
                               &context->defaults, err);
}

bool context_canary_of_release(const struct context *context, const char *namespace, const char *name,
                               struct canary *canary, struct err *err)
{
    struct canary_defaults defaults = canary_defaults_of_release(&context->defaults);
    return canary_reading_find(context->reading, canary, context_store(context, &KUBE_CANARIES), namespace, name,
                               &defaults, err);
}

void context_connect_notify(struct context *context, const char *event_webhook)
{
    context->notify = (struct notify){
        .clock = context->clock,
        .http = context->http,
        .recorder = event_recorder_new(context->kube, context->clock, "flagger"),
        .canaries = context_store(context, &KUBE_CANARIES),
        .defaults = &context->defaults,
        .event_webhook = str_dup(event_webhook),
    };
}

void context_fini(struct context *context)
{
    if (context->reading != NULL) {
        canary_reading_fini(context->reading);
        mem_free(context->reading);
    }
    alerter_free(context->alerter);
    event_recorder_free(context->notify.recorder);
    stores_fini(&context->stores);
    str_free(&context->notify.event_webhook);
    str_list_fini(&context->selector_labels);
    str_list_fini(&context->label_prefixes);
    str_free(&context->identity);
}
