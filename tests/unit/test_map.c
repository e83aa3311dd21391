/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/map.h"
#include "proxy/plan.h"
#include "tests/config/broken.h"

static struct map map;

static bool
load(const char *file, char *error, unsigned size, const char **broken)
{
	map_unload(&map);
	if (!map_load(file, &map, error, size))
		return false;
	*broken = holds_map(&map);
	return true;
}

static void
load_good(const char *file)
{
	char error[512] = "";
	map_unload(&map);
	if (!map_load(file, &map, error, sizeof(error)))
		fail_msg("%s", error);
	assert_null(holds_map(&map));
}

struct fact {
	enum quantity quantity;
	unsigned address;
	enum map_type type;
	double scale; /* to the base unit */
	bool fast;
};

static void
check_facts(const struct fact *facts, size_t count)
{
	assert_int_equal(map.points_count, count);
	for (size_t i = 0; i < count; i++) {
		const struct map_point *point =
		    map_find(&map, facts[i].quantity);
		assert_non_null(point);
		assert_int_equal(point->address, facts[i].address);
		assert_int_equal(point->type, facts[i].type);
		assert_true(point->scale == facts[i].scale);
		assert_int_equal(point->fast, facts[i].fast);
	}
}

static void
sdm630_is_as_its_maker_says(void **unused)
{
	static const struct fact facts[] = {
		{ QUANTITY_VOLTAGE_L1, 0, MAP_F32, 1, true },
		{ QUANTITY_VOLTAGE_L2, 2, MAP_F32, 1, true },
		{ QUANTITY_VOLTAGE_L3, 4, MAP_F32, 1, true },
		{ QUANTITY_CURRENT_L1, 6, MAP_F32, 1, true },
		{ QUANTITY_CURRENT_L2, 8, MAP_F32, 1, true },
		{ QUANTITY_CURRENT_L3, 10, MAP_F32, 1, true },
		{ QUANTITY_ACTIVE_POWER_L1, 12, MAP_F32, 1, true },
		{ QUANTITY_ACTIVE_POWER_L2, 14, MAP_F32, 1, true },
		{ QUANTITY_ACTIVE_POWER_L3, 16, MAP_F32, 1, true },
		{ QUANTITY_APPARENT_POWER_L1, 18, MAP_F32, 1, true },
		{ QUANTITY_APPARENT_POWER_L2, 20, MAP_F32, 1, true },
		{ QUANTITY_APPARENT_POWER_L3, 22, MAP_F32, 1, true },
		{ QUANTITY_REACTIVE_POWER_L1, 24, MAP_F32, 1, true },
		{ QUANTITY_REACTIVE_POWER_L2, 26, MAP_F32, 1, true },
		{ QUANTITY_REACTIVE_POWER_L3, 28, MAP_F32, 1, true },
		{ QUANTITY_POWER_FACTOR_L1, 30, MAP_F32, 1, true },
		{ QUANTITY_POWER_FACTOR_L2, 32, MAP_F32, 1, true },
		{ QUANTITY_POWER_FACTOR_L3, 34, MAP_F32, 1, true },
		{ QUANTITY_VOLTAGE, 42, MAP_F32, 1, true },
		{ QUANTITY_CURRENT, 48, MAP_F32, 1, true },
		{ QUANTITY_ACTIVE_POWER, 52, MAP_F32, 1, true },
		{ QUANTITY_APPARENT_POWER, 56, MAP_F32, 1, true },
		{ QUANTITY_REACTIVE_POWER, 60, MAP_F32, 1, true },
		{ QUANTITY_POWER_FACTOR, 62, MAP_F32, 1, true },
		{ QUANTITY_FREQUENCY, 70, MAP_F32, 1, false },
		{ QUANTITY_ENERGY_IMPORT, 72, MAP_F32, 1000, false },
		{ QUANTITY_ENERGY_EXPORT, 74, MAP_F32, 1000, false },
	};
	load_good("etc/maps/eastron-sdm630.yaml");
	check_facts(facts, sizeof(facts) / sizeof(facts[0]));
	assert_string_equal(map.name, "Eastron SDM630");
	assert_int_equal(map.function, 4);
	assert_int_equal(map.also_function, 0);
	assert_int_equal(map.word_order, MAP_HIGH_WORD_FIRST);
	assert_int_equal(map.words_max, 80);
	/* one read of 0 .. 63 brings V, I and all powers as one sample */
	assert_true(map.hole_max >= 42 - 36 && map.words_max >= 64);
	/* a whole-block read of 80 registers is possible */
	assert_int_equal(map.blocks[0].address, 0);
	assert_true(map.blocks[0].count >= 80);
}

