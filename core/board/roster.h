/* The rows of all Canaries of a store, each with the serial of its last change: a page that has seen serial 7 is sent
 * what came after it. A row is written when somebody wants it, so a roster that nobody reads costs a number for each
 * change. */
#pragma once

#include "base/buf.h"
#include "kube/store.h"

struct roster;

/* `changed` is called from inside of a store: only to take note. The stores outlive the roster. */
struct roster *roster_open(struct store *canaries, struct store *releases, void (*changed)(void *ctx), void *ctx);
void roster_close(struct roster *roster);
/* That of the last change; 0: there was none. */
uint64_t roster_serial(const struct roster *roster);
/* True when a Canary went after `serial`: what changed since does not tell that. */
bool roster_has_lost(const struct roster *roster, uint64_t serial);
/* The JSON array of the rows that changed after `serial`, in the order of their changes; of all for 0. It ends with the
 * row that makes `out` `max` bytes long. Returns the serial that what comes next begins behind: roster_serial when that
 * was all. */
uint64_t roster_write(struct roster *roster, uint64_t serial, size_t max, struct buf *out);
