/* What the check_*.c files share, and nobody else includes.
 *
 *   check.c          the command: its flags, its exit status     check_result.c   Canaries that were looked at, as data
 *   check_files.c    manifests and scripts in files              check_finding.c  remarks, each at a place
 *   check_cluster.c  Canaries of a cluster                       check_schema.c   where fields stand; the schema
 *   check_canary.c   one Canary: accepted, or refused and why    check_choice.c   what a oneOf of the schema wants
 *   check_script.c   scripts, alone and in Strategies            check_print.c    the result, for people and programs
 *   check_text.c     texts in files, blocks in manifests         check_life.c     the beginning and the end
 *   check_use.c      what Canaries say of Strategies and         check_write.c    brings manifests up to date
 *                    ask of Prometheus */
#pragma once

#include <stdio.h>

#include "base/buf.h"
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

/* An error or a warning about a place. */
struct check_finding {
    char *file;          /* NULL: of a cluster */
    size_t line, column; /* 0: not known */
    bool is_error;
    bool is_reason; /* it is one of the reasons of a refused Canary, too */
    char *text;
};

/* A file that was read, kept because findings may come later. */
struct check_file {
    char *name;
    struct buf text;
    struct doc *documents;
    struct yaml_places *places;
};

/* A Strategy among the files. */
struct check_strategy {
    char *key;            /* "namespace/name" */
    struct doc *declared; /* its parameters; NULL: it does not load */
};

/* A Canary that names a Strategy. */
struct check_use {
    size_t canary; /* its index */
    const struct node *object;
    const char *file;
    const struct yaml_places *places;
    char *key;
};

struct check {
    const char *provider; /* the engine's -mesh-provider */
    bool takes_scripts;   /* of folders, .lua files too */
    struct kinds *kinds;  /* with the Canary's schema */
    struct doc *crd;      /* that it is from */
    struct doc *strategy_crd;
    struct check_canary *canaries;
    size_t canary_count, refused_count;
    struct check_kind *others; /* in the order of their names */
    size_t other_count;
    struct str_list errors; /* what could not be read */
    bool has_templates;     /* some of it because it must be rendered first */

    struct check_file **files;
    size_t file_count;
    struct check_finding *findings;
    size_t finding_count;
    struct check_strategy *strategies;
    size_t strategy_count;
    struct check_use *uses;
    size_t use_count;
    /* What reads scripts; made for the first one. */
    struct tool *tool;
    struct virtual_clock *time;
    struct strategist *strategist;
    struct doc *globals; /* of scripts: {name: true, or its fields} */
};

bool check_init(struct check *check, const char *provider, struct err *err);
void check_fini(struct check *check);
void check_findings_fini(struct check *check);
void check_findings_sort(struct check *check);
void check_scripts_fini(struct check *check);
/* Borrowed until the next one. */
struct check_canary *check_add(struct check *check, const struct node *canary);
/* `place` NULL: not known. A refusal by the engine is dropped when the API server has said something of it, or of
 * what it is a part of. */
void check_refuse(struct check_canary *canary, const char *field, const char *text, bool by_api,
                  const struct yaml_place *place);
void check_pass_over(struct check *check, const char *kind);
/* `file` NULL: a cluster. The same twice is one. */
void check_find(struct check *check, const struct check_finding *finding);
/* After the last file: what is known of all of them together. Reasons of refused Canaries become findings too. */
void check_end(struct check *check);
/* An error, or a refused Canary. */
bool check_is_wrong(const struct check *check);

/* --- finding it --- */

/* The source of objects; `places` NULL: their lines are not known. */
struct check_source {
    const char *file; /* NULL: a cluster */
    const struct yaml_places *places;
    const struct buf *text; /* of the file; NULL: not known */
};

/* Checks a Canary or a Strategy, opens a List, and counts anything else. */
void check_object(struct check *check, const struct check_source *source, const struct node *object);
/* "spec.analysis: wanted one of a, b or c, none is there" for a oneOf at `field`, whose value this is, by which fields
 * are required; mem_free. NULL: the alternatives differ by something else, or one of those fields is there alone.
 * `names` gets those fields. */
char *check_choice(const struct check *check, const char *field, const struct node *value, struct str_list *names);
/* Where a field stands, or the nearest one above it that is there; NULL: not known. */
const struct yaml_place *check_place(const struct check_source *source, const struct node *object, const char *field);
/* A finding at that place. */
void check_find_at(struct check *check, const struct check_source *source, const struct node *object, const char *field,
                   bool is_error, const char *text);
/* What an API server says beside, when rules in CEL were not looked at. */
#define CHECK_REMARK "Invalid value: null: some validation rules were not checked"
/* What an API server would have against an object of this kind, by its schema. */
void check_schema(struct check *check, const struct check_source *source, const struct node *object, const char *kind);
/* What a function of lua/tool says; NULL: what went wrong is among the errors. */
struct doc *check_ask(struct check *check, const char *module, const char *function, const struct node *argument);
/* The text of a script; NULL and err when it cannot be read, or is no script. */
char *check_read_text(const char *path, struct err *err);
/* "a/b/ring.lua": "ring" and "a/b". */
char *check_base_of(const char *path);
char *check_folder_of(const char *path);
/* True when the value at that place is a block (`script: |`), whose lines are those of the value, each behind so many
 * blanks. */
bool check_find_block(const char *file, const struct yaml_place *place, const char *value, size_t *indent);
/* The file with another text in that block; mem_free. */
char *check_replace_block(const char *file, const struct yaml_place *place, size_t indent, const char *value);
/* Writes NAME.lua into the Strategies NAME beside it, in the manifests of a file or a folder, and says so. */
void check_write(struct check *check, const char *path, FILE *out);
/* A script in a file of its own. */
void check_script_file(struct check *check, const char *path);
/* A Strategy, and the script and the modules that are in it. */
void check_strategy(struct check *check, const struct check_source *source, const struct node *strategy);
/* What a Canary asks of Prometheus, its steps, and the Strategy that it names (looked for by check_end). */
void check_uses(struct check *check, const struct check_source *source, const struct node *canary, size_t index);
/* Looks for the Strategies that Canaries name. */
void check_uses_end(struct check *check);
/* A file, "-" for the standard input, or all .yaml, .yml and .json files of a folder; with takes_scripts .lua too. */
void check_path(struct check *check, const char *path);
/* All Canaries that the API server has; `namespace` NULL: of all namespaces. */
void check_cluster(struct check *check, const char *kubeconfig, const char *namespace);

/* --- telling it --- */

/* A paragraph each Canary, then what was found beside. */
void check_print_text(const struct check *check, FILE *out);
/* A line each finding. */
void check_print_findings(const struct check *check, FILE *out);
void check_print_json(const struct check *check, FILE *out);
