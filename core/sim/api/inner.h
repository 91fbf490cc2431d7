/* What the files of the API server share, and nobody else includes.
 *
 *   api.c        routing: an exchange becomes a struct request     failure.c    Status: how things fail
 *   read.c       get and list                                      watch.c      watches
 *   verbs.c      POST, PUT, PATCH: from a body to a struct write   delete.c     DELETE
 *   write.c      create and update, whoever asks                   meta.c       rules about metadata
 *   builtin/     defaults and rules of built-in kinds              custom.c     CRDs and their objects
 *   scale.c      the scale subresource                             table.c      tables for kubectl
 *   faults.c     what is wrong with an object, without a server    discovery.c, openapi.c   what there is */
#pragma once

#include "base/str.h"
#include "sim/api/api.h"
#include "sim/api/selector.h"

struct watch;

struct api {
    const char *self; /* who writes without a wire */
    struct clock *clock;
    struct objects *objects;
    struct kinds *kinds;
    struct watch *watches;
    uint64_t names_given; /* generated names and uids differ, and are the same in the same simulation */
};

/* --- failing --- */

struct failure {
    int code; /* 0: nothing failed */
    const char *reason;
    char *message;
    struct doc *details; /* NULL: none */
    const char *next;    /* metadata.continue of an expired list */
};

