#include "app/demo_page.h"

#include "base/mem.h"
#include "board/board.h"
#include "board/source.h"
#include "io/curl.h"
#include "io/host.h"

#define PREFIX "/dashboard"

struct demo_page {
    struct http *http;
    struct kube_client *kube;
    struct source source;
    struct board *board;
};

static void open_board(struct demo_page *page, struct clock *clock, const struct clock *cluster_clock, const char *host)
{
    struct board_options options = {
        .feed = {.sources = {.kube = page->kube,
                             .clock = clock,
                             .canaries = page->source.canaries,
                             .releases = page->source.releases},
                 .cluster_clock = cluster_clock,
                 .trouble = source_trouble,
                 .hint = "In this demo the token \"you\" may do everything, and \"viewer\" may only look on.",
                 .ctx = &page->source},
        .prefix = PREFIX,
    };
    str_list_push(&options.hosts, host);
    page->board = board_open(&options);
}

struct demo_page *demo_page_open(struct loop *loop, const struct clock *cluster_clock, const char *host, int port)
{
    struct kube_config config = {0};
    struct err err;
    char *address = str_format("http://%s:%d", host_reachable(host), port);
    bool ok = kube_config_set_server(&config, address, &err);
    str_free(&address);
    if (!ok) { /* of an address that nobody can be sent to, there is no page either */
        kube_config_fini(&config);
        return NULL;
    }
    struct demo_page *page = mem_new(struct demo_page);
    page->http = curl_http_new(loop);
    page->kube = kube_client_new(page->http, loop_clock(loop), NULL, &config);
    source_open(&page->source, page->kube, loop_clock(loop), NULL);
    open_board(page, loop_clock(loop), cluster_clock, host);
    return page;
}

void demo_page_close(struct demo_page *page)
{
    if (page == NULL) {
        return;
    }
    board_close(page->board);
    source_close(&page->source);
    kube_client_free(page->kube);
    curl_http_free(page->http);
    mem_free(page);
}

bool demo_page_has(const char *path)
{
    return str_equal(path, PREFIX) || str_has_prefix(path, PREFIX "/");
}

void demo_page_serve(struct demo_page *page, struct exchange *exchange)
{
    board_serve(page->board, exchange);
}

char *demo_page_address(const char *host, int port)
{
    return str_format("http://%s:%d" PREFIX "/", host_reachable(host), port);
}
