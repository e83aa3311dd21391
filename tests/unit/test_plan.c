/* SPDX-License-Identifier: MIT */
/* Which registers are read, and in what order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/plan.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ROW_BLOCKS = 3, ROW_POINTS = 6, ROW_READS = 5 };

struct at {
	uint16_t address;
	enum map_type type;
	bool fast;
};

struct read {
	uint16_t address;
	uint16_t count; /* 0 ends a list */
	bool fast;
};

/* points[] ends with an entry at 0 that is not the first. */
static struct map
map_of(const struct map_block *blocks, const struct at *points,
    unsigned words_max, unsigned hole_max)
{
	struct map map = { .function = 3 };

	map.words_max = (uint16_t)words_max;
	map.hole_max = (uint16_t)hole_max;
	for (unsigned i = 0; i < ROW_BLOCKS && blocks[i].count > 0; i++)
		map.blocks[map.blocks_count++] = blocks[i];
	for (unsigned i = 0; i < ROW_POINTS; i++) {
		if (i > 0 && points[i].address == 0)
			break;
		map.points[map.points_count++] = (struct map_point){
			.address = points[i].address,
			.type = points[i].type,
			.scale = 1,
			.fast = points[i].fast,
		};
	}
	return map;
}

static const struct {
	const char *rule;
	struct map_block blocks[ROW_BLOCKS];
	struct at points[ROW_POINTS];
	unsigned words_max, hole_max;
	struct read reads[ROW_READS];
} merges[] = {
	{ "neighbours are one read", { { 0, 10 } },
	    { { 2, MAP_U16, true }, { 3, MAP_F32, true } }, 125, 0,
	    { { 2, 3, true } } },
	{ "a hole of hole_max is run across", { { 0, 10 } },
	    { { 1, MAP_U32, true }, { 6, MAP_U16, true } }, 125, 3,
	    { { 1, 6, true } } },
	{ "a larger one is not", { { 0, 10 } },
	    { { 1, MAP_U32, true }, { 7, MAP_U16, true } }, 125, 3,
	    { { 1, 2, true }, { 7, 1, true } } },
	{ "two blocks are two reads though they touch", { { 0, 4 }, { 4, 4 } },
	    { { 3, MAP_U16, true }, { 4, MAP_U16, true } }, 125, 124,
	    { { 3, 1, true }, { 4, 1, true } } },
	{ "the hole between blocks is no hole", { { 0, 4 }, { 6, 4 } },
	    { { 3, MAP_U16, true }, { 6, MAP_U16, true } }, 125, 124,
	    { { 3, 1, true }, { 6, 1, true } } },
	{ "words_max is reached", { { 0, 80 } },
	    { { 10, MAP_F32, true }, { 16, MAP_F32, true } }, 8, 10,
	    { { 10, 8, true } } },
	{ "and not passed, not by half a value either", { { 0, 80 } },
	    { { 10, MAP_F32, true }, { 16, MAP_F32, true } }, 7, 10,
	    { { 10, 2, true }, { 16, 2, true } } },
	{ "fast reads come first", { { 0, 80 } },
	    { { 1, MAP_U16, false }, { 40, MAP_U16, true } }, 80, 4,
	    { { 40, 1, true }, { 1, 1, false } } },
	{ "a slow point inside a fast read is not read again", { { 0, 80 } },
	    { { 1, MAP_U16, true }, { 2, MAP_F32, false },
		{ 4, MAP_U16, true } },
	    80, 2, { { 1, 4, true } } },
	{ "what is not of the read is a hole in it", { { 0, 80 } },
	    { { 1, MAP_U16, true }, { 2, MAP_F32, false },
		{ 4, MAP_U16, true } },
	    80, 1, { { 1, 1, true }, { 4, 1, true }, { 2, 2, false } } },
	{ "a slow read ends at PLAN_SLOW_WORDS", { { 0, 99 } },
	    { { 1, MAP_U16, true }, { 20, MAP_U16, false },
		{ 34, MAP_F32, false }, { 36, MAP_U16, false } },
	    80, 15, { { 1, 1, true }, { 20, 16, false }, { 36, 1, false } } },
	{ "a fast one does not", { { 0, 99 } },
	    { { 20, MAP_U16, true }, { 34, MAP_F32, true },
		{ 36, MAP_U16, true } },
	    80, 15, { { 20, 17, true } } },
	{ "words_max below PLAN_SLOW_WORDS counts", { { 0, 99 } },
	    { { 1, MAP_U16, true }, { 20, MAP_U16, false },
		{ 28, MAP_F32, false } },
	    9, 15, { { 1, 1, true }, { 20, 1, false }, { 28, 2, false } } },
	{ "the last register of all", { { 65530, 6 } },
	    { { 65530, MAP_U16, true }, { 65534, MAP_F32, true } }, 125, 3,
	    { { 65530, 6, true } } },
};

