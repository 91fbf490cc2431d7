/* Tells what happens to the canaries of an embedded cluster, line by line as it happens: in colours and with bars on a terminal, as plain text in a pipe. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "sim/cluster.h"

struct story;

/* `colours`: escape sequences and block characters may be written. */
struct story *story_new(struct cluster *cluster, FILE *out, bool colours);
void story_free(struct story *story);

/* What it is about, before anything happens; `description` NULL or "": the title alone. */
void story_begin(struct story *story, const char *title, const char *description);
/* A heading: what the people in the story do. */
void story_say(struct story *story, const char *text);
/* Something happens that nobody of them does. */
void story_world(struct story *story, const char *text);
/* The canaries as kubectl get shows them. */
void story_canaries(struct story *story);
