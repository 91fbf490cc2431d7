#include "io/connections.h"

#include <sys/socket.h>
#include <utlist.h>

#include "base/mem.h"

struct connection {
    struct connection *prev, *next;
    int fd;
    bool is_shut; /* in no list any more */
    bool is_streaming;
};

static void drop(struct connections *connections, struct connection *connection)
{
    DL_DELETE(connections->first, connection);
    connections->count--;
}

static void shut_one(struct connections *connections)
{
    struct connection *connection = connections->first;
    while (connection->is_streaming) { /* not the newest one, which has asked for nothing yet */
        connection = connection->next;
    }
    drop(connections, connection);
    connection->is_shut = true;
    shutdown(connection->fd, SHUT_RDWR); /* whoever serves it reads the end of the stream, and closes */
}

struct connection *connections_add(struct connections *connections, int fd)
{
    struct connection *connection = mem_new(struct connection);
    connection->fd = fd;
    DL_APPEND(connections->first, connection);
    connections->count++;
    if (connections->kept > 0 && connections->count > connections->kept) {
        shut_one(connections);
    }
    return connection;
}

void connections_remove(struct connections *connections, struct connection *connection)
{
    if (!connection->is_shut) {
        drop(connections, connection);
    }
    mem_free(connection);
}

void connections_touch(struct connections *connections, struct connection *connection)
{
    if (!connection->is_shut) {
        DL_DELETE(connections->first, connection);
        DL_APPEND(connections->first, connection);
    }
}

void connection_set_streaming(struct connection *connection, bool is_streaming)
{
    connection->is_streaming = is_streaming;
}