static void
points_are_merged_into_reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(merges); i++) {
		const struct map map = map_of(merges[i].blocks,
		    merges[i].points, merges[i].words_max, merges[i].hole_max);
		const struct read *read = merges[i].reads;
		struct plan plan;
		unsigned n = 0;

		assert_true(plan_build(&plan, &map));
		for (; n < ROW_READS && read[n].count > 0; n++) {
			const struct plan_block *block = &plan.blocks[n];

			if (n >= plan.count ||
			    block->address != read[n].address ||
			    block->count != read[n].count ||
			    block->fast != read[n].fast)
				fail_msg("%s: read %u of %u is %u+%u",
				    merges[i].rule, n, plan.count,
				    block->address, block->count);
			assert_int_equal(n < plan.fast_count, read[n].fast);
		}
		if (plan.count != n)
			fail_msg("%s: %u reads", merges[i].rule, plan.count);
	}
}

/* The last `free` registers of the block have no point. */
static void
successive_reads_ask_for_other_lengths(void **state)
{
	static const struct {
		const char *rule;
		unsigned free, words_max;
		uint16_t counts[4];
	} rows[] = {
		{ "no room, one length", 0, 125, { 6, 6, 6, 6 } },
		{ "a register is half a value", 1, 125, { 6, 6, 6, 6 } },
		{ "two lengths", 2, 125, { 6, 8, 6, 8 } },
		{ "room for two and a half", 3, 125, { 6, 8, 6, 8 } },
		{ "three lengths in turn", 4, 125, { 6, 8, 10, 6 } },
		{ "never more", 50, 125, { 6, 8, 10, 6 } },
		{ "words_max leaves room for three", 50, 10, { 6, 8, 10, 6 } },
		{ "for two", 50, 9, { 6, 8, 6, 8 } },
		{ "for none", 50, 6, { 6, 6, 6, 6 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct map_block blocks[ROW_BLOCKS] = {
			{ 100, (uint16_t)(10 + rows[i].free) },
			{ (uint16_t)(110 + rows[i].free), 50 },
		};
		const struct at points[ROW_POINTS] = { { 104, MAP_F32, true },
			{ 108, MAP_F32, true } };
		const struct map map =
		    map_of(blocks, points, rows[i].words_max, 2);
		uint16_t max = 0;
		struct plan plan;

		assert_true(plan_build(&plan, &map));
		for (size_t n = 0; n < COUNT(rows[i].counts); n++) {
			uint16_t count = plan_count(plan_fast(&plan));

			if (count != rows[i].counts[n])
				fail_msg(
				    "%s: %u at %zu", rows[i].rule, count, n);
			max = count > max ? count : max;
		}
		assert_int_equal(plan_count_max(plan_fast(&plan)), max);
	}
}

static void
what_cannot_be_planned_is_refused(void **state)
{
	struct map map = {
		.words_max = 125, .blocks_count = 1, .blocks = { { 0, 200 } }
	};
	struct plan plan;

	(void)state;
	for (unsigned i = 0; i < PLAN_BLOCKS_MAX; i++)
		map.points[map.points_count++] =
		    (struct map_point){ .address = (uint16_t)(2 * i),
			    .fast = i % 2 == 0 };
	assert_true(plan_build(&plan, &map));
	assert_int_equal(plan.count, PLAN_BLOCKS_MAX);
	assert_int_equal(plan.fast_count, PLAN_BLOCKS_MAX / 2);

	map.points[map.points_count++] =
	    (struct map_point){ .address = 2 * PLAN_BLOCKS_MAX };
	assert_false(plan_build(&plan, &map));
	map.points[map.points_count - 1].fast = true;
	assert_false(plan_build(&plan, &map));

	map.points_count = 1;
	map.points[0].fast = false;
	assert_false(plan_build(&plan, &map));
}

/* Two fast reads (10, 20) and three slow ones (30, 40, 50). */
static struct plan
five_reads(void)
{
	static const struct map_block blocks[ROW_BLOCKS] = { { 0, 99 } };
	static const struct at points[ROW_POINTS] = { { 10, MAP_U16, true },
		{ 20, MAP_U16, true }, { 30, MAP_U16, false },
		{ 40, MAP_U16, false }, { 50, MAP_U16, false } };
	const struct map map = map_of(blocks, points, 125, 0);
	struct plan plan;

	assert_true(plan_build(&plan, &map));
	assert_int_equal(plan.fast_count, 2);
	assert_int_equal(plan.count, 5);
	return plan;
}

static bool
answer_fast(struct plan *plan, unsigned address)
{
	struct plan_block *block = plan_fast(plan);

	assert_int_equal(block->address, address);
	return plan_done(plan, block, false);
}

static void
answer_slow(struct plan *plan, unsigned address, bool refused)
{
	struct plan_block *block = plan_slow(plan);

	assert_non_null(block);
	assert_int_equal(block->address, address);
	assert_false(plan_done(plan, block, refused));
}

static void
a_round_is_every_fast_read_once(void **state)
{
	struct plan plan = five_reads();

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_false(answer_fast(&plan, 10));
		/* a slow read between them ends nothing */
		assert_false(plan_done(&plan, plan_slow(&plan), false));
		assert_true(answer_fast(&plan, 20));
	}
}

static void
a_failed_round_begins_again(void **state)
{
	struct plan plan = five_reads();

	(void)state;
	assert_false(answer_fast(&plan, 10));
	assert_int_equal(plan_fast(&plan)->address, 20);
	plan_restart(&plan);
	assert_false(answer_fast(&plan, 10));
	assert_true(answer_fast(&plan, 20));
}

static void
a_refused_fast_read_never_completes_a_round(void **state)
{
	struct plan plan = five_reads();

	(void)state;
	assert_false(answer_fast(&plan, 10));
	for (unsigned i = 0; i < 3; i++) {
		struct plan_block *block = plan_fast(&plan);

		assert_int_equal(block->address, 20);
		assert_false(plan_done(&plan, block, true));
		assert_false(block->seen);
	}
}

static void
slow_reads_take_turns(void **state)
{
	struct plan plan = five_reads();

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		answer_slow(&plan, 30, false);
		answer_slow(&plan, 40, false);
		answer_slow(&plan, 50, false);
	}
}

