/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include "proxy/point.h"
#include "tests/unit/draw.h"

static const struct map high_first = { .word_order = MAP_HIGH_WORD_FIRST };
static const struct map low_first = { .word_order = MAP_LOW_WORD_FIRST };

static void
registers_and_values_both_ways(void **state)
{
	static const struct {
		const struct map *map;
		enum map_type type;
		double scale;
		uint16_t registers[2];
		double value;
	} rows[] = {
		{ &high_first, MAP_U16, 1, { 65535 }, 65535 },
		{ &high_first, MAP_U16, 0.1, { 2304 }, 230.4 },
		{ &high_first, MAP_S16, 1, { 0xffff }, -1 },
		{ &high_first, MAP_S16, -1, { 0x8000 }, 32768 },
		{ &high_first, MAP_S16, 10, { 0xff9c }, -1000 },
		{ &low_first, MAP_S16, 1, { 0x7fff }, 32767 },
		{ &high_first, MAP_U32, 1, { 0x0001, 0x0002 }, 65538 },
		{ &low_first, MAP_U32, 1, { 0x0002, 0x0001 }, 65538 },
		{ &high_first, MAP_U32, 1, { 0xffff, 0xffff }, 4294967295.0 },
		{ &high_first, MAP_U32, 10, { 0, 12345 }, 123450 },
		{ &high_first, MAP_S32, 1, { 0xffff, 0xfffe }, -2 },
		{ &low_first, MAP_S32, 1, { 0xfffe, 0xffff }, -2 },
		{ &high_first, MAP_S32, 1, { 0x8000, 0 }, -2147483648.0 },
		{ &high_first, MAP_S32, 0.01, { 0, 23040 }, 230.4 },
		{ &high_first, MAP_F32, 1, { 0x4366, 0x6666 }, 230.3999939 },
		{ &low_first, MAP_F32, 1, { 0x6666, 0x4366 }, 230.3999939 },
		{ &high_first, MAP_F32, -1, { 0x447a, 0 }, -1000 },
		{ &high_first, MAP_F32, 1000, { 0x42f6, 0 }, 123000 },
		{ &low_first, MAP_F32, 1, { 0, 0xc2c8 }, -100 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct map_point point = { .type = rows[i].type,
			.scale = rows[i].scale };
		uint16_t registers[2] = { 0, 0 };
		double value;

		assert_true(point_decode(
		    rows[i].map, &point, rows[i].registers, &value));
		assert_true(fabs(value - rows[i].value) < 1e-6);
		assert_true(
		    point_encode(rows[i].map, &point, value, registers));
		assert_memory_equal(registers, rows[i].registers,
		    2 * (size_t)map_type_words(rows[i].type));
	}
}

static void
no_number_is_refused(void **state)
{
	static const uint32_t rows[] = { 0x7fc00000, 0xffc00000, 0x7f800001,
		0x7f800000, 0xff800000, 0xffffffff };
	struct map_point point = { .type = MAP_F32, .scale = 1 };
	double value;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint16_t high = (uint16_t)(rows[i] >> 16);
		const uint16_t low = (uint16_t)rows[i];

		assert_false(point_decode(&high_first, &point,
		    (const uint16_t[]){ high, low }, &value));
		assert_false(point_decode(&low_first, &point,
		    (const uint16_t[]){ low, high }, &value));
	}
}

/* 0x8000 would be -32768 W. */
static void
marks_of_the_map_are_refused(void **state)
{
	static const struct {
		enum map_type type;
		uint16_t high, low;
		bool good;
	} rows[] = {
		{ MAP_S16, 0x8000, 0, false },
		{ MAP_U16, 0x8000, 0, false },
		{ MAP_S16, 0x7fff, 0, true },
		{ MAP_S32, 0x8000, 0, false },
		{ MAP_S32, 0, 0x8000, false },
		{ MAP_U32, 0x8000, 1, true },
	};
	struct map_point point = { .scale = 1,
		.invalid_count = 2,
		.invalid = { 0x8000, 0x80000000 } };
	double value;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint16_t words[] = { rows[i].high, rows[i].low };

		point.type = rows[i].type;
		assert_int_equal(
		    point_decode(&high_first, &point, words, &value),
		    rows[i].good);
	}
}

