#include "app/dashboard_page.h"

bool dashboard_page_open(struct dashboard_page *page, struct dashboard_page_options *options, struct err *err)
{
    struct clock *clock = loop_clock(options->loop);
    bool is_own = options->canaries == NULL;
    if (is_own) {
        source_open(&page->source, options->kube, clock, options->namespace);
    }
    if (options->host != NULL) {
        str_list_push(&options->hosts, options->host);
    }
    struct board_options board = {
        .feed = {.sources = {.kube = options->kube,
                             .clock = clock,
                             .canaries = is_own ? page->source.canaries : options->canaries,
                             .releases = is_own ? page->source.releases : options->releases},
                 .trouble = is_own ? source_trouble : NULL,
                 .ctx = &page->source},
        .prefix = options->prefix,
        .hosts = options->hosts,
    };
    options->hosts = (struct str_list){0};
    page->board = board_open(&board);
    page->server = server_serve_public(options->loop, options->host, options->port, board_serve, page->board, err);
    return page->server != NULL;
}

void dashboard_page_close(struct dashboard_page *page)
{
    server_stop(page->server);
    board_close(page->board);
    source_close(&page->source);
    *page = (struct dashboard_page){0};
}
