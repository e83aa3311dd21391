/* SPDX-License-Identifier: MIT */
/* The decision in virtual time: which offset, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "policy/policy.h"
#include "tests/unit/draw.h"

#define S  INT64_C(1000000)
#define MS INT64_C(1000)

enum { STEP_MS = 200 };

static const struct policy_settings settings = {
	.trust = { .max_age_us = 1500000, .max_power_w = 17250 },
	.limit = { .limit_w = 3000, .slew_w_per_s = 1000 },
};

struct bench {
	struct policy policy;
	struct quantities sample;
	struct policy_output output;
	int64_t now_us;
	int64_t sample_us;
};

static void
bench_init(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	bench->now_us = 20 * S;
	policy_init(&bench->policy, &settings);
	quantities_put(&bench->sample, QUANTITY_ACTIVE_POWER, 800);
}

static void
step(struct bench *bench, bool fresh)
{
	struct policy_input input = { .fresh = fresh,
		.sample = &bench->sample };

	bench->now_us += STEP_MS * MS;
	if (fresh)
		bench->sample_us = bench->now_us;
	input.now_us = bench->now_us;
	input.sample_us = bench->sample_us;
	bench->output = policy_step(&bench->policy, &input);
}

static void
fresh(struct bench *bench, int steps)
{
	while (steps-- > 0)
		step(bench, true);
}

static enum reason
set(struct bench *bench, double value_w, double ramp, int64_t for_us)
{
	struct offset_lease lease = { .value_w = value_w,
		.ramp_w_per_s = ramp,
		.expiry_us = bench->now_us + for_us,
		.owner = "test" };

	return policy_set_lease(&bench->policy, &lease, bench->now_us);
}

static void
expect(const struct bench *bench, double offset_w, enum reason reason)
{
	if (fabs(bench->output.offset_w - offset_w) > 1e-6 ||
	    bench->output.reason != reason)
		fail_msg("%g W, %s; not %g W, %s", bench->output.offset_w,
		    reason_name(bench->output.reason), offset_w,
		    reason_name(reason));
}

static void
transparent_without_a_lease(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	fresh(&bench, 3);
	assert_true(bench.output.trusted);
	expect(&bench, 0, REASON_TRANSPARENT);
	assert_true(bench.output.wanted_w == 0);
	step(&bench, false);
	expect(&bench, 0, REASON_TRANSPARENT);
}

static void
a_lease_ramps_to_its_value(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	fresh(&bench, 1);
	assert_int_equal(set(&bench, 500, 0, 60 * S), REASON_NONE);
	fresh(&bench, 1);
	expect(&bench, 200, REASON_RAMP);
	assert_true(bench.output.wanted_w == 500);
	fresh(&bench, 1);
	expect(&bench, 400, REASON_RAMP);
	fresh(&bench, 1);
	expect(&bench, 500, REASON_MANUAL);
	assert_int_equal(set(&bench, -100, 100, 60 * S), REASON_NONE);
	fresh(&bench, 1);
	expect(&bench, 480, REASON_RAMP);
}

static void
an_ended_lease_goes_to_zero_and_is_forgotten(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	fresh(&bench, 1);
	assert_int_equal(set(&bench, 500, 0, 1 * S), REASON_NONE);
	fresh(&bench, 4);
	expect(&bench, 500, REASON_MANUAL);
	fresh(&bench, 1);
	expect(&bench, 300, REASON_EXPIRED);
	assert_true(bench.output.wanted_w == 0);
	fresh(&bench, 1);
	expect(&bench, 100, REASON_EXPIRED);
	fresh(&bench, 1);
	expect(&bench, 0, REASON_TRANSPARENT);
	assert_int_equal(bench.policy.lease.expiry_us, 0);
	fresh(&bench, 1);
	expect(&bench, 0, REASON_TRANSPARENT);
}

static void
a_slow_ramp_does_not_outlive_the_lease(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	fresh(&bench, 1);
	assert_int_equal(set(&bench, 1000, 10, 200 * S), REASON_NONE);
	fresh(&bench, 500);
	expect(&bench, 1000, REASON_MANUAL);
	fresh(&bench, 499);
	expect(&bench, 1000, REASON_MANUAL);
	fresh(&bench, 5);
	expect(&bench, 0, REASON_TRANSPARENT);
}

static void
a_cleared_lease_ramps_to_zero(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	fresh(&bench, 1);
	set(&bench, 300, 5, 60 * S);
	bench.policy.limit.offset_w = 300;
	policy_clear_lease(&bench.policy);
	fresh(&bench, 1);
	expect(&bench, 100, REASON_RAMP);
	fresh(&bench, 1);
	expect(&bench, 0, REASON_TRANSPARENT);
}

static void
a_refused_lease_changes_nothing(void **state)
{
	static const struct {
		double value_w;
		double ramp;
		int64_t for_us;
		enum reason reason;
	} rows[] = {
		{ (double)NAN, 0, S, REASON_NOT_FINITE },
		{ 3001, 0, S, REASON_BEYOND_LIMIT },
		{ 100, -1, S, REASON_BAD_RAMP },
		{ 100, 0, 0, REASON_BAD_EXPIRY },
		{ 100, 0, 86401 * S, REASON_BAD_EXPIRY },
	};
	struct bench bench;

	(void)state;
	bench_init(&bench);
	fresh(&bench, 1);
	assert_int_equal(set(&bench, 150, 0, 60 * S), REASON_NONE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    set(&bench, rows[i].value_w, rows[i].ramp, rows[i].for_us),
		    rows[i].reason);
	fresh(&bench, 1);
	expect(&bench, 150, REASON_MANUAL);
	assert_string_equal(bench.policy.lease.owner, "test");
}

static void
a_lowered_limit_holds_an_accepted_lease(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	fresh(&bench, 1);
	set(&bench, 2000, 0, 60 * S);
	fresh(&bench, 20);
	expect(&bench, 2000, REASON_MANUAL);
	bench.policy.settings.limit.limit_w = 500;
	fresh(&bench, 1);
	expect(&bench, 500, REASON_CLAMPED);
	assert_true(bench.output.wanted_w == 2000);
}

static void
missed_samples_only_shrink(void **state)
{
	static const struct {
		double from_w;
		double lease_w; /* 0: none */
		double offset_w;
		enum reason reason;
	} rows[] = {
		{ 1000, 1000, 800, REASON_MISSED },
		{ 100, 1000, 0, REASON_MISSED }, /* made a difference */
		{ 0, 1000, 0, REASON_MISSED },
		{ 0, -1000, 0, REASON_MISSED },
		{ -500, -500, -500, REASON_MISSED },
		{ -500, 1000, -500, REASON_MISSED },
		{ 500, 0, 300, REASON_MISSED },
		{ -500, 0, -500, REASON_MISSED }, /* held, nobody asks */
		{ 100, 0, 0, REASON_TRANSPARENT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench bench;

		bench_init(&bench);
		fresh(&bench, 1);
		if (rows[i].lease_w != 0)
			set(&bench, rows[i].lease_w, 1, 60 * S);
		bench.policy.limit.offset_w = rows[i].from_w;
		step(&bench, false);
		assert_true(bench.output.trusted);
		expect(&bench, rows[i].offset_w, rows[i].reason);
	}
}

