/* SPDX-License-Identifier: MIT */
#include "proxy/rtu.h"

#include <assert.h>
#include <string.h>

#include "proxy/crc.h"

/* How an ADU's length follows from its first bytes (unit is byte 0). */
enum rule {
	RULE_NONE,   /* not known: the gap must tell */
	RULE_FIXED,  /* base */
	RULE_BYTE,   /* base + the byte at `at` */
	RULE_WORD,   /* base + the two bytes at `at` */
	RULE_OBJECTS, /* read device identification: walk the objects */
};

struct length_rule {
	uint8_t rule;
	uint8_t base;
	uint8_t at;
};

#define FIXED(n)      { RULE_FIXED, n, 0 }
#define BYTE(n, where) { RULE_BYTE, n, where }

static const struct length_rule rules[2][44] = {
	[RTU_REQUESTS] = {
		[1] = FIXED(8), [2] = FIXED(8), [3] = FIXED(8), [4] = FIXED(8),
		[5] = FIXED(8), [6] = FIXED(8), [7] = FIXED(4), [8] = FIXED(8),
		[11] = FIXED(4), [12] = FIXED(4), [15] = BYTE(9, 6),
		[16] = BYTE(9, 6), [17] = FIXED(4), [20] = BYTE(5, 2),
		[21] = BYTE(5, 2), [22] = FIXED(10), [23] = BYTE(13, 10),
		[24] = FIXED(6), [43] = FIXED(7),
	},
	[RTU_REPLIES] = {
		[1] = BYTE(5, 2), [2] = BYTE(5, 2), [3] = BYTE(5, 2),
		[4] = BYTE(5, 2), [5] = FIXED(8), [6] = FIXED(8),
		[7] = FIXED(5), [8] = FIXED(8), [11] = FIXED(8),
		[12] = BYTE(5, 2), [15] = FIXED(8), [16] = FIXED(8),
		[17] = BYTE(5, 2), [20] = BYTE(5, 2), [21] = BYTE(5, 2),
		[22] = FIXED(10), [23] = BYTE(5, 2), [24] = { RULE_WORD, 6, 2 },
		[43] = { RULE_OBJECTS, 0, 0 },
	},
};

enum { RULES = 44, MEI_IDENTIFICATION = 14 };

void
rtu_init(struct rtu *rtu, enum rtu_direction direction)
{
	memset(rtu, 0, sizeof(*rtu));
	rtu->direction = direction;
}

/* unit 43 14 code level more next count { id length data }... crc */
static int
expect_objects(const uint8_t *bytes, size_t length)
{
	size_t at = 8;

	if (length < 3)
		return 0;
	if (bytes[2] != MEI_IDENTIFICATION)
		return -1;
	if (length < at)
		return 0;
	for (unsigned i = 0; i < bytes[7]; i++) {
		if (length < at + 2)
			return 0;
		at += 2u + bytes[at + 1];
		if (at + 2 > RTU_ADU_MAX)
			return -2;
	}
	return (int)at + 2;
}

static int
expect_by_rule(const struct length_rule *rule, const uint8_t *bytes,
    size_t length)
{
	size_t total = rule->base;

	switch ((enum rule)rule->rule) {
	case RULE_FIXED:
		return (int)total;
	case RULE_BYTE:
		if (length <= rule->at)
			return 0;
		total += bytes[rule->at];
		break;
	case RULE_WORD:
		if (length <= rule->at + 1u)
			return 0;
		total += (size_t)bytes[rule->at] << 8 | bytes[rule->at + 1];
		break;
	case RULE_OBJECTS:
		return expect_objects(bytes, length);
	case RULE_NONE:
		return -1;
	}
	return total > RTU_ADU_MAX ? -2 : (int)total;
}

int
rtu_expect(enum rtu_direction direction, const uint8_t *bytes, size_t length)
{
	uint8_t function;

	if (length < 2)
		return 0;
	function = bytes[1];
	if (function >= 0x80)
		return direction == RTU_REPLIES ? 5 : -2;
	if (function == 0)
		return -2;
	if (function >= RULES)
		return -1;
	return expect_by_rule(&rules[direction][function], bytes, length);
}

