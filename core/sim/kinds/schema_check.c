/* Types, texts, numbers and enumerations. */
#include "sim/kinds/schema_check.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "sim/kinds/format.h"

/* --- types --- */

static unsigned type_bit(const struct node *n)
{
    int64_t ignored;
    switch (node_type(n)) {
    case NODE_OBJECT:
        return RULE_OBJECT;
    case NODE_ARRAY:
        return RULE_ARRAY;
    case NODE_STRING:
        return RULE_STRING;
    case NODE_BOOL:
        return RULE_BOOLEAN;
    case NODE_INT: /* beyond int64 a number is a float in Go */
        return node_int(n, &ignored) ? RULE_INTEGER : RULE_NUMBER;
    default:
        return RULE_NUMBER;
    }
}

static const char *type_name(unsigned bit)
{
    switch (bit) {
    case RULE_OBJECT:
        return "object";
    case RULE_ARRAY:
        return "array";
    case RULE_STRING:
        return "string";
    case RULE_BOOLEAN:
        return "boolean";
    case RULE_INTEGER:
        return "integer";
    default:
        return "number";
    }
}

static void wrong_type(struct outcome *out, const struct subject *s, const char *want, const char *got)
{
    char *text = outcome_quoted(got);
    outcome_invalid(out, s->place, TYPE_REASON, str_dup(text), " in body must be of type %s: %s", want, text);
    mem_free(text);
}

static bool is_whole(double value)
{
    return fabs(value) <= 9007199254740991.0 && value == trunc(value);
}

void schema_check_type(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    unsigned got = type_bit(s->value);
    double real = 0.5;
    node_real(s->value, &real);
    bool fits = (rule->types & got) || (got == RULE_NUMBER && (rule->types & RULE_INTEGER) && is_whole(real)) ||
                (got == RULE_INTEGER && (rule->types & RULE_NUMBER));
    bool textual = got == RULE_STRING || got == RULE_ARRAY;
    bool numeric = rule->types & (RULE_NUMBER | RULE_INTEGER);
    if (!textual && rule->format != NULL && !fits) {
        wrong_type(out, s, rule->format, got == RULE_INTEGER ? "int64" : got == RULE_NUMBER ? "float64" : "");
    } else if (!fits && (numeric || rule->format == NULL || !textual)) {
        wrong_type(out, s, rule->type_text == NULL ? "" : rule->type_text, type_name(got));
    } else {
        out->matches++;
    }
}

void schema_check_null_type(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    if (rule->types != 0 && !rule->nullable) {
        wrong_type(out, s, rule->type_text, "null");
    } else {
        out->matches++;
    }
}

/* --- texts --- */

static size_t characters(const char *s)
{
    size_t count = 0;
    for (; *s != '\0'; s++) {
        count += ((unsigned char)*s & 0xC0) != 0x80;
    }
    return count;
}

/* The first that is wrong. */
void schema_check_text(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    const char *text = node_str(s->value);
    int64_t length = (int64_t)characters(text);
    if (rule->length_max >= 0 && length > rule->length_max) {
        outcome_add(out, s->place, "FieldValueTooLong", "too long",
                    str_format("Too long: may not be more than %lld byte%s", (long long)rule->length_max,
                               rule->length_max == 1 ? "" : "s"));
    } else if (rule->length_min >= 0 && length < rule->length_min) {
        outcome_invalid(out, s->place, INVALID_REASON, outcome_quoted(text),
                        " in body should be at least %lld chars long", (long long)rule->length_min);
    } else if (rule->pattern != NULL && !pattern_matches(rule->pattern, text)) {
        outcome_invalid(out, s->place, INVALID_REASON, outcome_quoted(text), " in body should match '%s'",
                        rule->pattern_text);
    }
}

void schema_check_format(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    const char *text = node_str(s->value);
    if (format_matches(rule->format, text)) {
        return;
    }
    char *shown_text = outcome_quoted(text);
    outcome_invalid(out, s->place, TYPE_REASON, str_dup(shown_text), " in body must be of type %s: %s", rule->format,
                    shown_text);
    mem_free(shown_text);
}

/* --- numbers --- */

