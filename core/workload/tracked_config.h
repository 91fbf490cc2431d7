/* ConfigMaps and Secrets that belong to a revision (docs/flagger.md, "Tracked configs"): which these are, their checksums,
 * and the primary's copies. */
#pragma once

#include "base/str.h"
#include "canary/names.h"
#include "kube/store.h"
#include "kube/write.h"

/* The stores of ConfigMaps and Secrets keep no data: metadata, `type` and { sluice: { checksum, plain } }. They are filled with
 * metadata alone; what nobody tracks is never read whole, and `sluice` is absent. `plain` is there where it differs. */
void tracked_config_prune(struct doc *object);

/* Borrowed from a pruned object; NULL: it was not read whole at this version. */
const char *tracked_config_checksum(const struct node *object);
/* True when `recorded` is the checksum of the object as it is, by any recipe: Flagger's, which knows `data` alone, or ours,
 * which is the same where there is no `binaryData` and "b1-" with 16 digits where there is. One of a recipe that is not
 * known cannot be compared, and counts as the same. */
bool tracked_config_matches(const struct node *object, const char *recorded);

/* One that a pod spec names, of which the store has the metadata alone. */
struct tracked_config_name {
    const struct kube_resource *resource;
    char *name; /* str_free */
};
/* The first such of a pruned Deployment; of a primary only its copies. It is to be read whole, and put into its store with
 * store_complete. False when there is none. */
bool tracked_config_unread(const struct node *deployment, bool is_primary, const struct store *config_maps,
                           const struct store *secrets, const char *namespace, struct tracked_config_name *unread);

/* References in a pod spec, as an array of {kind: "configmap"|"secret", name, optional} in `doc`; one entry per
 * object, the last reference decides on `optional`. */
struct node *tracked_config_references(struct doc *doc, const struct node *pod_spec);

/* What status.trackedConfigs must say now: {"configmap/x": "16 hex", …}, an object in `doc`, empty when nothing is
 * tracked (the checksum in hooks tells an empty map from none). False with Flagger's words when a mandatory one is
 * missing, and with NO_DATA when one was not read yet. `deployment`: the pruned target. `recorded`: a map from before, or
 * NULL: what matches it says it in its words. */
bool tracked_config_checksums(struct doc *doc, const struct node *deployment, const struct node *recorded,
                              const struct store *config_maps, const struct store *secrets, const char *namespace,
                              struct node **checksums, struct err *err);

/* The same of the copies that a primary has by now: what was promoted last, whatever the sources have become since.
 * `primary`: pruned, or NULL. `tracked`: the keys of what the target tracks, NULL: not known. */
struct node *tracked_config_promoted(struct doc *doc, const struct canary_names *names, const struct node *primary,
                                     const struct node *tracked, const struct store *config_maps,
                                     const struct store *secrets);

/* "configmap/x" keys of `checksums` decide what is renamed in a copied pod spec. */
void tracked_config_rename(struct doc *doc, struct node *pod_spec, const struct node *checksums);

/* PLAN_FOREIGN when "<name>-primary" of a config that `deployment` (the pruned target) reads is there and no Canary's: made by somebody else, who would lose it. */
enum plan tracked_config_check_copies(const struct canary_names *names, const struct node *deployment,
                                      const struct store *config_maps, const struct store *secrets, struct err *err);

/* The write that makes or updates "<name>-primary" from the whole source object. `existing`: the pruned copy in the
 * store or NULL. Unlike other writes an update carries no resourceVersion, as several canaries may share one copy. PLAN_FOREIGN when it is no Canary's. */
enum plan tracked_config_copy(const struct canary_names *names, const struct node *source, const struct node *existing,
                              const struct str_list *label_prefixes, struct kube_write *write, struct err *err);
