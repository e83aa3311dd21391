/* SPDX-License-Identifier: MIT */
/* What a source lacks, and phases as other phases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/overlay_helper.h"

/* Shown, of which source, on which phase. */
static const struct complete_shape one_l2 = { 1, 0, 2 };
static const struct complete_shape one_l1_of_three = { 1, 3, 1 };
static const struct complete_shape one_of_one = { 1, 1, 0 };
static const struct complete_shape one_l2_of_one = { 1, 1, 2 };
static const struct complete_shape three_l2_of_one = { 3, 1, 2 };
static const struct complete_shape three_l3_of_three = { 3, 3, 3 };

static void
by_rule(void **state)
{
	static const struct row rows[] = {
		{ "energy: total from phases",
		    { { P, 0 }, { EI1, 10 }, { EI1 + 1, 20 }, { EI1 + 2, 30 },
			END },
		    0, &three, { { EI, 60 }, END } },
		{ "energy: phases from a total",
		    { { P, 0 }, { EE, 900 }, { EE1, 100 }, END }, 500, &three,
		    { { EE1, 100 }, { EE1 + 1, 400 }, { EE1 + 2, 400 }, END } },
		{ "neutral: nothing but a power", { { P, -460 }, END }, 0,
		    &three,
		    { { V, 230 }, { V + 3, 230 }, { F, 50 }, { Q + 2, 0 },
			{ A, 2 }, { VA, 460 }, { PF, -1 }, END } },
		{ "neutral: never over what is told",
		    { { P, 500 }, { V, 250 }, { F, 60 }, { Q, 7 }, END }, 0,
		    &one,
		    { { V, 250 }, { V + 1, 250 }, { F, 60 }, { Q, 7 }, END } },
		{ "neutral: a phase without voltage has one that is told",
		    { { P, 0 }, { V + 1, 230 }, { V + 2, 0 }, { V + 3, 0 },
			END },
		    0, &three, { { V + 2, 0 }, { V + 3, 0 }, END } },
		{ "one of three: its own power",
		    { { P, 600 }, { P + 1, 1000 }, { P + 2, -500 },
			{ P + 3, 100 }, { V + 2, 250 }, { A + 2, 4 }, END },
		    100, &one_l2,
		    { { P, -400 }, { VA, 953.9392014169456 }, { V, 250 },
			END } },
		{ "one of three: its own energy",
		    { { P, 1 }, { P + 1, 2 }, { EI, 90 }, { EI1, 40 }, END }, 0,
		    &one_l1_of_three, { { P, 2 }, { EI, 40 }, END } },
		{ "one of three, from a single-phase source",
		    { { P, 600 }, { V, 230 }, { EI, 90 }, END }, 0,
		    &one_l2_of_one, { { P, 600 }, { EI, 90 }, END } },
		{ "L1 of a single-phase meter is the whole",
		    { { P + 1, 100 }, { P + 2, -200 }, { P + 3, 400 }, END },
		    600, &one, { { P, 900 }, { P + 1, 900 }, END } },
		{ "its source's own L1 stays",
		    { { P, 900 }, { V, 230 }, { V + 1, 231 }, END }, 100,
		    &one_of_one,
		    { { P + 1, 1000 }, { V, 230 }, { V + 1, 231 }, END } },
		{ "single on one of three",
		    { { P, 600 }, { V, 300 }, { A, 2 }, { EI, 90 }, END }, 300,
		    &three_l2_of_one,
		    { { P, 900 }, { P + 2, 900 }, { P + 1, 0 }, { A + 2, 3 },
			{ A + 3, 0 }, { V + 3, 300 }, { EI1, 0 }, END } },
		{ "the offset on one of three",
		    { { P + 1, 100 }, { P + 2, -200 }, { P + 3, 400 }, END },
		    600, &three_l3_of_three,
		    { { P, 900 }, { P + 1, 100 }, { P + 2, -200 },
			{ P + 3, 1000 }, END } },
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

/* A wrong watt is worse than no answer. */
static void
nothing_without_active_power(void **state)
{
	static const struct {
		struct pair source[5];
		struct complete_shape shape;
	} rows[] = {
		{ { END }, { 3, 0, 0 } },
		{ { { V, 230 }, { F, 50 }, END }, { 3, 0, 0 } },
		{ { { P + 1, 100 }, { P + 3, 100 }, END }, { 3, 0, 0 } },
		/* One phase of a meter that has three, but tells the total. */
		{ { { P, 100 }, { V + 2, 230 }, END }, { 1, 0, 2 } },
		{ { { P, 100 }, END }, { 1, 3, 2 } },
		{ { { P, 100 }, { P + 1, 50 }, END }, { 1, 3, 2 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct quantities source = set_of(rows[i].source);
		struct quantities shown;

		assert_false(complete_can(&source, &rows[i].shape));
		overlay_apply(&source, 100, &rows[i].shape, &shown);
		assert_int_equal(shown.known, 0);
	}
}

static void
an_energy_that_nobody_tells_is_not_made_up(void **state)
{
	static const struct pair pairs[] = { { P, 500 }, { P + 2, 100 },
		{ EI, 90 }, { QUANTITY_REACTIVE_ENERGY_IMPORT, 5 }, END };
	struct quantities source = set_of(pairs);
	struct quantities shown;

	(void)state;
	overlay_apply(&source, 100, &three, &shown);
	assert_true(quantities_has(&shown, EI1));
	assert_false(quantities_has(&shown, EE));
	assert_false(quantities_has(&shown, EE1));
	/* Not that of the one phase either. */
	overlay_apply(
	    &source, 100, &(struct complete_shape){ 1, 3, 2 }, &shown);
	assert_true(quantities_has(&shown, P));
	assert_false(quantities_has(&shown, EI));
	assert_false(quantities_has(&shown, QUANTITY_REACTIVE_ENERGY_IMPORT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_rule),
		cmocka_unit_test(nothing_without_active_power),
		cmocka_unit_test(an_energy_that_nobody_tells_is_not_made_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
