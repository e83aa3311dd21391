/* SPDX-License-Identifier: MIT */
/* The framer, case by case. Noise, streams, shared lines: test_rtu_stream.c. */
#include "proxy/rtu.h"

#include "tests/unit/rtu_helper.h"

static struct bench bench;

static void
every_frame_split_at_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *sample = &samples[i];
		struct adu adu = frame_of_sample(sample);

		for (size_t split = 0; split <= adu.length; split++) {
			bench_init(&bench, sample->direction);
			bench_feed(&bench, adu.bytes, split);
			expect_kept(&bench,
			    split == adu.length && !sample->open, sample->name);
			bench_feed(
			    &bench, adu.bytes + split, adu.length - split);
			expect_kept(&bench, !sample->open, sample->name);
			bench_silence(&bench);
			expect_kept(&bench, 1, sample->name);
			expect_frame(&bench, 0, &adu, sample->name);
			assert_int_equal(bench.rtu.broken, 0);
		}
	}
}

static void
case_02_every_frame_byte_by_byte_comes_with_its_last(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *sample = &samples[i];
		struct adu adu = frame_of_sample(sample);

		bench_init(&bench, sample->direction);
		for (size_t at = 0; at < adu.length; at++) {
			expect_kept(&bench, 0, sample->name);
			bench_feed(&bench, adu.bytes + at, 1);
			assert_int_equal(rtu_pending(&bench.rtu),
			    at + 1 < adu.length || sample->open);
		}
		bench_silence(&bench);
		expect_frame(&bench, 0, &adu, sample->name);
	}
}

static void
every_prefix_then_silence_is_dropped_and_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *sample = &samples[i];
		struct adu adu = frame_of_sample(sample);

		for (size_t cut = 1; cut < adu.length; cut++) {
			bench_init(&bench, sample->direction);
			bench_feed(&bench, adu.bytes, cut);
			bench_silence(&bench);
			expect_kept(&bench, 0, sample->name);
			assert_int_equal(bench.rtu.dropped, cut);
			assert_int_equal(bench.rtu.broken, 1);
			bench_feed_frame(&bench, &adu);
			bench_silence(&bench);
			expect_frame(&bench, 0, &adu, sample->name);
		}
	}
}

static void
case_05_every_single_flipped_bit_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		struct adu adu = frame_of_sample(&samples[i]);

		for (size_t bit = 0; bit < 8 * adu.length; bit++) {
			struct adu bad = adu;

			bad.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
			bench_init(&bench, samples[i].direction);
			bench_feed_frame(&bench, &bad);
			bench_silence(&bench);
			expect_kept(&bench, 0, samples[i].name);
			assert_int_equal(bench.rtu.dropped, bad.length);
			assert_int_equal(bench.rtu.broken, 1);
		}
	}
}

static void
case_05_a_crc_with_its_bytes_swapped_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		struct adu adu = frame_of_sample(&samples[i]);
		uint8_t low = adu.bytes[adu.length - 2];

		adu.bytes[adu.length - 2] = adu.bytes[adu.length - 1];
		adu.bytes[adu.length - 1] = low;
		bench_init(&bench, samples[i].direction);
		bench_feed_frame(&bench, &adu);
		bench_silence(&bench);
		expect_kept(&bench, 0, samples[i].name);
	}
}

static void
case_03_many_frames_and_a_half_in_one_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		struct adu adu = frame_of_sample(&samples[i]);
		uint8_t bytes[RTU_BUFFER];
		size_t length = 0;

		if (samples[i].open)
			continue;
		for (size_t n = 1; n <= 10; n++) {
			memcpy(bytes + length, adu.bytes, adu.length);
			length += adu.length;
			bench_init(&bench, samples[i].direction);
			bench_feed(&bench, bytes, length);
			expect_kept(&bench, n, samples[i].name);
			bench_feed(&bench, adu.bytes, adu.length / 2);
			expect_kept(&bench, n, samples[i].name);
			bench_feed(&bench, adu.bytes + adu.length / 2,
			    adu.length - adu.length / 2);
			expect_kept(&bench, n + 1, samples[i].name);
			for (size_t k = 0; k <= n; k++)
				expect_frame(&bench, k, &adu, samples[i].name);
			assert_int_equal(bench.rtu.dropped, 0);
		}
	}
}

