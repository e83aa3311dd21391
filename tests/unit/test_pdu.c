/* SPDX-License-Identifier: MIT */
#include "proxy/pdu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(...)                                                             \
	sizeof((uint8_t[]){ __VA_ARGS__ }),                                    \
	{                                                                      \
		__VA_ARGS__                                                    \
	}

struct row {
	const char *rule;
	enum pdu_exception expected;
	uint16_t address;
	uint16_t count;
	size_t length;
	uint8_t pdu[24];
};

/* clang-format off */
static const struct row rows[] = {
	{ "nothing", PDU_ILLEGAL_FUNCTION, 0, 0, 0, { 0 } },
	{ "function 0", PDU_ILLEGAL_FUNCTION, 0, 0, BYTES(0, 0, 1, 0, 1) },
	{ "exception", PDU_ILLEGAL_FUNCTION, 0, 0, BYTES(0x83, 2) },
	{ "user function", PDU_ILLEGAL_FUNCTION, 0, 0, BYTES(65, 0, 1, 0, 1) },
	{ "serial line only", PDU_OK, 0, 0, BYTES(7) },
	{ "7 with data", PDU_ILLEGAL_VALUE, 0, 0, BYTES(7, 0) },
	{ "11", PDU_OK, 0, 0, BYTES(11) },
	{ "12", PDU_OK, 0, 0, BYTES(12) },
	{ "17", PDU_OK, 0, 0, BYTES(17) },
	{ "17 with data", PDU_ILLEGAL_VALUE, 0, 0, BYTES(17, 1) },

	{ "read", PDU_OK, 0x2012, 8, BYTES(3, 0x20, 0x12, 0, 8) },
	{ "read, only function", PDU_ILLEGAL_VALUE, 0, 0, BYTES(3) },
	{ "read, no count", PDU_ILLEGAL_VALUE, 0x2012, 0,
	    BYTES(3, 0x20, 0x12, 0) },
	{ "read, a byte too many", PDU_ILLEGAL_VALUE, 1, 2,
	    BYTES(3, 0, 1, 0, 2, 0) },
	{ "value before address", PDU_ILLEGAL_VALUE, 0xffff, 126,
	    BYTES(4, 0xff, 0xff, 0, 126) },
	{ "function before value", PDU_ILLEGAL_FUNCTION, 0, 0,
	    BYTES(9, 0xff, 0xff, 0, 0) },

	{ "coil off", PDU_OK, 172, 1, BYTES(5, 0, 172, 0, 0) },
	{ "coil on", PDU_OK, 0xffff, 1, BYTES(5, 0xff, 0xff, 0xff, 0) },
	{ "coil of 1", PDU_ILLEGAL_VALUE, 172, 1, BYTES(5, 0, 172, 0, 1) },
	{ "coil of ff01", PDU_ILLEGAL_VALUE, 1, 1, BYTES(5, 0, 1, 0xff, 1) },
	{ "coil, short", PDU_ILLEGAL_VALUE, 1, 1, BYTES(5, 0, 1, 0xff) },
	{ "register", PDU_OK, 0xffff, 1, BYTES(6, 0xff, 0xff, 1, 2) },
	{ "register, short", PDU_ILLEGAL_VALUE, 1, 1, BYTES(6, 0, 1, 1) },
	{ "register, long", PDU_ILLEGAL_VALUE, 1, 1, BYTES(6, 0, 1, 1, 2, 3) },
	{ "mask", PDU_OK, 4, 1, BYTES(22, 0, 4, 0, 0xf2, 0, 0x25) },
	{ "mask, short", PDU_ILLEGAL_VALUE, 4, 1, BYTES(22, 0, 4, 0, 0xf2) },

	{ "diagnostics", PDU_OK, 0, 0, BYTES(8, 0, 0, 1, 2) },
	{ "diagnostics, more words", PDU_OK, 0, 0, BYTES(8, 0, 0, 1, 2, 3, 4) },
	{ "diagnostics, no data", PDU_ILLEGAL_VALUE, 0, 0, BYTES(8, 0, 0) },
	{ "diagnostics, half a word", PDU_ILLEGAL_VALUE, 0, 0,
	    BYTES(8, 0, 0, 1, 2, 3) },

	{ "write coils", PDU_OK, 19, 10, BYTES(15, 0, 19, 0, 10, 2, 1, 1) },
	{ "write coils, byte short", PDU_ILLEGAL_VALUE, 19, 10,
	    BYTES(15, 0, 19, 0, 10, 1, 1) },
	{ "write", PDU_OK, 1, 2, BYTES(16, 0, 1, 0, 2, 4, 1, 2, 3, 4) },
	{ "write, byte count of one", PDU_ILLEGAL_VALUE, 1, 2,
	    BYTES(16, 0, 1, 0, 2, 2, 1, 2) },
	{ "write, odd byte count", PDU_ILLEGAL_VALUE, 1, 2,
	    BYTES(16, 0, 1, 0, 2, 5, 1, 2, 3, 4, 5) },
	{ "write, data short", PDU_ILLEGAL_VALUE, 1, 2,
	    BYTES(16, 0, 1, 0, 2, 4, 1, 2, 3) },
	{ "write, no byte count", PDU_ILLEGAL_VALUE, 1, 2,
	    BYTES(16, 0, 1, 0, 2) },
	{ "write of nothing", PDU_ILLEGAL_VALUE, 1, 0, BYTES(16, 0, 1, 0, 0, 0) },
	{ "write of 256 fits no byte", PDU_ILLEGAL_VALUE, 1, 128,
	    BYTES(16, 0, 1, 0, 128, 0) },
	{ "write past the end", PDU_ILLEGAL_ADDRESS, 0xffff, 2,
	    BYTES(16, 0xff, 0xff, 0, 2, 4, 1, 2, 3, 4) },

	{ "read and write", PDU_OK, 3, 6,
	    BYTES(23, 0, 3, 0, 6, 0, 14, 0, 1, 2, 1, 2) },
	{ "both, read of 0", PDU_ILLEGAL_VALUE, 3, 0,
	    BYTES(23, 0, 3, 0, 0, 0, 14, 0, 1, 2, 1, 2) },
	{ "both, read of 126", PDU_ILLEGAL_VALUE, 3, 126,
	    BYTES(23, 0, 3, 0, 126, 0, 14, 0, 1, 2, 1, 2) },
	{ "both, write of 0", PDU_ILLEGAL_VALUE, 3, 6,
	    BYTES(23, 0, 3, 0, 6, 0, 14, 0, 0, 0) },
	{ "both, value before address", PDU_ILLEGAL_VALUE, 0xffff, 6,
	    BYTES(23, 0xff, 0xff, 0, 6, 0, 14, 0, 0, 0) },
	{ "both, read past the end", PDU_ILLEGAL_ADDRESS, 0xffff, 2,
	    BYTES(23, 0xff, 0xff, 0, 2, 0, 14, 0, 1, 2, 1, 2) },
	{ "both, write past the end", PDU_ILLEGAL_ADDRESS, 3, 2,
	    BYTES(23, 0, 3, 0, 2, 0xff, 0xff, 0, 2, 4, 1, 2, 3, 4) },
	{ "both, byte count", PDU_ILLEGAL_VALUE, 3, 2,
	    BYTES(23, 0, 3, 0, 2, 0, 14, 0, 1, 4, 1, 2, 3, 4) },
	{ "both, head only", PDU_ILLEGAL_VALUE, 3, 2,
	    BYTES(23, 0, 3, 0, 2, 0, 14, 0, 1) },

	{ "queue", PDU_OK, 0x4de, 0, BYTES(24, 4, 0xde) },
	{ "queue, long", PDU_ILLEGAL_VALUE, 0x4de, 0, BYTES(24, 4, 0xde, 0) },
	{ "file read", PDU_OK, 0, 0, BYTES(20, 7, 6, 0, 4, 0, 1, 0, 2) },
	{ "file read of no group", PDU_ILLEGAL_VALUE, 0, 0, BYTES(20, 0) },
	{ "file read, function only", PDU_ILLEGAL_VALUE, 0, 0, BYTES(20) },
	{ "file read, half a group", PDU_ILLEGAL_VALUE, 0, 0,
	    BYTES(20, 10, 6, 0, 4, 0, 1, 0, 2, 6, 0, 4) },
	{ "file write", PDU_OK, 0, 0,
	    BYTES(21, 9, 6, 0, 4, 0, 7, 0, 1, 6, 7) },
	{ "file write, words missing", PDU_ILLEGAL_VALUE, 0, 0,
	    BYTES(21, 9, 6, 0, 4, 0, 7, 0, 2, 6, 7) },
	{ "file write of no word", PDU_ILLEGAL_VALUE, 0, 0,
	    BYTES(21, 9, 6, 0, 4, 0, 7, 0, 0, 6, 7) },
	{ "file write, count too high", PDU_ILLEGAL_VALUE, 0, 0,
	    BYTES(21, 10, 6, 0, 4, 0, 7, 0, 1, 6, 7) },
	{ "file write, rest of a group", PDU_ILLEGAL_VALUE, 0, 0,
	    BYTES(21, 11, 6, 0, 4, 0, 7, 0, 1, 6, 7, 6, 0) },

	{ "identify", PDU_OK, 0, 0, BYTES(43, 14, 1, 0) },
	{ "identify, one object", PDU_OK, 0, 0, BYTES(43, 14, 4, 2) },
	{ "identify, code 0", PDU_ILLEGAL_VALUE, 0, 0, BYTES(43, 14, 0, 0) },
	{ "identify, code 5", PDU_ILLEGAL_VALUE, 0, 0, BYTES(43, 14, 5, 0) },
	{ "identify, short", PDU_ILLEGAL_VALUE, 0, 0, BYTES(43, 14, 1) },
	{ "43 of no type", PDU_ILLEGAL_VALUE, 0, 0, BYTES(43) },
	{ "CANopen", PDU_OK, 0, 0, BYTES(43, 13, 1, 2, 3) },
	{ "CANopen of nothing", PDU_OK, 0, 0, BYTES(43, 13) },
	{ "43 of another type", PDU_ILLEGAL_FUNCTION, 0, 0, BYTES(43, 15, 1) },
};
/* clang-format on */

