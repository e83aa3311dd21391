/* SPDX-License-Identifier: MIT */
#include "tests/unit/import_helper.h"

/* --- rows ------------------------------------------------------------------
 */

/* What a row becomes, after notes of an inverter and a heading. */
static void
a_row_becomes_a_point(void **unused)
{
	static const struct {
		const char *why;
		const char *notes;
		const char *row;
		const char *point; /* a part of the map */
		const char
		    *report; /* a part of the report; NULL: says nothing */
	} rows[] = {
		{ "a plain row", "",
		    "pv_power,,4,10,2,u32,hi,0.1,,W,r,,,,,fast,,two\n",
		    "- {point: pv_power, address: 10, type: u32, unit: \"W\", "
		    "scale: 0.1, poll: fast}",
		    NULL },
		{ "decimal comma and hexadecimal", "",
		    "dc_volts,,4,0x1F,1,s16,-,\"0,01\",,V,r,,,,,,,two\n",
		    "- {name: dc_volts, address: 31, type: s16, unit: \"V\", "
		    "scale: 0.01}",
		    NULL },
		{ "low word first where the map is high", "",
		    "a,,4,0,2,u32,lo,,,,r,,,,,,,two\n",
		    "word_order: low_first}", NULL },
		{ "a name for people becomes one for the map", "",
		    "\"Grid, Power (L1)\",,4,0,1,u16,-,,,W,r,,,,,,,two\n",
		    "name: grid_power_l1", NULL },
		{ "no sign, no quantity", "",
		    "battery_power,,4,0,1,s16,-,,,W,r,,,,,,,two\n",
		    "{name: device_battery_power,", "its sign is not told" },
		{ "its sign stands in the row", "",
		    "battery_power,,4,0,1,s16,-,,,W,r,,,,,,"
		    "\"+ discharge, - charge\",two\n",
		    "{point: battery_power, address: 0, type: s16, unit: \"W\","
		    " scale: -1, poll: fast}",
		    NULL },
		{ "its sign stands in the note, by address",
		    "# sign: 7 is noise; 4711 meter + export; 815 meter + "
		    "import\n",
		    "grid_power,,4,4711,1,s16,-,,,W,r,,,,,,,two\n",
		    "{point: grid_power, address: 4711, type: s16, "
		    "unit: \"W\", scale: -1, poll: fast}",
		    NULL },
		{ "its sign stands in the note, by subject",
		    "# sign: battery + charge; grid + export\n",
		    "battery_power,,4,0,1,s16,-,,,W,r,,,,,,,two\n",
		    "{point: battery_power, address: 0, type: s16, "
		    "unit: \"W\", poll: fast}",
		    NULL },
		{ "another's sign does not count",
		    "# sign: meter flips it (import positive). x + export\n",
		    "ac_power,,4,0,1,s16,-,,,W,r,,,,,,,two\n",
		    "{name: device_ac_power,", "its sign is not told" },
		{ "row and note contradict", "# sign: grid + export\n",
		    "grid_power,,4,0,1,s16,-,,,W,r,,,,,,import positive,two\n",
		    "{name: device_grid_power,", "its sign is not told" },
		{ "the scale turns the sign already", "# sign: grid + export\n",
		    "grid_power,,4,0,1,s16,-,-10,,W,r,,,,,,,two\n",
		    "{name: device_grid_power,", "its sign is not told" },
		{ "what cannot go below 0 hides a direction",
		    "# sign: grid + import\n",
		    "grid_power,,4,0,1,u16,-,,,W,r,,,,,,,two\n",
		    "{name: device_grid_power,", "its sign is not told" },
		{ "witnesses disagree: no quantity, not written", "",
		    "pv_power,,3,0,1,u16,-,,,W,r,,,,,,,conflict\n",
		    "{name: device_pv_power,", "the witnesses disagree" },
		{ "a setting is not what is measured", "",
		    "pv_power,,3,0,1,u16,-,,,W,rw,,,,,,,two\n",
		    "{name: device_pv_power,", NULL },
		{ "a unit that is none of the quantity", "",
		    "battery_soc,,4,0,1,u16,-,,,V,r,,,,,,,two\n",
		    "{name: device_battery_soc,", "is no unit of it" },
		{ "the column point answers for the sign", "",
		    "x,battery_power,4,0,1,s16,-,-1,,W,r,,,,,,,two\n",
		    "{point: battery_power, address: 0, type: s16, "
		    "unit: \"W\", scale: -1, poll: fast}",
		    NULL },
		{ "the column point says that it is none", "",
		    "pv_power,-,4,0,1,u16,-,,,W,r,,,,,,,two\n",
		    "{name: device_pv_power,", NULL },
		{ "a unit that maps do not know", "",
		    "x,battery_energy_charged,4,0,1,u16,-,36,,Ws,r,,,,,,,two\n",
		    "unit: \"Wh\", scale: 0.01, poll: fast}", NULL },
		{ "limits are turned into the unit", "",
		    "a,,3,0,1,u16,-,0.1,,A,rw,6,60,160,,,,two\n",
		    "access: rw, min: 6, max: 16}", NULL },
		{ "a limit that is none", "",
		    "a,,3,0,1,u16,-,,,A,rw,6,,hot,,,,two\n", "access: rw}",
		    "make no range" },
		{ "function 16 alone", "", "a,,3,0,1,u16,-,,,,rw,16,,,,,,two\n",
		    "access: rw, write_function: 16}", NULL },
		{ "flash wears", "",
		    "a,,3,0,1,u16,-,,,,rw,6,,,,,kept in EEPROM,two\n",
		    "memory: stored", NULL },
		{ "not stored does not", "",
		    "a,,3,0,1,u16,-,,,,rw,6,,,,,not stored,two\n",
		    "access: rw}", NULL },
		{ "the note tells what is stored",
		    "# writes: 100-110, 47xxx are volatile; the rest is "
		    "flash\n",
		    "a,,3,90,1,u16,-,,,,rw,6,,,,,,two\n", "memory: stored",
		    NULL },
		{ "the note tells what is not",
		    "# writes: 100-110, 47xxx are volatile; the rest is "
		    "flash\n",
		    "a,,3,47123,1,u16,-,,,,rw,6,,,,,,two\n", "access: rw}",
		    NULL },
		{ "protection settings are read", "",
		    "protection_low,,3,0,1,u16,-,,,V,rw,6,,,,,,two\n",
		    "type: u16, unit: \"V\"}", "only read: protection" },
		{ "a remark on firmware forbids nothing", "",
		    "a,,3,0,1,u16,-,,,V,rw,6,,,,,newer firmware,two\n",
		    "access: rw", NULL },
		{ "input registers are read", "",
		    "a,,4,0,1,u16,-,,,V,rw,6,,,,,,two\n",
		    "type: u16, unit: \"V\"}", "cannot be written" },
		{ "configuration is written by hand", "",
		    "cfg_baud,,3,0,1,u16,-,,,,rw,6,,,,,,two\n", "access: once",
		    NULL },
		{ "values of a number", "",
		    "a,,4,0,1,u16,-,,,,r,,,,0xAA=on;85=off;x,,,two\n",
		    "values: \"170=on;85=off\"}",
		    "value 'x' could not be read" },
		{ "values of bits", "",
		    "a,,4,0,1,bits16,-,,,,r,,,,b0 grid;3=fan;16=far,,,two\n",
		    "values: \"b0=grid;b3=fan\"}", "value '16=far'" },
		{ "what means nothing", "",
		    "a,,4,0,1,u16,-,,,,r,,,,,,0xFFFF = not available,two\n",
		    "invalid: [0xFFFF]}", NULL },
		{ "a text", "", "sn,,4,0,8,string,-,,,,r,,,,,once,,two\n",
		    "{name: sn, address: 0, type: string, words: 8, "
		    "poll: once}",
		    NULL },
		{ "two registers make it longer", "",
		    "a,,4,0,2,int16,hi,,,,r,,,,,,,two\n", "type: s32", NULL },
		{ "a scale in a register", "",
		    "w,pv_power,4,0,1,u16,-,,,W,r,,,,,,x 10^W_SF,two\n"
		    "w_sf,,4,1,1,s16,-,,,,r,,,,,,,two\n",
		    "unit: \"W\", scale_point: w_sf}", NULL },
		{ "a scale in a register that is not there", "",
		    "w,pv_power,4,0,1,u16,-,,,W,r,,,,,,x 10^W_SF,two\n",
		    "{name: w, address: 0, type: u16}", "the number is raw" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char csv[2000];

		snprintf(csv, sizeof(csv),
		    INVERTER "# addressing: zero-based\n%s" HEAD "%s",
		    rows[i].notes, rows[i].row);
		if (!import_string(csv))
			fail_msg("%s: %s", rows[i].why, said);
		if (strstr(yaml, rows[i].point) == NULL)
			fail_msg("%s: no '%s' in:\n%s%s", rows[i].why,
			    rows[i].point, yaml, said);
		if (rows[i].report == NULL && said[0] != '\0')
			fail_msg("%s: said %s", rows[i].why, said);
		if (rows[i].report != NULL)
			assert_has(said, rows[i].report);
		assert_loads();
	}
}

static void
what_is_wrong_is_told_with_its_line(void **unused)
{
	static const struct {
		const char *row; /* the fifth line of the file */
		const char *report;
	} rows[] = {
		{ "a,,4,x,1,u16,-,,,,r,,,,,,,two\n",
		    "line 5: a: 'x' is no address" },
		{ "a,,4,70000,1,u16,-,,,,r,,,,,,,two\n",
		    "line 5: a: address 70000 is out of range" },
		{ "a,,4,65535,2,u32,hi,,,,r,,,,,,,two\n",
		    "line 5: a: address" },
		{ "a,,66,0,1,u16,-,,,,r,,,,,,,two\n",
		    "line 5: a: '66' is no function" },
		{ "a,,4,0,1,,-,,,,r,,,,,,,two\n", "line 5: a: has no type" },
		{ "a,,4,0,1,complex,-,,,,r,,,,,,,two\n",
		    "line 5: a: 'complex' is no type" },
		{ "a,,4,0,3,u32,hi,,,,r,,,,,,,two\n",
		    "line 5: a: 3 registers do not make a u32" },
		{ "a,,4,0,500,bytes,-,,,,r,,,,,,,two\n",
		    "line 5: a: 500 registers" },
		{ "a,,4,0,1,u16,-,1/256,,,r,,,,,,,two\n",
		    "line 5: a: '1/256' is no scale" },
		{ "a,,4,0,1,u16,-,0,,,r,,,,,,,two\n",
		    "line 5: a: '0' is no scale" },
		{ ",,4,0,1,u16,-,,,,r,,,,,,,two\n", "line 5: has no name" },
		{ "reset_all,,3,0,1,u16,-,,,,w,6,,,,,,two\n",
		    "line 5: reset_all: left out" },
		{ "b,,4,9,1,u16,-,,,,r,,,,,,,two\n",
		    "line 5: b: left out: shares registers with good" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char csv[2000];

		snprintf(csv, sizeof(csv),
		    INVERTER HEAD "good,,4,8,2,u32,hi,,,,r,,,,,,,two\n%s",
		    rows[i].row);
		assert_true(import_string(csv));
		assert_has(said, rows[i].report);
		assert_loads();
	}
}

static void
of_many_values_those_that_fit_are_told(void **unused)
{
	char csv[2000] = INVERTER HEAD "a,,4,0,1,u16,-,,,,r,,,,";

	for (unsigned i = 0; i < MAP_CHOICES_MAX + 2; i++)
		sprintf(csv + strlen(csv), "%u=x%u;", i, i);
	strcat(csv, ",,,two\n");
	assert_true(import_string(csv));
	assert_has(yaml, ";63=x63\"}");
	assert_has(said, "value '64=x64' could not be read");
	assert_has(said, "value '65=x65' could not be read");
	assert_loads();
}

/* --- notes -----------------------------------------------------------------
 */

static void
a_note_becomes_the_header(void **unused)
{
	static const struct {
		const char *note;
		const char *yaml;
		bool whole; /* nothing is left over */
	} rows[] = {
		{ "serial: 19200 8E1", "serial: {baud: 19200, format: 8E1}",
		    true },
		{ "serial: 9600 8N1 or so", "serial: {baud: 9600, format: 8N1}",
		    false },
		{ "tcp: 502; ONE client", "tcp: {port: 502, clients: 1}",
		    false },
		{ "word_order: low word first", "word_order: low_first", true },
		{ "max_regs: 40 values", "words_max: 80", false },
		{ "max_regs: 60-100", "words_max: 60", false },
		{ "max_regs: plenty", "max_regs: plenty", false },
		{ "gap_ms: 200", "gap_ms: 200", true },
		{ "gap_ms: 200 in the field", "gap_ms: 200", false },
		{ "hole_max: 8", "hole_max: 8", true },
		{ "holes: 100-103, 0x80", "address: 128, count: 1", true },
		{ "identify: 35000 = 0x2030", "{address: 35000, value: 8240}",
		    true },
		{ "identify: 0x10 in 201..204",
		    "address: 16, min: 201, max: 204", true },
		{ "watchdog: 60 s: a", "{timeout_s: 60, points: [a]}", true },
		{ "watchdog: 60 s: b", "{timeout_s: 60}", false },
		{ "watchdog: somehow", "watchdog: somehow", false },
		{ "colour: red", "name: \"Test\"", false },
		{ "model: 103", "sunspec: {bases: [40000, 50000, 0]}", true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char csv[1000];

		snprintf(csv, sizeof(csv),
		    INVERTER "# %s\n" HEAD "a,,3,0,1,u16,-,,,,r,,,,,,,two\n",
		    rows[i].note);
		assert_true(import_string(csv));
		assert_has(yaml, rows[i].yaml);
		if (rows[i].whole != (said[0] == '\0'))
			fail_msg("%s: %s", rows[i].note, said);
		assert_loads();
	}
}

static void
a_hole_never_hides_a_row(void **unused)
{
	assert_true(import_string(INVERTER
	    "# holes: 10-19\n" HEAD "a,,3,12,2,u32,hi,,,,r,,,,,,,two\n"));
	assert_has(yaml, "{address: 10, count: 2}");
	assert_has(yaml, "{address: 14, count: 6}");
	assert_has(said, "the hole at 10");
	assert_loads();
}

/* --- tables of other people ------------------------------------------------
 */

static void
a_german_spreadsheet_is_read(void **unused)
{
	static const char csv[] =
	    "\xef\xbb\xbf\"# device: Z\xc3\xa4hler\";;;;;\r\n"
	    "# kind: meter;;;;;\r\n"
	    "Einheit;Adresse;Datentyp;Faktor;Bezeichnung;Beschreibung\r\n"
	    "W;40001;INT32;\"0,1\";Wirkleistung;\"Bezug positiv,\nalles\"\r\n"
	    ";;;;;\r\n"
	    "V;40003;UINT16;0,1;Spannung L1;\r\n";
	struct import_known known = { .addressing = IMPORT_VENDOR };

	assert_true(import(csv, sizeof(csv) - 1, &known));
	assert_has(yaml, "name: \"Z\xc3\xa4hler\"");
	assert_has(yaml,
	    "{point: active_power, address: 0, type: s32, "
	    "unit: \"W\", scale: 0.1, poll: fast, confidence: one}");
	assert_has(yaml, "{point: voltage_l1, address: 2, type: u16, "
			 "unit: \"V\", scale: 0.1, confidence: one}");
	assert_has(yaml, "blocks:\n  - {address: 0, count: 3}");
	assert_string_equal(said, "");
	assert_loads();
}

static void
vendor_numbers_are_suspected(void **unused)
{
	assert_true(import_string(
	    INVERTER "register name\tregister number\tdata type\tquux\n"
		     "a\t40001\tuint16\t\nb\t40002\tfloat\t\n"));
	assert_has(yaml, "address: 40001, type: u16");
	assert_has(yaml, "address: 40002, type: f32");
	assert_has(said, "look like vendor numbers");
	assert_has(said, "column 'quux' is not known");
	assert_has(said, "no row tells its function; 3 is taken");
}

static void
a_table_without_sense_makes_no_map(void **unused)
{
	static const char *const rows[][2] = {
		{ "", "there is no heading" },
		{ "# device: x\n", "there is no heading" },
		{ "name,unit\na,b\n",
		    "must have a name, an address and a type" },
		{ HEAD, "no row could be read" },
		{ HEAD ",,,,,\n", "no row could be read" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_false(import_string(rows[i][0]));
		assert_has(said, rows[i][1]);
		assert_string_equal(yaml, "");
	}
}

static void
a_meter_that_cannot_steer_is_told(void **unused)
{
	assert_true(
	    import_string("# device: x\n# kind: meter\n" HEAD
			  "active_power,,3,0,1,u16,-,,,W,r,,,,,,,two\n"));
	assert_has(said, "can neither steer nor be shown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_becomes_a_point),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(of_many_values_those_that_fit_are_told),
		cmocka_unit_test(a_note_becomes_the_header),
		cmocka_unit_test(a_hole_never_hides_a_row),
		cmocka_unit_test(a_german_spreadsheet_is_read),
		cmocka_unit_test(vendor_numbers_are_suspected),
		cmocka_unit_test(a_table_without_sense_makes_no_map),
		cmocka_unit_test(a_meter_that_cannot_steer_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, import_forget);
}
