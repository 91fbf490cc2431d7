/* Pods and ReplicaSets that nobody controls. */
#pragma once

#include "base/doc.h"
#include "sim/controllers/graph.h"

struct controllers;

/* A Pod or ReplicaSet that nobody controls may find somebody whose selector it matches. */
void adoption_note(struct controllers *c, struct item *item, const struct node *object);
/* Takes on what is free and matches the selector of `owner`, which `item` stands for. */
void adoption_take(struct controllers *c, const struct item *item, const struct node *owner, enum item_kind kind);
