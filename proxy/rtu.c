/* SPDX-License-Identifier: MIT */
#include "proxy/rtu.h"

#include <assert.h>
#include <string.h>

#include "proxy/crc.h"

enum {
	BROADCAST = 0, /* nobody replies to it, or from it */
	FUNCTION_LOOPBACK = 8,
	EXCEPTION_BIT = 0x80,
	EXCEPTION_LENGTH = 5,
	MEI_IDENTIFICATION = 14,
	MEI_REQUEST_LENGTH = 7,
	MEI_REPLY_HEAD = 8, /* up to the number of objects */
	CRC_LENGTH = 2,
};

/* How the length of a frame is found. */
enum rule {
	RULE_OPEN, /* it is not */
	RULE_FIXED, /* base */
	RULE_BYTE, /* base + the byte at count_at, at most count_max */
	RULE_WORD, /* base + the word at count_at */
	RULE_MEI_REQUEST, /* functions within function 43 */
	RULE_MEI_REPLY,
};

struct shape {
	uint8_t rule;
	uint8_t base; /* with unit and CRC */
	uint8_t count_at; /* from the unit */
	uint8_t count_max;
};

/* By function code: request, reply. The limits are the standard's, or what
 * 256 bytes allow. */
static const struct shape shapes[][2] = {
	[1] = { { RULE_FIXED, 8, 0, 0 }, { RULE_BYTE, 5, 2, 250 } },
	[2] = { { RULE_FIXED, 8, 0, 0 }, { RULE_BYTE, 5, 2, 250 } },
	[3] = { { RULE_FIXED, 8, 0, 0 }, { RULE_BYTE, 5, 2, 250 } },
	[4] = { { RULE_FIXED, 8, 0, 0 }, { RULE_BYTE, 5, 2, 250 } },
	[5] = { { RULE_FIXED, 8, 0, 0 }, { RULE_FIXED, 8, 0, 0 } },
	[6] = { { RULE_FIXED, 8, 0, 0 }, { RULE_FIXED, 8, 0, 0 } },
	[7] = { { RULE_FIXED, 4, 0, 0 }, { RULE_FIXED, 5, 0, 0 } },
	[8] = { { RULE_FIXED, 8, 0, 0 }, { RULE_FIXED, 8, 0, 0 } },
	[11] = { { RULE_FIXED, 4, 0, 0 }, { RULE_FIXED, 8, 0, 0 } },
	[12] = { { RULE_FIXED, 4, 0, 0 }, { RULE_BYTE, 5, 2, 251 } },
	[15] = { { RULE_BYTE, 9, 6, 247 }, { RULE_FIXED, 8, 0, 0 } },
	[16] = { { RULE_BYTE, 9, 6, 247 }, { RULE_FIXED, 8, 0, 0 } },
	[17] = { { RULE_FIXED, 4, 0, 0 }, { RULE_BYTE, 5, 2, 251 } },
	[20] = { { RULE_BYTE, 5, 2, 251 }, { RULE_BYTE, 5, 2, 251 } },
	[21] = { { RULE_BYTE, 5, 2, 251 }, { RULE_BYTE, 5, 2, 251 } },
	[22] = { { RULE_FIXED, 10, 0, 0 }, { RULE_FIXED, 10, 0, 0 } },
	[23] = { { RULE_BYTE, 13, 10, 243 }, { RULE_BYTE, 5, 2, 250 } },
	[24] = { { RULE_FIXED, 6, 0, 0 }, { RULE_WORD, 6, 2, 0 } },
	[43] = { { RULE_MEI_REQUEST, 0, 0, 0 }, { RULE_MEI_REPLY, 0, 0, 0 } },
};

static int
expect_counted(const struct shape *shape, const uint8_t *bytes, size_t length)
{
	unsigned count;

	if (shape->rule == RULE_BYTE) {
		if (length <= shape->count_at)
			return RTU_MORE;
		count = bytes[shape->count_at];
		if (count > shape->count_max)
			return RTU_NEVER;
	} else {
		if (length <= shape->count_at + 1u)
			return RTU_MORE;
		count = (unsigned)bytes[shape->count_at] << 8 |
		        bytes[shape->count_at + 1];
	}
	return shape->base + count > RTU_ADU_MAX ? RTU_NEVER
	                                         : (int)(shape->base + count);
}

