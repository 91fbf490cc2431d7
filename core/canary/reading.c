#include "canary/reading.h"

#include "canary/refusal.h"

void canary_reading_fini(struct canary_reading *reading)
{
    canary_fini(&reading->canary);
    *reading = (struct canary_reading){0};
}

static void read_again(struct canary_reading *reading, struct doc *doc, const struct canary_defaults *defaults)
{
    struct canary_defaults lax = canary_defaults_of_release(defaults);
    canary_reading_fini(reading);
    reading->accepted = canary_init(&reading->canary, doc_share(doc), &lax, &reading->refusal);
}

/* What a Canary names may have changed since the Canary was read, and who asks for a release does not ask for that. */
static bool accepts_references(const struct canary_reading *reading, const struct canary *canary, struct err *err)
{
    struct str_list reasons = {0};
    if (!reading->accepted) {
        str_list_push(&reasons, reading->refusal.text);
    }
    canary_refuse_references(canary, &reasons);
    return canary_refusals_end(&reasons, err);
}

/* A store gives the same document until the object changes, or was not read for long. */
bool canary_reading_find(struct canary_reading *reading, struct canary *canary, const struct store *canaries,
                         const char *namespace, const char *name, const struct canary_defaults *defaults,
                         struct err *err)
{
    struct doc *doc = reading != NULL ? store_find(canaries, namespace, name) : NULL;
    if (doc == NULL) {
        return canary_find(canary, canaries, namespace, name, defaults, err);
    }
    if (reading->canary.doc != doc) {
        read_again(reading, doc, defaults);
    }
    doc_free(doc);
    canary_copy(canary, &reading->canary);
    canary->scripts = defaults->scripts;
    canary->no_cross_namespace_refs = defaults->no_cross_namespace_refs;
    if (canary->scripts != NULL || canary->no_cross_namespace_refs) {
        return accepts_references(reading, canary, err);
    }
    if (!reading->accepted) {
        *err = reading->refusal;
    }
    return reading->accepted;
}
