/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "proxy/map.h"
#include "proxy/skeleton.h"
#include "tests/unit/draw.h"

static const struct scan_plan_setting setting = { 19200, "8E1" };

static struct polls_row *
add(struct polls *polls, unsigned unit, unsigned function, unsigned address,
    unsigned count, bool answered)
{
	struct polls_row *row = &polls->rows[polls->count++];

	*row = (struct polls_row){ .unit = (uint8_t)unit,
		.function = (uint8_t)function,
		.address = (uint16_t)address,
		.count = (uint16_t)count,
		.times = 1,
		.answered = answered,
		.words_count = (uint16_t)(answered ? count : 0) };
	return row;
}

static void
types_are_guessed(void **unused)
{
	static const struct {
		const char *rule;
		unsigned count;
		uint16_t words[8];
		enum skeleton_type type;
	} rows[] = {
		{ "floats, 230.0 and 50.0", 4, { 0x4366, 0, 0x4248, 0 },
		    SKELETON_F32_HIGH },
		{ "floats, the low word first", 4, { 0, 0x4366, 0, 0x4248 },
		    SKELETON_F32_LOW },
		{ "a float and zeros", 4, { 0, 0, 0xc47a, 0 },
		    SKELETON_F32_HIGH },
		{ "longs", 4, { 0, 2300, 0xffff, 0xfc18 }, SKELETON_S32_HIGH },
		{ "longs, the low word first", 4, { 2300, 0, 0xfc18, 0xffff },
		    SKELETON_S32_LOW },
		{ "words", 4, { 2300, 150, 5000, 7 }, SKELETON_WORDS },
		{ "nothing but zeros", 4, { 0 }, SKELETON_WORDS },
		{ "an odd number", 3, { 0x4366, 0, 1 }, SKELETON_WORDS },
		{ "a single one", 1, { 1 }, SKELETON_WORDS },
		{ "not a number", 2, { 0x7fc0, 1 }, SKELETON_WORDS },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (skeleton_guess(rows[i].words, rows[i].count) !=
		    rows[i].type)
			fail_msg("%s", rows[i].rule);
}

/* False: nothing was written. */
static bool
load(const struct polls *polls, uint8_t unit, struct map *map)
{
	char path[] = "/tmp/gridshim-skeleton-XXXXXX", error[512];
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	bool written = skeleton_write(file, polls, unit, &setting);
	bool good;

	fclose(file);
	good = !written || map_load(path, map, error, sizeof(error));
	(void)unlink(path);
	if (!good)
		fail_msg("%s", error);
	return written;
}

static void
what_was_heard_stands_in_the_map(void **unused)
{
	static struct polls polls;
	static struct map map;
	struct polls_row *row;

	memset(&polls, 0, sizeof(polls));
	add(&polls, 1, 3, 100, 2, true)->words[0] = 0x4248; /* 50.0 */
	row = add(&polls, 1, 3, 102, 4, true);
	row->words[0] = row->words[2] = 0x4366;
	add(&polls, 1, 3, 300, 3, true)->words[1] = 7;
	add(&polls, 1, 3, 500, 8, false);
	add(&polls, 1, 4, 0, 2, true);
	add(&polls, 2, 3, 0, 2, true);
	assert_true(load(&polls, 1, &map));
	assert_int_equal(map.kind, MAP_OTHER);
	assert_int_equal(map.function, 3);
	assert_int_equal(map.serial.baud, 19200);
	assert_string_equal(map.serial.format, "8E1");
	assert_int_equal(map.serial.unit, 1);
	assert_int_equal(map.blocks_count, 2);
	assert_int_equal(map.blocks[0].address, 100);
	assert_int_equal(map.blocks[0].count, 6);
	assert_int_equal(map.blocks[1].count, 3);
	assert_int_equal(map.entries_count, 3 + 3);
	assert_int_equal(map.entries[1].address, 102);
	assert_int_equal(map.entries[1].type, MAP_F32);
	assert_int_equal(map.entries[4].type, MAP_U16);
	map_unload(&map);
}

static void
without_answers_the_questions_are_all_there_is(void **unused)
{
	static struct polls polls;
	static struct map map;

	memset(&polls, 0, sizeof(polls));
	assert_false(load(&polls, 1, &map));
	add(&polls, 1, 16, 0, 2, false);
	assert_false(load(&polls, 1, &map));
	add(&polls, 1, 3, 0, 0, false);
	assert_false(load(&polls, 1, &map));
	add(&polls, 1, 3, 7, 5, false);
	assert_true(load(&polls, 1, &map));
	assert_int_equal(map.blocks[0].address, 7);
	assert_int_equal(map.entries_count, 5);
	map_unload(&map);
}

static void
every_skeleton_passes_the_loader(void **unused)
{
	static struct polls polls;
	static struct map map;
	uint64_t seed = 9;

	for (unsigned round = 0; round < 60; round++) {
		unsigned rows = 1 + draw_below(&seed, POLLS_MAX);

		memset(&polls, 0, sizeof(polls));
		for (unsigned i = 0; i < rows; i++) {
			struct polls_row *row = add(&polls, 1, 3,
			    draw_below(&seed, round % 3 ? 900 : 65536),
			    1 + draw_below(&seed, 125),
			    draw_below(&seed, 8) > 0);

			for (unsigned k = 0; k < row->words_count; k++)
				row->words[k] =
				    (uint16_t)draw_below(&seed, 65536);
		}
		if (load(&polls, 1, &map))
			map_unload(&map);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_are_guessed),
		cmocka_unit_test(what_was_heard_stands_in_the_map),
		cmocka_unit_test(
		    without_answers_the_questions_are_all_there_is),
		cmocka_unit_test(every_skeleton_passes_the_loader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
