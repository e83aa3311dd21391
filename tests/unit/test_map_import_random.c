/* SPDX-License-Identifier: MIT */
/* Whatever bytes a table has, and whatever its rows say. */
#include "tests/unit/import_helper.h"

#include "tests/unit/draw.h"

static void
random_bytes_do_no_harm(void **unused)
{
	static const char pieces[][24] = { "\"", "\n", ",", ";", "\t", "# ",
		"name", "address", "type", "u16", "0x", "40001", "-1", ":",
		"b0=", "10^", "sign", "holes", "\r", "" };
	uint64_t seed = 7;

	for (unsigned round = 0; round < 3000; round++) {
		char csv[600];
		size_t used = 0;

		if (draw_below(&seed, 2) == 0)
			used = (size_t)snprintf(
			    csv, sizeof(csv), "%s", INVERTER HEAD);
		while (used + 24 < sizeof(csv) && draw_below(&seed, 90) > 0) {
			const char *piece =
			    pieces[draw_below(&seed, COUNT(pieces))];

			if (*piece == '\0')
				csv[used++] = (char)draw_below(&seed, 256);
			memcpy(csv + used, piece, strlen(piece));
			used += strlen(piece);
		}
		(void)import(csv, used, &(struct import_known){ 0 });
	}
}

static void
what_is_made_can_be_loaded(void **unused)
{
	static const char *const fields[18][6] = {
		{ "a", "pv_power", "active_power", "x y", "cfg_b", "soc" },
		{ "", "", "", "-", "battery_soc", "nonsense" },
		{ "3", "4", "1", "2", "", "9" },
		{ "0", "1", "2", "65535", "0x10", "3-4" },
		{ "", "1", "2", "4", "8", "125" },
		{ "u16", "s32", "f32", "string", "bits16", "bool" },
		{ "", "hi", "lo", "-", "abcd", "?" },
		{ "", "1", "-0.1", "0,5", "1e9", "1000000000" },
		{ "", "", "40", "-5", "x", "1e12" },
		{ "", "W", "kWh", "%", "\xff", "MW" },
		{ "r", "rw", "w", "", "once", "?" },
		{ "", "6", "16", "6,16", "CAN", "5" },
		{ "", "0", "5", "0 or 6", "-3", "x" },
		{ "", "9", "5", "0", "-3", "x" },
		{ "", "0=a;1=b", "b0=x", "1;3", "0=\"q\"", "70000=z" },
		{ "", "fast", "once", "never", "med", "?" },
		{ "", "EEPROM", "+ export", "scale 200", "0xFFFF = not",
		    "x 10^A" },
		{ "two", "one", "conflict", "", "two", "two" },
	};
	uint64_t seed = 11;

	for (unsigned round = 0; round < 3000; round++) {
		char csv[4000] = INVERTER
		    "# holes: 1-3\n# watchdog: 9 s: a\n"
		    "name;point;fc;address;count;type;word_order;scale;offset;"
		    "unit;access;write_fc;min;max;values;poll;meaning;"
		    "confidence\n";

		for (unsigned row = 0; row < 6; row++) {
			for (size_t i = 0; i < COUNT(fields); i++) {
				strcat(csv, fields[i][draw_below(&seed, 6)]);
				strcat(csv, i + 1 < COUNT(fields) ? ";" : "\n");
			}
		}
		if (import_string(csv))
			assert_loads();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_bytes_do_no_harm),
		cmocka_unit_test(what_is_made_can_be_loaded),
	};
	return cmocka_run_group_tests(tests, NULL, import_forget);
}
