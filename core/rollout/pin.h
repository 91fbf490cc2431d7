/* Fixes what a release is about: the revision of the target, and the tracked configs, as they are now. */
#pragma once

#include "release/release.h"

/* False: the target or a config is missing (NO_DATA: a config was not read yet); the release stays as it was. */
bool pin_release(struct release *release, struct err *err);