static void
each_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct pdu_request request = { 99, 9999, 9999 };
		enum pdu_exception got =
		    pdu_parse_request(row->pdu, row->length, &request);

		if (got != row->expected || request.address != row->address ||
		    request.count != row->count ||
		    request.function != row->pdu[0])
			fail_msg("%s: %d, function %d, %d registers at %d",
			    row->rule, got, request.function, request.count,
			    request.address);
	}
}

struct limit {
	uint8_t function;
	uint16_t count_max;
	uint8_t bits; /* of one item in the request; 0: it only reads */
};

static const struct limit limits[] = { { 1, 2000, 0 }, { 2, 2000, 0 },
	{ 3, 125, 0 }, { 4, 125, 0 }, { 15, 1968, 1 }, { 16, 123, 16 } };

static enum pdu_exception
parse_counted(const struct limit *limit, uint16_t address, uint16_t count)
{
	uint8_t pdu[6 + 2 * 65536] = { limit->function };
	size_t bytes = ((size_t)count * limit->bits + 7) / 8;
	struct pdu_request request;
	enum pdu_exception got;

	pdu_put_u16(pdu + 1, address);
	pdu_put_u16(pdu + 3, count);
	pdu[5] = (uint8_t)bytes;
	got = pdu_parse_request(pdu, limit->bits > 0 ? 6 + bytes : 5, &request);
	assert_int_equal(request.address, address);
	assert_int_equal(request.count, count);
	return got;
}

