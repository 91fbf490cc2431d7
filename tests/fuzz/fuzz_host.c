// room: io
// mutants: 50000
/* Any bytes as a Host header. What must hold: what is taken is "localhost", our own name or an address, as the
 * library's own reader of addresses has it, and a port that is one; so nothing that stands before or behind them is
 * overlooked. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/host.h"

#define OWN "lab.example"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Written once more from the other end: the port is cut off behind the last colon that no address has. */
static bool is_expected(char *text)
{
    unsigned char bytes[16];
    size_t len = strlen(text);
    char *colon = strrchr(text, ':');
    bool has_port = colon != NULL && strchr(colon, ']') == NULL;
    if (has_port) {
        size_t digits = strspn(colon + 1, "0123456789");
        long port = digits > 0 && digits <= 5 ? strtol(colon + 1, NULL, 10) : 0;
        if (colon[1 + digits] != '\0' || port < 1 || port > 65535) {
            return false;
        }
        *colon = '\0';
        len = (size_t)(colon - text);
    }
    if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
        text[len - 1] = '\0';
        return inet_pton(AF_INET6, text + 1, bytes) == 1;
    }
    return strcasecmp(text, "localhost") == 0 || strcasecmp(text, OWN) == 0 || inet_pton(AF_INET, text, bytes) == 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mem_init();
    char *text = str_dup_n((const char *)data, size);
    bool is_ours = host_is_ours(text, OWN), is_also_with_none = host_is_ours(text, "");
    must(is_ours || !is_also_with_none);
    must(is_ours == is_expected(text));
    str_free(&text);
    return 0;
}