static void
case_08_a_frame_behind_the_head_of_a_long_write(void **state)
{
	const uint8_t head[] = { 5, 16, 0, 0, 0, 123, 246 };
	const uint8_t more[256] = { 0 };
	struct adu adu = ask_read(5, 52, 2);

	(void)state;
	for (size_t length = 1; length <= sizeof(head); length++) {
		bench_init(&bench, RTU_REQUESTS);
		bench_feed(&bench, head, length);
		bench_feed_frame(&bench, &adu);
		bench_silence(&bench);
		expect_kept(&bench, 1, "gap");
		expect_frame(&bench, 0, &adu, "gap");
		assert_int_equal(bench.rtu.dropped, length);
	}
	/* or when what the head promised has come and was no frame */
	bench_init(&bench, RTU_REQUESTS);
	bench_feed(&bench, head, sizeof(head));
	bench_feed_frame(&bench, &adu);
	bench_feed(&bench, more, 9 + 246 - sizeof(head) - adu.length - 1);
	expect_kept(&bench, 0, "promised");
	bench_feed(&bench, more, 1);
	expect_kept(&bench, 1, "promised");
	expect_frame(&bench, 0, &adu, "promised");
}

struct length_row {
	const char *name;
	enum rtu_direction direction;
	int expected;
	size_t length;
	uint8_t bytes[16];
};

