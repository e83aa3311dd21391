/* SPDX-License-Identifier: MIT */
#include "proxy/crc.h"

#include "tests/unit/rtu_helper.h"

/* Published values: the catalogue's check value, the standard's worked
 * example, and a frame from a captured bus. */
static void
known_values(void **state)
{
	const uint8_t captured[] = { 0xfe, 3, 1, 0x64, 0, 8 };

	(void)state;
	assert_int_equal(crc_modbus((const uint8_t *)"123456789", 9), 0x4b37);
	assert_int_equal(crc_modbus((const uint8_t *)"\x02\x07", 2), 0x1241);
	assert_int_equal(crc_modbus(NULL, 0), 0xffff);
	assert_int_equal(crc_modbus(captured, sizeof(captured)),
	    oracle_crc(captured, sizeof(captured)));
}

static void
every_byte_in_every_state_as_the_bitwise_one(void **state)
{
	uint8_t bytes[3];

	(void)state;
	for (unsigned i = 0; i < 1 << 16; i++) {
		bytes[0] = (uint8_t)(i >> 8);
		bytes[1] = (uint8_t)i;
		for (unsigned last = 0; last < 256; last += 15) {
			bytes[2] = (uint8_t)last;
			assert_int_equal(
			    crc_modbus(bytes, 3), oracle_crc(bytes, 3));
		}
	}
}

static void
random_blocks_of_every_length_as_the_bitwise_one(void **state)
{
	uint32_t seed = 20260101;
	uint8_t bytes[300];

	(void)state;
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		for (size_t i = 0; i < length; i++)
			bytes[i] = draw_byte(&seed);
		assert_int_equal(
		    crc_modbus(bytes, length), oracle_crc(bytes, length));
	}
}

static void
a_frame_with_its_crc_leaves_zero(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		struct adu adu = frame_of_sample(&samples[i]);

		assert_int_equal(crc_modbus(adu.bytes, adu.length), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_values),
		cmocka_unit_test(every_byte_in_every_state_as_the_bitwise_one),
		cmocka_unit_test(
		    random_blocks_of_every_length_as_the_bitwise_one),
		cmocka_unit_test(a_frame_with_its_crc_leaves_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
