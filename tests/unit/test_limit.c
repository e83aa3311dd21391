/* SPDX-License-Identifier: MIT */
/* Clamp and slew, one row a rule; then any input whatever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "policy/limit.h"
#include "tests/unit/draw.h"

#define S  INT64_C(1000000)
#define MS INT64_C(1000)

static const struct limit_settings settings = { .limit_w = 3000,
	.slew_w_per_s = 1000 };

static void
one_step_by_rule(void **state)
{
	static const struct {
		const char *rule;
		double from_w;
		double wanted_w;
		double ramp;
		bool shrink_only;
		int64_t dt_us;
		double offset_w;
		enum reason reason; /* goes in as REASON_MANUAL */
	} rows[] = {
		{ "reached", 0, 100, 0, false, 200 * MS, 100, REASON_MANUAL },
		{ "stays", 100, 100, 0, false, 200 * MS, 100, REASON_MANUAL },
		{ "slew up", 0, 500, 0, false, 200 * MS, 200, REASON_RAMP },
		{ "slew down", 0, -500, 0, false, 200 * MS, -200, REASON_RAMP },
		{ "through zero", 100, -500, 0, false, 200 * MS, -100,
		    REASON_RAMP },
		{ "ramp slows", 0, 500, 50, false, 200 * MS, 10, REASON_RAMP },
		{ "ramp never hastens", 0, 500, 9000, false, 200 * MS, 200,
		    REASON_RAMP },
		{ "ramp of no sense", 0, 500, (double)NAN, false, 200 * MS, 200,
		    REASON_RAMP },
		{ "clamped above", 3000, 4000, 0, false, S, 3000,
		    REASON_CLAMPED },
		{ "clamped below", -3000, -4000, 0, false, S, -3000,
		    REASON_CLAMPED },
		{ "on the way to the clamp", 0, 4000, 0, false, S, 1000,
		    REASON_RAMP },
		{ "no number", 500, (double)NAN, 0, false, S, 0,
		    REASON_MANUAL },
		{ "no number either", 500, (double)INFINITY, 0, false, S, 0,
		    REASON_MANUAL },
		{ "a pause counts one second", 0, 3000, 0, false, 3600 * S,
		    1000, REASON_RAMP },
		{ "no time", 500, 3000, 0, false, 0, 500, REASON_RAMP },
		{ "time backwards", 500, 3000, 0, false, -5 * S, 500,
		    REASON_RAMP },
		{ "lowered limit", 4000, 4000, 0, false, 200 * MS, 3000,
		    REASON_CLAMPED },
		{ "lowered limit, on the way back", 4000, 0, 0, false, 200 * MS,
		    2800, REASON_RAMP },
		{ "shrink: down to zero", 100, 500, 0, true, 200 * MS, 0,
		    REASON_MANUAL },
		{ "shrink: at the slew", 500, 500, 0, true, 200 * MS, 300,
		    REASON_RAMP },
		{ "shrink: no ramp slows it", 500, 500, 1, true, 200 * MS, 300,
		    REASON_RAMP },
		{ "shrink: a negative one stays", -500, 500, 0, true, 200 * MS,
		    -500, REASON_MANUAL },
		{ "shrink: and grows no further", -500, -900, 0, true, 200 * MS,
		    -500, REASON_MANUAL },
		{ "shrink: zero stays", 0, 500, 0, true, 200 * MS, 0,
		    REASON_MANUAL },
		{ "shrink: not below zero", 0, -500, 0, true, 200 * MS, 0,
		    REASON_MANUAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct limit_state limit = { .offset_w = rows[i].from_w,
			.at_us = 10 * S };
		enum reason reason = REASON_MANUAL;
		double offset_w = limit_step(&settings, &limit,
		    rows[i].wanted_w, rows[i].ramp, rows[i].shrink_only,
		    10 * S + rows[i].dt_us, &reason);

		if (fabs(offset_w - rows[i].offset_w) > 1e-9 ||
		    reason != rows[i].reason)
			fail_msg("%s: %g, %s", rows[i].rule, offset_w,
			    reason_name(reason));
		assert_true(limit.offset_w == offset_w);
	}
}

