/* SPDX-License-Identifier: MIT */
/*
 * One value <-> its registers. The only place where a device's own units and
 * signs are turned into ours (policy/quantity.h) and back.
 */
#ifndef PROXY_POINT_H
#define PROXY_POINT_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/map.h"

/* False when the registers hold no number (NaN, infinity). */
bool point_decode(const struct map *map, const struct map_point *point,
    const uint16_t *registers, double *value);

/*
 * Rounds to the nearest step; a value beyond the register's range is held at
 * its end (a saturated s16 is what the real meter would show too). Returns
 * false when that happened. value must be finite.
 */
bool point_encode(const struct map *map, const struct map_point *point,
    double value, uint16_t *registers);

/* What one step of the register is worth in our unit; for f32 the spacing of
 * floats around value. */
double point_step(const struct map_point *point, double value);

#endif
