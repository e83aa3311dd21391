/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "policy/quantity.h"

static void
every_quantity_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < QUANTITY_COUNT; i++) {
		const char *name = quantity_name((enum quantity)i);
		enum quantity parsed;

		assert_non_null(name);
		assert_true(strlen(name) > 0 && strcmp(name, "?") != 0);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_123"),
		    strlen(name));
		/* A name used twice would be parsed as the first. */
		assert_true(quantity_parse(name, &parsed));
		assert_int_equal(parsed, i);
	}
}

static void
units_are_those_of_the_header(void **state)
{
	static const struct {
		enum quantity quantity;
		const char *unit;
	} rows[] = {
		{ QUANTITY_ACTIVE_POWER, "W" },
		{ QUANTITY_ACTIVE_POWER_L3, "W" },
		{ QUANTITY_REACTIVE_POWER_L1, "var" },
		{ QUANTITY_APPARENT_POWER_L2, "VA" },
		{ QUANTITY_POWER_FACTOR, "" },
		{ QUANTITY_VOLTAGE_L1, "V" },
		{ QUANTITY_CURRENT, "A" },
		{ QUANTITY_FREQUENCY, "Hz" },
		{ QUANTITY_ENERGY_IMPORT, "Wh" },
		{ QUANTITY_ENERGY_EXPORT, "Wh" },
		{ QUANTITY_BATTERY_SOC, "%" },
		{ QUANTITY_OFFSET, "W" },
	};

	(void)state;
	for (unsigned i = 0; i < QUANTITY_COUNT; i++)
		assert_non_null(quantity_unit((enum quantity)i));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
		    quantity_unit(rows[i].quantity), rows[i].unit);
}

static void
phases_stand_behind_their_total(void **state)
{
	static const enum quantity totals[] = { QUANTITY_ACTIVE_POWER,
		QUANTITY_REACTIVE_POWER, QUANTITY_APPARENT_POWER,
		QUANTITY_POWER_FACTOR, QUANTITY_VOLTAGE, QUANTITY_CURRENT };

	(void)state;
	for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
		const char *total = quantity_name(totals[i]);

		for (unsigned phase = 1; phase <= 3; phase++) {
			const char *name =
			    quantity_name((enum quantity)(totals[i] + phase));
			const char tail[] = { '_', 'l', (char)('0' + phase),
				'\0' };

			assert_memory_equal(name, total, strlen(total));
			assert_string_equal(name + strlen(total), tail);
		}
	}
}

static void
outside_the_list_is_said(void **state)
{
	static const char *const names[] = { "", "?", "ACTIVE_POWER",
		"active_power_l4", "active_power ", "active" };
	enum quantity parsed = QUANTITY_FREQUENCY;

	(void)state;
	assert_string_equal(quantity_name(QUANTITY_COUNT), "?");
	assert_string_equal(quantity_unit(QUANTITY_COUNT), "");
	assert_string_equal(quantity_name((enum quantity)1000), "?");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_false(quantity_parse(names[i], &parsed));
	assert_int_equal(parsed, QUANTITY_FREQUENCY);
}

static void
known_is_what_was_put(void **state)
{
	struct quantities set = { .known = 0 };

	(void)state;
	for (unsigned i = 0; i < QUANTITY_COUNT; i++) {
		enum quantity quantity = (enum quantity)i;

		assert_false(quantities_has(&set, quantity));
		quantities_put(&set, quantity, i + 0.5);
		assert_true(quantities_has(&set, quantity));
		assert_true(set.value[i] == i + 0.5);
		assert_int_equal(set.known, (UINT64_C(2) << i) - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_quantity_has_a_name_of_its_own),
		cmocka_unit_test(units_are_those_of_the_header),
		cmocka_unit_test(phases_stand_behind_their_total),
		cmocka_unit_test(outside_the_list_is_said),
		cmocka_unit_test(known_is_what_was_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
