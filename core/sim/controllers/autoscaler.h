/* HorizontalPodAutoscalers. */
#pragma once

#include "base/doc.h"
#include "sim/controllers/graph.h"

struct controllers;

void autoscaler_look(struct controllers *c, struct item *item);
void autoscaler_note(struct controllers *c, struct item *item, const struct node *object);
/* A Deployment's or ReplicaSet's size changed: its autoscalers want to know. */
void scale_note(struct controllers *c, const struct node *object);
