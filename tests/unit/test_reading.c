/* SPDX-License-Identifier: MIT */
/* From points to requests and back to values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "proxy/reading.h"

enum { ENTRIES = 8 };

struct world {
	struct map map;
	struct map_entry entries[ENTRIES];
	struct ground ground;
	struct reading reading;
};

/* A row of a map: what is not told is a register of function 3. */
struct row {
	uint16_t address;
	uint16_t words;
	uint8_t function;
	bool unread; /* can only be written */
	bool wanted;
};

#define WANT(at, count)                                                        \
	{                                                                      \
		at, count, 3, false, true                                      \
	}
#define WANT4(at, count)                                                       \
	{                                                                      \
		at, count, 4, false, true                                      \
	}
#define THERE(at, count)                                                       \
	{                                                                      \
		at, count, 3, false, false                                     \
	}
#define WRITTEN(at, count)                                                     \
	{                                                                      \
		at, count, 3, true, false                                      \
	}

static void
world_init(struct world *world, const struct row *rows)
{
	memset(world, 0, sizeof(*world));
	world->map.kind = MAP_INVERTER;
	world->map.function = 3;
	world->map.words_max = MAP_WORDS_MAX;
	world->map.entries = world->entries;
	for (unsigned i = 0; i < ENTRIES && rows[i].words > 0; i++) {
		world->entries[i] = (struct map_entry){
			.name = "x",
			.unit = "",
			.quantity = QUANTITY_COUNT,
			.address = rows[i].address,
			.words = rows[i].words,
			.function = rows[i].function ? rows[i].function : 3,
			.readable = !rows[i].unread,
			.scale = 1,
			.scale_entry = -1,
		};
		world->map.entries_count++;
	}
}

static void
world_plan(struct world *world, const struct row *rows, bool apart)
{
	assert_true(ground_init(&world->ground, &world->map));
	assert_true(reading_init(&world->reading, ENTRIES));
	reading_start(&world->reading, &world->ground);
	for (unsigned i = 0; i < world->map.entries_count; i++) {
		if (rows[i].wanted)
			assert_true(reading_want(&world->reading, i));
	}
	reading_plan(&world->reading, NULL, apart);
}

static void
world_free(struct world *world)
{
	reading_free(&world->reading);
	ground_free(&world->ground);
}

