/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "proxy/image.h"
#include "proxy/recognise.h"
#include "proxy/scan_bus.h"
#include "tests/unit/draw.h"

static struct catalogue catalogue;

/* Devices of a few registers, by function 3. */

struct registers {
	unsigned count;
	struct {
		uint16_t address;
		uint16_t word;
	} list[200];
	unsigned reads;
};

static void
set(struct registers *registers, unsigned address, unsigned word)
{
	registers->list[registers->count].address = (uint16_t)address;
	registers->list[registers->count++].word = (uint16_t)word;
}

static void
set_text(struct registers *registers, unsigned address, const char *text)
{
	for (size_t i = 0; i < strlen(text); i += 2)
		set(registers, address + (unsigned)i / 2,
		    (unsigned)((uint8_t)text[i] << 8 | (uint8_t)text[i + 1]));
}

static enum recognise_answer
read_registers(void *context, uint8_t function, uint16_t address,
    uint16_t count, uint16_t *words)
{
	struct registers *registers = context;

	registers->reads++;
	assert_in_range(count, 1, RECOGNISE_WORDS_MAX);
	if (function != 3)
		return RECOGNISE_NO_FUNCTION;
	for (unsigned i = 0; i < count; i++) {
		unsigned k = 0;

		while (k < registers->count &&
		       registers->list[k].address != address + i)
			k++;
		if (k == registers->count)
			return RECOGNISE_NO_ADDRESS;
		words[i] = registers->list[k].word;
	}
	return RECOGNISE_WORDS;
}

static struct map_entry
entry_of(enum quantity quantity, unsigned address, double scale)
{
	return (struct map_entry){ .name = quantity_name(quantity),
		.quantity = quantity,
		.address = (uint16_t)address,
		.words = 1,
		.function = 3,
		.type = MAP_U16,
		.readable = true,
		.scale = scale,
		.scale_entry = -1 };
}

/* A catalogue of two maps, made for the signs and the marks. */
struct pair {
	struct catalogue_map maps[2];
	struct catalogue catalogue;
	struct map_entry entries[2][2];
};

static void
make_pair(struct pair *pair)
{
	*pair = (struct pair){ 0 };
	pair->catalogue = (struct catalogue){ 2, pair->maps };
	for (unsigned i = 0; i < 2; i++) {
		struct map *map = &pair->maps[i].map;

		map->function = 3;
		map->entries = pair->entries[i];
		map->entries_count = 2;
		pair->entries[i][0] = entry_of(QUANTITY_VOLTAGE, 10, 0.1);
		pair->entries[i][1] = entry_of(QUANTITY_FREQUENCY, 11, 0.01);
	}
}

static void
signs_go_before_values(void **unused)
{
	struct registers registers = { 0 };
	struct recognise_source source = { read_registers, &registers };
	struct recognise_result result;
	struct pair pair;
	struct map *map;

	make_pair(&pair);
	map = &pair.maps[1].map;
	map->signs_count = 2;
	map->signs[0] = (struct map_sign){ 3, 100, "ACME 2", 0, 0 };
	map->signs[1] = (struct map_sign){ 3, 200, NULL, 7, 9 };
	set(&registers, 10, 2304);
	set(&registers, 11, 4998);
	set_text(&registers, 100, "ACME 2000");
	set(&registers, 200, 8);
	recognise_device(&pair.catalogue, &source, &result);
	assert_int_equal(result.count, 2);
	assert_int_equal(result.equal, 1);
	assert_int_equal(result.matches[0].map, 1);
	assert_int_equal(result.matches[0].how, RECOGNISE_SIGNS);
	assert_int_equal(result.matches[0].held, 2);
	assert_int_equal(result.matches[1].how, RECOGNISE_PLAUSIBLE);
}

static void
all_signs_must_hold(void **unused)
{
	static const struct {
		const char *rule;
		const char *text; /* NULL: no such registers */
		unsigned word;
		bool good;
	} rows[] = {
		{ "both", "ACME 2", 7, true },
		{ "text that goes on", "ACME 2b", 7, true },
		{ "another text", "ACME 3", 7, false },
		{ "text too short", "ACME", 7, false },
		{ "no text", NULL, 7, false },
		{ "below the range", "ACME 2", 6, false },
		{ "end of the range", "ACME 2", 9, true },
		{ "above the range", "ACME 2", 10, false },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct registers registers = { 0 };
		struct recognise_source source = { read_registers, &registers };
		struct recognise_result result;
		struct pair pair;

		make_pair(&pair);
		for (unsigned k = 0; k < 2; k++) {
			struct map *map = &pair.maps[k].map;

			map->signs_count = 2;
			map->signs[0] =
			    (struct map_sign){ 3, 100, "ACME 2", 0, 0 };
			map->signs[1] = (struct map_sign){ 3, 200, NULL, 7, 9 };
		}
		if (rows[i].text != NULL)
			set_text(&registers, 100, rows[i].text);
		set(&registers, 103, 0);
		set(&registers, 200, rows[i].word);
		recognise_device(&pair.catalogue, &source, &result);
		if (result.count != (rows[i].good ? 2 : 0))
			fail_msg("%s: %u", rows[i].rule, result.count);
		assert_int_equal(result.equal, result.count);
	}
}

