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

/* --- answers that are owed -------------------------------------------------
 */

static bool
is_owed(const struct exchange_owed *owed, struct mono now)
{
	return mono_is_set(owed->until) && !mono_reached(now, owed->until);
}

/* NULL: all are taken. */
static struct exchange_owed *
free_owed(struct exchange *exchange, struct mono now)
{
	for (unsigned i = 0; i < EXCHANGE_OWED_MAX; i++) {
		if (!is_owed(&exchange->owed[i], now))
			return &exchange->owed[i];
	}
	return NULL;
}

/* The request that was just given up; until: when its answer comes no more. */
static void
owe(struct exchange *exchange, struct mono until, struct mono now)
{
	struct exchange_owed *owed = free_owed(exchange, now);

	if (exchange->wire.baud == 0 || mono_reached(now, until))
		return;
	if (owed == NULL) { /* a line lost again and again: ask nothing */
		if (mono_diff_us(until, exchange->pause) > 0)
			exchange->pause = until;
		return;
	}
	owed->until = until;
	owed->unit = exchange->unit;
	owed->length = exchange->length;
	memcpy(owed->pdu, exchange->pdu, exchange->length);
}

/* Exceptions of a function all look the same. */
static bool
may_be_owed(const struct exchange *exchange, struct mono now)
{
	for (unsigned i = 0; i < EXCHANGE_OWED_MAX; i++) {
		const struct exchange_owed *owed = &exchange->owed[i];

		if (is_owed(owed, now) && owed->unit == exchange->unit &&
		    owed->pdu[0] == exchange->pdu[0])
			return true;
	}
	return false;
}

bool
exchange_may_ask(const struct exchange *exchange, uint8_t unit,
    const uint8_t *pdu, size_t length, struct mono now, struct mono *until)
{
	*until = now;
	for (unsigned i = 0; i < EXCHANGE_OWED_MAX; i++) {
		const struct exchange_owed *owed = &exchange->owed[i];

		if (is_owed(owed, now) && owed->unit == unit &&
		    match_is_alike(owed->pdu, owed->length, pdu, length) &&
		    mono_diff_us(owed->until, *until) > 0)
			*until = owed->until;
	}
	return mono_reached(now, *until);
}

/* --- request and answer ----------------------------------------------------
 */

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
	exchange->late_us = timing->late_us;
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
	if (match == MATCH_NONE ||
	    (match == MATCH_EXCEPTION && may_be_owed(exchange, at)))
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
		owe(exchange, exchange->late_until, now);
		finish(exchange, now);
		return EXCHANGE_NOTHING;
	}
	if (exchange->wire.baud == 0) {
		finish(exchange, now);
		return EXCHANGE_FAILED;
	}
	exchange->state = EXCHANGE_QUARANTINE;
	exchange->late_until = mono_add_us(now, exchange->late_us);
	/* Who cannot be remembered is waited for. */
	if (free_owed(exchange, now) == NULL &&
	    exchange->quarantine_us < exchange->late_us)
		exchange->quarantine_us = exchange->late_us;
	exchange->deadline = mono_add_us(now, exchange->quarantine_us);
	return EXCHANGE_FAILED;
}

bool
exchange_abort(struct exchange *exchange, struct mono now)
{
	bool waiting = exchange->state == EXCHANGE_WAIT;

	if (waiting)
		exchange->late_until = mono_add_us(now, exchange->late_us);
	if (exchange->state != EXCHANGE_IDLE)
		owe(exchange, exchange->late_until, now);
	exchange->state = EXCHANGE_IDLE;
	return waiting;
}