static const struct {
	const char *rule;
	struct row rows[ENTRIES];
	struct map_hole hole;
	struct map_block blocks[2];
	bool meter;
	uint16_t words_max;
	uint16_t hole_max;
	const char *reads; /* function:begin-last */
} plans[] = {
	{ "neighbours are read together", { WANT(0, 1), WANT(1, 2) },
	    .reads = "3:0-2 " },
	{ "a register that nobody names parts them", { WANT(0, 1), WANT(2, 1) },
	    .reads = "3:0-0 3:2-2 " },
	{ "hole_max of them do not", { WANT(0, 1), WANT(4, 1) }, .hole_max = 3,
	    .reads = "3:0-4 " },
	{ "one more does", { WANT(0, 1), WANT(5, 1) }, .hole_max = 3,
	    .reads = "3:0-0 3:5-5 " },
	{ "other points are crossed", { WANT(0, 1), THERE(1, 40), WANT(41, 1) },
	    .reads = "3:0-41 " },
	{ "a hole is counted from the last point that is named",
	    { WANT(0, 1), THERE(3, 1), WANT(6, 1) }, .hole_max = 2,
	    .reads = "3:0-6 " },
	{ "what can only be written is not known to be read",
	    { WANT(0, 1), WRITTEN(1, 1), WANT(2, 1) },
	    .reads = "3:0-0 3:2-2 " },
	{ "a forbidden hole is never crossed",
	    { WANT(0, 1), THERE(1, 9), WANT(10, 1) }, { 3, 4, 1 },
	    .hole_max = 9, .reads = "3:0-0 3:10-10 " },
	{ "that of another function is no hole",
	    { WANT(0, 1), THERE(1, 9), WANT(10, 1) }, { 4, 4, 1 },
	    .reads = "3:0-10 " },
	{ "functions are not mixed", { WANT(1, 1), WANT4(2, 1), WANT(3, 1) },
	    .hole_max = 9, .reads = "3:1-3 4:2-2 " },
	{ "no read is longer than words_max",
	    { WANT(0, 4), WANT(4, 4), WANT(8, 4) }, .words_max = 8,
	    .reads = "3:0-7 3:8-11 " },
	{ "a longer one is not asked for", { WANT(0, 9) }, .words_max = 8,
	    .reads = "" },
	{ "points in the file need no order",
	    { WANT(8, 1), WANT(7, 1), WANT(6, 1) }, .reads = "3:6-8 " },
	{ "two views of the same registers are one read",
	    { WANT(8, 2), WANT(8, 1), WANT(9, 1) }, .reads = "3:8-9 " },
	{ "blocks of a device that is only read tell what is there",
	    { WANT(0, 1), WANT(9, 1) }, .blocks = { { 0, 10 } },
	    .reads = "3:0-9 " },
	{ "and bound nothing", { WANT(4, 1), WANT(5, 1) },
	    .blocks = { { 0, 5 }, { 5, 5 } }, .reads = "3:4-5 " },
	{ "blocks of a meter bound its reads", { WANT(4, 1), WANT(5, 1) },
	    .blocks = { { 0, 5 }, { 5, 5 } }, .meter = true,
	    .reads = "3:4-4 3:5-5 " },
	{ "nor is one crossed", { WANT(4, 1), WANT(6, 1) },
	    .blocks = { { 5, 1 } }, .meter = true, .hole_max = 9,
	    .reads = "3:4-4 3:6-6 " },
	{ "and do not tell what is there", { WANT(0, 1), WANT(9, 1) },
	    .blocks = { { 0, 10 } }, .meter = true, .reads = "3:0-0 3:9-9 " },
	{ "the last register is one", { WANT(65535, 1) },
	    .reads = "3:65535-65535 " },
};

static void
write_reads(const struct reading *reading, char *text, size_t size)
{
	text[0] = '\0';
	for (unsigned i = 0; i < reading->reads_count; i++) {
		const struct span *span = &reading->reads[i];
		size_t used = strlen(text);

		snprintf(text + used, size - used, "%u:%u-%u ", span->function,
		    span->begin, span->end - 1);
	}
}

static void
requests_are_what_the_rules_say(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		struct world world;
		char text[200];

		world_init(&world, plans[i].rows);
		world.map.kind = plans[i].meter ? MAP_METER : MAP_INVERTER;
		world.map.hole_max = plans[i].hole_max;
		if (plans[i].words_max > 0)
			world.map.words_max = plans[i].words_max;
		world.map.holes[0] = plans[i].hole;
		world.map.holes_count = plans[i].hole.count > 0;
		memcpy(
		    world.map.blocks, plans[i].blocks, sizeof(plans[i].blocks));
		for (unsigned k = 0; k < 2; k++)
			world.map.blocks_count += plans[i].blocks[k].count > 0;
		world_plan(&world, plans[i].rows, false);
		write_reads(&world.reading, text, sizeof(text));
		if (strcmp(text, plans[i].reads) != 0)
			fail_msg("%s: %s", plans[i].rule, text);
		world_free(&world);
	}
}

static void
each_point_can_be_asked_alone(void **state)
{
	static const struct row rows[ENTRIES] = { WANT(0, 2), WANT(2, 1),
		WANT(3, 1) };
	struct world world;
	char text[200];

	(void)state;
	world_init(&world, rows);
	world_plan(&world, rows, true);
	write_reads(&world.reading, text, sizeof(text));
	assert_string_equal(text, "3:0-1 3:2-2 3:3-3 ");
	world_free(&world);
}

static double
number_of(const struct world *world, unsigned entry)
{
	struct value value;

	assert_int_equal(
	    reading_value(&world->reading, entry, &value), READING_TAKEN);
	assert_int_equal(value.kind, VALUE_NUMBER);
	return value.number;
}

