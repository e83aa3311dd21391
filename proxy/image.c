/* SPDX-License-Identifier: MIT */
#include "proxy/image.h"

#include <assert.h>
#include <string.h>

#include "proxy/pdu.h"
#include "proxy/point.h"
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

/* All that is shown: the points, and behind them the copies. */
static unsigned
places(const struct map *map)
{
	return map->points_count + map->copies_count;
}

static const struct map_point *
place(const struct map *map, unsigned index)
{
	return index < map->points_count
	           ? &map->points[index]
	           : &map->copies[index - map->points_count];
}

/* False: the value was held at the end of the register's range. */
static bool
encode(struct image *image, const struct map_point *point, double value)
{
	uint16_t *registers =
	    image_at(image, point->address, map_type_words(point->type));

	assert(registers != NULL); /* map_load has checked it */
	return point_encode(
	    image->map, point, settle_sign(point, value), registers);
}

unsigned
image_encode(struct image *image, const struct quantities *values)
{
	struct quantities settled = *values;
	unsigned held = 0;

	settle_values(image->map, &settled);
	for (unsigned i = 0; i < places(image->map); i++) {
		const struct map_point *point = place(image->map, i);

		if (quantities_has(&settled, point->quantity) &&
		    !encode(image, point, settled.value[point->quantity]))
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

	settle_values(image->map, &settled);
	for (unsigned i = 0; i < places(image->map); i++) {
		const struct map_point *point = place(image->map, i);

		if (is_moved(before, after, point->quantity))
			encode(image, point, settled.value[point->quantity]);
	}
}

void
image_patch_moved(const struct image *image, const struct quantities *before,
    const struct quantities *after, uint16_t address, unsigned count,
    uint8_t *bytes)
{
	for (unsigned i = 0; i < places(image->map); i++) {
		const struct map_point *point = place(image->map, i);
		unsigned words = map_type_words(point->type);
		const uint16_t *registers =
		    image_read(image, point->address, words);

		if (!is_moved(before, after, point->quantity))
			continue;
		for (unsigned k = 0; k < words; k++) {
			unsigned at = point->address + k - (unsigned)address;

			if (point->address + k >= address && at < count)
				pdu_put_u16(
				    bytes + 2 * (size_t)at, registers[k]);
		}
	}
}