/* clang-format off */
static const struct length_row length_rows[] = {
	{ "nothing", RTU_REQUESTS, RTU_MORE, 0, { 0 } },
	{ "unit only", RTU_REPLIES, RTU_MORE, BYTES(1) },
	{ "function 0 asks", RTU_REQUESTS, RTU_NEVER, BYTES(1, 0) },
	{ "function 0 tells", RTU_REPLIES, RTU_NEVER, BYTES(1, 0) },
	{ "function 0 refuses", RTU_REPLIES, RTU_NEVER, BYTES(1, 0x80) },
	{ "refusal asks", RTU_REQUESTS, RTU_NEVER, BYTES(1, 0x83) },
	{ "last refusal", RTU_REPLIES, 5, BYTES(1, 0xff) },
	{ "function 9", RTU_REQUESTS, RTU_OPEN, BYTES(1, 9) },
	{ "function 44", RTU_REPLIES, RTU_OPEN, BYTES(1, 44) },
	{ "function 127", RTU_REPLIES, RTU_OPEN, BYTES(1, 127) },
	{ "read, no count", RTU_REPLIES, RTU_MORE, BYTES(1, 3) },
	{ "read of 0", RTU_REPLIES, 5, BYTES(1, 3, 0) },
	{ "read of 1 byte", RTU_REPLIES, 6, BYTES(1, 3, 1) },
	{ "read of 3 bytes", RTU_REPLIES, 8, BYTES(1, 4, 3) },
	{ "read of 250", RTU_REPLIES, 255, BYTES(1, 3, 250) },
	{ "read of 251", RTU_REPLIES, RTU_NEVER, BYTES(1, 3, 251) },
	{ "read of 255", RTU_REPLIES, RTU_NEVER, BYTES(1, 4, 255) },
	{ "input registers of 251", RTU_REPLIES, RTU_NEVER, BYTES(1, 4, 251) },
	{ "inputs of 251", RTU_REPLIES, RTU_NEVER, BYTES(1, 2, 251) },
	{ "read after write of 251", RTU_REPLIES, RTU_NEVER, BYTES(1, 23, 251) },
	{ "coils of 251", RTU_REPLIES, RTU_NEVER, BYTES(1, 1, 251) },
	{ "identity of 251", RTU_REPLIES, 256, BYTES(1, 17, 251) },
	{ "identity of 252", RTU_REPLIES, RTU_NEVER, BYTES(1, 17, 252) },
	{ "files of 251", RTU_REQUESTS, 256, BYTES(1, 21, 251) },
	{ "files of 252", RTU_REQUESTS, RTU_NEVER, BYTES(1, 21, 252) },
	{ "write, no count", RTU_REQUESTS, RTU_MORE, BYTES(1, 16, 0, 0, 0, 2) },
	{ "write of 0", RTU_REQUESTS, 9, BYTES(1, 16, 0, 0, 0, 2, 0) },
	{ "write, count is not 2 * 2", RTU_REQUESTS, 16,
	    BYTES(1, 16, 0, 0, 0, 2, 7) },
	{ "write of 247", RTU_REQUESTS, 256, BYTES(1, 16, 0, 0, 0, 0, 247) },
	{ "write of 248", RTU_REQUESTS, RTU_NEVER,
	    BYTES(1, 15, 0, 0, 0, 0, 248) },
	{ "read and write of 243", RTU_REQUESTS, 256,
	    BYTES(1, 23, 0, 0, 0, 1, 0, 0, 0, 121, 243) },
	{ "read and write of 244", RTU_REQUESTS, RTU_NEVER,
	    BYTES(1, 23, 0, 0, 0, 1, 0, 0, 0, 122, 244) },
	{ "queue, half a count", RTU_REPLIES, RTU_MORE, BYTES(1, 24, 0) },
	{ "queue of 64", RTU_REPLIES, 70, BYTES(1, 24, 0, 64) },
	{ "queue of 250", RTU_REPLIES, 256, BYTES(1, 24, 0, 250) },
	{ "queue of 251", RTU_REPLIES, RTU_NEVER, BYTES(1, 24, 0, 251) },
	{ "queue of 256", RTU_REPLIES, RTU_NEVER, BYTES(1, 24, 1, 0) },
	{ "43, no type", RTU_REQUESTS, RTU_MORE, BYTES(1, 43) },
	{ "43 of another type", RTU_REPLIES, RTU_OPEN, BYTES(1, 43, 13) },
	{ "43, no number", RTU_REPLIES, RTU_MORE, BYTES(1, 43, 14, 1, 1, 0, 0) },
	{ "43, 124 objects", RTU_REPLIES, RTU_NEVER,
	    BYTES(1, 43, 14, 1, 1, 0, 0, 124) },
	{ "43, 123 objects", RTU_REPLIES, RTU_MORE,
	    BYTES(1, 43, 14, 1, 1, 0, 0, 123) },
	{ "43, object of 244", RTU_REPLIES, 256,
	    BYTES(1, 43, 14, 1, 1, 0, 0, 1, 0, 244) },
	{ "43, object of 245", RTU_REPLIES, RTU_NEVER,
	    BYTES(1, 43, 14, 1, 1, 0, 0, 1, 0, 245) },
	{ "43, no room for the second", RTU_REPLIES, RTU_NEVER,
	    BYTES(1, 43, 14, 1, 1, 0, 0, 2, 0, 243) },
};
/* clang-format on */

static void
lengths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(length_rows) / sizeof(length_rows[0]);
	     i++) {
		const struct length_row *row = &length_rows[i];
		int got = rtu_expect(row->direction, row->bytes, row->length);

		if (got != row->expected)
			fail_msg("%s: %d", row->name, got);
	}
}

/* A prefix promises nothing or the truth. */
static void
lengths_of_every_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		struct adu adu = frame_of_sample(&samples[i]);
		int before = RTU_MORE;

		for (size_t length = 0; length <= adu.length; length++) {
			int got =
			    rtu_expect(samples[i].direction, adu.bytes, length);

			if (got != before && before != RTU_MORE)
				fail_msg("%s: %d", samples[i].name, got);
			before = got;
		}
		assert_int_equal(
		    before, samples[i].open ? RTU_OPEN : (int)adu.length);
	}
}

