/* SPDX-License-Identifier: MIT */
/* The registers a device has, by its map's blocks; gaps in a block are 0. */
#ifndef PROXY_IMAGE_H
#define PROXY_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/map.h"

enum { IMAGE_REGISTERS_MAX = 2048 };

struct image {
	const struct map *map;
	uint16_t registers[IMAGE_REGISTERS_MAX]; /* the blocks, one by one */
};

/* False: the map's blocks hold more than IMAGE_REGISTERS_MAX. */
bool image_init(struct image *image, const struct map *map);

/* The registers from address on, or NULL unless all of them lie in one
 * block. */
uint16_t *image_at(struct image *image, uint16_t address, unsigned count);
const uint16_t *image_read(
    const struct image *image, uint16_t address, unsigned count);

/* Encodes every known quantity that the map has a point for. Returns how many
 * were held at the end of their register's range. */
unsigned image_encode(struct image *image, const struct quantities *values);

#endif
