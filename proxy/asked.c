/* SPDX-License-Identifier: MIT */
#include "proxy/asked.h"

#include <assert.h>

static const enum asked_answer by_outcome[TXN_OUTCOME_COUNT] = {
	[TXN_OK] = ASKED_OK,
	[TXN_EXCEPTION] = ASKED_EXCEPTION,
	[TXN_SILENT] = ASKED_SILENT,
	[TXN_LATE] = ASKED_SILENT,
	[TXN_SUPERSEDED] = ASKED_SILENT,
	[TXN_FOREIGN] = ASKED_FOREIGN,
	[TXN_TIMEOUT] = ASKED_SILENT,
	[TXN_MISMATCH] = ASKED_SILENT,
	[TXN_BROKEN] = ASKED_SILENT,
	[TXN_PASSED] = ASKED_CARRIED,
};

static bool
same(const struct asked_entry *entry, uint8_t unit,
    const struct pdu_request *request)
{
	return entry->times > 0 && entry->unit == unit &&
	       entry->request.function == request->function &&
	       entry->request.address == request->address &&
	       entry->request.count == request->count;
}

static struct asked_entry *
make_room(struct asked *asked)
{
	struct asked_entry *oldest = &asked->entries[0];

	for (unsigned i = 0; i < MESSAGE_ASKED_MAX; i++) {
		if (asked->entries[i].times == 0)
			return &asked->entries[i];
		if (asked->entries[i].last.us < oldest->last.us)
			oldest = &asked->entries[i];
	}
	asked->replaced++;
	return oldest;
}

static struct asked_entry *
find(struct asked *asked, uint8_t unit, const struct pdu_request *request)
{
	struct asked_entry *entry;

	for (unsigned i = 0; i < MESSAGE_ASKED_MAX; i++) {
		if (same(&asked->entries[i], unit, request))
			return &asked->entries[i];
	}
	entry = make_room(asked);
	*entry = (struct asked_entry){ .unit = unit, .request = *request };
	return entry;
}

static void
note_interval(struct asked_entry *entry, struct mono at)
{
	int64_t us = mono_diff_us(at, entry->last);

	/* Two in one read of the line; 0 would say "seen once". */
	if (us < 1)
		us = 1;
	if (entry->interval_us == 0)
		entry->interval_us = us;
	else
		entry->interval_us += (us - entry->interval_us) / 8;
}

void
asked_note(struct asked *asked, uint8_t unit, const struct pdu_request *request,
    enum asked_answer answer, uint8_t exception, struct mono at)
{
	struct asked_entry *entry = find(asked, unit, request);

	assert(answer < ASKED_ANSWER_COUNT);
	if (entry->times > 0)
		note_interval(entry, at);
	entry->times++;
	entry->last = at;
	entry->answer = answer;
	entry->exception = answer == ASKED_EXCEPTION ? exception : 0;
	entry->changed = true;
}

enum asked_answer
asked_answer_of(enum txn_outcome outcome)
{
	assert(outcome < TXN_OUTCOME_COUNT);
	return by_outcome[outcome];
}
