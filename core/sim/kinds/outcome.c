#include "sim/kinds/outcome.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "base/utf8.h"

enum { TEXT_BYTES_MAX = 256 * 1024 };

static void put_place(struct buf *b, const struct place *place)
{
    if (place == NULL || (place->above == NULL && place->key == NULL)) {
        return;
    }
    put_place(b, place->above);
    if (place->key == NULL) {
        buf_printf(b, "[%zu]", place->index);
    } else {
        buf_printf(b, "%s%s", b->len > 0 ? "." : "", place->key);
    }
}

char *outcome_place(const struct place *place)
{
    struct buf b;
    buf_init(&b, TEXT_BYTES_MAX);
    put_place(&b, place);
    return buf_take(&b);
}

static void complaint_fini(struct complaint *complaint)
{
    mem_free(complaint->text);
    mem_free(complaint->field);
    mem_free(complaint->message);
}

void outcome_pardon(struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->count; i++) {
        complaint_fini(&outcome->complaints[i]);
    }
    mem_free(outcome->complaints);
    outcome->complaints = NULL;
    outcome->count = 0;
}

void outcome_fini(struct outcome *outcome)
{
    outcome_pardon(outcome);
    outcome->matches = 0;
}

static void take(struct outcome *to, struct complaint complaint)
{
    for (size_t i = 0; i < to->count; i++) {
        if (str_equal(to->complaints[i].text, complaint.text)) {
            complaint_fini(&complaint);
            return;
        }
    }
    to->complaints = mem_resize(to->complaints, (to->count + 1) * sizeof *to->complaints);
    to->complaints[to->count++] = complaint;
}

void outcome_merge(struct outcome *to, struct outcome *from)
{
    for (size_t i = 0; i < from->count; i++) {
        take(to, from->complaints[i]);
    }
    to->matches += from->matches;
    mem_free(from->complaints);
    *from = (struct outcome){0};
}

void outcome_add(struct outcome *outcome, const struct place *place, const char *reason, const char *text,
                 char *message)
{
    char *field = outcome_place(place), *whole = str_format("%s %s", field, text);
    take(outcome, (struct complaint){whole, field, reason, message});
}

void outcome_invalid(struct outcome *outcome, const struct place *place, const char *reason, char *value,
                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *rest = str_format_v(format, args);
    va_end(args);
    char *field = outcome_place(place), *text = str_format("%s%s", field, rest);
    char *message = str_format("Invalid value: %s: %s", value, text);
    mem_free(rest);
    mem_free(value);
    take(outcome, (struct complaint){text, field, reason, message});
}

void outcome_general(struct outcome *outcome, char *text)
{
    char *message = str_format("Invalid value: \"\": %s", text);
    take(outcome, (struct complaint){text, NULL, "FieldValueInvalid", message});
}

static char *field_under(const char *under, const char *field)
{
    if (str_empty(field)) {
        return str_dup(under == NULL ? "<nil>" : under);
    }
    if (under == NULL) {
        return str_dup(field);
    }
    return str_format("%s%s%s", under, field[0] == '[' ? "" : ".", field);
}

struct node *outcome_causes(const struct outcome *outcome, struct doc *doc, const char *under)
{
    struct node *causes = node_new_array(doc);
    for (size_t i = 0; i < outcome->count; i++) {
        const struct complaint *one = &outcome->complaints[i];
        struct node *cause = node_new_object(doc);
        char *field = field_under(under, one->field);
        node_set_str(doc, cause, "reason", one->reason);
        node_set_str(doc, cause, "message", one->message);
        node_set_str(doc, cause, "field", field);
        node_push(causes, cause);
        mem_free(field);
    }
    return causes;
}

/* --- values --- */

static void put_quoted(struct buf *b, const char *s, size_t len)
{
    static const char from[] = "\a\b\f\n\r\t\v\\\"", to[] = "abfnrtv\\\"";
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)s[i];
        size_t width = utf8_char(s + i, len - i);
        const char *found = c == '\0' ? NULL : strchr(from, c);
        if (found != NULL) {
            buf_printf(b, "\\%c", to[found - from]);
        } else if (width == 0 || c < 0x20 || c == 0x7f) {
            buf_printf(b, "\\x%02x", c);
        } else {
            buf_append(b, s + i, width);
        }
        i += width == 0 ? 1 : width;
    }
}

char *outcome_quoted(const char *s)
{
    struct buf b;
    buf_init(&b, TEXT_BYTES_MAX);
    buf_append_char(&b, '"');
    put_quoted(&b, s, strlen(s));
    buf_append_char(&b, '"');
    return buf_take(&b);
}

char *outcome_shown(const struct node *n)
{
    double real;
    if (node_type(n) == NODE_STRING) {
        return outcome_quoted(node_str(n));
    }
    if (node_type(n) == NODE_REAL && node_real(n, &real)) {
        char text[32];
        number_write(real, text);
        return str_dup(text);
    }
    if (node_type(n) == NODE_ABSENT) {
        return str_dup("null");
    }
    struct buf b;
    buf_init(&b, TEXT_BYTES_MAX);
    node_write_sorted(n, &b);
    return buf_take(&b);
}
