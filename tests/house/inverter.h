/* SPDX-License-Identifier: MIT */
/*
 * The inverter's meter port: libmodbus's blocking client that asks the shown
 * meter on its period and tells the plant what it heard. An answer that did
 * not begin within 300 ms is none.
 */
#ifndef HOUSE_INVERTER_H
#define HOUSE_INVERTER_H

#include <modbus.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/house/world.h"

enum inverter_way {
	INVERTER_SOLIS, /* function 3, 0 .. 64; W as s16 in register 13 */
	INVERTER_SDM630, /* function 4, 52 .. 53; W as f32 */
};

struct inverter {
	/* Set before the start. */
	const char *line; /* its name in the records */
	enum inverter_way way;
	int unit;
	struct world *world;
	int ask_ms; /* after the start: under the lock */

	bool asking; /* under the lock */
	bool busy; /* under the lock: a question is under way */
	atomic_uint requests;
	atomic_uint answers;
	atomic_uint timeouts;
	atomic_uint refused;
	atomic_uint broken;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	modbus_t *peer;
};

/* False: reason on stderr. There is no stop: the thread ends with the
 * program. */
bool inverter_start(struct inverter *inverter, const char *path, uint32_t baud);

void inverter_set_period(struct inverter *inverter, int ask_ms);
/* After `false` no question is under way or follows. */
void inverter_set_asking(struct inverter *inverter, bool asking);

#endif
