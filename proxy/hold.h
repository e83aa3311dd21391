/* SPDX-License-Identifier: MIT */
/*
 * A value into the registers of a shown meter, held within what they can say:
 * beyond their range it is the last number that is no mark for "not available".
 * Of the types that are not polled too (64 bits, an own word order or offset).
 */
#ifndef PROXY_HOLD_H
#define PROXY_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/map.h"

/* One that the map lists, and that no map_point stands for: registers of the
 * map's function that hold a number of a quantity. */
bool hold_is_wide(const struct map *map, const struct map_entry *entry);

/* Into entry->words registers, to the nearest step. scale10: as in value.h.
 * False: held at the end. value must be finite. */
bool hold_entry(const struct map_entry *entry, double value, int scale10,
    uint16_t *registers);

/* The same for a place that is polled. */
bool hold_point(const struct map *map, const struct map_point *point,
    double value, uint16_t *registers);

#endif