/* Objects of an id, a length and so many bytes each, one after another. */
static int
expect_objects(const uint8_t *bytes, size_t length)
{
	size_t at = MEI_REPLY_HEAD;

	if (length < MEI_REPLY_HEAD)
		return RTU_MORE;
	for (size_t left = bytes[MEI_REPLY_HEAD - 1]; left > 0; left--) {
		/* Each of those left has two bytes at least. */
		if (at + 2 * left + CRC_LENGTH > RTU_ADU_MAX)
			return RTU_NEVER;
		if (at + 2 > length)
			return RTU_MORE;
		at += 2u + bytes[at + 1];
	}
	at += CRC_LENGTH;
	return at > RTU_ADU_MAX ? RTU_NEVER : (int)at;
}

static int
expect_mei(enum rule rule, const uint8_t *bytes, size_t length)
{
	if (length < 3)
		return RTU_MORE;
	if (bytes[2] != MEI_IDENTIFICATION)
		return RTU_OPEN;
	return rule == RULE_MEI_REQUEST ? MEI_REQUEST_LENGTH
	                                : expect_objects(bytes, length);
}

int
rtu_expect(enum rtu_direction direction, const uint8_t *bytes, size_t length)
{
	static const struct shape unknown = { .rule = RULE_OPEN };
	const struct shape *shape = &unknown;
	uint8_t function;

	if (length < 2)
		return RTU_MORE;
	function = bytes[1];
	if ((function & ~EXCEPTION_BIT) == 0)
		return RTU_NEVER;
	if (direction == RTU_REQUESTS ? (function & EXCEPTION_BIT) != 0
				      : bytes[0] == BROADCAST)
		return RTU_NEVER;
	if (function & EXCEPTION_BIT)
		return EXCEPTION_LENGTH;
	if (function < sizeof(shapes) / sizeof(shapes[0]))
		shape = &shapes[function][direction];
	switch ((enum rule)shape->rule) {
	case RULE_FIXED:
		return shape->base;
	case RULE_BYTE:
	case RULE_WORD:
		return expect_counted(shape, bytes, length);
	case RULE_MEI_REQUEST:
	case RULE_MEI_REPLY:
		return expect_mei((enum rule)shape->rule, bytes, length);
	case RULE_OPEN:
		break;
	}
	return RTU_OPEN;
}

void
rtu_init(struct rtu *rtu, enum rtu_direction direction)
{
	memset(rtu, 0, sizeof(*rtu));
	rtu->direction = direction;
}

uint8_t *
rtu_room(struct rtu *rtu, size_t *room)
{
	rtu->length -= rtu->head;
	memmove(rtu->buffer, rtu->buffer + rtu->head, rtu->length);
	rtu->head = 0;
	*room = RTU_BUFFER - rtu->length;
	return rtu->buffer + rtu->length;
}

void
rtu_filled(struct rtu *rtu, size_t length)
{
	assert(length <= RTU_BUFFER - rtu->length);
	rtu->length += length;
}

static bool
crc_fits(const uint8_t *bytes, size_t length)
{
	uint16_t crc = crc_modbus(bytes, length - CRC_LENGTH);

	return bytes[length - 2] == (crc & 0xff) &&
	       bytes[length - 1] == crc >> 8;
}

enum verdict { GOOD, WAIT, BAD };

struct head {
	const uint8_t *bytes;
	size_t length; /* all that is there */
	bool first; /* not behind garbage */
	bool silent; /* nothing more will come */
};

static enum verdict
judge_open(const struct head *head, size_t *length)
{
	if (!head->first || head->length > RTU_ADU_MAX)
		return BAD;
	if (!head->silent)
		return WAIT;
	*length = head->length;
	return head->length >= RTU_ADU_MIN &&
	               crc_fits(head->bytes, head->length)
	           ? GOOD
	           : BAD;
}

