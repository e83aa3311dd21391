/* SPDX-License-Identifier: MIT */
#include "tests/house/witness.h"

#include <math.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum form {
	FORM_UNSIGNED,
	FORM_SIGNED,
	FORM_SINGLE,
	FORM_DOUBLE,
	FORM_DECIMAL, /* four digits, one in four bits */
	FORM_TEXT,
	FORM_DUMP,
	FORM_MOMENT,
};

/* SunSpec's marks for "not implemented" need not be told by the map. */
static const struct kind {
	enum form form;
	bool has_mark;
	uint64_t mark;
} kinds[MAP_TYPE_COUNT] = {
	[MAP_U16] = { FORM_UNSIGNED, true, 0xffff },
	[MAP_S16] = { FORM_SIGNED, true, 0x8000 },
	[MAP_U32] = { FORM_UNSIGNED, true, 0xffffffff },
	[MAP_S32] = { FORM_SIGNED, true, 0x80000000 },
	[MAP_F32] = { FORM_SINGLE, false, 0 },
	[MAP_U64] = { FORM_UNSIGNED, true, UINT64_MAX },
	[MAP_S64] = { FORM_SIGNED, true, UINT64_C(1) << 63 },
	[MAP_F64] = { FORM_DOUBLE, false, 0 },
	[MAP_BOOL] = { FORM_UNSIGNED, false, 0 },
	[MAP_ENUM16] = { FORM_UNSIGNED, true, 0xffff },
	[MAP_BITS16] = { FORM_UNSIGNED, true, 0xffff },
	[MAP_BITS32] = { FORM_UNSIGNED, true, 0xffffffff },
	[MAP_BCD16] = { FORM_DECIMAL, false, 0 },
	[MAP_HEX16] = { FORM_UNSIGNED, true, 0xffff },
	[MAP_STRING] = { FORM_TEXT, false, 0 },
	[MAP_BYTES] = { FORM_DUMP, false, 0 },
	[MAP_DATETIME] = { FORM_MOMENT, false, 0 },
};

static const struct kind *
kind_of(const struct map_entry *entry)
{
	return &kinds[entry->type];
}

static bool
is_text(const struct map_entry *entry)
{
	return kind_of(entry)->form >= FORM_TEXT;
}

/* Which register holds the i-th part, the highest being the 0th. */
static unsigned
place(const struct map_entry *entry, unsigned i)
{
	return entry->word_order == MAP_LOW_WORD_FIRST ? entry->words - 1U - i
	                                               : i;
}

static uint64_t
gather(const struct map_entry *entry, const uint16_t *words)
{
	uint64_t raw = 0;

	for (unsigned i = 0; i < entry->words; i++)
		raw = raw * 65536 + words[place(entry, i)];
	return raw;
}

static void
spread(const struct map_entry *entry, uint64_t raw, uint16_t *words)
{
	for (unsigned i = entry->words; i-- > 0; raw /= 65536)
		words[place(entry, i)] = (uint16_t)(raw % 65536);
}

/* Raw numbers */

static int
bits_of(const struct map_entry *entry)
{
	return 16 * entry->words;
}

static long double
factor(const struct map_entry *entry, int scale10)
{
	return (long double)entry->scale * powl(10, scale10);
}

/* In two steps, so that the sign bit is never shifted. */
static long double
as_signed(const struct map_entry *entry, uint64_t raw)
{
	long double half = ldexpl(1, bits_of(entry) - 1);
	long double value = (long double)raw;

	return value >= half ? value - 2 * half : value;
}

/* libmodbus has the low word first here, in every version. */
static long double
as_single(const struct map_entry *entry, const uint16_t *words)
{
	uint16_t low_first[2] = { words[place(entry, 1)],
		words[place(entry, 0)] };

	return (long double)modbus_get_float(low_first);
}

static long double
as_double(uint64_t raw)
{
	double value;

	memcpy(&value, &raw, sizeof(value));
	return (long double)value;
}

/* Its hexadecimal digits are the decimal ones. */
static long double
as_decimal(uint64_t raw)
{
	char digits[20];
	char *end;
	long value;

	(void)snprintf(digits, sizeof(digits), "%llx", (unsigned long long)raw);
	value = strtol(digits, &end, 10);
	return *end == '\0' ? (long double)value : (long double)NAN;
}

static bool
means_none(const struct map_entry *entry, uint64_t raw)
{
	for (unsigned i = 0; i < entry->invalid_count; i++)
		if (entry->invalid[i] == raw)
			return true;
	return entry->model != 0 && kind_of(entry)->has_mark &&
	       kind_of(entry)->mark == raw;
}

static void
get_number(const struct map_entry *entry, const uint16_t *words, int scale10,
    struct value *value)
{
	uint64_t raw = gather(entry, words);
	long double number = (long double)raw;

