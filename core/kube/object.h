/* Reading and building the metadata every Kubernetes object has. All take the object's root and answer absent for
 * NULL. */
#pragma once

#include "base/doc.h"
#include "kube/resource.h"

const char *object_name(const struct node *object);
const char *object_namespace(const struct node *object);
const char *object_uid(const struct node *object);
const char *object_version(const struct node *object); /* resourceVersion */
int64_t object_generation(const struct node *object);  /* 0 when absent */
const char *object_label(const struct node *object, const char *key);
const char *object_annotation(const struct node *object, const char *key);
bool object_is_deleted(const struct node *object); /* has a deletionTimestamp */

/* True when its controller reference has this kind and name. */
bool object_is_controlled_by(const struct node *object, const char *kind, const char *name);

/* A new document with apiVersion, kind and metadata {name, namespace}. */
struct doc *object_new(const struct kube_resource *resource, const char *namespace, const char *name);
/* The condition of this type in status.conditions; NULL when absent. */
const struct node *object_condition(const struct node *object, const char *type);
