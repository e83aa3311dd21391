/* SPDX-License-Identifier: MIT */
/* The shown meter in virtual time: what it answers, and when it is silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/shown.h"

enum { MAX_AGE_MS = 1500, SAMPLE_MS = 200 };

static const struct config_site site = { .fuse_a = 25, .phases = 3 };
static char name[] = "solis-meter";
static char source[] = "grid";
static const struct config_shown config = {
	.name = name,
	.source = source,
	.unit = 1,
	.max_age_ms = MAX_AGE_MS,
	.limit_w = 3000,
	.slew_w_per_s = 1000,
	.max_reply_age_ms = 150,
};

/* As a Solis reads its Acrel: power in register 13, s16, W. */
static const struct map map = {
	.name = "test",
	.function = 3,
	.also_function = 4,
	.words_max = 65,
	.points_count = 3,
	.points = {
		{ QUANTITY_VOLTAGE, 11, MAP_U16, 0.1, false, 0, { 0 } },
		{ QUANTITY_ACTIVE_POWER, 13, MAP_S16, 1.0, true, 0, { 0 } },
		{ QUANTITY_ENERGY_IMPORT, 60, MAP_S32, 10.0, false, 0, { 0 } },
	},
	.blocks_count = 1,
	.blocks = { { 0, 65 } },
};

struct bench {
	struct shown shown;
	struct mono now;
	struct quantities sample;
	uint8_t reply[PDU_MAX];
	size_t length;
	uint8_t exception;
};

static void
bench_init(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	bench->now.us = 5000000;
	assert_true(shown_init(&bench->shown, &config, 0, &map, &site));
	quantities_put(&bench->sample, QUANTITY_ACTIVE_POWER, 800);
	quantities_put(&bench->sample, QUANTITY_VOLTAGE, 230);
	quantities_put(&bench->sample, QUANTITY_ENERGY_IMPORT, 123450);
}

static void
pass(struct bench *bench, int64_t ms)
{
	bench->now = mono_add_ms(bench->now, ms);
	shown_check_age(&bench->shown, bench->now);
}

static void
sample(struct bench *bench)
{
	shown_sample(&bench->shown, &bench->sample, bench->now, bench->now);
}

static void
samples(struct bench *bench, int count)
{
	for (int i = 0; i < count; i++) {
		pass(bench, SAMPLE_MS);
		sample(bench);
	}
}

static enum shown_verdict
ask(struct bench *bench, uint8_t function, uint16_t address, uint16_t count)
{
	uint8_t pdu[PDU_MAX] = { function };

	pdu_put_u16(pdu + 1, address);
	pdu_put_u16(pdu + 3, count);
	return shown_answer(&bench->shown, pdu, 5, bench->now, bench->reply,
	    &bench->length, &bench->exception);
}

static int
power(struct bench *bench)
{
	assert_int_equal(ask(bench, 3, 13, 1), SHOWN_ANSWER);
	assert_int_equal(bench->exception, 0);
	assert_int_equal(bench->length, 4);
	return (int16_t)pdu_get_u16(bench->reply + 2);
}

static void
set_lease(struct bench *bench, double value_w, int64_t for_ms)
{
	struct offset_lease lease = { .value_w = value_w,
		.expiry_us = bench->now.us + for_ms * 1000 };

	assert_int_equal(
	    policy_set_lease(&bench->shown.policy, &lease, bench->now.us),
	    REASON_NONE);
}

static void
silent_before_the_first_sample(void **state)
{
	struct bench bench;

	bench_init(&bench);
	assert_int_equal(ask(&bench, 3, 13, 1), SHOWN_NO_DATA);
	/* Not even a refusal: a dead meter is dead for everybody. */
	assert_int_equal(ask(&bench, 3, 500, 1), SHOWN_NO_DATA);
	sample(&bench);
	assert_int_equal(power(&bench), 800);
}

static void
silent_past_the_age_limit(void **state)
{
	struct bench bench;

	bench_init(&bench);
	sample(&bench);
	bench.now = mono_add_ms(bench.now, MAX_AGE_MS);
	assert_int_equal(ask(&bench, 3, 13, 1), SHOWN_ANSWER);
	bench.now = mono_add_us(bench.now, 1);
	/* Nobody has called check_age yet: the answer itself looks. */
	assert_int_equal(ask(&bench, 3, 13, 1), SHOWN_NO_DATA);
	assert_true(shown_check_age(&bench.shown, bench.now));
	assert_int_equal(bench.shown.state, SHOWN_SILENT);
	assert_false(shown_check_age(&bench.shown, bench.now));
}

