/* A VM with the sandbox in it, and the tasks that run there, one after the other.
 *
 * A strategy of a team's has a VM to itself, so that it can harm nobody: neither by what it changes there, nor by its
 * end, which may leave a VM that nobody may touch any more (kill.h). The engine's own strategies share one: compiled
 * modules are most of what a VM takes, and walking them is most of what its collections cost.
 *
 * When a VM is lost, the tasks in it are lost (TASK_LOST). Their records are not, so they begin again elsewhere. */
#pragma once

#include "script/host.h"
#include "script/module.h"
#include "script/vm.h"

enum {
    SANDBOX_VM_TASKS_MAX = 64,  /* in a shared one: so many begin again when it is lost */
    SANDBOX_VM_SHARED_TIMES = 4 /* it may take as much memory as so many VMs */
};

struct sandbox_vm {
    struct vm vm;
    struct module_set modules;
    struct host *host; /* of the task whose turn it is: the primitives are its */
    size_t users;      /* tasks, and the one who shares it */
    bool shared, lost;
};

/* Without a task, held once. `set` is copied; what it points to must outlive the VM. NULL and err. */
struct sandbox_vm *sandbox_vm_new(const struct module_set *set, size_t memory_max, bool shared, struct err *err);
/* For one user more. */
struct sandbox_vm *sandbox_vm_hold(struct sandbox_vm *vm);
/* Without this user. The last one frees it. NULL is allowed. */
void sandbox_vm_release(struct sandbox_vm *vm);
/* It may not be touched again: frees its memory. */
void sandbox_vm_lose(struct sandbox_vm *vm);
/* False for one that is lost, in the middle of a turn, or full. NULL is allowed. */
bool sandbox_vm_has_room(const struct sandbox_vm *vm);
