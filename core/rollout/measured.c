#include "rollout/measured.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

static struct doc *new_object(void)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    return doc;
}

/* JSON has no infinity: only its sign is on record. */
static void set_value(struct doc *doc, struct node *object, double value)
{
    if (isinf(value)) {
        node_set_int(doc, object, "infinite", value > 0 ? 1 : -1);
    } else {
        node_set(doc, object, "value", node_new_real(doc, value));
    }
}

/* --- of Prometheus --- */

struct doc *measured_of_prom(const struct prom_answer *result)
{
    struct doc *doc = new_object();
    struct node *answer = doc_root(doc);
    switch (result->kind) {
    case PROM_SEVERAL:
        node_set_int(doc, answer, "several", (int64_t)result->series_count);
        set_value(doc, answer, result->value);
        break;
    case PROM_VALUE:
        set_value(doc, answer, result->value);
        break;
    case PROM_NOTHING:
    case PROM_NAN:
        node_set_bool(doc, answer, "none", true);
        node_set_str(doc, answer, "error", "no values found");
        break;
    case PROM_ERROR:
        node_set_str(doc, answer, "error", result->err.text);
        break;
    }
    node_set_str(doc, answer, "cause", prom_blind_cause(result));
    return doc;
}

static void add_points(struct doc *doc, const struct prom_answer *result)
{
    struct node *points = node_new_array(doc);
    node_set(doc, doc_root(doc), "points", points);
    for (size_t i = 0; i < result->point_count && i < MEASURED_POINTS_MAX; i++) {
        struct node *point = node_new_object(doc);
        node_set(doc, point, "time", node_new_real(doc, result->points[i].time_s));
        set_value(doc, point, result->points[i].value);
        node_push(points, point);
    }
}

struct doc *measured_of_span(const struct prom_answer *result)
{
    struct doc *doc = new_object();
    if (result->kind == PROM_VALUE) {
        add_points(doc, result);
        return doc;
    }
    node_set_str(doc, doc_root(doc), "error", result->err.text);
    if (result->kind == PROM_NOTHING) {
        node_set_bool(doc, doc_root(doc), "none", true);
    }
    node_set_str(doc, doc_root(doc), "cause", prom_blind_cause(result));
    return doc;
}

/* --- of adapters --- */

/* What an adapter said in place of a number. */
static char *no_number(const char *type, const struct node *value)
{
    enum { SHOWN_MAX = 60 };
    if (value == NULL) {
        return str_format("provider %s: the adapter gave neither a value nor an error", type);
    }
    char *text = node_to_text(value);
    size_t len = strlen(text), shown = len > SHOWN_MAX ? utf8_floor(text, SHOWN_MAX) : len;
    char *out = str_format("provider %s: answer.value: a number is wanted, got %.*s", type, (int)shown, text);
    str_free(&text);
    return out;
}

void measured_take(struct doc *doc, const char *type, const struct node *said)
{
    struct node *answer = doc_root(doc);
    double value;
    int64_t whole;
    const char *error = node_str(node_get(said, "error"));
    if (error != NULL) {
        bool none = node_bool_or(node_get(said, "none"), false);
        bool away = node_bool_or(node_get(said, "unreachable"), false);
        node_set_str(doc, answer, "error", error);
        if (none) {
            node_set_bool(doc, answer, "none", true);
        }
        node_set_str(doc, answer, "cause", none ? "no data" : away ? "unreachable" : "failed");
    } else if (node_int(node_get(said, "infinite"), &whole)) {
        node_set_int(doc, answer, "infinite", whole > 0 ? 1 : -1);
    } else if (node_real(node_get(said, "value"), &value)) {
        node_set(doc, answer, "value", node_new_real(doc, value));
    } else {
        char *text = no_number(type, node_get(said, "value"));
        node_set_str(doc, answer, "error", text);
        str_free(&text);
    }
    if (error == NULL && node_int(node_get(said, "several"), &whole)) {
        node_set_int(doc, answer, "several", whole);
    }
}

struct doc *measured_of_template(const struct metric_template_answer *result)
{
    struct doc *doc = new_object();
    if (result->fault != NULL) {
        node_set_str(doc, doc_root(doc), "fault", result->fault);
        node_set_str(doc, doc_root(doc), "error", result->fault);
    } else if (result->error != NULL) {
        node_set_str(doc, doc_root(doc), "error", result->error);
    } else {
        measured_take(doc, result->type, result->said);
    }
    return doc;
}