static void
every_count_of_every_counted_function(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		for (unsigned count = 0; count <= 0xffff; count++) {
			const struct limit *limit = &limits[i];
			bool good = count >= 1 && count <= limit->count_max;

			if (count > 4096 && count % 251 != 0 && count != 0xffff)
				continue;
			assert_int_equal(
			    parse_counted(limit, 0, (uint16_t)count),
			    good ? PDU_OK : PDU_ILLEGAL_VALUE);
			if (!good)
				continue;
			assert_int_equal(
			    parse_counted(limit, (uint16_t)(65536 - count),
				(uint16_t)count),
			    PDU_OK);
			if (count > 1)
				assert_int_equal(parse_counted(limit,
						     (uint16_t)(65537 - count),
						     (uint16_t)count),
				    PDU_ILLEGAL_ADDRESS);
		}
	}
}

static void
the_most_that_read_and_write_may_write_is_121(void **state)
{
	uint8_t pdu[PDU_MAX + 2] = { 23, 0, 0, 0, 125, 0, 0, 0 };
	struct pdu_request request;

	(void)state;
	for (unsigned count = 1; count <= 122; count++) {
		pdu[8] = (uint8_t)count;
		pdu[9] = (uint8_t)(2 * count);
		assert_int_equal(
		    pdu_parse_request(pdu, 10 + 2 * count, &request),
		    count <= 121 ? PDU_OK : PDU_ILLEGAL_VALUE);
	}
}

