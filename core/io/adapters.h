/* The port of adapters: one question to a server of some kind, in the words of that server's own API.
 *
 * An adapter is a pure function: an ask becomes an HTTP request, the response becomes an answer or one more request. It
 * never touches the network itself. The script room implements the port (script/adapter.h); metric providers
 * and chats are asked through it. What is in an ask and in an answer is for each kind of adapter to say. */
#pragma once

#include "base/doc.h"

struct adapters;
struct adapter_call;

/* `answer` is an object, NULL on failure: the adapter does not load, raised, broke a bound, or answered nonsense. Both
 * are borrowed. */
typedef void adapter_done_fn(void *ctx, const struct node *answer, const struct err *err);

/* An adapter that comes with its question, as a Check brings one. It asks nothing but what stands below its URLs
 * (io/url_scope.h), follows no redirect, and a name among them must not lead to this machine or to a link-local
 * address. */
struct adapter_guest {
    const char *module;         /* "checks.shop.queue-depth.adapters.queue" */
    const struct node *sources; /* {module: text}: its own, and those that it may have besides */
    const struct node *urls;    /* a list of texts */
};

struct adapters_ops {
    bool (*have)(const struct adapters *adapters, const char *name);
    struct adapter_call *(*start)(struct adapters *adapters, const char *name, const struct node *ask,
                                  adapter_done_fn *done, void *ctx);
    void (*cancel)(struct adapter_call *call);
    void (*set_own)(struct adapters *adapters, const struct node *texts);
    bool (*load)(struct adapters *adapters, const char *name, struct err *err);
    struct adapter_call *(*start_guest)(struct adapters *adapters, const struct adapter_guest *guest,
                                        const struct node *ask, adapter_done_fn *done, void *ctx);
    bool (*load_guest)(struct adapters *adapters, const struct adapter_guest *guest, struct err *err);
};
/* First member of an implementation. */
struct adapters {
    const struct adapters_ops *ops;
};
/* First member of an implementation's call. */
struct adapter_call {
    struct adapters *adapters;
};

/* `name`: "metrics.datadog", "alerts.slack". */
static inline bool adapters_have(const struct adapters *adapters, const char *name)
{
    return adapters->ops->have(adapters, name);
}

/* `ask`, an object, is copied. `done` comes once, on a later turn, unless adapter_cancel was called. */
static inline struct adapter_call *adapter_start(struct adapters *adapters, const char *name, const struct node *ask,
                                                 adapter_done_fn *done, void *ctx)
{
    return adapters->ops->start(adapters, name, ask, done, ctx);
}

static inline void adapter_cancel(struct adapter_call *call)
{
    call->adapters->ops->cancel(call);
}

/* A team's own adapters, {"metrics.queue": text}, which is copied: these, and those of before no more. */
static inline void adapters_set_own(struct adapters *adapters, const struct node *texts)
{
    adapters->ops->set_own(adapters, texts);
}

/* Loads a team's own adapter, and asks it nothing. False and err: why it cannot be used. */
static inline bool adapters_load(struct adapters *adapters, const char *name, struct err *err)
{
    return adapters->ops->load(adapters, name, err);
}

/* As adapter_start; all of the guest is copied. */
static inline struct adapter_call *adapter_start_guest(struct adapters *adapters, const struct adapter_guest *guest,
                                                       const struct node *ask, adapter_done_fn *done, void *ctx)
{
    return adapters->ops->start_guest(adapters, guest, ask, done, ctx);
}

/* Loads it, and asks it nothing; the URLs are not looked at. */
static inline bool adapters_load_guest(struct adapters *adapters, const struct adapter_guest *guest, struct err *err)
{
    return adapters->ops->load_guest(adapters, guest, err);
}
