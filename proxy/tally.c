/* SPDX-License-Identifier: MIT */
#include "proxy/tally.h"

#include <assert.h>

enum { OTHERS = MESSAGE_UNITS - 1 };

static const enum tally_event by_outcome[TXN_OUTCOME_COUNT] = {
	[TXN_OK] = TALLY_OK,
	[TXN_EXCEPTION] = TALLY_EXCEPTION,
	[TXN_SILENT] = TALLY_SILENT,
	[TXN_LATE] = TALLY_LATE,
	[TXN_SUPERSEDED] = TALLY_SUPERSEDED,
	[TXN_FOREIGN] = TALLY_FOREIGN,
	[TXN_TIMEOUT] = TALLY_TIMEOUT,
	[TXN_MISMATCH] = TALLY_MISMATCH,
	[TXN_BROKEN] = TALLY_BROKEN,
	[TXN_PASSED] = TALLY_CARRIED,
};

/* Slots fill from the first one and are never given back. */
static struct tally_unit *
find_unit(struct tally *tally, uint8_t unit)
{
	unsigned i = 0;

	while (
	    i < OTHERS && tally->units[i].used && tally->units[i].unit != unit)
		i++;
	tally->units[i].used = true;
	if (i < OTHERS)
		tally->units[i].unit = unit;
	return &tally->units[i];
}

void
tally_count(struct tally *tally, uint8_t unit, enum tally_event event)
{
	struct tally_unit *slot;

	assert(event < TALLY_EVENTS);
	tally->count[event]++;
	if (event >= TALLY_UNIT_EVENTS)
		return;
	slot = find_unit(tally, unit);
	slot->count[event]++;
	slot->changed = true;
}

void
tally_outcome(struct tally *tally, uint8_t unit, enum txn_outcome outcome)
{
	assert(outcome < TXN_OUTCOME_COUNT);
	tally_count(tally, unit, by_outcome[outcome]);
}

void
tally_reply_us(struct tally *tally, enum tally_reply whose, int64_t us)
{
	assert(whose < TALLY_REPLIES);
	histogram_add(&tally->reply[whose], us);
}
