/* For fuzz targets whose input is a series of choices, so that each input makes something whole: a script, a manifest.
 * Behind its end every choice is the first one. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/doc.h"

struct dice {
    const uint8_t *bytes;
    size_t size, at;
};

/* 0 to bound - 1. */
static inline unsigned dice_throw(struct dice *dice, unsigned bound)
{
    unsigned byte = dice->at < dice->size ? dice->bytes[dice->at++] : 0;
    return byte % bound;
}

#define DICE_PICK(dice, list) ((list)[dice_throw((dice), sizeof(list) / sizeof(list)[0])])

/* A value that JSON has, often one that somebody did not think of. */
static inline struct node *dice_value(struct dice *dice, struct doc *doc, int depth)
{
    static const char *const texts[] = {"",       "5%",   "100 %", "-1%",     "1e999%",     "1h",          "0s",
                                        "-1m",    "721h", "1.5h",  "nan",     "eu",         "5",           "x\xc3\xa9",
                                        "number", "list", "a",     "__index", "%s%n %99d",  "\x1b[2J",     "0x10",
                                        "true",   "null", "text",  "percent", "1ms1ms1ms1", "99999999999h"};
    static const double reals[] = {0.5, -0.0, 1e308, -1e308, 5e-324, 100.0000001, 9007199254740993.0, 0.1};
    static const int64_t wholes[] = {0, 1, -1, 5, 100, 101, INT64_MAX, INT64_MIN, 9007199254740993, 720};
    switch (dice_throw(dice, depth > 0 ? 8 : 5)) {
    case 0:
        return node_new_int(doc, DICE_PICK(dice, wholes));
    case 1:
        return node_new_real(doc, DICE_PICK(dice, reals));
    case 2:
        return node_new_str(doc, DICE_PICK(dice, texts));
    case 3:
        return node_new_bool(doc, dice_throw(dice, 2) == 1);
    case 4:
        return node_new_null(doc);
    case 5: {
        struct node *object = node_new_object(doc);
        for (unsigned i = dice_throw(dice, 4); i > 0; i--) {
            node_set(doc, object, DICE_PICK(dice, texts), dice_value(dice, doc, depth - 1));
        }
        return object;
    }
    default: {
        struct node *list = node_new_array(doc);
        for (unsigned i = dice_throw(dice, 4); i > 0; i--) {
            node_push(list, dice_value(dice, doc, depth - 1));
        }
        return list;
    }
    }
}
