/* What the check_*.c files share, and nobody else includes.
 *
 *   check.c          the command: its flags, its exit status        check_result.c   what was found, as data
 *   check_canary.c   one Canary: accepted, or refused and why       check_files.c    Canaries in files
 *   check_print.c    the result for people and for programs         check_cluster.c  Canaries of a cluster
 *   check_choice.c   what a oneOf of the schema wants */
#pragma once

#include <stdio.h>

#include "base/doc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/yaml_places.h"
#include "sim/kinds/kinds.h"

/* --- what was found --- */

struct check_reason {
    char *field;         /* "spec.analysis.threshold"; "" when it is about no field in particular */
    char *text;          /* a whole sentence, the field in it */
    bool by_api;         /* the API server refuses it by the CRD's schema; else the engine does */
    size_t line, column; /* 0: not known */
};

struct check_canary {
    char *namespace, *name; /* "" when it says none */
    char *file;             /* NULL: of a cluster */
    size_t line;            /* of its document; 0: not known */
    struct check_reason *reasons;
    size_t reason_count; /* 0: accepted */
    struct str_list warnings;
};

/* Other kinds, by name. */
struct check_kind {
    char *name;
    size_t count;
};

struct check {
    const char *provider; /* the engine's -mesh-provider */
    struct kinds *kinds;  /* with the Canary's schema */
    struct doc *crd;      /* that it is from */
    struct check_canary *canaries;
    size_t canary_count, refused_count;
    struct check_kind *others; /* in the order of their names */
    size_t other_count;
    struct str_list errors; /* what could not be read */
    bool has_templates;     /* some of it because it must be rendered first */
};

bool check_init(struct check *check, const char *provider, struct err *err);
void check_fini(struct check *check);
/* Borrowed until the next one. */
struct check_canary *check_add(struct check *check, const struct node *canary);
/* `place` NULL: not known. A refusal by the engine is dropped when the API server has said something of it, or of
 * what it is a part of. */
void check_refuse(struct check_canary *canary, const char *field, const char *text, bool by_api,
                  const struct yaml_place *place);
void check_pass_over(struct check *check, const char *kind);

/* --- finding it --- */

/* The source of objects; `places` NULL: their lines are not known. */
struct check_source {
    const char *file; /* NULL: a cluster */
    const struct yaml_places *places;
};

/* Checks a Canary, opens a List, and counts anything else. */
void check_object(struct check *check, const struct check_source *source, const struct node *object);
/* "spec.analysis: wanted one of a, b or c, none is there" for a oneOf at `field`, whose value this is, by which fields
 * are required; mem_free. NULL: the alternatives differ by something else, or one of those fields is there alone.
 * `names` gets those fields. */
char *check_choice(const struct check *check, const char *field, const struct node *value, struct str_list *names);
/* A file, "-" for the standard input, or all .yaml, .yml and .json files of a folder. */
void check_path(struct check *check, const char *path);
/* All Canaries that the API server has; `namespace` NULL: of all namespaces. */
void check_cluster(struct check *check, const char *kubeconfig, const char *namespace);

/* --- telling it --- */

void check_print_text(const struct check *check, FILE *out);
void check_print_json(const struct check *check, FILE *out);
