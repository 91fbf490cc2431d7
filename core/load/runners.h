/* Programs that run other programs: a list of allowed programs that has one of them allows all there are. */
#pragma once

/* What `name` is, as in "a shell", with any version behind it (python3.11); NULL: none that is known here. */
const char *runner_kind(const char *name);
