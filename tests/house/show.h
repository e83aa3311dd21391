/* SPDX-License-Identifier: MIT */
/* Devices and their points as JSON. The texts are the caller's to free; NULL
 * when there was no memory. */
#ifndef HOUSE_SHOW_H
#define HOUSE_SHOW_H

#include <stdint.h>

#include "tests/house/device.h"

/* Counts, the watchdog. */
char *show_device(struct device *device, int64_t now_ns);
/* One point: value, text, step, what may be done with it, wear. */
char *show_point(const struct device *device, unsigned entry);
/* A list of them, in the order of the file. */
char *show_points(const struct device *device);

#endif