static void
values_must_be_of_the_grid(void **unused)
{
	static const struct {
		const char *rule;
		unsigned voltage, frequency;
		bool good;
	} rows[] = {
		{ "230 V, 50 Hz", 2300, 5000, true },
		{ "120 V, 60 Hz", 1200, 6000, true },
		{ "in volts instead of tenths", 230, 5000, false },
		{ "in tenths of Hz", 2300, 500, false },
		{ "no voltage", 0, 5000, false },
		{ "79.9 V", 799, 5000, false },
		{ "300 V", 3000, 5000, true },
		{ "44.99 Hz", 2300, 4499, false },
		{ "65.01 Hz", 2300, 6501, false },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct registers registers = { 0 };
		struct recognise_source source = { read_registers, &registers };
		struct recognise_result result;
		struct pair pair;

		make_pair(&pair);
		set(&registers, 10, rows[i].voltage);
		set(&registers, 11, rows[i].frequency);
		recognise_device(&pair.catalogue, &source, &result);
		if ((result.count > 0) != rows[i].good)
			fail_msg("%s", rows[i].rule);
	}
}

static void
a_silent_phase_is_no_other_meter(void **unused)
{
	struct registers registers = { 0 };
	struct recognise_source source = { read_registers, &registers };
	struct recognise_result result;
	struct pair pair;

	make_pair(&pair);
	pair.entries[0][0] = entry_of(QUANTITY_VOLTAGE_L2, 12, 0.1);
	set(&registers, 10, 2300);
	set(&registers, 11, 5000);
	set(&registers, 12, 0);
	recognise_device(&pair.catalogue, &source, &result);
	/* The frequency alone is not enough for the first. */
	assert_int_equal(result.count, 1);
	assert_int_equal(result.matches[0].map, 1);
}

static void
sunspec_is_known_by_its_mark(void **unused)
{
	struct registers registers = { 0 };
	struct recognise_source source = { read_registers, &registers };
	struct recognise_result result;
	struct pair pair;

	make_pair(&pair);
	for (unsigned i = 0; i < 2; i++) {
		pair.maps[i].map.bases_count = 1;
		pair.maps[i].map.bases[0] = 40000;
	}
	pair.entries[0][0].model = 160;
	pair.entries[1][0].model = 203;
	set_text(&registers, 40000, "SunS");
	set(&registers, 40002, 1);
	set(&registers, 40003, 66);
	for (unsigned i = 4; i < 70; i++)
		set(&registers, 40000 + i,
		    i == 4   ? 0x4163
		    : i == 5 ? 0x6d65
			     : 0);
	set(&registers, 40070, 203);
	set(&registers, 40071, 105);
	set(&registers, 40177, 0xffff);
	set(&registers, 40178, 0);
	recognise_device(&pair.catalogue, &source, &result);
	assert_true(result.sunspec.found);
	assert_int_equal(result.sunspec.base, 40000);
	assert_string_equal(result.sunspec.maker, "Acme");
	assert_int_equal(result.sunspec.count, 2);
	assert_int_equal(result.sunspec.models[1], 203);
	assert_int_equal(result.count, 1);
	assert_int_equal(result.matches[0].map, 1);
	assert_int_equal(result.matches[0].how, RECOGNISE_SUNSPEC);
}

/* Meters by their own maps */

struct meter {
	struct image image;
};

static const struct map_constant *
constant_at(const struct map *map, uint16_t address, uint16_t count, bool alone)
{
	for (unsigned i = 0; i < map->constants_count; i++) {
		const struct map_constant *at = &map->constants[i];

		if (at->alone == alone && at->address <= address &&
		    address + count <= at->address + at->count)
			return at;
	}
	return NULL;
}

static enum recognise_answer
read_meter(void *context, uint8_t function, uint16_t address, uint16_t count,
    uint16_t *words)
{
	struct meter *meter = context;
	const struct map *map = meter->image.map;
	const struct map_constant *constant;
	const uint16_t *at;

	if (function != map->function && function != map->also_function)
		return RECOGNISE_NO_FUNCTION;
	at = image_read(&meter->image, address, count);
	if (at == NULL)
		return RECOGNISE_NO_ADDRESS;
	memcpy(words, at, count * sizeof(*words));
	constant = constant_at(map, address, count, false);
	if (constant == NULL)
		constant = constant_at(map, address, count, true);
	if (constant != NULL)
		memcpy(words, constant->words + (address - constant->address),
		    count * sizeof(*words));
	return RECOGNISE_WORDS;
}

