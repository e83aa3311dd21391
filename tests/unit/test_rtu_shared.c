/* SPDX-License-Identifier: MIT */
/* The framer where several units answer on one line. */
#include "proxy/rtu.h"

#include "tests/unit/rtu_helper.h"

static struct bench bench;

/* The reply to a request that passes by, then a request to us at once. */
static void
check_passing(const struct adu *asked, const struct adu *told, bool echo)
{
	struct adu ours = ask_read(1, 0x2012, 8);
	size_t count = echo ? 3 : 2;

	for (size_t split = 0; split < told->length; split++) {
		bench_init(&bench, RTU_REQUESTS);
		bench_feed_frame(&bench, asked);
		expect_frame(&bench, 0, asked, "asked");
		bench_feed(&bench, told->bytes, split);
		bench_feed(&bench, told->bytes + split, told->length - split);
		bench_feed_frame(&bench, &ours);
		bench_silence(&bench);
		expect_kept(&bench, count, "passing");
		expect_frame(&bench, count - 1, &ours, "passing");
		assert_int_equal(bench.rtu.dropped, 0);
		assert_int_equal(bench.rtu.broken, 0);
		assert_int_equal(bench.rtu.passed, echo ? 0 : told->length);
	}
}

/* What is taken for a request itself is one to that unit, never to us: the
 * echoes, and replies that have the length and CRC of a request too. */
static bool
reads_as_request(const struct adu *told)
{
	int length = rtu_expect(RTU_REQUESTS, told->bytes, told->length);

	return length > 0 && (size_t)length == told->length;
}

static void
every_reply_of_another_unit_is_passed_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		for (size_t k = 0; k < SAMPLES; k++) {
			struct adu asked = frame_of_sample(&samples[i]);
			struct adu told = frame_of_sample(&samples[k]);

			if (samples[i].direction == RTU_REQUESTS &&
			    samples[k].direction == RTU_REPLIES &&
			    !samples[i].open && !samples[k].open &&
			    asked.bytes[1] == (told.bytes[1] & 0x7f))
				check_passing(
				    &asked, &told, reads_as_request(&told));
		}
	}
}

static void
a_passing_read_is_known_at_once_and_the_next_request_too(void **state)
{
	struct adu asked = ask_read(5, 0, 8);
	struct adu told = frame_of_sample(&samples[24]);
	struct adu ours = ask_read(1, 0x2012, 8);

	(void)state;
	assert_string_equal(samples[24].name, "3 tells");
	bench_init(&bench, RTU_REQUESTS);
	for (size_t i = 0; i < 10; i++) {
		bench_feed_frame(&bench, &asked);
		bench_feed_frame(&bench, &told);
		assert_false(rtu_pending(&bench.rtu));
		bench_feed_frame(&bench, &ours);
		expect_kept(&bench, 2 * (i + 1), "at once");
		expect_frame(&bench, 2 * i + 1, &ours, "at once");
	}
	assert_int_equal(bench.rtu.dropped, 0);
}

static void
a_request_inside_a_passing_reply_is_not_taken(void **state)
{
	struct adu inner = ask_read(1, 0, 2);
	struct adu asked = ask_read(5, 0, 6);
	uint8_t bytes[3 + 12] = { 5, 3, 12 };
	struct adu told;

	(void)state;
	memcpy(bytes + 5, inner.bytes, inner.length);
	told = frame_of(bytes, sizeof(bytes));
	bench_init(&bench, RTU_REQUESTS);
	bench_feed_frame(&bench, &asked);
	bench_feed_frame(&bench, &told);
	bench_silence(&bench);
	expect_kept(&bench, 1, "inside");
	assert_int_equal(bench.rtu.passed, told.length);
}

/* Every address and count that could look like a byte count. */
static void
a_request_is_never_taken_for_a_reply_to_the_one_before(void **state)
{
	(void)state;
	bench_init(&bench, RTU_REQUESTS);
	for (unsigned i = 0; i < 65536; i++) {
		struct adu adu =
		    ask_read(1, (uint16_t)i, (uint16_t)(1 + i % 125));

		bench_clear(&bench);
		bench_feed_frame(&bench, &adu);
		expect_frame(&bench, 0, &adu, "next read");
	}
	assert_int_equal(bench.rtu.dropped, 0);
	assert_int_equal(bench.rtu.passed, 0);
}

