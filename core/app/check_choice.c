/* What a schema wants at a field, in words for people: of a oneOf the API server says only how many of its alternatives
 * fit. */
#include <string.h>

#include "app/check_inner.h"
#include "base/mem.h"
#include "base/spelling.h"

#define DURATION "^[0-9]+(m|s)" /* the pattern of one in the CRD */

enum { TEXT_MAX = 4096 };

/* --- a field --- */

/* The schema of a field ("spec.analysis.metrics[0].query"); NULL: the CRD has none. */
static const struct node *schema_at(const struct node *crd, const char *path)
{
    const struct node *version = node_item(node_at(crd, "spec", "versions"), 0);
    const struct node *schema = node_at(version, "schema", "openAPIV3Schema");
    while (*path != '\0' && schema != NULL) {
        size_t len = strcspn(path, ".[");
        char *key = str_dup_n(path, len);
        if (path[0] == '[') {
            len = strcspn(path, "]") + (strchr(path, ']') != NULL);
            schema = node_get(schema, "items");
        } else if (len > 0) {
            const struct node *property = node_at(schema, "properties", key);
            schema = property != NULL ? property : node_get(schema, "additionalProperties");
        }
        mem_free(key);
        path += len + (path[len] == '.');
    }
    return schema;
}

const char *check_wanted_at(const struct node *crd, const char *field)
{
    bool is_duration = node_is(node_get(schema_at(crd, field), "pattern"), DURATION);
    return is_duration ? ", wanted a duration such as 30s or 1m" : "";
}

/* --- a field that there is not --- */

/* The field of a schema that is most likely meant by this name; NULL: none is. */
static const char *field_near(const struct node *schema, const char *name)
{
    struct node_iter it = node_iterate(node_get(schema, "properties"));
    size_t count = 0;
    const char **names = mem_resize(NULL, (node_count(node_get(schema, "properties")) + 1) * sizeof names[0]);
    while (node_next(&it)) {
        names[count++] = it.key;
    }
    const char *near = spelling_nearest(name, names, count);
    mem_free(names);
    return near;
}

char *check_unknown_field(const struct node *crd, const char *warning, char **field)
{
    const char *quote = strchr(warning, '"');
    *field = quote != NULL ? str_dup_n(quote + 1, strcspn(quote + 1, "\"")) : str_dup("");
    const char *dot = strrchr(*field, '.');
    char *above = str_dup_n(*field, dot != NULL ? (size_t)(dot - *field) : 0);
    const char *near = field_near(schema_at(crd, above), dot != NULL ? dot + 1 : *field);
    char *text = str_format(near != NULL ? "%s (is %s meant?)" : "%s", warning, near);
    str_free(&above);
    return text;
}

/* --- alternatives --- */

static bool requires(const struct node *alternative, const char *name)
{
    struct node_iter it = node_iterate(node_get(alternative, "required"));
    while (node_next(&it)) {
        if (node_is(it.value, name)) {
            return true;
        }
    }
    return false;
}

static bool all_require(const struct node *alternatives, const char *name)
{
    struct node_iter it = node_iterate(alternatives);
    while (node_next(&it)) {
        if (node_get(it.value, "not") == NULL && !requires(it.value, name)) {
            return false;
        }
    }
    return true;
}

/* The fields by which the alternatives differ, one of each; false: they differ by something else. An alternative that
 * wants none of them (`not`) names none. */
static bool read_names(const struct node *alternatives, struct str_list *names)
{
    struct node_iter it = node_iterate(alternatives);
    while (node_next(&it)) {
        size_t before = names->count;
        if (node_get(it.value, "not") != NULL) {
            continue;
        }
        struct node_iter name = node_iterate(node_get(it.value, "required"));
        while (node_next(&name)) {
            if (!all_require(alternatives, node_str_or(name.value, ""))) {
                str_list_push(names, node_str_or(name.value, ""));
            }
        }
        if (names->count != before + 1) {
            return false;
        }
    }
    return names->count > 1;
}

/* "a, b or c" */
static void put_names(struct buf *b, const struct str_list *names, const char *last)
{
    for (size_t i = 0; i < names->count; i++) {
        buf_printf(b, "%s%s", i == 0 ? "" : i + 1 == names->count ? last : ", ", names->items[i]);
    }
}

char *check_choice(const struct node *crd, const char *field, const struct node *value, struct str_list *names)
{
    struct str_list given = {0};
    struct buf text;
    if (!read_names(node_get(schema_at(crd, field), "oneOf"), names)) {
        return NULL;
    }
    for (size_t i = 0; i < names->count; i++) {
        if (node_get(value, names->items[i]) != NULL) {
            str_list_push(&given, names->items[i]);
        }
    }
    buf_init(&text, TEXT_MAX);
    buf_printf(&text, "%s: wanted one of ", field);
    put_names(&text, names, " or ");
    buf_append_str(&text, given.count == 0 ? ", none is there" : " alone, there are ");
    put_names(&text, &given, " and ");
    bool is_choice = given.count != 1;
    str_list_fini(&given);
    char *taken = buf_take(&text);
    if (!is_choice) {
        str_free(&taken);
    }
    return taken;
}
