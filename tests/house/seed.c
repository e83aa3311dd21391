/* SPDX-License-Identifier: MIT */
#include "tests/house/seed.h"

#include <math.h>
#include <string.h>

#include "tests/house/life.h"
#include "tests/house/witness.h"

enum {
	WORDS_MAX = VALUE_TEXT_SIZE / 2,
	TRIES = 1000,
	POWER_OF_TEN_MAX = 2, /* of a scale point, either way */
	CHOICE_BITS = 32,
};

struct drawing {
	struct device *device;
	uint64_t random;
};

static unsigned
below(struct drawing *drawing, unsigned count)
{
	return (unsigned)(life_random(&drawing->random) * count);
}

static double
between(struct drawing *drawing, double low, double high)
{
	return low + (high - low) * life_random(&drawing->random);
}

/* Small and large ones, and every bit is set at times. */
static double
draw_integer(struct drawing *drawing, unsigned bits, bool is_signed)
{
	unsigned used = 1 + below(drawing, bits - is_signed);
	double value = floor(between(drawing, exp2(used - 1), exp2(used)));

	return is_signed && below(drawing, 2) == 0 ? -value : value;
}

static double
draw_float(struct drawing *drawing)
{
	return between(drawing, -1, 1) * pow(10, between(drawing, -2, 6));
}

static double
draw_choice(struct drawing *drawing, const struct map_entry *entry)
{
	double sum = 0;

	if (entry->type == MAP_ENUM16)
		return entry->choices[below(drawing, entry->choices_count)].raw;
	for (unsigned bit = 0; bit < CHOICE_BITS; bit++)
		for (unsigned i = 0; i < entry->choices_count; i++)
			if (entry->choices[i].raw == bit &&
			    below(drawing, 2) == 0) {
				sum += exp2(bit);
				break;
			}
	return sum;
}

/* Of the raw number. */
static double
draw_raw(struct drawing *drawing, const struct map_entry *entry)
{
	unsigned bits = 16U * entry->words;

	switch (entry->type) {
	case MAP_S16:
	case MAP_S32:
	case MAP_S64:
		return draw_integer(drawing, bits, true);
	case MAP_F32:
	case MAP_F64:
		return draw_float(drawing);
	case MAP_BOOL:
		return below(drawing, 2);
	case MAP_BCD16:
		return below(drawing, 10000);
	case MAP_ENUM16:
	case MAP_BITS16:
	case MAP_BITS32:
		if (entry->choices_count > 0)
			return draw_choice(drawing, entry);
		return draw_integer(drawing, bits, false);
	case MAP_U16:
	case MAP_U32:
	case MAP_U64:
	case MAP_HEX16:
	case MAP_STRING:
	case MAP_BYTES:
	case MAP_DATETIME:
	case MAP_TYPE_COUNT:
		break;
	}
	return draw_integer(drawing, bits, false);
}

/* Coarser, and what may be written could not be. */
static unsigned
scales_of(const struct map *map, unsigned entry)
{
	for (unsigned i = 0; i < map->entries_count; i++)
		if (map->entries[i].scale_entry == (int)entry &&
		    map->entries[i].has_range)
			return 1 + POWER_OF_TEN_MAX;
	return 1 + 2 * POWER_OF_TEN_MAX;
}

static void
draw_number(struct drawing *drawing, unsigned i, struct value *value)
{
	const struct map_entry *entry = &drawing->device->map.entries[i];
	double scale =
	    entry->scale * pow(10, device_scale10(drawing->device, i));

	value->kind = VALUE_NUMBER;
	if (device_scales(drawing->device, i))
		value->number = (double)below(drawing,
				    scales_of(&drawing->device->map, i)) -
		                POWER_OF_TEN_MAX;
	else if (entry->has_range)
		value->number = between(drawing, entry->min, entry->max);
	else
		value->number =
		    (draw_raw(drawing, entry) - entry->offset) * scale;
}

static void
draw_text(struct drawing *drawing, const struct map_entry *entry, char *text)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.";
	unsigned room = 2U * entry->words;
	unsigned length;

	if (room > VALUE_TEXT_SIZE - 1)
		room = VALUE_TEXT_SIZE - 1;
	length = 1 + below(drawing, room);
	for (unsigned i = 0; i < length; i++)
		text[i] = letters[below(drawing, sizeof(letters) - 1)];
	text[length] = '\0';
}

/* Not text: the registers themselves. */
static void
draw_words(struct drawing *drawing, unsigned i)
{
	static const unsigned low[] = { 2001, 1, 1, 0, 0, 0 };
	static const unsigned span[] = { 98, 12, 28, 24, 60, 60 };
	struct device *device = drawing->device;
	const struct map_entry *entry = &device->map.entries[i];

	for (unsigned j = 0; j < entry->words; j++) {
		unsigned word = below(drawing, 65536);

		if (entry->type == MAP_DATETIME && j < 6)
			word = low[j] + below(drawing, span[j]);
		device_set_word(
		    device, entry->function, device->at[i] + j, (uint16_t)word);
	}
}

static bool
in_range(const struct map_entry *entry, const struct value *value)
{
	return value->kind != VALUE_NUMBER || !entry->has_range ||
	       (value->number >= entry->min && value->number <= entry->max);
}

static void
draw_entry(struct drawing *drawing, unsigned i)
{
	const struct map_entry *entry = &drawing->device->map.entries[i];

	for (unsigned try = 0; try < TRIES; try++) {
		struct value value = { .kind = VALUE_TEXT };

		if (entry->type == MAP_BYTES || entry->type == MAP_DATETIME) {
			draw_words(drawing, i);
			return;
		}
		if (entry->type == MAP_STRING)
			draw_text(drawing, entry, value.text);
		else
			draw_number(drawing, i, &value);
		if (!device_put(drawing->device, i, &value))
			continue;
		device_get(drawing->device, i, &value);
		if (value.kind != VALUE_NONE && in_range(entry, &value))
			return;
	}
}

/* The rest is as in a device: whatever it is. */
static void
draw_rest(struct drawing *drawing)
{
	struct device *device = drawing->device;

	for (unsigned f = 1; f < DEVICE_FUNCTIONS; f++)
		for (unsigned at = 0; at < DEVICE_SPACE; at++)
			if (device->known[f][at] & DEVICE_THERE)
				device_set_word(device, f, at,
				    (uint16_t)below(drawing, 65536));
}

void
seed_fill(struct device *device, uint64_t seed)
{
	struct drawing drawing = { .device = device, .random = seed };
	const struct map *map = &device->map;

	draw_rest(&drawing);
	/* What scales others first; and what is read where another is written
	 * has the last word. */
	for (unsigned i = 0; i < map->entries_count; i++)
		if (device_scales(device, i))
			draw_entry(&drawing, i);
	for (unsigned i = 0; i < map->entries_count; i++)
		if (!device_scales(device, i) && !map->entries[i].readable)
			draw_entry(&drawing, i);
	for (unsigned i = 0; i < map->entries_count; i++)
		if (!device_scales(device, i) && map->entries[i].readable)
			draw_entry(&drawing, i);
}