static void
measure(struct meter *meter, const struct map *map, double volts)
{
	static const struct {
		enum quantity quantity;
		double value;
	} values[] = {
		{ QUANTITY_FREQUENCY, 50.02 },
		{ QUANTITY_ACTIVE_POWER, 1234 },
		{ QUANTITY_CURRENT, 5.4 },
		{ QUANTITY_ENERGY_IMPORT, 1234567 },
		{ QUANTITY_ENERGY_EXPORT, 7654321 },
	};
	struct quantities all = { 0 };

	quantities_put(&all, QUANTITY_VOLTAGE, volts);
	for (int i = 0; i < 3; i++)
		quantities_put(
		    &all, (enum quantity)(QUANTITY_VOLTAGE_L1 + i), volts + i);
	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		quantities_put(&all, values[i].quantity, values[i].value);
	assert_true(image_init(&meter->image, map));
	image_encode(&meter->image, &all);
}

static void
every_meter_is_known_by_its_values(void **unused)
{
	static struct meter meter;
	unsigned known = 0, certain = 0;

	for (unsigned i = 0; i < catalogue.count; i++) {
		const struct map *map = &catalogue.maps[i].map;
		struct recognise_source source = { read_meter, &meter };
		struct recognise_result result;
		bool found = false;

		if (map->kind != MAP_METER || map->signs_count > 0 ||
		    map->bases_count > 0 || map->blocks_count == 0)
			continue;
		measure(&meter, map, 229.7);
		recognise_device(&catalogue, &source, &result);
		for (unsigned k = 0; k < result.equal; k++)
			found = found || result.matches[k].map == i;
		if (!found)
			fail_msg("%s is taken for %s", catalogue.maps[i].name,
			    result.count > 0
				? catalogue.maps[result.matches[0].map].name
				: "nothing");
		known++;
		certain += result.equal == 1;
	}
	printf("# %u meters, %u of them not to be taken for another\n", known,
	    certain);
	assert_true(known >= 10);
	assert_true(certain + 2 >= known);
}

/* It is made of noise, and no map is sure of it. */
static enum recognise_answer
read_noise(void *context, uint8_t function, uint16_t address, uint16_t count,
    uint16_t *words)
{
	uint64_t *seed = context;

	for (unsigned i = 0; i < count; i++)
		words[i] = (uint16_t)draw_below(seed, 65536);
	return (enum recognise_answer)draw_below(seed, 4);
}

static void
noise_is_no_meter(void **unused)
{
	uint64_t seed = 21;
	unsigned taken = 0;

	for (unsigned round = 0; round < 300; round++) {
		struct recognise_source source = { read_noise, &seed };
		struct recognise_result result;

		recognise_device(&catalogue, &source, &result);
		assert_true(result.count <= RECOGNISE_MATCHES_MAX);
		assert_true(result.equal <= result.count);
		taken += result.count > 0;
	}
	assert_true(taken <= 1);
}

static void
what_a_device_says_of_itself(void **unused)
{
	static const uint8_t good[] = { 43, 14, 1, 1, 0, 0, 2, 0, 4, 'A', 'c',
		'm', 'e', 1, 3, 'X', '\n', '1' };
	char text[16];

	assert_true(scan_bus_identity(good, sizeof(good), text, sizeof(text)));
	assert_string_equal(text, "Acme X?1");
	for (unsigned length = 0; length < sizeof(good); length++)
		assert_false(
		    scan_bus_identity(good, length, text, sizeof(text)));
	assert_true(scan_bus_identity(good, sizeof(good), text, 4));
	assert_string_equal(text, "Acm");
}

static void
left_out(const char *reason)
{
	fail_msg("%s", reason);
}

static int
set_up(void **unused)
{
	char error[512] = "";

	if (!catalogue_load(
		&catalogue, "etc/maps", left_out, error, sizeof(error)))
		fail_msg("%s", error);
	return 0;
}

static int
tear_down(void **unused)
{
	catalogue_free(&catalogue);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_go_before_values),
		cmocka_unit_test(all_signs_must_hold),
		cmocka_unit_test(values_must_be_of_the_grid),
		cmocka_unit_test(a_silent_phase_is_no_other_meter),
		cmocka_unit_test(sunspec_is_known_by_its_mark),
		cmocka_unit_test(every_meter_is_known_by_its_values),
		cmocka_unit_test(noise_is_no_meter),
		cmocka_unit_test(what_a_device_says_of_itself),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