static void
the_first_step_starts_from_zero(void **state)
{
	struct limit_state limit = { 0 };
	enum reason reason = REASON_MANUAL;

	(void)state;
	assert_true(
	    limit_step(&settings, &limit, 500, 0, false, 99 * S, &reason) == 0);
	assert_int_equal(reason, REASON_RAMP);
	assert_true(limit_step(&settings, &limit, 500, 0, false,
			99 * S + 100 * MS, &reason) == 100);
	limit_restart(&limit);
	assert_true(limit_step(&settings, &limit, 500, 0, false, 100 * S,
			&reason) == 0);
}

static void
the_end_of_a_lease_is_told_while_ramping(void **state)
{
	struct limit_state limit = { .offset_w = 500, .at_us = 10 * S };
	enum reason reason = REASON_EXPIRED;

	(void)state;
	assert_true(limit_step(&settings, &limit, 0, 0, false,
			10 * S + 100 * MS, &reason) == 400);
	assert_int_equal(reason, REASON_EXPIRED);
}

static void
settings_of_no_sense_allow_nothing(void **state)
{
	static const struct limit_settings rows[] = { { 0, 1000 },
		{ -100, 1000 }, { (double)NAN, 1000 },
		{ (double)INFINITY, 1000 }, { 3000, 0 }, { 3000, -5 },
		{ 3000, (double)NAN }, { 3000, (double)INFINITY } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct limit_state limit = { .at_us = 10 * S };
		enum reason reason = REASON_MANUAL;
		double offset_w = limit_step(
		    &rows[i], &limit, -500, 0, false, 11 * S, &reason);

		assert_true(offset_w == 0);
		assert_false(signbit(offset_w));
	}
}

/* What is promised for every step, whatever went in. */
static void
check_step(double before_w, double after_w, double seconds, bool shrink_only)
{
	assert_true(isfinite(after_w));
	assert_true(fabs(after_w) <= settings.limit_w);
	assert_true(fabs(after_w - before_w) <=
		    settings.slew_w_per_s * fmin(seconds, 1.0) + 1e-9);
	if (shrink_only) {
		assert_true(after_w <= before_w);
		assert_true(after_w >= fmin(before_w, 0.0));
	}
}

static void
any_input_stays_within_clamp_and_slew(void **state)
{
	static const double odd[] = { (double)NAN, (double)INFINITY,
		-(double)INFINITY, 1e308, -1e308, 1e-320, -0.0 };
	uint64_t seed = 1;
	struct limit_state limit = { 0 };
	int64_t now_us = 5 * S;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		double wanted_w = draw_between(&seed, -5000, 5000);
		double ramp = draw_between(&seed, -500, 1500);
		bool shrink_only = draw_below(&seed, 4) == 0;
		int64_t dt_us = (int64_t)draw_between(&seed, -S / 5, 2 * S);
		double before_w = limit.offset_w;
		enum reason reason = REASON_MANUAL;

		if (draw_below(&seed, 10) == 0)
			wanted_w = odd[draw_below(&seed, 7)];
		if (draw_below(&seed, 10) == 0)
			ramp = odd[draw_below(&seed, 7)];
		if (draw_below(&seed, 100) == 0)
			limit_restart(&limit);
		before_w = limit.offset_w;
		now_us += dt_us;
		check_step(before_w,
		    limit_step(&settings, &limit, wanted_w, ramp, shrink_only,
			now_us, &reason),
		    dt_us < 0 ? 0 : (double)dt_us / 1e6, shrink_only);
	}
}

static void
the_ends_of_the_clock_do_no_harm(void **state)
{
	static const int64_t times[] = { INT64_MIN, INT64_MAX, -1, 0, 1 };
	struct limit_state limit = { 0 };
	enum reason reason = REASON_MANUAL;

	(void)state;
	for (unsigned i = 0; i < 25; i++) {
		double before_w = limit.offset_w;
		double after_w = limit_step(&settings, &limit, 3000, 0, false,
		    times[i * 7 % 5], &reason);

		check_step(before_w, after_w, 1.0, false);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_step_by_rule),
		cmocka_unit_test(the_first_step_starts_from_zero),
		cmocka_unit_test(the_end_of_a_lease_is_told_while_ramping),
		cmocka_unit_test(settings_of_no_sense_allow_nothing),
		cmocka_unit_test(any_input_stays_within_clamp_and_slew),
		cmocka_unit_test(the_ends_of_the_clock_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
