/* The HTTP door of a command that only reads: requests other than GET are refused, and not sent. To what stands below
 * one URL it says who it is. */
#pragma once

#include "io/clock.h"
#include "io/http.h"

/* In the text of a refusal. */
#define READING_DOOR_REFUSAL "not sent: a command that only reads sends no "

/* Over `inner`. `trusted`, borrowed, gets the header Authorization with `bearer` where the request has none of its own;
 * NULL: nobody does. */
struct http *reading_door_new(struct http *inner, struct clock *clock, const char *trusted, const char *bearer);
/* No call of it is under way any more. NULL: nothing happens. */
void reading_door_free(struct http *door);
