/* The part of kubectl's JSONPath that the columns of CRDs use: names, escaped dots, quoted names, indices, and filters
 * that compare with a text. */
#include "sim/api/json_path.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/filter.h"

/* "[?(@.type==\"Ready\")]": the first element that fits. */
static const struct node *filter(const struct node *array, const char *text, size_t len)
{
    const char *at = memchr(text, '@', len), *equals = at != NULL ? strstr(at, "==") : NULL;
    const char *open = equals != NULL ? strpbrk(equals, "\"'") : NULL,
               *close = open != NULL ? strchr(open + 1, *open) : NULL;
    if (close == NULL || close > text + len) {
        return NULL;
    }
    char *path = str_dup_n(at + 1, (size_t)(equals - at - 1)), *value = str_dup_n(open + 1, (size_t)(close - open - 1));
    const struct node *found = NULL;
    struct node_iter it = node_iterate(array);
    while (found == NULL && node_next(&it)) {
        if (node_is(json_path_find(it.value, path), value)) {
            found = it.value;
        }
    }
    mem_free(path);
    mem_free(value);
    return found;
}

static const struct node *bracket(const struct node *node, const char *text, size_t len)
{
    if (text[0] == '?') {
        return filter(node, text, len);
    }
    if (text[0] == '\'' || text[0] == '"') {
        char *key = str_dup_n(text + 1, len >= 2 ? len - 2 : 0);
        const struct node *member = node_get(node, key);
        mem_free(key);
        return member;
    }
    long index = strtol(text, NULL, 10);
    return node_item(node, (size_t)(index < 0 ? index + (long)node_count(node) : index));
}

/* Up to the next '.' or '['; "\\." is a dot of the name. */
static const char *name(const struct node **node, const char *path)
{
    struct buf b;
    buf_init(&b, 1024);
    while (*path != '\0' && *path != '.' && *path != '[') {
        if (*path == '\\' && path[1] != '\0') {
            path++;
        }
        buf_append_char(&b, *path++);
    }
    if (b.len > 0) {
        *node = node_get(*node, buf_str(&b));
    }
    buf_fini(&b);
    return path;
}

const struct node *json_path_find(const struct node *root, const char *path)
{
    const struct node *node = root;
    while (*path != '\0' && node != NULL) {
        if (*path == '.') {
            path++;
        } else if (*path == '[') {
            const char *end = path[1] == '?' ? strstr(path, ")]") : strchr(path, ']');
            if (end == NULL) {
                return NULL;
            }
            end += path[1] == '?';
            node = bracket(node, path + 1, (size_t)(end - path - 1));
            path = end + 1;
        } else {
            path = name(&node, path);
        }
    }
    return node;
}
