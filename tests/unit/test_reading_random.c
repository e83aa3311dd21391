/* SPDX-License-Identifier: MIT */
/*
 * What holds of the requests for any map: they keep every rule, bring every
 * point, and there are no fewer that would. Small maps, so that every read
 * there could be is tried: a table over all sets of points says how few reads
 * bring each of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "proxy/reading.h"
#include "tests/unit/draw.h"

enum {
	MAPS = 4000,
	ENTRIES = 8,
	REGISTERS = 30,
	FUNCTION_MIN = 3,
	SETS = 1 << ENTRIES,
};

struct world {
	struct map map;
	struct map_entry entries[ENTRIES];
	unsigned wanted; /* bit per entry */
};

static void
draw_entry(uint64_t *seed, struct map_entry *entry)
{
	unsigned words = 1 + draw_below(seed, 1 + draw_below(seed, 4));

	*entry = (struct map_entry){
		.name = "x",
		.unit = "",
		.quantity = QUANTITY_COUNT,
		.words = (uint16_t)words,
		.address = (uint16_t)draw_below(seed, REGISTERS + 1 - words),
		.function =
		    (uint8_t)(FUNCTION_MIN + (draw_below(seed, 5) == 0)),
		.readable = draw_below(seed, 6) > 0,
		.scale = 1,
		.scale_entry = -1,
	};
}

static void
draw_places(uint64_t *seed, struct map *map)
{
	unsigned at = draw_below(seed, 4);

	map->holes_count = draw_below(seed, 3);
	for (unsigned i = 0; i < map->holes_count; i++)
		map->holes[i] = (struct map_hole){
			(uint8_t)(FUNCTION_MIN + draw_below(seed, 2)),
			(uint16_t)draw_below(seed, REGISTERS),
			(uint16_t)(1 + draw_below(seed, 3))
		};
	while (draw_below(seed, 3) > 0 && map->blocks_count < 4) {
		unsigned count = 1 + draw_below(seed, 14);

		map->blocks[map->blocks_count++] =
		    (struct map_block){ (uint16_t)at, (uint16_t)count };
		at += count + draw_below(seed, 3);
	}
}

static void
draw_world(uint64_t *seed, struct world *world)
{
	memset(world, 0, sizeof(*world));
	world->map.function = FUNCTION_MIN;
	world->map.kind = draw_below(seed, 2) ? MAP_METER : MAP_BATTERY;
	world->map.words_max = (uint16_t)(1 + draw_below(seed, 20));
	world->map.hole_max = (uint16_t)draw_below(seed, 5);
	world->map.entries = world->entries;
	world->map.entries_count = 1 + draw_below(seed, ENTRIES);
	draw_places(seed, &world->map);
	for (unsigned i = 0; i < world->map.entries_count; i++) {
		draw_entry(seed, &world->entries[i]);
		if (world->entries[i].readable && draw_below(seed, 3) > 0)
			world->wanted |= 1U << i;
	}
}

/* --- the rules, register by register -------------------------------------- */

static bool
in_hole(const struct map *map, unsigned function, unsigned at)
{
	for (unsigned i = 0; i < map->holes_count; i++) {
		const struct map_hole *hole = &map->holes[i];

		if (hole->function == function && at >= hole->address &&
		    at < (unsigned)hole->address + hole->count)
			return true;
	}
	return false;
}

/* 0: in none. */
static unsigned
block_at(const struct map *map, unsigned function, unsigned at)
{
	for (unsigned i = 0; i < map->blocks_count; i++) {
		const struct map_block *block = &map->blocks[i];

		if (function == map->function && at >= block->address &&
		    at < (unsigned)block->address + block->count)
			return i + 1;
	}
	return 0;
}

static bool
is_known(const struct map *map, unsigned function, unsigned at)
{
	for (unsigned i = 0; i < map->entries_count; i++) {
		const struct map_entry *entry = &map->entries[i];

		if (entry->readable && entry->function == function &&
		    at >= entry->address &&
		    at < (unsigned)entry->address + entry->words)
			return true;
	}
	return map->kind != MAP_METER && block_at(map, function, at) > 0;
}

static bool
is_allowed(
    const struct map *map, unsigned function, unsigned begin, unsigned end)
{
	unsigned unknown = 0;

	if (end - begin > map->words_max)
		return false;
	for (unsigned at = begin; at < end; at++) {
		unknown = is_known(map, function, at) ? 0 : unknown + 1;
		if (unknown > map->hole_max || in_hole(map, function, at))
			return false;
		/* A meter has nothing there but what is named. */
		if (unknown > 0 && map->kind == MAP_METER &&
		    function == map->function &&
		    block_at(map, function, at) == 0)
			return false;
		if (map->kind == MAP_METER &&
		    block_at(map, function, at) !=
			block_at(map, function, begin))
			return false;
	}
	return true;
}

