/* What a check found: complaints in order, each text once, and how much was right (by which the best of several schemas
 * is chosen). */
#pragma once

#include "base/doc.h"
#include "base/str.h"

/* From the root of what is checked down to a value; lives on the stack of the walk. */
struct place {
    const struct place *above; /* NULL: the root */
    const char *key;           /* NULL: an element, `index` */
    size_t index;
};
/* "spec.a[0].b", "" for the root (mem_free). */
char *outcome_place(const struct place *place);

struct complaint {
    char *text;  /* by which two are the same */
    char *field; /* NULL: about no place in particular */
    const char *reason;
    char *message;
};

struct outcome {
    struct complaint *complaints;
    size_t count;
    int matches;
};

void outcome_fini(struct outcome *outcome);
/* Adds what is not in `to` yet; `from` is empty afterwards. */
void outcome_merge(struct outcome *to, struct outcome *from);
/* Forgets complaints, keeps matches. */
void outcome_pardon(struct outcome *outcome);

/* `reason` as in a cause: "FieldValueInvalid", …; `value` as it is outcome_shown (a text in quotes, a number), taken
 * over. The text begins with the place, which is put before `format`: "spec.x in body should …". */
void outcome_invalid(struct outcome *outcome, const struct place *place, const char *reason, char *value,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));
/* With a message of its own; `text` says what it is about, for comparing. */
void outcome_add(struct outcome *outcome, const struct place *place, const char *reason, const char *text,
                 char *message);
/* About no field. */
void outcome_general(struct outcome *outcome, char *text);

/* The causes: `under` is put before each field, or stands alone for those about none; NULL: "<nil>" does. */
struct node *outcome_causes(const struct outcome *outcome, struct doc *doc, const char *under);

/* %q of Go. */
char *outcome_quoted(const char *s);
/* A value as an error shows it. */
char *outcome_shown(const struct node *n);
