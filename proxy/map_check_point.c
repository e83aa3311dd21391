/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "proxy/map_check.h"
#include "proxy/map_choice.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	REGISTERS = 65536,
	LIFE_DEFAULT = 100000,
	UNIT_MAX = 15,
	MODEL_MAX = 65534, /* 65535 ends the chain */
};

/* --- names -----------------------------------------------------------------
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
refuse_quantity(struct map_check *check, const char *name)
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
	return MAP_REFUSE(check, "point",
	    "unknown point '%s'; known ones near: %s", name, near);
}

static bool
check_own_name(struct map_check *check, struct map_text_point *point)
{
	const char *name = point->name;
	enum quantity quantity;
	size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	point->quantity = QUANTITY_COUNT;
	if (!islower((unsigned char)name[0]) || name[good] != '\0')
		return MAP_REFUSE(check, "name",
		    "a name is made of a to z, 0 to 9 and _, and begins with "
		    "a letter");
	if (quantity_parse(name, &quantity))
		return MAP_REFUSE(check, "name",
		    "'%s' is a quantity: write point instead of name", name);
	return true;
}

/* One place to read it from; shown it may be in many. */
static bool
check_once(struct map_check *check, unsigned index)
{
	const struct map_text_point *points = check->text->points;
	const struct map_text_point *point = &points[index];
	const char *name = map_text_point_name(point);

	if (point->point != NULL && point->poll == MAP_NEVER)
		return true;
	for (unsigned i = 0; i < index; i++) {
		if (points[i].point != NULL && points[i].poll == MAP_NEVER)
			continue;
		if (strcmp(map_text_point_name(&points[i]), name) == 0)
			return MAP_REFUSE(check,
			    point->point != NULL ? "point" : "name",
			    "point '%s' is there already", name);
	}
	return true;
}

static bool
check_name(struct map_check *check, unsigned index)
{
	struct map_text_point *point = &check->text->points[index];

	if ((point->point == NULL) == (point->name == NULL))
		return MAP_REFUSE(check, NULL,
		    point->point == NULL ? "point or name is missing"
					 : "either a point or a name");
	if (point->name != NULL)
		return check_own_name(check, point) && check_once(check, index);
	if (!quantity_parse(point->point, &point->quantity))
		return refuse_quantity(check, point->point);
	return check_once(check, index);
}

/* --- numbers ---------------------------------------------------------------
 */

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
	{ "GWh", "Wh", 1e9 },
	{ "V", "V", 1 },
	{ "mV", "V", 1e-3 },
	{ "A", "A", 1 },
	{ "mA", "A", 1e-3 },
	{ "Hz", "Hz", 1 },
	{ "varh", "varh", 1 },
	{ "kvarh", "varh", 1e3 },
	{ "%", "%", 1 },
	{ "C", "C", 1 },
	{ "none", "", 1 },
};

static bool
refuse_unit(struct map_check *check, const struct map_text_point *point,
    const char *base)
{
	char known[80] = "";
	for (size_t i = 0; i < COUNT(units); i++) {
		size_t used = strlen(known);
		if (strcmp(units[i].base, base) == 0)
			snprintf(known + used, sizeof(known) - used, " %s",
			    units[i].name);
	}
	return MAP_REFUSE(
	    check, "unit", "unit of %s must be one of%s", point->point, known);
}

/* Turns scale and range into those of the base unit. */
static bool
check_unit(struct map_check *check, struct map_text_point *point)
{
	const char *base = quantity_unit(point->quantity);
	const char *unit = point->unit != NULL ? point->unit : "none";
	for (size_t i = 0; i < COUNT(units); i++)
		if (strcmp(units[i].base, base) == 0 &&
		    strcmp(units[i].name, unit) == 0) {
			point->scale *= units[i].factor;
			point->min *= units[i].factor;
			point->max *= units[i].factor;
			return true;
		}
	return refuse_unit(check, point, base);
}

static bool
check_own_unit(struct map_check *check, const struct map_text_point *point)
{
	if (point->unit != NULL && strlen(point->unit) > UNIT_MAX)
		return MAP_REFUSE(check, "unit",
		    "a unit has at most %u characters", (unsigned)UNIT_MAX);
	return true;
}

static bool
is_number(enum map_type type)
{
	return type != MAP_STRING && type != MAP_BYTES && type != MAP_DATETIME;
}

static bool
check_scale(struct map_check *check, struct map_text_point *point)
{
	bool has = yaml_file_has(check->file, check->block, "scale");
	double size;

	if (!is_number(point->type) &&
	    (has || yaml_file_has(check->file, check->block, "offset") ||
		point->scale_point != NULL || point->point != NULL))
		return MAP_REFUSE(check, "type",
		    "a text has neither scale nor offset, and is no quantity");
	if (!has)
		point->scale = 1;
	size = fabs(point->scale);
	if (!(size >= 1e-9 && size <= 1e9))
		return MAP_REFUSE(check, "scale",
		    "scale must be 0.000000001 .. 1000000000, or the same "
		    "negative");
	if (!(fabs(point->offset) <= 1e9))
		return MAP_REFUSE(check, "offset",
		    "offset must be -1000000000 .. 1000000000");
	return point->point != NULL ? check_unit(check, point)
	                            : check_own_unit(check, point);
}

