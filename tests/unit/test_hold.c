/* SPDX-License-Identifier: MIT */
/* Values into registers, at the ends of what those can say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "proxy/hold.h"
#include "proxy/image.h"

static struct map_entry
entry_of(enum map_type type, double scale, double offset)
{
	return (struct map_entry){ .name = "x",
		.quantity = QUANTITY_ENERGY_IMPORT,
		.unit = "Wh",
		.address = 10,
		.words = (uint16_t)map_type_words(type),
		.function = 3,
		.type = type,
		.readable = true,
		.scale = scale,
		.offset = offset,
		.scale_entry = -1 };
}

static void
by_rule(void **state)
{
	static const struct {
		const char *rule;
		enum map_type type;
		double scale, offset;
		int scale10;
		uint64_t invalid; /* 0: none */
		double value;
		bool fits;
		uint16_t words[4];
	} rows[] = {
		{ "64 bits", MAP_U64, 10, 0, 0, 0, 42949672960.0, true,
		    { 0, 1, 0, 0 } },
		{ "64 bits, signed", MAP_S64, 1, 0, 0, 0, -2, true,
		    { 0xffff, 0xffff, 0xffff, 0xfffe } },
		{ "a double", MAP_F64, 1000, 0, 0, 0, 1500, true,
		    { 0x3ff8, 0, 0, 0 } },
		{ "an offset", MAP_U16, 0.1, 400, 0, 0, -10, true, { 300 } },
		{ "a power of ten", MAP_S16, 1, 0, -2, 0, 2.5, true, { 250 } },
		{ "decimal digits", MAP_BCD16, 1, 0, 0, 0, 1234, true,
		    { 0x1234 } },
		{ "too much", MAP_U16, 1, 0, 0, 0, 70000, false, { 65535 } },
		{ "too little", MAP_U16, 1, 0, 0, 0, -1, false, { 0 } },
		{ "too much for a sign", MAP_S16, 1, 0, 0, 0, 40000, false,
		    { 0x7fff } },
		{ "too little for a sign", MAP_S16, 1, 0, 0, 0, -40000, false,
		    { 0x8000 } },
		{ "too little turns to much by a negative scale", MAP_S16, -1,
		    0, 0, 0, -40000, false, { 0x7fff } },
		{ "too much for digits", MAP_BCD16, 1, 0, 0, 0, 1e5, false,
		    { 0x9999 } },
		{ "too much for 64 bits", MAP_S64, 1, 0, 0, 0, 1e30, false,
		    { 0x7fff, 0xffff, 0xffff, 0xfc00 } },
		{ "not what means: not available", MAP_S16, 1, 0, 0, 0x8000,
		    -40000, false, { 0x8001 } },
		{ "nor where it fits", MAP_U16, 1, 0, 0, 0xffff, 65535, true,
		    { 0xfffe } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct map_entry entry =
		    entry_of(rows[i].type, rows[i].scale, rows[i].offset);
		uint16_t words[4] = { 0 };
		bool fits;

		entry.invalid[0] = rows[i].invalid;
		entry.invalid_count = rows[i].invalid > 0;
		fits =
		    hold_entry(&entry, rows[i].value, rows[i].scale10, words);
		if (fits != rows[i].fits ||
		    memcmp(words, rows[i].words, sizeof(words)) != 0)
			fail_msg("%s: %04x %04x %04x %04x", rows[i].rule,
			    words[0], words[1], words[2], words[3]);
	}
}

static void
a_point_at_its_end_is_no_mark_either(void **state)
{
	struct map_entry entry = entry_of(MAP_S16, 1, 0);
	struct map map = { .function = 3,
		.points_count = 1,
		.points = { { QUANTITY_ENERGY_IMPORT, 10, MAP_S16, 1, true, 0,
		    { 0 } } },
		.entries_count = 1,
		.entries = &entry };
	uint16_t word;

	(void)state;
	entry.invalid[0] = 0x7fff;
	entry.invalid_count = 1;
	assert_false(hold_is_wide(&map, &entry));
	assert_true(hold_point(&map, &map.points[0], 500, &word));
	assert_int_equal(word, 500);
	assert_false(hold_point(&map, &map.points[0], 50000, &word));
	assert_int_equal(word, 0x7ffe);
}

/* What cannot be polled is shown all the same, once, and by the power of ten
 * that its own register tells. */
static void
wide_entries_are_shown(void **state)
{
	struct map_entry entries[] = { entry_of(MAP_U64, 10, 0),
		entry_of(MAP_S16, 1, 0), entry_of(MAP_S16, 1, 0) };
	struct map map = { .function = 3,
		.blocks_count = 1,
		.blocks = { { 10, 6 } },
		.entries_count = 3,
		.entries = entries };
	struct quantities values = { .known = 0 };
	struct image image;

	(void)state;
	entries[1].quantity = QUANTITY_ACTIVE_POWER;
	entries[1].address = 14;
	entries[1].scale_entry = 2;
	entries[2].quantity = QUANTITY_COUNT;
	entries[2].address = 15;
	assert_true(image_shows(&map, QUANTITY_ACTIVE_POWER));
	assert_false(image_shows(&map, QUANTITY_FREQUENCY));
	assert_true(image_init(&image, &map));
	image_at(&image, 15, 1)[0] = 1;
	quantities_put(&values, QUANTITY_ENERGY_IMPORT, 65536000.0);
	quantities_put(&values, QUANTITY_ACTIVE_POWER, -300);
	assert_int_equal(image_encode(&image, &values), 0);
	assert_int_equal(image_at(&image, 12, 1)[0], 100);
	assert_int_equal(image_at(&image, 13, 1)[0], 0);
	assert_int_equal(image_at(&image, 14, 1)[0], 0xffe2);
	assert_int_equal(image_at(&image, 15, 1)[0], 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_rule),
		cmocka_unit_test(a_point_at_its_end_is_no_mark_either),
		cmocka_unit_test(wide_entries_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
