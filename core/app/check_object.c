/* What kind an object is of, and who looks at it. What is most likely meant to be one of ours, and would be applied as
 * something else or not at all, is an error. */
#include <string.h>

#include "app/check_inner.h"
#include "base/mem.h"

#define RELEASE "Release" /* written by the engine alone */

/* Of "flagger.app/v1beta1" the part before the slash. */
static bool is_group(const char *version, const char *group)
{
    size_t len = strlen(group);
    return strncmp(version, group, len) == 0 && version[len] == '/';
}

static bool is_ours(const char *version)
{
    return is_group(version, "flagger.app") || is_group(version, "sluice.dev");
}

static const struct check_served *find_kind(const char *kind)
{
    for (size_t i = 0; i < CHECK_ROLES; i++) {
        if (strcmp(check_served[i].kind, kind) == 0) {
            return &check_served[i];
        }
    }
    return NULL;
}

static void look(struct check *check, const struct check_source *source, const struct node *object,
                 enum check_role role)
{
    switch (role) {
    case CHECK_CANARY:
        check_canary(check, source, object);
        break;
    case CHECK_METRIC_TEMPLATE:
        check_metric_template(check, source, object);
        break;
    case CHECK_ALERT_PROVIDER:
        check_alert_provider(check, source, object);
        break;
    default:
        check_scripted(check, source, object, role);
    }
}

static void find(struct check *check, const struct check_source *source, const struct node *object, const char *field,
                 char *text)
{
    check_find_at(check, source, object, field, true, text);
    mem_free(text);
}

static char *kind_names(const char *version)
{
    struct str_list names = {0};
    for (size_t i = 0; i < CHECK_ROLES; i++) {
        if (is_group(version, check_served[i].group)) {
            str_list_push(&names, check_served[i].kind);
        }
    }
    char *text = str_list_join(&names, ", ");
    str_list_fini(&names);
    return text;
}

static const char *type_name(const struct node *n)
{
    static const char *const names[] = {
        [NODE_ABSENT] = "nothing", [NODE_NULL] = "nothing",  [NODE_BOOL] = "a boolean", [NODE_INT] = "a number",
        [NODE_REAL] = "a number",  [NODE_STRING] = "a text", [NODE_ARRAY] = "a list",   [NODE_OBJECT] = "a mapping"};
    return names[node_type(n)];
}

/* True: there is something to say about it, and it was said. */
static bool refuse(struct check *check, const struct check_source *source, const struct node *object)
{
    const struct node *given = node_get(object, "kind"), *given_version = node_get(object, "apiVersion");
    const char *kind = node_str(given), *version = node_str_or(given_version, "");
    const struct check_served *served = kind != NULL ? find_kind(kind) : NULL;
    if (kind == NULL && (is_ours(version) || (given != NULL && given_version != NULL))) {
        find(check, source, object, "kind",
             str_format("kind: a text such as Canary is wanted, got %s", type_name(given)));
    } else if (served != NULL && (version[0] == '\0' || is_ours(version))) {
        find(check, source, object, "apiVersion",
             version[0] == '\0' ? str_format("apiVersion: %s/%s is wanted for a %s, got %s", served->group,
                                             served->version, kind, type_name(given_version))
             : is_group(version, served->group)
                 ? str_format("apiVersion: %s is not served, only %s/%s", version, served->group, served->version)
                 : str_format("apiVersion: %s has no kind %s, %s/%s has", version, kind, served->group,
                              served->version));
    } else if (kind != NULL && is_ours(version) && strcmp(kind, RELEASE) != 0) {
        char *known = kind_names(version);
        find(check, source, object, "kind", str_format("kind: %s has no kind %s, known are %s", version, kind, known));
        str_free(&known);
    } else {
        return false;
    }
    return true;
}

void check_object(struct check *check, const struct check_source *source, const struct node *object)
{
    const char *kind = node_str_or(node_get(object, "kind"), "");
    const char *version = node_str_or(node_get(object, "apiVersion"), "");
    for (size_t i = 0; i < CHECK_ROLES; i++) {
        const struct check_served *served = &check_served[i];
        bool is_served =
            is_group(version, served->group) && strcmp(version + strlen(served->group) + 1, served->version) == 0;
        /* A Canary of another version is refused as such. */
        if (strcmp(served->kind, kind) == 0 && (is_served || (i == CHECK_CANARY && is_group(version, served->group)))) {
            look(check, source, object, (enum check_role)i);
            return;
        }
    }
    if (str_has_suffix(kind, "List") && node_type(node_get(object, "items")) == NODE_ARRAY) {
        struct node_iter it = node_iterate(node_get(object, "items"));
        while (node_next(&it)) {
            check_object(check, source, it.value);
        }
    } else if (!refuse(check, source, object)) {
        check_pass_over(check, kind);
    }
}
