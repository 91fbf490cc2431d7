#include "sim/api/permit.h"

#include "base/str.h"
#include "sim/api/failure.h"
#include "sim/api/inner.h"
#include "sim/api/reply.h"
#include "sim/api/user.h"
#include "sim/api/watch.h"

/* As RBAC has it. */
static const char *verb_of(const struct request *request)
{
    static const char *const verbs[][3] = {{"POST", "create", "create"},
                                           {"PUT", "update", "update"},
                                           {"PATCH", "patch", "patch"},
                                           {"DELETE", "delete", "deletecollection"}};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (str_equal(request->exchange->method, verbs[i][0])) {
            return verbs[i][request->name != NULL ? 1 : 2];
        }
    }
    return request->name != NULL ? "get" : api_watch_is_wanted(request) ? "watch" : "list";
}

bool permit_caller(const struct request *request)
{
    struct failure f = {0};
    if (request->user == NULL) {
        fail_with(&f, 401, "Unauthorized", "Unauthorized");
        api_reply_failure(request, &f);
        failure_fini(&f);
    }
    return request->user != NULL;
}

bool permit_request(const struct request *request)
{
    const struct kind *kind = request->kind;
    const char *verb = verb_of(request);
    struct failure f = {0};
    bool may = user_may(request->user, verb, kind->group, kind->plural);
    if (!may) {
        fail_forbidden(&f, &(struct forbidden){.user = request->user->name,
                                               .verb = verb,
                                               .kind = kind,
                                               .subresource = request->subresource,
                                               .namespace = request->namespace,
                                               .name = request->name});
        api_reply_failure(request, &f);
        failure_fini(&f);
    }
    return may;
}
