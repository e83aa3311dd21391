/* SPDX-License-Identifier: MIT */
/*
 * Any meter map can be shown from any source: what the source lacks is had
 * from what it gives, by the rule of the quantity. What it gives is kept, to
 * the bit.
 *
 *   quantity         total from phases   phase from total       from neither
 *   active power     their sum           a share                silence
 *   reactive power   their sum           a share                0 var
 *   apparent power   their sum           V x I, else P and Q    P and Q
 *   current          their sum           S / V                  S / V
 *   power factor     P / S               P / S                  P / S
 *   voltage          mean of the known   the same               230 V
 *   frequency                                                   50 Hz
 *   energy           their sum           a share                0 until known
 *   reactive energy                                             0 until known
 *
 * A share: phases that lack split what the known ones leave of the total
 * evenly. Where no phase has a power of its own, S and I are shared too.
 * A voltage between two phases is the square root of 3 times that of the first,
 * by the scale in the map. A neutral value (last column) is no measurement:
 * nothing but a current is had from it, and no power. An energy that is known
 * no longer stays as it was last shown.
 *
 * How phases become phases, by `phases` of the shown meter (on):
 *
 *   shown    source   all (0)               l1, l2, l3 (1 .. 3)
 *   single   single   as it is              as it is
 *   single   three    total: sum of three   that phase; what is told of totals
 *                                           alone (energy) is not known, and
 *                                           without its power there is silence
 *   three    single   a third on each       all on that phase; 0 on the others,
 *                                           which have the same voltage
 *   three    three    as they are           as they are
 *
 * What a single-phase meter shows as L1 is the whole of it.
 * The offset lies a third on each phase, or all on that one. A single-phase
 * source is one that names no second and third phase, not even a voltage.
 */
#ifndef PROXY_COMPLETE_H
#define PROXY_COMPLETE_H

#include <stdbool.h>

#include "policy/quantity.h"
#include "proxy/map.h"

enum { COMPLETE_PHASES = 3 };

struct complete_shape {
	unsigned phases; /* of the shown meter, 1 or 3 */
	unsigned from; /* of the source, 1 or 3; 0: as its sample has it */
	unsigned on; /* the phase it is all about, 1 .. 3; 0: all */
};

/* L1, L2 or L3 of a total that has them; phase 0: the total itself. */
static inline enum quantity
complete_phase(enum quantity total, unsigned phase)
{
	if (phase == 0)
		return total;
	if (total == QUANTITY_ENERGY_IMPORT)
		return (enum quantity)(QUANTITY_ENERGY_IMPORT_L1 + phase - 1);
	if (total == QUANTITY_ENERGY_EXPORT)
		return (enum quantity)(QUANTITY_ENERGY_EXPORT_L1 + phase - 1);
	return (enum quantity)((unsigned)total + phase);
}

/* Of the three phases, added up as they are known. */
double complete_sum(const struct quantities *set, enum quantity total);

/* 3 when the map names any value of a second or third phase, else 1. */
unsigned complete_map_phases(const struct map *map);

/* Can a meter of this map be the source? It must tell the power that is shown
 * in every poll. */
bool complete_map_fits(
    const struct map *source, const struct complete_shape *shape);

/* False: the sample has no power that may be shown so. */
bool complete_can(
    const struct quantities *sample, const struct complete_shape *shape);

/* All that can be had from the source. False: no active power; *set is then
 * undefined. */
bool complete_fill(struct quantities *set, const struct complete_shape *shape);

/* The neutral values, for what is still lacking; once the power has moved. */
void complete_rest(struct quantities *set);

/* Of a meter with a single phase: L1 is the whole, unless the source has one
 * phase too and gives its own L1; and there is no other. Last of all. moved: by
 * an offset. */
void complete_single(struct quantities *set, const struct quantities *source,
    const struct complete_shape *shape, bool moved);

#endif
