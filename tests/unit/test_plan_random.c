/* SPDX-License-Identifier: MIT */
/* What holds of the plan for any map. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/plan.h"
#include "tests/unit/draw.h"

enum { MAPS = 20000 };

/* Points in one block from its begin on, as a checked map may have them. */
static void
draw_points(uint64_t *seed, struct map *map, unsigned address, unsigned end)
{
	unsigned apart = 1 + draw_below(seed, 12);
	unsigned fast = draw_below(seed, 4);

	while (map->points_count < 48) {
		struct map_point point = {
			.type = (enum map_type)draw_below(seed, MAP_F32 + 1),
			.fast = draw_below(seed, 4) < fast,
			.scale = 1,
		};

		address += draw_below(seed, apart);
		if (address + map_type_words(point.type) > end)
			return;
		point.address = (uint16_t)address;
		map->points[map->points_count++] = point;
		address += map_type_words(point.type);
	}
}

static struct map
draw_map(uint64_t *seed)
{
	struct map map = { .function = 3 };
	unsigned begin = draw_below(seed, 2) ? draw_below(seed, 300) : 65100;
	unsigned blocks = 1 + draw_below(seed, 4);

	map.words_max = (uint16_t)(2 + draw_below(seed, MAP_WORDS_MAX - 1));
	map.hole_max = (uint16_t)draw_below(seed, draw_below(seed, 2) ? 4 : 90);
	for (unsigned i = 0; i < blocks; i++) {
		unsigned count = 1 + draw_below(seed, 130);

		/* 65536 is the end, and a block may reach it. */
		if (begin + count > 65536)
			count = 65536 - begin;
		if (count == 0)
			break;
		map.blocks[map.blocks_count++] =
		    (struct map_block){ (uint16_t)begin, (uint16_t)count };
		draw_points(seed, &map, begin, begin + count);
		begin += count + draw_below(seed, 2) * draw_below(seed, 40);
	}
	return map;
}

static bool
inside_one_block(const struct map *map, unsigned address, unsigned count)
{
	for (unsigned i = 0; i < map->blocks_count; i++) {
		unsigned end = map->blocks[i].address + map->blocks[i].count;

		if (address >= map->blocks[i].address && address + count <= end)
			return true;
	}
	return false;
}

/* Reads that bring the point, of its own pace or a faster one. */
static unsigned
covers(const struct plan *plan, const struct map_point *point)
{
	unsigned end = point->address + map_type_words(point->type);
	unsigned n = 0;

	for (unsigned i = 0; i < plan->count; i++) {
		const struct plan_block *block = &plan->blocks[i];

		if (block->fast >= point->fast &&
		    block->address <= point->address &&
		    end <= (unsigned)block->address + block->count)
			n++;
	}
	return n;
}

static void
check_read(const struct map *map, struct plan_block *block)
{
	uint16_t counts[PLAN_VARIANTS];

	assert_in_range(block->variants, 1, PLAN_VARIANTS);
	assert_true(block->fast || block->count <= PLAN_SLOW_WORDS);
	for (unsigned i = 0; i < block->variants; i++) {
		counts[i] = plan_count(block);
		assert_true(counts[i] >= block->count);
		assert_true(counts[i] <= map->words_max);
		assert_true(counts[i] <= plan_count_max(block));
		assert_true(inside_one_block(map, block->address, counts[i]));
		for (unsigned k = 0; k < i; k++)
			assert_true(counts[k] != counts[i]);
	}
	/* fewer lengths only where a longer read is none of the map's */
	if (block->variants < PLAN_VARIANTS) {
		unsigned longer = plan_count_max(block) + 2U;

		assert_true(longer > map->words_max ||
			    !inside_one_block(map, block->address, longer));
	}
}

static bool
check_plan(const struct map *map)
{
	struct plan plan;
	unsigned fast = 0;

	for (unsigned i = 0; i < map->points_count; i++)
		fast += map->points[i].fast;
	if (!plan_build(&plan, map)) {
		assert_true(fast == 0 || map->points_count > PLAN_BLOCKS_MAX);
		return false;
	}
	for (unsigned i = 0; i < plan.count; i++) {
		assert_int_equal(plan.blocks[i].fast, i < plan.fast_count);
		check_read(map, &plan.blocks[i]);
	}
	for (unsigned i = 0; i < map->points_count; i++) {
		unsigned n = covers(&plan, &map->points[i]);

		/* a fast round brings each value once: one sample */
		assert_true(n == 1 || (n > 1 && !map->points[i].fast));
	}
	return true;
}

static void
every_point_is_read_and_every_read_is_allowed(void **state)
{
	uint64_t seed = 1;
	unsigned planned = 0;

	(void)state;
	for (unsigned i = 0; i < MAPS; i++) {
		const struct map map = draw_map(&seed);

		planned += check_plan(&map);
	}
	/* else the maps drawn say little */
	assert_true(planned > MAPS / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_point_is_read_and_every_read_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