static void
asking_refreshes_nothing(void **state)
{
	struct bench bench;
	int answered = 0;

	bench_init(&bench);
	sample(&bench);
	for (int i = 0; i < 100; i++) {
		pass(&bench, 50);
		if (ask(&bench, 3, 13, 1) == SHOWN_ANSWER)
			answered++;
	}
	assert_int_equal(answered, MAX_AGE_MS / 50);
}

static void
refusals_are_those_of_a_meter(void **state)
{
	static const struct {
		uint8_t function;
		uint16_t address;
		uint16_t count;
		uint8_t exception;
	} rows[] = {
		{ 3, 0, 65, 0 },
		{ 4, 0, 65, 0 },
		{ 3, 64, 1, 0 },
		{ 3, 0, 0, PDU_ILLEGAL_VALUE },
		{ 3, 0, 126, PDU_ILLEGAL_VALUE },
		{ 3, 0, 66, PDU_ILLEGAL_ADDRESS },
		{ 3, 65, 1, PDU_ILLEGAL_ADDRESS },
		{ 3, 65535, 2, PDU_ILLEGAL_ADDRESS },
		{ 1, 0, 1, PDU_ILLEGAL_FUNCTION },
		{ 6, 13, 1, PDU_ILLEGAL_FUNCTION },
	};
	struct bench bench;

	bench_init(&bench);
	sample(&bench);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(ask(&bench, rows[i].function, rows[i].address,
				     rows[i].count),
		    SHOWN_ANSWER);
		assert_int_equal(bench.exception, rows[i].exception);
		if (rows[i].exception == 0)
			continue;
		assert_int_equal(bench.length, 2);
		assert_int_equal(bench.reply[0], rows[i].function | 0x80);
		assert_int_equal(bench.reply[1], rows[i].exception);
	}
}

static void
gaps_in_the_map_read_zero(void **state)
{
	struct bench bench;

	bench_init(&bench);
	sample(&bench);
	assert_int_equal(ask(&bench, 3, 0, 65), SHOWN_ANSWER);
	for (unsigned i = 0; i < 65; i++) {
		bool point = i == 11 || i == 13 || i == 61;

		assert_int_equal(
		    pdu_get_u16(bench.reply + 2 + 2 * i) != 0, point);
	}
}

static void
a_lease_ramps_up_and_down(void **state)
{
	struct bench bench;
	int last, steps = 0;

	bench_init(&bench);
	samples(&bench, 3);
	set_lease(&bench, 500, 3000);
	last = power(&bench);
	for (int i = 0; i < 30; i++) {
		samples(&bench, 1);
		assert_in_range(
		    abs(power(&bench) - last), 0, SAMPLE_MS * 1000 / 1000);
		if (power(&bench) != last)
			steps++;
		last = power(&bench);
		if (i == 8)
			assert_int_equal(last, 1300);
	}
	assert_int_equal(last, 800);
	assert_true(steps >= 6);
}

static void
missed_samples_only_shrink_the_offset(void **state)
{
	struct bench bench;

	bench_init(&bench);
	samples(&bench, 3);
	set_lease(&bench, 1000, 600000);
	samples(&bench, 4); /* still on the way up */
	int before = power(&bench);

	for (int i = 0; i < 5; i++) {
		pass(&bench, 250);
		shown_missed(&bench.shown, bench.now);
		assert_true(power(&bench) <= before);
		before = power(&bench);
	}
	assert_int_equal(before, 800);
	/* A negative one asks for less export already: it stays. */
	bench_init(&bench);
	samples(&bench, 3);
	set_lease(&bench, -400, 600000);
	samples(&bench, 10);
	before = power(&bench);
	assert_int_equal(before, 400);
	pass(&bench, 250);
	shown_missed(&bench.shown, bench.now);
	assert_int_equal(power(&bench), 400);
}

static void
back_from_silence_the_offset_starts_at_zero(void **state)
{
	struct bench bench;

	bench_init(&bench);
	samples(&bench, 3);
	set_lease(&bench, 600, 600000);
	samples(&bench, 20);
	assert_int_equal(power(&bench), 1400);
	pass(&bench, MAX_AGE_MS + 1);
	assert_int_equal(ask(&bench, 3, 13, 1), SHOWN_NO_DATA);
	sample(&bench);
	assert_int_equal(power(&bench), 800);
	samples(&bench, 20);
	assert_int_equal(power(&bench), 1400);
}

