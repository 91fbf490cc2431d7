#include "load/runners.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Each text has blanks around each name. The chart's notes know the same ones (tests/chart/matrix_loadtester.py). */
static const struct {
    const char *kind, *names;
} runners[] = {
    {"a shell", " ash bash busybox csh dash elvish fish ksh mksh nu pwsh rbash sh tcsh toybox zsh "},
    {"an interpreter", " awk bun deno ed emacs erl expect gawk gdb go groovy guile irb java jshell julia lua luajit "
                       "make mawk nawk nim node nodejs nvim ocaml perl php pypy python R racket rake Rscript ruby "
                       "sed sqlite swipl tclsh vi vim wish "},
    {"a program that runs others", " bwrap capsh chroot chrt dbus-run-session doas docker env faketime fakeroot find "
                                   "flock git ionice ltrace man nc ncat nerdctl nice nohup nsenter parallel pkexec "
                                   "podman prlimit rsync run-parts runuser scp screen script setarch setpriv setsid "
                                   "sftp socat ssh start-stop-daemon stdbuf strace su sudo systemd-run tar taskset "
                                   "tcpdump time timeout tini tmux unshare watch xargs zip "},
};

static bool has(const char *names, const char *name, size_t len)
{
    for (const char *at = names; (at = strstr(at, " ")) != NULL; at++) {
        if (strncmp(at + 1, name, len) == 0 && at[1 + len] == ' ') {
            return true;
        }
    }
    return false;
}

/* Without "3", "3.11" or "-5.40" at its end. */
static size_t unversioned_len(const char *name)
{
    size_t len = strlen(name);
    while (len > 0 && strchr("0123456789.-", name[len - 1]) != NULL) {
        len--;
    }
    return len;
}

const char *runner_kind(const char *name)
{
    size_t len = unversioned_len(name);
    for (size_t i = 0; len > 0 && i < sizeof runners / sizeof runners[0]; i++) {
        if (has(runners[i].names, name, len)) {
            return runners[i].kind;
        }
    }
    return NULL;
}
