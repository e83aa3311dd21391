/* SPDX-License-Identifier: MIT */
#include "proxy/image.h"

#include <assert.h>
#include <string.h>

#include "proxy/point.h"

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
		unsigned end = (unsigned)block->address + block->count;

		if (address >= block->address && address + count <= end)
			return (int)(before + address - block->address);
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

unsigned
image_encode(struct image *image, const struct quantities *values)
{
	unsigned held = 0;

	for (unsigned i = 0; i < image->map->points_count; i++) {
		const struct map_point *point = &image->map->points[i];
		uint16_t *registers;

		if (!quantities_has(values, point->quantity))
			continue;
		registers = image_at(
		    image, point->address, map_type_words(point->type));
		assert(registers != NULL); /* map_load has checked it */
		if (!point_encode(image->map, point,
			values->value[point->quantity], registers))
			held++;
	}
	return held;
}
