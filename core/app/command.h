/* The commands of the binary: one file each. `argv` starts after the command's name; the result is the exit status. */
#pragma once

#include "app/cli.h"

int command_run(int argc, char **argv);
int command_demo(int argc, char **argv);
int command_sim(int argc, char **argv);
int command_check(int argc, char **argv);
int command_completion(int argc, char **argv);

extern const struct cli_flag check_flags[];
