#include "io/confine.h"

#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static bool limit(int resource, uint64_t most)
{
    struct rlimit old, wish = {.rlim_cur = most, .rlim_max = most};
    if (getrlimit((__rlimit_resource_t)resource, &old) != 0) {
        return false;
    }
    /* A lower bound that is there already stays: only root may raise it, and nobody should. */
    if (old.rlim_max != RLIM_INFINITY && old.rlim_max < most) {
        wish = (struct rlimit){.rlim_cur = old.rlim_max, .rlim_max = old.rlim_max};
    }
    return setrlimit((__rlimit_resource_t)resource, &wish) == 0;
}

static bool drop_root(void)
{
    return geteuid() != 0 || (setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
                              setresuid(NOBODY, NOBODY, NOBODY) == 0 && geteuid() != 0);
}

bool confine(const struct confinement *confinement, const char **step)
{
    *step = "limits";
    if (!limit(RLIMIT_CPU, confinement->cpu_s) || !limit(RLIMIT_DATA, confinement->memory_bytes) ||
        !limit(RLIMIT_FSIZE, confinement->file_bytes) || !limit(RLIMIT_NOFILE, confinement->open_files) ||
        !limit(RLIMIT_NPROC, confinement->processes) || !limit(RLIMIT_CORE, 0)) {
        return false;
    }
    *step = "root";
    if (!drop_root()) {
        return false;
    }
    *step = "rights";
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0;
}

void confine_reach(void)
{
    if (geteuid() == 0) {
        seteuid(NOBODY);
    }
}
