/* The commands of the binary: one file and one row each. `argv` starts after the command's name; the result is the exit
 * status. What `sluice help` lists and what a shell completes is read from the rows. */
#pragma once

#include "app/cli.h"

/* X(name, form, says, help, flags, dashes, words)
 *   name    `command_`name is the function
 *   form    how it is written, and `says` what it does, a line each, for sluice help
 *   help    the same for a shell, in a few words
 *   flags   its table; NULL: none. `dashes`: with which they are written
 *   words   all that may stand behind it: "FILE": any file; NULL: nothing */
#define COMMANDS(X)                                                                                                    \
    X(run, "run [flags]", "watch Canaries and roll out their revisions",                                               \
      "watch Canaries and roll out their revisions", flags_table(), "-", NULL)                                         \
    X(demo, "demo [FILE]",                                                                                             \
      "play a scenario, or the tutorial, on an embedded cluster, in\n"                                                 \
      "virtual time; with --serve: that cluster for kubectl",                                                          \
      "play a scenario on an embedded cluster", demo_flags_of_demo, "--", "FILE")                                      \
    X(sim, "sim [flags]", "serve an embedded cluster without an engine, for kubectl",                                  \
      "serve an embedded cluster for kubectl", demo_flags_of_sim, "--", NULL)                                          \
    X(check, "check PATH...",                                                                                          \
      "say what is wrong with scripts, Strategies and Canaries; with\n"                                                \
      "-f, or for a cluster, whether each Canary is accepted",                                                         \
      "say what is wrong with scripts, Strategies and Canaries", check_flags, "--", "FILE")                            \
    X(test, "test PATH...", "run specs of strategies in virtual time, killed at every word",                           \
      "run specs of strategies", test_flags, "--", "FILE")                                                             \
    X(repl, "repl SCENARIO", "walk through a release word by word, forward and back",                                  \
      "walk through a release word by word", repl_flags, "--", "FILE")                                                 \
    X(dryrun, "dryrun -f FILE...", "say what a release would do, at its fastest or in a story",                        \
      "say what a release would do", dryrun_flags, "--", NULL)                                                         \
    X(backtest, "backtest -f FILE...", "say what rules would have done with the traffic of the past",                  \
      "say what rules would have done with past traffic", backtest_flags, "--", NULL)                                  \
    X(record, "record -f FILE...", "fetch what checks ask a Prometheus, for backtest",                                 \
      "fetch what checks ask a Prometheus", record_flags, "--", NULL)                                                  \
    X(shadow, "shadow [CANARY]...", "beside Flagger: say of each of its rounds whether Sluice agrees",                 \
      "beside Flagger, say whether Sluice agrees", shadow_flags, "--", NULL)                                           \
    X(status, "status [CANARY]", "say of every Canary where its release stands and what it waits for",                 \
      "say where releases stand", status_flags, "--", NULL)                                                            \
    X(wait, "wait deployment/NAME", "wait until this very change is promoted or taken back",                           \
      "wait until a change is promoted or taken back", wait_flags, "--", NULL)                                         \
    X(pause, "pause CANARY", "hold a Canary still until sluice resume", "hold a Canary still", hand_flags, "--", NULL) \
    X(resume, "resume CANARY", "end a pause", "end a pause", hand_flags, "--", NULL)                                   \
    X(promote, "promote CANARY", "promote the release under way without the rest of its analysis",                     \
      "promote the release under way", hand_flags, "--", NULL)                                                         \
    X(rollback, "rollback CANARY", "take the release under way back", "take the release under way back", hand_flags,   \
      "--", NULL)                                                                                                      \
    X(retry, "retry CANARY", "release a revision that failed again", "release a revision that failed again",           \
      hand_flags, "--", NULL)                                                                                          \
    X(approve, "approve CANARY", "let a release through the gate that it waits at", "let a release through a gate",    \
      approve_flags, "--", NULL)                                                                                       \
    X(why, "why CANARY[/NUMBER]", "say from its record why a release did what it did",                                 \
      "say why a release did what it did", why_flags, "--", NULL)                                                      \
    X(replay, "replay RELEASE.yaml",                                                                                   \
      "play a kept release again, by its own script or another one,\n"                                                 \
      "and name the first difference",                                                                                 \
      "play a kept release against another script", replay_flags, "--", "FILE")                                        \
    X(load, "load [flags]", "serve the hooks of Canaries: loads, acceptance tests and gates",                          \
      "serve the hooks of Canaries", load_flags_table, "-", NULL)                                                      \
    X(dashboard, "dashboard", "serve a page of every Canary and its releases",                                         \
      "serve a page of Canaries and releases", dashboard_flags, "--", NULL)                                            \
    X(new, "new strategy|check NAME", "make a folder with one that works, to begin with",                              \
      "make a folder with a strategy", new_flags, "--", "strategy")                                                    \
    X(version, "version", "print the version, as -version does behind every command", "print the version", NULL, "--", \
      NULL)                                                                                                            \
    X(help, "help COMMAND", "say how a command is used, as -help does behind it", "say how a command is used", NULL,   \
      "--",                                                                                                            \
      "run demo sim check test repl dryrun backtest record shadow status wait pause resume promote rollback retry "    \
      "approve why replay load dashboard new completion")                                                              \
    X(completion, "completion bash|zsh", "write what makes a shell complete commands and flags",                       \
      "write what makes a shell complete", NULL, "--", "bash zsh")

#define COMMAND_DECLARE(name, form, says, help, flags, dashes, words) int command_##name(int argc, char **argv);
COMMANDS(COMMAND_DECLARE)
#undef COMMAND_DECLARE

extern const struct cli_flag check_flags[], test_flags[], repl_flags[], record_flags[], dryrun_flags[],
    backtest_flags[], shadow_flags[], status_flags[], wait_flags[], hand_flags[], approve_flags[], why_flags[],
    replay_flags[], load_flags_table[], dashboard_flags[], new_flags[];
