/* SPDX-License-Identifier: MIT */
/* The framer among noise and in long streams. */
#include "proxy/rtu.h"

#include <time.h>

#include "tests/unit/rtu_helper.h"

static struct bench bench;

/* What adapters and transceivers add when the bus turns round. */
static const uint8_t noises[][2] = { { 0x00, 0x00 }, { 0xff, 0xff },
	{ 0xfe, 0xfe }, { 0xff, 0xfe }, { 0x00, 0xff }, { 5, 5 }, { 5, 3 },
	{ 5, 4 }, { 5, 16 }, { 5, 65 }, { 9, 43 } };
enum { NOISES = sizeof(noises) / sizeof(noises[0]) };

static void
feed_noise(const uint8_t noise[2], size_t length)
{
	for (size_t i = 0; i < length; i++)
		bench_feed(&bench, noise + i % 2, 1);
}

static void
case_06_noise_around_frames_costs_no_frame(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES * NOISES * 8; i++) {
		const struct sample *sample = &samples[i % SAMPLES];
		const uint8_t *noise = noises[i / SAMPLES % NOISES];
		size_t length = 1 + i / SAMPLES / NOISES;
		struct adu adu = frame_of_sample(sample);

		if (sample->open)
			continue;
		bench_init(&bench, sample->direction);
		feed_noise(noise, length);
		bench_feed_frame(&bench, &adu);
		feed_noise(noise, length);
		bench_feed_frame(&bench, &adu);
		feed_noise(noise, length);
		bench_silence(&bench);
		expect_kept(&bench, 2, sample->name);
		expect_frame(&bench, 0, &adu, sample->name);
		expect_frame(&bench, 1, &adu, sample->name);
		assert_int_equal(
		    bench.rtu.dropped + bench.rtu.passed, 3 * length);
	}
}

static void
idle_line_noise_does_not_even_delay_a_read(void **state)
{
	struct adu adu = ask_read(0xfe, 0x0164, 8);

	(void)state;
	for (size_t i = 0; i < 5 * 8; i++) {
		bench_init(&bench, RTU_REQUESTS);
		feed_noise(noises[i % 5], 1 + i / 5);
		bench_feed_frame(&bench, &adu);
		expect_kept(&bench, 1, "at once");
		expect_frame(&bench, 0, &adu, "at once");
		assert_int_equal(bench.rtu.broken, 1);
	}
}

/* The boiler that adds three zeros to every reply. */
static void
zeros_behind_every_frame_delay_nothing(void **state)
{
	const uint8_t bytes[] = { 1, 4, 4, 0xc3, 0x7f, 0x40, 0 };
	struct adu adu = frame_of(bytes, sizeof(bytes));

	(void)state;
	bench_init(&bench, RTU_REPLIES);
	for (size_t i = 0; i < 10; i++) {
		bench_feed_frame(&bench, &adu);
		expect_kept(&bench, i + 1, "zeros");
		expect_frame(&bench, i, &adu, "zeros");
		bench_feed(&bench, "\0\0\0", 3);
	}
	assert_int_equal(bench.rtu.broken, 10);
}

static void
case_07_random_bytes_then_a_good_frame(void **state)
{
	uint32_t seed = 4096;

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		struct adu adu =
		    i % 2 ? ask_read(1, 52, 2) : frame_of("\1\4\4\1\2\3\4", 7);
		uint8_t garbage[4096];

		for (size_t k = 0; k < sizeof(garbage); k++)
			garbage[k] = draw_byte(&seed);
		bench_init(&bench, i % 2 ? RTU_REQUESTS : RTU_REPLIES);
		bench_feed(&bench, garbage, sizeof(garbage));
		bench_feed_frame(&bench, &adu);
		bench_silence(&bench);
		assert_true(bench.kept >= 1);
		expect_frame(&bench, bench.kept - 1, &adu, "behind garbage");
	}
}

struct stream {
	size_t length;
	size_t sent; /* good frames */
	uint8_t bytes[2048];
	struct adu frames[8];
};

static void
put(struct stream *stream, const uint8_t *bytes, size_t length)
{
	memcpy(stream->bytes + stream->length, bytes, length);
	stream->length += length;
}

static void
put_noise(struct stream *stream, uint32_t *seed)
{
	size_t length = draw(seed) % 3 ? draw(seed) % 9 : draw(seed) % 200;

	while (length-- > 0) {
		uint8_t byte = draw_byte(seed);

		put(stream, &byte, 1);
	}
}

/* A frame of some function with other data; longer where it may be. */
static struct adu
draw_frame(enum rtu_direction direction, uint32_t *seed)
{
	const struct sample *sample;
	struct adu adu;
	size_t words = 1 + draw(seed) % 60;

	do {
		sample = &samples[draw(seed) % SAMPLES];
	} while (sample->direction != direction || sample->open);
	memcpy(adu.bytes, sample->bytes, sample->length);
	adu.length = sample->length;
	adu.bytes[0] = (uint8_t)(1 + draw(seed) % 255);
	if (direction == RTU_REPLIES && adu.bytes[1] >= 3 &&
	    adu.bytes[1] <= 4) {
		adu.bytes[2] = (uint8_t)(2 * words);
		adu.length = 3 + 2 * words;
		for (size_t i = 3; i < adu.length; i++)
			adu.bytes[i] = draw_byte(seed);
	} else if (direction == RTU_REQUESTS && adu.bytes[1] == 16) {
		adu.bytes[5] = (uint8_t)words;
		adu.bytes[6] = (uint8_t)(2 * words);
		adu.length = 7 + 2 * words;
		for (size_t i = 7; i < adu.length; i++)
			adu.bytes[i] = draw_byte(seed);
	} else if (direction == RTU_REQUESTS && adu.bytes[1] <= 4) {
		adu.bytes[2] = draw_byte(seed);
		adu.bytes[3] = draw_byte(seed);
	}
	add_crc(&adu);
	return adu;
}

