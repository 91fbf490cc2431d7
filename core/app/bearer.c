#include "app/bearer.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/file.h"

enum { TOKEN_MAX = 64 * 1024 };

/* What stands in a header: one word of printable letters. The blanks around it are those of the file. */
static char *bearer_of(const char *text, const char *from, struct err *err)
{
    static const char blanks[] = " \t\r\n";
    const char *begin = text + strspn(text, blanks);
    size_t len = strcspn(begin, blanks);
    for (size_t i = 0; i < len; i++) {
        if (begin[i] < '!' || begin[i] > '~') {
            err_set(err, ERR_INVALID, "%s: a token is wanted: letters, digits and the like", from);
            return NULL;
        }
    }
    if (len == 0 || begin[len + strspn(begin + len, blanks)] != '\0') {
        err_set(err, ERR_INVALID, "%s: a token is wanted, got %s", from, len == 0 ? "nothing" : "several words");
        return NULL;
    }
    return str_format("Bearer %.*s", (int)len, begin);
}

char *bearer_read(const char *file, const char *variable, struct err *err)
{
    const char *value = getenv(variable);
    if (file == NULL) {
        return str_empty(value) ? NULL : bearer_of(value, variable, err);
    }
    struct buf text;
    buf_init(&text, TOKEN_MAX);
    char *bearer = file_read(file, &text, err) ? bearer_of(buf_str(&text), file, err) : NULL;
    buf_fini(&text);
    return bearer;
}
