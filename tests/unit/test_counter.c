/* SPDX-License-Identifier: MIT */
/* Energies as the inverter sees them, whatever the source does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "proxy/counter.h"
#include "tests/unit/draw.h"

/* Fuses of 36 kW let 10 Wh through in a second. */
#define MAX_W 36000.0

enum { STEPS = 10 };

struct step {
	int64_t after_s;
	double source_wh;
	double shown_wh;
};

static void
by_rule(void **state)
{
	static const struct {
		const char *rule;
		struct step steps[STEPS]; /* the list ends with after_s 0 */
	} rows[] = {
		{ "what counts is followed, to the bit",
		    { { 1, 5000.3, 5000.3 }, { 1, 5000.7, 5000.7 },
			{ 3600, 41000.1, 41000.1 } } },
		{ "from nothing", { { 1, 0, 0 }, { 1, 3, 3 } } },
		{ "a coarse counter's step",
		    { { 1, 5000, 5000 }, { 1, 6000, 6000 } } },
		{ "a coarser one's, in the time that it took",
		    { { 1, 5000, 5000 }, { 3000, 5000, 5000 },
			{ 1, 15000, 15000 } } },
		{ "rounded otherwise: it waits",
		    { { 1, 5900, 5900 }, { 1, 5000, 5900 }, { 1, 5000, 5900 },
			{ 1, 6000, 6000 } } },
		{ "one zero misread", { { 1, 90000, 90000 }, { 1, 0, 90000 },
					  { 1, 90001, 90001 } } },
		{ "one absurd value", { { 1, 90000, 90000 }, { 1, 4e9, 90000 },
					  { 1, 90001, 90001 } } },
		{ "different absurd values are not the same count",
		    { { 1, 90000, 90000 }, { 20, 4e9, 90000 },
			{ 20, 9e9, 90000 }, { 20, 7e9, 90000 },
			{ 20, 8e9, 90000 }, { 20, 90004, 90004 } } },
		{ "started anew",
		    { { 1, 90000, 90000 }, { 1, 0, 90000 }, { 59, 3, 90000 },
			{ 1, 4, 90004 }, { 1, 5, 90005 } } },
		{ "replaced by one that has counted more",
		    { { 100, 90000, 90000 }, { 100, 90000, 90000 },
			{ 1, 5e6, 90000 }, { 60, 5e6 + 5, 90005 },
			{ 1, 5e6 + 7, 90007 } } },
		{ "started anew, twice",
		    { { 1, 90000, 90000 }, { 1, 0, 90000 }, { 60, 5, 90005 },
			{ 600, 6000, 96000 }, { 1, 0, 96000 },
			{ 60, 1, 96001 } } },
		{ "a first value that was wrong",
		    { { 1, 0, 0 }, { 1, 90000, 0 }, { 60, 90001, 90001 },
			{ 1, 90002, 90002 } } },
		{ "but not after it has held",
		    { { 1, 0, 0 }, { 60, 0, 0 }, { 1, 90000, 0 },
			{ 60, 90001, 1 } } },
		{ "no counter: as if not told",
		    { { 1, 500, 500 }, { 1, -1, 500 }, { 1, (double)NAN, 500 },
			{ 1, (double)INFINITY, 500 }, { 1, 501, 501 } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct counter counter = { .base_wh = 0 };
		struct mono now = { 1000 };

		for (const struct step *step = rows[i].steps; step->after_s > 0;
		     step++) {
			double wh = step->source_wh;

			now = mono_add_ms(now, step->after_s * 1000);
			assert_true(counter_follow(&counter, &wh, MAX_W, now));
			if (!(fabs(wh - step->shown_wh) < 1e-6))
				fail_msg("%s: step %d shows %.9g", rows[i].rule,
				    (int)(step - rows[i].steps), wh);
		}
	}
}

static void
nothing_is_shown_before_a_first_value(void **state)
{
	struct counter counter = { .base_wh = 0 };
	struct mono now = { 1000 };
	double wh = -5;

	(void)state;
	assert_false(counter_follow(&counter, &wh, MAX_W, now));
	wh = (double)NAN;
	assert_false(counter_follow(&counter, &wh, MAX_W, now));
	wh = 7;
	assert_true(counter_follow(&counter, &wh, MAX_W, now));
	assert_true(wh == 7.0);
}

/* A source that counts, and now and then does something else. */
static double
any_source(uint64_t *seed, double *true_wh, double *said_wh, double seconds,
    bool counts)
{
	*true_wh += draw_between(seed, 0, MAX_W) * seconds / 3600;
	if (counts)
		return *true_wh;
	switch (draw_below(seed, 40)) {
	case 0: /* misread */
		return draw_between(seed, 0, 1e9);
	case 1: /* started anew, or replaced */
		*said_wh = draw_below(seed, 2)
		               ? *true_wh
		               : *true_wh - draw_between(seed, 0, 1e8);
		break;
	case 2: /* other resolution */
		return floor((*true_wh - *said_wh) / 1000) * 1000;
	default:
		break;
	}
	return *true_wh - *said_wh;
}

static void
never_falls_and_counts_no_more_than_has_flowed(void **state)
{
	uint64_t seed = 71;

	(void)state;
	for (unsigned run = 0; run < 300; run++) {
		struct counter counter = { .base_wh = 0 };
		struct mono now = { 1000 };
		double true_wh = draw_between(&seed, 0, 1e7), said_wh = 0;
		double last_wh = 0;
		const struct mono begun = now;

		for (unsigned i = 0; i < 500; i++) {
			double seconds = draw_between(&seed, 0.1, 30);
			double wh = any_source(&seed, &true_wh, &said_wh,
			    seconds, mono_diff_us(now, begun) < 100000000);

			now = mono_add_us(now, (int64_t)(seconds * 1e6));
			assert_true(counter_follow(&counter, &wh, MAX_W, now));
			assert_true(wh >= last_wh);
			last_wh = wh;
		}
		/* Each change of count may have begun with a misread step. */
		assert_true(last_wh <= true_wh + 1e5);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_rule),
		cmocka_unit_test(nothing_is_shown_before_a_first_value),
		cmocka_unit_test(
		    never_falls_and_counts_no_more_than_has_flowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
