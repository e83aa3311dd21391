/* SPDX-License-Identifier: MIT */
#include "proxy/import_row.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/import_access.h"
#include "proxy/import_values.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct reading {
	const struct import_head *head;
	const struct import_fields *fields;
	struct import_row *row;
	struct import_report *report;
};

#define SAY(r, ...)                                                            \
	import_say((r)->report, (r)->row->line, (r)->row->name, __VA_ARGS__)

static const char *
field(const struct reading *r, enum import_column column)
{
	return r->fields->text[column];
}

/* --- where -----------------------------------------------------------------
 */

/* 30001 and 300001 are input register 0, 40001 and 400001 holding register 0.
 */
static bool
from_vendor(unsigned number, unsigned *address, unsigned *function)
{
	static const struct {
		unsigned first, last, function;
	} rows[] = {
		{ 1, 9999, 1 },
		{ 10001, 19999, 2 },
		{ 30001, 39999, 4 },
		{ 40001, 49999, 3 },
		{ 100001, 165536, 2 },
		{ 300001, 365536, 4 },
		{ 400001, 465536, 3 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (number >= rows[i].first && number <= rows[i].last) {
			*address = number - rows[i].first;
			*function = rows[i].function;
			return true;
		}
	}
	return false;
}

static bool
convert_address(struct reading *r, unsigned number)
{
	struct import_row *row = r->row;

	switch (r->head->addressing) {
	case IMPORT_UNTOLD:
	case IMPORT_ZERO:
		row->address = number;
		return true;
	case IMPORT_ONE:
		row->address = number - 1;
		return number > 0;
	case IMPORT_VENDOR:
		return from_vendor(number, &row->address, &row->function);
	}
	return false;
}

/* "3059", "0x0BF3", "0BF3h", "30001-30002". */
static bool
read_address(struct reading *r)
{
	const char *text = field(r, IMPORT_COLUMN_ADDRESS);
	unsigned number, last;
	const char *end;
	double value;

	if (text[0] == '\0')
		text = field(r, IMPORT_COLUMN_ADDRESS_HEX);
	if (import_word_number(text, &value) && value >= 0 && value < 1e6 &&
	    value == floor(value)) {
		number = last = (unsigned)value;
	} else if (!import_word_count(text, &number, &end) || end[0] == '\0' ||
		   strchr("-./ ", *end) == NULL ||
		   !import_word_count(end + strspn(end, "-./ "), &last, &end) ||
		   *end != '\0' || last < number || last - number > 124) {
		SAY(r, "'%s' is no address", text);
		return false;
	}
	if (!convert_address(r, number) || r->row->address > 65535) {
		SAY(r, "address %u is out of range", number);
		return false;
	}
	if (last > number && field(r, IMPORT_COLUMN_COUNT)[0] == '\0')
		r->row->words = last - number + 1;
	return true;
}

/* 3, 0x03, "holding", "Input Register". */
static bool
read_function(struct reading *r)
{
	static const struct {
		const char *begins;
		unsigned function;
	} words[] = {
		{ "hold", 3 },
		{ "input", 4 },
		{ "coil", 1 },
		{ "discrete", 2 },
		{ "hr", 3 },
		{ "ir", 4 },
	};
	const char *text = field(r, IMPORT_COLUMN_FUNCTION);
	char lower[24];
	const char *end;
	unsigned function;

	if (text[0] == '\0' || r->head->addressing == IMPORT_VENDOR)
		return true;
	import_word_lower(lower, sizeof(lower), text);
	for (size_t i = 0; i < COUNT(words); i++) {
		if (strncmp(lower, words[i].begins, strlen(words[i].begins)) ==
		    0) {
			r->row->function = words[i].function;
			return true;
		}
	}
	if (!import_word_count(text, &function, &end) || function < 1 ||
	    function > 4) {
		SAY(r, "'%s' is no function that reads Modbus registers", text);
		return false;
	}
	r->row->function = function;
	return true;
}

/* --- what ------------------------------------------------------------------
 */

static enum map_type
type_of_count(enum map_type type, unsigned count)
{
	static const struct {
		enum map_type from, to;
		unsigned count;
	} rows[] = {
		{ MAP_U16, MAP_U32, 2 },
		{ MAP_S16, MAP_S32, 2 },
		{ MAP_BCD16, MAP_BYTES, 2 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].from == type && rows[i].count == count)
			return rows[i].to;
	return type;
}

/* Words and type must agree; "unsigned" of two registers is u32. */
static bool
read_type(struct reading *r)
{
	const char *text = field(r, IMPORT_COLUMN_TYPE);
	const char *count = field(r, IMPORT_COLUMN_COUNT);
	struct import_row *row = r->row;
	const char *end;
	unsigned fixed;

	if (!import_word_type(text, &row->type)) {
		SAY(r, text[0] == '\0' ? "has no type%s" : "'%s' is no type",
		    text);
		return false;
	}
	if (count[0] != '\0' &&
	    (!import_word_count(count, &row->words, &end) || *end != '\0')) {
		SAY(r, "'%s' is no number of registers", count);
		return false;
	}
	row->type = type_of_count(row->type, row->words);
	fixed = map_type_words(row->type);
	if (row->words == 0)
		row->words = fixed;
	if (row->words == 0 || row->words > MAP_WORDS_MAX ||
	    (fixed != 0 && row->words != fixed)) {
		SAY(r, "%u registers do not make a %s", row->words, text);
		return false;
	}
	if ((row->function == 1 || row->function == 2) &&
	    row->type != MAP_BOOL) {
		SAY(r, "function %u reads bool alone", row->function);
		return false;
	}
	if (row->address + row->words > 65536) {
		SAY(r, "address %u is out of range", row->address);
		return false;
	}
	return true;
}

static void
read_word_order(struct reading *r)
{
	char lower[16];
	const char *text = field(r, IMPORT_COLUMN_WORD_ORDER);

	import_word_lower(lower, sizeof(lower), text);
	if (r->row->words < 2 || lower[0] == '\0' || lower[0] == '-')
		return;
	r->row->word_order_told = true;
	if (strncmp(lower, "lo", 2) == 0 || strncmp(lower, "lit", 3) == 0 ||
	    strcmp(lower, "cdab") == 0)
		r->row->word_order = MAP_LOW_WORD_FIRST;
	else if (strncmp(lower, "hi", 2) == 0 ||
		 strncmp(lower, "big", 3) == 0 || strcmp(lower, "abcd") == 0)
		r->row->word_order = MAP_HIGH_WORD_FIRST;
	else {
		r->row->word_order_told = false;
		SAY(r, "'%s' is no word order; the map's is taken", text);
	}
}

static bool
read_factor(struct reading *r, enum import_column column, double *value)
{
	const char *text = field(r, column);

	if (text[0] == '\0')
		return true;
	if (import_word_number(text, value) && isfinite(*value) &&
	    fabs(*value) <= 1e9 &&
	    (column != IMPORT_COLUMN_SCALE || fabs(*value) >= 1e-9))
		return true;
	SAY(r, "'%s' is no %s", text,
	    column == IMPORT_COLUMN_SCALE ? "scale" : "offset");
	return false;
}

static void
read_unit(struct reading *r)
{
	const char *text = import_word_unit(field(r, IMPORT_COLUMN_UNIT));

	if (strlen(text) >= IMPORT_UNIT_SIZE) {
		SAY(r, "'%s' is too long for a unit; left out", text);
		text = "";
	}
	import_word_plain(r->row->unit, sizeof(r->row->unit), text);
}

static void
read_poll(struct reading *r)
{
	static const struct {
		const char *word;
		enum map_poll poll;
	} words[] = {
		{ "fast", MAP_FAST },
		{ "once", MAP_ONCE },
		{ "never", MAP_NEVER },
		{ "slow", MAP_SLOW },
		{ "med", MAP_SLOW },
		{ "", MAP_SLOW },
	};
	const char *text = field(r, IMPORT_COLUMN_POLL);

	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcmp(text, words[i].word) == 0) {
			r->row->poll = words[i].poll;
			return;
		}
	}
	SAY(r, "'%s' is no word of poll; slow is taken", text);
}

