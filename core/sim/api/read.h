/* get and list. */
#pragma once

struct request;

void api_read_object(const struct request *request);
void api_read_list(const struct request *request);
