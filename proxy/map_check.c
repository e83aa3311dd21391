/* SPDX-License-Identifier: MIT */
#include "proxy/map_check.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "proxy/image.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	REGISTERS = 65536,
	REGISTER_MAX = 65535,
	HOLE_MAX = 124,
	GAP_MAX_MS = 1000
};

struct check {
	struct map_text *text;
	struct yaml_file *file;
	char block[32]; /* the entry under check: "points[0]"; "": the header */
};

#define REFUSE(check, key, ...)                                                \
	yaml_file_refuse((check)->file, (check)->block, key, __VA_ARGS__)

static void
enter(struct check *check, const char *list, unsigned index)
{
	snprintf(check->block, sizeof(check->block), "%s[%u]", list, index);
}

/* --- header ----------------------------------------------------------------
 */

static bool
check_header(struct check *check)
{
	const struct {
		const char *key;
		uint32_t *value;
		uint32_t fallback, min, max;
	} rows[] = {
		{ "function", &check->text->function, 0, 3, 4 },
		{ "also_function", &check->text->also_function, 0, 3, 4 },
		{ "words_max", &check->text->words_max, MAP_WORDS_MAX, 1,
		    MAP_WORDS_MAX },
		{ "hole_max", &check->text->hole_max, 0, 0, HOLE_MAX },
		{ "gap_ms", &check->text->gap_ms, 0, 0, GAP_MAX_MS },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!yaml_file_has(check->file, "", rows[i].key))
			*rows[i].value = rows[i].fallback;
		else if (*rows[i].value < rows[i].min ||
			 *rows[i].value > rows[i].max)
			return REFUSE(check, rows[i].key, "%s must be %u .. %u",
			    rows[i].key, rows[i].min, rows[i].max);
	}
	if (check->text->also_function == check->text->function)
		return REFUSE(check, "also_function",
		    "also_function is the same as function");
	return true;
}

/* --- blocks ----------------------------------------------------------------
 */

static bool
check_block(struct check *check, unsigned index)
{
	const struct map_text_block *block = &check->text->blocks[index];
	const struct map_text_block *before = block - 1;
	enter(check, "blocks", index);
	if (block->address >= REGISTERS)
		return REFUSE(check, "address", "address must be 0 .. 65535");
	if (block->count == 0 || block->count > REGISTERS - block->address)
		return REFUSE(check, "count",
		    "count must be 1 .. %u from this address on",
		    REGISTERS - block->address);
	if (index > 0 && block->address < before->address + before->count)
		return REFUSE(check, "address",
		    "blocks must be in order and must not overlap; the one "
		    "before ends at %u",
		    before->address + before->count - 1);
	return true;
}

static bool
check_blocks(struct check *check)
{
	uint32_t sum = 0;
	for (unsigned i = 0; i < check->text->blocks_count; i++) {
		if (!check_block(check, i))
			return false;
		sum += check->text->blocks[i].count;
		if (sum > IMAGE_REGISTERS_MAX)
			return REFUSE(check, "count",
			    "more than %u registers in all blocks",
			    (unsigned)IMAGE_REGISTERS_MAX);
	}
	return true;
}

/* --- points ----------------------------------------------------------------
 */

/* Letters they have in common at the front. */
static size_t
common_length(const char *a, const char *b)
{
	size_t n = 0;
	while (a[n] != '\0' && a[n] == b[n])
		n++;
	return n;
}

static bool
refuse_quantity(struct check *check, const char *name)
{
	char near[160] = "";
	size_t best = 0;
	for (int q = 0; q < QUANTITY_COUNT; q++) {
		size_t n = common_length(name, quantity_name((enum quantity)q));
		best = n > best ? n : best;
	}
	for (int q = 0; q < QUANTITY_COUNT; q++) {
		const char *row = quantity_name((enum quantity)q);
		size_t used = strlen(near);
		if (common_length(name, row) == best &&
		    used + strlen(row) + 3 < sizeof(near))
			snprintf(near + used, sizeof(near) - used, "%s%s",
			    used > 0 ? ", " : "", row);
	}
	return REFUSE(check, "point", "unknown point '%s'; known ones near: %s",
	    name, near);
}

static bool
check_quantity(struct check *check, unsigned index)
{
	struct map_text_point *points = check->text->points;
	struct map_text_point *point = &points[index];
	if (!quantity_parse(point->point, &point->quantity))
		return refuse_quantity(check, point->point);
	/* One place to read it from; shown it may be in many. */
	for (unsigned i = 0; i < index && point->poll != MAP_TEXT_NEVER; i++)
		if (points[i].quantity == point->quantity &&
		    points[i].poll != MAP_TEXT_NEVER)
			return REFUSE(check, "point",
			    "point '%s' is there already", point->point);
	return true;
}

