/* What type.c, type_convert.c, type_equal.c and protobuf.c share, and nobody else includes. */
#pragma once

#include "sim/kinds/type.h"

enum shape { SHAPE_PLAIN, SHAPE_LIST, SHAPE_MAP };
enum scalar {
    IS_STRUCT,
    IS_STRING,
    IS_BOOL,
    IS_INT,
    IS_FLOAT,
    IS_BYTES,
    IS_TIME,
    IS_INT_OR_STRING,
    IS_QUANTITY,
    IS_RAW
};

struct field {
    char *name;
    size_t name_len;
    bool is_pointer, omit_empty, omit_zero;
    enum shape shape;
    enum scalar scalar;
    char *type_name;
    unsigned number, within; /* in protobuf; 0: none. `within`: of the message that holds it where JSON does not */
    char *patch_strategy, *merge_key; /* of a strategic merge; NULL: none */
    const struct type *type;          /* of IS_STRUCT */
};

struct type {
    char *name;
    struct field *fields;
    size_t count;
};
