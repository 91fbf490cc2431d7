/* Which Sluice this is: its version, and the commit it was built from where that is known. */
#pragma once

/* "sluice version 0.1.0 (commit 1234abc, 2026-03-11)" and a newline; a tree that was changed since the commit says
 * so. */
void version_print(void);