static const struct map_unit {
	const char *name;
	const char *base; /* quantity_unit() */
	double factor; /* value in base = value * factor */
} units[] = {
	{ "W", "W", 1 },
	{ "kW", "W", 1e3 },
	{ "mW", "W", 1e-3 },
	{ "var", "var", 1 },
	{ "kvar", "var", 1e3 },
	{ "VA", "VA", 1 },
	{ "kVA", "VA", 1e3 },
	{ "Wh", "Wh", 1 },
	{ "kWh", "Wh", 1e3 },
	{ "MWh", "Wh", 1e6 },
	{ "V", "V", 1 },
	{ "mV", "V", 1e-3 },
	{ "A", "A", 1 },
	{ "mA", "A", 1e-3 },
	{ "Hz", "Hz", 1 },
	{ "%", "%", 1 },
	{ "none", "", 1 },
};

static bool
refuse_unit(
    struct check *check, const struct map_text_point *point, const char *base)
{
	char known[80] = "";
	for (size_t i = 0; i < COUNT(units); i++) {
		size_t used = strlen(known);
		if (strcmp(units[i].base, base) == 0)
			snprintf(known + used, sizeof(known) - used, " %s",
			    units[i].name);
	}
	return REFUSE(
	    check, "unit", "unit of %s must be one of%s", point->point, known);
}

/* Turns the scale into one to the base unit. */
static bool
check_unit(struct check *check, struct map_text_point *point)
{
	const char *base = quantity_unit(point->quantity);
	const char *unit = point->unit != NULL ? point->unit : "none";
	for (size_t i = 0; i < COUNT(units); i++)
		if (strcmp(units[i].base, base) == 0 &&
		    strcmp(units[i].name, unit) == 0) {
			point->scale *= units[i].factor;
			return true;
		}
	return refuse_unit(check, point, base);
}

static bool
check_scale(struct check *check, struct map_text_point *point)
{
	if (!yaml_file_has(check->file, check->block, "scale"))
		point->scale = 1;
	double size = fabs(point->scale);
	if (!(size >= 1e-6 && size <= 1e6))
		return REFUSE(check, "scale",
		    "scale must be 0.000001 .. 1000000, or the same negative");
	return check_unit(check, point);
}

static bool
in_a_block(const struct map_text *text, uint32_t address, uint32_t words)
{
	for (unsigned i = 0; i < text->blocks_count; i++) {
		const struct map_text_block *block = &text->blocks[i];
		if (address >= block->address &&
		    address + words <= block->address + block->count)
			return true;
	}
	return false;
}

static bool
check_address(struct check *check, unsigned index)
{
	const struct map_text_point *points = check->text->points;
	const struct map_text_point *point = &points[index];
	uint32_t words = map_type_words(point->type);
	if (point->address > REGISTERS - words)
		return REFUSE(check, "address", "address must be 0 .. %u",
		    REGISTERS - words);
	if (!in_a_block(check->text, point->address, words))
		return REFUSE(check, "address",
		    "registers %u .. %u are not in any block", point->address,
		    point->address + words - 1);
	for (unsigned i = 0; i < index; i++)
		if (point->address <
			points[i].address + map_type_words(points[i].type) &&
		    points[i].address < point->address + words)
			return REFUSE(check, "address",
			    "overlaps the registers of %s", points[i].point);
	if (words > check->text->words_max) {
		check->block[0] = '\0';
		return REFUSE(check, "words_max",
		    "words_max %u is too small to read %s",
		    check->text->words_max, point->point);
	}
	return true;
}

static bool
check_point(struct check *check, unsigned index)
{
	enter(check, "points", index);
	return check_quantity(check, index) &&
	       check_scale(check, &check->text->points[index]) &&
	       check_address(check, index);
}

/* --- what is not measured --------------------------------------------------
 */

static bool
overlap(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
	return a < b + b_count && b < a + a_count;
}

/* Registers of a constant or a write, in the entry under check. */
static bool
check_registers(struct check *check, uint32_t address, uint32_t count)
{
	if (address >= REGISTERS)
		return REFUSE(check, "address", "address must be 0 .. 65535");
	if (!in_a_block(check->text, address, count))
		return REFUSE(check, "address",
		    "registers %u .. %u are not in one block", address,
		    address + count - 1);
	return true;
}

