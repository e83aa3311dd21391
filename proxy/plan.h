/* SPDX-License-Identifier: MIT */
/*
 * Which registers to read, and in what order, to keep a device's quantities
 * fresh: one round of the fast blocks in every poll, slow blocks in turn
 * between the rounds. Pure.
 *
 * Points are merged into one read across at most map->hole_max registers that
 * it has no use for, and never beyond a block of the map, so that the fast
 * points of a meter arrive as one sample.
 *
 * Where the map leaves room, successive reads of a block ask for count, count +
 * 2 and count + 4 registers in turn: a late answer then fits neither the next
 * request nor the one after it.
 */
#ifndef PROXY_PLAN_H
#define PROXY_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "proxy/map.h"

enum {
	PLAN_BLOCKS_MAX = 32,
	PLAN_VARIANTS = 3,
	/* A slow read never delays the fast one long; its longer variants ask
	 * for up to 4 more. */
	PLAN_SLOW_WORDS = 16,
};

struct plan_block {
	uint16_t address;
	uint16_t count;
	uint8_t variants; /* 1 to PLAN_VARIANTS counts that can be asked for */
	uint8_t variant; /* the next one */
	bool fast;
	bool seen; /* answered at least once */
	bool refused; /* the device does not have it; not asked again */
	uint8_t failures; /* reads in a row that brought nothing */
	uint16_t taken_count; /* registers of the last answer */
	struct mono taken_at; /* its last byte; 0: none yet */
};

struct plan {
	unsigned fast_count; /* they come first in blocks */
	unsigned count;
	unsigned next_fast; /* in the running round */
	unsigned next_slow;
	struct plan_block blocks[PLAN_BLOCKS_MAX];
};

/* False: the map needs more than PLAN_BLOCKS_MAX blocks, or has no fast point.
 */
bool plan_build(struct plan *plan, const struct map *map);

/* Every slow block was read or refused once. Until then slow blocks go first,
 * so that the first fast round makes a complete sample. */
bool plan_started(const struct plan *plan);

/* The next block of the fast round. Never NULL. */
struct plan_block *plan_fast(struct plan *plan);
/* The next slow block in turn; NULL if there is none to ask. */
struct plan_block *plan_slow(struct plan *plan);

/* The count to ask for now; differs from call to call where it can. */
uint16_t plan_count(struct plan_block *block);
/* The same, without asking. */
uint16_t plan_count_next(const struct plan_block *block);
/* The largest of them. */
uint16_t plan_count_max(const struct plan_block *block);

/* A block was answered, or refused for good. True: it ended a fast round. */
bool plan_done(struct plan *plan, struct plan_block *block, bool refused);

/* After a failed fast read the round begins again: one sample, one round. */
void plan_restart(struct plan *plan);

#endif
