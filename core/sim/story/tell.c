/* Small things that all files of a play use: what it tells, and which Canary is meant. */
#include <string.h>

#include "base/duration.h"
#include "base/mem.h"
#include "sim/story/play_inner.h"

#define NANOSECONDS_PER_MS INT64_C(1000000)

void play_tell_world(struct play *play, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = str_format_v(format, args);
    va_end(args);
    if (play->listener.world != NULL) {
        play->listener.world(play->listener.ctx, text);
    }
    str_free(&text);
}

char *play_duration(int64_t ms)
{
    char text[32];
    duration_write(ms * NANOSECONDS_PER_MS, text);
    size_t len = strlen(text);
    if (len > 3 && strcmp(text + len - 3, "m0s") == 0) { /* nobody says 5m0s */
        text[len -= 2] = '\0';
    }
    if (len > 3 && strcmp(text + len - 3, "h0m") == 0) {
        text[len - 2] = '\0';
    }
    return str_dup(text);
}

bool play_is_canary(const struct node *object, const char *canary)
{
    const char *slash = canary != NULL ? strchr(canary, '/') : NULL;
    const char *namespace = node_str_or(node_at(object, "metadata", "namespace"), "");
    if (!node_is(node_get(object, "kind"), "Canary")) {
        return false;
    }
    return canary == NULL || (strlen(namespace) == (size_t)(slash - canary) && str_has_prefix(canary, namespace) &&
                              node_is(node_at(object, "metadata", "name"), slash + 1));
}
