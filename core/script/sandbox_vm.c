#include "script/sandbox_vm.h"

#include <lauxlib.h>

#include "base/mem.h"
#include "script/marshal.h"
#include "script/sandbox.h"

static int install(lua_State *L)
{
    struct sandbox_vm *vm = lua_touserdata(L, 1);
    const struct sandbox_parts parts = {.load = module_load, .load_ctx = &vm->modules, .chunks = vm->modules.chunks};
    marshal_install(L);
    host_install(L, &vm->host);
    sandbox_install(L, &parts);
    return 0;
}

struct sandbox_vm *sandbox_vm_new(const struct module_set *set, size_t memory_max, bool shared, struct err *err)
{
    struct sandbox_vm *vm = mem_new(struct sandbox_vm);
    *vm = (struct sandbox_vm){.modules = *set, .users = 1, .shared = shared};
    size_t max = shared ? memory_max * SANDBOX_VM_SHARED_TIMES : memory_max;
    if (!vm_init(&vm->vm, max, err)) {
        mem_free(vm);
        return NULL;
    }
    if (lua_cpcall(vm->vm.L, install, vm) != 0) {
        err_set(err, ERR_SCRIPT, "script: the sandbox does not start: %s", lua_tostring(vm->vm.L, -1));
        sandbox_vm_release(vm);
        return NULL;
    }
    if (shared) {
        vm_collect_less(&vm->vm);
    }
    vm_limit(&vm->vm, max);
    return vm;
}

struct sandbox_vm *sandbox_vm_hold(struct sandbox_vm *vm)
{
    vm->users++;
    return vm;
}

void sandbox_vm_release(struct sandbox_vm *vm)
{
    if (vm != NULL && --vm->users == 0) {
        sandbox_vm_lose(vm);
        mem_free(vm);
    }
}

void sandbox_vm_lose(struct sandbox_vm *vm)
{
    if (!vm->lost) {
        vm_fini(&vm->vm);
        vm->lost = true;
    }
}

bool sandbox_vm_has_room(const struct sandbox_vm *vm)
{
    return vm != NULL && !vm->lost && vm->host == NULL && vm->users <= SANDBOX_VM_TASKS_MAX;
}