static void
an_absurd_sample_counts_as_missed(void **state)
{
	static const double absurd[] = { 1e6, -1e6, 1e300 };
	struct bench bench;

	for (unsigned i = 0; i < 3; i++) {
		bench_init(&bench);
		samples(&bench, 3);
		pass(&bench, SAMPLE_MS);
		bench.sample.value[QUANTITY_ACTIVE_POWER] = absurd[i];
		sample(&bench);
		assert_int_equal(bench.shown.distrust, REASON_OUT_OF_RANGE);
		assert_int_equal(power(&bench), 800);
		/* And does not make the last good one younger. */
		pass(&bench, MAX_AGE_MS - SAMPLE_MS + 1);
		assert_int_equal(ask(&bench, 3, 13, 1), SHOWN_NO_DATA);
	}
}

/* The meter's own registers, too, are those of the last sample that was
 * trusted. */
static void
inline_an_absurd_sample_is_not_shown(void **state)
{
	static const struct config_device device_config = { .unit = 1 };
	static const struct map meter_map = {
		.function = 4,
		.words_max = 2,
		.points_count = 1,
		.points = { { QUANTITY_ACTIVE_POWER, 0, MAP_S32, 1.0, true, 0,
		    { 0 } } },
		.blocks_count = 1,
		.blocks = { { 0, 2 } },
	};
	static const uint8_t request[] = { 4, 0, 0, 0, 2 };
	static const uint8_t good[] = { 0, 0, 3, 0x20 };
	static const uint8_t absurd[] = { 0x7f, 0xff, 0xff, 0xff };
	struct bench bench = { .now = { 5000000 } };
	struct device device;

	assert_true(device_init(&device, &device_config, 0, &meter_map));
	assert_true(shown_init(&bench.shown, &config, 0, &meter_map, &site));
	bench.shown.meter = &device;
	for (int i = 0; i < 2; i++) {
		assert_true(device_take(&device, plan_fast(&device.plan), 2,
		    i == 0 ? good : absurd, bench.now));
		shown_sample(
		    &bench.shown, &device.values, bench.now, bench.now);
		assert_int_equal(shown_answer(&bench.shown, request,
				     sizeof(request), bench.now, bench.reply,
				     &bench.length, &bench.exception),
		    SHOWN_ANSWER);
		assert_memory_equal(bench.reply + 2, good, sizeof(good));
		bench.now = mono_add_ms(bench.now, SAMPLE_MS);
	}
}

static void
a_power_beyond_the_register_saturates(void **state)
{
	struct config_site mansion = { .fuse_a = 200, .phases = 3 };
	struct bench bench;

	bench_init(&bench);
	assert_true(shown_init(&bench.shown, &config, 0, &map, &mansion));
	bench.sample.value[QUANTITY_ACTIVE_POWER] = 40000;
	sample(&bench);
	assert_int_equal(power(&bench), 32767);
	bench.sample.value[QUANTITY_ACTIVE_POWER] = -40000;
	sample(&bench);
	assert_int_equal(power(&bench), -32768);
}

static void
counters_never_fall(void **state)
{
	struct bench bench;

	bench_init(&bench);
	sample(&bench);
	bench.sample.value[QUANTITY_ENERGY_IMPORT] = 120000;
	samples(&bench, 1);
	assert_int_equal(ask(&bench, 3, 60, 2), SHOWN_ANSWER);
	assert_int_equal(pdu_get_u16(bench.reply + 4), 12345);
	bench.sample.value[QUANTITY_ENERGY_IMPORT] = 123460;
	samples(&bench, 1);
	assert_int_equal(ask(&bench, 3, 60, 2), SHOWN_ANSWER);
	assert_int_equal(pdu_get_u16(bench.reply + 4), 12346);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silent_before_the_first_sample),
		cmocka_unit_test(silent_past_the_age_limit),
		cmocka_unit_test(asking_refreshes_nothing),
		cmocka_unit_test(refusals_are_those_of_a_meter),
		cmocka_unit_test(gaps_in_the_map_read_zero),
		cmocka_unit_test(a_lease_ramps_up_and_down),
		cmocka_unit_test(missed_samples_only_shrink_the_offset),
		cmocka_unit_test(back_from_silence_the_offset_starts_at_zero),
		cmocka_unit_test(an_absurd_sample_counts_as_missed),
		cmocka_unit_test(inline_an_absurd_sample_is_not_shown),
		cmocka_unit_test(a_power_beyond_the_register_saturates),
		cmocka_unit_test(counters_never_fall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
