/* SPDX-License-Identifier: MIT */
/* The registers a device has, and what stands in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <string.h>

#include "proxy/image.h"
#include "tests/unit/draw.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { DRAWN = 100000 };

/* Two blocks that touch, one apart, one that ends with the address space. */
static const struct map map = {
	.function = 3,
	.words_max = MAP_WORDS_MAX,
	.points_count = 5,
	.points = {
		{ QUANTITY_VOLTAGE, 11, MAP_U16, 0.1, false, 0, { 0 } },
		{ QUANTITY_ACTIVE_POWER, 13, MAP_S16, 1, true, 0, { 0 } },
		{ QUANTITY_ENERGY_IMPORT, 20, MAP_U32, 10, false, 0, { 0 } },
		{ QUANTITY_FREQUENCY, 103, MAP_F32, 1, false, 0, { 0 } },
		{ QUANTITY_CURRENT, 65534, MAP_S32, 0.001, false, 0, { 0 } },
	},
	.blocks_count = 4,
	.blocks = { { 10, 10 }, { 20, 5 }, { 100, 5 }, { 65533, 3 } },
};

static const struct {
	const char *rule;
	unsigned address, count;
	int index; /* in the image; -1: refused */
} spans[] = {
	{ "a whole block", 10, 10, 0 },
	{ "its first register", 10, 1, 0 },
	{ "its last one", 19, 1, 9 },
	{ "before the first block", 9, 1, -1 },
	{ "begins before it", 9, 2, -1 },
	{ "past its end, though the next block touches", 19, 2, -1 },
	{ "two whole blocks", 10, 15, -1 },
	{ "the next block follows in the image", 20, 5, 10 },
	{ "past the end of the second", 20, 6, -1 },
	{ "in the hole", 50, 1, -1 },
	{ "from the hole into a block", 99, 2, -1 },
	{ "out of a block into the hole", 104, 2, -1 },
	{ "across the hole", 24, 77, -1 },
	{ "behind the hole", 100, 5, 15 },
	{ "up to 65535", 65533, 3, 20 },
	{ "65535 itself", 65535, 1, 22 },
	{ "past 65535", 65535, 2, -1 },
	{ "past 65535, and round to a block", 65535, 12, -1 },
	{ "as long as there are addresses", 0, 65536, -1 },
	{ "from a block on, as long", 10, 65536, -1 },
	{ "a count that wraps around", 11, UINT_MAX, -1 },
};

static void
registers_lie_in_one_block_or_are_refused(void **state)
{
	struct image image;

	(void)state;
	assert_true(image_init(&image, &map));
	for (size_t i = 0; i < COUNT(spans); i++) {
		uint16_t address = (uint16_t)spans[i].address;
		const uint16_t *at = image_at(&image, address, spans[i].count);

		if (at != (spans[i].index < 0
				  ? NULL
				  : &image.registers[spans[i].index]))
			fail_msg("%s", spans[i].rule);
		assert_ptr_equal(
		    image_read(&image, address, spans[i].count), at);
	}
}

static void
size_is_the_sum_of_the_blocks(void **state)
{
	struct map large = { .blocks_count = 2,
		.blocks = { { 0, IMAGE_REGISTERS_MAX - 1 }, { 60000, 1 } } };
	struct image image;

	(void)state;
	assert_true(image_init(&image, &large));
	assert_ptr_equal(image_at(&image, 60000, 1),
	    &image.registers[IMAGE_REGISTERS_MAX - 1]);
	large.blocks[1].count = 2;
	assert_false(image_init(&image, &large));
}

static void
gaps_are_zero(void **state)
{
	static struct image image;
	struct quantities values = { .known = 0 };

	(void)state;
	memset(&image, 0xff, sizeof(image));
	assert_true(image_init(&image, &map));
	for (size_t i = 0; i < COUNT(image.registers); i++)
		assert_int_equal(image.registers[i], 0);
	quantities_put(&values, QUANTITY_ACTIVE_POWER, -300);
	assert_int_equal(image_encode(&image, &values), 0);
	for (size_t i = 0; i < COUNT(image.registers); i++)
		assert_int_equal(image.registers[i], i == 3 ? 0xfed4 : 0);
}

