/* SPDX-License-Identifier: MIT */
#include "proxy/reading.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCALE_MAX = 10 }; /* powers of ten that a device may mean */

/* --- what is wanted -------------------------------------------------------
 */

bool
reading_init(struct reading *reading, unsigned size)
{
	*reading = (struct reading){ .size = size };
	reading->items = calloc(size, sizeof(*reading->items));
	reading->order = calloc(size, sizeof(*reading->order));
	/* What is refused together is asked for one by one. */
	reading->reads = calloc(2 * (size_t)size, sizeof(*reading->reads));
	if (reading->items != NULL && reading->order != NULL &&
	    reading->reads != NULL)
		return true;
	reading_free(reading);
	return false;
}

void
reading_free(struct reading *reading)
{
	free(reading->items);
	free(reading->order);
	free(reading->reads);
	*reading = (struct reading){ 0 };
}

void
reading_start(struct reading *reading, const struct ground *ground)
{
	reading->ground = ground;
	reading->chain = NULL;
	reading->items_count = 0;
	reading->reads_count = 0;
}

static const struct map_entry *
entry_of(const struct reading *reading, const struct reading_item *item)
{
	return &reading->ground->map->entries[item->entry];
}

static struct reading_item *
find(const struct reading *reading, unsigned entry)
{
	for (unsigned i = 0; i < reading->items_count; i++) {
		if (reading->items[i].entry == entry)
			return &reading->items[i];
	}
	return NULL;
}

bool
reading_want(struct reading *reading, unsigned entry)
{
	const struct ground *ground = reading->ground;
	const struct map_entry *wanted = &ground->map->entries[entry];
	struct reading_item *item;

	assert(entry < ground->map->entries_count);
	assert(wanted->readable);
	if (find(reading, entry) == NULL) {
		if (reading->items_count == reading->size)
			return false;
		item = &reading->items[reading->items_count++];
		item->entry = (uint16_t)entry;
		item->state = READING_WAITS;
		item->exception = 0;
	}
	return wanted->scale_entry < 0 ||
	       !ground->map->entries[wanted->scale_entry].readable ||
	       reading_want(reading, (unsigned)wanted->scale_entry);
}

bool
reading_needs_chain(const struct reading *reading)
{
	for (unsigned i = 0; i < reading->items_count; i++) {
		if (entry_of(reading, &reading->items[i])->model != 0)
			return true;
	}
	return false;
}

/* --- requests -------------------------------------------------------------
 */

static enum reading_state
place(struct reading *reading, struct reading_item *item)
{
	const struct map *map = reading->ground->map;

	if (!ground_place(map, reading->chain, item->entry, &item->span))
		return READING_ABSENT;
	if (span_length(&item->span) > map->words_max ||
	    ground_in_hole(map, &item->span))
		return READING_BARRED;
	return READING_WAITS;
}

static unsigned
sort(struct reading *reading)
{
	unsigned count = 0;

	for (unsigned i = 0; i < reading->items_count; i++) {
		const struct reading_item *items = reading->items;
		unsigned at = count;

		if (items[i].state != READING_WAITS)
			continue;
		while (at > 0 && ground_before(&items[i].span,
				     &items[reading->order[at - 1]].span)) {
			reading->order[at] = reading->order[at - 1];
			at--;
		}
		reading->order[at] = (uint16_t)i;
		count++;
	}
	return count;
}

static bool
joins(const void *context, const struct span *from, const struct span *next)
{
	const struct reading *reading = context;

	return !reading->apart &&
	       ground_joins(reading->ground, reading->chain, from, next);
}

void
reading_plan(struct reading *reading, const struct sunspec *chain, bool apart)
{
	const struct span_rules rules = { reading->ground->map->words_max,
		joins, reading };
	struct span_list list = { reading->reads, reading->size, 0 };
	unsigned count;

	reading->chain = chain;
	reading->apart = apart;
	for (unsigned i = 0; i < reading->items_count; i++)
		reading->items[i].state = place(reading, &reading->items[i]);
	count = sort(reading);
	for (unsigned i = 0; i < count; i++) {
		struct reading_item *item = &reading->items[reading->order[i]];
		bool added = span_add(&list, &item->span, &rules);

		assert(added);
		item->read = (uint16_t)(list.count - 1);
	}
	reading->reads_count = list.count;
}

