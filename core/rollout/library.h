/* The scripts of the cluster, Strategies and Checks: what each one is worth, and which of them a Canary goes by.
 *
 *   an object changes ──> loaded in a VM of its own, nothing of it runs ──> sound: its parameters as declared
 *                                                                     └──> or the fault, with file and line
 *        ├──> its status: Ready, the parameters
 *        └──> the Canaries that name it look again: refused, or accepted
 *
 * A release pins the sources and the parameters that library_choose gave, so no later change of a script reaches a
 * release that is under way.
 *
 * A name without a namespace is that of an object in the Canary's own namespace; where none is, a check of this name
 * that the engine brings; where that is none, a file of the engine's folder (rollout/script_folder.h). */
#pragma once

#include "canary/limits.h"
#include "context/context.h"

struct library;

/* `changed` is told of each Canary that names a script that changed. Borrows `context`, whose strategist and stores of
 * Strategies and Checks must be there. */
typedef void library_changed_fn(void *ctx, const char *namespace, const char *name);
struct library *library_new(struct context *context, library_changed_fn *changed, void *ctx);
/* Drops writes that are under way. */
void library_free(struct library *library);

/* A Strategy or a Check appeared, changed, or went. */
void library_note_changed(struct library *library, const struct kube_resource *resource, const char *namespace,
                          const char *name);

/* The scripts that are there as files, {name: text}; takes `files`. `place` is their folder, for logs. */
void library_set_files(struct library *library, const struct kube_resource *resource, struct doc *files,
                       const char *place);

/* A canary_scripts.check; `library` is its context. */
void library_check(void *library, const struct canary *canary, struct str_list *reasons);

/* What a release of a Canary begins with. */
struct library_choice {
    struct doc *sources;  /* {module: text} */
    struct doc *params;   /* {name: value}; NULL for a bundled strategy */
    struct doc *checks;   /* canary/check_ref.h; NULL: none */
    struct limits limits; /* of a release with scripts of a team's own; nothing is said of another one */
};
/* False and err: a script is missing, or cannot be used. */
bool library_choose(struct library *library, const struct canary *canary, struct library_choice *choice,
                    struct err *err);
void library_choice_fini(struct library_choice *choice);
