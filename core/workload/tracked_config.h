/* ConfigMaps and Secrets that belong to a revision (docs/flagger.md, "Tracked configs"): which these are, their
 * checksums, and the primary's copies. */
#pragma once

#include "base/str.h"
#include "canary/names.h"
#include "kube/store.h"
#include "kube/write.h"

/* The stores of ConfigMaps and Secrets keep no data, only metadata, `type` and { sluice: { checksum, plain } }. They
 * are filled with metadata alone. A config that nobody tracks is never read whole and has no `sluice`. `plain` is
 * the checksum by Flagger's recipe, where that differs. */
void tracked_config_prune(struct doc *object, const struct node *managers);

/* Borrowed from a pruned object; NULL when this version was not read whole. */
const char *tracked_config_checksum(const struct node *object);
/* True when `recorded` is the object's checksum by a known recipe: Flagger's, over `data` alone, or ours, which is
 * the same without `binaryData`, and otherwise "b1-" with 16 digits. A checksum of an unknown recipe cannot be
 * compared, and counts as equal. */
bool tracked_config_matches(const struct node *object, const char *recorded);

struct config_stores {
    struct store *config_maps, *secrets;
};
/* Of the kinds in references: "configmap" and "secret". */
struct store *config_store_of(const struct config_stores *stores, const char *kind);

/* A config that a pod spec names and of which the store has only the metadata. */
struct tracked_config_name {
    const struct kube_resource *resource;
    char *name; /* str_free */
};
/* The first such config of a pruned workload; of a primary only its copies count. The caller reads it whole and
 * puts it into its store with store_complete. False when there is none. */
bool tracked_config_unread(const struct node *workload, bool is_primary, const struct config_stores *stores,
                           const char *namespace, struct tracked_config_name *unread);

/* References in a pod spec, as an array of {kind: "configmap"|"secret", name, optional} in `doc`; one entry per
 * object, the last reference decides on `optional`. */
struct node *tracked_config_references(struct doc *doc, const struct node *pod_spec);

/* What status.trackedConfigs must say now: {"configmap/x": "16 hex", …}, an object in `doc`, empty when nothing is
 * tracked (the checksum in hooks tells an empty map from none). NULL with Flagger's words when a mandatory one is
 * missing, and with NO_DATA when one was not read yet. `target`: pruned. `recorded`: an earlier map, or NULL; a
 * checksum in it that still matches is kept as it is. */
struct node *tracked_config_checksums(struct doc *doc, const struct node *target, const struct node *recorded,
                                      const struct config_stores *stores, const char *namespace, struct err *err);

/* The same for the copies that the primary uses: what was promoted last, whatever has become of the sources.
 * `primary`: pruned, or NULL. `tracked`: the keys of the target's tracked configs, NULL: not known. */
struct node *tracked_config_promoted(struct doc *doc, const struct canary_names *names, const struct node *primary,
                                     const struct node *tracked, const struct config_stores *stores);

/* "configmap/x" keys of `checksums` decide what is renamed in a copied pod spec. */
void tracked_config_rename(struct doc *doc, struct node *pod_spec, const struct node *checksums);

/* PLAN_FOREIGN when the target uses a config whose copy "<name>-primary" exists and belongs to no Canary: its author
 * would lose it. `target`: pruned. */
enum plan tracked_config_check_copies(const struct canary_names *names, const struct node *target,
                                      const struct config_stores *stores, struct err *err);

/* Plans the write that makes or updates "<name>-primary" from the whole source object. `existing`: the pruned copy
 * in the store, or NULL. Several Canaries may share the copy, so an update replaces the version of `existing` only.
 * PLAN_FOREIGN when the copy belongs to no Canary. */
enum plan tracked_config_copy(const struct canary_names *names, const struct node *source, const struct node *existing,
                              const struct str_list *label_prefixes, struct kube_write *write, struct err *err);
