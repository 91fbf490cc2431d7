/* The commands of the binary: one file each. `argv` starts after the command's name; the result is the exit status. */
#pragma once

int command_run(int argc, char **argv);
int command_demo(int argc, char **argv);
int command_sim(int argc, char **argv);
int command_check(int argc, char **argv);
