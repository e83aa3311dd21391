/* SPDX-License-Identifier: MIT */
/* Constants and settings of a shown meter, as an inverter sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "proxy/kept.h"
#include "proxy/shown.h"
#include "tests/unit/draw.h"

static const struct config_site site = { .fuse_a = 25, .phases = 3 };
static char name[] = "meter";
static const struct config_shown config = {
	.name = name,
	.source = name,
	.unit = 1,
	.max_age_ms = 1500,
	.limit_w = 3000,
	.slew_w_per_s = 1000,
};

/* 500 W are registers 10 and 11: 0x0000 0x01f4. */
static const struct map map = {
	.name = "test",
	.function = 3,
	.words_max = 40,
	.points_count = 1,
	.points = { { QUANTITY_ACTIVE_POWER, 10, MAP_S32, 1.0, true, 0, { 0 } } },
	.blocks_count = 2,
	.blocks = { { 0, 20 }, { 100, 10 } },
	.constants_count = 3,
	.constants = {
		{ 5, 1, false, { 0x3b11 } },
		{ 11, 1, true, { 71 } },
		{ 100, 2, false, { 0x1111, 0x2222 } },
	},
	.writes_count = 2,
	.writes = { { 12, 2 }, { 100, 4 } },
};

static const struct mono begin = { 5000000 };

static void
start(struct shown *shown, const struct map *shown_map)
{
	struct quantities sample = { .known = 0 };

	quantities_put(&sample, QUANTITY_ACTIVE_POWER, 500);
	assert_true(shown_init(shown, &config, 0, shown_map, &site));
	shown_sample(shown, &sample, begin, begin);
}

static size_t
from_hex(const char *hex, uint8_t bytes[static PDU_MAX])
{
	size_t length = 0;
	unsigned byte;
	int used;

	while (sscanf(hex, " %2x%n", &byte, &used) == 1) {
		bytes[length++] = (uint8_t)byte;
		hex += used;
	}
	return length;
}

struct row {
	const char *rule;
	const char *request;
	const char *reply; /* NULL: silence */
};

static void
check(struct shown *shown, const struct row *row, struct mono now)
{
	uint8_t request[PDU_MAX], wanted[PDU_MAX], reply[PDU_MAX], exception;
	size_t length = 0;
	enum shown_verdict verdict = shown_answer(shown, request,
	    from_hex(row->request, request), now, reply, &length, &exception);

	if (row->reply == NULL) {
		assert_int_equal(verdict, SHOWN_NO_DATA);
		return;
	}
	assert_int_equal(verdict, SHOWN_ANSWER);
	if (from_hex(row->reply, wanted) != length ||
	    memcmp(wanted, reply, length) != 0)
		fail_msg("%s: %s", row->rule, row->request);
	assert_int_equal(exception, reply[0] & 0x80 ? reply[1] : 0);
}

static void
constants_and_settings_answer_as_a_meter_does(void **unused)
{
	static const struct row rows[] = {
		{ "a constant", "03 0005 0001", "03 02 3b11" },
		{ "in a block", "03 0004 0003", "03 06 0000 3b11 0000" },
		{ "of two words", "03 0064 0002", "03 04 1111 2222" },
		{ "read alone", "03 000b 0001", "03 02 0047" },
		{ "not alone", "03 000a 0002", "03 04 0000 01f4" },
		{ "not quite alone", "03 000b 0002", "03 04 01f4 0000" },
		{ "one written", "06 0065 abcd", "06 0065 abcd" },
		{ "read back", "03 0064 0002", "03 04 1111 abcd" },
		{ "four written", "10 0064 0004 08 0001 0002 0003 0004",
		    "10 0064 0004" },
		{ "all back", "03 0064 0005",
		    "03 0a 0001 0002 0003 0004 0000" },
		{ "the last one", "06 0067 0009", "06 0067 0009" },
		{ "beyond it", "06 0068 0009", "86 02" },
		{ "half beyond it", "10 0067 0002 04 0007 0007", "90 02" },
		{ "kept nothing of it", "03 0067 0002", "03 04 0009 0000" },
		{ "a constant is not for writing", "06 0005 0000", "86 02" },
		{ "a point", "06 000b 0000", "86 02" },
		{ "into a point", "10 000b 0002 04 0000 0000", "90 02" },
		{ "behind a point", "06 000c ffff", "06 000c ffff" },
		{ "the point stays", "03 000a 0003", "03 06 0000 01f4 ffff" },
		{ "nowhere", "06 1000 0000", "86 02" },
		{ "count 0", "10 0064 0000 00", "90 03" },
		{ "byte count", "10 0064 0002 02 0000", "90 03" },
		{ "other ways to write", "16 0064 0000 0000", "96 01" },
		{ "coils", "05 0064 ff00", "85 01" },
	};
	struct shown shown;

	start(&shown, &map);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&shown, &rows[i], begin);
}

static void
a_meter_without_settings_takes_no_writes(void **unused)
{
	static const struct row rows[] = {
		{ "one", "06 0064 0001", "86 01" },
		{ "many", "10 0064 0001 02 0001", "90 01" },
	};
	struct map plain = map;
	struct shown shown;

	plain.writes_count = 0;
	start(&shown, &plain);
	check(&shown, &rows[0], begin);
	check(&shown, &rows[1], begin);
}

static void
settings_outlive_a_silence_and_samples(void **unused)
{
	static const struct row written = { "written", "06 0064 0042",
		"06 0064 0042" };
	static const struct row silent = { "a dead meter takes nothing",
		"06 0064 0001", NULL };
	static const struct row back = { "there still", "03 0064 0001",
		"03 02 0042" };
	struct mono later = mono_add_ms(begin, 1501);
	struct quantities sample = { .known = 0 };
	struct shown shown;

	start(&shown, &map);
	check(&shown, &written, begin);
	shown_check_age(&shown, later);
	check(&shown, &silent, later);
	quantities_put(&sample, QUANTITY_ACTIVE_POWER, -700);
	shown_sample(&shown, &sample, later, later);
	check(&shown, &back, later);
}

/* Whatever is written: no register of a point changes. */
static void
no_write_moves_what_is_measured(void **unused)
{
	struct shown shown;

	start(&shown, &map);
	uint64_t seed = 1;

	for (int i = 0; i < 20000; i++) {
		uint8_t pdu[PDU_MAX] = { i % 2 ? 6 : 16 };
		uint8_t reply[PDU_MAX], exception;
		size_t length;
		unsigned count = 1 + draw_below(&seed, 12);

		pdu_put_u16(pdu + 1, (uint16_t)draw_below(&seed, 115));
		pdu_put_u16(pdu + 3, (uint16_t)count);
		pdu[5] = (uint8_t)(2 * count);
		memset(pdu + 6, 0xa5, 2 * (size_t)count);
		shown_answer(&shown, pdu, i % 2 ? 5 : 6 + 2 * (size_t)count,
		    begin, reply, &length, &exception);
		assert_int_equal(length, exception != 0 ? 2 : 5);
		assert_int_equal(image_read(&shown.image, 10, 2)[0], 0);
		assert_int_equal(image_read(&shown.image, 10, 2)[1], 500);
	}
	/* Two blocks in a row in memory are two on the wire. */
	assert_int_equal(*image_read(&shown.image, 19, 1), 0);
	assert_int_equal(*image_read(&shown.image, 104, 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constants_and_settings_answer_as_a_meter_does),
		cmocka_unit_test(a_meter_without_settings_takes_no_writes),
		cmocka_unit_test(settings_outlive_a_silence_and_samples),
		cmocka_unit_test(no_write_moves_what_is_measured),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
