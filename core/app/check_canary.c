/* One Canary: what an API server would refuse by the CRD's schema, and what the engine would refuse of what is left. */
#include <ctype.h>
#include <string.h>

#include "app/check_inner.h"
#include "base/form.h"
#include "base/mem.h"
#include "canary/refusal.h"
#include "canary/request.h"
#include "canary/unread.h"
#include "kube/object.h"
#include "sim/api/api.h"

#define API_VERSION_SERVED "flagger.app/v1beta1"

/* --- fields: "spec.analysis.metrics[0].query" --- */

/* The length of the path with which a refusal begins; 0: it begins with something else. */
static size_t path_length(const char *text)
{
    size_t len = 0;
    if (!str_has_prefix(text, "spec") && !str_has_prefix(text, "metadata")) {
        return 0;
    }
    while (isalnum((unsigned char)text[len]) || strchr(".[]_-", text[len]) != NULL) {
        if (text[len] == '\0') {
            break;
        }
        len++;
    }
    return len;
}

/* --- reasons of the API server's --- */

#define GENERAL "Invalid value: \"\": "

/* Some causes name their field in their text only: `"spec.analysis" must validate one ...`, `Checked value must be of
 * type integer with format int32 in spec.x`. "": of the whole object. */
static char *field_in(const char *text)
{
    const char *last = strrchr(text, ' ');
    if (text[0] == '"') {
        return str_dup_n(text + 1, strcspn(text + 1, "\""));
    }
    return str_dup(last != NULL && path_length(last + 1) > 0 ? last + 1 : "");
}

/* True for a missing field that one alternative of the oneOf above it needs. The reason that is told is the choice
 * itself. */
static bool is_of_choice(const struct node *cause, const char *above, const struct str_list *names)
{
    const char *field = node_str_or(node_get(cause, "field"), "");
    size_t len = strlen(above);
    return node_is(node_get(cause, "reason"), "FieldValueRequired") && strncmp(field, above, len) == 0 &&
           field[len] == '.' && str_list_has(names, field + len + 1);
}

static void drop_choice(struct node *causes, const char *above, const struct str_list *names)
{
    for (size_t i = node_count(causes); i-- > 0;) {
        if (is_of_choice(node_item(causes, i), above, names)) {
            node_remove_item(causes, i);
        }
    }
}

/* True when another field is missing there, which every alternative needs. */
static bool misses_below(const struct node *causes, const char *above)
{
    struct node_iter it = node_iterate(causes);
    size_t len = strlen(above);
    while (node_next(&it)) {
        const char *field = node_str_or(node_get(it.value, "field"), "");
        if (node_is(node_get(it.value, "reason"), "FieldValueRequired") && strncmp(field, above, len) == 0 &&
            field[len] == '.') {
            return true;
        }
    }
    return false;
}

struct refusing {
    const struct check *check;
    struct check_canary *to;
    const struct check_source *source;
    const struct node *canary;
    struct node *causes;
};

static void refuse_in_general(const struct refusing *r, const char *message)
{
    const char *text = str_has_prefix(message, GENERAL) ? message + strlen(GENERAL) : message;
    struct str_list names = {0};
    char *field = field_in(text);
    const struct node *value = form_nearest(r->canary, field);
    char *choice = strstr(text, "(oneOf)") != NULL
                       ? check_choice(doc_root(r->check->crds[CHECK_CANARY]), field, value, &names)
                       : NULL;
    drop_choice(r->causes, field, &names);
    bool is_consequence = choice == NULL && names.count > 0 && misses_below(r->causes, field);
    char *named = str_format("%s%s%s", field, field[0] != '\0' ? ": " : "", text);
    if (!is_consequence) {
        check_refuse(r->to, field, choice != NULL ? choice : named, true, check_place(r->source, r->canary, field));
    }
    mem_free(choice);
    mem_free(named);
    mem_free(field);
    str_list_fini(&names);
}

/* Refusals of the whole object, or of a field that only the text names. The remark that nobody has looked at the rules
 * in CEL refuses nothing. */
static void refuse_all_in_general(const struct refusing *r)
{
    for (size_t i = 0; i < node_count(r->causes); i++) {
        const struct node *cause = node_item(r->causes, i);
        const char *message = node_str_or(node_get(cause, "message"), "");
        if (node_is(node_get(cause, "field"), "<nil>") && !str_has_prefix(message, CHECK_REMARK)) {
            refuse_in_general(r, message);
        }
    }
}