static void
case_10_a_frame_of_256_bytes_passes_and_one_of_257_not(void **state)
{
	const uint8_t heads[][3] = { { 1, 21, 251 }, { 1, 65, 0 } };
	struct adu adu;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		memset(&adu, 0x5a, sizeof(adu));
		memcpy(adu.bytes, heads[i], 3);
		adu.length = RTU_ADU_MAX - 2;
		add_crc(&adu);
		bench_init(&bench, RTU_REQUESTS);
		bench_feed_frame(&bench, &adu);
		bench_silence(&bench);
		expect_frame(&bench, 0, &adu, "256");
		assert_int_equal(bench.rtu.dropped, 0);

		adu.bytes[2]++;
		adu.length = RTU_ADU_MAX - 1;
		add_crc(&adu);
		bench_init(&bench, RTU_REQUESTS);
		bench_feed_frame(&bench, &adu);
		bench_silence(&bench);
		expect_kept(&bench, 0, "257");
		assert_int_equal(bench.rtu.dropped, 257);
	}
}

static void
case_13_every_unit_may_ask_and_all_but_0_tell(void **state)
{
	(void)state;
	for (unsigned unit = 0; unit <= 255; unit++) {
		struct adu ask = ask_read((uint8_t)unit, 0, 2);
		uint8_t bytes[] = { (uint8_t)unit, 3, 4, 1, 2, 3, 4 };
		struct adu tell = frame_of(bytes, sizeof(bytes));

		bench_init(&bench, RTU_REQUESTS);
		bench_feed_frame(&bench, &ask);
		expect_frame(&bench, 0, &ask, "ask");
		bench_init(&bench, RTU_REPLIES);
		bench_feed_frame(&bench, &tell);
		expect_kept(&bench, unit != 0, "tell");
	}
}

static void
case_11_every_function_but_0_and_refusals_that_ask(void **state)
{
	(void)state;
	for (unsigned function = 0; function <= 255; function++) {
		uint8_t bytes[] = { 1, (uint8_t)function, 1, 2, 3, 4 };
		struct adu adu = frame_of(bytes, sizeof(bytes));
		bool known =
		    rtu_expect(RTU_REQUESTS, bytes, sizeof(bytes)) != RTU_OPEN;

		bench_init(&bench, RTU_REQUESTS);
		bench_feed_frame(&bench, &adu);
		if (!known || function == 0 || function >= 0x80)
			expect_kept(&bench, 0, "needs silence");
		bench_silence(&bench);
		if (!known)
			expect_frame(&bench, 0, &adu, "unknown function");
		if (function == 0 || function >= 0x80)
			expect_kept(&bench, 0, "no function");
	}
}

static void
case_11_an_unknown_function_only_where_a_frame_begins(void **state)
{
	const uint8_t bytes[] = { 5, 65, 1, 2, 3 };
	struct adu open = frame_of(bytes, sizeof(bytes));
	struct adu read = ask_read(1, 0, 2);

	(void)state;
	bench_init(&bench, RTU_REQUESTS);
	bench_feed(&bench, "\0", 1);
	bench_feed_frame(&bench, &open);
	bench_silence(&bench);
	expect_kept(&bench, 0, "behind noise");
	bench_feed_frame(&bench, &read);
	bench_feed_frame(&bench, &open);
	bench_silence(&bench);
	expect_kept(&bench, 2, "behind a frame");
	bench_feed(&bench, "\0\0\0", 3);
	assert_true(rtu_pending(&bench.rtu));
	bench_silence(&bench);
	bench_feed_frame(&bench, &open);
	bench_silence(&bench);
	expect_kept(&bench, 3, "behind noise and silence");
	/* It does not hide what comes behind it without a gap. */
	bench_feed_frame(&bench, &open);
	bench_feed_frame(&bench, &read);
	bench_silence(&bench);
	expect_kept(&bench, 4, "a read behind it");
	expect_frame(&bench, 3, &read, "a read behind it");
}

