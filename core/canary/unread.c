#include "canary/unread.h"

#include "base/str.h"
#include "canary/request.h"

char *unread_annotation(const char *key)
{
    bool is_read = str_equal(key, PAUSE_ANNOTATION) || str_equal(key, REQUEST_ANNOTATION);
    return !str_has_prefix(key, "sluice.dev/") || is_read
               ? NULL
               : str_format("metadata.annotations: the engine reads no %s of a Canary, only " PAUSE_ANNOTATION
                            " and " REQUEST_ANNOTATION,
                            key);
}

char *unread_annotations(const struct node *canary)
{
    struct str_list texts = {0};
    struct node_iter it = node_iterate(node_at(canary, "metadata", "annotations"));
    while (node_next(&it)) {
        char *text = unread_annotation(it.key);
        if (text != NULL) {
            str_list_push(&texts, text);
        }
        str_free(&text);
    }
    char *all = texts.count > 0 ? str_list_join(&texts, "; ") : NULL;
    str_list_fini(&texts);
    return all;
}
