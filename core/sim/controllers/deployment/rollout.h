/* A Deployment's two strategies. */
#pragma once

#include "sim/controllers/deployment/deployment.h"

void rollout_rolling(struct deployment *d);
void rollout_recreate(struct deployment *d);
