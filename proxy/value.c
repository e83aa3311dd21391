/* SPDX-License-Identifier: MIT */
#include "proxy/value.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/raw.h"

enum { SCALE10_MAX = 10, DECIMALS_MAX = 9, YEAR_SHORT = 2000 };

/* --- raw numbers -----------------------------------------------------------
 */

/* SunSpec: the largest unsigned, the least signed. */
static bool
is_sunspec_mark(const struct map_entry *entry, uint64_t raw)
{
	unsigned bits = raw_bits(entry->type);
	uint64_t all = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
	uint64_t mark = raw_is_signed(entry->type) ? all / 2 + 1 : all;

	return entry->model > 0 && !raw_is_float(entry->type) && raw == mark;
}

static bool
is_invalid(const struct map_entry *entry, uint64_t raw)
{
	for (unsigned i = 0; i < entry->invalid_count; i++) {
		if (entry->invalid[i] == raw)
			return true;
	}
	return is_sunspec_mark(entry, raw);
}

static double
factor_of(const struct map_entry *entry, int scale10)
{
	return entry->scale * pow(10, scale10);
}

/* --- texts -----------------------------------------------------------------
 */

static void
get_string(const uint16_t *words, unsigned count, char *text, unsigned size)
{
	unsigned length = 0, kept = 0;

	for (unsigned i = 0; i < 2 * count && length + 1 < size; i++) {
		unsigned char c =
		    (unsigned char)(i % 2 == 0 ? (unsigned)words[i / 2] >> 8
					       : words[i / 2]);

		if (c == '\0')
			break;
		text[length++] = (char)(isprint(c) ? c : '?');
		if (c != ' ')
			kept = length;
	}
	text[kept] = '\0';
}

static void
get_bytes(const uint16_t *words, unsigned count, char *text, unsigned size)
{
	text[0] = '\0';
	for (unsigned i = 0; i < count && 4 * i + 5 <= size; i++)
		snprintf(text + 4 * i, size - 4 * i, "%04x", words[i]);
}

static bool
get_datetime(const uint16_t *words, char *text, unsigned size)
{
	unsigned year = words[0] < 100 ? words[0] + YEAR_SHORT : words[0];

	if (year > 9999 || words[1] < 1 || words[1] > 12 || words[2] < 1 ||
	    words[2] > 31 || words[3] > 23 || words[4] > 59 || words[5] > 60)
		return false;
	snprintf(text, size, "%04u-%02u-%02uT%02u:%02u:%02u", year, words[1],
	    words[2], words[3], words[4], words[5]);
	return true;
}

static void
get_text(
    const struct map_entry *entry, const uint16_t *words, struct value *value)
{
	bool good = true;

	if (entry->type == MAP_STRING)
		get_string(
		    words, entry->words, value->text, sizeof(value->text));
	else if (entry->type == MAP_BYTES)
		get_bytes(
		    words, entry->words, value->text, sizeof(value->text));
	else
		good = get_datetime(words, value->text, sizeof(value->text));
	value->kind = good ? VALUE_TEXT : VALUE_NONE;
}

/* --- out of registers ------------------------------------------------------
 */

static bool
is_text(const struct map_entry *entry)
{
	return raw_bits(entry->type) == 0;
}

void
value_get(const struct map_entry *entry, const uint16_t *words, int scale10,
    struct value *value)
{
	uint64_t raw;
	double number;

	memset(value, 0, sizeof(*value));
	if (is_text(entry)) {
		get_text(entry, words, value);
		return;
	}
	raw = raw_join(entry, words);
	number = raw_number(entry, raw);
	if (is_invalid(entry, raw) || !isfinite(number) ||
	    abs(scale10) > SCALE10_MAX)
		return;
	number = (number - entry->offset) * factor_of(entry, scale10);
	if (!isfinite(number))
		return;
	value->kind = VALUE_NUMBER;
	value->number = number;
}

double
value_step(const struct map_entry *entry, int scale10)
{
	if (is_text(entry) || raw_is_float(entry->type))
		return 0;
	return fabs(factor_of(entry, scale10));
}

/* --- into registers --------------------------------------------------------
 */

static bool
refuse(char *error, unsigned size, const char *what)
{
	snprintf(error, size, "%s", what);
	return false;
}

static bool
put_string(const struct map_entry *entry, const char *text, uint16_t *words,
    char *error, unsigned size)
{
	size_t length = strlen(text);

	if (length > 2u * entry->words)
		return refuse(error, size, "the text is too long");
	for (unsigned i = 0; i < 2u * entry->words; i++) {
		unsigned char c = i < length ? (unsigned char)text[i] : 0;
		unsigned high = i % 2 == 0 ? 0U : words[i / 2];

		words[i / 2] =
		    (uint16_t)(i % 2 == 0 ? (unsigned)c << 8 : high | c);
	}
	return true;
}

static bool
put_bytes(const struct map_entry *entry, const char *text, uint16_t *words,
    char *error, unsigned size)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");

	if (text[digits] != '\0' || digits != 4u * entry->words)
		return refuse(error, size,
		    "bytes are told by four hexadecimal digits a register");
	for (unsigned i = 0; i < entry->words; i++) {
		char four[5] = { 0 };

		memcpy(four, text + 4 * i, 4);
		words[i] = (uint16_t)strtoul(four, NULL, 16);
	}
	return true;
}

