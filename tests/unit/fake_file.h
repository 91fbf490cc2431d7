/* Files that a test writes for the code under test. */
#pragma once

/* Writes a text file anew; the test fails where it cannot. */
void fake_file_write(const char *path, const char *text);
/* The same for "folder/name". */
void fake_file_write_in(const char *folder, const char *name, const char *text);
