#include "sim/api/builtin/port.h"

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/failure.h"
#include "sim/kinds/naming.h"

enum { PORT_MAX = 65535 };

bool port_check_name(const char *name, const char *field, struct doc *causes)
{
    size_t count = 0;
    for (char *why; (why = naming_port(name, count)) != NULL; count++) {
        cause_invalid_str(causes, field, name, "%s", why);
        mem_free(why);
    }
    return count == 0;
}

void port_check_number(const struct node *value, const char *field, struct doc *causes)
{
    int64_t number = node_int_or(value, 0);
    if (node_type(value) == NODE_INT && (number < 1 || number > PORT_MAX)) {
        cause_invalid(causes, field, value, "must be between 1 and 65535, inclusive");
    }
}

void port_check_protocol(const struct node *port, const char *field, struct doc *causes)
{
    const char *protocol = node_str_or(node_get(port, "protocol"), "");
    bool known = str_equal(protocol, "TCP") || str_equal(protocol, "UDP") || str_equal(protocol, "SCTP");
    char *place = str_format("%s.protocol", field), *shown = str_format("\"%s\"", protocol);
    if (!known) {
        cause_unsupported(causes, place, shown, "\"SCTP\", \"TCP\", \"UDP\"");
    }
    mem_free(place);
    mem_free(shown);
}

bool name_is_taken(const struct node *items, size_t index, const char *name)
{
    for (size_t i = 0; i < index; i++) {
        if (node_is(node_get(node_item(items, i), "name"), name)) {
            return true;
        }
    }
    return false;
}