static void
sdm120_is_as_its_maker_says(void **unused)
{
	static const struct fact facts[] = {
		{ QUANTITY_VOLTAGE, 0, MAP_F32, 1, true },
		{ QUANTITY_CURRENT, 6, MAP_F32, 1, true },
		{ QUANTITY_ACTIVE_POWER, 12, MAP_F32, 1, true },
		{ QUANTITY_APPARENT_POWER, 18, MAP_F32, 1, true },
		{ QUANTITY_REACTIVE_POWER, 24, MAP_F32, 1, true },
		{ QUANTITY_POWER_FACTOR, 30, MAP_F32, 1, true },
		{ QUANTITY_FREQUENCY, 70, MAP_F32, 1, false },
		{ QUANTITY_ENERGY_IMPORT, 72, MAP_F32, 1000, false },
		{ QUANTITY_ENERGY_EXPORT, 74, MAP_F32, 1000, false },
	};
	load_good("etc/maps/eastron-sdm120.yaml");
	check_facts(facts, sizeof(facts) / sizeof(facts[0]));
	assert_int_equal(map.function, 4);
	/* one read of 12 .. 31 brings all powers as one sample */
	assert_true(map.hole_max >= 4 && map.words_max >= 32 - 12);
}

static void
acrel_is_as_the_inverter_asks_for_it(void **unused)
{
	static const struct fact facts[] = {
		{ QUANTITY_VOLTAGE, 11, MAP_U16, 0.1, false },
		{ QUANTITY_CURRENT, 12, MAP_U16, 0.01, false },
		{ QUANTITY_ACTIVE_POWER, 13, MAP_S16, 1, true },
		{ QUANTITY_REACTIVE_POWER, 14, MAP_S16, 1, false },
		{ QUANTITY_APPARENT_POWER, 15, MAP_S16, 1, false },
		{ QUANTITY_POWER_FACTOR, 16, MAP_S16, 0.01, false },
		{ QUANTITY_FREQUENCY, 17, MAP_U16, 0.01, false },
		{ QUANTITY_ENERGY_IMPORT, 60, MAP_S32, 10, false },
		{ QUANTITY_ENERGY_EXPORT, 62, MAP_S32, 10, false },
	};
	load_good("etc/maps/acrel-1p-solis.yaml");
	check_facts(facts, sizeof(facts) / sizeof(facts[0]));
	assert_int_equal(map.function, 3);
	assert_int_equal(map.also_function, 4);
	assert_int_equal(map.blocks_count, 1);
	assert_int_equal(map.blocks[0].address, 0);
	assert_int_equal(map.blocks[0].count, 65);
	assert_true(map.words_max >= 65);
}

static void
load_text(const char *text)
{
	struct broken_file file;
	assert_true(broken_open(&file));
	assert_true(broken_write(&file, text, strlen(text)));
	load_good(file.name);
	close(file.fd);
}

