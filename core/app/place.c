#include "app/place.h"

#include <stdlib.h>
#include <string.h>

#include "app/cli.h"
#include "base/str.h"

bool place_read_port(struct place *place, const char *flag, const char *value, struct err *err)
{
    char *end;
    long port = strtol(value, &end, 10);
    *place = (struct place){.port = (int)port};
    return (*end == '\0' && end != value && port >= 0 && port <= 65535) ||
           err_set(err, ERR_INVALID, "%s: \"%s\" is not a port", flag, value);
}

bool place_read(struct place *place, const char *flag, const char *value, struct err *err)
{
    char *host = NULL;
    bool ok = cli_read_listen(flag, value, &host, &place->port, err);
    if (ok && strlen(host) >= sizeof place->host) {
        ok = err_set(err, ERR_INVALID, "%s: no host has a name of %zu letters", flag, strlen(host));
    } else if (ok) {
        str_copy(place->host, sizeof place->host, host);
    }
    str_free(&host);
    return ok;
}

bool place_meets(const struct place *a, const struct place *b)
{
    bool is_any = a->host[0] == '\0' || b->host[0] == '\0';
    return a->port != 0 && a->port == b->port && (is_any || strcmp(a->host, b->host) == 0);
}
