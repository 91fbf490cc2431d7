#include "script/chunks.h"

#include <lauxlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "script/vm.h"

enum { TEXTS_MAX = 128, CHUNK_MAX = 1024 * 1024, COMPILER_MEMORY = 1024 * 1024 };

struct chunks {
    struct compiled {
        const char *text;
        struct buf bytecode;
    } texts[TEXTS_MAX];
    size_t count;
    bool is_shared;
};

struct chunks *chunks_new(void)
{
    return mem_new(struct chunks);
}

struct chunks *chunks_shared(void)
{
    static struct chunks shared = {.is_shared = true};
    return &shared;
}

void chunks_clear(struct chunks *chunks)
{
    while (!chunks->is_shared && chunks->count > 0) {
        buf_fini(&chunks->texts[--chunks->count].bytecode);
    }
}

void chunks_free(struct chunks *chunks)
{
    if (chunks != NULL && !chunks->is_shared) {
        chunks_clear(chunks);
        mem_free(chunks);
    }
}

static int on_bytes(lua_State *L, const void *bytes, size_t len, void *ctx)
{
    return !buf_append(ctx, bytes, len);
}

static bool compile(const char *text, size_t len, const char *name, struct buf *bytecode)
{
    struct vm vm;
    struct err ignored;
    bool done = vm_init(&vm, COMPILER_MEMORY, &ignored);
    done = done && luaL_loadbuffer(vm.L, text, len, name) == 0 && lua_dump(vm.L, on_bytes, bytecode) == 0;
    vm_fini(&vm);
    return done && !bytecode->overflow;
}

static const struct buf *find(struct chunks *chunks, const char *text, size_t len, const char *name)
{
    for (size_t i = 0; i < chunks->count; i++) {
        if (chunks->texts[i].text == text) {
            return &chunks->texts[i].bytecode;
        }
    }
    if (chunks->count == TEXTS_MAX) {
        return NULL;
    }
    struct compiled *compiled = &chunks->texts[chunks->count];
    compiled->text = text;
    buf_init(&compiled->bytecode, CHUNK_MAX);
    if (!compile(text, len, name, &compiled->bytecode)) {
        buf_fini(&compiled->bytecode);
        return NULL;
    }
    chunks->count++;
    return &compiled->bytecode;
}

int chunks_load(struct chunks *chunks, lua_State *L, const char *text, size_t len, const char *name)
{
    const struct buf *bytecode = chunks != NULL ? find(chunks, text, len, name) : NULL;
    return bytecode != NULL ? luaL_loadbufferx(L, buf_str(bytecode), bytecode->len, name, "b")
                            : luaL_loadbufferx(L, text, len, name, "t");
}