/* Return Query Data has two bytes of data for nearly everybody, and any number
 * of words by the letter. */
static bool
is_loopback(const struct head *head)
{
	return head->bytes[1] == FUNCTION_LOOPBACK && head->bytes[2] == 0 &&
	       head->bytes[3] == 0;
}

static enum verdict
judge(enum rtu_direction direction, const struct head *head, size_t *length)
{
	int expected = rtu_expect(direction, head->bytes, head->length);

	if (expected == RTU_NEVER)
		return BAD;
	if (expected == RTU_OPEN)
		return judge_open(head, length);
	if (expected == RTU_MORE || (size_t)expected > head->length)
		return head->silent ? BAD : WAIT;
	*length = (size_t)expected;
	if (crc_fits(head->bytes, *length))
		return GOOD;
	return is_loopback(head) ? judge_open(head, length) : BAD;
}

static bool
may_be_reply(const struct rtu *rtu, const struct head *head)
{
	return rtu->asked_function != 0 && head->length >= 2 &&
	       head->bytes[0] == rtu->asked_unit &&
	       (head->bytes[1] & ~EXCEPTION_BIT) == rtu->asked_function;
}

static void
drop(struct rtu *rtu, size_t count)
{
	rtu->head += count;
	rtu->dropped += count;
	if (count > 0 && !rtu->in_garbage) {
		rtu->in_garbage = true;
		rtu->broken++;
	}
}

static void
give_out(struct rtu *rtu, size_t length, struct rtu_frame *frame)
{
	frame->adu = rtu->buffer + rtu->head;
	frame->length = length;
	rtu->head += length;
	rtu->frames++;
	rtu->in_garbage = false;
	if (rtu->direction == RTU_REQUESTS) {
		rtu->asked_unit = frame->adu[0];
		rtu->asked_function = frame->adu[1];
	}
}

static void
pass_over(struct rtu *rtu, size_t length)
{
	rtu->head += length;
	rtu->passed += length;
	rtu->in_garbage = false;
	rtu->asked_function = 0;
}

static bool
find(struct rtu *rtu, bool silent, struct rtu_frame *frame)
{
	while (rtu->head < rtu->length) {
		struct head head = {
			.bytes = rtu->buffer + rtu->head,
			.length = rtu->length - rtu->head,
			.first = !rtu->in_garbage,
			.silent = silent,
		};
		size_t length = 0;
		enum verdict verdict = judge(rtu->direction, &head, &length);

		if (verdict == GOOD) {
			give_out(rtu, length, frame);
			return true;
		}
		if (verdict == BAD && may_be_reply(rtu, &head)) {
			verdict = judge(RTU_REPLIES, &head, &length);
			if (verdict == GOOD)
				pass_over(rtu, length);
		}
		if (verdict == WAIT)
			return false;
		if (verdict == BAD)
			drop(rtu, 1);
	}
	return false;
}

bool
rtu_next(struct rtu *rtu, struct rtu_frame *frame)
{
	return find(rtu, false, frame);
}

bool
rtu_silence(struct rtu *rtu, struct rtu_frame *frame)
{
	if (find(rtu, true, frame))
		return true;
	rtu->in_garbage = false;
	return false;
}

bool
rtu_pending(const struct rtu *rtu)
{
	return rtu->head < rtu->length || rtu->in_garbage;
}

void
rtu_reset(struct rtu *rtu)
{
	drop(rtu, rtu->length - rtu->head);
	rtu->in_garbage = false;
	rtu->asked_function = 0;
}

int64_t
rtu_t35_us(uint32_t baud)
{
	/* 3.5 * 11 = 38.5 bits */
	return baud > 19200 ? 1750 : (38500000 + (int64_t)baud - 1) / baud;
}

int64_t
rtu_wire_us(uint32_t baud, unsigned bits, size_t bytes)
{
	return ((int64_t)bytes * bits * 1000000 + baud - 1) / baud;
}