/*
 * Where a request's low count byte happens to be the low CRC byte of what is
 * before it, the high one follows by itself as the low byte of its own CRC: 1
 * of 256 requests at 0x02xx begins with a sound reply of one register.
 */
static void
a_request_that_begins_like_a_whole_reply_is_a_request(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 256 * 256; i++) {
		uint8_t unit = (uint8_t)(1 + i % 255);
		uint16_t address = (uint16_t)(0x0200 | i >> 8);
		struct adu first = ask_read(unit, 0, 1);
		struct adu second = ask_read(unit, address, 0);

		second =
		    ask_read(unit, address, oracle_crc(second.bytes, 5) & 0xff);
		assert_int_equal(oracle_crc(second.bytes, 7), 0);
		bench_init(&bench, RTU_REQUESTS);
		bench_feed_frame(&bench, &first);
		for (size_t at = 0; at < second.length; at++)
			bench_feed(&bench, second.bytes + at, 1);
		expect_kept(&bench, 2, "request");
		expect_frame(&bench, 1, &second, "request");
	}
}

static void
a_passing_reply_ends_a_run_of_garbage(void **state)
{
	struct adu asked = ask_read(5, 0, 2);
	struct adu told = frame_of("\5\3\4\1\2\3\4", 7);
	struct adu open = frame_of("\5\101\1\2", 4);

	(void)state;
	bench_init(&bench, RTU_REQUESTS);
	bench_feed_frame(&bench, &asked);
	bench_feed(&bench, "\377\0", 2);
	bench_feed_frame(&bench, &told);
	assert_false(rtu_pending(&bench.rtu));
	bench_feed_frame(&bench, &open);
	bench_silence(&bench);
	expect_kept(&bench, 2, "behind a passing reply");
	expect_frame(&bench, 1, &open, "behind a passing reply");
	assert_int_equal(bench.rtu.broken, 1);
}

static void
only_the_reply_to_the_last_request_is_passed_over(void **state)
{
	struct adu asked = ask_read(5, 0, 2);
	struct adu told = frame_of("\5\3\4\1\2\3\4", 7);
	struct adu other = frame_of("\6\3\4\1\2\3\4", 7);

	(void)state;
	bench_init(&bench, RTU_REQUESTS);
	bench_feed_frame(&bench, &told);
	bench_silence(&bench);
	assert_int_equal(bench.rtu.passed, 0);
	bench_feed_frame(&bench, &asked);
	bench_feed_frame(&bench, &other);
	bench_silence(&bench);
	assert_int_equal(bench.rtu.passed, 0);
	bench_feed(&bench, "\377\0", 2);
	bench_feed_frame(&bench, &told);
	bench_silence(&bench);
	assert_int_equal(bench.rtu.passed, told.length);
	bench_feed_frame(&bench, &told);
	bench_silence(&bench);
	assert_int_equal(bench.rtu.passed, told.length);
	bench_feed_frame(&bench, &asked);
	rtu_reset(&bench.rtu);
	bench_feed_frame(&bench, &told);
	bench_silence(&bench);
	assert_int_equal(bench.rtu.passed, told.length);
	expect_kept(&bench, 2, "requests");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reply_of_another_unit_is_passed_over),
		cmocka_unit_test(
		    a_passing_read_is_known_at_once_and_the_next_request_too),
		cmocka_unit_test(a_request_inside_a_passing_reply_is_not_taken),
		cmocka_unit_test(
		    a_request_is_never_taken_for_a_reply_to_the_one_before),
		cmocka_unit_test(
		    a_request_that_begins_like_a_whole_reply_is_a_request),
		cmocka_unit_test(a_passing_reply_ends_a_run_of_garbage),
		cmocka_unit_test(
		    only_the_reply_to_the_last_request_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
