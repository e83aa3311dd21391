/* SPDX-License-Identifier: MIT */
#include "proxy/plan.h"

#include <assert.h>
#include <string.h>

#include "proxy/span.h"

static const struct map_block *
block_of(const struct map *map, unsigned address)
{
	for (unsigned i = 0; i < map->blocks_count; i++) {
		const struct map_block *block = &map->blocks[i];

		if (address >= block->address &&
		    address < (unsigned)block->address + block->count)
			return block;
	}
	return NULL;
}

/* One block of the device, and not far apart. */
static bool
may_join(const void *context, const struct span *from, const struct span *next)
{
	const struct map *map = context;

	return block_of(map, from->begin) == block_of(map, next->begin) &&
	       next->begin <= from->end + map->hole_max;
}

static bool
is_covered(const struct span *spans, unsigned count, const struct span *span)
{
	for (unsigned i = 0; i < count; i++) {
		if (span_holds(&spans[i], span))
			return true;
	}
	return false;
}

/* Adds the reads of the fast points, or of the others that these leave. */
static bool
add_points(
    struct plan *plan, const struct map *map, bool fast, unsigned words_max)
{
	struct span spans[PLAN_BLOCKS_MAX];
	struct span_rules rules = { words_max, may_join, map };
	struct span_list list;
	unsigned known = plan->count;

	for (unsigned i = 0; i < known; i++)
		spans[i] =
		    (struct span){ map->function, plan->blocks[i].address,
			    (uint32_t)plan->blocks[i].address +
				plan->blocks[i].count };
	list = (struct span_list){ spans + known, PLAN_BLOCKS_MAX - known, 0 };
	for (unsigned i = 0; i < map->points_count; i++) {
		const struct map_point *point = &map->points[i];
		struct span span = { map->function, point->address,
			point->address + map_type_words(point->type) };

		if (point->fast == fast && !is_covered(spans, known, &span) &&
		    !span_add(&list, &span, &rules))
			return false;
	}
	for (unsigned i = 0; i < list.count; i++)
		plan->blocks[plan->count++] = (struct plan_block){
			.address = (uint16_t)list.spans[i].begin,
			.count = (uint16_t)span_length(&list.spans[i]),
			.fast = fast,
		};
	return true;
}

static void
set_variants(struct plan_block *block, const struct map *map)
{
	const struct map_block *around = block_of(map, block->address);
	unsigned end = (unsigned)block->address + block->count;
	unsigned room;

	/* A device whose registers are not told: just what was asked for. */
	if (around == NULL) {
		block->variants = 1;
		return;
	}
	room = (unsigned)around->address + around->count - end;
	if (block->count + room > map->words_max)
		room = map->words_max - block->count;
	block->variants = (uint8_t)(1 + room / 2);
	if (block->variants > PLAN_VARIANTS)
		block->variants = PLAN_VARIANTS;
}

bool
plan_build(struct plan *plan, const struct map *map)
{
	unsigned slow_words =
	    map->words_max < PLAN_SLOW_WORDS ? map->words_max : PLAN_SLOW_WORDS;

	memset(plan, 0, sizeof(*plan));
	if (!add_points(plan, map, true, map->words_max))
		return false;
	plan->fast_count = plan->count;
	plan->next_slow = plan->count;
	if (!add_points(plan, map, false, slow_words))
		return false;
	for (unsigned i = 0; i < plan->count; i++)
		set_variants(&plan->blocks[i], map);
	return plan->fast_count > 0;
}

bool
plan_started(const struct plan *plan)
{
	for (unsigned i = plan->fast_count; i < plan->count; i++) {
		if (!plan->blocks[i].seen && !plan->blocks[i].refused)
			return false;
	}
	return true;
}

struct plan_block *
plan_fast(struct plan *plan)
{
	return &plan->blocks[plan->next_fast];
}

struct plan_block *
plan_slow(struct plan *plan)
{
	for (unsigned i = plan->fast_count; i < plan->count; i++) {
		struct plan_block *block = &plan->blocks[plan->next_slow];

		if (++plan->next_slow == plan->count)
			plan->next_slow = plan->fast_count;
		if (!block->refused)
			return block;
	}
	return NULL;
}

uint16_t
plan_count_next(const struct plan_block *block)
{
	return (uint16_t)(block->count + 2 * block->variant);
}

uint16_t
plan_count(struct plan_block *block)
{
	uint16_t count = plan_count_next(block);

	block->variant = (uint8_t)((block->variant + 1) % block->variants);
	return count;
}

uint16_t
plan_count_max(const struct plan_block *block)
{
	return (uint16_t)(block->count + 2 * (block->variants - 1));
}

bool
plan_done(struct plan *plan, struct plan_block *block, bool refused)
{
	block->seen = block->seen || !refused;
	block->failures = 0;
	if (!block->fast) {
		block->refused = refused;
		return false;
	}
	if (refused || ++plan->next_fast < plan->fast_count)
		return false;
	plan->next_fast = 0;
	return true;
}

void
plan_restart(struct plan *plan)
{
	plan->next_fast = 0;
}