static bool
check_scale_point(struct map_check *check, const struct map_text_point *point)
{
	const struct map_text *text = check->text;

	if (point->scale_point == NULL)
		return true;
	for (unsigned i = 0; i < text->points_count; i++) {
		const struct map_text_point *other = &text->points[i];
		const char *name = map_text_point_name(other);

		if (name == NULL || strcmp(name, point->scale_point) != 0)
			continue;
		if (other->type != MAP_S16 || other->scale_point != NULL)
			return MAP_REFUSE(check, "scale_point",
			    "a power of ten is a s16 without a scale_point");
		return true;
	}
	return MAP_REFUSE(
	    check, "scale_point", "there is no point '%s'", point->scale_point);
}

static bool
check_invalid(struct map_check *check, const struct map_text_point *point)
{
	unsigned words = map_type_words(point->type);

	if (point->invalid_count > 0 && !is_number(point->type))
		return MAP_REFUSE(check, "invalid", "a text is never invalid");
	for (unsigned i = 0; i < point->invalid_count; i++) {
		if (words < 4 && point->invalid[i] >> (16 * words) != 0)
			return MAP_REFUSE(check, "invalid",
			    "0x%llx is longer than %u register%s",
			    (unsigned long long)point->invalid[i], words,
			    words > 1 ? "s" : "");
	}
	return true;
}

static bool
check_values(struct map_check *check, const struct map_text_point *point)
{
	char reason[128];
	bool bits = point->type == MAP_BITS16 || point->type == MAP_BITS32;

	if (point->values == NULL)
		return true;
	if (!is_number(point->type) || point->type == MAP_F32 ||
	    point->type == MAP_F64)
		return MAP_REFUSE(
		    check, "values", "only whole numbers and bits have values");
	if (!map_choice_check(point->values, bits,
		16 * map_type_words(point->type), reason, sizeof(reason)))
		return MAP_REFUSE(check, "values", "%s", reason);
	return true;
}

/* --- places ----------------------------------------------------------------
 */

static bool
check_words(struct map_check *check, struct map_text_point *point)
{
	bool has = yaml_file_has(check->file, check->block, "words");
	uint32_t fixed = map_type_words(point->type);

	if (fixed != 0) {
		if (has && point->words != fixed)
			return MAP_REFUSE(check, "words",
			    "this type has %u register%s", fixed,
			    fixed > 1 ? "s" : "");
		point->words = fixed;
	} else if (!has || point->words == 0 || point->words > MAP_WORDS_MAX) {
		return MAP_REFUSE(check, "words",
		    "how many registers: words must be 1 .. %u",
		    (unsigned)MAP_WORDS_MAX);
	}
	if (point->words > check->text->words_max) {
		check->block[0] = '\0';
		return MAP_REFUSE(check, "words_max",
		    "words_max %u is too small to read %s",
		    check->text->words_max, map_text_point_name(point));
	}
	return true;
}

static bool
check_function(struct map_check *check, struct map_text_point *point)
{
	if (!yaml_file_has(check->file, check->block, "function"))
		point->function = check->text->function;
	if (point->function < 1 || point->function > 4)
		return MAP_REFUSE(check, "function", "function must be 1 .. 4");
	if (point->function < 3 && point->type != MAP_BOOL)
		return MAP_REFUSE(
		    check, "type", "functions 1 and 2 read bool alone");
	if (!yaml_file_has(check->file, check->block, "word_order"))
		point->word_order = check->text->word_order;
	if (point->model > MODEL_MAX)
		return MAP_REFUSE(
		    check, "model", "model must be 1 .. %u", MODEL_MAX);
	if (point->model > 0 &&
	    (check->text->sunspec == NULL || point->function != 3))
		return MAP_REFUSE(check, "model",
		    "a model needs sunspec in the header, and function 3");
	return true;
}

/* What a shown meter has is in its blocks. */
static bool
check_in_block(struct map_check *check, const struct map_text_point *point)
{
	uint32_t words = point->words;

	if (point->address > REGISTERS - words)
		return MAP_REFUSE(check, "address", "address must be 0 .. %u",
		    REGISTERS - words);
	if (check->text->kind == MAP_METER && point->point != NULL &&
	    point->model == 0 && point->function == check->text->function &&
	    !map_check_in_block(check->text, point->address, words))
		return MAP_REFUSE(check, "address",
		    "registers %u .. %u are not in any block", point->address,
		    point->address + words - 1);
	return true;
}

