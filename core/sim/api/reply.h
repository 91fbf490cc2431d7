/* Answers to requests. */
#pragma once

#include "base/doc.h"

struct failure;
struct request;

void api_reply(const struct request *request, int status, const struct node *body);
void api_reply_text(const struct request *request, int status, const char *content_type, const char *text);
void api_reply_failure(const struct request *request, const struct failure *f);
/* In the form that was asked for. */
void api_reply_object(const struct request *request, int status, const struct node *object);
