/* SPDX-License-Identifier: MIT */
/* The world of fuzz_client.c: its devices, and what they and others say. */
#ifndef TESTS_FUZZ_CLIENT_WORLD_H
#define TESTS_FUZZ_CLIENT_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/client.h"
#include "proxy/rtu.h"

enum {
	DEVICES = 3,
	ERRANDS = 6,
	SENT = 8, /* requests that may still be answered */
	SECOND_US = 1000000,
	BOUND_US = 60 * SECOND_US, /* nothing takes longer */
	UNKNOWN_UNIT = 9,
	UNKNOWN_LATE_US = 300000,
	REOPEN_US = 50000, /* the least that line.c takes */
	SPINS_MAX = 8,
};

struct tape {
	const uint8_t *data;
	size_t size;
};

struct sent {
	uint8_t unit;
	uint8_t pdu[PDU_MAX];
	size_t length;
	uint16_t number;
	struct mono late_until; /* 0: not given up */
	bool answered; /* one answer has come: others are one too many */
	bool usurped; /* ended by another's */
};

struct held {
	struct errand errand;
	bool held; /* by the client */
	struct mono since;
};

struct run {
	struct device devices[DEVICES];
	struct config_device configs[DEVICES];
	struct client client;
	struct beat beat;
	struct mono now;
	struct mono wake;
	struct mono sent_at; /* or when the line came up */
	struct mono frame_at; /* last byte of the last frame */
	bool up;
	bool under_way;
	unsigned spins; /* alarms in a row for now */
	uint16_t number; /* of the last request */
	struct sent sent[SENT];
	struct held errands[ERRANDS];
};

/* All lengths a fast read can have; one; and two reads a round. */
static const struct map maps[DEVICES] = {
	{
	    .function = 4,
	    .words_max = 80,
	    .hole_max = 10,
	    .points_count = 4,
	    .points = {
		    { QUANTITY_VOLTAGE, 0, MAP_U16, 1.0, false },
		    { QUANTITY_ACTIVE_POWER, 12, MAP_U16, 1.0, true },
		    { QUANTITY_FREQUENCY, 40, MAP_U16, 1.0, false },
		    { QUANTITY_ENERGY_IMPORT, 41, MAP_U32, 1.0, false },
	    },
	    .blocks_count = 1,
	    .blocks = { { 0, 60 } },
	},
	{
	    .function = 3,
	    .words_max = 2,
	    .points_count = 2,
	    .points = {
		    { QUANTITY_ACTIVE_POWER, 0, MAP_U32, 1.0, true },
		    { QUANTITY_VOLTAGE, 2, MAP_U32, 1.0, false },
	    },
	    .blocks_count = 1,
	    .blocks = { { 0, 4 } },
	},
	{
	    .function = 4,
	    .words_max = 4,
	    .gap_ms = 20,
	    .points_count = 3,
	    .points = {
		    { QUANTITY_ACTIVE_POWER, 0, MAP_U16, 1.0, true },
		    { QUANTITY_REACTIVE_POWER, 10, MAP_U16, 1.0, true },
		    { QUANTITY_VOLTAGE, 20, MAP_U16, 1.0, false },
	    },
	    .blocks_count = 1,
	    .blocks = { { 0, 30 } },
	},
};

static struct run run;

static void
must(bool truth)
{
	if (!truth)
		abort();
}

static uint8_t
take(struct tape *tape)
{
	if (tape->size == 0)
		return 0;
	tape->size--;
	return *tape->data++;
}

static struct sent *
sent_before(unsigned requests)
{
	return &run.sent[(uint16_t)(run.number - requests) % SENT];
}

static size_t
put_registers(const struct sent *sent, uint8_t *pdu, int more)
{
	unsigned count = pdu_get_u16(sent->pdu + 3);

	count = (unsigned)((int)count + more);
	if (count == 0 || count > PDU_READ_MAX)
		return 0;
	pdu[0] = sent->pdu[0];
	pdu[1] = (uint8_t)(2 * count);
	for (unsigned i = 0; i < count; i++)
		pdu_put_u16(pdu + 2 + 2 * (size_t)i, sent->number);
	return 2 + 2 * (size_t)count;
}

/* The right answer. 0: none can be made up. */
static size_t
put_answer(const struct sent *sent, uint8_t *pdu)
{
	switch (sent->pdu[0]) {
	case PDU_READ_HOLDING:
	case PDU_READ_INPUT:
		return put_registers(sent, pdu, 0);
	case PDU_WRITE_SINGLE:
		memcpy(pdu, sent->pdu, 5);
		return 5;
	default: /* of its own kind: any bytes */
		pdu[0] = sent->pdu[0];
		pdu_put_u16(pdu + 1, sent->number);
		return 3;
	}
}

static size_t
put_request(struct tape *tape, uint8_t *pdu)
{
	uint8_t how = take(tape);

	switch (how % 8) {
	case 0:
		pdu[0] = PDU_WRITE_SINGLE;
		pdu_put_u16(pdu + 1, how);
		pdu_put_u16(pdu + 3, run.number);
		return 5;
	case 1:
		pdu[0] = 0x41;
		return 1 + how % 7;
	case 2:
		pdu[0] = 17;
		return 1;
	default:
		return pdu_read_request(pdu,
		    how & 0x80 ? PDU_READ_HOLDING : PDU_READ_INPUT, how,
		    (uint16_t)(1 + how % 16));
	}
}

#endif
