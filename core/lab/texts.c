#include "lab/texts.h"

#include <string.h>

const struct text *texts_find(const char *name)
{
    for (size_t i = 0; i < texts_count; i++) {
        if (strcmp(texts[i].name, name) == 0) {
            return &texts[i];
        }
    }
    return NULL;
}
