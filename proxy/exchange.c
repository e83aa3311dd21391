/* SPDX-License-Identifier: MIT */
#include "proxy/exchange.h"

#include <assert.h>
#include <string.h>

#include "proxy/match.h"
#include "proxy/rtu.h"

enum {
	CHUNK_US = 20000, /* an adapter may hold a frame's end back so long */
	STALL_US = 50000, /* and a busy machine may be late with them all */
	TURNAROUND_US = 100000, /* for the devices to obey a broadcast */
	AROUND_PDU = 3, /* unit and CRC */
};

int64_t
exchange_wire_us(const struct exchange_wire *wire, size_t bytes)
{
	return wire->baud == 0
	           ? 0
	           : rtu_wire_us(wire->baud, wire->character_bits, bytes);
}

int64_t
exchange_t35_us(const struct exchange_wire *wire)
{
	return wire->baud == 0 ? 0 : rtu_t35_us(wire->baud);
}

void
exchange_init(struct exchange *exchange, struct exchange_wire wire)
{
	memset(exchange, 0, sizeof(*exchange));
	exchange->wire = wire;
}

bool
exchange_ready(
    const struct exchange *exchange, struct mono now, struct mono *wake)
{
	*wake = exchange->state == EXCHANGE_IDLE ? exchange->pause
	                                         : exchange->deadline;
	return exchange->state == EXCHANGE_IDLE &&
	       mono_reached(now, exchange->pause);
}

static void
finish(struct exchange *exchange, struct mono at)
{
	exchange->state = EXCHANGE_IDLE;
	exchange->pause = mono_add_us(at, exchange->gap_us);
}

/* Whoever speaks while we do not listen gets its silence all the same. */
static void
pause_after(struct exchange *exchange, struct mono at)
{
	struct mono silent = mono_add_us(at, exchange_t35_us(&exchange->wire));

	if (mono_diff_us(silent, exchange->pause) > 0)
		exchange->pause = silent;
}

void
exchange_begin(struct exchange *exchange, uint8_t unit, const uint8_t *pdu,
    size_t length, const struct exchange_timing *timing, struct mono now)
{
	struct mono sent = mono_add_us(
	    now, exchange_wire_us(&exchange->wire, length + AROUND_PDU));

	assert(exchange->state == EXCHANGE_IDLE && length <= PDU_MAX);
	exchange->state = EXCHANGE_WAIT;
	exchange->unit = unit;
	memcpy(exchange->pdu, pdu, length);
	exchange->length = length;
	exchange->sent = now;
	exchange->heard = false;
	exchange->timeout_us = timing->timeout_us;
	exchange->quarantine_us = timing->quarantine_us;
	exchange->gap_us = exchange_t35_us(&exchange->wire);
	if (exchange->gap_us < timing->gap_us)
		exchange->gap_us = timing->gap_us;
	exchange->deadline = mono_add_us(sent, timing->timeout_us + CHUNK_US);
	if (unit == 0)
		finish(exchange, mono_add_us(sent, TURNAROUND_US));
}

void
exchange_heard(struct exchange *exchange)
{
	size_t length;

	if (exchange->state != EXCHANGE_WAIT || exchange->heard)
		return;
	exchange->heard = true;
	length = match_length(exchange->pdu, exchange->length) + AROUND_PDU;
	exchange->deadline = mono_add_us(exchange->deadline,
	    exchange_wire_us(&exchange->wire, length) + STALL_US);
}

enum exchange_verdict
exchange_frame(struct exchange *exchange, uint8_t unit, const uint8_t *pdu,
    size_t length, struct mono at)
{
	enum match match;

	if (exchange->state == EXCHANGE_IDLE)
		pause_after(exchange, at);
	if (exchange->state == EXCHANGE_IDLE || unit != exchange->unit)
		return EXCHANGE_FOREIGN;
	match = match_reply(exchange->pdu, exchange->length, pdu, length);
	if (match == MATCH_NONE)
		return EXCHANGE_FOREIGN;
	/* In quarantine it is the late answer: nothing more is to come. */
	if (exchange->state == EXCHANGE_QUARANTINE) {
		finish(exchange, at);
		return EXCHANGE_FOREIGN;
	}
	finish(exchange, at);
	return match == MATCH_DATA ? EXCHANGE_ANSWERED : EXCHANGE_REFUSED;
}

enum exchange_verdict
exchange_expire(struct exchange *exchange, struct mono now)
{
	if (exchange->state == EXCHANGE_IDLE ||
	    !mono_reached(now, exchange->deadline))
		return EXCHANGE_NOTHING;
	if (exchange->state == EXCHANGE_QUARANTINE) {
		finish(exchange, now);
		return EXCHANGE_NOTHING;
	}
	if (exchange->wire.baud == 0) {
		finish(exchange, now);
		return EXCHANGE_FAILED;
	}
	exchange->state = EXCHANGE_QUARANTINE;
	exchange->deadline = mono_add_us(now, exchange->quarantine_us);
	return EXCHANGE_FAILED;
}

bool
exchange_abort(struct exchange *exchange)
{
	bool waiting = exchange->state == EXCHANGE_WAIT;

	exchange->state = EXCHANGE_IDLE;
	return waiting;
}