static void
every_known_quantity_of_the_map_is_encoded(void **state)
{
	static const uint16_t expected[] = { 0, 2304, 0, 0xfed4, 0, 0, 0, 0, 0,
		0, 0x0001, 0x0002, 0, 0, 0, 0, 0, 0, 0x4248, 0, 0, 0xffff,
		0xfc18 };
	static const struct map_block *last = &map.blocks[3];
	struct quantities values = { .known = 0 };
	struct image image;

	(void)state;
	assert_true(image_init(&image, &map));
	quantities_put(&values, QUANTITY_VOLTAGE, 230.4);
	quantities_put(&values, QUANTITY_ACTIVE_POWER, -300);
	quantities_put(&values, QUANTITY_ENERGY_IMPORT, 655380);
	quantities_put(&values, QUANTITY_FREQUENCY, 50);
	quantities_put(&values, QUANTITY_CURRENT, -1);
	/* not in the map */
	quantities_put(&values, QUANTITY_PV_POWER, 1234);
	assert_int_equal(image_encode(&image, &values), 0);
	assert_memory_equal(image.registers, expected, sizeof(expected));
	assert_int_equal(
	    image_at(&image, last->address, last->count)[2], 0xfc18);
}

static void
what_is_not_known_stays_as_it_was(void **state)
{
	struct quantities values = { .known = 0 };
	struct image image;

	(void)state;
	assert_true(image_init(&image, &map));
	quantities_put(&values, QUANTITY_VOLTAGE, 231);
	quantities_put(&values, QUANTITY_ACTIVE_POWER, 500);
	assert_int_equal(image_encode(&image, &values), 0);
	quantities_put(&values, QUANTITY_VOLTAGE, 99);
	quantities_put(&values, QUANTITY_ACTIVE_POWER, 700);
	values.known &= ~(UINT64_C(1) << QUANTITY_VOLTAGE);
	assert_int_equal(image_encode(&image, &values), 0);
	assert_int_equal(image_at(&image, 11, 1)[0], 2310);
	assert_int_equal(image_at(&image, 13, 1)[0], 700);
}

static void
values_held_at_the_end_of_their_range_are_counted(void **state)
{
	static const struct {
		double voltage_v, power_w, energy_wh;
		unsigned held;
		uint16_t voltage, power;
	} rows[] = {
		{ 6553.5, 32767, 42949672950.0, 0, 65535, 32767 },
		{ 6553.5, 32768, 42949672950.0, 1, 65535, 32767 },
		{ 6553.6, 32768, 42949672950.0, 2, 65535, 32767 },
		{ 6553.6, 32768, 42949672960.0, 3, 65535, 32767 },
		{ 0, -32768, 0, 0, 0, 0x8000 },
		{ -0.1, -32769, -10, 3, 0, 0x8000 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct quantities values = { .known = 0 };
		struct image image;

		assert_true(image_init(&image, &map));
		quantities_put(&values, QUANTITY_VOLTAGE, rows[i].voltage_v);
		quantities_put(&values, QUANTITY_ACTIVE_POWER, rows[i].power_w);
		quantities_put(
		    &values, QUANTITY_ENERGY_IMPORT, rows[i].energy_wh);
		assert_int_equal(image_encode(&image, &values), rows[i].held);
		assert_int_equal(image_at(&image, 11, 1)[0], rows[i].voltage);
		assert_int_equal(image_at(&image, 13, 1)[0], rows[i].power);
	}
}

/* The oracle is a table of all addresses: which register of the image each
 * one is, or none. */
static void
any_span_is_found_as_address_by_address(void **state)
{
	static int16_t index_of[65536 + 256];
	struct image image;
	uint64_t seed = 2;
	int16_t next = 0;

	(void)state;
	assert_true(image_init(&image, &map));
	memset(index_of, 0xff, sizeof(index_of));
	for (unsigned b = 0; b < map.blocks_count; b++)
		for (unsigned i = 0; i < map.blocks[b].count; i++)
			index_of[map.blocks[b].address + i] = next++;
	for (unsigned i = 0; i < DRAWN; i++) {
		uint16_t address = (uint16_t)(draw_below(&seed, 130) - 10);
		unsigned count = 1 + draw_below(&seed, 20);
		const uint16_t *at = image_read(&image, address, count);
		unsigned in = 0;

		while (in < count && index_of[address + in] >= 0 &&
		       /* not into a block that touches */
		       (in == 0 || address + in != 20))
			in++;
		assert_ptr_equal(at,
		    in < count ? NULL : &image.registers[index_of[address]]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_lie_in_one_block_or_are_refused),
		cmocka_unit_test(size_is_the_sum_of_the_blocks),
		cmocka_unit_test(gaps_are_zero),
		cmocka_unit_test(every_known_quantity_of_the_map_is_encoded),
		cmocka_unit_test(what_is_not_known_stays_as_it_was),
		cmocka_unit_test(
		    values_held_at_the_end_of_their_range_are_counted),
		cmocka_unit_test(any_span_is_found_as_address_by_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
