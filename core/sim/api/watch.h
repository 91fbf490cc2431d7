/* Watches: exchanges that stay open. */
#pragma once

#include <stdbool.h>

struct api;
struct kind;
struct request;

bool api_watch_is_wanted(const struct request *request);
void api_watch_start(const struct request *request);
void api_watches_end(struct api *api);
/* Ends those of a kind that goes. */
void api_watches_end_of(struct api *api, const struct kind *kind);
