/* Times and uids that the server gives out. */
#pragma once

struct api;

void api_time_now(const struct api *api, char out[static 32]);
/* A uid of the world's own counter. */
void api_uid_next(struct api *api, char out[static 37]);
