/* SPDX-License-Identifier: MIT */
/* What a device holds when it starts: of every entry something that it can
 * mean, and in registers that no entry names what would stand out. */
#ifndef HOUSE_SEED_H
#define HOUSE_SEED_H

#include <stdint.h>

#include "tests/house/device.h"

void seed_fill(struct device *device, uint64_t seed);

#endif
