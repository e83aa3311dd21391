/* SPDX-License-Identifier: MIT */
/* What is shown with an offset must be what one meter could show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/draw.h"
#include "tests/unit/overlay_helper.h"

static void
by_rule(void **state)
{
	static const struct row rows[] = {
		{ "power moves, a third on each phase", { { P, 900 }, END },
		    300, &three,
		    { { P, 1200 }, { P + 1, 400 }, { P + 2, 400 },
			{ P + 3, 400 }, END } },
		{ "what is not active power stays",
		    { { P, 300 }, { VA, 500 }, END }, -600, &one,
		    { { P, -300 }, { VA, 500 }, { PF, -0.6 }, END } },
		{ "current goes with S",
		    { { P, 300 }, { VA, 500 }, { V, 250 }, { A, 2 }, END },
		    2700, &one,
		    { { VA, 3026.549190084311 }, { A, 12.106196760337245 },
			{ PF, 0.9912279013764195 }, END } },
		{ "out of nothing",
		    { { P, 0 }, { VA, 0 }, { V, 230 }, { A, 0 }, { PF, 1 },
			END },
		    -460, &one,
		    { { P, -460 }, { VA, 460 }, { A, 2 }, { PF, -1 }, END } },
		{ "into nothing",
		    { { P, 460 }, { VA, 460 }, { V, 230 }, { A, 2 }, { PF, 1 },
			END },
		    -460, &one,
		    { { P, 0 }, { VA, 0 }, { A, 0 }, { PF, 1 }, END } },
		{ "a rounded S below P", { { P, 1000.4 }, { VA, 1000 }, END },
		    500, &one,
		    { { P, 1500.4 }, { VA, 1500.4 }, { PF, 1 }, END } },
		{ "a rounded current is not scaled",
		    { { P, 5 }, { VA, 10 }, { V, 230 }, { A, 0 }, END }, 2295,
		    &one,
		    { { VA, 2300.016304290045 }, { A, 9.956592627347 }, END } },
		{ "without a voltage the current is scaled",
		    { { P, 300 }, { VA, 300 }, { A, 2 }, END }, 300, &one,
		    { { A, 4 }, END } },
		{ "factor: sign of the direction, importing",
		    { { P, 800 }, { VA, 1000 }, { PF, 0.8 }, END }, -1600, &one,
		    { { PF, -0.8 }, END } },
		{ "factor: sign of the direction, exporting",
		    { { P, -800 }, { VA, 1000 }, { PF, -0.8 }, END }, 1600,
		    &one, { { PF, 0.8 }, END } },
		{ "factor: sign of the load, same direction",
		    { { P, 800 }, { VA, 1000 }, { PF, -0.8 }, END }, 1e-9, &one,
		    { { PF, -0.8 }, END } },
		{ "factor: positive while exporting",
		    { { P, -800 }, { VA, 1000 }, { PF, 0.8 }, END }, -0.001,
		    &one, { { PF, 0.8 }, END } },
		{ "totals from phases",
		    { { P + 1, 100 }, { P + 2, -200 }, { P + 3, 400 },
			{ Q + 1, 0 }, { Q + 2, 0 }, { Q + 3, 300 },
			{ V + 2, 230 }, END },
		    0, &three,
		    { { P, 300 }, { Q, 300 }, { VA, 800 }, { PF, 0.375 },
			{ V, 230 }, { A, 800.0 / 230 }, END } },
		{ "mean voltage of the known phases",
		    { { P, 0 }, { V + 1, 230 }, { V + 3, 240 }, END }, 0,
		    &three,
		    { { V, 235 }, { V + 1, 230 }, { V + 2, 235 },
			{ V + 3, 240 }, END } },
		{ "phases from a total",
		    { { P, 600 }, { VA, 900 }, { A, 3 }, { V, 300 }, { Q, 30 },
			END },
		    0, &three,
		    { { P + 2, 200 }, { VA + 1, 300 }, { A + 3, 1 },
			{ V + 2, 300 }, { Q + 1, 10 }, { PF + 3, 2.0 / 3 },
			END } },
		{ "a phase that is known stays",
		    { { P, 600 }, { P + 1, 600 }, END }, 0, &three,
		    { { P, 600 }, { P + 1, 600 }, { P + 2, 0 }, { P + 3, 0 },
			END } },
		{ "S of a phase follows its own power",
		    { { P, 3000 }, { P + 1, 3000 }, { P + 2, 0 }, { P + 3, 0 },
			{ VA, 3000 }, { A, 13 }, END },
		    0, &three, { { VA + 1, 3000 }, { VA + 2, 0 }, END } },
		{ "S from V and I where there is none",
		    { { P, 400 }, { V, 250 }, { A, 2 }, { Q, 7 }, END }, 0,
		    &one, { { VA, 500 }, { PF, 0.8 }, { A, 2 }, END } },
		{ "S from P and Q without a current",
		    { { P, 300 }, { Q, -400 }, { V, 250 }, END }, 0, &one,
		    { { VA, 500 }, { A, 2 }, { PF, 0.6 }, END } },
		{ "a vector sum of S still fits the power",
		    { { P + 1, 1000 }, { P + 2, -1000 }, { P + 3, 0 },
			{ VA, 0 }, END },
		    3000, &three,
		    { { P, 3000 }, { VA, 3000 }, { PF, 1 }, END } },
		{ "nor is it below the power",
		    { { P, -500 }, { V, 250 }, { A, 1.9 }, END }, 0, &one,
		    { { VA, 500 }, { PF, -1 }, END } },
		{ "no power has the factor of a meter at rest",
		    { { P, 0 }, END }, 0, &one, { { VA, 0 }, { PF, 1 }, END } },
		{ "one phase shown of three: the law, no sums",
		    { { P + 1, 1000 }, { P + 2, -1000 }, { P + 3, 0 },
			{ VA, 2000 }, END },
		    1500, &one,
		    { { P, 1500 }, { VA, 2500 }, { PF, 0.6 }, END } },
		{ "an offset that is no number is none", { { P, 900 }, END },
		    (double)NAN, &one, { { P, 900 }, END } },
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

/* As a good three-phase meter gives it: S = V x I >= |P| in each phase, totals
 * are sums. */
