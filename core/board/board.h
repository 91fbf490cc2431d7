/* The dashboard: the page, and what keeps it up to date, for whoever may reach it.
 *
 *     /            the page          /NAME.js, .css, .svg    its files
 *     /feed        server-sent events of the overview; with ?namespace=&canary=[&number=] of one release
 *     /access, /ask  what a person does by a token of their own (board/person.h)
 *
 * All of it is served below a prefix, and names nothing but by relative addresses, so it works behind a proxy that
 * keeps the prefix, and behind one that takes it away. It reads the cluster by the rights of whoever runs it, and shows
 * all that it reads. */
#pragma once

#include "board/feed.h"
#include "kube/client.h"

struct board;

struct board_options {
    struct feed_options feed; /* its `sources.tool` is ours */
    const char *prefix;       /* "" or "/sluice"; NULL: "" */
    struct str_list hosts;    /* taken: names by which it is reached, besides addresses and "localhost" */
};

/* False: the prefix is no path; err says what is wanted. */
bool board_check_prefix(const char *prefix, struct err *err);
/* The stores outlive it. */
struct board *board_open(struct board_options *options);
void board_close(struct board *board);
/* Serves an exchange; `ctx` is the board. */
exchange_serve_fn board_serve;
