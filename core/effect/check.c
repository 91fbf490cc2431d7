/* The first third of effect/effect.h: the checks of a list of effects, from a script or from a record. */
#include "base/str.h"
#include "effect/kind.h"

enum { EFFECTS_MAX = 2000 };

static bool check(const struct place *at, enum effects_of of, const struct node *effect)
{
    const char *name = node_str_or(node_get(effect, "kind"), "");
    const struct effect_kind *kind = effect_kind_find(name);
    if (kind == NULL || (kind->lists & EFFECTS_IN(of)) == 0) {
        return err_set(at->err, ERR_INVALID, "%s.kind: \"%.100s\" is not a kind of effect", at->text, name);
    }
    return place_check_text(at, effect, "key") &&
           place_check_int(at, effect, "key_ms", 0, INT64_MAX / 1000000, "a time") &&
           place_check_int(at, effect, "key_index", 0, INT32_MAX, "a count") &&
           (kind->check == NULL || kind->check(at, effect)) &&
           (of == EFFECTS_OF_SCRIPT || kind->check_own == NULL || kind->check_own(at, of, effect));
}

static bool takes(const struct place *at, const struct node *effect)
{
    const struct effect_kind *kind = effect_kind_find(node_str_or(node_get(effect, "kind"), ""));
    const struct contract_field wanted = {.type = CONTRACT_OBJECT, .fields = kind->takes};
    bool ok = contract_check(&wanted, at->text, effect, at->err);
    at->err->code = ok ? ERR_NONE : ERR_INVALID;
    return ok;
}

bool effects_check(const struct node *list, enum effects_of of, const char *field, struct err *err)
{
    if (node_type(list) != NODE_ARRAY || node_count(list) > EFFECTS_MAX) {
        return err_set(err, ERR_INVALID, "%s: a list of at most %d effects is wanted", field, EFFECTS_MAX);
    }
    bool ok = true;
    struct node_iter it = node_iterate(list);
    while (ok && node_next(&it)) {
        struct place at = {.text = str_format("%s[%zu]", field, it.index), .err = err};
        ok = check(&at, of, it.value);
        str_free(&at.text);
    }
    return ok;
}

bool effects_accept(const struct node *list, const char *field, struct err *err)
{
    bool ok = effects_check(list, EFFECTS_OF_SCRIPT, field, err);
    struct node_iter it = node_iterate(list);
    while (ok && node_next(&it)) {
        struct place at = {.text = str_format("%s[%zu]", field, it.index), .err = err};
        ok = takes(&at, it.value);
        str_free(&at.text);
    }
    return ok;
}
