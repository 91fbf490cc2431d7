#include "board/board.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "board/files.h"
#include "board/guard.h"
#include "board/person.h"

enum { NAME_MAX_LEN = 253, NUMBER_MAX = 1000000000 };

struct board {
    struct feed *feed;
    struct tool *tool;
    struct people *people;
    char *prefix;
    struct str_list hosts;
};

static void answer(struct exchange *exchange, int status, const char *text)
{
    exchange_answer(exchange, status, "text/plain; charset=utf-8", text, strlen(text));
}

/* --- files --- */

/* A browser asks each time whether its copy is the one that there is: with the next binary it is not. */
static void serve_file(struct exchange *exchange, const struct web_file *file)
{
    char tag[24];
    web_file_tag(file, tag);
    exchange_add_header(exchange, "ETag", tag);
    exchange_add_header(exchange, "Cache-Control", "no-cache");
    if (str_equal(exchange->header(exchange, "If-None-Match"), tag)) {
        exchange_answer(exchange, 304, web_file_type(file), "", 0);
    } else {
        exchange_answer(exchange, 200, web_file_type(file), file->bytes, file->len);
    }
}

/* --- the feed --- */

/* What the API server takes for a name, so that it can stand in a selector. */
static bool is_name(const char *text)
{
    return !str_empty(text) && strlen(text) <= NAME_MAX_LEN &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(text);
}

/* Absent is 0: the latest release. */
static bool read_number(const char *text, int64_t *number)
{
    char *end = NULL;
    *number = 0;
    if (str_empty(text)) {
        return true;
    }
    errno = 0;
    *number = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' && *number >= 1 && *number <= NUMBER_MAX;
}

static void serve_feed(struct board *board, struct exchange *exchange)
{
    char *namespace = exchange_param(exchange, "namespace"), *canary = exchange_param(exchange, "canary"),
         *text = exchange_param(exchange, "number");
    int64_t number = 0;
    if (canary != NULL && (!is_name(canary) || !is_name(namespace) || !read_number(text, &number))) {
        answer(exchange, 400, "namespace and canary are names, number is that of a release\n");
    } else {
        exchange_add_header(exchange, "Cache-Control", "no-store");
        exchange_add_header(exchange, "X-Accel-Buffering", "no"); /* nginx: each event at once */
        feed_serve(board->feed, exchange, namespace, canary, number);
    }
    str_free(&namespace);
    str_free(&canary);
    str_free(&text);
}

/* --- routes --- */

/* What stands behind the prefix, without the slash; NULL: it is not below it. */
static const char *below_prefix(const struct board *board, const char *path)
{
    size_t len = strlen(board->prefix);
    return strncmp(path, board->prefix, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

/* "/sluice" is no folder to a browser, "sluice/" is, as seen from there. */
static bool redirects(const struct board *board, struct exchange *exchange)
{
    if (board->prefix[0] == '\0' || !str_equal(exchange->path, board->prefix)) {
        return false;
    }
    const char *query = exchange->query;
    char *place = str_format("%s/%s%s", strrchr(board->prefix, '/') + 1, query[0] != '\0' ? "?" : "", query);
    exchange_add_header(exchange, "Location", place);
    answer(exchange, 301, "it is behind the slash\n");
    str_free(&place);
    return true;
}

static void serve_read(struct board *board, struct exchange *exchange, const char *name)
{
    const struct web_file *file = web_file_find(name[0] != '\0' ? name : "index.html");
    if (str_equal(name, "feed") && str_equal(exchange->method, "GET")) {
        serve_feed(board, exchange);
    } else if (file != NULL) {
        serve_file(exchange, file);
    } else {
        answer(exchange, 404, "there is no such page\n");
    }
}

static void serve_write(struct board *board, struct exchange *exchange, const char *name)
{
    bool posts = str_equal(exchange->method, "POST");
    if (posts && str_equal(name, "access")) {
        people_serve_access(board->people, exchange);
    } else if (posts && str_equal(name, "ask")) {
        people_serve_ask(board->people, exchange);
    } else {
        exchange_add_header(exchange, "Allow", "GET, HEAD");
        answer(exchange, 405, "method not allowed\n");
    }
}

void board_serve(void *ctx, struct exchange *exchange)
{
    struct board *board = ctx;
    const char *why, *name = below_prefix(board, exchange->path);
    bool reads = str_equal(exchange->method, "GET") || str_equal(exchange->method, "HEAD");
    bool is_page = str_equal(name, "") || str_equal(exchange->path, board->prefix);
    guard_add_headers(exchange);
    if (!guard_admits(exchange, &board->hosts, is_page, &why)) {
        answer(exchange, 403, why);
    } else if (redirects(board, exchange)) {
        return;
    } else if (name == NULL) {
        answer(exchange, 404, "the dashboard is below its prefix\n");
    } else if (reads) {
        serve_read(board, exchange, name);
    } else {
        serve_write(board, exchange, name);
    }
}

/* --- life --- */

/* "/a/../b": browsers and proxies ask for /b, which is not below it. */
static bool has_dots(const char *prefix)
{
    struct str_list folders = {0};
    str_list_split(&folders, prefix, '/');
    bool has = str_list_has(&folders, ".") || str_list_has(&folders, "..");
    str_list_fini(&folders);
    return has;
}

bool board_check_prefix(const char *prefix, struct err *err)
{
    size_t len = strlen(prefix);
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    bool ok = len == 0 || (prefix[0] == '/' && prefix[len - 1] != '/' && strspn(prefix, letters) == len &&
                           strstr(prefix, "//") == NULL && !has_dots(prefix));
    return ok ||
           err_set(err, ERR_INVALID,
                   "prefix \"%s\": a path of letters, digits and -._~ is wanted, as in /sluice, without a slash at "
                   "its end and without the folders . and ..",
                   prefix);
}

struct board *board_open(struct board_options *options)
{
    struct board *board = mem_new(struct board);
    options->feed.sources.tool = &board->tool;
    board->feed = feed_new(&options->feed);
    board->people = people_new(options->feed.sources.kube, options->feed.sources.clock);
    board->prefix = str_dup(options->prefix != NULL ? options->prefix : "");
    board->hosts = options->hosts;
    options->hosts = (struct str_list){0};
    return board;
}

void board_close(struct board *board)
{
    if (board == NULL) {
        return;
    }
    feed_free(board->feed);
    people_free(board->people);
    if (board->tool != NULL) {
        tool_close(board->tool);
    }
    str_free(&board->prefix);
    str_list_fini(&board->hosts);
    mem_free(board);
}