static bool
is_frame(const uint8_t *adu, size_t length)
{
	/* The CRC over a frame with its CRC is zero. */
	return length >= RTU_ADU_MIN && crc_modbus(adu, length) == 0;
}

/* What was given out last makes room for what follows it. */
static void
settle(struct rtu *rtu)
{
	rtu->length -= rtu->taken;
	memmove(rtu->buffer, rtu->buffer + rtu->taken, rtu->length);
	rtu->taken = 0;
}

static void
give(struct rtu *rtu, size_t length, struct rtu_frame *frame)
{
	frame->adu = rtu->buffer;
	frame->length = length;
	rtu->taken = length;
	rtu->frames++;
	rtu->in_garbage = false;
}

static void
drop(struct rtu *rtu, size_t count)
{
	rtu->length -= count;
	memmove(rtu->buffer, rtu->buffer + count, rtu->length);
	rtu->dropped += count;
	if (!rtu->in_garbage)
		rtu->broken++;
	rtu->in_garbage = true;
}

uint8_t *
rtu_room(struct rtu *rtu, size_t *room)
{
	settle(rtu);
	*room = RTU_BUFFER - rtu->length;
	return rtu->buffer + rtu->length;
}

void
rtu_filled(struct rtu *rtu, size_t length)
{
	assert(length <= RTU_BUFFER - rtu->length);
	rtu->length += length;
}

/* A foreign unit's reply passes by on a shared line where requests are
 * expected. Read as a request its length is wrong; read as a reply it fits. */
static size_t
foreign_reply(const struct rtu *rtu)
{
	int expect;

	if (rtu->direction != RTU_REQUESTS)
		return 0;
	expect = rtu_expect(RTU_REPLIES, rtu->buffer, rtu->length);
	if (expect <= 0 || (size_t)expect > rtu->length)
		return 0;
	return is_frame(rtu->buffer, (size_t)expect) ? (size_t)expect : 0;
}

bool
rtu_next(struct rtu *rtu, struct rtu_frame *frame)
{
	settle(rtu);
	while (rtu->length > 0) {
		int expect = rtu_expect(rtu->direction, rtu->buffer,
		    rtu->length);
		size_t foreign;

		if (expect > 0 && (size_t)expect <= rtu->length &&
		    is_frame(rtu->buffer, (size_t)expect)) {
			give(rtu, (size_t)expect, frame);
			return true;
		}
		foreign = foreign_reply(rtu);
		if (foreign > 0) {
			give(rtu, foreign, frame);
			return true;
		}
		/* Not complete, or only the gap can tell; but no frame is
		 * longer than the standard allows. */
		if (expect == 0 || expect == -1 ||
		    (expect > 0 && (size_t)expect > rtu->length)) {
			if (rtu->length <= RTU_ADU_MAX)
				return false;
		}
		drop(rtu, 1);
	}
	return false;
}

bool
rtu_silence(struct rtu *rtu, struct rtu_frame *frame)
{
	settle(rtu);
	while (rtu->length > 0) {
		int expect = rtu_expect(rtu->direction, rtu->buffer,
		    rtu->length);

		if (expect == -1 && rtu->length <= RTU_ADU_MAX &&
		    is_frame(rtu->buffer, rtu->length)) {
			give(rtu, rtu->length, frame);
			return true;
		}
		if (expect > 0 && (size_t)expect <= rtu->length &&
		    is_frame(rtu->buffer, (size_t)expect)) {
			give(rtu, (size_t)expect, frame);
			return true;
		}
		drop(rtu, 1);
	}
	rtu->in_garbage = false;
	return false;
}

bool
rtu_pending(const struct rtu *rtu)
{
	return rtu->length > rtu->taken;
}

void
rtu_reset(struct rtu *rtu)
{
	rtu->length = 0;
	rtu->taken = 0;
	rtu->in_garbage = false;
}

int64_t
rtu_t35_us(uint32_t baud)
{
	/* 3.5 characters of 11 bits; a fixed time above 19200 baud, as the
	 * serial line guide of the standard recommends. */
	return baud > 19200 ? 1750 : (INT64_C(38500000) + baud - 1) / baud;
}

int64_t
rtu_wire_us(uint32_t baud, unsigned bits, size_t bytes)
{
	return (int64_t)bytes * bits * 1000000 / baud;
}
