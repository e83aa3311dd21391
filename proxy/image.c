/* SPDX-License-Identifier: MIT */
#include "proxy/image.h"

#include <assert.h>
#include <string.h>

#include "proxy/hold.h"
#include "proxy/pdu.h"
#include "proxy/settle.h"

bool
image_init(struct image *image, const struct map *map)
{
	unsigned total = 0;

	memset(image, 0, sizeof(*image));
	image->map = map;
	for (unsigned i = 0; i < map->blocks_count; i++)
		total += map->blocks[i].count;
	return total <= IMAGE_REGISTERS_MAX;
}

/* Index of the register in the image, or -1. */
static int
find(const struct map *map, uint16_t address, unsigned count)
{
	unsigned before = 0;

	for (unsigned i = 0; i < map->blocks_count; i++) {
		const struct map_block *block = &map->blocks[i];
		unsigned at = (unsigned)address - block->address;

		if (address >= block->address && at < block->count &&
		    count <= block->count - at)
			return (int)(before + at);
		before += block->count;
	}
	return -1;
}

uint16_t *
image_at(struct image *image, uint16_t address, unsigned count)
{
	int at = find(image->map, address, count);

	return at < 0 ? NULL : &image->registers[at];
}

const uint16_t *
image_read(const struct image *image, uint16_t address, unsigned count)
{
	int at = find(image->map, address, count);

	return at < 0 ? NULL : &image->registers[at];
}

/* Where a quantity is shown. */
struct place {
	enum quantity quantity;
	uint16_t address;
	unsigned words;
	const struct map_point *point; /* or NULL, and */
	const struct map_entry *entry;
};

/* All that is shown: the points, their copies, and what cannot be polled. */
static unsigned
places(const struct map *map)
{
	return map->points_count + map->copies_count + map->entries_count;
}

/* False: of these entries some are points, and some are nothing. */
static bool
get_place(const struct map *map, unsigned index, struct place *place)
{
	const struct map_point *point = NULL;
	const struct map_entry *entry;

	if (index < map->points_count)
		point = &map->points[index];
	else if (index - map->points_count < map->copies_count)
		point = &map->copies[index - map->points_count];
	if (point != NULL) {
		*place = (struct place){ point->quantity, point->address,
			map_type_words(point->type), point, NULL };
		return true;
	}
	entry = &map->entries[index - map->points_count - map->copies_count];
	*place = (struct place){ entry->quantity, entry->address, entry->words,
		NULL, entry };
	return hold_is_wide(map, entry);
}

bool
image_shows(const struct map *map, enum quantity quantity)
{
	struct place place;

	for (unsigned i = 0; i < places(map); i++) {
		if (get_place(map, i, &place) && place.quantity == quantity)
			return true;
	}
	return false;
}

/* Of the registers themselves, as nothing else tells it of a shown meter. */
static int
scale10_of(const struct image *image, const struct map_entry *entry)
{
	const struct map_entry *scale;
	const uint16_t *registers;

	if (entry->scale_entry < 0)
		return 0;
	scale = &image->map->entries[entry->scale_entry];
	registers = image_read(image, scale->address, 1);
	return registers == NULL ? 0 : (int16_t)registers[0];
}

/* False: the value was held at the end of the register's range. */
static bool
encode(struct image *image, const struct place *place, double value)
{
	uint16_t *registers = image_at(image, place->address, place->words);

	assert(registers != NULL); /* map_load has checked it */
	if (place->point == NULL)
		return hold_entry(place->entry, value,
		    scale10_of(image, place->entry), registers);
	return hold_point(image->map, place->point,
	    settle_sign(place->point, value), registers);
}

unsigned
image_encode(struct image *image, const struct quantities *values)
{
	struct quantities settled = *values;
	struct place place;
	unsigned held = 0;

	settle_values(image->map, &settled);
	for (unsigned i = 0; i < places(image->map); i++) {
		if (get_place(image->map, i, &place) &&
		    quantities_has(&settled, place.quantity) &&
		    !encode(image, &place, settled.value[place.quantity]))
			held++;
	}
	return held;
}

void
image_copy(struct image *image, const struct image *from)
{
	assert(image->map == from->map);
	memcpy(image->registers, from->registers, sizeof(image->registers));
}

/* Exactly: what was not moved was copied. */
static bool
is_moved(const struct quantities *before, const struct quantities *after,
    enum quantity quantity)
{
	double from = before->value[quantity], to = after->value[quantity];

	return quantities_has(before, quantity) &&
	       quantities_has(after, quantity) && (from < to || from > to);
}

void
image_encode_moved(struct image *image, const struct quantities *before,
    const struct quantities *after)
{
	struct quantities settled = *after;
	struct place place;

	settle_values(image->map, &settled);
	for (unsigned i = 0; i < places(image->map); i++) {
		if (get_place(image->map, i, &place) &&
		    is_moved(before, after, place.quantity))
			encode(image, &place, settled.value[place.quantity]);
	}
}

void
image_patch_moved(const struct image *image, const struct quantities *before,
    const struct quantities *after, uint16_t address, unsigned count,
    uint8_t *bytes)
{
	struct place place;

	for (unsigned i = 0; i < places(image->map); i++) {
		const uint16_t *registers;

		if (!get_place(image->map, i, &place) ||
		    !is_moved(before, after, place.quantity))
			continue;
		registers = image_read(image, place.address, place.words);
		for (unsigned k = 0; registers != NULL && k < place.words;
		     k++) {
			unsigned at = place.address + k - (unsigned)address;

			if (place.address + k >= address && at < count)
				pdu_put_u16(
				    bytes + 2 * (size_t)at, registers[k]);
		}
	}
}
