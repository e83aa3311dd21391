/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proxy/scan_options.h"
#include "proxy/scan_plan.h"
#include "proxy/tune.h"
#include "tests/unit/draw.h"

static struct scan_plan_scope
whole_scope(void)
{
	struct scan_plan_scope scope = { 0 };

	memset(scope.bauds, true, sizeof(scope.bauds));
	memset(scope.formats, true, sizeof(scope.formats));
	assert_true(scan_options_units("1-247", scope.units));
	return scope;
}

static void
likely_ones_come_first(void **unused)
{
	static const uint8_t also[] = { 254, 11, 77, 0 };
	static const uint8_t expected[] = { 1, 2, 3, 10, 4, 11, 247, 77 };
	struct scan_plan_scope scope = whole_scope();
	struct scan_plan plan;
	struct scan_plan_try next;

	scan_plan_init(&plan, &scope, also);
	for (unsigned i = 0; i < sizeof(expected); i++) {
		assert_true(scan_plan_next(&plan, &next));
		assert_int_equal(next.setting.baud, 9600);
		assert_string_equal(next.setting.format, "8N1");
		assert_int_equal(next.unit, expected[i]);
		assert_true(next.likely);
	}
	assert_true(scan_plan_next(&plan, &next));
	assert_int_equal(next.setting.baud, 19200);
	assert_string_equal(next.setting.format, "8N1");
}

/* Every setting and unit in the scope once, none besides. */
static void
check_complete(const struct scan_plan_scope *scope)
{
	static bool seen[SCAN_PLAN_BAUDS][SCAN_PLAN_FORMATS][SCAN_PLAN_UNITS];
	struct scan_plan plan;
	struct scan_plan_try next;
	unsigned left, b, f, tries = 0, all = 0;

	memset(seen, 0, sizeof(seen));
	scan_plan_init(&plan, scope, NULL);
	for (left = scan_plan_left(&plan); scan_plan_next(&plan, &next);
	     tries++) {
		assert_int_equal(scan_plan_left(&plan), --left);
		for (b = 0; scan_plan_bauds[b] != next.setting.baud; b++)
			continue;
		for (f = 0; strcmp(scan_plan_formats[f], next.setting.format);
		     f++)
			continue;
		assert_true(scope->bauds[b] && scope->formats[f] &&
			    scope->units[next.unit]);
		assert_false(seen[b][f][next.unit]);
		seen[b][f][next.unit] = true;
	}
	assert_int_equal(left, 0);
	for (b = 0; b < SCAN_PLAN_BAUDS; b++)
		for (f = 0; f < SCAN_PLAN_FORMATS; f++)
			for (unsigned u = 1; u < SCAN_PLAN_UNITS; u++)
				all += scope->bauds[b] && scope->formats[f] &&
				       scope->units[u];
	assert_int_equal(tries, all);
}

static void
nothing_is_left_out_or_tried_twice(void **unused)
{
	uint64_t seed = 7;

	for (unsigned round = 0; round < 200; round++) {
		struct scan_plan_scope scope = { 0 };

		for (unsigned i = 0; i < SCAN_PLAN_BAUDS; i++)
			scope.bauds[i] = draw_below(&seed, 2) == 0;
		for (unsigned i = 0; i < SCAN_PLAN_FORMATS; i++)
			scope.formats[i] = draw_below(&seed, 2) == 0;
		for (unsigned i = 1; i < SCAN_PLAN_UNITS; i++)
			scope.units[i] = draw_below(&seed, 1 + round % 5) == 0;
		check_complete(&scope);
	}
}

/* What is tried after somebody answered at 19200 8N1. */
static void
run_after_found(
    const struct scan_plan_scope *scope, unsigned *same, unsigned *other)
{
	struct scan_plan plan;
	struct scan_plan_try next;

	scan_plan_init(&plan, scope, NULL);
	do
		assert_true(scan_plan_next(&plan, &next));
	while (next.setting.baud != 19200);
	scan_plan_found(&plan);
	*same = *other = 0;
	while (scan_plan_next(&plan, &next)) {
		bool here = next.setting.baud == 19200 &&
		            strcmp(next.setting.format, "8N1") == 0;

		*same += here;
		*other += !here;
	}
}

