/* The dashboard on a port of its own: of sluice dashboard, and beside an engine. */
#pragma once

#include "board/board.h"
#include "board/source.h"
#include "io/server.h"

struct dashboard_page {
    struct source source; /* its own watches, where nobody has the stores */
    struct board *board;
    struct server *server;
};

struct dashboard_page_options {
    struct loop *loop;
    struct kube_client *kube;
    struct store *canaries, *releases; /* somebody else's, who outlives the page; NULL: it has its own */
    const char *namespace;             /* of its own; NULL: all */
    const char *host;                  /* where it listens; "" or NULL: all addresses */
    int port;
    const char *prefix;    /* NULL: none */
    struct str_list hosts; /* taken */
};

/* False: it cannot listen; dashboard_page_close all the same. */
bool dashboard_page_open(struct dashboard_page *page, struct dashboard_page_options *options, struct err *err);
void dashboard_page_close(struct dashboard_page *page);