/* All return false. */
bool fail_with(struct failure *f, int code, const char *reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool fail_bad_request(struct failure *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool fail_not_found(struct failure *f, const struct kind *kind, const char *name);
bool fail_conflict(struct failure *f, const struct kind *kind, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool fail_exists(struct failure *f, const struct kind *kind, const char *name);
/* With an empty "details", as the router answers. */
bool fail_plainly(struct failure *f, int code, const char *reason, const char *message);
/* 422 with the causes, an array of {reason, message, field}. */
bool fail_invalid(struct failure *f, const char *group, const char *kind, const char *name, const struct node *causes);
void failure_fini(struct failure *f);
struct doc *failure_status(const struct failure *f);
void failure_to_err(const struct failure *f, struct err *err);

/* Causes of an invalid object: an array at the root of `causes`. */
struct doc *causes_new(void);
size_t causes_count(const struct doc *causes);
void cause_required(struct doc *causes, const char *field, const char *detail);
void cause_invalid(struct doc *causes, const char *field, const struct node *value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void cause_invalid_str(struct doc *causes, const char *field, const char *value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void cause_forbidden(struct doc *causes, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void cause_unsupported(struct doc *causes, const char *field, const char *value, const char *supported);
void cause_duplicate(struct doc *causes, const char *field, const char *value);

/* --- requests --- */

enum form { FORM_OBJECT, FORM_TABLE, FORM_PARTIAL };
enum field_validation { FIELDS_WARN, FIELDS_STRICT, FIELDS_IGNORE };

struct request {
    struct api *api;
    struct exchange *exchange;
    struct str_list segments; /* decoded */
    const struct kind *kind;
    const char *namespace, *name, *subresource; /* borrowed; NULL when absent */
    enum form form;
    bool dry_run;
    enum field_validation fields;
};

void api_reply(const struct request *request, int status, const struct node *body);
void api_reply_text(const struct request *request, int status, const char *content_type, const char *text);
void api_reply_failure(const struct request *request, const struct failure *f);
/* In the form that was asked for. */
void api_reply_object(const struct request *request, int status, const struct node *object);

/* discovery.c, openapi.c: false when the path is not theirs. */
bool discovery_serve(const struct request *request);
bool openapi_serve(const struct request *request);

void api_read_object(const struct request *request);
void api_read_list(const struct request *request);
void api_watch_start(const struct request *request);
void api_watches_end(struct api *api);
/* Ends those of a kind that goes. */
void api_watches_end_of(struct api *api, const struct kind *kind);
void verb_post(struct request *request);
void verb_put(struct request *request);
void verb_patch(struct request *request);
void verb_delete(struct request *request);
void verb_delete_collection(struct request *request);

/* The selectors of a list, watch or deletecollection. */
struct filter {
    struct selector *labels, *fields;
};
bool filter_read(const struct request *request, struct filter *filter, struct failure *f);
bool filter_matches(const struct filter *filter, const struct node *object);
void filter_fini(struct filter *filter);

/* A copy of a stored object in the kind's version. In lists, built-in kinds say neither kind nor apiVersion. */
struct node *api_present(struct doc *doc, const struct kind *kind, const struct node *stored, bool in_list);
/* metadata as a PartialObjectMetadata. */
struct node *api_present_partial(struct doc *doc, const struct node *object);

/* --- tables --- */

/* A Table of `objects` (an array). */
struct doc *api_table_new(const struct request *request, const struct node *objects, const struct node *list_metadata,
                          bool with_columns);

/* --- writing --- */

struct write {
    const struct kind *kind;
    const char *namespace;   /* NULL: the kind has none */
    const char *subresource; /* NULL, "status" or "scale" */
    const char *manager;     /* who owns what is written; NULL: nobody is noted */
    bool is_scale;           /* by way of the scale subresource, which is an owner of its own */
    bool dry_run, is_patch, is_apply;
    struct str_list unknown; /* warnings */
};
void write_fini(struct write *write);

/* What a body or a patch made, as the kind has it: unknown fields go and are noted. NULL: f. */
struct doc *write_decode(struct write *write, const struct node *body, struct failure *f);
/* What a patch made is wrong: told as a wrong value of the patch, about no kind in particular. */
bool fail_patched(struct failure *f, const struct node *object, const char *why);
/* `object` was decoded; it is taken, the result is what was stored. NULL: f. */
struct doc *write_create(struct api *api, struct write *write, struct doc *object, struct failure *f);
struct doc *write_update(struct api *api, struct write *write, const struct node *existing, struct doc *object,
                         struct failure *f);

struct delete_options {
    const char *uid, *version; /* preconditions; NULL: none */
    const char *propagation;   /* NULL: the kind's own */
    int64_t grace_s;           /* -1: the kind's own */
    bool dry_run;
};
/* `left`: what goes on existing with a deletionTimestamp, or what an answer tells of the deleted; else NULL. */
bool api_delete_object(struct api *api, const struct kind *kind, const char *namespace, const char *name,
                       const struct delete_options *options, struct doc **left, struct failure *f);

/* --- rules --- */

void meta_validate(const struct kind *kind, const struct node *object, struct doc *causes);
void meta_validate_update(const struct node *object, const struct node *existing, struct doc *causes);

/* Everything that Go code of a real API server does to a built-in kind. */
void builtin_default(struct api *api, const struct kind *kind, struct doc *object, bool is_new);
/* What is given out rather than said: addresses, ports, priorities. Nobody owns it. */
void builtin_allocate(struct api *api, const struct kind *kind, struct doc *object, bool is_new);
void builtin_validate(const struct kind *kind, const struct node *object, struct doc *causes);
void builtin_validate_update(const struct kind *kind, const char *subresource, const struct node *object,
                             const struct node *existing, struct doc *causes);
bool builtin_has_generation(const struct kind *kind);
/* builtin/pod.c, for every kind with pods. `path` "spec.template.spec". */
void pod_default(struct doc *doc, struct node *spec);
void pod_validate(const struct node *spec, const char *path, struct doc *causes);
/* builtin/service.c */
void service_default(struct doc *doc, bool is_new);
void service_allocate(struct api *api, struct doc *doc);
/* What was allocated stays when an update does not say it. */
void service_keep(struct doc *doc, const struct node *existing);
/* What a Service loses with its type. As in a real server, its owner has it on record all the same. */
void service_drop(struct doc *doc, const struct node *existing);
void service_validate(const struct node *service, struct doc *causes);

/* Objects of a CRD. */
void custom_prune(const struct kind *kind, struct doc *object, struct str_list *unknown);
/* `existing` NULL: it is new. */
void custom_validate(const struct kind *kind, const char *subresource, const struct node *object,
                     const struct node *existing, struct doc *causes);
/* CRDs themselves: defaults, names accepted, Established. */
void crd_default(struct api *api, struct doc *crd);
void crd_validate(const struct node *crd, struct doc *causes);
/* After one was written: its kinds are served from now on. */
void crd_stored(struct api *api, const struct node *crd);
void crd_removed(struct api *api, const struct node *crd);

void scale_get(const struct request *request);
void scale_put(struct request *request);
void scale_patch(struct request *request);

/* body.c */
/* dryRun and fieldValidation; `options` "CreateOptions". */
bool options_read(struct request *request, const char *options, struct failure *f);
/* JSON or YAML, whatever the Content-Type says. NULL: f. */
struct doc *body_parse(const struct request *request, struct failure *f);
/* Is the body of the kind that is served here? */
bool body_check(const struct request *request, const struct node *body, struct failure *f);
/* Warns of unknown fields, or fails. */
bool unknown_report(const struct request *request, const struct write *write, const struct node *object,
                    struct failure *f);

/* patch.c: the body of a PATCH over `object` (NULL: there is none yet, which only an apply can do something about). NULL: f. */
struct doc *patch_of_body(const struct request *request, const struct node *object, struct failure *f);
bool patch_is_apply(const struct request *request);
/* The fieldManager, or the beginning of the User-Agent, as a new string. */
char *manager_of(const struct request *request);

/* ".status.conditions[?(@.type==\"Ready\")].status" in `root`; NULL without one. */
const struct node *json_path_find(const struct node *root, const char *path);
/* As kubectl shows an age: "5s", "3m20s", "2d". */
char *api_human_age(int64_t seconds);

/* --- small things --- */

const char *meta_str(const struct node *object, const char *key);
int64_t meta_int(const struct node *object, const char *key);
void set_default_str(struct doc *doc, struct node *object, const char *key, const char *value);
void set_default_int(struct doc *doc, struct node *object, const char *key, int64_t value);
void api_time_now(const struct api *api, char out[static 32]);
/* A uid of the world's own counter. */
void api_uid_next(struct api *api, char out[static 37]);
char *qualified_resource(const struct kind *kind); /* "deployments.apps" */
char *qualified_kind(const struct kind *kind);     /* "Deployment.apps" */
char *api_version_of(const struct kind *kind);
