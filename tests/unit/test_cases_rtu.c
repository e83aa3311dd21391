/* SPDX-License-Identifier: MIT */
/*
 * Cases of faults on a line, by number, as the framer and the parsers behind
 * it see them. The others of the numbers 1 to 14 are in test_rtu.c and
 * test_rtu_stream.c; with a gateway around them, in tests/pty/test_cases_*.py.
 */
#include "proxy/match.h"
#include "proxy/pdu.h"
#include "proxy/rtu.h"

#include "tests/unit/rtu_helper.h"

enum {
	GAP_MS = 40, /* of an adapter that does not say when bytes came */
	AROUND_PDU = 3, /* unit and CRC */
};

static struct bench bench;

static void
pause_for(unsigned ms)
{
	if (ms >= GAP_MS)
		bench_silence(&bench);
}

/* Pauses as adapters make them are no end of a frame; a real one is, and costs
 * this frame and no other. */
static void
case_01_every_function_split_with_pauses(void **state)
{
	static const unsigned pauses_ms[] = { 0, 1, 15, 60 };

	(void)state;
	for (size_t i = 0; i < SAMPLES * 4; i++) {
		const struct sample *sample = &samples[i / 4];
		struct adu adu = frame_of_sample(sample);
		unsigned pause_ms = pauses_ms[i % 4];

		for (size_t split = 1; split < adu.length; split++) {
			bench_init(&bench, sample->direction);
			bench_feed(&bench, adu.bytes, split);
			pause_for(pause_ms);
			bench_feed(
			    &bench, adu.bytes + split, adu.length - split);
			bench_silence(&bench);
			expect_kept(&bench, pause_ms < GAP_MS, sample->name);
			bench_feed_frame(&bench, &adu);
			bench_silence(&bench);
			expect_kept(
			    &bench, pause_ms < GAP_MS ? 2 : 1, sample->name);
			expect_frame(
			    &bench, bench.kept - 1, &adu, sample->name);
		}
	}
}

/* In one read a frame and so much of each other one; the rest later. */
static void
case_04_a_frame_and_a_part_of_the_next(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES * SAMPLES; i++) {
		const struct sample *a = &samples[i / SAMPLES];
		const struct sample *b = &samples[i % SAMPLES];
		struct adu first = frame_of_sample(a);
		struct adu second = frame_of_sample(b), both = first;

		/* A reply may pass for one to another unit on a shared line;
		 * what is open has no end but silence. */
		if (a->direction != b->direction || a->open)
			continue;
		memcpy(both.bytes + first.length, second.bytes, second.length);
		for (size_t part = 1; part < second.length; part++) {
			bench_init(&bench, a->direction);
			bench_feed(&bench, both.bytes, first.length + part);
			expect_kept(&bench, 1, a->name);
			bench_feed(
			    &bench, second.bytes + part, second.length - part);
			if (b->open)
				bench_silence(&bench);
			expect_kept(&bench, 2, b->name);
			expect_frame(&bench, 0, &first, a->name);
			expect_frame(&bench, 1, &second, b->name);
			assert_int_equal(bench.rtu.dropped, 0);
		}
	}
}

/* The count byte of a read's reply: odd ones are whole frames, but answer
 * nothing; beyond 250 there is no frame. */
static void
case_09_every_count_byte_of_a_reply(void **state)
{
	const uint8_t asked[] = { 3, 0, 52, 0, 2 };

	(void)state;
	for (unsigned count = 0; count <= 255; count++) {
		struct adu adu = { .length = 3 + count,
			.bytes = { 5, 3, (uint8_t)count } };

		add_crc(&adu);
		bench_init(&bench, RTU_REPLIES);
		bench_feed_frame(&bench, &adu);
		expect_kept(&bench, count <= 250, "count byte");
		bench_silence(&bench);
		expect_kept(&bench, count <= 250, "count byte");
		assert_int_equal(match_reply(asked, sizeof(asked),
				     adu.bytes + 1, adu.length - AROUND_PDU),
		    count == 4 ? MATCH_DATA : MATCH_NONE);
	}
}

/* The request's count byte tells where it ends, and it is refused unless it
 * fits the quantity; the next frame is not lost by it. */
