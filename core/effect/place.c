#include "effect/place.h"

#include <string.h>

#include "base/str.h"

bool place_refuse(const struct place *at, const char *key, const struct node *n, const char *what)
{
    char *text = n == NULL ? str_dup("nothing") : node_to_text(n);
    err_set(at->err, ERR_INVALID, "%s.%s: %.100s is not %s", at->text, key, text, what);
    str_free(&text);
    return false;
}

bool place_check_int(const struct place *at, const struct node *effect, const char *key, int64_t min, int64_t max,
                     const char *what)
{
    const struct node *n = node_get(effect, key);
    int64_t value;
    return n == NULL || (node_int(n, &value) && value >= min && value <= max) || place_refuse(at, key, n, what);
}

bool place_check_text(const struct place *at, const struct node *effect, const char *key)
{
    const struct node *n = node_get(effect, key);
    return n == NULL || node_type(n) == NODE_NULL || node_str(n) != NULL || place_refuse(at, key, n, "a text");
}

bool place_check_bool(const struct place *at, const struct node *effect, const char *key)
{
    const struct node *n = node_get(effect, key);
    return n == NULL || node_type(n) == NODE_NULL || node_type(n) == NODE_BOOL || place_refuse(at, key, n, "a boolean");
}

bool place_check_share(const struct place *at, const struct node *effect, const char *key, int64_t *pct)
{
    const struct node *n = node_get(effect, key);
    return (node_int(n, pct) && *pct >= 0 && *pct <= 100) || place_refuse(at, key, n, "a share of 0 to 100 percent");
}

bool place_check_word(const struct place *at, const struct node *effect, const char *key, const char *const *words,
                      const char *what)
{
    const struct node *n = node_get(effect, key);
    for (; node_str(n) != NULL && *words != NULL; words++) {
        if (strcmp(node_str(n), *words) == 0) {
            return true;
        }
    }
    return place_refuse(at, key, n, what);
}
