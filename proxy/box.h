/* SPDX-License-Identifier: MIT */
/*
 * What the box itself looks like to a Modbus client: registers with our state
 * and what is shown, read-only, the same as holding (3) and input (4) ones.
 * Pure.
 *
 * High word first. Counters are 32 bit and wrap.
 *
 *	 0  u16  layout, 1
 *	 1  u16  shown meters
 *	 2  u32  s since start
 *	 4  u32  Modbus TCP: connections now
 *	 6  u32    connections taken
 *	 8  u32    connections refused: all were in use
 *	10  u32    connections refused: address not in allow_from
 *	12  u32    connections closed: idle, half a frame, or not reading
 *	14  u32    connections closed: bytes that are no Modbus TCP
 *	16  u32    requests answered from memory
 *	18  u32    requests carried to a device
 *	20  u32    requests refused by us (exceptions of ours)
 *	22  u32    answers that were not recorded (proxy/relay.h)
 *	24  u32  records lost before they reached the database
 *	26  ...  0, to 31
 *
 * and for each shown meter, in the order of the configuration, from 100, 120,
 * 140 ... on:
 *
 *	+0  u16  state: 0 starting, 1 active, 2 silent
 *	+1  u16  reason (policy/reason.h)
 *	+2  f32  true power, W, import positive
 *	+4  f32  shown power, W
 *	+6  f32  offset in it, W
 *	+8  u32  age of the sample, ms; 0xffffffff: none yet
 *	+10 u32  requests of the inverter
 *	+12 u32    answered
 *	+14 u32    not answered
 *	+16 ...  0, to +19
 *
 * Unless the meter is active and its sample fresh, the three powers are NaN
 * (0x7fc00000): a client that looks at nothing else must not take old watts
 * for new ones.
 */
#ifndef PROXY_BOX_H
#define PROXY_BOX_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "proxy/pdu.h"
#include "proxy/shown.h"

enum {
	BOX_LAYOUT = 1,
	BOX_HEAD = 32, /* registers */
	BOX_SHOWN = 100, /* where the shown meters begin */
	BOX_SHOWN_SIZE = 20,
};

/* Others count into it. */
struct box_counts {
	uint32_t connections;
	uint32_t taken;
	uint32_t refused_full;
	uint32_t refused_address;
	uint32_t closed_slow;
	uint32_t closed_broken;
	uint32_t from_memory;
	uint32_t carried;
	uint32_t refused;
	uint32_t unrecorded;
};

struct box {
	const struct shown *shown; /* borrowed */
	unsigned shown_count;
	const uint64_t *records_lost; /* borrowed */
	struct mono started;
	struct box_counts counts;
};

/* Answers one request: the length of the reply in pdu, an exception's too. */
size_t box_answer(const struct box *box, const uint8_t *request, size_t length,
    struct mono now, uint8_t pdu[static PDU_MAX]);

#endif
