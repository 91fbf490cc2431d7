#include "sim/api/user.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

static const struct user anonymous = {.name = "system:anonymous", .known_group = "system:unauthenticated"};
static const struct user users[] = {
    {.name = "you", .uid = "you", .group = "system:masters", .known_group = "system:authenticated"},
    {.name = "viewer", .uid = "viewer", .group = "viewers", .known_group = "system:authenticated", .only_reads = true},
};

const struct user *user_of(const struct exchange *exchange)
{
    static const char scheme[] = "Bearer ";
    const char *header = exchange->header(exchange, "Authorization");
    if (header == NULL || strncasecmp(header, scheme, strlen(scheme)) != 0) {
        return &anonymous;
    }
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
        if (str_equal(header + strlen(scheme), users[i].name)) {
            return &users[i];
        }
    }
    return NULL;
}

static bool is_among(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(word, words[i])) {
            return true;
        }
    }
    return false;
}

/* What a real server's role system:basic-user gives to everybody who is known. */
static bool is_about_oneself(const char *verb, const char *group, const char *resource)
{
    return str_equal(verb, "create") &&
           ((str_equal(group, "authorization.k8s.io") && str_equal(resource, "selfsubjectaccessreviews")) ||
            (str_equal(group, "authentication.k8s.io") && str_equal(resource, "selfsubjectreviews")));
}

bool user_may(const struct user *user, const char *verb, const char *group, const char *resource)
{
    static const char *const reading[] = {"get", "list", "watch"};
    return !user->only_reads || is_among(verb, reading, sizeof reading / sizeof reading[0]) ||
           is_about_oneself(verb, group, resource);
}

bool user_may_at_path(const struct user *user, const char *verb)
{
    return !user->only_reads || str_equal(verb, "get");
}