static void
an_end_among_missed_samples_is_no_way_out(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	fresh(&bench, 1);
	set(&bench, -500, 0, 1 * S);
	fresh(&bench, 4);
	expect(&bench, -500, REASON_MANUAL);
	step(&bench, false);
	expect(&bench, -500, REASON_MISSED);
	fresh(&bench, 1);
	expect(&bench, -300, REASON_EXPIRED);
	fresh(&bench, 2);
	expect(&bench, 0, REASON_TRANSPARENT);
}

static void
an_untrusted_sample_gives_nothing_and_restarts(void **state)
{
	static const struct {
		double power_w;
		int64_t age_us;
		enum reason reason;
	} rows[] = {
		{ 1e6, 0, REASON_OUT_OF_RANGE },
		{ (double)NAN, 0, REASON_OUT_OF_RANGE },
		{ 800, 1500001, REASON_STALE },
		{ 800, -1, REASON_STALE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench bench;

		bench_init(&bench);
		fresh(&bench, 1);
		set(&bench, 1000, 0, 60 * S);
		fresh(&bench, 5);
		expect(&bench, 1000, REASON_MANUAL);
		bench.sample.value[QUANTITY_ACTIVE_POWER] = rows[i].power_w;
		bench.sample_us = bench.now_us + STEP_MS * MS - rows[i].age_us;
		step(&bench, false);
		assert_false(bench.output.trusted);
		expect(&bench, 0, rows[i].reason);
		bench.sample.value[QUANTITY_ACTIVE_POWER] = 800;
		fresh(&bench, 1);
		expect(&bench, 0, REASON_RAMP);
		fresh(&bench, 1);
		expect(&bench, 200, REASON_RAMP);
	}
}

static void
a_restart_keeps_the_lease_and_starts_at_zero(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	fresh(&bench, 1);
	set(&bench, 400, 0, 60 * S);
	fresh(&bench, 5);
	policy_restart(&bench.policy);
	fresh(&bench, 1);
	expect(&bench, 0, REASON_RAMP);
	fresh(&bench, 2);
	expect(&bench, 400, REASON_MANUAL);
}

static void
every_offset_has_a_reason_that_fits(void **state)
{
	uint64_t seed = 7;
	struct bench bench;

	(void)state;
	bench_init(&bench);
	for (unsigned i = 0; i < 100000; i++) {
		const struct policy_output *output = &bench.output;
		bool is_fresh = draw_below(&seed, 5) != 0;

		if (draw_below(&seed, 40) == 0)
			set(&bench, draw_between(&seed, -3000, 3000),
			    draw_between(&seed, 0, 2000),
			    (int64_t)draw_between(&seed, 1, 10) * S);
		if (draw_below(&seed, 200) == 0)
			policy_clear_lease(&bench.policy);
		step(&bench, is_fresh);
		if (output->reason == REASON_TRANSPARENT)
			assert_true(output->offset_w == 0);
		if (output->reason == REASON_MANUAL)
			assert_true(output->offset_w == output->wanted_w);
		if (output->reason == REASON_RAMP)
			assert_true(output->offset_w != output->wanted_w);
		if (output->reason == REASON_EXPIRED)
			assert_true(output->offset_w != 0);
		if (output->reason == REASON_MISSED)
			assert_false(is_fresh);
		if (!output->trusted)
			assert_true(output->offset_w == 0);
		assert_int_not_equal(output->reason, REASON_NONE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transparent_without_a_lease),
		cmocka_unit_test(a_lease_ramps_to_its_value),
		cmocka_unit_test(an_ended_lease_goes_to_zero_and_is_forgotten),
		cmocka_unit_test(a_slow_ramp_does_not_outlive_the_lease),
		cmocka_unit_test(a_cleared_lease_ramps_to_zero),
		cmocka_unit_test(a_refused_lease_changes_nothing),
		cmocka_unit_test(a_lowered_limit_holds_an_accepted_lease),
		cmocka_unit_test(missed_samples_only_shrink),
		cmocka_unit_test(an_end_among_missed_samples_is_no_way_out),
		cmocka_unit_test(
		    an_untrusted_sample_gives_nothing_and_restarts),
		cmocka_unit_test(a_restart_keeps_the_lease_and_starts_at_zero),
		cmocka_unit_test(every_offset_has_a_reason_that_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
