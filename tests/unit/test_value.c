/* SPDX-License-Identifier: MIT */
/* Registers to values and back, by type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "proxy/value.h"
#include "tests/unit/draw.h"

static struct map_entry
entry_of(enum map_type type)
{
	unsigned words = map_type_words(type);

	return (struct map_entry){
		.name = "x",
		.unit = "W",
		.type = type,
		.words = (uint16_t)(words > 0 ? words : 3),
		.scale = 1,
		.scale_entry = -1,
	};
}

static void
numbers_are_what_the_type_says(void **state)
{
	static const struct {
		enum map_type type;
		uint16_t words[4];
		double number;
	} rows[] = {
		{ MAP_U16, { 0xfffe }, 65534 },
		{ MAP_S16, { 0xfffe }, -2 },
		{ MAP_U32, { 0x0001, 0x0002 }, 65538 },
		{ MAP_S32, { 0xffff, 0xffff }, -1 },
		{ MAP_F32, { 0x4366, 0x8000 }, 230.5 },
		{ MAP_U64, { 0, 1, 0, 0 }, 4294967296.0 },
		{ MAP_S64, { 0xffff, 0xffff, 0xffff, 0xff00 }, -256 },
		{ MAP_F64, { 0xc05e, 0xdd2f, 0x1a9f, 0xbe77 }, -123.456 },
		{ MAP_BOOL, { 1 }, 1 },
		{ MAP_ENUM16, { 7 }, 7 },
		{ MAP_BITS32, { 0x8000, 1 }, 2147483649.0 },
		{ MAP_BCD16, { 0x1234 }, 1234 },
		{ MAP_HEX16, { 0xabcd }, 0xabcd },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct map_entry entry = entry_of(rows[i].type);
		struct value value;
		uint16_t back[4] = { 0 };
		char error[100] = "";

		value_get(&entry, rows[i].words, 0, &value);
		assert_int_equal(value.kind, VALUE_NUMBER);
		assert_true(value.number == rows[i].number);
		assert_true(
		    value_put(&entry, &value, 0, back, error, sizeof(error)));
		assert_memory_equal(back, rows[i].words, sizeof(back));
	}
}

static void
words_go_either_way_round(void **state)
{
	static const uint16_t words[] = { 4, 3, 2, 1 };
	struct map_entry entry = entry_of(MAP_U64);
	struct value value;

	(void)state;
	entry.word_order = MAP_LOW_WORD_FIRST;
	value_get(&entry, words, 0, &value);
	assert_true(value.number == 281483566841860.0);
	entry.type = MAP_U32;
	entry.words = 2;
	value_get(&entry, words, 0, &value);
	assert_true(value.number == 3 * 65536.0 + 4);
}

static void
offset_before_scale_and_powers_of_ten(void **state)
{
	struct map_entry entry = entry_of(MAP_U16);
	static const uint16_t words[] = { 1250 };
	struct value value;

	(void)state;
	entry.offset = 1000;
	entry.scale = -0.1;
	value_get(&entry, words, 0, &value);
	assert_true(fabs(value.number - -25) < 1e-9);
	value_get(&entry, words, -2, &value);
	assert_true(fabs(value.number - -0.25) < 1e-9);
	assert_true(fabs(value_step(&entry, -2) - 0.001) < 1e-12);
	/* A power of ten that is none. */
	value_get(&entry, words, -32768, &value);
	assert_int_equal(value.kind, VALUE_NONE);
}

static void
marks_mean_that_there_is_no_value(void **state)
{
	static const uint16_t mark[] = { 0x8000, 0, 0, 0 };
	static const uint16_t ones[] = { 0xffff, 0xffff, 0xffff, 0xffff };
	static const uint16_t nan32[] = { 0x7fc0, 0 };
	struct map_entry entry = entry_of(MAP_S16);
	struct value value;
	uint16_t words[4];
	char error[100];

	(void)state;
	value_get(&entry, mark, 0, &value);
	assert_int_equal(value.kind, VALUE_NUMBER);
	entry.invalid[0] = 0x8000;
	entry.invalid_count = 1;
	value_get(&entry, mark, 0, &value);
	assert_int_equal(value.kind, VALUE_NONE);
	value = (struct value){ .kind = VALUE_NUMBER, .number = -32768 };
	assert_false(value_put(&entry, &value, 0, words, error, sizeof(error)));
	/* SunSpec's need not be told. */
	for (int type = 0; type < MAP_TYPE_COUNT; type++) {
		entry = entry_of((enum map_type)type);
		entry.model = 103;
		value_get(&entry,
		    type == MAP_S16 || type == MAP_S32 || type == MAP_S64
			? mark
			: ones,
		    0, &value);
		if (type != MAP_STRING && type != MAP_BYTES)
			assert_int_equal(value.kind, VALUE_NONE);
	}
	entry = entry_of(MAP_F32);
	value_get(&entry, nan32, 0, &value);
	assert_int_equal(value.kind, VALUE_NONE);
}