static void
files_up_to_their_limits(void **state)
{
	uint8_t pdu[260] = { 0 };
	struct pdu_request request;

	(void)state;
	for (unsigned groups = 1; groups <= 36; groups++) {
		pdu[0] = 20;
		pdu[1] = (uint8_t)(7 * groups);
		assert_int_equal(
		    pdu_parse_request(pdu, 2 + 7 * groups, &request),
		    groups <= 35 ? PDU_OK : PDU_ILLEGAL_VALUE);
	}
	for (unsigned words = 1; words <= 123; words++) {
		pdu[0] = 21;
		pdu[1] = (uint8_t)(7 + 2 * words);
		pdu[8] = (uint8_t)words;
		assert_int_equal(
		    pdu_parse_request(pdu, 9 + 2 * words, &request),
		    words <= 122 ? PDU_OK : PDU_ILLEGAL_VALUE);
	}
}

static void
only_the_public_functions_are_functions(void **state)
{
	static const uint8_t public[] = { 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 15,
		16, 17, 20, 21, 22, 23, 24, 43 };
	size_t found = 0;

	(void)state;
	for (unsigned function = 0; function <= 255; function++) {
		uint8_t pdu[5] = { (uint8_t)function, 14, 1, 0, 1 };
		struct pdu_request request;

		if (pdu_parse_request(pdu, 5, &request) == PDU_ILLEGAL_FUNCTION)
			continue;
		assert_true(found < sizeof(public));
		assert_int_equal(function, public[found++]);
	}
	assert_int_equal(found, sizeof(public));
}

static void
a_built_read_parses_to_itself(void **state)
{
	uint8_t pdu[PDU_MAX];
	struct pdu_request request;

	(void)state;
	for (unsigned address = 0; address < 65536 - 125; address += 97) {
		uint16_t count = (uint16_t)(1 + address % 125);
		uint8_t function = (uint8_t)(1 + address % 4);
		size_t length =
		    pdu_read_request(pdu, function, (uint16_t)address, count);

		assert_int_equal(length, 5);
		assert_int_equal(
		    pdu_parse_request(pdu, length, &request), PDU_OK);
		assert_int_equal(request.function, function);
		assert_int_equal(request.address, address);
		assert_int_equal(request.count, count);
	}
	assert_int_equal(pdu_write_exception(pdu, 3, PDU_ILLEGAL_ADDRESS), 2);
	assert_memory_equal(pdu, "\x83\x02", 2);
	assert_int_equal(pdu_write_exception(pdu, 0x90, PDU_DEVICE_FAILURE), 2);
	assert_memory_equal(pdu, "\x90\x04", 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(every_count_of_every_counted_function),
		cmocka_unit_test(the_most_that_read_and_write_may_write_is_121),
		cmocka_unit_test(files_up_to_their_limits),
		cmocka_unit_test(only_the_public_functions_are_functions),
		cmocka_unit_test(a_built_read_parses_to_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