static void
a_refused_slow_read_is_left_out(void **state)
{
	struct plan plan = five_reads();

	(void)state;
	answer_slow(&plan, 30, false);
	answer_slow(&plan, 40, true);
	for (unsigned i = 0; i < 3; i++) {
		answer_slow(&plan, 50, false);
		answer_slow(&plan, 30, false);
	}
	answer_slow(&plan, 50, true);
	answer_slow(&plan, 30, true);
	assert_null(plan_slow(&plan));
	assert_null(plan_slow(&plan));
}

static void
started_when_every_slow_read_was_answered_or_refused(void **state)
{
	struct plan plan = five_reads();

	(void)state;
	assert_false(plan_started(&plan));
	assert_false(answer_fast(&plan, 10));
	assert_true(answer_fast(&plan, 20));
	assert_false(plan_started(&plan));
	answer_slow(&plan, 30, false);
	answer_slow(&plan, 40, true);
	assert_false(plan_started(&plan));
	/* asked and not answered: no progress */
	assert_int_equal(plan_slow(&plan)->address, 50);
	assert_false(plan_started(&plan));
	answer_slow(&plan, 30, false);
	answer_slow(&plan, 50, false);
	assert_true(plan_started(&plan));
}

static void
without_slow_points_started_from_the_beginning(void **state)
{
	static const struct map_block blocks[ROW_BLOCKS] = { { 0, 9 } };
	static const struct at points[ROW_POINTS] = { { 0, MAP_U16, true } };
	const struct map map = map_of(blocks, points, 125, 0);
	struct plan plan;

	(void)state;
	assert_true(plan_build(&plan, &map));
	assert_true(plan_started(&plan));
	assert_null(plan_slow(&plan));
	assert_true(answer_fast(&plan, 0));
	assert_true(answer_fast(&plan, 0));
}

static void
an_answer_forgets_the_failures(void **state)
{
	struct plan plan = five_reads();
	struct plan_block *block = plan_slow(&plan);

	(void)state;
	block->failures = 7;
	plan_done(&plan, block, false);
	assert_int_equal(block->failures, 0);
	assert_true(block->seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_are_merged_into_reads),
		cmocka_unit_test(successive_reads_ask_for_other_lengths),
		cmocka_unit_test(what_cannot_be_planned_is_refused),
		cmocka_unit_test(a_round_is_every_fast_read_once),
		cmocka_unit_test(a_failed_round_begins_again),
		cmocka_unit_test(a_refused_fast_read_never_completes_a_round),
		cmocka_unit_test(slow_reads_take_turns),
		cmocka_unit_test(a_refused_slow_read_is_left_out),
		cmocka_unit_test(
		    started_when_every_slow_read_was_answered_or_refused),
		cmocka_unit_test(
		    without_slow_points_started_from_the_beginning),
		cmocka_unit_test(an_answer_forgets_the_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
