// room: canary
// mutants: 20000
/* Parameters: any declaration, and any values for it. What must hold: what is refused has a reason; what fits is
 * filled, and fits as it was filled. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "canary/params.h"
#include "dice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"a", "steps", "rounds", "soak"};
static const char *const types[] = {"number", "integer", "percent", "weight", "duration", "string",
                                    "choice", "boolean", "list",    "list",   "colour",   ""};

/* Where it is sound, of the declared type more often than not. */
static struct node *value_of(struct dice *dice, struct doc *doc)
{
    static const char *const durations[] = {"1m", "90s", "1ms", "720h", "1h30m"};
    switch (dice_throw(dice, 6)) {
    case 0:
        return node_new_int(doc, dice_throw(dice, 120));
    case 1:
        return node_new_str(doc, DICE_PICK(dice, durations));
    case 2: {
        struct node *list = node_new_array(doc);
        for (unsigned i = dice_throw(dice, 4); i > 0; i--) {
            node_push(list, node_new_int(doc, dice_throw(dice, 120)));
        }
        return list;
    }
    default:
        return dice_value(dice, doc, 3);
    }
}

static struct node *declaration(struct dice *dice, struct doc *doc, int depth)
{
    static const char *const options[] = {"default", "min", "max", "values", "doc", "of", "type", "least"};
    struct node *declared = node_new_object(doc);
    node_set_str(doc, declared, "type", DICE_PICK(dice, types));
    if (node_is(node_get(declared, "type"), "list") && depth > 0) {
        node_set(doc, declared, "of", declaration(dice, doc, depth - 1));
    }
    for (unsigned i = dice_throw(dice, 4); i > 0; i--) {
        node_set(doc, declared, DICE_PICK(dice, options), value_of(dice, doc));
    }
    return declared;
}

static struct node *declarations(struct dice *dice, struct doc *doc)
{
    if (dice_throw(dice, 16) == 1) {
        return dice_value(dice, doc, 3);
    }
    struct node *declared = node_new_object(doc);
    for (unsigned i = dice_throw(dice, 4); i > 0; i--) {
        node_set(doc, declared, DICE_PICK(dice, names), declaration(dice, doc, 2));
    }
    return declared;
}

static struct node *values(struct dice *dice, struct doc *doc)
{
    if (dice_throw(dice, 16) == 1) {
        return dice_value(dice, doc, 3);
    }
    struct node *given = node_new_object(doc);
    for (unsigned i = dice_throw(dice, 4); i > 0; i--) {
        node_set(doc, given, DICE_PICK(dice, names), value_of(dice, doc));
    }
    return given;
}

static void fill(const struct node *declared, const struct node *given)
{
    struct str_list reasons = {0};
    bool fits = params_fit(declared, given, "spec.strategy.params", &reasons);
    assert(fits == (reasons.count == 0));
    if (fits) {
        struct doc *doc = doc_new();
        struct node *filled = params_fill(doc, declared, given);
        doc_set_root(doc, filled);
        assert(params_fit(declared, filled, "filled", &reasons));
        struct node *again = params_fill(doc, declared, filled);
        assert(node_equal(filled, again));
        doc_free(doc);
    }
    str_list_fini(&reasons);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dice dice = {.bytes = data, .size = size};
    struct doc *doc = doc_new();
    struct node *declared = declarations(&dice, doc);
    struct str_list reasons = {0};
    bool sound = params_are_sound(declared, &reasons);
    assert(sound == (reasons.count == 0));
    for (int i = 0; sound && i < 4; i++) {
        fill(declared, values(&dice, doc));
    }
    str_list_fini(&reasons);
    doc_free(doc);
    return 0;
}
