#include "app/author.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/bearer.h"
#include "app/manifests.h"
#include "app/tool_run.h"
#include "io/file.h"
#include "io/http.h"

enum { INTERRUPTED = 130 };

/* --- the command line --- */

struct reading {
    struct author *author;
    const struct author_command *command;
};

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    const struct reading *reading = ctx;
    struct author *author = reading->author;
    if (name == NULL) {
        return err_set(err, ERR_INVALID, "%s: unexpected word; files come after -f", value);
    }
    if (strcmp(name, "f") == 0 || strcmp(name, "filename") == 0) {
        str_list_push(&author->files, value);
    } else if (strcmp(name, "html") == 0) {
        return cli_read_output("--html", value, &author->html, err);
    } else if (strcmp(name, "prometheus") == 0) {
        author->prometheus = value;
    } else if (strcmp(name, "prometheus-token-file") == 0) {
        author->token_file = value;
    } else if (strcmp(name, "version") == 0) {
        author->version = true;
    } else if (strcmp(name, "help") == 0) {
        author->help = true;
    } else {
        return reading->command->take(reading->command->ctx, name, value, err);
    }
    return true;
}

static bool is_server(const struct author *author, struct err *err)
{
    if (author->prometheus != NULL && !http_is_url(author->prometheus)) {
        return err_set(err, ERR_INVALID, "--prometheus: the URL of a server is wanted, got %s", author->prometheus);
    }
    return author->token_file == NULL || author->prometheus != NULL ||
           err_set(err, ERR_INVALID, "--prometheus-token-file is of use with --prometheus only");
}

int author_main(struct author *author, const struct author_command *command, int argc, char **argv)
{
    struct reading reading = {author, command};
    struct err err = {0};
    if (!cli_read(author->flags, argc, argv, take, &reading, &err)) {
        return cli_refuse(author->command, &err);
    }
    const struct cli_about about = {author->usage, author->after, author->flags};
    if (cli_answer(&about, author->help, author->version)) {
        return 0;
    }
    bool ok = command->is_whole(command->ctx, &err) && is_server(author, &err);
    int status = ok ? command->run(command->ctx) : cli_refuse(author->command, &err);
    return tool_run_is_interrupted() ? INTERRUPTED : status;
}

/* --- the order and what comes of it --- */

static bool add_server(const struct author *author, struct doc *order, struct err *err)
{
    if (author->prometheus == NULL) {
        return true;
    }
    char *bearer = bearer_read(author->token_file, "PROMETHEUS_TOKEN", err);
    node_set_str(order, doc_root(order), "prometheus", author->prometheus);
    node_set_str(order, doc_root(order), "bearer", bearer);
    str_free(&bearer);
    return err->code == ERR_NONE || err_wrap(err, "--prometheus");
}

struct doc *author_order(const struct author *author)
{
    struct err err = {0};
    struct timespec now;
    struct doc *order = doc_new();
    struct node *root = node_new_object(order), *manifests = node_new_array(order);
    doc_set_root(order, root);
    if (!manifests_read(&author->files, order, manifests, &err) || !add_server(author, order, &err)) {
        fprintf(stderr, "sluice %s: %s\n", author->command, err.text);
        doc_free(order);
        return NULL;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    node_set(order, root, "manifests", manifests);
    node_set_int(order, root, "now", (int64_t)now.tv_sec * 1000);
    node_set_bool(order, root, "terminal", isatty(STDERR_FILENO) != 0);
    node_set_bool(order, root, "html", author->html != NULL);
    return order;
}

struct doc *author_call(const struct author *author, const char *module, const struct doc *order)
{
    struct err err = {0};
    struct doc *result = tool_run(module, order, &err);
    const char *refused = tool_run_is_interrupted() ? "interrupted" : node_str(node_get(doc_root(result), "refused"));
    if (result == NULL || refused != NULL) {
        fprintf(stderr, "sluice %s: %s\n", author->command, refused != NULL ? refused : err.text);
        doc_free(result);
        result = NULL;
    }
    return result;
}

static bool write_page(const struct author *author, const struct doc *result)
{
    struct err err = {0};
    const char *page = node_str(node_get(doc_root(result), "html"));
    bool ok = page == NULL || file_write(author->html, page, false, &err);
    if (!ok) {
        fprintf(stderr, "sluice %s: --html %s\n", author->command, err.text);
    }
    return ok;
}

int author_tell(const struct author *author, const struct doc *result)
{
    const struct node *document = node_get(doc_root(result), "document");
    if (document != NULL) {
        cli_print_json(document, stdout);
    }
    return write_page(author, result) ? (int)node_int_or(node_get(doc_root(result), "status"), 2) : 2;
}

void author_fini(struct author *author)
{
    str_list_fini(&author->files);
}
