/* What a request says besides its path: options and body. */
#pragma once

#include "base/doc.h"

struct failure;
struct request;
struct write;

/* dryRun and fieldValidation; `options` "CreateOptions". */
bool options_read(struct request *request, const char *options, struct failure *f);
/* The fieldManager, or the beginning of the User-Agent; mem_free. */
char *manager_of(const struct request *request);
/* JSON or YAML, whatever the Content-Type says. NULL: f. */
struct doc *body_parse(const struct request *request, struct failure *f);
/* Is the body of the kind that is served here? */
bool body_check(const struct request *request, const struct node *body, struct failure *f);
/* Warns of unknown fields, or fails. */
bool unknown_report(const struct request *request, const struct write *write, const struct node *object,
                    struct failure *f);