static struct quantities
three_phases(uint64_t *seed)
{
	struct quantities set = { .known = 0 };
	double sums[4] = { 0, 0, 0, 0 };
	enum quantity totals[4] = { P, Q, VA, A };
	bool dead = draw_below(seed, 10) == 0;

	for (unsigned phase = 1; phase <= 3; phase++) {
		double p = dead ? 0 : draw_between(seed, -6000, 6000);
		double q = dead ? 0 : draw_between(seed, -2000, 2000);
		double s =
		    dead ? 0 : hypot(hypot(p, q), draw_between(seed, 0, 9));
		double v = draw_between(seed, 200, 250);
		double values[4] = { p, q, s, s / v };

		for (unsigned i = 0; i < 4; i++) {
			quantities_put(
			    &set, member(totals[i], phase), values[i]);
			sums[i] += values[i];
		}
		quantities_put(&set, member(V, phase), v);
		quantities_put(&set, member(PF, phase), s > 0 ? p / s : 1.0);
	}
	for (unsigned i = 0; i < 4; i++)
		quantities_put(&set, totals[i], sums[i]);
	quantities_put(&set, PF, sums[2] > 0 ? sums[0] / sums[2] : 1.0);
	quantities_put(&set, QUANTITY_FREQUENCY, 50.02);
	quantities_put(&set, QUANTITY_ENERGY_IMPORT, 123456.7);
	return set;
}

static void
check_one(const struct quantities *shown, unsigned phase)
{
	double p = shown->value[member(P, phase)];
	double s = shown->value[member(VA, phase)];
	double pf = shown->value[member(PF, phase)];

	assert_true(isfinite(p) && isfinite(s) && isfinite(pf));
	assert_true(s >= fabs(p));
	assert_true(fabs(pf) <= 1.0);
	assert_true(fabs(pf * s - p) < 1e-6);
	assert_true(shown->value[member(A, phase)] >= 0.0);
}

static void
check_sums(const struct quantities *shown)
{
	static const enum quantity totals[] = { P, Q, VA, A };

	for (unsigned i = 0; i < 4; i++) {
		double sum = 0;

		for (unsigned phase = 1; phase <= 3; phase++)
			sum += shown->value[member(totals[i], phase)];
		assert_true(fabs(sum - shown->value[totals[i]]) < 1e-6);
	}
}

static void
three_phases_stay_one_meter(void **state)
{
	static const enum quantity fixed[] = { Q, Q + 1, Q + 2, Q + 3, V, V + 1,
		V + 2, V + 3, QUANTITY_FREQUENCY, QUANTITY_ENERGY_IMPORT };
	uint64_t seed = 11;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		struct quantities source = three_phases(&seed);
		double offset_w = draw_between(&seed, -8000, 8000);
		struct quantities shown;

		overlay_apply(&source, offset_w, &three, &shown);
		assert_true(shown.value[P] == source.value[P] + offset_w);
		check_sums(&shown);
		for (unsigned phase = 0; phase <= 3; phase++)
			check_one(&shown, phase);
		for (unsigned phase = 1; phase <= 3; phase++)
			assert_true(
			    fabs(shown.value[member(V, phase)] *
				     shown.value[member(A, phase)] -
				 shown.value[member(VA, phase)]) < 1e-6);
		for (unsigned k = 0; k < sizeof(fixed) / sizeof(fixed[0]); k++)
			if (quantities_has(&source, fixed[k]))
				assert_memory_equal(&shown.value[fixed[k]],
				    &source.value[fixed[k]], sizeof(double));
	}
}