static void
values_come_from_their_place_in_the_answer(void **state)
{
	static const struct row rows[ENTRIES] = { WANT(10, 2), WANT(13, 1),
		THERE(12, 1) };
	static const uint16_t words[] = { 1, 2, 77, 5 };
	struct world world;

	(void)state;
	world_init(&world, rows);
	world.entries[0].type = MAP_U32;
	world_plan(&world, rows, false);
	assert_int_equal(world.reading.reads_count, 1);
	reading_take(&world.reading, 0, words);
	assert_true(number_of(&world, 0) == 65538);
	assert_true(number_of(&world, 1) == 5);
	assert_null(reading_words(&world.reading, 2));
	world_free(&world);
}

static void
what_scales_a_point_is_read_with_it(void **state)
{
	static const struct row rows[ENTRIES] = { WANT(0, 1), THERE(1, 1) };
	static const uint16_t words[] = { 2345, 0xfffe };
	struct world world;

	(void)state;
	world_init(&world, rows);
	world.entries[0].scale_entry = 1;
	world.entries[1].type = MAP_S16;
	world_plan(&world, rows, false);
	assert_int_equal(world.reading.reads_count, 1);
	assert_int_equal(span_length(&world.reading.reads[0]), 2);
	reading_take(&world.reading, 0, words);
	assert_true(number_of(&world, 0) == 23.45);
	world_free(&world);
}

static void
without_what_scales_it_a_number_is_none(void **state)
{
	static const struct row rows[ENTRIES] = { WANT(0, 1), THERE(1, 1) };
	static const uint16_t words[] = { 2345, 0x8000 };
	struct world world;
	struct value value;

	(void)state;
	world_init(&world, rows);
	world.entries[0].scale_entry = 1;
	world.entries[1].type = MAP_S16;
	world_plan(&world, rows, false);
	reading_take(&world.reading, 0, words);
	assert_int_equal(
	    reading_value(&world.reading, 0, &value), READING_TAKEN);
	assert_int_equal(value.kind, VALUE_NONE);
	world_free(&world);
}

static void
what_is_refused_together_is_asked_for_one_by_one(void **state)
{
	static const struct row rows[ENTRIES] = { WANT(0, 1), WANT(1, 1) };
	static const uint16_t seven = 7;
	struct world world;
	struct value value;

	(void)state;
	world_init(&world, rows);
	world_plan(&world, rows, false);
	assert_int_equal(world.reading.reads_count, 1);
	reading_refuse(&world.reading, 0, 2);
	assert_int_equal(world.reading.reads_count, 3);
	reading_refuse(&world.reading, 1, 2);
	assert_int_equal(world.reading.reads_count, 3);
	reading_take(&world.reading, 2, &seven);
	assert_int_equal(
	    reading_value(&world.reading, 0, &value), READING_REFUSED);
	assert_true(number_of(&world, 1) == 7);
	world_free(&world);
}

static void
what_is_not_answered_has_no_value(void **state)
{
	static const struct row rows[ENTRIES] = { WANT(0, 1) };
	struct world world;
	struct value value;
	char why[64];

	(void)state;
	world_init(&world, rows);
	world_plan(&world, rows, false);
	reading_fail(&world.reading, 0);
	assert_int_equal(
	    reading_value(&world.reading, 0, &value), READING_SILENT);
	reading_why(&world.reading, 0, why, sizeof(why));
	assert_string_equal(why, "no answer");
	world_free(&world);
}

/* --- SunSpec --------------------------------------------------------------
 */

/* A device with the models 1 and 103, and the mark at `base`. */
struct chain {
	uint16_t base;
	uint16_t words[90];
};

static void
chain_init(struct chain *chain, uint16_t base)
{
	static const uint16_t head[] = { 0x5375, 0x6e53, 1, 66 };
	static const uint16_t next[] = { 103, 10 };

	memset(chain, 0, sizeof(*chain));
	chain->base = base;
	memcpy(chain->words, head, sizeof(head));
	memcpy(chain->words + 70, next, sizeof(next));
	chain->words[82] = 0xffff;
}

