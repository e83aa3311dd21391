/* SPDX-License-Identifier: MIT */
#include "proxy/report.h"

#include <string.h>

enum {
	EVERY_MS = 1000,
	AT_ONCE = 20, /* messages a tick */
	WAITING_MAX = 8, /* then the web process is behind */
	/* All there is to tell, in one order: of each line the units, then
	 * the questions. */
	ITEMS_OF_LINE = MESSAGE_UNITS + MESSAGE_ASKED_MAX,
	ITEMS = CONFIG_LINES_MAX * ITEMS_OF_LINE,
};

void
report_init(struct report *report, struct mono now)
{
	memset(report, 0, sizeof(*report));
	report->since = now;
	report->due = now;
	report->next = ITEMS;
}

void
report_watch(struct report *report, unsigned index, const struct line *line)
{
	report->lines[index].line = line;
}

/* What the framer and the line count themselves. */
static void
take_counters(struct tally *tally, const struct line *line)
{
	tally->count[TALLY_MESSAGE] = line->rtu.frames;
	tally->count[TALLY_CRC_ERROR] = line->rtu.broken;
	tally->count[TALLY_DROPPED_BYTE] = line->rtu.dropped;
	tally->count[TALLY_PASSED_BYTE] = line->rtu.passed;
	tally->count[TALLY_REOPENED] = line->opened > 0 ? line->opened - 1 : 0;
}

static void
push_line(struct report *report, unsigned index, struct outbox *updates)
{
	struct report_line *line = &report->lines[index];
	struct message_line *message;

	take_counters(&line->tally, line->line);
	message = &outbox_push(updates, MESSAGE_LINE)->body.line;
	message->line = index;
	message->up = line_is_up(line->line);
	message->since_us = report->since.us;
	message->replaced = line->asked.replaced;
	memcpy(message->count, line->tally.count, sizeof(message->count));
	memcpy(message->reply, line->tally.reply, sizeof(message->reply));
}

static void
push_unit(struct report *report, unsigned index, unsigned slot,
    struct outbox *updates)
{
	struct tally_unit *unit = &report->lines[index].tally.units[slot];
	struct message_unit *message =
	    &outbox_push(updates, MESSAGE_UNIT)->body.unit;

	unit->changed = false;
	message->line = index;
	message->slot = slot;
	message->since_us = report->since.us;
	message->unit = unit->unit;
	memcpy(message->count, unit->count, sizeof(message->count));
}

static void
push_asked(struct report *report, unsigned index, unsigned slot,
    struct outbox *updates)
{
	struct asked_entry *entry = &report->lines[index].asked.entries[slot];
	struct message_asked *message =
	    &outbox_push(updates, MESSAGE_ASKED)->body.asked;

	entry->changed = false;
	message->line = index;
	message->slot = slot;
	message->since_us = report->since.us;
	message->times = entry->times;
	message->interval_us = entry->interval_us;
	message->last_us = entry->last.us;
	message->address = entry->request.address;
	message->count = entry->request.count;
	message->unit = entry->unit;
	message->function = entry->request.function;
	message->answer = (uint8_t)entry->answer;
	message->exception = entry->exception;
}

static bool
is_wanted(const struct report_line *line, unsigned slot, bool unchanged_too)
{
	const struct asked_entry *entry;

	if (line->line == NULL)
		return false;
	if (slot < MESSAGE_UNITS)
		return unchanged_too ? line->tally.units[slot].used
		                     : line->tally.units[slot].changed;
	entry = &line->asked.entries[slot - MESSAGE_UNITS];
	return unchanged_too ? entry->times > 0 : entry->changed;
}

/* Tells an item that has changed, or one that is there at all. */
static bool
push_item(struct report *report, unsigned item, bool unchanged_too,
    struct outbox *updates)
{
	unsigned index = item / ITEMS_OF_LINE, slot = item % ITEMS_OF_LINE;

	if (!is_wanted(&report->lines[index], slot, unchanged_too))
		return false;
	if (slot < MESSAGE_UNITS)
		push_unit(report, index, slot, updates);
	else
		push_asked(report, index, slot - MESSAGE_UNITS, updates);
	return true;
}

static void
push_again(struct report *report, struct outbox *updates)
{
	for (unsigned i = 0; i < ITEMS; i++) {
		unsigned item = report->again;

		report->again = (report->again + 1) % ITEMS;
		if (push_item(report, item, true, updates))
			return;
	}
}

/* A round that is not through yet when the next one is due goes on. */
static void
begin_round(struct report *report, struct outbox *updates, struct mono now)
{
	report->due = mono_add_ms(now, EVERY_MS);
	for (unsigned i = 0; i < CONFIG_LINES_MAX; i++) {
		if (report->lines[i].line != NULL)
			push_line(report, i, updates);
	}
	if (report->next == ITEMS)
		report->next = 0;
}

void
report_tick(struct report *report, struct outbox *updates, struct mono now)
{
	unsigned pushed = 0;

	if (updates->count > WAITING_MAX)
		return;
	if (mono_reached(now, report->due))
		begin_round(report, updates, now);
	while (report->next < ITEMS && pushed < AT_ONCE)
		pushed += push_item(report, report->next++, false, updates);
	if (pushed < AT_ONCE)
		push_again(report, updates);
}
