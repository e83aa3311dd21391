/* SPDX-License-Identifier: MIT */
/* Rounding the values of a meter so that they still belong together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "proxy/settle.h"
#include "tests/unit/draw.h"

#define P  QUANTITY_ACTIVE_POWER
#define VA QUANTITY_APPARENT_POWER
#define PF QUANTITY_POWER_FACTOR

static struct map
map_of(enum map_type type, double phase_scale, double total_scale)
{
	struct map map = { .function = 3, .points_count = 8 };

	for (unsigned k = 0; k < 4; k++) {
		double scale = k == 0 ? total_scale : phase_scale;

		map.points[k] = (struct map_point){ (enum quantity)(P + k),
			(uint16_t)(2 * k), type, scale, true, 0, { 0 } };
		map.points[4 + k] = (struct map_point){ (enum quantity)(VA + k),
			(uint16_t)(10 + 2 * k), type, fabs(scale), false, 0,
			{ 0 } };
	}
	return map;
}

static struct quantities
powers(const double values[4])
{
	struct quantities set = { .known = 0 };

	for (unsigned k = 0; k < 4; k++)
		quantities_put(&set, (enum quantity)(P + k), values[k]);
	return set;
}

static void
by_rule(void **state)
{
	static const struct {
		const char *rule;
		enum map_type type;
		double phase_scale, total_scale;
		double values[4]; /* total, L1, L2, L3 */
		double settled[4];
	} rows[] = {
		{ "thirds", MAP_S16, 1, 1,
		    { 100, 100 / 3.0, 100 / 3.0, 100 / 3.0 },
		    { 100, 34, 33, 33 } },
		{ "thirds of an export", MAP_S16, 1, 1,
		    { -100, -100 / 3.0, -100 / 3.0, -100 / 3.0 },
		    { -100, -34, -33, -33 } },
		{ "the one that was moved most", MAP_S16, 1, 1,
		    { 1.2, 0.4, 0.45, 0.35 }, { 1.2, 0, 1, 0 } },
		{ "one too many", MAP_S16, 1, 1, { 1.5, 0.5, 0.5, 0.5 },
		    { 1.5, 0, 1, 1 } },
		{ "of both signs", MAP_S16, 1, 1,
		    { 0.2, 500.6, -300.6, -199.8 }, { 0.2, 501, -301, -200 } },
		{ "tenths", MAP_S32, 0.1, 0.1, { 0.4, 0.14, 0.13, 0.13 },
		    { 0.4, 0.2, 0.1, 0.1 } },
		{ "a negative scale", MAP_S16, -1, -1,
		    { 100, 100 / 3.0, 100 / 3.0, 100 / 3.0 },
		    { 100, 34, 33, 33 } },
		{ "a total of another step", MAP_S16, 1, 10,
		    { 104, 34.6, 34.7, 34.7 }, { 104, 34, 35, 35 } },
		{ "already whole, though the source's total is not their sum",
		    MAP_S16, 1, 1, { 103, 33, 33, 34 }, { 103, 33, 33, 34 } },
		{ "nor are they made to be", MAP_S16, 1, 1,
		    { 110, 33.3, 33.3, 33.4 }, { 110, 33, 33, 34 } },
		{ "floats have no steps", MAP_F32, 1, 1,
		    { 100, 33.3, 33.3, 33.4 }, { 100, 33.3, 33.3, 33.4 } },
		{ "beyond any register", MAP_S32, 1, 1,
		    { 3e10, 1.1e10 + 0.4, 1e10, 0.9e10 },
		    { 3e10, 1.1e10 + 0.4, 1e10, 0.9e10 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct map map = map_of(
		    rows[i].type, rows[i].phase_scale, rows[i].total_scale);
		struct quantities set = powers(rows[i].values);

		settle_values(&map, &set);
		for (unsigned k = 0; k < 4; k++) {
			if (!(fabs(set.value[P + k] - rows[i].settled[k]) <
				1e-9))
				fail_msg("%s: L%u is %.9g", rows[i].rule, k,
				    set.value[P + k]);
		}
	}
}

static void
apparent_power_is_not_rounded_below_the_active(void **state)
{
	struct map map = map_of(MAP_S16, 1, 1);
	struct quantities set =
	    powers((const double[]){ 0.2, 500.6, -300.45, -199.95 });

	(void)state;
	quantities_put(&set, VA, 1001.0);
	quantities_put(&set, VA + 1, 500.6);
	quantities_put(&set, VA + 2, 300.45);
	quantities_put(&set, VA + 3, 150.0); /* the source's own affair */
	settle_values(&map, &set);
	for (unsigned k = 1; k < 3; k++)
		assert_true(set.value[VA + k] >= fabs(set.value[P + k]));
	assert_true(set.value[VA + 3] == 150.0);
}

static void
a_factor_without_a_sign_has_a_magnitude(void **state)
{
	static const struct {
		struct map_point point;
		double value, shown;
	} rows[] = {
		{ { PF, 0, MAP_U16, 0.001, false, 0, { 0 } }, -0.75, 0.75 },
		{ { PF + 3, 0, MAP_U32, 0.001, false, 0, { 0 } }, -1, 1 },
		{ { PF, 0, MAP_U16, 0.001, false, 0, { 0 } }, 0.75, 0.75 },
		{ { PF, 0, MAP_S16, 0.001, false, 0, { 0 } }, -0.75, -0.75 },
		{ { PF, 0, MAP_F32, 1, false, 0, { 0 } }, -0.75, -0.75 },
		/* A power that has no sign is not turned round. */
		{ { P, 0, MAP_U16, 1, false, 0, { 0 } }, -100, -100 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(fabs(settle_sign(&rows[i].point, rows[i].value) -
				 rows[i].shown) < 1e-9);
}

static void
sums_hold_and_no_phase_is_a_step_off(void **state)
{
	static const double scales[] = { 1, 0.1, 10, 0.01, -1, -0.1 };
	uint64_t seed = 81;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		double scale = scales[i % 6], step = fabs(scale);
		struct map map = map_of(MAP_S32, scale, scale);
		double values[4] = { 0, draw_between(&seed, -9000, 9000),
			draw_between(&seed, -9000, 9000),
			draw_between(&seed, -9000, 9000) };
		struct quantities set, again;
		double sum = 0;

		values[0] = values[1] + values[2] + values[3];
		set = powers(values);
		settle_values(&map, &set);
		for (unsigned k = 1; k <= 3; k++) {
			assert_true(fabs(set.value[P + k] - values[k]) < step);
			sum += round(set.value[P + k] / scale);
		}
		assert_true(fabs(sum - round(values[0] / scale)) < 0.5);
		/* Once settled, it stays. */
		again = set;
		settle_values(&map, &again);
		for (unsigned k = 1; k <= 3; k++)
			assert_true(
			    fabs(again.value[P + k] - set.value[P + k]) < 1e-9);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_rule),
		cmocka_unit_test(
		    apparent_power_is_not_rounded_below_the_active),
		cmocka_unit_test(a_factor_without_a_sign_has_a_magnitude),
		cmocka_unit_test(sums_hold_and_no_phase_is_a_step_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
