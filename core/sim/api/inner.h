/* The server and a request, as the files of the API server see them; nobody else includes this.
 *
 *   api.c       routing: an exchange becomes a struct request     failure.c   Status: how things fail
 *   read.c      get and list                                      watch.c     watches
 *   verbs.c     POST, PUT, PATCH: from a body to a struct write   delete.c    DELETE
 *   write.c     create and update, whoever asks                   direct.c    the same without a wire
 *   body.c      options and bodies                                patch.c     bodies of PATCH
 *   builtin/    defaults and rules of built-in kinds              meta.c      rules about metadata
 *   custom.c    objects of CRDs                                   crd.c       CRDs themselves
 *   scale.c     the scale subresource                             filter.c    selectors of a request
 *   user.c      who asks, and what they may                       permit.c    whether a request may be
 *   review.c    both as questions
 *   present.c   objects as they are shown                         table.c     the same as tables for kubectl
 *   reply.c     answers                                           faults.c    what is wrong, without a server
 *   object.c    fields of any object                              ids.c       uids and times
 *   discovery.c, openapi.c   what there is */
#pragma once

#include "base/str.h"
#include "sim/api/api.h"

struct user;
struct watch;

struct api {
    const char *self; /* who writes without a wire */
    struct clock *clock;
    struct objects *objects;
    struct kinds *kinds;
    struct watch *watches;
    uint64_t names_given; /* generated names and uids differ, and are the same in the same simulation */
};

enum form { FORM_OBJECT, FORM_TABLE, FORM_PARTIAL };
enum field_validation { FIELDS_WARN, FIELDS_STRICT, FIELDS_IGNORE };

struct request {
    struct api *api;
    struct exchange *exchange;
    const struct user *user;
    struct str_list segments; /* decoded */
    const struct kind *kind;
    const char *namespace, *name, *subresource; /* borrowed; NULL when absent */
    enum form form;
    bool dry_run;
    enum field_validation fields;
};
