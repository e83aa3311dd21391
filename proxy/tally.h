/* SPDX-License-Identifier: MIT */
/*
 * The counters of one line and of the units on it, and how long replies took.
 * Pure, fixed memory. Counts grow from the start of the proxy and are never
 * reset; units beyond the first 16 seen share the last slot.
 */
#ifndef PROXY_TALLY_H
#define PROXY_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/histogram.h"
#include "gateway/message.h"

struct tally_unit {
	bool used;
	bool changed; /* since whoever reports it has cleared this */
	uint8_t unit; /* of the last slot: nobody's */
	uint64_t count[TALLY_UNIT_EVENTS];
};

/* Zeroed: nothing counted yet. */
struct tally {
	uint64_t count[TALLY_EVENTS];
	struct histogram reply[TALLY_REPLIES];
	struct tally_unit units[MESSAGE_UNITS];
};

/* Once an event. The unit does not matter for those from TALLY_UNIT_EVENTS
 * on. */
void tally_count(struct tally *tally, uint8_t unit, enum tally_event event);

/* The same by how a transaction ended; a request is not counted by it. */
void tally_outcome(struct tally *tally, uint8_t unit, enum txn_outcome outcome);

/* A reply was sent (TALLY_OURS) or has come (TALLY_DEVICE) after so long. */
void tally_reply_us(struct tally *tally, enum tally_reply whose, int64_t us);

#endif
