/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/match.h"
#include "proxy/pdu.h"

#define BYTES(...)                                                             \
	sizeof((const uint8_t[]){ __VA_ARGS__ }),                              \
	{                                                                      \
		__VA_ARGS__                                                    \
	}
#define TWO BYTES(3, 0, 52, 0, 2)

struct row {
	const char *rule;
	enum match expected;
	size_t asked_length;
	uint8_t asked[16];
	size_t told_length;
	uint8_t told[16];
};

/* clang-format off */
static const struct row rows[] = {
	{ "registers", MATCH_DATA, TWO, BYTES(3, 4, 1, 2, 3, 4) },
	{ "another function", MATCH_NONE, TWO, BYTES(4, 4, 1, 2, 3, 4) },
	{ "fewer registers", MATCH_NONE, TWO, BYTES(3, 2, 1, 2) },
	{ "more registers", MATCH_NONE, TWO, BYTES(3, 6, 1, 2, 3, 4, 5, 6) },
	{ "byte count says more", MATCH_NONE, TWO, BYTES(3, 6, 1, 2, 3, 4) },
	{ "byte short", MATCH_NONE, TWO, BYTES(3, 4, 1, 2, 3) },
	{ "byte long", MATCH_NONE, TWO, BYTES(3, 4, 1, 2, 3, 4, 5) },
	{ "nothing", MATCH_NONE, TWO, 0, { 0 } },
	{ "function only", MATCH_NONE, TWO, BYTES(3) },
	{ "none to a read of none", MATCH_NONE, BYTES(3, 0, 52, 0, 0),
	    BYTES(3, 0) },
	{ "our own request", MATCH_NONE, TWO, BYTES(3, 0, 52, 0, 2) },

	{ "refused", MATCH_EXCEPTION, TWO, BYTES(0x83, 2) },
	{ "not there behind a gateway", MATCH_EXCEPTION, TWO,
	    BYTES(0x83, 0x0b) },
	{ "unheard of exception", MATCH_EXCEPTION, TWO, BYTES(0x83, 0xff) },
	{ "exception without a code", MATCH_NONE, TWO, BYTES(0x83, 0) },
	{ "exception cut short", MATCH_NONE, TWO, BYTES(0x83) },
	{ "exception too long", MATCH_NONE, TWO, BYTES(0x83, 2, 0) },
	{ "another function refused", MATCH_NONE, TWO, BYTES(0x84, 2) },
	{ "nobody asks for a refusal", MATCH_NONE, BYTES(0x83, 0, 1, 0, 2),
	    BYTES(0x83, 2) },

	{ "ten coils in two bytes", MATCH_DATA, BYTES(1, 0, 0, 0, 10),
	    BYTES(1, 2, 0xff, 3) },
	{ "ten coils in one byte", MATCH_NONE, BYTES(1, 0, 0, 0, 10),
	    BYTES(1, 1, 0xff) },
	{ "inputs", MATCH_DATA, BYTES(2, 0, 0, 0, 8), BYTES(2, 1, 0xff) },
	{ "coil echoed", MATCH_DATA, BYTES(5, 0, 1, 0xff, 0),
	    BYTES(5, 0, 1, 0xff, 0) },
	{ "other coil echoed", MATCH_NONE, BYTES(5, 0, 1, 0xff, 0),
	    BYTES(5, 0, 2, 0xff, 0) },
	{ "register echoed", MATCH_DATA, BYTES(6, 0, 1, 0, 7),
	    BYTES(6, 0, 1, 0, 7) },
	{ "other value echoed", MATCH_NONE, BYTES(6, 0, 1, 0, 7),
	    BYTES(6, 0, 1, 0, 8) },
	{ "status", MATCH_DATA, BYTES(7), BYTES(7, 1) },
	{ "loopback", MATCH_DATA, BYTES(8, 0, 0, 1, 2), BYTES(8, 0, 0, 1, 2) },
	{ "a counter", MATCH_DATA, BYTES(8, 0, 11, 0, 0),
	    BYTES(8, 0, 11, 0, 99) },
	{ "another counter", MATCH_NONE, BYTES(8, 0, 11, 0, 0),
	    BYTES(8, 0, 12, 0, 99) },
	{ "event counter", MATCH_DATA, BYTES(11), BYTES(11, 0, 0, 0, 1) },
	{ "event log", MATCH_DATA, BYTES(12), BYTES(12, 2, 0, 0) },
	{ "event log cut short", MATCH_NONE, BYTES(12), BYTES(12, 3, 0, 0) },
	{ "coils written", MATCH_DATA, BYTES(15, 0, 1, 0, 3, 1, 7),
	    BYTES(15, 0, 1, 0, 3) },
	{ "registers written", MATCH_DATA, BYTES(16, 0, 1, 0, 1, 2, 0, 9),
	    BYTES(16, 0, 1, 0, 1) },
	{ "fewer written", MATCH_NONE, BYTES(16, 0, 1, 0, 1, 2, 0, 9),
	    BYTES(16, 0, 1, 0, 0) },
	{ "name", MATCH_DATA, BYTES(17), BYTES(17, 3, 'a', 'b', 0xff) },
	{ "file read", MATCH_DATA, BYTES(20, 7, 6, 0, 1, 0, 0, 0, 1),
	    BYTES(20, 4, 3, 6, 0, 1) },
	{ "file written", MATCH_DATA, BYTES(21, 9, 6, 0, 1, 0, 0, 0, 1, 5, 5),
	    BYTES(21, 9, 6, 0, 1, 0, 0, 0, 1, 5, 5) },
	{ "mask", MATCH_DATA, BYTES(22, 0, 1, 0, 2, 0, 3),
	    BYTES(22, 0, 1, 0, 2, 0, 3) },
	{ "mask cut short", MATCH_NONE, BYTES(22, 0, 1, 0, 2),
	    BYTES(22, 0, 1, 0, 2) },
	{ "read and write", MATCH_DATA,
	    BYTES(23, 0, 1, 0, 1, 0, 9, 0, 1, 2, 5, 5), BYTES(23, 2, 0, 1) },
	{ "queue", MATCH_DATA, BYTES(24, 0, 1), BYTES(24, 0, 2, 0, 0) },
	{ "queue cut short", MATCH_NONE, BYTES(24, 0, 1), BYTES(24, 0, 2, 0) },
	{ "identification", MATCH_DATA, BYTES(43, 14, 1, 0),
	    BYTES(43, 14, 1, 1, 0, 0, 0) },
	{ "other identification", MATCH_NONE, BYTES(43, 14, 1, 0),
	    BYTES(43, 14, 4, 1, 0, 0, 0) },
	{ "a maker's own function", MATCH_DATA, BYTES(65, 1, 2),
	    BYTES(65, 9) },
};
/* clang-format on */

static void
each_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		enum match got = match_reply(
		    row->asked, row->asked_length, row->told, row->told_length);
		size_t length = match_length(row->asked, row->asked_length);

		if (got != row->expected)
			fail_msg("%s: %d", row->rule, got);
		if (got == MATCH_DATA && length != row->told_length &&
		    length != PDU_MAX)
			fail_msg("%s: length %zu", row->rule, length);
	}
}

/* An answer fits one count alone, and only a count that can be asked for. */
static void
a_reply_answers_one_count(void **state)
{
	uint8_t told[2 + 255] = { 3 };

	(void)state;
	for (unsigned asked = 0; asked <= 300; asked++) {
		uint8_t request[5] = { 3, 0, 0, (uint8_t)(asked >> 8),
			(uint8_t)asked };

		for (unsigned count = 0; count <= 255; count++) {
			told[1] = (uint8_t)count;
			assert_int_equal(match_reply(request, 5, told,
					     2 + count) == MATCH_DATA,
			    asked >= 1 && asked <= 127 && count == 2 * asked);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(a_reply_answers_one_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