static void
points_are_put_in_order_and_units_become_base_units(void **unused)
{
	load_text(
	    "name: x\n"
	    "function: 3\n"
	    "word_order: low_first\n"
	    "blocks: [{address: 0x10, count: 8}, {address: 24, count: 2}]\n"
	    "points:\n"
	    "- {point: energy_import, address: 24, type: u32, unit: MWh}\n"
	    "- {point: voltage, address: 19, type: u16, unit: mV, scale: "
	    "1e3, access: r}\n"
	    "- {point: active_power, address: 0x11, type: s32, unit: kW, "
	    "scale: -0.5, poll: fast}\n"
	    "- {point: power_factor, address: 16, type: s16}\n"
	    "- {point: reactive_power, address: 20, type: s16, unit: kvar,"
	    " poll: slow}\n");
	static const struct fact facts[] = {
		{ QUANTITY_POWER_FACTOR, 16, MAP_S16, 1, false },
		{ QUANTITY_ACTIVE_POWER, 17, MAP_S32, -500, true },
		{ QUANTITY_VOLTAGE, 19, MAP_U16, 1, false },
		{ QUANTITY_REACTIVE_POWER, 20, MAP_S16, 1000, false },
		{ QUANTITY_ENERGY_IMPORT, 24, MAP_U32, 1e6, false },
	};
	check_facts(facts, sizeof(facts) / sizeof(facts[0]));
	for (unsigned i = 0; i < map.points_count; i++)
		assert_int_equal(map.points[i].quantity, facts[i].quantity);
	assert_int_equal(map.word_order, MAP_LOW_WORD_FIRST);
	assert_int_equal(map.words_max, MAP_WORDS_MAX);
	assert_int_equal(map.hole_max, 0);
	assert_int_equal(map.gap_ms, 0);
	assert_null(map_find(&map, QUANTITY_FREQUENCY));
}

