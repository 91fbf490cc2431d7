#include "canary/pause.h"

#include <string.h>

#include "base/str.h"
#include "canary/request.h"

/* What stands there where somebody has given no reason. */
static bool says_nothing(const char *text)
{
    return strcmp(text, PAUSE_WITHOUT_REASON) == 0 || strcmp(text, "true") == 0;
}

void pause_read(struct pause *pause, const struct node *canary)
{
    const char *text = request_pause(canary);
    *pause = (struct pause){0};
    if (text != NULL) {
        pause->through = PAUSE_ANNOTATION;
        pause->reason = says_nothing(text) ? NULL : request_line(text);
    } else if (node_bool_or(node_at(canary, "spec", "suspend"), false)) {
        pause->through = PAUSE_SUSPEND;
    }
}

void pause_fini(struct pause *pause)
{
    str_free(&pause->reason);
    *pause = (struct pause){0};
}
