#include "rollout/script_place.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

bool script_place_find(const char *text, struct script_place *place)
{
    static const char ending[] = ".lua:";
    const char *at = strstr(text, ending);
    while (at != NULL && !isdigit((unsigned char)at[strlen(ending)])) {
        at = strstr(at + 1, ending);
    }
    if (at == NULL) {
        return false;
    }
    const char *line = at + strlen(ending);
    char *rest;
    place->file = at;
    while (place->file > text && strchr(" :(", place->file[-1]) == NULL) {
        place->file--;
    }
    place->file_len = (size_t)(line - 1 - place->file);
    place->line = strtoul(line, &rest, 10);
    place->rest = rest;
    return true;
}

bool script_place_is_in(const struct script_place *place, const char *file)
{
    return strlen(file) == place->file_len && strncmp(file, place->file, place->file_len) == 0;
}
