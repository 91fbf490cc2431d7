/* Rest: what must be so when nothing is under way any more. */
#include <string.h>

#include "canary/phase.h"
#include "lab/checkers/inner.h"

static bool expect_closed(void *ctx, const struct node *release)
{
    const char *state = node_str_or(node_at(release, "status", "state"), "");
    if (strcmp(state, "Succeeded") != 0 && strcmp(state, "Failed") != 0 && strcmp(state, "Superseded") != 0) {
        checkers_break(ctx, CHECK_ALL, "Release %s is %s at the end",
                       node_str_or(node_at(release, "metadata", "name"), ""), state);
    }
    return true;
}

static const char *image_of(const struct doc *deployment)
{
    const struct node *pod = node_at(doc_root(deployment), "spec", "template", "spec");
    return node_str_or(node_get(node_item(node_get(pod, "containers"), 0), "image"), "");
}

static void expect_canary(struct checkers *checkers, const struct checked *canary)
{
    char *name = str_format("%s-primary", canary->target);
    struct doc *target = checkers_object(checkers, "apps/deployments", canary, canary->target);
    struct doc *primary = checkers_object(checkers, "apps/deployments", canary, name);
    bool has_failed = strcmp(canary->phase, PHASE_FAILED) == 0;
    if (!has_failed && strcmp(image_of(target), image_of(primary)) != 0) {
        checkers_break(checkers, CHECK_ALL, "%s, but the primary is not the target", canary->phase);
    }
    if (canary->share != 0 || canary->is_mirrored) {
        checkers_break(checkers, CHECK_ALL, "at the end the canary has weight %d%s", canary->share,
                       canary->is_mirrored ? " and is mirrored" : "");
    }
    if (target != NULL && node_int_or(node_at(doc_root(target), "spec", "replicas"), 1) != 0) {
        checkers_break(checkers, CHECK_ALL, "at the end the target is not scaled down");
    }
    doc_free(target);
    doc_free(primary);
    str_free(&name);
}

void checkers_expect_rest(struct checkers *checkers)
{
    objects_each(checkers->objects, "sluice.dev/releases", NULL, expect_closed, checkers);
    for (size_t i = 0; i < checkers->count; i++) {
        if (checkers->canaries[i].phase[0] != '\0') {
            expect_canary(checkers, &checkers->canaries[i]);
        }
    }
}