/* Whether a number is one of the declared type and format; `what` is "Checked" or the name of the bound. */
static void check_range(struct outcome *out, const struct rule *rule, const struct subject *s, double value,
                        const char *what)
{
    bool fits = true;
    if (rule->types == RULE_INTEGER && str_equal(rule->format, "int32")) {
        fits = is_whole(value) && value >= INT32_MIN && value <= INT32_MAX;
    } else if (rule->types == RULE_INTEGER) {
        fits = value == trunc(value) && fabs(value) < 9223372036854775808.0;
    } else if (rule->types == RULE_NUMBER && str_equal(rule->format, "float")) {
        fits = fabs(value) <= 3.4028234663852886e38;
    }
    if (fits) {
        return;
    }
    char *place = outcome_place(s->place);
    const char *type = type_name(rule->types);
    if (rule->format != NULL) {
        outcome_general(
            out, str_format("%s value must be of type %s with format %s in %s", what, type, rule->format, place));
    } else {
        outcome_general(out, str_format("%s value must be of type %s (default format) in %s", what, type, place));
    }
    mem_free(place);
}

/* A bound of an integer is an integer too: what is behind its point is dropped. */
static double bound_value(const struct rule_bound *bound, bool of_integer)
{
    return of_integer ? trunc(bound->value) : bound->value;
}

static void bound_text(double value, bool of_integer, char out[static 32])
{
    if (of_integer && fabs(value) < 1e18) {
        char *text = str_format("%lld", (long long)value);
        str_copy(out, 32, text);
        mem_free(text);
    } else {
        number_write(value, out);
    }
}

static void check_bound(struct outcome *out, const struct subject *s, const struct rule_bound *bound, double value,
                        int sign)
{
    bool of_integer = type_bit(s->value) == RULE_INTEGER;
    double limit = bound_value(bound, of_integer), over = (value - limit) * sign;
    if (!bound->is_set || !(bound->exclusive ? over >= 0 : over > 0)) {
        return;
    }
    char text[32];
    bound_text(limit, of_integer, text);
    outcome_invalid(out, s->place, INVALID_REASON, outcome_shown(s->value), " in body should be %s than %s%s",
                    sign > 0 ? "less" : "greater", bound->exclusive ? "" : "or equal to ", text);
}

static void check_multiple(struct outcome *out, const struct rule *rule, const struct subject *s, double value)
{
    bool of_integer = type_bit(s->value) == RULE_INTEGER;
    double factor = bound_value(&rule->multiple_of, of_integer);
    if (!rule->multiple_of.is_set) {
        return;
    }
    char text[32];
    bound_text(factor, of_integer, text);
    double times = factor > 0 && factor < 1 ? 1 / factor * value : value / factor;
    if (factor <= 0) {
        outcome_invalid(out, s->place, INVALID_REASON, str_dup(text), " must be positive: %s", text);
    } else if (!is_whole(times)) {
        outcome_invalid(out, s->place, INVALID_REASON, outcome_shown(s->value), " in body should be a multiple of %s",
                        text);
    }
}

void schema_check_number(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    double value = 0;
    node_real(s->value, &value);
    check_range(out, rule, s, value, "Checked");
    if (rule->multiple_of.is_set) {
        check_range(out, rule, s, rule->multiple_of.value, "MultipleOf");
    }
    check_multiple(out, rule, s, value);
    if (rule->minimum.is_set) {
        check_range(out, rule, s, rule->minimum.value, "Minimum boundary");
    }
    check_bound(out, s, &rule->minimum, value, -1);
    if (rule->maximum.is_set) {
        check_range(out, rule, s, rule->maximum.value, "Maximum boundary");
    }
    check_bound(out, s, &rule->maximum, value, 1);
    out->matches++;
}

/* --- enumerations --- */

static void put_allowed(struct buf *b, const struct node *values)
{
    struct node_iter it = node_iterate(values);
    while (node_next(&it)) {
        char *text = node_type(it.value) == NODE_STRING ? str_dup(node_str(it.value)) : outcome_shown(it.value);
        char *name = outcome_quoted(text);
        buf_printf(b, "%s%s", it.index > 0 ? ", " : "", name);
        mem_free(text);
        mem_free(name);
    }
}

void schema_check_values(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    struct node_iter it = node_iterate(rule->values);
    while (node_type(s->value) != NODE_NULL && node_next(&it)) {
        if (node_equal(it.value, s->value)) {
            return;
        }
    }
    struct buf message;
    char *value = outcome_shown(s->value);
    buf_init(&message, 64 * 1024);
    buf_printf(&message, "Unsupported value: %s: supported values: ", value);
    put_allowed(&message, rule->values);
    outcome_add(out, s->place, "FieldValueNotSupported", " in body should be one of these", buf_take(&message));
    mem_free(value);
}
