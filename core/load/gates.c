#include "load/gates.h"

#include "base/mem.h"
#include "base/str.h"

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(p, size) mem_free(p)
#include <uthash.h>

struct gate {
    UT_hash_handle hh;
    char *name;
};

struct gates {
    struct gate *open;
    size_t open_max;
};

static struct gate *find(const struct gates *gates, const char *name)
{
    struct gate *gate;
    HASH_FIND_STR(gates->open, name, gate);
    return gate;
}

static void drop(struct gates *gates, struct gate *gate)
{
    HASH_DEL(gates->open, gate);
    str_free(&gate->name);
    mem_free(gate);
}

struct gates *gates_new(size_t open_max)
{
    struct gates *gates = mem_new(struct gates);
    gates->open_max = open_max;
    return gates;
}

void gates_free(struct gates *gates)
{
    struct gate *gate, *next;
    HASH_ITER(hh, gates->open, gate, next)
    {
        drop(gates, gate);
    }
    mem_free(gates);
}

bool gates_open(struct gates *gates, const char *name, struct err *err)
{
    if (gates_is_open(gates, name)) {
        return true;
    }
    if (HASH_COUNT(gates->open) >= gates->open_max) {
        return err_set(err, ERR_LIMIT, "gate %s: %zu gates are open, -max-gates allows no more", name, gates->open_max);
    }
    struct gate *gate = mem_new(struct gate);
    gate->name = str_dup(name);
    HASH_ADD_KEYPTR(hh, gates->open, gate->name, strlen(gate->name), gate);
    return true;
}

void gates_close(struct gates *gates, const char *name)
{
    struct gate *gate = find(gates, name);
    if (gate != NULL) {
        drop(gates, gate);
    }
}

bool gates_is_open(const struct gates *gates, const char *name)
{
    return find(gates, name) != NULL;
}