static void
a_loopback_of_more_words_is_ended_by_silence(void **state)
{
	const uint8_t bytes[] = { 1, 8, 0, 0, 1, 2, 3, 4, 5, 6 };
	struct adu adu = frame_of(bytes, sizeof(bytes));

	(void)state;
	for (int direction = RTU_REQUESTS; direction <= RTU_REPLIES;
	     direction++) {
		bench_init(&bench, (enum rtu_direction)direction);
		bench_feed_frame(&bench, &adu);
		expect_kept(&bench, 0, "loopback");
		bench_silence(&bench);
		expect_kept(&bench, 1, "loopback");
		expect_frame(&bench, 0, &adu, "loopback");
	}
}

static void
reset_forgets_bytes_but_counts_them(void **state)
{
	struct adu adu = ask_read(1, 0, 2);

	(void)state;
	bench_init(&bench, RTU_REQUESTS);
	bench_feed_frame(&bench, &adu);
	bench_feed(&bench, adu.bytes, 5);
	rtu_reset(&bench.rtu);
	bench_check(&bench);
	assert_false(rtu_pending(&bench.rtu));
	bench_feed(&bench, adu.bytes + 5, 3);
	bench_silence(&bench);
	expect_kept(&bench, 1, "reset");
	assert_int_equal(bench.rtu.frames, 1);
	assert_int_equal(bench.rtu.dropped, 8);
	assert_int_equal(bench.rtu.broken, 2);
	rtu_reset(&bench.rtu);
	assert_int_equal(bench.rtu.broken, 2);
}

/* Rounded up: a timer set to it never fires too soon. */
static void
times_on_the_wire(void **state)
{
	(void)state;
	assert_int_equal(rtu_t35_us(1200), 32084);
	assert_int_equal(rtu_t35_us(9600), 4011);
	assert_int_equal(rtu_t35_us(2000), 19250);
	assert_int_equal(rtu_t35_us(3), 12833334);
	assert_int_equal(rtu_t35_us(19200), 2006);
	assert_int_equal(rtu_t35_us(19201), 1750);
	assert_int_equal(rtu_t35_us(115200), 1750);
	assert_int_equal(rtu_wire_us(9600, 10, 0), 0);
	assert_int_equal(rtu_wire_us(9600, 10, 1), 1042);
	assert_int_equal(rtu_wire_us(9600, 10, 256), 266667);
	assert_int_equal(rtu_wire_us(19200, 11, 8), 4584);
	assert_int_equal(rtu_wire_us(20000, 10, 2), 1000);
	assert_int_equal(rtu_wire_us(3, 10, 1), 3333334);
	assert_int_equal(rtu_wire_us(300, 12, SIZE_MAX >> 40), 671088600000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),
		cmocka_unit_test(lengths_of_every_prefix),
		cmocka_unit_test(every_frame_split_at_every_byte),
		cmocka_unit_test(
		    case_02_every_frame_byte_by_byte_comes_with_its_last),
		cmocka_unit_test(
		    every_prefix_then_silence_is_dropped_and_counted),
		cmocka_unit_test(case_05_every_single_flipped_bit_is_refused),
		cmocka_unit_test(
		    case_05_a_crc_with_its_bytes_swapped_is_refused),
		cmocka_unit_test(case_03_many_frames_and_a_half_in_one_read),
		cmocka_unit_test(
		    case_08_a_frame_behind_the_head_of_a_long_write),
		cmocka_unit_test(
		    case_10_a_frame_of_256_bytes_passes_and_one_of_257_not),
		cmocka_unit_test(case_13_every_unit_may_ask_and_all_but_0_tell),
		cmocka_unit_test(
		    case_11_every_function_but_0_and_refusals_that_ask),
		cmocka_unit_test(
		    case_11_an_unknown_function_only_where_a_frame_begins),
		cmocka_unit_test(a_loopback_of_more_words_is_ended_by_silence),
		cmocka_unit_test(reset_forgets_bytes_but_counts_them),
		cmocka_unit_test(times_on_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