static void
every_unit_has_its_factor(void **unused)
{
	static const struct {
		const char *point, *unit;
		double scale;
	} rows[] = {
		{ "pv_power", "W", 1 },
		{ "pv_power", "kW", 1000 },
		{ "pv_power", "mW", 0.001 },
		{ "reactive_power", "var", 1 },
		{ "reactive_power", "kvar", 1000 },
		{ "apparent_power", "VA", 1 },
		{ "apparent_power", "kVA", 1000 },
		{ "energy_export", "Wh", 1 },
		{ "energy_export", "kWh", 1000 },
		{ "energy_export", "MWh", 1000000 },
		{ "voltage", "V", 1 },
		{ "voltage", "mV", 0.001 },
		{ "current", "A", 1 },
		{ "current", "mA", 0.001 },
		{ "frequency", "Hz", 1 },
		{ "battery_soc", "'%'", 1 },
		{ "power_factor", "none", 1 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[400];
		snprintf(text, sizeof(text),
		    "{name: x, function: 3, gap_ms: 30, blocks: [{address: 0, "
		    "count: 2}], points: [{point: %s, address: 0, type: u16, "
		    "unit: %s}, {point: active_power, address: 1, type: s16, "
		    "unit: W, poll: fast}]}",
		    rows[i].point, rows[i].unit);
		load_text(text);
		assert_true(map.points[0].scale == rows[i].scale);
		assert_int_equal(map.gap_ms, 30);
	}
}

static void
three_fast_phases_stand_for_the_total(void **unused)
{
	load_text("{name: x, function: 3, blocks: [{address: 0, count: 3}], "
		  "points: ["
		  "{point: active_power_l1, address: 0, type: s16, unit: W, "
		  "poll: fast},"
		  "{point: active_power_l2, address: 1, type: s16, unit: W, "
		  "poll: fast},"
		  "{point: active_power_l3, address: 2, type: s16, unit: W, "
		  "poll: fast}]}");
}

static void
the_last_register_can_be_used(void **unused)
{
	load_text("{name: x, function: 3, blocks: [{address: 65534, count: "
		  "2}], points: [{point: active_power, address: 65534, type: "
		  "s32, unit: W, poll: fast}]}");
}

/* The names of what a file of etc/maps is, and that a meter can be read by it:
 * all points that count in few requests, none longer than it takes. */
static void
check_own_map(const char *file)
{
	struct plan plan;
	unsigned planned = 0, wanted = 0;
	load_good(file);
	if (map.kind != MAP_METER)
		return;
	assert_true(plan_build(&plan, &map));
	for (unsigned i = 0; i < plan.count; i++) {
		assert_true(plan_count_max(&plan.blocks[i]) <= map.words_max);
		planned += plan.blocks[i].count;
	}
	for (unsigned i = 0; i < map.points_count; i++)
		wanted += map_type_words(map.points[i].type);
	assert_true(planned >= wanted);
	/* The power, and what moves with it, is one sample. */
	assert_true(plan.fast_count <= 2);
	assert_non_null(map_find(&map, QUANTITY_ACTIVE_POWER));
}

static void
every_map_of_ours_loads_and_can_be_planned(void **unused)
{
	struct dirent **names = NULL;
	int count = scandir("etc/maps", &names, broken_is_yaml, alphasort);
	assert_true(count >= 14);
	for (int i = 0; i < count; i++) {
		char file[512];
		snprintf(file, sizeof(file), "etc/maps/%s", names[i]->d_name);
		check_own_map(file);
		free(names[i]);
	}
	free(names);
}

static void
constants_and_writes_are_taken_over(void **unused)
{
	load_text(
	    "{name: x, function: 4, also_function: 3, blocks: [{address: 0, "
	    "count: 9}], points: [{point: active_power, address: 4, type: s32, "
	    "unit: W, poll: fast}], constants: [{address: 5, value: 0x47, "
	    "read: alone}, {address: 0, words: [1, 0xffff]}], writes: "
	    "[{address: 1, count: 3}, {address: 8, count: 1}]}");
	assert_int_equal(map.constants_count, 2);
	assert_int_equal(map.constants[0].address, 5);
	assert_int_equal(map.constants[0].count, 1);
	assert_int_equal(map.constants[0].words[0], 0x47);
	assert_true(map.constants[0].alone);
	assert_int_equal(map.constants[1].count, 2);
	assert_int_equal(map.constants[1].words[1], 0xffff);
	assert_false(map.constants[1].alone);
	assert_int_equal(map.writes_count, 2);
	assert_int_equal(map.writes[0].address, 1);
	assert_int_equal(map.writes[0].count, 3);
}

/* A quantity is read at one place and shown at all. */
static void
a_second_place_is_shown_and_never_read(void **unused)
{
	struct plan plan;
	struct image image;
	struct quantities values = { .known = 0 };
	load_text("{name: x, function: 3, blocks: [{address: 0, count: 20}], "
		  "points: [{point: active_power, address: 2, type: s16, unit: "
		  "W, poll: never}, {point: active_power, address: 9, type: "
		  "s16, unit: W, poll: fast}, {point: active_power, address: "
		  "12, type: s16, unit: W, poll: never}]}");
	assert_int_equal(map_find(&map, QUANTITY_ACTIVE_POWER)->address, 9);
	assert_int_equal(map.copies_count, 2);
	assert_true(plan_build(&plan, &map));
	assert_int_equal(plan.count, 1);
	assert_int_equal(plan.blocks[0].address, 9);
	assert_int_equal(plan.blocks[0].count, 1);
	quantities_put(&values, QUANTITY_ACTIVE_POWER, 321);
	assert_true(image_init(&image, &map));
	assert_int_equal(image_encode(&image, &values), 0);
	for (uint16_t at = 0; at < 20; at++)
		assert_int_equal(*image_read(&image, at, 1),
		    at == 2 || at == 9 || at == 12 ? 321 : 0);
}

static void
every_broken_map_is_refused_at_its_place(void **unused)
{
	int count = broken_check_folder("tests/config/broken-maps", load);
	assert_true(count >= 60);
}

static void
a_map_broken_anywhere_loads_whole_or_names_a_place(void **unused)
{
	assert_true(
	    broken_check_mutations("etc/maps/eastron-sdm630.yaml", load, 4000));
	assert_true(
	    broken_check_mutations("etc/maps/acrel-1p-solis.yaml", load, 4000));
	assert_true(broken_check_mutations(
	    "etc/maps/carlo-gavazzi-em24.yaml", load, 4000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sdm630_is_as_its_maker_says),
		cmocka_unit_test(sdm120_is_as_its_maker_says),
		cmocka_unit_test(acrel_is_as_the_inverter_asks_for_it),
		cmocka_unit_test(
		    points_are_put_in_order_and_units_become_base_units),
		cmocka_unit_test(every_unit_has_its_factor),
		cmocka_unit_test(three_fast_phases_stand_for_the_total),
		cmocka_unit_test(the_last_register_can_be_used),
		cmocka_unit_test(every_map_of_ours_loads_and_can_be_planned),
		cmocka_unit_test(constants_and_writes_are_taken_over),
		cmocka_unit_test(a_second_place_is_shown_and_never_read),
		cmocka_unit_test(every_broken_map_is_refused_at_its_place),
		cmocka_unit_test(
		    a_map_broken_anywhere_loads_whole_or_names_a_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
