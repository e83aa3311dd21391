/* SPDX-License-Identifier: MIT */
/*
 * Values as they fit the registers of a map, all of them together: rounding
 * each by itself would make 33 W of a third of 100 W, three times, and of the
 * total 100 W.
 *
 *   sums           where total and phases add up (P, Q, S, I), to within half a
 *                  step of the phases, so do they in the registers: the phase
 *                  that rounding has moved most goes the other way, and none is
 *                  a whole step off. Where the phases have other steps than one
 *                  another, or are floats, each is rounded by itself.
 *   S and P        where they have one step, rounding does not bring S below
 *                  |P|.
 *   power factor   a register without a sign gets its magnitude.
 *
 * What is a multiple of the step already stays. Counters are rounded each by
 * itself, as nothing else keeps them from falling. Beyond the register's range
 * point_encode holds a value at the end of it.
 */
#ifndef PROXY_SETTLE_H
#define PROXY_SETTLE_H

#include "policy/quantity.h"
#include "proxy/map.h"

/* The sums, and S. */
void settle_values(const struct map *map, struct quantities *values);

/* The value as the place can have a sign. */
double settle_sign(const struct map_point *point, double value);

#endif
