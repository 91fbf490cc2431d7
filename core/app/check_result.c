#include <string.h>

#include "app/check_inner.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "kube/object.h"
#include "lab/texts.h"

#define CANARY_CRD "crds/canaries.flagger.app.yaml"

bool check_init(struct check *check, const char *provider, struct err *err)
{
    *check = (struct check){.provider = provider, .kinds = kinds_new()};
    const struct text *text = texts_find(CANARY_CRD);
    check->crd = yaml_parse(text->name, text->bytes, text->len, err);
    return check->crd != NULL && kinds_define(check->kinds, doc_root(check->crd), err);
}

static void canary_fini_found(struct check_canary *canary)
{
    for (size_t i = 0; i < canary->reason_count; i++) {
        str_free(&canary->reasons[i].field);
        str_free(&canary->reasons[i].text);
    }
    mem_free(canary->reasons);
    str_free(&canary->namespace);
    str_free(&canary->name);
    str_free(&canary->file);
    str_list_fini(&canary->warnings);
}

void check_fini(struct check *check)
{
    for (size_t i = 0; i < check->canary_count; i++) {
        canary_fini_found(&check->canaries[i]);
    }
    for (size_t i = 0; i < check->other_count; i++) {
        str_free(&check->others[i].name);
    }
    mem_free(check->canaries);
    mem_free(check->others);
    str_list_fini(&check->errors);
    kinds_free(check->kinds);
    doc_free(check->crd);
}

struct check_canary *check_add(struct check *check, const struct node *canary)
{
    const char *namespace = node_str(node_at(canary, "metadata", "namespace"));
    const char *name = node_str(node_at(canary, "metadata", "name"));
    check->canaries = mem_resize(check->canaries, (check->canary_count + 1) * sizeof check->canaries[0]);
    struct check_canary *added = &check->canaries[check->canary_count++];
    *added = (struct check_canary){.namespace = str_dup(namespace != NULL ? namespace : ""),
                                   .name = str_dup(name != NULL ? name : "")};
    return added;
}

/* True when the API server has refused the same field, or one above it, already: the engine would repeat that in
 * other words. */
static bool is_said(const struct check_canary *canary, const char *field)
{
    for (size_t i = 0; i < canary->reason_count; i++) {
        const struct check_reason *reason = &canary->reasons[i];
        size_t len = strlen(reason->field);
        bool is_same = len > 0 && strncmp(reason->field, field, len) == 0 && strchr(".[", field[len]) != NULL;
        if (reason->by_api && is_same) {
            return true;
        }
    }
    return false;
}

void check_refuse(struct check_canary *canary, const char *field, const char *text, bool by_api,
                  const struct yaml_place *place)
{
    if (!by_api && is_said(canary, field)) {
        return;
    }
    canary->reasons = mem_resize(canary->reasons, (canary->reason_count + 1) * sizeof canary->reasons[0]);
    canary->reasons[canary->reason_count++] = (struct check_reason){.field = str_dup(field),
                                                                    .text = str_dup(text),
                                                                    .by_api = by_api,
                                                                    .line = place != NULL ? place->line : 0,
                                                                    .column = place != NULL ? place->column : 0};
}

void check_pass_over(struct check *check, const char *kind)
{
    size_t at = 0;
    while (at < check->other_count && strcmp(check->others[at].name, kind) < 0) {
        at++;
    }
    if (at == check->other_count || strcmp(check->others[at].name, kind) != 0) {
        check->others = mem_resize(check->others, (check->other_count + 1) * sizeof check->others[0]);
        memmove(&check->others[at + 1], &check->others[at], (check->other_count - at) * sizeof check->others[0]);
        check->others[at] = (struct check_kind){.name = str_dup(kind)};
        check->other_count++;
    }
    check->others[at].count++;
}