/* Between two gaps: good frames at its beginning, then noise. */
static void
draw_stream(struct stream *stream, enum rtu_direction direction, uint32_t *seed)
{
	size_t count = 1 + draw(seed) % 3;

	stream->length = stream->sent = 0;
	while (stream->sent < count) {
		struct adu *adu = &stream->frames[stream->sent++];

		*adu = draw_frame(direction, seed);
		put(stream, adu->bytes, adu->length);
	}
	if (draw(seed) % 2)
		put_noise(stream, seed);
}

static void
feed_in_pieces(struct bench *into, const struct stream *stream, size_t most,
    uint32_t *seed)
{
	for (size_t at = 0; at < stream->length;) {
		size_t piece = 1 + draw(seed) % most;

		if (piece > stream->length - at)
			piece = stream->length - at;
		bench_feed(into, stream->bytes + at, piece);
		at += piece;
	}
}

static void
check_streams(enum rtu_direction direction, uint32_t seed)
{
	size_t sent = 0, invented = 0;

	bench_init(&bench, direction);
	for (size_t i = 0; i < 20000; i++) {
		struct stream stream;

		draw_stream(&stream, direction, &seed);
		bench_clear(&bench);
		feed_in_pieces(&bench, &stream, 1 + i % 300, &seed);
		bench_silence(&bench);
		assert_true(bench.kept >= stream.sent);
		for (size_t k = 0; k < stream.sent; k++)
			expect_frame(&bench, k, &stream.frames[k], "stream");
		sent += stream.sent;
		invented += bench.kept - stream.sent;
	}
	printf("# %zu frames sent, %zu more found in %zu bytes of noise\n",
	    sent, invented, (size_t)bench.rtu.dropped);
	/* 16 bits of CRC at each offset; most lengths are not there. */
	assert_true(invented <= 1 + bench.rtu.dropped / 32768);
}

static void
frames_behind_a_gap_come_once_in_order_and_whole(void **state)
{
	(void)state;
	check_streams(RTU_REQUESTS, 1);
	check_streams(RTU_REPLIES, 2);
}

/* What is found depends on the bytes and the silences, never on how the
 * adapter cut them into reads. */
static void
how_bytes_are_cut_makes_no_difference(void **state)
{
	static struct bench whole, single;
	uint32_t seed = 3;

	(void)state;
	for (size_t i = 0; i < 20000; i++) {
		enum rtu_direction direction =
		    i % 2 ? RTU_REQUESTS : RTU_REPLIES;
		struct stream stream = { 0 };

		for (size_t k = 0; k < 3; k++) {
			struct adu adu = draw_frame(direction, &seed);

			put_noise(&stream, &seed);
			put(&stream, adu.bytes,
			    draw(&seed) % 4 ? adu.length : adu.length / 2);
		}
		bench_init(&whole, direction);
		bench_init(&single, direction);
		bench_feed(&whole, stream.bytes, stream.length);
		feed_in_pieces(&single, &stream, 1, &seed);
		bench_silence(&whole);
		bench_silence(&single);
		assert_int_equal(whole.kept, single.kept);
		for (size_t k = 0; k < whole.kept; k++)
			expect_frame(&single, k, &whole.frames[k], "cut");
		assert_int_equal(whole.rtu.dropped, single.rtu.dropped);
		assert_int_equal(whole.rtu.broken, single.rtu.broken);
		assert_int_equal(whole.rtu.passed, single.rtu.passed);
	}
}

/* Printed, not asserted: the time of one byte. */
static void
print_cost(const char *what, enum rtu_direction direction, const uint8_t *bytes,
    size_t length, size_t piece)
{
	const size_t total = 1 << 18;
	struct timespec from, to;
	double ns;

	bench_init(&bench, direction);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (size_t at = 0; at < total; at += piece)
		bench_feed(&bench, bytes + at % (length - piece + 1), piece);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ns = (double)(to.tv_sec - from.tv_sec) * 1e9 +
	     (double)(to.tv_nsec - from.tv_nsec);
	printf("# %s: %.0f ns a byte\n", what, ns / (double)total);
}

/* Every byte the head of the longest frame there is, each promise kept. */
static void
what_a_babbling_node_costs(void **state)
{
	static uint8_t random[8192], worst[8192];
	uint32_t seed = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = draw_byte(&seed);
	memset(worst, 21, sizeof(worst));
	print_cost("random, chunks", RTU_REQUESTS, random, 8192, 256);
	print_cost("random, single", RTU_REQUESTS, random, 8192, 1);
	print_cost("long heads", RTU_REQUESTS, worst, 8192, 256);
	memset(worst, 0xf0, sizeof(worst));
	for (size_t i = 0; i < sizeof(worst); i += 2)
		worst[i] = 20;
	print_cost("longest heads", RTU_REQUESTS, worst, 8192, 256);
	print_cost("longest heads, single", RTU_REQUESTS, worst, 8192, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_06_noise_around_frames_costs_no_frame),
		cmocka_unit_test(idle_line_noise_does_not_even_delay_a_read),
		cmocka_unit_test(zeros_behind_every_frame_delay_nothing),
		cmocka_unit_test(case_07_random_bytes_then_a_good_frame),
		cmocka_unit_test(
		    frames_behind_a_gap_come_once_in_order_and_whole),
		cmocka_unit_test(how_bytes_are_cut_makes_no_difference),
		cmocka_unit_test(what_a_babbling_node_costs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