static void
what_does_not_fit_is_refused(void **state)
{
	static const struct {
		enum map_type type;
		double number;
		bool fits;
	} rows[] = {
		{ MAP_U16, 65535.4, true },
		{ MAP_U16, 65535.6, false },
		{ MAP_U16, -0.4, true },
		{ MAP_U16, -1, false },
		{ MAP_S16, -32768, true },
		{ MAP_S16, -32769, false },
		{ MAP_S16, 32768, false },
		{ MAP_U32, 4294967295.0, true },
		{ MAP_U32, 4294967296.0, false },
		{ MAP_S32, 2147483648.0, false },
		{ MAP_U64, 18446744073709551615.0, false },
		{ MAP_S64, -9223372036854775808.0, true },
		{ MAP_F32, 1e39, false },
		{ MAP_F64, 1e300, true },
		{ MAP_BOOL, 2, false },
		{ MAP_BCD16, 9999, true },
		{ MAP_BCD16, 10000, false },
		{ MAP_U16, (double)NAN, false },
		{ MAP_F32, (double)INFINITY, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct map_entry entry = entry_of(rows[i].type);
		struct value value = { .kind = VALUE_NUMBER,
			.number = rows[i].number };
		uint16_t words[4];
		char error[100] = "";

		assert_int_equal(
		    value_put(&entry, &value, 0, words, error, sizeof(error)),
		    rows[i].fits);
		assert_int_equal(error[0] == '\0', rows[i].fits);
	}
}

static void
texts_come_and_go(void **state)
{
	static const struct {
		enum map_type type;
		uint16_t words[6];
		const char *text;
	} rows[] = {
		{ MAP_STRING, { 0x4142, 0x4300, 0 }, "ABC" },
		{ MAP_STRING, { 0x4142, 0x4344, 0x4546 }, "ABCDEF" },
		{ MAP_BYTES, { 0x00ff, 0x1234, 0xabcd }, "00ff1234abcd" },
		{ MAP_DATETIME, { 2026, 11, 21, 12, 59, 3 },
		    "2026-11-21T12:59:03" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct map_entry entry = entry_of(rows[i].type);
		struct value value;
		uint16_t back[6] = { 0 };
		char error[100] = "";

		value_get(&entry, rows[i].words, 0, &value);
		assert_int_equal(value.kind, VALUE_TEXT);
		assert_string_equal(value.text, rows[i].text);
		assert_true(
		    value_put(&entry, &value, 0, back, error, sizeof(error)));
		assert_memory_equal(back, rows[i].words, 2u * entry.words);
	}
}

static void
people_read_and_write_them(void **state)
{
	static const struct map_choice states[] = { { 0, "off" },
		{ 2, "charging" } };
	static const struct map_choice bits[] = { { 0, "on" }, { 3, "hot" } };
	static const struct {
		enum map_type type;
		double scale;
		double number;
		const struct map_choice *choices;
		const char *text;
	} rows[] = {
		{ MAP_U16, 0.1, 230.4, NULL, "230.4 W" },
		{ MAP_S32, 10, -1230, NULL, "-1230 W" },
		{ MAP_F32, 1, 49.98, NULL, "49.98 W" },
		{ MAP_ENUM16, 1, 2, states, "2 (charging)" },
		{ MAP_ENUM16, 1, 5, states, "5 W" },
		{ MAP_BITS16, 1, 9, bits, "on, hot" },
		{ MAP_BITS16, 1, 5, bits, "on, b2" },
		{ MAP_BITS16, 1, 0, bits, "-" },
		{ MAP_HEX16, 1, 171, NULL, "0x00AB" },
	};
	struct map_entry entry = entry_of(MAP_ENUM16);
	struct value value = { .kind = VALUE_NUMBER };
	char text[100], error[100];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct map_entry row = entry_of(rows[i].type);

		row.scale = rows[i].scale;
		row.choices = rows[i].choices;
		row.choices_count = rows[i].choices != NULL ? 2 : 0;
		value.number = rows[i].number;
		value_print(&row, &value, text, sizeof(text));
		assert_string_equal(text, rows[i].text);
	}
	entry.choices = states;
	entry.choices_count = 2;
	assert_true(
	    value_parse(&entry, "charging", &value, error, sizeof(error)));
	assert_true(value.number == 2);
	assert_true(value_parse(&entry, "1.5", &value, error, sizeof(error)));
	assert_false(
	    value_parse(&entry, "1.5 W", &value, error, sizeof(error)));
	assert_false(value_parse(&entry, "", &value, error, sizeof(error)));
	assert_false(value_parse(&entry, "nan", &value, error, sizeof(error)));
}

/* Whatever a register holds comes back, unless it means nothing. */
static void
registers_come_back_as_they_were(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct map_entry entry =
		    entry_of((enum map_type)draw_below(&seed, MAP_BOOL));
		uint16_t words[4], back[4];
		struct value value;
		char error[100];

		entry.scale = (draw_below(&seed, 2) ? 1 : -1) *
		              pow(10, (int)draw_below(&seed, 7) - 3);
		entry.offset = draw_below(&seed, 1000);
		entry.word_order = (enum map_word_order)draw_below(&seed, 2);
		for (int w = 0; w < 4; w++)
			words[w] = (uint16_t)draw_below(&seed, 65536);
		/* A double has 53 bits. */
		if (entry.type == MAP_U64 || entry.type == MAP_S64)
			words[entry.word_order == MAP_HIGH_WORD_FIRST ? 0 : 3] =
			    0;
		value_get(&entry, words, 0, &value);
		if (value.kind == VALUE_NONE || entry.type == MAP_F32 ||
		    entry.type == MAP_F64)
			continue;
		assert_true(
		    value_put(&entry, &value, 0, back, error, sizeof(error)));
		assert_memory_equal(back, words, 2u * entry.words);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_what_the_type_says),
		cmocka_unit_test(words_go_either_way_round),
		cmocka_unit_test(offset_before_scale_and_powers_of_ten),
		cmocka_unit_test(marks_mean_that_there_is_no_value),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(texts_come_and_go),
		cmocka_unit_test(people_read_and_write_them),
		cmocka_unit_test(registers_come_back_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