static void
read_confidence(struct reading *r)
{
	const char *text = field(r, IMPORT_COLUMN_CONFIDENCE);

	r->row->confidence = MAP_TWO;
	if (strcmp(text, "conflict") == 0)
		r->row->confidence = MAP_CONFLICT;
	else if (strcmp(text, "two") != 0)
		r->row->confidence = MAP_ONE;
}

/* "0xFFFF = not available" */
static void
read_invalid(struct reading *r)
{
	const char *at = r->row->meaning;

	while ((at = strstr(at, "0x")) != NULL &&
	       r->row->invalid_count < MAP_INVALID_MAX) {
		char *end;
		unsigned long long raw = strtoull(at, &end, 16);
		unsigned bits = 16 * r->row->words;

		at = end > at ? end : at + 2;
		end += strspn(end, " =");
		if ((strncmp(end, "not ", 4) == 0 ||
			strncmp(end, "unavailable", 11) == 0) &&
		    map_type_words(r->row->type) > 0 &&
		    (bits >= 64 || raw >> bits == 0))
			r->row->invalid[r->row->invalid_count++] = raw;
	}
}

static bool
read_name(struct reading *r)
{
	const char *name = field(r, IMPORT_COLUMN_NAME);
	const char *point = field(r, IMPORT_COLUMN_POINT);

	import_word_snake(
	    r->row->name, sizeof(r->row->name), name[0] != '\0' ? name : point);
	if (r->row->name[0] == '\0') {
		SAY(r, "has no name");
		return false;
	}
	r->row->no_quantity = strcmp(point, "-") == 0;
	if (point[0] == '\0' || r->row->no_quantity)
		return true;
	if (!quantity_parse(point, &r->row->quantity)) {
		r->row->quantity = QUANTITY_COUNT;
		SAY(r, "'%s' is no quantity; it keeps its name", point);
	}
	return true;
}