static void
beyond_the_range_is_held_at_its_end(void **state)
{
	static const struct {
		enum map_type type;
		double scale;
		double value;
		uint32_t bits;
		bool fits;
	} rows[] = {
		{ MAP_U16, 1, 65535.4, 65535, true },
		{ MAP_U16, 1, 65535.5, 65535, false },
		{ MAP_U16, 1, -0.4, 0, true },
		{ MAP_U16, 1, -1, 0, false },
		{ MAP_U16, 0.1, 1e300, 65535, false },
		{ MAP_S16, 1, 32768, 32767, false },
		{ MAP_S16, 1, -32768, 0x8000, true },
		{ MAP_S16, 1, -32769, 0x8000, false },
		{ MAP_S16, -1, 40000, 0x8000, false },
		{ MAP_U32, 1, 4294967296.0, 0xffffffff, false },
		{ MAP_U32, 1, -5, 0, false },
		{ MAP_S32, 1, 2147483648.0, 0x7fffffff, false },
		{ MAP_S32, 1, -1e12, 0x80000000, false },
		{ MAP_S32, 1e-6, 1e300, 0x7fffffff, false },
		{ MAP_F32, 1, 1e39, 0x7f7fffff, false },
		{ MAP_F32, 1, -1e39, 0xff7fffff, false },
		{ MAP_F32, 1e-6, DBL_MAX, 0x7f7fffff, false },
		{ MAP_F32, 1, (double)FLT_MAX, 0x7f7fffff, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct map_point point = { .type = rows[i].type,
			.scale = rows[i].scale };
		uint16_t registers[2] = { 0, 0 };
		uint32_t bits;

		assert_int_equal(
		    point_encode(&high_first, &point, rows[i].value, registers),
		    rows[i].fits);
		bits = map_type_words(rows[i].type) == 1
		           ? registers[0]
		           : (uint32_t)registers[0] << 16 | registers[1];
		assert_int_equal(bits, rows[i].bits);
	}
}

static void
halves_are_rounded_away_from_zero(void **state)
{
	static const struct {
		double value;
		int16_t raw;
	} rows[] = { { 0.5, 1 }, { -0.5, -1 }, { 1.5, 2 }, { 2.5, 3 },
		{ -2.5, -3 }, { 0.49999, 0 }, { -0.49999, 0 } };
	struct map_point point = { .type = MAP_S16, .scale = 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint16_t registers[1];

		assert_true(point_encode(
		    &high_first, &point, rows[i].value, registers));
		assert_int_equal((int16_t)registers[0], rows[i].raw);
	}
}

static void
one_word_leaves_the_next_one_alone(void **state)
{
	struct map_point point = { .type = MAP_S16, .scale = 1 };
	uint16_t registers[2] = { 0, 0xbeef };

	(void)state;
	point_encode(&low_first, &point, -7, registers);
	assert_int_equal(registers[1], 0xbeef);
}

static void
every_register_comes_back_as_it_was(void **state)
{
	static const double scales[] = { 1, -1, 0.1, -0.1, 0.01, 10, 1000,
		0.001, 1e-6, 1e6, 0.3 };
	uint64_t seed = 3;

	(void)state;
	for (unsigned i = 0; i < 500000; i++) {
		const struct map *map =
		    draw_below(&seed, 2) ? &high_first : &low_first;
		struct map_point point = {
			.type =
			    (enum map_type)draw_below(&seed, MAP_F32 + 1),
			.scale = scales[draw_below(&seed, 11)],
		};
		uint16_t before[2] = { (uint16_t)draw_below(&seed, 65536),
			(uint16_t)draw_below(&seed, 65536) };
		uint16_t after[2] = { 0, 0 };
		double value;

		if (!point_decode(map, &point, before, &value))
			continue;
		assert_true(point_encode(map, &point, value, after));
		assert_memory_equal(
		    after, before, 2 * (size_t)map_type_words(point.type));
	}
}

static void
every_value_comes_back_within_half_a_step(void **state)
{
	static const double scales[] = { 1, -1, 0.1, 0.01, 10, 0.25 };
	uint64_t seed = 4;
	unsigned fitted = 0;

	(void)state;
	for (unsigned i = 0; i < 500000; i++) {
		struct map_point point = {
			.type =
			    (enum map_type)draw_below(&seed, MAP_F32 + 1),
			.scale = scales[draw_below(&seed, 6)],
		};
		double value = draw_between(&seed, -1, 1) *
		               pow(10, draw_between(&seed, -3, 9));
		uint16_t registers[2];
		double back;

		if (!point_encode(&low_first, &point, value, registers))
			continue;
		fitted++;
		assert_true(point_decode(&low_first, &point, registers, &back));
		assert_true(fabs(back - value) <=
			    point_step(&point, value) * 0.5000001);
	}
	assert_true(fitted > 200000);
}

static void
a_step_is_what_the_register_can_tell_apart(void **state)
{
	static const struct {
		enum map_type type;
		double scale;
		double value;
		double step;
	} rows[] = {
		{ MAP_S16, 1, 500, 1 },
		{ MAP_U32, -0.1, 500, 0.1 },
		{ MAP_S32, 10, -5, 10 },
		{ MAP_F32, 1, 1, 1.1920928955078125e-7 },
		{ MAP_F32, 1, -1, 1.1920928955078125e-7 },
		{ MAP_F32, 1, 16777216, 2 },
		{ MAP_F32, 1000, 16777216000.0, 2000 },
		{ MAP_F32, 1, 1e300, 2.028240960365167e31 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct map_point point = { .type = rows[i].type,
			.scale = rows[i].scale };

		assert_true(
		    fabs(point_step(&point, rows[i].value) / rows[i].step - 1) <
		    1e-12);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_and_values_both_ways),
		cmocka_unit_test(no_number_is_refused),
		cmocka_unit_test(marks_of_the_map_are_refused),
		cmocka_unit_test(beyond_the_range_is_held_at_its_end),
		cmocka_unit_test(halves_are_rounded_away_from_zero),
		cmocka_unit_test(one_word_leaves_the_next_one_alone),
		cmocka_unit_test(every_register_comes_back_as_it_was),
		cmocka_unit_test(every_value_comes_back_within_half_a_step),
		cmocka_unit_test(a_step_is_what_the_register_can_tell_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