static void
a_wire_has_one_speed(void **unused)
{
	struct scan_plan_scope scope = whole_scope();
	unsigned same, other;

	run_after_found(&scope, &same, &other);
	assert_int_equal(same, 246);
	assert_int_equal(other, 0);
	scope.quick = true;
	run_after_found(&scope, &same, &other);
	assert_int_equal(same, 246);
	scope.all = true;
	run_after_found(&scope, &same, &other);
	assert_int_equal(same, 246);
	/* All but that one, less the likely units at 9600 8N1. */
	assert_int_equal(other, 31 * 247 - 7);
}

static void
quick_gives_up_after_the_likely_units(void **unused)
{
	struct scan_plan_scope scope = whole_scope();
	struct scan_plan plan;
	struct scan_plan_try next;
	unsigned tries = 0;

	scope.quick = true;
	scan_plan_init(&plan, &scope, NULL);
	assert_int_equal(scan_plan_left(&plan), 32 * 7);
	while (scan_plan_next(&plan, &next))
		tries += next.likely;
	assert_int_equal(tries, 32 * 7);
	assert_int_equal(plan.done, tries);
}

static void
lists_of_units(void **unused)
{
	static const struct {
		const char *text;
		bool good;
		unsigned count;
	} rows[] = {
		{ "1", true, 1 },
		{ "1-247", true, 247 },
		{ "1-3,3,254-255", true, 5 },
		{ "255", true, 1 },
		{ "", false, 0 },
		{ "0", false, 0 },
		{ "256", false, 0 },
		{ "3-1", false, 0 },
		{ "1-", false, 0 },
		{ "-1", false, 0 },
		{ "1,", false, 0 },
		{ "1,,2", false, 0 },
		{ "1 2", false, 0 },
		{ "99999999999999999999", false, 0 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool units[SCAN_PLAN_UNITS];
		unsigned count = 0;

		if (scan_options_units(rows[i].text, units) != rows[i].good)
			fail_msg("'%s'", rows[i].text);
		for (unsigned u = 0; u < SCAN_PLAN_UNITS && rows[i].good; u++)
			count += units[u];
		assert_int_equal(count, rows[i].count);
	}
}

static void
the_speed_is_found_by_checksums(void **unused)
{
	static const struct {
		const char *rule;
		unsigned frames, framed, dropped;
		bool moved, locked;
	} rows[] = {
		{ "nothing heard, nothing learnt", 0, 0, 0, false, false },
		{ "a little noise", 0, 0, 10, false, false },
		{ "garbage", 0, 0, 24, true, false },
		{ "one frame may be chance", 1, 8, 0, false, false },
		{ "chance amid garbage", 1, 5, 24, true, false },
		{ "two frames", 2, 16, 0, false, true },
		{ "a cut frame before two", 2, 30, 20, false, true },
		{ "more garbage than frames", 2, 16, 33, true, false },
		{ "half and half", 3, 24, 30, false, false },
	};
	struct scan_plan_scope scope = whole_scope();

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tune tune;

		tune_init(&tune, &scope);
		if (tune_judge(&tune, rows[i].frames, rows[i].framed,
			rows[i].dropped) != rows[i].moved ||
		    tune.locked != rows[i].locked ||
		    tune.at != (rows[i].moved ? 1 : 0))
			fail_msg("%s", rows[i].rule);
	}
}

static void
all_speeds_are_listened_to_in_turn(void **unused)
{
	struct scan_plan_scope scope = whole_scope();
	struct tune tune;

	tune_init(&tune, &scope);
	assert_int_equal(tune.count, 32);
	for (unsigned i = 1; i <= 2 * tune.count; i++) {
		assert_true(tune_judge(&tune, 0, 0, 100));
		assert_int_equal(tune.at, i % tune.count);
	}
	assert_int_equal(tune.rounds, 2);
	assert_false(tune_judge(&tune, 2, 16, 0));
	/* Later noise does not move it. */
	assert_false(tune_judge(&tune, 2, 16, 1000));
	assert_int_equal(tune.at, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(likely_ones_come_first),
		cmocka_unit_test(nothing_is_left_out_or_tried_twice),
		cmocka_unit_test(a_wire_has_one_speed),
		cmocka_unit_test(quick_gives_up_after_the_likely_units),
		cmocka_unit_test(lists_of_units),
		cmocka_unit_test(the_speed_is_found_by_checksums),
		cmocka_unit_test(all_speeds_are_listened_to_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
