/* The streams of requests, and the way each of them goes now.
 *
 * A stream remembers the names whose change could send it elsewhere, so a change touches the streams it concerns and no
 * others. */
#pragma once

#include "sim/ground/behaviour.h"
#include "sim/traffic/endpoints.h"
#include "sim/traffic/rates.h"
#include "sim/traffic/virtual_services.h"

struct streams;

/* All of these are borrowed. */
struct streams_world {
    const struct endpoints *endpoints;
    const struct virtual_services *virtual_services;
    const struct behaviours *behaviours;
    struct rates *rates; /* what the streams send is told here */
};

struct streams *streams_new(const struct streams_world *world);
void streams_free(struct streams *streams);

/* As traffic_flow. */
void streams_flow(struct streams *streams, const char *host, double per_second, const struct node *headers);
/* What the changes of virtual_services_put and endpoints_put_* name. */
void streams_note(struct streams *streams, const struct str_list *changed);
void streams_note_all(struct streams *streams);
/* Routes every stream again that is new or was concerned by what was noted. */
void streams_move(struct streams *streams);
