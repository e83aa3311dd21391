/* SPDX-License-Identifier: MIT */
/*
 * Faults of a meter by their case numbers (26 to 36), as decisions in virtual
 * time; on ttys: tests/pty/test_cases_meter.py. The meter writes the number of
 * the request into its answer, so an answer taken for another request shows.
 */
#include "tests/unit/client_bus.h"

#include "proxy/crc.h"

static void
case_26_no_reply(void **state)
{
	struct bus bus;
	struct mono sample;

	(void)state;
	bus_begin(&bus, &map, 8);
	sample = meter(&bus)->sample_at;
	for (unsigned i = 0; i < 20; i++) {
		until_asked(&bus);
		assert_int_equal(until_over(&bus), CLIENT_FAILED);
		assert_false(bus.result.heard);
		assert_int_equal(meter(&bus)->timeouts, i + 1);
		assert_true(mono_diff_us(bus.bench.now, bus.sent) <
			    (TIMEOUT_MS + 50) * 1000);
	}
	assert_int_equal(meter(&bus)->sample_at.us, sample.us);
	goes_on(&bus);
	assert_int_equal(meter(&bus)->timeouts, 0);
}

/* However late, and whatever was asked meanwhile. */
static void
late_by(const struct map *of, int good, int64_t late_us)
{
	struct bus bus;

	bus_begin(&bus, of, good);
	until_asked(&bus);
	struct pdu_request request = bus.bench.request;
	uint16_t number = bus.bench.asked;
	uint8_t adu[256];
	size_t length = answer_to(&request, number, UNIT, adu);

	assert_int_equal(until_over(&bus), CLIENT_FAILED);
	arrives(&bus, late_us, adu, length);
	while (bus.count > 0)
		one_good(&bus);
	one_good(&bus);
}

static void
case_27_a_late_reply_is_never_the_answer_to_the_next_request(void **state)
{
	(void)state;
	/* From 1 ms after the timeout to twice the longest; what comes later
	 * than 1.5 times that must differ in length. */
	for (int good = 0; good < 8; good++) {
		for (int64_t us = 1000; us <= 400000; us += 1000)
			late_by(&map, good, us);
		for (int64_t us = 1000; us <= 300000; us += 1000)
			late_by(&one_length, good, us);
	}
}

static void
case_28_a_duplicate_reply_answers_nothing(void **state)
{
	struct bus bus;

	(void)state;
	for (int64_t after_us = 1; after_us < 300000; after_us += 7000) {
		bus_begin(&bus, &map, 9);
		until_asked(&bus);
		reply_arrives(&bus, REPLY_MS * 1000);
		reply_arrives(&bus, REPLY_MS * 1000 + after_us);
		assert_int_equal(until_over(&bus), CLIENT_ANSWERED);
		while (bus.count > 0)
			one_good(&bus);
		one_good(&bus);
	}
}

static void
arrives_wrong(struct bus *bus, uint8_t unit, uint8_t function, int words)
{
	struct pdu_request request = bus->bench.request;
	uint8_t adu[256];
	size_t length;

	request.function ^= function;
	request.count = (uint16_t)(request.count + words);
	length = answer_to(&request, 0, (uint8_t)(UNIT + unit), adu);
	arrives(bus, REPLY_MS * 1000, adu, length);
}