static bool
put_datetime(const char *text, uint16_t *words, char *error, unsigned size)
{
	char check[VALUE_TEXT_SIZE];
	unsigned part[6];
	int used = 0;

	if (sscanf(text, "%4u-%2u-%2uT%2u:%2u:%2u%n", &part[0], &part[1],
		&part[2], &part[3], &part[4], &part[5], &used) != 6 ||
	    text[used] != '\0')
		return refuse(
		    error, size, "a time is told as 2026-11-21T12:00:00");
	for (int i = 0; i < 6; i++)
		words[i] = (uint16_t)part[i];
	if (!get_datetime(words, check, sizeof(check)))
		return refuse(error, size, "there is no such time");
	return true;
}

static bool
put_text(const struct map_entry *entry, const struct value *value,
    uint16_t *words, char *error, unsigned size)
{
	if (value->kind != VALUE_TEXT)
		return refuse(error, size, "it holds a text");
	if (entry->type == MAP_STRING)
		return put_string(entry, value->text, words, error, size);
	if (entry->type == MAP_BYTES)
		return put_bytes(entry, value->text, words, error, size);
	return put_datetime(value->text, words, error, size);
}

bool
value_put(const struct map_entry *entry, const struct value *value, int scale10,
    uint16_t *words, char *error, unsigned error_size)
{
	double number;
	uint64_t raw;

	if (is_text(entry))
		return put_text(entry, value, words, error, error_size);
	if (value->kind != VALUE_NUMBER || !isfinite(value->number))
		return refuse(error, error_size, "it holds a number");
	if (abs(scale10) > SCALE10_MAX)
		return refuse(error, error_size, "its scale is not known");
	number = value->number / factor_of(entry, scale10) + entry->offset;
	if (!raw_is_float(entry->type))
		number = round(number);
	if (!raw_fits(entry, number))
		return refuse(error, error_size,
		    "it is more than the registers can hold");
	raw = raw_make(entry, number);
	if (is_invalid(entry, raw))
		return refuse(error, error_size,
		    "in the registers that means: not available");
	raw_split(entry, raw, words);
	return true;
}

/* --- for people ------------------------------------------------------------
 */

static void
print_bits(
    const struct map_entry *entry, uint64_t raw, char *text, unsigned size)
{
	unsigned used = 0;

	text[0] = '\0';
	for (unsigned bit = 0; bit < raw_bits(entry->type); bit++) {
		const char *name = NULL;

		if ((raw >> bit & 1) == 0)
			continue;
		for (unsigned i = 0; i < entry->choices_count; i++)
			if (entry->choices[i].raw == bit)
				name = entry->choices[i].text;
		if (used < size)
			used += (unsigned)snprintf(text + used, size - used,
			    name != NULL ? "%s%s" : "%sb%.0s%u",
			    used > 0 ? ", " : "", name != NULL ? name : "",
			    bit);
	}
	if (used == 0)
		snprintf(text, size, "-");
}

static const char *
choice_of(const struct map_entry *entry, double number)
{
	double raw = number / entry->scale + entry->offset;

	for (unsigned i = 0; i < entry->choices_count; i++) {
		if (fabs(entry->choices[i].raw - raw) < 0.5)
			return entry->choices[i].text;
	}
	return NULL;
}

static int
decimals_of(const struct map_entry *entry)
{
	double step = value_step(entry, 0);
	int decimals = 0;

	while (decimals < DECIMALS_MAX &&
	       fabs(step * pow(10, decimals) -
		    round(step * pow(10, decimals))) > 1e-6)
		decimals++;
	return decimals;
}

static void
print_number(
    const struct map_entry *entry, double number, char *text, unsigned size)
{
	const char *choice = choice_of(entry, number);
	const char *space = entry->unit[0] != '\0' ? " " : "";

	if (raw_is_float(entry->type) || entry->scale_entry >= 0)
		snprintf(text, size, "%.7g%s%s", number, space, entry->unit);
	else if (choice != NULL)
		snprintf(text, size, "%.0f (%s)", number, choice);
	else
		snprintf(text, size, "%.*f%s%s", decimals_of(entry), number,
		    space, entry->unit);
}

void
value_print(const struct map_entry *entry, const struct value *value,
    char *text, unsigned size)
{
	if (value->kind == VALUE_NONE)
		snprintf(text, size, "none");
	else if (value->kind == VALUE_TEXT)
		snprintf(text, size, "%s", value->text);
	else if (entry->type == MAP_BITS16 || entry->type == MAP_BITS32)
		print_bits(entry, (uint64_t)value->number, text, size);
	else if (entry->type == MAP_HEX16)
		snprintf(text, size, "0x%04X", (unsigned)value->number);
	else
		print_number(entry, value->number, text, size);
}

bool
value_parse(const struct map_entry *entry, const char *text,
    struct value *value, char *error, unsigned error_size)
{
	char *end;

	memset(value, 0, sizeof(*value));
	value->kind = is_text(entry) ? VALUE_TEXT : VALUE_NUMBER;
	if (is_text(entry)) {
		snprintf(value->text, sizeof(value->text), "%s", text);
		return true;
	}
	for (unsigned i = 0; i < entry->choices_count; i++) {
		if (strcmp(entry->choices[i].text, text) == 0) {
			value->number =
			    (entry->choices[i].raw - entry->offset) *
			    entry->scale;
			return true;
		}
	}
	value->number = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(value->number))
		return refuse(error, error_size,
		    "it must be a number, or the text of one of its values");
	return true;
}
