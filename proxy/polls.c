/* SPDX-License-Identifier: MIT */
#include "proxy/polls.h"

#include <string.h>

#include "proxy/pdu.h"

static struct polls_row *
row_of(struct polls *polls, const struct sniff_event *event)
{
	struct polls_row *row;

	for (unsigned i = 0; i < polls->count; i++) {
		row = &polls->rows[i];
		if (row->unit == event->unit &&
		    row->function == event->function &&
		    row->address == event->address &&
		    row->count == event->count)
			return row;
	}
	if (polls->count == POLLS_MAX) {
		polls->left_out++;
		return NULL;
	}
	row = &polls->rows[polls->count++];
	*row = (struct polls_row){ .unit = event->unit,
		.function = event->function,
		.address = event->address,
		.count = event->count };
	return row;
}

static void
note_words(struct polls_row *row, const struct sniff_event *event)
{
	if (row->function < PDU_READ_HOLDING || row->function > PDU_READ_INPUT)
		return;
	row->words_count = (uint16_t)(event->data_length / 2);
	if (row->words_count > POLLS_WORDS_MAX)
		row->words_count = POLLS_WORDS_MAX;
	for (unsigned i = 0; i < row->words_count; i++)
		row->words[i] = pdu_get_u16(event->data + 2 * i);
}

void
polls_add(struct polls *polls, const struct sniff_event *event, struct mono at)
{
	struct polls_row *row = polls->last;

	polls->last = NULL;
	switch (event->kind) {
	case SNIFF_REQUEST:
		row = row_of(polls, event);
		polls->last = row;
		if (row == NULL)
			return;
		if (row->times++ == 0)
			row->first = at;
		row->last = at;
		return;
	case SNIFF_REPLY:
		if (row == NULL)
			return;
		row->answered++;
		note_words(row, event);
		return;
	case SNIFF_EXCEPTION:
		if (row == NULL)
			return;
		row->refused++;
		row->exception = event->exception;
		return;
	case SNIFF_ORPHAN:
		polls->orphans++;
		return;
	}
}

double
polls_period_ms(const struct polls_row *row)
{
	if (row->times < 2)
		return 0;
	return (double)mono_diff_us(row->last, row->first) / 1000 /
	       (row->times - 1);
}

struct polls_unit
polls_unit(const struct polls *polls, uint8_t unit)
{
	struct polls_unit total = { 0 };

	for (unsigned i = 0; i < polls->count; i++) {
		if (polls->rows[i].unit != unit)
			continue;
		total.rows++;
		total.times += polls->rows[i].times;
		total.answered += polls->rows[i].answered;
	}
	return total;
}

enum recognise_answer
polls_recall(void *context, uint8_t function, uint16_t address, uint16_t count,
    uint16_t *words)
{
	const struct polls_memory *memory = context;

	for (unsigned i = 0; i < memory->polls->count; i++) {
		const struct polls_row *row = &memory->polls->rows[i];

		if (row->unit != memory->unit || row->function != function ||
		    address < row->address ||
		    address + count > row->address + row->words_count)
			continue;
		memcpy(words, row->words + (address - row->address),
		    count * sizeof(*words));
		return RECOGNISE_WORDS;
	}
	return RECOGNISE_SILENT;
}
