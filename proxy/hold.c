/* SPDX-License-Identifier: MIT */
#include "proxy/hold.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

#include "proxy/point.h"
#include "proxy/raw.h"

enum { BCD_MAX = 9999 };

static bool
is_polled(const struct map *map, const struct map_entry *entry)
{
	return entry->type <= MAP_F32 && entry->scale_entry < 0 &&
	       !(fabs(entry->offset) > 0.0) &&
	       entry->word_order == map->word_order;
}

bool
hold_is_wide(const struct map *map, const struct map_entry *entry)
{
	return entry->quantity != QUANTITY_COUNT && entry->readable &&
	       entry->function == map->function && entry->model == 0 &&
	       raw_bits(entry->type) > 0 && !is_polled(map, entry);
}

/* The last number on that side of zero. */
static double
end_of(const struct map_entry *entry, bool negative)
{
	int bits = (int)raw_bits(entry->type);
	double power;

	if (entry->type == MAP_F32)
		return negative ? -(double)FLT_MAX : (double)FLT_MAX;
	if (entry->type == MAP_BCD16)
		return negative ? 0.0 : BCD_MAX;
	if (raw_is_signed(entry->type))
		bits--;
	power = ldexp(1.0, bits);
	if (negative)
		return raw_is_signed(entry->type) ? -power : 0.0;
	return bits < 53 ? power - 1.0 : nextafter(power, 0.0);
}

static bool
is_invalid(const struct map_entry *entry, uint64_t raw)
{
	for (unsigned i = 0; i < entry->invalid_count; i++)
		if (entry->invalid[i] == raw)
			return true;
	return false;
}

/* The number's bits; a mark is left by steps towards zero. */
static uint64_t
make_valid(const struct map_entry *entry, double number)
{
	uint64_t raw = raw_make(entry, number);

	for (unsigned i = 0; i < MAP_INVALID_MAX && is_invalid(entry, raw); i++)
		raw += number > 0.0 ? UINT64_MAX : 1;
	return raw;
}

bool
hold_entry(const struct map_entry *entry, double value, int scale10,
    uint16_t *registers)
{
	double number =
	    value / (entry->scale * pow(10.0, scale10)) + entry->offset;
	bool fits;

	if (!raw_is_float(entry->type))
		number = round(number);
	fits = raw_fits(entry, number);
	if (!fits)
		number = end_of(entry, number < 0.0);
	raw_split(entry,
	    raw_is_float(entry->type) ? raw_make(entry, number)
				      : make_valid(entry, number),
	    registers);
	return fits;
}

bool
hold_point(const struct map *map, const struct map_point *point, double value,
    uint16_t *registers)
{
	if (point_encode(map, point, value, registers))
		return true;
	for (unsigned i = 0; i < map->entries_count; i++) {
		const struct map_entry *entry = &map->entries[i];

		if (entry->address == point->address &&
		    entry->quantity == point->quantity &&
		    entry->function == map->function)
			return hold_entry(entry, value, 0, registers);
	}
	return false;
}
