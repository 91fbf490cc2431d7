#include "script/coverage.h"

#include <string.h>
#include <uthash.h>

#include "base/mem.h"
#include "base/str.h"
#include "script/kill.h"

enum { LINES_MAX = 256 * 1024 };

struct covered {
    UT_hash_handle hh;
    bool *ran;
    size_t count;
    char file[];
};

static struct covered *files;
static bool is_on;

static struct covered *find(const char *file)
{
    struct covered *covered;
    HASH_FIND_STR(files, file, covered);
    if (covered == NULL) {
        covered = mem_alloc(sizeof *covered + strlen(file) + 1);
        covered->ran = NULL;
        covered->count = 0;
        memcpy(covered->file, file, strlen(file) + 1);
        HASH_ADD_STR(files, file, covered);
    }
    return covered;
}

static bool is_counted(const char *source)
{
    return str_has_prefix(source, "@scripts/") || str_has_prefix(source, "@checks/");
}

static void on_line(lua_State *L, lua_Debug *at)
{
    if (!lua_getinfo(L, "S", at) || !is_counted(at->source) || at->currentline >= LINES_MAX) {
        return;
    }
    kill_host_enter(); /* it allocates, where no jump may come */
    struct covered *covered = find(at->source + 1);
    size_t line = (size_t)at->currentline;
    if (line >= covered->count) {
        size_t count = 2 * line + 1;
        covered->ran = mem_resize(covered->ran, count * sizeof covered->ran[0]);
        memset(covered->ran + covered->count, 0, (count - covered->count) * sizeof covered->ran[0]);
        covered->count = count;
    }
    covered->ran[line] = true;
    kill_host_leave();
}

void coverage_start(void)
{
    coverage_clear();
    is_on = true;
}

void coverage_stop(void)
{
    is_on = false;
}

void coverage_watch(lua_State *L)
{
    if (is_on) {
        lua_sethook(L, on_line, LUA_MASKLINE, 0);
    }
}

void coverage_each(coverage_fn *visit, void *ctx)
{
    for (const struct covered *covered = files; covered != NULL; covered = covered->hh.next) {
        visit(ctx, covered->file, covered->ran, covered->count);
    }
}

void coverage_clear(void)
{
    struct covered *covered, *next;
    HASH_ITER(hh, files, covered, next)
    {
        HASH_DEL(files, covered);
        mem_free(covered->ran);
        mem_free(covered);
    }
}
