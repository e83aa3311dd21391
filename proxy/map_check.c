/* SPDX-License-Identifier: MIT */
#include "proxy/map_check.h"

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

void
map_check_enter(struct map_check *check, const char *list, unsigned index)
{
	snprintf(check->block, sizeof(check->block), "%s[%u]", list, index);
}

bool
map_check_overlap(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
	return a < b + b_count && b < a + a_count;
}

bool
map_check_in_block(
    const struct map_text *text, uint32_t address, uint32_t words)
{
	for (unsigned i = 0; i < text->blocks_count; i++) {
		const struct map_text_block *block = &text->blocks[i];

		if (address >= block->address &&
		    address + words <= block->address + block->count)
			return true;
	}
	return false;
}

/* --- header ----------------------------------------------------------------
 */

struct number_rule {
	const char *key;
	uint32_t *value;
	uint32_t min, max;
};

static bool
check_header(struct map_check *check)
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
			return MAP_REFUSE(check, rows[i].key,
			    "%s must be %u .. %u", rows[i].key, rows[i].min,
			    rows[i].max);
	}
	if (check->text->also_function == check->text->function)
		return MAP_REFUSE(check, "also_function",
		    "also_function is the same as function");
	return true;
}

static bool
check_numbers(struct map_check *check, const char *block,
    const struct number_rule *rows, size_t count)
{
	snprintf(check->block, sizeof(check->block), "%s", block);
	for (size_t i = 0; i < count; i++) {
		if (yaml_file_has(check->file, block, rows[i].key) &&
		    (*rows[i].value < rows[i].min ||
			*rows[i].value > rows[i].max))
			return MAP_REFUSE(check, rows[i].key,
			    "%s must be %u .. %u", rows[i].key, rows[i].min,
			    rows[i].max);
	}
	return true;
}

static bool
check_serial(struct map_check *check)
{
	struct map_text_serial *serial = check->text->serial;
	const struct number_rule rows[] = {
		{ "baud", &serial->baud, 300, 921600 },
		{ "unit", &serial->unit, 1, 255 },
	};

	if (!check_numbers(check, "serial", rows, COUNT(rows)))
		return false;
	if (serial->format != NULL &&
	    (strlen(serial->format) != 3 ||
		strchr("78", serial->format[0]) == NULL ||
		strchr("NEO", serial->format[1]) == NULL ||
		strchr("12", serial->format[2]) == NULL))
		return MAP_REFUSE(check, "format",
		    "format is like 8N1: data bits, parity N, E or O, stop "
		    "bits");
	return true;
}

static bool
check_tcp(struct map_check *check)
{
	struct map_text_tcp *tcp = check->text->tcp;
	const struct number_rule rows[] = {
		{ "port", &tcp->port, 1, 65535 },
		{ "unit", &tcp->unit, 0, 255 },
		{ "clients", &tcp->clients, 1, 1000 },
	};

	return check_numbers(check, "tcp", rows, COUNT(rows));
}

static bool
has_point(const struct map_text *text, const char *name)
{
	for (unsigned i = 0; i < text->points_count; i++) {
		const char *other = map_text_point_name(&text->points[i]);

		if (other != NULL && strcmp(other, name) == 0)
			return true;
	}
	return false;
}

static bool
check_watchdog(struct map_check *check)
{
	struct map_text_watchdog *watchdog = check->text->watchdog;
	const struct number_rule rows[] = {
		{ "timeout_s", &watchdog->timeout_s, 1, 86400 },
		{ "resend_s", &watchdog->resend_s, 1, 86400 },
	};

	if (!check_numbers(check, "watchdog", rows, COUNT(rows)))
		return false;
	if (watchdog->resend_s >= watchdog->timeout_s)
		return MAP_REFUSE(
		    check, "resend_s", "resend_s must be less than timeout_s");
	if (watchdog->resend_s == 0)
		watchdog->resend_s = (watchdog->timeout_s + 2) / 3;
	for (unsigned i = 0; i < watchdog->points_count; i++) {
		if (!has_point(check->text, watchdog->points[i]))
			return MAP_REFUSE(check, "points",
			    "there is no point '%s'", watchdog->points[i]);
	}
	return true;
}