/* The table said which quantity it is; the unit must still be one of it. */
static void
check_told_quantity(struct reading *r)
{
	struct import_row *row = r->row;
	const char *unit = row->unit;

	if (row->quantity == QUANTITY_COUNT)
		return;
	if (row->type == MAP_STRING || row->type == MAP_BYTES ||
	    row->type == MAP_DATETIME) {
		SAY(r, "a text is no quantity; it keeps its name");
		row->quantity = QUANTITY_COUNT;
		return;
	}
	if (!import_word_fit(
		&unit, quantity_unit(row->quantity), &row->scale)) {
		SAY(r, "'%s' is no unit of %s; it keeps its name", unit,
		    quantity_name(row->quantity));
		row->quantity = QUANTITY_COUNT;
	} else if (unit != row->unit) {
		import_word_plain(row->unit, sizeof(row->unit), unit);
	}
}

bool
import_row_read(const struct import_head *head,
    const struct import_fields *fields, struct import_row *row,
    struct import_report *report)
{
	struct reading r = {
		.head = head, .fields = fields, .row = row, .report = report
	};

	*row = (struct import_row){ .line = fields->line,
		.quantity = QUANTITY_COUNT,
		.meaning = fields->text[IMPORT_COLUMN_MEANING],
		.model = head->model,
		.scale = 1,
		.scale_row = -1 };
	if (!read_name(&r) || !read_function(&r) || !read_address(&r) ||
	    !read_type(&r) ||
	    !read_factor(&r, IMPORT_COLUMN_SCALE, &row->scale) ||
	    !read_factor(&r, IMPORT_COLUMN_OFFSET, &row->offset))
		return false;
	read_word_order(&r);
	read_unit(&r);
	read_poll(&r);
	read_confidence(&r);
	read_invalid(&r);
	check_told_quantity(&r);
	if (!import_access_read(head, fields, row, report))
		return false;
	row->values =
	    import_values_read(fields->text[IMPORT_COLUMN_VALUES], row, report);
	return true;
}

/* "0 or 60": from the one on, the other is what is not told. */
static bool
read_limit(const char *text, bool *also, double *value)
{
	const char * or = strstr(text, " or ");
	char first[24];

	*also = or != NULL;
	if (or == NULL)
		return import_word_number(text, value);
	import_word_plain(first,
	    (size_t)(or -text) + 1 < sizeof(first) ? (size_t)(or -text) + 1
						   : sizeof(first),
	    text);
	return import_word_number(first, value);
}

void
import_row_range(const struct import_fields *fields, struct import_row *row,
    struct import_report *report)
{
	const char *low = fields->text[IMPORT_COLUMN_MIN];
	const char *high = fields->text[IMPORT_COLUMN_MAX];
	bool also_low = false, also_high = false;
	double min, max;

	if (row->access == IMPORT_R || (low[0] == '\0' && high[0] == '\0'))
		return;
	if (!read_limit(low, &also_low, &min) ||
	    !read_limit(high, &also_high, &max) || also_high ||
	    !(fabs(min) <= 1e9 && fabs(max) <= 1e9)) {
		import_say(report, row->line, row->name,
		    "min '%s' and max '%s' make no range: it is written by "
		    "hand "
		    "alone",
		    low, high);
		return;
	}
	if (also_low)
		import_say(report, row->line, row->name,
		    "of '%s' only the first is taken for min", low);
	min = (min - row->offset) * row->scale;
	max = (max - row->offset) * row->scale;
	row->min = min < max ? min : max;
	row->max = min < max ? max : min;
	row->has_range = row->scale_row < 0;
}
