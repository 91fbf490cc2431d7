/* What all checkers share: the Canaries that they know, and how they tell what must not be. */
#include <stdarg.h>
#include <string.h>

#include "lab/checkers/inner.h"

void checkers_break(struct checkers *checkers, unsigned check, const char *format, ...)
{
    if ((checkers->options.checks & check) == 0 || checkers->is_learning) {
        return;
    }
    va_list args;
    va_start(args, format);
    char *what = str_format_v(format, args);
    va_end(args);
    checkers->options.broken(checkers->options.ctx, what);
    str_free(&what);
}

struct checked *checkers_canary(struct checkers *checkers, const char *namespace, const char *name)
{
    for (size_t i = 0; i < checkers->count; i++) {
        struct checked *canary = &checkers->canaries[i];
        if (strcmp(canary->name, name) == 0 && strcmp(canary->namespace, namespace) == 0) {
            return canary;
        }
    }
    return NULL;
}

const struct checked *checkers_find(const struct checkers *checkers, const char *namespace, const char *name)
{
    return checkers_canary((struct checkers *)checkers, namespace, name);
}

struct doc *checkers_object(const struct checkers *checkers, const char *storage, const struct checked *canary,
                            const char *name)
{
    return objects_get(checkers->objects, storage, canary->namespace, name);
}