static bool
check_sign(struct map_check *check, unsigned index)
{
	struct map_text_sign *sign = &check->text->identity[index];
	bool value, range;

	map_check_enter(check, "identity", index);
	value = yaml_file_has(check->file, check->block, "value");
	range = yaml_file_has(check->file, check->block, "min") &&
	        yaml_file_has(check->file, check->block, "max");
	if ((sign->text != NULL) + value + range != 1)
		return MAP_REFUSE(
		    check, NULL, "one of text, value, or min and max");
	if (!yaml_file_has(check->file, check->block, "function"))
		sign->function = check->text->function;
	if (sign->function != 3 && sign->function != 4)
		return MAP_REFUSE(check, "function", "function must be 3 or 4");
	if (value)
		sign->min = sign->max = sign->value;
	if (sign->address >= REGISTERS || sign->max > REGISTER_MAX ||
	    sign->min > sign->max)
		return MAP_REFUSE(check, "address",
		    "address and values must be 0 .. 65535, min not above max");
	return true;
}

static bool
check_hole(struct map_check *check, unsigned index)
{
	struct map_text_hole *hole = &check->text->holes[index];

	map_check_enter(check, "holes", index);
	if (!yaml_file_has(check->file, check->block, "function"))
		hole->function = check->text->function;
	if (hole->function < 1 || hole->function > 4)
		return MAP_REFUSE(check, "function", "function must be 1 .. 4");
	if (hole->address >= REGISTERS || hole->count == 0 ||
	    hole->count > REGISTERS - hole->address)
		return MAP_REFUSE(
		    check, "count", "not within registers 0 .. 65535");
	return true;
}

static bool
check_bases(struct map_check *check)
{
	const struct map_text_sunspec *sunspec = check->text->sunspec;

	snprintf(check->block, sizeof(check->block), "sunspec");
	for (unsigned i = 0; i < sunspec->bases_count; i++) {
		if (sunspec->bases[i] > REGISTER_MAX)
			return MAP_REFUSE(
			    check, "bases", "bases must be 0 .. 65535");
	}
	return true;
}

/* What people are told of the device, and what it wants. */
static bool
check_device(struct map_check *check)
{
	struct map_text *text = check->text;

	if ((text->serial != NULL && !check_serial(check)) ||
	    (text->tcp != NULL && !check_tcp(check)) ||
	    (text->watchdog != NULL && !check_watchdog(check)) ||
	    (text->sunspec != NULL && !check_bases(check)))
		return false;
	for (unsigned i = 0; i < text->identity_count; i++)
		if (!check_sign(check, i))
			return false;
	for (unsigned i = 0; i < text->holes_count; i++)
		if (!check_hole(check, i))
			return false;
	return true;
}

/* --- blocks ----------------------------------------------------------------
 */

static bool
check_block(struct map_check *check, unsigned index)
{
	const struct map_text_block *block = &check->text->blocks[index];
	const struct map_text_block *before = block - 1;
	map_check_enter(check, "blocks", index);
	if (block->address >= REGISTERS)
		return MAP_REFUSE(
		    check, "address", "address must be 0 .. 65535");
	if (block->count == 0 || block->count > REGISTERS - block->address)
		return MAP_REFUSE(check, "count",
		    "count must be 1 .. %u from this address on",
		    REGISTERS - block->address);
	if (index > 0 && block->address < before->address + before->count)
		return MAP_REFUSE(check, "address",
		    "blocks must be in order and must not overlap; the one "
		    "before ends at %u",
		    before->address + before->count - 1);
	return true;
}

static bool
check_blocks(struct map_check *check)
{
	uint32_t sum = 0;

	check->block[0] = '\0';
	if (check->text->kind == MAP_METER && check->text->blocks == NULL)
		return MAP_REFUSE(check, NULL,
		    "blocks is missing: which registers there are");
	for (unsigned i = 0; i < check->text->blocks_count; i++) {
		if (!check_block(check, i))
			return false;
		sum += check->text->blocks[i].count;
		if (check->text->kind == MAP_METER && sum > IMAGE_REGISTERS_MAX)
			return MAP_REFUSE(check, "count",
			    "more than %u registers in all blocks",
			    (unsigned)IMAGE_REGISTERS_MAX);
	}
	return true;
}

/* --- what is not measured --------------------------------------------------
 */

/* Registers of a constant or a write, in the entry under check. */
static bool
check_registers(struct map_check *check, uint32_t address, uint32_t count)
{
	if (address >= REGISTERS)
		return MAP_REFUSE(
		    check, "address", "address must be 0 .. 65535");
	if (!map_check_in_block(check->text, address, count))
		return MAP_REFUSE(check, "address",
		    "registers %u .. %u are not in one block", address,
		    address + count - 1);
	return true;
}

