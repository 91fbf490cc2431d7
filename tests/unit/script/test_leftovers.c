/* What scripts leave behind that were stopped, or that took all memory: nothing, and a VM that can still be asked what
 * its script declares. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "script/task.h"

enum { KILLS = 1000, MEMORY_MAX = 1024 * 1024 };

static const char frame[] = "return { start = function(definition) return definition.run() end }";
static const struct embedded_module modules[] = {{"stdlib.start", frame, sizeof frame - 1}};
static const struct script_limits limits = {.memory_max = MEMORY_MAX, .cpu = {.soft_ms = 1, .hard_ms = 1}};
static const struct script_limits roomy = {.memory_max = MEMORY_MAX, .cpu = {.soft_ms = 500, .hard_ms = 500}};

static void host_log(void *ctx, const char *message)
{
}

static struct task *load(const char *source, const struct script_limits *with, struct doc *doc, struct err *err)
{
    struct node *pinned = node_new_object(doc);
    doc_set_root(doc, pinned);
    node_set_str(doc, pinned, "strategies.t", source);
    struct module_set set = {.embedded = modules, .embedded_count = 1, .pinned = pinned};
    struct strategy_start start = {.module = "strategies.t", .label = "", .host = {.log = host_log}};
    struct sandbox_vm *vm = sandbox_vm_new(&set, with->memory_max, false, err);
    assert_non_null(vm);
    struct task *task = task_new(&start, vm, with, NULL, err);
    sandbox_vm_release(vm);
    return task;
}

/* How the script ends that has this body. */
static enum task_turn run(const char *body, struct err *err)
{
    struct doc *doc = doc_new();
    char *source = str_format("return { name = 't', run = function()\n%s\nend }", body);
    struct task *task = load(source, &limits, doc, err);
    enum task_turn turn = task != NULL ? task_resume(task, err) : TASK_FAILED;
    task_free(task);
    doc_free(doc);
    mem_free(source);
    return turn;
}

/* Pages of the process: its address space, and what of it is resident. */
static void count_pages(long *size, long *resident)
{
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", size, resident), 2);
    fclose(file);
}

static const char *const stopped[] = {
    "while true do end",
    "while true do pcall(function() while true do end end) end",
    "string.find(('a'):rep(40), ('a*'):rep(20) .. 'b')",
    "local t = {} while true do t[#t + 1] = { #t } end",
    "local t = {} while true do pcall(function() while true do t[#t + 1] = coroutine.create(print) end end) end",
    "local s = ('x'):rep(2 ^ 18) while true do s:upper() end",
    "print(setmetatable({}, { __tostring = function() while true do end end }))",
    "xpcall(error, function() while true do end end)",
};

static void kill_some(int count)
{
    for (int i = 0; i < count; i++) {
        struct err err;
        const char *body = stopped[(size_t)i % (sizeof stopped / sizeof stopped[0])];
        if (run(body, &err) != TASK_KILLED && strstr(err.text, "1 ms") == NULL)
            fail_msg("%s\n%s", body, err.text);
    }
}

static void test_a_thousand_killed_scripts_leave_no_memory(void **state)
{
    enum { VM_RESERVE = 8 * 1024 * 1024, VMS = 4, RESIDENT = 1024 * 1024 };
    long size, resident, size_after, resident_after, page = sysconf(_SC_PAGESIZE);
    kill_some(50);
    count_pages(&size, &resident);
    kill_some(KILLS);
    count_pages(&size_after, &resident_after);
    assert_true((size_after - size) * page < VMS * VM_RESERVE);
#ifdef __SANITIZE_ADDRESS__
    resident_after = resident; /* a sanitizer keeps for a while what was freed */
#endif
    assert_true((resident_after - resident) * page < RESIDENT);
}

/* A script that leaves so much less memory, and declares 60 tables in each other. */
static bool declares(size_t filled, struct err *err)
{
    struct doc *doc = doc_new();
    char *source = str_format("local deep = {} for _ = 1, 60 do deep = { of = deep } end "
                              "local d = { name = 't', run = print, params = { a = deep } } "
                              "for i = 1, %zu do full = { full, ('x'):rep(200) .. i } end "
                              "last = ('x'):rep(%zu) return d",
                              filled / 256, filled % 256);
    struct task *task = load(source, &roomy, doc, err);
    struct doc *declared = task != NULL ? task_declares(task, err) : NULL;
    bool read = declared != NULL;
    if (read) {
        assert_non_null(node_get(doc_root(declared), "params"));
    } else {
        assert_int_equal(err->code, ERR_LIMIT);
    }
    doc_free(declared);
    task_free(task);
    doc_free(doc);
    mem_free(source);
    return read;
}

static void test_declarations_are_read_or_refused_whatever_memory_is_left(void **state)
{
    struct err err;
    size_t fits = 0, fails = MEMORY_MAX;
    while (fails - fits > 1) {
        size_t middle = fits + (fails - fits) / 2;
        *(declares(middle, &err) ? &fits : &fails) = middle;
    }
    assert_true(fits > 0);
    for (size_t filled = fits > 4096 ? fits - 4096 : 0; filled < fits + 4096; filled += 8)
        declares(filled, &err);
}

int main(void)
{
    log_set_sink(log_drop, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_thousand_killed_scripts_leave_no_memory),
        cmocka_unit_test(test_declarations_are_read_or_refused_whatever_memory_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
