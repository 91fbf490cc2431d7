/* The shape of a value that crosses a border, as data: from one table it is checked, and shown to people.
 *
 *     static const struct contract_field takes[] = {
 *         {.name = "side", .type = CONTRACT_STRING, .words = sides},
 *         {0},
 *     };
 *     contract_check(&(struct contract_field){.type = CONTRACT_OBJECT, .fields = takes}, "ready: args", args, &err)
 *
 * False: "ready: args.side: 'primary' or 'canary' is wanted, got 5". */
#pragma once

#include "base/buf.h"
#include "base/doc.h"

enum contract_type {
    CONTRACT_OBJECT,
    CONTRACT_ANY,
    CONTRACT_LIST, /* of objects */
    CONTRACT_STRING,
    CONTRACT_INTEGER,
    CONTRACT_NUMBER,
    CONTRACT_BOOLEAN,
};

struct contract_field {
    const char *name; /* in its object; NULL ends a list of fields */
    enum contract_type type;
    bool optional;                       /* an object may be without it, or have null there */
    const char *const *words;            /* a string is one of these, up to a NULL; NULL: any string */
    int64_t min, max;                    /* of an integer; both 0: any integer */
    const struct contract_field *fields; /* of an object, or of each of a list; no others may come. NULL: any */
};

/* False: err names the place, which begins with `place`, what was wanted, and what came. */
bool contract_check(const struct contract_field *field, const char *place, const struct node *value, struct err *err);
/* Writes the shape: { side: 'primary'|'canary', since: integer? } */
void contract_write(const struct contract_field *field, struct buf *out);