void
reading_take(struct reading *reading, unsigned read, const uint16_t *words)
{
	for (unsigned i = 0; i < reading->items_count; i++) {
		struct reading_item *item = &reading->items[i];
		uint32_t at = item->span.begin - reading->reads[read].begin;

		if (item->state != READING_WAITS || item->read != read)
			continue;
		memcpy(item->words, words + at,
		    span_length(&item->span) * sizeof(*words));
		item->state = READING_TAKEN;
	}
}

static unsigned
count_items(const struct reading *reading, unsigned read)
{
	unsigned count = 0;

	for (unsigned i = 0; i < reading->items_count; i++) {
		if (reading->items[i].state == READING_WAITS)
			count += reading->items[i].read == read;
	}
	return count;
}

void
reading_refuse(struct reading *reading, unsigned read, uint8_t exception)
{
	bool together = count_items(reading, read) > 1;

	for (unsigned i = 0; i < reading->items_count; i++) {
		struct reading_item *item = &reading->items[i];

		if (item->state != READING_WAITS || item->read != read)
			continue;
		if (together) {
			assert(reading->reads_count < 2 * reading->size);
			item->read = (uint16_t)reading->reads_count;
			reading->reads[reading->reads_count++] = item->span;
		} else {
			item->state = READING_REFUSED;
			item->exception = exception;
		}
	}
}

void
reading_fail(struct reading *reading, unsigned read)
{
	for (unsigned i = 0; i < reading->items_count; i++) {
		struct reading_item *item = &reading->items[i];

		if (item->state == READING_WAITS && item->read == read)
			item->state = READING_SILENT;
	}
}

/* --- values ---------------------------------------------------------------
 */

const uint16_t *
reading_words(const struct reading *reading, unsigned entry)
{
	const struct reading_item *item = find(reading, entry);

	return item != NULL && item->state == READING_TAKEN ? item->words
	                                                    : NULL;
}

bool
reading_scale10(const struct reading *reading, unsigned entry, int *scale10)
{
	int scale = reading->ground->map->entries[entry].scale_entry;
	struct value power;

	*scale10 = 0;
	if (scale < 0)
		return true;
	if (find(reading, (unsigned)scale) == NULL)
		return false;
	if (reading_value(reading, (unsigned)scale, &power) != READING_TAKEN ||
	    power.kind != VALUE_NUMBER || fabs(power.number) > SCALE_MAX)
		return false;
	*scale10 = (int)lround(power.number);
	return true;
}

enum reading_state
reading_value(
    const struct reading *reading, unsigned entry, struct value *value)
{
	const struct reading_item *item = find(reading, entry);
	int scale10;

	assert(item != NULL);
	if (item->state != READING_TAKEN)
		return item->state;
	/* A number of unknown size is none. */
	if (reading_scale10(reading, entry, &scale10))
		value_get(entry_of(reading, item), item->words, scale10, value);
	else
		*value = (struct value){ .kind = VALUE_NONE };
	return READING_TAKEN;
}

void
reading_why(
    const struct reading *reading, unsigned entry, char *text, unsigned size)
{
	static const char *const texts[] = {
		[READING_WAITS] = "not read",
		[READING_TAKEN] = "",
		[READING_ABSENT] = "this device does not have its model",
		[READING_BARRED] = "it lies in a hole, or is too long to read",
		[READING_SILENT] = "no answer",
	};
	const struct reading_item *item = find(reading, entry);

	assert(item != NULL);
	if (item->state == READING_REFUSED)
		snprintf(
		    text, size, "refused with exception %u", item->exception);
	else
		snprintf(text, size, "%s", texts[item->state]);
}
