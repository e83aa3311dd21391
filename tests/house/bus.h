/* SPDX-License-Identifier: MIT */
/*
 * Devices made from maps on one line, told apart by their unit. libmodbus
 * hears one unit alone, so the frames are taken from the tty here; the answers
 * are its own.
 */
#ifndef HOUSE_BUS_H
#define HOUSE_BUS_H

#include <modbus.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/house/device.h"
#include "tests/house/line.h"

enum { BUS_DEVICES_MAX = 64, BUS_NAME_SIZE = 32 };

struct bus {
	/* Set before the start. */
	char name[BUS_NAME_SIZE];
	struct line *wire; /* borrowed; it answers at end z */
	uint32_t baud;
	unsigned devices_count;
	struct device devices[BUS_DEVICES_MAX];

	pthread_mutex_t lock; /* of the devices */
	atomic_uint broken; /* frames that were none */
	atomic_uint strangers; /* for a unit that nobody is */
	modbus_t *peer;
};

/* NULL: it has none of that unit. */
struct device *bus_unit(struct bus *bus, int unit);

/* False: reason on stderr. There is no stop: the thread ends with the
 * program. */
bool bus_start(struct bus *bus);

#endif
