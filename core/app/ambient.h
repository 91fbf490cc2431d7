/* What the engine's surroundings have of credentials for metric providers that sign their requests: variables of the
 * environment, and the files that they name. */
#pragma once

#include "base/doc.h"

/* Adds to `ask`, as the object `ambient`, what a provider of that type looks at: of cloudwatch the AWS variables,
 * AWS_WEB_IDENTITY_TOKEN among them (the content of the file that AWS_WEB_IDENTITY_TOKEN_FILE names); of stackdriver
 * GOOGLE_CREDENTIALS (of GOOGLE_APPLICATION_CREDENTIALS). */
void ambient_add(struct doc *ask, const char *type);