static bool
check_no_point(struct map_check *check, uint32_t address, uint32_t count)
{
	for (unsigned i = 0; i < check->text->points_count; i++) {
		const struct map_text_point *point = &check->text->points[i];
		if (point->function == check->text->function &&
		    map_check_overlap(
			address, count, point->address, point->words))
			return MAP_REFUSE(check, "address",
			    "overlaps the registers of %s",
			    map_text_point_name(point));
	}
	return true;
}

static bool
check_words(struct map_check *check, const struct map_text_constant *constant)
{
	bool has_value = yaml_file_has(check->file, check->block, "value");
	if (has_value == (constant->words != NULL))
		return MAP_REFUSE(
		    check, "value", "a constant has either a value or words");
	if (constant->value > REGISTER_MAX)
		return MAP_REFUSE(check, "value", "value must be 0 .. 65535");
	for (unsigned i = 0; !has_value && i < constant->words_count; i++)
		if (constant->words[i] > REGISTER_MAX)
			return MAP_REFUSE(
			    check, "words", "words must be 0 .. 65535");
	return true;
}

static bool
check_constant(struct map_check *check, unsigned index)
{
	const struct map_text_constant *list = check->text->constants;
	const struct map_text_constant *constant = &list[index];
	map_check_enter(check, "constants", index);
	if (!check_words(check, constant))
		return false;
	uint32_t count = map_text_constant_words(constant);
	if (!check_registers(check, constant->address, count))
		return false;
	for (unsigned i = 0; i < index; i++)
		if (map_check_overlap(constant->address, count, list[i].address,
			map_text_constant_words(&list[i])))
			return MAP_REFUSE(check, "address",
			    "overlaps the constant at %u", list[i].address);
	return constant->read == MAP_TEXT_READ_ALONE ||
	       check_no_point(check, constant->address, count);
}

/* What was written there would not be read back. */
static bool
check_not_alone(struct map_check *check, const struct map_text_block *write)
{
	for (unsigned i = 0; i < check->text->constants_count; i++) {
		const struct map_text_constant *constant =
		    &check->text->constants[i];
		if (constant->read == MAP_TEXT_READ_ALONE &&
		    map_check_overlap(write->address, write->count,
			constant->address, map_text_constant_words(constant)))
			return MAP_REFUSE(check, "address",
			    "overlaps the constant at %u, which is read alone",
			    constant->address);
	}
	return true;
}

static bool
check_write(struct map_check *check, unsigned index)
{
	const struct map_text_block *list = check->text->writes;
	const struct map_text_block *write = &list[index];
	map_check_enter(check, "writes", index);
	if (check->text->function != 3 && check->text->also_function != 3)
		return MAP_REFUSE(
		    check, NULL, "only what function 3 reads can be written");
	if (write->count == 0 || write->count > REGISTERS)
		return MAP_REFUSE(check, "count", "count must be 1 .. 65536");
	if (!check_registers(check, write->address, write->count))
		return false;
	for (unsigned i = 0; i < index; i++)
		if (map_check_overlap(write->address, write->count,
			list[i].address, list[i].count))
			return MAP_REFUSE(check, "address",
			    "overlaps the writes at %u", list[i].address);
	return check_no_point(check, write->address, write->count) &&
	       check_not_alone(check, write);
}

static bool
check_unmeasured(struct map_check *check)
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
		    text->points[i].poll == MAP_FAST)
			return true;
	return false;
}

/* Without it in every poll there is nothing to steer by. */
static bool
check_active_power(struct map_check *check)
{
	const struct map_text *text = check->text;
	if (text->kind != MAP_METER)
		return true;
	if (is_fast(text, QUANTITY_ACTIVE_POWER) ||
	    (is_fast(text, QUANTITY_ACTIVE_POWER_L1) &&
		is_fast(text, QUANTITY_ACTIVE_POWER_L2) &&
		is_fast(text, QUANTITY_ACTIVE_POWER_L3)))
		return true;
	check->block[0] = '\0';
	return MAP_REFUSE(check, "points",
	    "active_power, or active_power_l1 to _l3, must be there with "
	    "poll: fast");
}

bool
map_check_text(struct map_text *text, struct yaml_file *file)
{
	struct map_check check = { .text = text, .file = file };

	return check_header(&check) && check_blocks(&check) &&
	       check_device(&check) && map_check_point_all(&check) &&
	       check_unmeasured(&check) && check_active_power(&check);
}
