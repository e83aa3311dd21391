/* SPDX-License-Identifier: MIT */
/*
 * The registers of a device as a map tells them: where each point stands, and
 * over which of them a read may run. Pure.
 *
 * A read holds none of a hole, and no more than hole_max in a row that nobody
 * knows. Known is what a readable point of the map names, wanted or not; what
 * lies in a model that the device has; and in the blocks of a device that is
 * only read, which are the reads known to work. The blocks of a meter are all
 * that it has, and a read stays within one.
 */
#ifndef PROXY_GROUND_H
#define PROXY_GROUND_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/map.h"
#include "proxy/span.h"
#include "proxy/sunspec.h"

struct ground {
	const struct map *map; /* borrowed */
	unsigned known_count;
	struct span *known; /* in order, apart from one another; owned */
};

/* False: no memory. */
bool ground_init(struct ground *ground, const struct map *map);
void ground_free(struct ground *ground);

/* May a read of `from` go on to take in `next`, which begins no earlier?
 * chain: the models of the device; NULL: not known, or it has none. */
bool ground_joins(const struct ground *ground, const struct sunspec *chain,
    const struct span *from, const struct span *next);

/* Where an entry stands in a device; false when the device does not have it. */
bool ground_place(const struct map *map, const struct sunspec *chain,
    unsigned entry, struct span *span);

/* Does a span run into one of the map's holes? */
bool ground_in_hole(const struct map *map, const struct span *span);

/* The order of spans: by function, begin and end. */
bool ground_before(const struct span *a, const struct span *b);

#endif
