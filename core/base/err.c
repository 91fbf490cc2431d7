#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static void trim(char *text, size_t size, int wanted)
{
    if (wanted >= 0 && (size_t)wanted >= size) {
        text[utf8_floor(text, size - 1)] = '\0';
    }
}

bool err_set(struct err *err, enum err_code code, const char *format, ...)
{
    /* Through a copy, because an argument may be the text of this very error. */
    char text[sizeof err->text] = "";
    va_list args;
    va_start(args, format);
    trim(text, sizeof text, vsnprintf(text, sizeof text, format, args));
    va_end(args);
    err_clear(err);
    err->code = code;
    memcpy(err->text, text, sizeof text);
    return false;
}

bool err_wrap(struct err *err, const char *format, ...)
{
    char text[sizeof err->text] = "";
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len >= 0 && (size_t)len < sizeof text) {
        size_t room = sizeof text - (size_t)len;
        trim(text, sizeof text, len + snprintf(text + len, room, ": %s", err->text));
    } else {
        trim(text, sizeof text, len);
    }
    memcpy(err->text, text, sizeof text);
    return false;
}

void err_clear(struct err *err)
{
    err->code = ERR_NONE;
    err->http_status = 0;
    err->retry_after_ms = 0;
    err->text[0] = '\0';
}

static const char *const names[] = {
#define ERR_NAME(name, text) [ERR_##name] = text,
    ERR_CODES(ERR_NAME)
#undef ERR_NAME
};

enum { NAMES = sizeof names / sizeof names[0] };

const char *err_code_name(enum err_code code)
{
    return (size_t)code < NAMES ? names[code] : "unknown";
}

bool err_code_find(const char *name, enum err_code *code)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (strcmp(names[i], name) == 0) {
            *code = (enum err_code)i;
            return true;
        }
    }
    return false;
}

bool err_is_transient(const struct err *err)
{
    return err->code == ERR_SERVER || err->code == ERR_TIMEOUT || err->code == ERR_UNREACHABLE;
}

bool err_is_refusal(const struct err *err)
{
    return err->code == ERR_FORBIDDEN || err->code == ERR_REJECTED;
}