static void
case_09_every_count_byte_of_a_write(void **state)
{
	struct adu next = ask_read(5, 52, 2);

	(void)state;
	for (unsigned i = 0; i < 256 * 126; i++) {
		unsigned bytes = i % 256, quantity = i / 256;
		struct adu adu = { .length = 7 + bytes,
			.bytes = { 5, 16, 0, 1, 0, (uint8_t)quantity,
			    (uint8_t)bytes } };
		struct pdu_request request;
		bool good = bytes == 2 * quantity && quantity >= 1 &&
		            quantity <= PDU_WRITE_MAX;

		add_crc(&adu);
		bench_init(&bench, RTU_REQUESTS);
		bench_feed_frame(&bench, &adu);
		bench_feed_frame(&bench, &next);
		bench_silence(&bench);
		if (bytes > 247) {
			expect_kept(&bench, 1, "no frame is so long");
			continue;
		}
		expect_kept(&bench, 2, "write");
		expect_frame(&bench, 0, &adu, "write");
		assert_int_equal(pdu_parse_request(adu.bytes + 1,
				     adu.length - AROUND_PDU, &request),
		    good ? PDU_OK : PDU_ILLEGAL_VALUE);
	}
}

/* Whole frames all of them, and then the device's to refuse. */
static void
case_09_quantities_and_ends_of_a_read(void **state)
{
	static const struct {
		uint16_t address, count;
		enum pdu_exception expected;
	} rows[] = {
		{ 0, 0, PDU_ILLEGAL_VALUE },
		{ 0, 1, PDU_OK },
		{ 0, 125, PDU_OK },
		{ 0, 126, PDU_ILLEGAL_VALUE },
		{ 0, 65535, PDU_ILLEGAL_VALUE },
		{ 65535, 1, PDU_OK },
		{ 65535, 2, PDU_ILLEGAL_ADDRESS },
		{ 65411, 125, PDU_OK },
		{ 65412, 125, PDU_ILLEGAL_ADDRESS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct adu adu = ask_read(5, rows[i].address, rows[i].count);
		struct pdu_request request;

		bench_init(&bench, RTU_REQUESTS);
		bench_feed_frame(&bench, &adu);
		expect_frame(&bench, 0, &adu, "read");
		assert_int_equal(pdu_parse_request(adu.bytes + 1,
				     adu.length - AROUND_PDU, &request),
		    rows[i].expected);
	}
}

/* A broadcast is a frame where requests come, and noise where replies do. */
static void
case_12_broadcasts_are_requests_only(void **state)
{
	const uint8_t write[] = { 0, 6, 0, 20, 0, 7 };
	struct adu adu = frame_of(write, sizeof(write));

	(void)state;
	bench_init(&bench, RTU_REQUESTS);
	bench_feed_frame(&bench, &adu);
	expect_frame(&bench, 0, &adu, "write to all");
	bench_init(&bench, RTU_REPLIES);
	bench_feed_frame(&bench, &adu);
	bench_silence(&bench);
	expect_kept(&bench, 0, "reply of all");
	assert_int_equal(bench.rtu.dropped, adu.length);
}

static enum match
match_samples(const struct sample *ask, const struct sample *tell)
{
	return match_reply(
	    ask->bytes + 1, ask->length - 1, tell->bytes + 1, tell->length - 1);
}

/* Of the rarer functions, too, a request is answered by a reply of its own
 * function and by no other. (Of those counted, by the count: case 9.) */
static void
case_14_rare_functions_both_ways(void **state)
{
	static const uint8_t rare[] = { 8, 11, 12, 17, 20, 21, 22, 23, 24, 43 };
	size_t pairs = 0, answers = 0;

	(void)state;
	for (size_t i = 0; i < SAMPLES * SAMPLES; i++) {
		const struct sample *ask = &samples[i / SAMPLES];
		const struct sample *tell = &samples[i % SAMPLES];
		bool same = (tell->bytes[1] & 0x7f) == ask->bytes[1];

		if (ask->direction != RTU_REQUESTS ||
		    tell->direction != RTU_REPLIES ||
		    memchr(rare, ask->bytes[1], sizeof(rare)) == NULL)
			continue;
		pairs++;
		answers += match_samples(ask, tell) != MATCH_NONE;
		if (!same)
			assert_int_equal(match_samples(ask, tell), MATCH_NONE);
	}
	assert_true(pairs > 200);
	assert_true(answers >= sizeof(rare));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_01_every_function_split_with_pauses),
		cmocka_unit_test(case_04_a_frame_and_a_part_of_the_next),
		cmocka_unit_test(case_09_every_count_byte_of_a_reply),
		cmocka_unit_test(case_09_every_count_byte_of_a_write),
		cmocka_unit_test(case_09_quantities_and_ends_of_a_read),
		cmocka_unit_test(case_12_broadcasts_are_requests_only),
		cmocka_unit_test(case_14_rare_functions_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
