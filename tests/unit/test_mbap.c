/* SPDX-License-Identifier: MIT */
#include "proxy/mbap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(...)                                                             \
	sizeof((uint8_t[]){ __VA_ARGS__ }),                                    \
	{                                                                      \
		__VA_ARGS__                                                    \
	}

static const struct row {
	const char *rule;
	enum mbap_verdict expected;
	size_t length;
	uint8_t bytes[12];
} rows[] = {
	{ "nothing", MBAP_MORE, 0, { 0 } },
	{ "transaction id alone", MBAP_MORE, BYTES(0xff, 0xff) },
	{ "protocol, high byte", MBAP_BAD, BYTES(0, 1, 1) },
	{ "protocol, low byte", MBAP_BAD, BYTES(0, 1, 0, 1) },
	{ "length 256 by its first byte", MBAP_BAD, BYTES(0, 1, 0, 0, 1) },
	{ "length 65535", MBAP_BAD, BYTES(0, 1, 0, 0, 0xff, 0xff) },
	{ "length 0", MBAP_BAD, BYTES(0, 1, 0, 0, 0, 0) },
	{ "length 1", MBAP_BAD, BYTES(0, 1, 0, 0, 0, 1) },
	{ "length 1, unit there", MBAP_BAD, BYTES(0, 1, 0, 0, 0, 1, 9) },
	{ "length 255", MBAP_BAD, BYTES(0, 1, 0, 0, 0, 255) },
	{ "length 254", MBAP_MORE, BYTES(0, 1, 0, 0, 0, 254, 1, 3) },
	{ "length 2, unit only", MBAP_MORE, BYTES(0, 1, 0, 0, 0, 2, 9) },
	{ "length 2", MBAP_FRAME, BYTES(0, 1, 0, 0, 0, 2, 9, 7) },
	{ "a byte of the next", MBAP_FRAME, BYTES(0, 1, 0, 0, 0, 2, 9, 7, 0) },
	{ "next is bad", MBAP_FRAME,
	    BYTES(0, 1, 0, 0, 0, 2, 9, 7, 0, 1, 1, 1) },
};

/* On the heap at its exact size, so that a read beyond is seen. */
static enum mbap_verdict
parse_exact(const uint8_t *bytes, size_t length, struct mbap_frame *frame)
{
	uint8_t *copy = malloc(length > 0 ? length : 1);
	enum mbap_verdict verdict;

	assert_non_null(copy);
	memcpy(copy, bytes, length);
	verdict = mbap_parse(copy, length, frame);
	free(copy);
	return verdict;
}

static void
each_rule_of_the_header_holds(void **unused)
{
	struct mbap_frame frame;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (parse_exact(rows[i].bytes, rows[i].length, &frame) !=
		    rows[i].expected)
			fail_msg("%s", rows[i].rule);
	}
}

static size_t
put_frame(uint8_t *to, uint16_t transaction, size_t pdu_length)
{
	mbap_put_header(
	    to, transaction, (uint8_t)(transaction % 251), pdu_length);
	memset(to + MBAP_HEADER, (int)(transaction & 0xff), pdu_length);
	return MBAP_HEADER + pdu_length;
}

static void
every_split_gives_the_same_frame(void **unused)
{
	uint8_t bytes[MBAP_FRAME_MAX];

	for (size_t pdu = 1; pdu <= PDU_MAX; pdu += 36) {
		size_t size = put_frame(bytes, 0x1234, pdu);
		struct mbap_frame frame;

		for (size_t cut = 0; cut < size; cut++)
			assert_int_equal(
			    parse_exact(bytes, cut, &frame), MBAP_MORE);
		assert_int_equal(mbap_parse(bytes, size, &frame), MBAP_FRAME);
		assert_int_equal(frame.transaction, 0x1234);
		assert_int_equal(frame.unit, 0x1234 % 251);
		assert_ptr_equal(frame.pdu, bytes + 7);
		assert_int_equal(frame.length, pdu);
		assert_int_equal(frame.size, size);
	}
}

static void
check_pipeline(size_t count)
{
	uint8_t *stream = malloc(count * MBAP_FRAME_MAX);
	size_t length = 0, at = 0;
	struct mbap_frame frame;

	assert_non_null(stream);
	for (size_t i = 0; i < count; i++)
		length += put_frame(
		    stream + length, (uint16_t)i, 1 + i * 7 % PDU_MAX);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(
		    mbap_parse(stream + at, length - at, &frame), MBAP_FRAME);
		assert_int_equal(frame.transaction, i);
		assert_int_equal(frame.length, 1 + i * 7 % PDU_MAX);
		assert_int_equal(frame.pdu[frame.length - 1], i & 0xff);
		at += frame.size;
	}
	assert_int_equal(at, length);
	assert_int_equal(mbap_parse(stream + at, 0, &frame), MBAP_MORE);
	free(stream);
}

static void
frames_behind_each_other_come_out_in_order(void **unused)
{
	check_pipeline(2);
	check_pipeline(10);
	check_pipeline(1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_of_the_header_holds),
		cmocka_unit_test(every_split_gives_the_same_frame),
		cmocka_unit_test(frames_behind_each_other_come_out_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
