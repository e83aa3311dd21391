/* SPDX-License-Identifier: MIT */
/*
 * A device that answers reads from its registers: libmodbus's blocking server
 * in a thread of its own, with faults on command. Like a small meter it does
 * one thing at a time; what arrives while it is busy is not heard.
 */
#ifndef HOUSE_SERVER_H
#define HOUSE_SERVER_H

#include <modbus.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/house/line.h"

struct server {
	/* Set before the start. */
	const char *line; /* its name in the records */
	const char *side;
	struct line *wire; /* borrowed; it answers at end z */
	uint32_t baud;
	int unit;
	int function; /* 3 or 4, the only one it knows */
	int base; /* address of the first register */
	int count;

	/* May be changed at any time. */
	atomic_bool silent;
	atomic_int delay_ms;
	atomic_int spoil; /* so many more answers with a wrong CRC */
	atomic_int late_ms; /* one answer so late; 0: none */

	atomic_uint requests;
	atomic_uint answers; /* good ones, in time, that somebody could hear */
	atomic_uint refused;
	atomic_uint broken;

	pthread_mutex_t lock;
	uint16_t *registers; /* under the lock */
	modbus_t *peer;
	modbus_mapping_t *mapping; /* of the request in hand */
};

/* False: reason on stderr. There is no stop: the thread ends with the
 * program. */
bool server_start(struct server *server);

/* New contents for all `count` registers. */
void server_publish(struct server *server, const uint16_t *registers);

#endif
