/* What the check_*.c files share, and nobody else includes.
 *
 *   check.c             the command: its flags, its exit status  check_result.c   Canaries that were looked at, as data
 *   check_files.c       manifests and scripts in files           check_finding.c  remarks, each at a place
 *   check_cluster.c     Canaries of a cluster                    check_schema.c   where fields stand; the schemas
 *   check_object.c      what kind an object is of                check_choice.c   what a schema wants at a field
 *   check_canary.c      one Canary: accepted, or refused         check_print.c    the result, for people and programs
 *   check_script.c      scripts: their text, and loading them    check_life.c     the beginning and the end
 *   check_scripted.c    Strategies, Checks and files of scripts  check_text.c     texts in files, blocks in manifests
 *   check_provider.c    MetricTemplates and AlertProviders       check_write.c    brings manifests up to date
 *   check_use.c         what Canaries name                       check_prometheus.c  what a Prometheus says to it */
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

/* The source of objects. */
struct check_source {
    const char *file;                 /* NULL: a cluster */
    const struct yaml_places *places; /* NULL: their lines are not known */
    const struct buf *text;           /* of the file; NULL: not known */
};

/* A text of its own inside of a file, such as a script, and where its lines are told to be. */
struct check_text {
    char *file;          /* NULL: of a cluster */
    size_t line, column; /* of the value; the lines of the text begin behind it when is_mapped */
    size_t indent;
    bool is_mapped;
};

/* The kinds that are looked at. */
enum check_role {
    CHECK_CANARY,
    CHECK_METRIC_TEMPLATE,
    CHECK_ALERT_PROVIDER,
    CHECK_STRATEGY,
    CHECK_CHECK,
    CHECK_ROLES,
};

/* What Canaries may name, among the files. */
struct check_named {
    enum check_role role;
    char *key;                 /* "namespace/name" */
    const struct node *object; /* NULL: a script in a file of its own */
    struct doc *declared;      /* of a script: its parameters; NULL: it does not load */
    struct doc *said;          /* of a script: what lua/tool/scan.lua says of it */
    struct check_text text;    /* of a script */
};

/* A Canary in a file. */
struct check_use {
    size_t canary; /* its index */
    const struct node *object;
    struct check_source source;
};

struct check {
    const char *provider; /* the engine's -mesh-provider */
    bool takes_scripts;   /* of folders, .lua files too */
    bool asks_server;     /* what is PromQL is for that Prometheus to say */
    struct kinds *kinds;  /* with the schemas of all roles */
    struct doc *crds[CHECK_ROLES];
    struct check_canary *canaries;
    size_t canary_count, refused_count;
    struct check_kind *others; /* in the order of their names */
    size_t other_count;
    struct str_list errors; /* what could not be read */
    bool has_templates;     /* some of it because it must be rendered first */
    bool is_interrupted;