/* An API server warns of them, and takes the object without them. */
static void warn_of_unknown(struct check *check, struct check_canary *to, const struct check_source *source,
                            const struct node *canary, const struct str_list *unknown)
{
    for (size_t i = 0; i < unknown->count; i++) {
        char *field, *text = check_unknown_field(doc_root(check->crds[CHECK_CANARY]), unknown->items[i], &field);
        const struct yaml_place *place = check_place(source, canary, field);
        str_list_push(&to->warnings, text);
        check_find(check, &(struct check_finding){.file = to->file,
                                                  .line = place != NULL ? place->line : to->line,
                                                  .column = place != NULL ? place->column : 0,
                                                  .is_reason = true,
                                                  .text = text});
        str_free(&text);
        str_free(&field);
    }
}

static void refuse_by_api(struct check *check, struct check_canary *to, const struct check_source *source,
                          const struct node *canary)
{
    const struct kind *kind = kinds_by_name(check->kinds, "flagger.app", "v1beta1", "Canary");
    struct str_list unknown = {0};
    struct doc *causes = api_find_faults(kind, canary, &unknown);
    warn_of_unknown(check, to, source, canary, &unknown);
    str_list_fini(&unknown);
    struct refusing r = {check, to, source, canary, doc_root(causes)};
    refuse_all_in_general(&r);
    const struct node *crd = doc_root(check->crds[CHECK_CANARY]);
    struct node_iter it = node_iterate(doc_root(causes));
    while (node_next(&it)) {
        const char *field = node_str_or(node_get(it.value, "field"), "");
        const char *message = node_str_or(node_get(it.value, "message"), "");
        bool is_wrong = str_has_prefix(message, "Invalid value");
        char *text = str_format("%s: %s%s", field, message, is_wrong ? check_wanted_at(crd, field) : "");
        if (!node_is(node_get(it.value, "field"), "<nil>")) {
            check_refuse(to, field, text, true, check_place(source, canary, field));
        }
        mem_free(text);
    }
    doc_free(causes);
}

static void refuse_by_engine(const struct check *check, struct check_canary *to, const struct check_source *source,
                             const struct node *canary)
{
    struct canary_defaults defaults = {.provider = check->provider, .metrics_server = "http://prometheus:9090"};
    struct canary read;
    struct err ignored = {0}; /* too short for all reasons */
    struct str_list reasons = {0};
    canary_init(&read, doc_copy(canary), &defaults, &ignored);
    canary_refusals(&read, &reasons);
    for (size_t i = 0; i < reasons.count; i++) {
        char *field = str_dup_n(reasons.items[i], path_length(reasons.items[i]));
        check_refuse(to, field, reasons.items[i], false, check_place(source, canary, field));
        mem_free(field);
    }
    str_list_fini(&reasons);
    canary_fini(&read);
}

/* --- what people ask for (canary/request.h) --- */

static void warn_at(struct check *check, const struct check_source *source, const struct node *value, const char *text)
{
    const struct yaml_place *place = source->places != NULL ? yaml_places_find(source->places, value) : NULL;
    check_find(check, &(struct check_finding){.file = (char *)source->file,
                                              .line = place != NULL ? place->line : 0,
                                              .column = place != NULL ? place->column : 0,
                                              .text = (char *)text});
}

static void look_at_annotations(struct check *check, const struct check_source *source, const struct node *canary)
{
    struct node_iter it = node_iterate(node_at(canary, "metadata", "annotations"));
    while (node_next(&it)) {
        char *text = unread_annotation(it.key);
        if (text != NULL) {
            warn_at(check, source, it.value, text);
        }
        str_free(&text);
    }
}

static void look_at_request(struct check *check, const struct check_source *source, const struct node *canary)
{
    struct request request;
    struct err err = {0};
    if (request_read(&request, canary, &err) == REQUEST_BAD) {
        warn_at(check, source, node_at(canary, "metadata", "annotations", REQUEST_ANNOTATION), err.text);
    }
    request_fini(&request);
}

void check_canary(struct check *check, const struct check_source *source, const struct node *canary)
{
    const char *version = node_str_or(node_get(canary, "apiVersion"), "");
    struct check_canary *to = check_add(check, canary);
    const struct yaml_place *place = source->places != NULL ? yaml_places_find(source->places, canary) : NULL;
    to->file = str_dup(source->file);
    to->line = place != NULL ? place->line : 0;
    if (strcmp(version, API_VERSION_SERVED) != 0) {
        char *text = str_format("apiVersion: %s is not served, only " API_VERSION_SERVED, version);
        check_refuse(to, "apiVersion", text, true, check_place(source, canary, "apiVersion"));
        mem_free(text);
    } else {
        refuse_by_api(check, to, source, canary);
        refuse_by_engine(check, to, source, canary);
    }
    look_at_annotations(check, source, canary);
    look_at_request(check, source, canary);
    check->refused_count += to->reason_count > 0;
    check_uses(check, source, canary, check->canary_count - 1);
}