	switch (kind_of(entry)->form) {
	case FORM_SIGNED:
		number = as_signed(entry, raw);
		break;
	case FORM_SINGLE:
		number = as_single(entry, words);
		break;
	case FORM_DOUBLE:
		number = as_double(raw);
		break;
	case FORM_DECIMAL:
		number = as_decimal(raw);
		break;
	case FORM_UNSIGNED:
	case FORM_TEXT:
	case FORM_DUMP:
	case FORM_MOMENT:
		break;
	}
	number = (number - (long double)entry->offset) * factor(entry, scale10);
	if (means_none(entry, raw) || !isfinite((double)number))
		return;
	value->kind = VALUE_NUMBER;
	value->number = (double)number;
}

static bool
put_single(const struct map_entry *entry, long double number, uint16_t *words)
{
	uint16_t low_first[2];

	modbus_set_float((float)number, low_first);
	words[place(entry, 0)] = low_first[1];
	words[place(entry, 1)] = low_first[0];
	return isfinite((float)number);
}

static bool
put_double(const struct map_entry *entry, long double number, uint16_t *words)
{
	double value = (double)number;
	uint64_t raw;

	memcpy(&raw, &value, sizeof(raw));
	spread(entry, raw, words);
	return isfinite(value);
}

/* Negative numbers are counted from the top down. */
static bool
put_integer(const struct map_entry *entry, long double number, uint16_t *words)
{
	long double span = ldexpl(1, bits_of(entry));
	bool is_signed = kind_of(entry)->form == FORM_SIGNED;
	long double low = is_signed ? -span / 2 : 0;

	number = roundl(number);
	if (!(number >= low && number < low + span))
		return false;
	spread(entry, (uint64_t)(number < 0 ? number + span : number), words);
	return true;
}

static bool
put_decimal(const struct map_entry *entry, long double number, uint16_t *words)
{
	char digits[32];

	number = roundl(number);
	if (!(number >= 0 && number <= 9999))
		return false;
	(void)snprintf(digits, sizeof(digits), "%.0Lf", number);
	spread(entry, strtoul(digits, NULL, 16), words);
	return true;
}

static bool
put_raw(const struct map_entry *entry, long double number, uint16_t *words)
{
	switch (kind_of(entry)->form) {
	case FORM_SINGLE:
		return put_single(entry, number, words);
	case FORM_DOUBLE:
		return put_double(entry, number, words);
	case FORM_DECIMAL:
		return put_decimal(entry, number, words);
	case FORM_UNSIGNED:
	case FORM_SIGNED:
	case FORM_TEXT:
	case FORM_DUMP:
	case FORM_MOMENT:
		break;
	}
	return put_integer(entry, number, words);
}

/* What would mean "not available" cannot be told either. */
static bool
put_number(
    const struct map_entry *entry, double value, int scale10, uint16_t *words)
{
	long double number = (long double)value / factor(entry, scale10) +
	                     (long double)entry->offset;

	if (entry->type == MAP_BOOL && value != 0 && value != 1)
		return false;
	return put_raw(entry, number, words) &&
	       !means_none(entry, gather(entry, words));
}

/* Texts: bytes, of each register the high one first. */

static unsigned
byte_at(const uint16_t *words, unsigned i)
{
	return i % 2 == 0 ? words[i / 2] / 256U : words[i / 2] % 256U;
}

static void
put_bytes(const struct map_entry *entry, const uint8_t *bytes, unsigned length,
    uint16_t *words)
{
	for (unsigned i = 0; i < 2U * entry->words; i++) {
		unsigned byte = i < length ? bytes[i] : 0;

		if (i % 2 == 0)
			words[i / 2] = (uint16_t)(byte * 256);
		else
			words[i / 2] = (uint16_t)(words[i / 2] + byte);
	}
}

static void
get_text(
    const struct map_entry *entry, const uint16_t *words, struct value *value)
{
	unsigned length = 0;

	while (length < 2U * entry->words && length < VALUE_TEXT_SIZE - 1 &&
	       byte_at(words, length) != 0) {
		value->text[length] = (char)byte_at(words, length);
		length++;
	}
	while (length > 0 && value->text[length - 1] == ' ')
		length--;
	value->text[length] = '\0';
	value->kind = VALUE_TEXT;
}

static void
get_dump(
    const struct map_entry *entry, const uint16_t *words, struct value *value)
{
	value->kind = VALUE_TEXT;
	for (unsigned i = 0;
	     i < 2U * entry->words && 2 * i + 2 < VALUE_TEXT_SIZE; i++)
		(void)snprintf(
		    value->text + 2 * i, 3, "%02x", byte_at(words, i));
}