static void
case_29_reply_of_another_unit_function_or_length(void **state)
{
	static const struct {
		uint8_t unit, function;
		int words;
	} wrong[] = { { 1, 0, 0 }, { 0, 7, 0 }, { 0, 0, 1 }, { 0, 0, -1 },
		{ 255, 0, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct bus bus;

		bus_begin(&bus, &map, 9);
		until_asked(&bus);
		arrives_wrong(
		    &bus, wrong[i].unit, wrong[i].function, wrong[i].words);
		assert_false(happens(&bus));
		assert_true(bus.foreign);
		/* The right one may still come. */
		reply_arrives(&bus, 1000);
		assert_int_equal(until_over(&bus), CLIENT_ANSWERED);
		until_asked(&bus);
		arrives_wrong(
		    &bus, wrong[i].unit, wrong[i].function, wrong[i].words);
		assert_int_equal(until_over(&bus), CLIENT_FAILED);
		assert_true(bus.result.heard);
		goes_on(&bus);
	}
}

/* The framer, as on the wire. Returns the frames that come out. */
static int
feed(struct rtu *rtu, const uint8_t *bytes, size_t length, struct bus *bus)
{
	struct rtu_frame frame;
	size_t room;
	uint8_t *into = rtu_room(rtu, &room);
	int frames = 0;

	memcpy(into, bytes, length);
	rtu_filled(rtu, length);
	while (rtu_next(rtu, &frame)) {
		arrives(bus, 0, frame.adu, frame.length);
		frames++;
	}
	return frames;
}

static size_t
whole_reply(struct bus *bus, uint8_t *adu)
{
	size_t length =
	    answer_to(&bus->bench.request, bus->bench.asked, UNIT, adu);

	crc_append(adu, length - 2);
	return length;
}

/* Cut short there: then silence; and then right before a whole one. */
static void
truncated_at(struct bus *bus, size_t cut, const uint8_t *adu)
{
	struct rtu_frame frame;
	uint8_t whole[256];
	struct rtu rtu;
	size_t length;

	rtu_init(&rtu, RTU_REPLIES);
	assert_int_equal(feed(&rtu, adu, cut, bus), 0);
	arrives(bus, REPLY_MS * 1000, NULL, 0);
	assert_false(rtu_silence(&rtu, &frame));
	assert_int_equal(until_over(bus), CLIENT_FAILED);
	assert_true(bus->result.heard);
	until_asked(bus);
	length = whole_reply(bus, whole);
	assert_int_equal(feed(&rtu, adu, cut, bus), 0);
	if (feed(&rtu, whole, length, bus) == 0 && rtu_silence(&rtu, &frame))
		arrives(bus, 0, frame.adu, frame.length);
	assert_int_equal(until_over(bus), CLIENT_ANSWERED);
}

static void
case_30_truncated_reply(void **state)
{
	struct bus bus;
	uint8_t adu[256];
	size_t length;

	(void)state;
	for (size_t cut = 1; true; cut++) {
		bus_begin(&bus, &map, 9);
		until_asked(&bus);
		length = whole_reply(&bus, adu);
		if (cut == length)
			break;
		truncated_at(&bus, cut, adu);
	}
}

static void
case_31_a_slow_trickle_ends_in_time(void **state)
{
	/* 0.9 and 2 times the silence that ends a frame. */
	static const int every_ms[] = { 36, 80 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bus bus;

		bus_begin(&bus, &map, 9);
		until_asked(&bus);
		do {
			if (bus.count == 0)
				arrives(&bus, every_ms[i] * 1000, NULL, 0);
			assert_false(happens(&bus));
			assert_true(mono_diff_us(bus.bench.now, bus.sent) <
				    WORST_MS * 1000);
		} while (bus.result.verdict != CLIENT_FAILED);
		assert_true(bus.result.heard);
		assert_int_equal(meter(&bus)->counts.broken, 1);
		bus.count = 0;
		goes_on(&bus);
	}
}

static void
case_32_exceptions(void **state)
{
	(void)state;
	for (uint8_t code = 1; code <= 11; code++) {
		const uint8_t refusal[] = { UNIT, 0x84, code, 0, 0 };
		const uint8_t other[] = { UNIT, 0x83, code, 0, 0 };
		const uint8_t none[] = { UNIT, 0x84, 0, 0, 0 };
		struct bus bus;

		bus_begin(&bus, &map, 9);
		do {
			until_asked(&bus);
			if (bus.bench.request.address == 12)
				break;
			reply_arrives(&bus, 1000);
			until_over(&bus);
		} while (true);
		/* Of another function, or of no code: not ours. */
		arrives(&bus, 1000, other, sizeof(other));
		assert_false(happens(&bus));
		assert_true(bus.foreign);
		arrives(&bus, 1000, none, sizeof(none));
		assert_false(happens(&bus));
		assert_true(bus.foreign);
		arrives(&bus, 1000, refusal, sizeof(refusal));
		assert_int_equal(until_over(&bus), CLIENT_REFUSED);
		assert_int_equal(bus.result.exception, code);
		assert_true(bus.result.miss);
		assert_false(bus.result.sample);
		assert_int_equal(meter(&bus)->counts.exceptions, 1);
		/* The total power is never done without. */
		goes_on(&bus);
		for (int i = 0; i < 4; i++)
			one_good(&bus);
		assert_true(mono_diff_us(bus.bench.now,
				meter(&bus)->sample_at) < WORST_MS * 1000);
	}
}

static void
case_33_garbage_up_to_the_next_request(void **state)
{
	struct bus quiet, noisy;

	(void)state;
	bus_begin(&quiet, &map, 9);
	bus_begin(&noisy, &map, 9);
	for (int i = 0; i < 50; i++) {
		one_good(&quiet);
		until_asked(&noisy);
		reply_arrives(&noisy, REPLY_MS * 1000);
		assert_int_equal(until_over(&noisy), CLIENT_ANSWERED);
		for (int j = 1; j < 5; j++)
			arrives(&noisy, j * 1000, NULL, 0);
		/* It shifts no poll. */
		assert_int_equal(noisy.sent.us, quiet.sent.us);
	}
}

static void
case_34_a_babbling_node(void **state)
{
	struct bus bus;
	struct mono sample;
	unsigned asked;

	(void)state;
	bus_begin(&bus, &map, 9);
	sample = meter(&bus)->sample_at;
	asked = bus.bench.asked;
	while (mono_diff_us(bus.bench.now, sample) < 10 * INT64_C(1000000)) {
		if (bus.count == 0)
			arrives(&bus, 500, NULL, 0);
		happens(&bus);
		assert_int_not_equal(bus.result.verdict, CLIENT_ANSWERED);
	}
	asked = bus.bench.asked - asked;
	assert_in_range(asked, 10000 / WORST_MS, 10000 / 60);
	assert_in_range(meter(&bus)->counts.broken, asked - 1, asked);
	assert_int_equal(meter(&bus)->counts.timeouts, 0);
	assert_int_equal(meter(&bus)->sample_at.us, sample.us);
	bus.count = 0;
	if (bus.bench.client.exchange.state == EXCHANGE_WAIT)
		until_over(&bus);
	goes_on(&bus);
}

static void
case_35_two_meters_at_one_address(void **state)
{
	struct bus bus;

	(void)state;
	bus_begin(&bus, &map, 9);
	for (int i = 0; i < 100; i++) {
		uint8_t adu[256];
		size_t length;

		until_asked(&bus);
		/* The slower one's answer has the same form. */
		length = answer_to(&bus.bench.request, 0xdead, UNIT, adu);
		reply_arrives(&bus, REPLY_MS * 1000);
		arrives(&bus, REPLY_MS * 1000 + 3000, adu, length);
		assert_int_equal(until_over(&bus), CLIENT_ANSWERED);
		assert_false(happens(&bus));
		assert_true(bus.foreign);
	}
	assert_int_equal(meter(&bus)->counts.broken, 0);
}

static void
case_36_the_meter_reboots(void **state)
{
	struct bus bus;
	struct mono gone, back;

	(void)state;
	bus_begin(&bus, &map, 9);
	gone = bus.bench.now;
	while (mono_diff_us(bus.bench.now, gone) < 5 * INT64_C(1000000)) {
		until_asked(&bus);
		assert_int_equal(until_over(&bus), CLIENT_FAILED);
	}
	back = bus.bench.now;
	assert_true(mono_diff_us(back, meter(&bus)->sample_at) > 5000000);
	while (!bus.result.sample)
		one_good(&bus);
	assert_true(mono_diff_us(bus.bench.now, back) < 500000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_26_no_reply),
		cmocka_unit_test(
		    case_27_a_late_reply_is_never_the_answer_to_the_next_request),
		cmocka_unit_test(case_28_a_duplicate_reply_answers_nothing),
		cmocka_unit_test(
		    case_29_reply_of_another_unit_function_or_length),
		cmocka_unit_test(case_30_truncated_reply),
		cmocka_unit_test(case_31_a_slow_trickle_ends_in_time),
		cmocka_unit_test(case_32_exceptions),
		cmocka_unit_test(case_33_garbage_up_to_the_next_request),
		cmocka_unit_test(case_34_a_babbling_node),
		cmocka_unit_test(case_35_two_meters_at_one_address),
		cmocka_unit_test(case_36_the_meter_reboots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
