/* The beginning and the end of a check. */
#include "app/check_inner.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "lab/texts.h"

static bool define(struct check *check, enum check_role role, struct err *err)
{
    const struct text *text = texts_find(check_served[role].crd);
    check->crds[role] = yaml_parse(text->name, text->bytes, text->len, err);
    return check->crds[role] != NULL && kinds_define(check->kinds, doc_root(check->crds[role]), err);
}

bool check_init(struct check *check, const char *provider, struct err *err)
{
    *check = (struct check){.provider = provider, .kinds = kinds_new()};
    for (size_t i = 0; i < CHECK_ROLES; i++) {
        if (!define(check, (enum check_role)i, err)) {
            return false;
        }
    }
    return true;
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
    for (size_t i = 0; i < check->file_count; i++) {
        struct check_file *file = check->files[i];
        doc_free(file->documents);
        yaml_places_free(file->places);
        buf_fini(&file->text);
        str_free(&file->name);
        mem_free(file);
    }
    mem_free(check->files);
    check_findings_fini(check);
    check_named_fini(check);
    check_tools_fini(check);
    mem_free(check->canaries);
    mem_free(check->others);
    str_list_fini(&check->errors);
    kinds_free(check->kinds);
    for (size_t i = 0; i < CHECK_ROLES; i++) {
        doc_free(check->crds[i]);
    }
}

/* --- what is known of all files together --- */

static void find_reasons(struct check *check, const struct check_canary *canary)
{
    for (size_t i = 0; i < canary->reason_count; i++) {
        const struct check_reason *reason = &canary->reasons[i];
        check_find(check, &(struct check_finding){.file = canary->file,
                                                  .line = reason->line > 0 ? reason->line : canary->line,
                                                  .column = reason->column,
                                                  .is_error = true,
                                                  .is_reason = true,
                                                  .text = reason->text});
    }
}

void check_end(struct check *check)
{
    check_uses_end(check);
    for (size_t i = 0; i < check->canary_count; i++) {
        find_reasons(check, &check->canaries[i]);
    }
    check_findings_sort(check);
}

bool check_is_wrong(const struct check *check)
{
    for (size_t i = 0; i < check->finding_count; i++) {
        if (check->findings[i].is_error) {
            return true;
        }
    }
    return check->refused_count > 0;
}
