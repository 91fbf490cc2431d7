/* The inside of adapters (adapter.h), for the files of that name only:
 *
 *   adapter.c          a question, step by step
 *   adapter_request.c  the one request that it has under way
 *   adapter_vm.c       the VM, and one step in it */
#pragma once

#include "kube/client.h"
#include "kube/resource.h"
#include "script/adapter.h"
#include "script/module.h"
#include "script/task.h"
#include "script/vm.h"

enum { ADAPTER_MEMORY_MAX = 16 * 1024 * 1024 };

struct question;

struct adapter_vm {
    struct vm vm;
    bool is_open;
};

struct scripted_adapters {
    struct adapters base;
    struct adapters_options options;
    struct script_limits limits;
    struct budget budget;       /* of lines of log */
    struct module_set modules;  /* its pinned ones are those of a team's own */
    struct doc *own;            /* {"adapters.metrics.queue": text}; NULL: none */
    struct adapter_vm shared;   /* of the engine's adapters */
    struct question *questions; /* that are not answered yet */
    size_t under_way;
};

/* --- adapter_request.c --- */

struct adapter_response {
    const char *error; /* no response, and why, as Go's client says it; NULL: there is one */
    bool timed_out;
    int status;
    int64_t retry_after_ms;
    const char *content_type; /* NULL: none */
    const char *body;
    size_t body_len;
};
typedef void adapter_response_fn(void *ctx, const struct adapter_response *response);

/* Zero before it is read. */
struct adapter_request {
    struct doc *order; /* as the adapter gave it */
    bool is_guest;     /* it goes where it was declared to go, and no further */
    char *unsendable;  /* why no client could send it, in Go's words: there is no response; NULL: it can be sent */
    struct scripted_adapters *all;
    struct http_call *call;
    struct kube_call *kube_call;
    struct http_header *headers;
    size_t header_count;
    enum kube_verb verb;
    struct kube_resource resource;
    struct http_tls tls;
    adapter_response_fn *done;
    void *ctx;
};

/* False: the order is no request that may be sent, and err says why. `urls`: those of a guest, NULL for another.
 * `wait_ms`: how long it is to wait first. */
bool adapter_request_read(struct adapter_request *request, const struct node *order, const struct node *urls,
                          int64_t *wait_ms, struct err *err);
/* `done` comes on a later turn, once the request is free for the next order. */
void adapter_request_send(struct adapter_request *request, struct scripted_adapters *all, adapter_response_fn *done,
                          void *ctx);
/* Drops it, whatever its state. */
void adapter_request_cancel(struct adapter_request *request);

/* --- adapter_vm.c --- */

struct adapter_step {
    const char *name;           /* "adapters.metrics.datadog" */
    const struct node *sources; /* of a guest, {module: text}; NULL: it is none */
    const struct node *ask, *keep;
    const struct adapter_response *response; /* NULL: the first step */
};

/* True for a module of a team's own. */
bool adapter_is_own(const struct scripted_adapters *all, const char *module);
/* What the adapter says, a new document with an object; NULL and err. */
struct doc *adapter_vm_run(struct scripted_adapters *all, const struct adapter_step *step, struct err *err);
/* Loads a module of a team's own, or of a guest's `sources`, and runs nothing else of it. */
bool adapter_vm_load(struct scripted_adapters *all, const char *name, const struct node *sources, struct err *err);
void adapter_vm_close(struct adapter_vm *vm);