static bool
check_in_hole(struct map_check *check, const struct map_text_point *point)
{
	for (unsigned i = 0; i < check->text->holes_count; i++) {
		const struct map_text_hole *hole = &check->text->holes[i];

		if (hole->function == point->function && point->model == 0 &&
		    point->access != MAP_TEXT_W &&
		    map_check_overlap(point->address, point->words,
			hole->address, hole->count))
			return MAP_REFUSE(check, "address",
			    "is in the hole at %u, which is never read",
			    hole->address);
	}
	return true;
}

/* One may be what is read there and the other what is written. */
static bool
is_shared(const struct map_text_point *a, const struct map_text_point *b)
{
	return a->function == b->function && a->model == b->model &&
	       !(a->access == MAP_TEXT_R && b->access == MAP_TEXT_W) &&
	       !(a->access == MAP_TEXT_W && b->access == MAP_TEXT_R) &&
	       map_check_overlap(a->address, a->words, b->address, b->words);
}

static bool
check_apart(struct map_check *check, unsigned index)
{
	const struct map_text_point *points = check->text->points;

	for (unsigned i = 0; i < index; i++) {
		if (is_shared(&points[i], &points[index]))
			return MAP_REFUSE(check, "address",
			    "overlaps the registers of %s",
			    map_text_point_name(&points[i]));
	}
	return true;
}

/* --- writing ---------------------------------------------------------------
 */

static bool
check_range(struct map_check *check, const struct map_text_point *point)
{
	bool has_min = yaml_file_has(check->file, check->block, "min");
	bool has_max = yaml_file_has(check->file, check->block, "max");

	if (has_min != has_max)
		return MAP_REFUSE(
		    check, has_min ? "min" : "max", "min and max go together");
	if (has_min && !(point->min <= point->max))
		return MAP_REFUSE(check, "min", "min is more than max");
	return true;
}

static bool
check_read_only(struct map_check *check)
{
	static const char *const keys[] = { "write_function", "memory", "life",
		"min", "max" };

	for (size_t i = 0; i < COUNT(keys); i++) {
		if (yaml_file_has(check->file, check->block, keys[i]))
			return MAP_REFUSE(check, keys[i],
			    "%s, but access does not allow to write", keys[i]);
	}
	return true;
}

static bool
check_write_function(struct map_check *check, struct map_text_point *point)
{
	bool coil = point->function == 1;
	uint32_t one = coil ? 5 : 6, more = coil ? 15 : 16;

	if (!yaml_file_has(check->file, check->block, "write_function"))
		point->write_function = point->words == 1 ? one : more;
	if (point->write_function != one && point->write_function != more)
		return MAP_REFUSE(check, "write_function",
		    "write_function must be %u or %u", one, more);
	if (point->write_function == one && point->words > 1)
		return MAP_REFUSE(check, "write_function",
		    "function %u writes one register, not %u", one,
		    point->words);
	return true;
}

static bool
check_access(struct map_check *check, struct map_text_point *point)
{
	if (point->access == MAP_TEXT_R)
		return check_read_only(check);
	if (point->function != 1 && point->function != 3)
		return MAP_REFUSE(check, "access",
		    "what function %u reads cannot be written",
		    point->function);
	if (point->confidence == MAP_CONFLICT)
		return MAP_REFUSE(check, "access",
		    "the witnesses disagree: it cannot be written");
	if (point->access == MAP_TEXT_W && point->poll != MAP_SLOW &&
	    point->poll != MAP_NEVER)
		return MAP_REFUSE(check, "poll", "it cannot be read");
	if (!yaml_file_has(check->file, check->block, "life"))
		point->life = LIFE_DEFAULT;
	else if (point->memory != MAP_TEXT_STORED || point->life == 0)
		return MAP_REFUSE(check, "life",
		    "life is how many writes stored memory is good for");
	return check_write_function(check, point) && check_range(check, point);
}

static bool
check_point(struct map_check *check, unsigned index)
{
	struct map_text_point *point = &check->text->points[index];

	map_check_enter(check, "points", index);
	return check_name(check, index) && check_function(check, point) &&
	       check_words(check, point) && check_access(check, point) &&
	       check_scale(check, point) && check_scale_point(check, point) &&
	       check_invalid(check, point) && check_values(check, point) &&
	       check_in_block(check, point) && check_in_hole(check, point) &&
	       check_apart(check, index);
}

bool
map_check_point_all(struct map_check *check)
{
	const struct map_text *text = check->text;
	unsigned copies = 0;

	for (unsigned i = 0; i < text->points_count; i++) {
		if (!check_point(check, i))
			return false;
		if (text->points[i].point != NULL &&
		    text->points[i].poll == MAP_NEVER)
			copies++;
		if (copies > MAP_POINTS_MAX)
			return MAP_REFUSE(check, "poll",
			    "more than %u second places",
			    (unsigned)MAP_POINTS_MAX);
	}
	return true;
}