/* --- how few there can be --------------------------------------------------
 */

static unsigned
brings(const struct map *map, unsigned function, unsigned begin, unsigned end)
{
	unsigned set = 0;

	for (unsigned i = 0; i < map->entries_count; i++) {
		const struct map_entry *entry = &map->entries[i];

		if (entry->function == function && entry->address >= begin &&
		    (unsigned)entry->address + entry->words <= end)
			set |= 1U << i;
	}
	return set;
}

/* The sets that one read may bring, each once. */
static unsigned
list_reads(const struct map *map, unsigned sets[SETS])
{
	bool seen[SETS] = { true };
	unsigned count = 0;

	for (unsigned f = FUNCTION_MIN; f < FUNCTION_MIN + 2; f++) {
		for (unsigned begin = 0; begin < REGISTERS; begin++) {
			for (unsigned end = begin + 1;
			     end <= REGISTERS && is_allowed(map, f, begin, end);
			     end++) {
				unsigned set = brings(map, f, begin, end);

				if (!seen[set])
					sets[count++] = set;
				seen[set] = true;
			}
		}
	}
	return count;
}

/* The fewest reads that bring all of a set, by the fewest for what one read
 * leaves of it. SETS: none do. */
static unsigned
fewest_reads(const struct map *map, unsigned wanted)
{
	unsigned reads[SETS], fewest[SETS] = { 0 };
	unsigned count = list_reads(map, reads);

	for (unsigned set = 1; set < SETS; set++) {
		fewest[set] = SETS;
		for (unsigned i = 0; i < count; i++) {
			unsigned rest = set & ~reads[i];

			if (rest != set && fewest[rest] + 1 < fewest[set])
				fewest[set] = fewest[rest] + 1;
		}
	}
	return fewest[wanted];
}

/* --- and what is planned ---------------------------------------------------
 */

/* A meter's point stands in one block or in none; what is longer than a read,
 * or in a hole, is not asked for. */
static void
drop_what_cannot_be(struct world *world)
{
	for (unsigned i = 0; i < world->map.entries_count; i++) {
		struct map_entry *entry = &world->entries[i];
		unsigned end = (unsigned)entry->address + entry->words;

		if (entry->readable && is_allowed(&world->map, entry->function,
					   entry->address, end))
			continue;
		entry->readable = false;
		world->wanted &= ~(1U << i);
	}
}

static unsigned
check_reads(const struct map *map, const struct reading *reading)
{
	unsigned brought = 0;

	for (unsigned i = 0; i < reading->reads_count; i++) {
		const struct span *span = &reading->reads[i];

		assert_true(
		    is_allowed(map, span->function, span->begin, span->end));
		brought |= brings(map, span->function, span->begin, span->end);
	}
	return brought;
}

/* The value of each register is its address. */
static void
answer_reads(struct reading *reading)
{
	for (unsigned i = 0; i < reading->reads_count; i++) {
		uint16_t words[REGISTERS];

		for (unsigned k = 0; k < span_length(&reading->reads[i]); k++)
			words[k] = (uint16_t)(reading->reads[i].begin + k);
		reading_take(reading, i, words);
	}
}

static void
check_world(const struct world *world, unsigned *most)
{
	struct reading reading;
	struct ground ground;

	assert_true(ground_init(&ground, &world->map));
	assert_true(reading_init(&reading, ENTRIES));
	reading_start(&reading, &ground);
	for (unsigned i = 0; i < ENTRIES; i++) {
		if (world->wanted >> i & 1)
			assert_true(reading_want(&reading, i));
	}
	reading_plan(&reading, NULL, false);
	assert_int_equal(
	    world->wanted & ~check_reads(&world->map, &reading), 0);
	assert_int_equal(
	    reading.reads_count, fewest_reads(&world->map, world->wanted));
	answer_reads(&reading);
	for (unsigned i = 0; i < ENTRIES; i++) {
		const struct map_entry *entry = &world->entries[i];
		const uint16_t *words;

		if ((world->wanted >> i & 1) == 0)
			continue;
		words = reading_words(&reading, i);
		for (unsigned k = 0; k < entry->words; k++)
			assert_int_equal(words[k], entry->address + k);
	}
	if (reading.reads_count > *most)
		*most = reading.reads_count;
	reading_free(&reading);
	ground_free(&ground);
}

static void
no_fewer_requests_would_do(void **state)
{
	uint64_t seed = 7;
	unsigned most = 0;

	(void)state;
	for (unsigned i = 0; i < MAPS; i++) {
		struct world world;

		draw_world(&seed, &world);
		drop_what_cannot_be(&world);
		check_world(&world, &most);
	}
	/* else the maps drawn say little */
	assert_true(most >= 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_fewer_requests_would_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
