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

/* Is there a register that image_encode puts the quantity into? */
bool image_shows(const struct map *map, enum quantity quantity);

/* The registers from address on, or NULL unless all of them lie in one
 * block. */
uint16_t *image_at(struct image *image, uint16_t address, unsigned count);
const uint16_t *image_read(
    const struct image *image, uint16_t address, unsigned count);

/* Encodes every known quantity that the map has a point for, rounded together
 * (proxy/settle.h). Returns how many were held at the end of their register's
 * range. */
unsigned image_encode(struct image *image, const struct quantities *values);

/* Takes over all registers of an image of the same map, as they are. */
void image_copy(struct image *image, const struct image *from);

/* Encodes the quantities that differ between the two; the others' registers
 * stay as they are, to the bit. */
void image_encode_moved(struct image *image, const struct quantities *before,
    const struct quantities *after);

/* Puts into reply registers from address on those of the points that differ,
 * where they touch them, in part too. bytes: 2 a register, as in a PDU. */
void image_patch_moved(const struct image *image,
    const struct quantities *before, const struct quantities *after,
    uint16_t address, unsigned count, uint8_t *bytes);

#endif
