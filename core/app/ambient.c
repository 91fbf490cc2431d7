#include "app/ambient.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "io/file.h"

enum { FILE_MAX = 64 * 1024 };

static void add_variable(struct doc *ask, struct node *ambient, const char *name)
{
    const char *value = getenv(name);
    if (!str_empty(value)) {
        node_set_str(ask, ambient, name, value);
    }
}

/* The content of the file that a variable names. It is read each time, because such tokens are renewed. */
static void add_file(struct doc *ask, struct node *ambient, const char *variable, const char *name)
{
    const char *path = getenv(variable);
    if (str_empty(path)) {
        return;
    }
    struct buf text;
    struct err err = {0};
    buf_init(&text, FILE_MAX);
    if (file_read(path, &text, &err)) {
        node_set(ask, ambient, name, node_new_str_n(ask, buf_str(&text), text.len));
    } else {
        log_warn(NULL, "%s: %s", variable, err.text);
    }
    buf_fini(&text);
}

void ambient_add(struct doc *ask, const char *type)
{
    static const char *const aws[] = {"AWS_ACCESS_KEY_ID",
                                      "AWS_SECRET_ACCESS_KEY",
                                      "AWS_SESSION_TOKEN",
                                      "AWS_ROLE_ARN",
                                      "AWS_ROLE_SESSION_NAME",
                                      "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"};
    if (strcmp(type, "cloudwatch") == 0) {
        struct node *ambient = node_ensure_object(ask, doc_root(ask), "ambient");
        for (size_t i = 0; i < sizeof aws / sizeof aws[0]; i++) {
            add_variable(ask, ambient, aws[i]);
        }
        add_file(ask, ambient, "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN");
        add_file(ask, ambient, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    } else if (strcmp(type, "stackdriver") == 0) {
        struct node *ambient = node_ensure_object(ask, doc_root(ask), "ambient");
        add_file(ask, ambient, "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CREDENTIALS");
    }
}