static void
one_phase_stays_one_meter(void **state)
{
	uint64_t seed = 12;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		double p = draw_between(&seed, -6000, 6000);
		double s = hypot(p, draw_between(&seed, 0, 3000));
		double v = draw_between(&seed, 200, 250);
		double offset_w = draw_between(&seed, -8000, 8000);
		struct quantities source = set_of((const struct pair[]){
		    { P, p }, { VA, s }, { V, v }, { A, s / v }, END });
		struct quantities shown;

		overlay_apply(&source, offset_w, &one, &shown);
		check_one(&shown, 0);
		assert_true(fabs(shown.value[V] * shown.value[A] -
				 shown.value[VA]) < 1e-6);
		assert_true(
		    fabs(hypot(shown.value[P], sqrt((s - p) * (s + p))) -
			 shown.value[VA]) < 1e-6);
	}
}

/* Sources of every kind: parts missing, and numbers that do not fit. */
static struct quantities
any_source(uint64_t *seed)
{
	struct quantities set = three_phases(seed);
	double missing = draw_unit(seed);

	for (unsigned i = 0; i < QUANTITY_COUNT; i++) {
		if (draw_below(seed, 4) == 0)
			set.value[i] = round(set.value[i] / 100);
		if (draw_unit(seed) < missing) {
			set.known &= ~(UINT64_C(1) << i);
			set.value[i] = (double)NAN;
		}
	}
	return set;
}

/* Of a single-phase meter, phases are nobody's. */
static uint64_t
phases_of(const struct complete_shape *shape)
{
	static const enum quantity totals[] = { P, Q, VA, PF, V, A, EI, EE };
	uint64_t phases = 0;

	for (unsigned i = 0; shape->phases == 1 && i < 8; i++)
		for (unsigned phase = 1; phase <= 3; phase++)
			phases |= UINT64_C(1)
			          << complete_phase(totals[i], phase);
	return phases;
}

static void
at_offset_zero_every_known_value_is_the_same_to_the_bit(void **state)
{
	static const double zeros[] = { 0.0, -0.0 };
	uint64_t seed = 13;
	unsigned shown_count = 0;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		struct quantities source = any_source(&seed);
		const struct complete_shape *shape = i % 4 < 2 ? &one : &three;
		struct quantities shown;

		overlay_apply(
		    &source, zeros[i % 2], i % 4 < 2 ? &one : &three, &shown);
		if (shown.known == 0)
			continue;
		shown_count++;
		source.known &= ~phases_of(shape);
		assert_true((source.known & ~shown.known) == 0);
		for (unsigned k = 0; k < QUANTITY_COUNT; k++)
			if (quantities_has(&source, (enum quantity)k))
				assert_memory_equal(&shown.value[k],
				    &source.value[k], sizeof(double));
	}
	assert_true(shown_count > 50000);
}

static void
from_any_source_the_offset_arrives_and_all_is_finite(void **state)
{
	uint64_t seed = 14;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		struct quantities source = any_source(&seed);
		double offset_w = draw_between(&seed, -8000, 8000);
		struct quantities plain, shown;

		overlay_apply(&source, 0, i % 2 ? &one : &three, &plain);
		overlay_apply(&source, offset_w, i % 2 ? &one : &three, &shown);
		assert_true(plain.known == shown.known);
		if (shown.known == 0)
			continue;
		for (unsigned k = 0; k < QUANTITY_COUNT; k++)
			if (quantities_has(&shown, (enum quantity)k))
				assert_true(isfinite(shown.value[k]) &&
					    isfinite(plain.value[k]));
		assert_true(
		    fabs(shown.value[P] - plain.value[P] - offset_w) < 1e-6);
		for (unsigned k = 0; k <= 3; k++) {
			if (!quantities_has(&shown, member(P, k)))
				continue;
			assert_true(shown.value[member(VA, k)] >=
				    fabs(shown.value[member(P, k)]));
			assert_true(fabs(shown.value[member(PF, k)]) <= 1.0);
			if (quantities_has(&shown, member(A, k)))
				assert_true(shown.value[member(A, k)] >= 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_rule),
		cmocka_unit_test(three_phases_stay_one_meter),
		cmocka_unit_test(one_phase_stays_one_meter),
		cmocka_unit_test(
		    at_offset_zero_every_known_value_is_the_same_to_the_bit),
		cmocka_unit_test(
		    from_any_source_the_offset_arrives_and_all_is_finite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
