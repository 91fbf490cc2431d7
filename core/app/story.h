/* Tells what happens to the canaries of an embedded cluster, line by line as it happens: in colours and with bars on a
 * terminal, as plain text in a pipe. Lines are folded between words where the terminal ends, commands ("$ …") as a
 * shell reads them. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "sim/cluster.h"

struct story;

/* The abilities of the terminal. */
struct story_look {
    bool colours; /* escape sequences */
    bool blocks;  /* block characters, in UTF-8 */
    int columns;  /* 0: it has no end */
};

/* Reads the environment (TERM, NO_COLOR, the locale) and the size of the terminal; 80 columns when it is not known. */
struct story_look story_look_of(FILE *out);

struct story *story_new(struct cluster *cluster, FILE *out, const struct story_look *look);
void story_free(struct story *story);

/* Prints title and description before anything happens; `description` NULL or "": the title alone. */
void story_begin(struct story *story, const char *title, const char *description);
/* Prints a heading: an act of the people in the story. */
void story_say(struct story *story, const char *text);
/* Prints an event that is nobody's act. */
void story_world(struct story *story, const char *text);
/* The canaries as kubectl get shows them. */
void story_canaries(struct story *story);
/* Prints a remark, indented by `indent` columns. */
void story_note(struct story *story, int indent, const char *text);