static bool
check_no_point(struct check *check, uint32_t address, uint32_t count)
{
	for (unsigned i = 0; i < check->text->points_count; i++) {
		const struct map_text_point *point = &check->text->points[i];
		if (overlap(address, count, point->address,
			map_type_words(point->type)))
			return REFUSE(check, "address",
			    "overlaps the registers of %s", point->point);
	}
	return true;
}

static bool
check_words(struct check *check, const struct map_text_constant *constant)
{
	bool has_value = yaml_file_has(check->file, check->block, "value");
	if (has_value == (constant->words != NULL))
		return REFUSE(
		    check, "value", "a constant has either a value or words");
	if (constant->value > REGISTER_MAX)
		return REFUSE(check, "value", "value must be 0 .. 65535");
	for (unsigned i = 0; !has_value && i < constant->words_count; i++)
		if (constant->words[i] > REGISTER_MAX)
			return REFUSE(
			    check, "words", "words must be 0 .. 65535");
	return true;
}

static bool
check_constant(struct check *check, unsigned index)
{
	const struct map_text_constant *list = check->text->constants;
	const struct map_text_constant *constant = &list[index];
	enter(check, "constants", index);
	if (!check_words(check, constant))
		return false;
	uint32_t count = map_text_constant_words(constant);
	if (!check_registers(check, constant->address, count))
		return false;
	for (unsigned i = 0; i < index; i++)
		if (overlap(constant->address, count, list[i].address,
			map_text_constant_words(&list[i])))
			return REFUSE(check, "address",
			    "overlaps the constant at %u", list[i].address);
	return constant->read == MAP_TEXT_READ_ALONE ||
	       check_no_point(check, constant->address, count);
}

/* What was written there would not be read back. */
static bool
check_not_alone(struct check *check, const struct map_text_block *write)
{
	for (unsigned i = 0; i < check->text->constants_count; i++) {
		const struct map_text_constant *constant =
		    &check->text->constants[i];
		if (constant->read == MAP_TEXT_READ_ALONE &&
		    overlap(write->address, write->count, constant->address,
			map_text_constant_words(constant)))
			return REFUSE(check, "address",
			    "overlaps the constant at %u, which is read alone",
			    constant->address);
	}
	return true;
}

static bool
check_write(struct check *check, unsigned index)
{
	const struct map_text_block *list = check->text->writes;
	const struct map_text_block *write = &list[index];
	enter(check, "writes", index);
	if (check->text->function != 3 && check->text->also_function != 3)
		return REFUSE(
		    check, NULL, "only what function 3 reads can be written");
	if (write->count == 0 || write->count > REGISTERS)
		return REFUSE(check, "count", "count must be 1 .. 65536");
	if (!check_registers(check, write->address, write->count))
		return false;
	for (unsigned i = 0; i < index; i++)
		if (overlap(write->address, write->count, list[i].address,
			list[i].count))
			return REFUSE(check, "address",
			    "overlaps the writes at %u", list[i].address);
	return check_no_point(check, write->address, write->count) &&
	       check_not_alone(check, write);
}

static bool
check_unmeasured(struct check *check)
{
	for (unsigned i = 0; i < check->text->constants_count; i++)
		if (!check_constant(check, i))
			return false;
	for (unsigned i = 0; i < check->text->writes_count; i++)
		if (!check_write(check, i))
			return false;
	return true;
}

/* --- the control value -----------------------------------------------------
 */

static bool
is_fast(const struct map_text *text, enum quantity quantity)
{
	for (unsigned i = 0; i < text->points_count; i++)
		if (text->points[i].quantity == quantity &&
		    text->points[i].poll == MAP_TEXT_FAST)
			return true;
	return false;
}

/* Without it in every poll there is nothing to steer by. */
static bool
check_active_power(struct check *check)
{
	const struct map_text *text = check->text;
	if (is_fast(text, QUANTITY_ACTIVE_POWER) ||
	    (is_fast(text, QUANTITY_ACTIVE_POWER_L1) &&
		is_fast(text, QUANTITY_ACTIVE_POWER_L2) &&
		is_fast(text, QUANTITY_ACTIVE_POWER_L3)))
		return true;
	check->block[0] = '\0';
	return REFUSE(check, "points",
	    "active_power, or active_power_l1 to _l3, must be there with "
	    "poll: fast");
}

bool
map_check_text(struct map_text *text, struct yaml_file *file)
{
	struct check check = { .text = text, .file = file };
	if (!check_header(&check) || !check_blocks(&check))
		return false;
	for (unsigned i = 0; i < text->points_count; i++)
		if (!check_point(&check, i))
			return false;
	return check_unmeasured(&check) && check_active_power(&check);
}