/* Answers as the device would, until all is known; how often it was asked. */
static unsigned
walk(struct sunspec *sunspec, const struct chain *chain)
{
	struct span span;
	unsigned asked = 0;

	while (sunspec_next(sunspec, &span)) {
		assert_true(asked++ < 100);
		if (span.begin < chain->base || span.end > chain->base + 90U)
			sunspec_refuse(sunspec);
		else
			sunspec_take(
			    sunspec, chain->words + (span.begin - chain->base));
	}
	return asked;
}

static void
models_are_found_behind_any_base(void **state)
{
	static const struct {
		uint16_t base;
		unsigned asked;
	} rows[] = { { 40000, 3 }, { 50000, 4 }, { 0, 5 } };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct map map = { .function = 3,
			.bases_count = 3,
			.bases = { 40000, 50000, 0 } };
		const struct sunspec_model *model;
		struct sunspec sunspec;
		struct chain chain;

		chain_init(&chain, rows[i].base);
		sunspec_start(&sunspec, &map);
		assert_int_equal(walk(&sunspec, &chain), rows[i].asked);
		assert_int_equal(sunspec.count, 2);
		model = sunspec_find(&sunspec, 103);
		assert_non_null(model);
		assert_int_equal(model->head, rows[i].base + 70);
		assert_int_equal(model->end, rows[i].base + 82);
		assert_null(sunspec_find(&sunspec, 104));
	}
}

static void
a_chain_that_never_ends_is_cut(void **state)
{
	struct map map = { .function = 3, .bases_count = 1 };
	static const uint16_t forever[] = { 0x5375, 0x6e53, 9, 1 };
	struct sunspec sunspec;
	struct span span;
	unsigned asked = 0;

	(void)state;
	sunspec_start(&sunspec, &map);
	while (sunspec_next(&sunspec, &span)) {
		assert_true(asked <= SUNSPEC_MODELS_MAX);
		sunspec_take(&sunspec, forever + (asked++ > 0 ? 2 : 0));
	}
	assert_int_equal(sunspec.count, SUNSPEC_MODELS_MAX);
}

static void
points_of_a_model_are_read_behind_its_head_if_it_is_there(void **state)
{
	static const struct row rows[ENTRIES] = { WANT(2, 1), WANT(9, 1),
		WANT(2, 1), WANT(12, 1) };
	struct world world;
	struct sunspec sunspec;
	struct chain chain;
	struct value value;
	char text[200];

	(void)state;
	world_init(&world, rows);
	world.map.bases_count = 1;
	world.map.bases[0] = 40000;
	for (unsigned i = 0; i < 4; i++)
		world.entries[i].model = i == 2 ? 203 : 103;
	world_plan(&world, rows, false);
	assert_true(reading_needs_chain(&world.reading));
	chain_init(&chain, 40000);
	sunspec_start(&sunspec, &world.map);
	walk(&sunspec, &chain);
	reading_plan(&world.reading, &sunspec, false);
	write_reads(&world.reading, text, sizeof(text));
	/* all of a model is known to be there */
	assert_string_equal(text, "3:40072-40079 ");
	assert_int_equal(
	    reading_value(&world.reading, 2, &value), READING_ABSENT);
	/* this one's is shorter than the map says */
	assert_int_equal(
	    reading_value(&world.reading, 3, &value), READING_ABSENT);
	world_free(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_what_the_rules_say),
		cmocka_unit_test(each_point_can_be_asked_alone),
		cmocka_unit_test(values_come_from_their_place_in_the_answer),
		cmocka_unit_test(what_scales_a_point_is_read_with_it),
		cmocka_unit_test(without_what_scales_it_a_number_is_none),
		cmocka_unit_test(
		    what_is_refused_together_is_asked_for_one_by_one),
		cmocka_unit_test(what_is_not_answered_has_no_value),
		cmocka_unit_test(models_are_found_behind_any_base),
		cmocka_unit_test(a_chain_that_never_ends_is_cut),
		cmocka_unit_test(
		    points_of_a_model_are_read_behind_its_head_if_it_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