static bool
put_dump(const struct map_entry *entry, const char *text, uint16_t *words)
{
	uint8_t bytes[VALUE_TEXT_SIZE / 2];
	unsigned length = 0, byte;

	for (; text[0] != '\0' && length < sizeof(bytes); text += 2) {
		if (sscanf(text, "%2x", &byte) != 1 || text[1] == '\0')
			return false;
		bytes[length++] = (uint8_t)byte;
	}
	put_bytes(entry, bytes, length, words);
	return length == 2U * entry->words;
}

static void
get_moment(const uint16_t *words, struct value *value)
{
	unsigned year = words[0] < 100 ? words[0] + 2000U : words[0];

	if (words[1] < 1 || words[1] > 12 || words[2] < 1 || words[2] > 31 ||
	    words[3] > 23 || words[4] > 59 || words[5] > 60 || year > 9999)
		return;
	value->kind = VALUE_TEXT;
	(void)snprintf(value->text, sizeof(value->text),
	    "%04u-%02u-%02uT%02u:%02u:%02u", year, (unsigned)words[1],
	    (unsigned)words[2], (unsigned)words[3], (unsigned)words[4],
	    (unsigned)words[5]);
}

static bool
put_moment(const char *text, uint16_t *words)
{
	return sscanf(text, "%hu-%hu-%huT%hu:%hu:%hu", &words[0], &words[1],
		   &words[2], &words[3], &words[4], &words[5]) == 6;
}

static bool
put_text(const struct map_entry *entry, const char *text, uint16_t *words)
{
	size_t length = strlen(text);

	if (kind_of(entry)->form == FORM_DUMP)
		return put_dump(entry, text, words);
	if (kind_of(entry)->form == FORM_MOMENT)
		return put_moment(text, words);
	put_bytes(entry, (const uint8_t *)text, (unsigned)length, words);
	return length <= 2U * entry->words;
}

static bool
put_none(const struct map_entry *entry, uint16_t *words)
{
	const struct kind *kind = kind_of(entry);

	if (entry->invalid_count > 0)
		spread(entry, entry->invalid[0], words);
	else if (entry->model != 0 && kind->has_mark)
		spread(entry, kind->mark, words);
	else if (kind->form == FORM_SINGLE)
		spread(entry, 0x7fc00000, words);
	else if (kind->form == FORM_DOUBLE)
		spread(entry, UINT64_C(0x7ff8) << 48, words);
	else
		return false;
	return true;
}

void
witness_get(const struct map_entry *entry, const uint16_t *words, int scale10,
    struct value *value)
{
	memset(value, 0, sizeof(*value));
	value->kind = VALUE_NONE;
	switch (kind_of(entry)->form) {
	case FORM_TEXT:
		get_text(entry, words, value);
		return;
	case FORM_DUMP:
		get_dump(entry, words, value);
		return;
	case FORM_MOMENT:
		get_moment(words, value);
		return;
	case FORM_UNSIGNED:
	case FORM_SIGNED:
	case FORM_SINGLE:
	case FORM_DOUBLE:
	case FORM_DECIMAL:
		break;
	}
	get_number(entry, words, scale10, value);
}

bool
witness_put(const struct map_entry *entry, const struct value *value,
    int scale10, uint16_t *words)
{
	if (value->kind == VALUE_NONE)
		return put_none(entry, words);
	if (is_text(entry) != (value->kind == VALUE_TEXT))
		return false;
	if (is_text(entry))
		return put_text(entry, value->text, words);
	return put_number(entry, value->number, scale10, words);
}

double
witness_step(const struct map_entry *entry, int scale10, double number)
{
	if (is_text(entry))
		return 0;
	if (kind_of(entry)->form == FORM_SINGLE)
		return fabs(number) * 0x1p-23;
	if (kind_of(entry)->form == FORM_DOUBLE)
		return fabs(number) * 0x1p-52;
	return (double)fabsl(factor(entry, scale10));
}

void
witness_words(const struct map_entry *entry, const struct value *value,
    char *text, unsigned size)
{
	bool bits = entry->type == MAP_BITS16 || entry->type == MAP_BITS32;
	double raw = round(value->number / entry->scale + entry->offset);
	unsigned length = 0;

	text[0] = '\0';
	if (value->kind != VALUE_NUMBER)
		return;
	for (unsigned i = 0; i < entry->choices_count && length < size; i++) {
		const struct map_choice *choice = &entry->choices[i];
		double bit = exp2(choice->raw);
		bool holds =
		    bits ? fmod(floor(raw / bit), 2) == 1 : raw == choice->raw;

		if (holds)
			length +=
			    (unsigned)snprintf(text + length, size - length,
				"%s%s", length > 0 ? ", " : "", choice->text);
	}
}