    struct check_file **files;
    size_t file_count;
    struct check_finding *findings;
    size_t finding_count;
    struct check_named *named;
    size_t named_count;
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
void check_named_fini(struct check *check);
void check_tools_fini(struct check *check);
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

/* A kind as an API server serves it. */
struct check_served {
    const char *kind, *group, *version; /* "Canary", "flagger.app", "v1beta1" */
    const char *crd;                    /* the text in the binary */
};
extern const struct check_served check_served[CHECK_ROLES];

/* Looks at an object of a known kind, opens a List, and counts anything else. */
void check_object(struct check *check, const struct check_source *source, const struct node *object);
/* An object of such a kind, in whatever version it says to be. */
void check_canary(struct check *check, const struct check_source *source, const struct node *canary);
/* A Strategy or a Check, and the script and the modules that are in it. */
void check_scripted(struct check *check, const struct check_source *source, const struct node *object,
                    enum check_role role);
void check_metric_template(struct check *check, const struct check_source *source, const struct node *object);
void check_alert_provider(struct check *check, const struct check_source *source, const struct node *object);

/* "spec.analysis: wanted one of a, b or c, none is there" for a oneOf at `field`, whose value this is, by which fields
 * are required; mem_free. NULL: the alternatives differ by something else, or one of those fields is there alone.
 * `names` gets those fields. */
char *check_choice(const struct node *crd, const char *field, const struct node *value, struct str_list *names);
/* ", wanted …" behind what an API server says of a value at this field; "" where its own words are enough. */
const char *check_wanted_at(const struct node *crd, const char *field);
/* What an API server says of a field that there is not, with the one that is most likely meant behind it; mem_free.
 * `field` gets the path, mem_free. */
char *check_unknown_field(const struct node *crd, const char *warning, char **field);
/* Where a field stands, or the nearest one above it that is there; NULL: not known. */
const struct yaml_place *check_place(const struct check_source *source, const struct node *object, const char *field);
/* A finding at that place. */
void check_find_at(struct check *check, const struct check_source *source, const struct node *object, const char *field,
                   bool is_error, const char *text);
/* What an API server says beside, when rules in CEL were not looked at. */
#define CHECK_REMARK "Invalid value: null: some validation rules were not checked"
/* What an API server would have against an object of this kind, by its schema. False: something. */
bool check_schema(struct check *check, const struct check_source *source, const struct node *object,
                  enum check_role role);
/* True for a finding of lua/tool's that a Prometheus which is asked says itself. */
bool check_leaves_to_server(const struct check *check, const struct node *finding);
/* What a function of lua/tool says; NULL: what went wrong is among the errors. */
struct doc *check_ask(struct check *check, const char *module, const char *function, const struct node *argument);

/* The text of a script; NULL and err when it cannot be read, or is no script. */
char *check_read_text(const char *path, struct err *err);
/* "a/b/ring.lua": "ring" and "a/b". */
char *check_base_of(const char *path);
char *check_folder_of(const char *path);
/* NAME.lua in the folder of that file. */
char *check_beside(const char *path, const char *name);
/* True when the value at that place is a block (`script: |`), whose lines are those of the value, each behind so many
 * blanks. */
bool check_find_block(const char *file, const struct yaml_place *place, const char *value, size_t *indent);
/* The file with another text in that block; mem_free. */
char *check_replace_block(const char *file, const struct yaml_place *place, size_t indent, const char *value);
/* The file with one more module: before the first of them, or in a mapping of its own behind the block of the script.
 * NULL: what is there is no block; mem_free. */
char *check_insert_module(const char *file, const struct yaml_places *places, const struct node *spec, const char *name,
                          const char *text);
/* A text that is a value of an object, and one that is a file. */
struct check_text check_text_of(const struct check_source *source, const struct node *value);
struct check_text check_text_in(const char *file);
void check_text_fini(struct check_text *text);
/* A finding at a line of it. `what` is told with the line where lines of the file are not known: "script"; NULL: it is
 * not. */
void check_find_in(struct check *check, const struct check_text *text, size_t line, size_t column, bool is_error,
                   const char *what, const char *said);
/* Writes NAME.lua into the Strategies and Checks NAME beside it, and adapters/NAME.lua into their adapters, in
 * manifests of a file or a folder, and says so. */
void check_write(struct check *check, const char *path, FILE *out);

/* A text of Lua. */
struct check_script {
    char *module; /* "scripts.ring" */
    char *text;
    struct check_text place;
};
/* The script, and the modules that it may have. */
struct check_scripts {
    struct check_script *items;
    size_t count;
    size_t adapters; /* so many behind the script are for the VM of adapters */
    bool has_files;  /* the modules are files, which are looked at by themselves */
    bool is_adapter; /* it is for the VM of adapters, and is not loaded */
    bool is_bundled; /* the first is one of the engine's own, word by word */
};
/* Borrowed until the next one; takes `place`. */
struct check_script *check_scripts_add(struct check_scripts *scripts, char *module, const char *text,
                                       struct check_text place);
void check_scripts_free(struct check_scripts *scripts);
/* What is known of a script in the end. */
struct check_looked {
    char *kind;           /* "strategy", "check"; NULL: it is a module, or does not load */
    char *name;           /* that it says; NULL: as kind */
    struct doc *declared; /* its parameters; NULL: it is a module, or does not load */
    struct doc *said;     /* as in check_named */
    bool is_whole;        /* all of its texts are Lua */
};
void check_looked_fini(struct check_looked *looked);
/* Says what is wrong with a script. */
struct check_looked check_look(struct check *check, const struct check_scripts *scripts);
/* "scripts.ring: scripts/ring.lua:3: attempt to …" at that place. `findings`: what is told of the first script already;
 * NULL: nothing. */
void check_find_fault(struct check *check, const struct check_scripts *scripts, const struct node *findings,
                      const char *text);
/* What is wrong with spec.adapters of a Check, whose texts are among `scripts`, and with the names by which its script
 * asks them. */
void check_adapters(struct check *check, const struct check_source *source, const struct node *object,
                    const struct check_scripts *scripts, const struct check_looked *looked);
/* That the text is Lua at all: all that is said of a spec, which runs where all of Lua is there. */
void check_syntax(struct check *check, const struct check_script *script);
/* The parameters of a check that the engine brings; NULL: it brings none of this name. */
struct doc *check_bundled(struct check *check, const char *name);
/* The modules that a script requires, and those that these require, as far as they are files beside a manifest: their
 * names. */
void check_list_modules(struct check *check, const char *manifest, const char *script, struct str_list *names);
/* A script in a file of its own. */
void check_script_file(struct check *check, const char *path);

/* Keeps what Canaries may name; takes all of it. */
void check_name(struct check *check, struct check_named named);
/* A Canary, whose queries and steps are looked at now, and what it names when all files are read. */
void check_uses(struct check *check, const struct check_source *source, const struct node *canary, size_t index);
/* What the Canaries name. */
void check_uses_end(struct check *check);
/* What this name stands for among the files; NULL: it is not there. */
const struct check_named *check_find_named(const struct check *check, enum check_role role, const char *key);
/* Asks a Prometheus what the Canaries in files would ask it. `token_file` NULL: see app/bearer.h. */
void check_prometheus(struct check *check, const char *url, const char *token_file);
/* A file, "-" for the standard input, or all .yaml, .yml and .json files of a folder; with takes_scripts .lua too. */
void check_path(struct check *check, const char *path);
struct session_flags;
/* All Canaries that the API server has; without a namespace in `flags` those of all. */
void check_cluster(struct check *check, const struct session_flags *flags);

/* --- telling it --- */

/* A paragraph each Canary, then what was found beside. */
void check_print_text(const struct check *check, FILE *out);
/* A line each finding. */
void check_print_findings(const struct check *check, FILE *out);
void check_print_json(const struct check *check, FILE *out);
