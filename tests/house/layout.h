/* SPDX-License-Identifier: MIT */
/* Where the entries of a map stand, which addresses there are besides, and
 * what the device says of itself: its signs, constants, and SunSpec's chain. */
#ifndef HOUSE_LAYOUT_H
#define HOUSE_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/house/device.h"

/* Fills device->at and device->known. False: reason on stderr. */
bool layout_place(struct device *device, uint64_t seed);

/* After the values, since an entry may stand where the model is told. */
void layout_stamp(struct device *device, uint64_t seed);

#endif
