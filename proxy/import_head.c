/* SPDX-License-Identifier: MIT */
#include "proxy/import_head.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/import_word.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { GAP_MAX_MS = 1000, HOLE_MAX = 124 };

/* Each returns whether the whole value was understood. */
typedef bool take_value(struct import_head *head, const char *value);

static bool
take_device(struct import_head *head, const char *value)
{
	import_word_plain(head->name, sizeof(head->name), value);
	if (strncmp(value, "SunSpec model ", 14) == 0 && head->model == 0)
		head->model = (unsigned)strtoul(value + 14, NULL, 10) & 0xffff;
	return true;
}

static bool
take_kind(struct import_head *head, const char *value)
{
	static const struct {
		const char *word;
		enum map_kind kind;
	} kinds[] = {
		{ "meter", MAP_METER },
		{ "inverter", MAP_INVERTER },
		{ "battery", MAP_BATTERY },
		{ "wallbox", MAP_WALLBOX },
		{ "heater", MAP_HEATER },
		{ "heat", MAP_HEATER },
		{ "other", MAP_OTHER },
	};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (strcmp(value, kinds[i].word) == 0) {
			head->kind = kinds[i].kind;
			head->kind_told = true;
			return true;
		}
	}
	return false;
}

static bool
take_models(struct import_head *head, const char *value)
{
	import_word_plain(head->models, sizeof(head->models), value);
	return true;
}

static bool
take_source(struct import_head *head, const char *value)
{
	import_word_plain(head->source, sizeof(head->source), value);
	return true;
}

static bool
take_confidence(struct import_head *head, const char *value)
{
	import_word_plain(head->confidence, sizeof(head->confidence), value);
	return true;
}

static bool
take_sign(struct import_head *head, const char *value)
{
	import_word_lower(head->sign, sizeof(head->sign), value);
	return false; /* people want to read it as well */
}

static bool
take_writes(struct import_head *head, const char *value)
{
	import_word_lower(head->writes, sizeof(head->writes), value);
	return false;
}

/* Nothing but what may follow a number without a meaning of its own. */
static bool
is_end(const char *end)
{
	return end[strspn(end, " ")] == '\0';
}

/* "9600 8N1 or 19200": the first of each. */
static bool
take_serial(struct import_head *head, const char *value)
{
	const char *end;
	unsigned baud;

	if (!import_word_count(value, &baud, &end) || baud < 300)
		return false;
	head->baud = baud;
	end += strspn(end, " ");
	if ((*end != '7' && *end != '8') || end[1] == '\0' ||
	    strchr("NEO", end[1]) == NULL || (end[2] != '1' && end[2] != '2'))
		return false;
	memcpy(head->format, end, 3);
	return is_end(end + 3);
}

static bool
take_unit(struct import_head *head, const char *value)
{
	const char *end;
	unsigned unit;

	if (!import_word_count(value, &unit, &end) || unit > 255 ||
	    (*end == '-' || *end == '.'))
		return false;
	head->unit = unit;
	head->unit_told = true;
	return is_end(end);
}

static bool
take_tcp(struct import_head *head, const char *value)
{
	char lower[IMPORT_LINE_SIZE];
	const char *end;
	unsigned port;

	if (!import_word_count(value, &port, &end) || port == 0 || port > 65535)
		return false;
	head->tcp_port = port;
	import_word_lower(lower, sizeof(lower), value);
	if (strstr(lower, "one client") != NULL ||
	    strstr(lower, "one connection") != NULL)
		head->tcp_clients = 1;
	return is_end(end);
}

static bool
take_addressing(struct import_head *head, const char *value)
{
	static const struct {
		const char *begins;
		enum import_addressing is;
		bool whole;
	} rows[] = {
		{ "zero-based", IMPORT_ZERO, true },
		{ "zero", IMPORT_ZERO, true },
		{ "as printed", IMPORT_ZERO, false },
		{ "absolute zero-based", IMPORT_ZERO, false },
		{ "offset from the model", IMPORT_ZERO, true },
		{ "offset inside the model", IMPORT_ZERO, true },
		{ "one-based", IMPORT_ONE, true },
		{ "one", IMPORT_ONE, true },
		{ "vendor", IMPORT_VENDOR, true },
		{ "modicon", IMPORT_VENDOR, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (strncmp(value, rows[i].begins, strlen(rows[i].begins)) ==
		    0) {
			head->addressing = rows[i].is;
			return rows[i].whole;
		}
	}
	return false;
}

static bool
take_model(struct import_head *head, const char *value)
{
	const char *end;

	return import_word_count(value, &head->model, &end) && is_end(end) &&
	       head->model < 65535;
}

static bool
take_function(struct import_head *head, const char *value)
{
	const char *end;
	unsigned function;

	if (!import_word_count(value, &function, &end) || !is_end(end) ||
	    function < 1 || function > 4)
		return false;
	head->function = function;
	return true;
}

static bool
take_word_order(struct import_head *head, const char *value)
{
	char lower[64];
	bool low, high;

	import_word_lower(lower, sizeof(lower), value);
	low = strncmp(lower, "low", 3) == 0;
	high = strncmp(lower, "high", 4) == 0;
	if (low)
		head->word_order = MAP_LOW_WORD_FIRST;
	return strcmp(lower, "-") == 0 ||
	       strcmp(lower, "low word first") == 0 ||
	       strcmp(lower, "high word first") == 0 ||
	       ((low || high) && strcmp(lower + (low ? 3 : 4), "_first") == 0);
}

/* "80", "40 values": a value of two registers each. "60-100": the less. */
static bool
take_words_max(struct import_head *head, const char *value)
{
	const char *end;
	unsigned words;

	if (!import_word_count(value, &words, &end))
		return false;
	end += strspn(end, " ");
	if (strncmp(end, "values", 6) == 0)
		words *= 2;
	if (words == 0 || words > MAP_WORDS_MAX)
		return false;
	head->words_max = words;
	return is_end(end);
}

static bool
take_hole_max(struct import_head *head, const char *value)
{
	const char *end;

	return import_word_count(value, &head->hole_max, &end) && is_end(end) &&
	       head->hole_max <= HOLE_MAX;
}

static bool
take_gap(struct import_head *head, const char *value)
{
	const char *end;
	unsigned gap;

	if (!import_word_count(value, &gap, &end) || gap > GAP_MAX_MS)
		return false;
	head->gap_ms = gap;
	return is_end(end);
}

/* "2-5 8-11 44": until something else comes. */
static bool
take_holes(struct import_head *head, const char *value)
{
	while (head->holes_count < MAP_HOLES_MAX) {
		struct map_hole *hole = &head->holes[head->holes_count];
		unsigned first, last;
		const char *end;

		value += strspn(value, " ,;");
		if (*value == '\0')
			return true;
		if (!import_word_count(value, &first, &end))
			return false;
		last = first;
		if (*end == '-' && !import_word_count(end + 1, &last, &end))
			return false;
		if (last < first || last > 65535 || last - first > 65534 ||
		    strchr(" ,;:", *end) == NULL)
			return false;
		hole->address = (uint16_t)first;
		hole->count = (uint16_t)(last - first + 1);
		head->holes_count++;
		if (*end == ':')
			return false;
		value = end;
	}
	return false;
}

/* "258 count 16; 286 count 42" */
static bool
take_blocks(struct import_head *head, const char *value)
{
	while (head->blocks_count < MAP_BLOCKS_MAX) {
		unsigned address, count;
		const char *end;

		value += strspn(value, " ,;");
		if (*value == '\0')
			return true;
		if (!import_word_count(value, &address, &end))
			return false;
		end += strspn(end, " ");
		if (strncmp(end, "count ", 6) != 0 ||
		    !import_word_count(end + 6, &count, &end) || count == 0 ||
		    address + count > 65536 || count > 65535)
			return false;
		head->blocks[head->blocks_count++] = (struct map_block){
			.address = (uint16_t)address,
			.count = (uint16_t)count,
		};
		value = end;
	}
	return false;
}

/* "35000 = 0x2030", "0x000B: 1648-1653", "0x9CFC in 201..204". */
static bool
take_identity(struct import_head *head, const char *value)
{
	static const char *const between[] = { "=", ":", "in", "must answer",
		"read alone:" };
	struct map_sign sign = { 0 };
	unsigned address, min, max;
	const char *end;
	bool found = false;

	if (!import_word_count(value, &address, &end) || address > 65535)
		return false;
	end += strspn(end, " ");
	for (size_t i = 0; i < COUNT(between) && !found; i++) {
		size_t length = strlen(between[i]);

		found = strncmp(end, between[i], length) == 0;
		end += found ? length : 0;
	}
	if (!found || !import_word_count(end, &min, &end))
		return false;
	max = min;
	if (*end == '-' || (end[0] == '.' && end[1] == '.')) {
		if (!import_word_count(end + (*end == '-' ? 1 : 2), &max, &end))
			return false;
	}
	if (min > max || max > 65535 || head->signs_count == MAP_SIGNS_MAX)
		return false;
	sign.address = (uint16_t)address;
	sign.min = (uint16_t)min;
	sign.max = (uint16_t)max;
	head->signs[head->signs_count++] = sign;
	return is_end(end);
}

/* "60 s", "60 s: max_current, alive" */
static bool
take_watchdog(struct import_head *head, const char *value)
{
	const char *end;
	unsigned seconds;

	if (strcmp(value, "none") == 0)
		return true;
	if (!import_word_count(value, &seconds, &end) || seconds == 0 ||
	    strncmp(end, " s", 2) != 0 || (end[2] != '\0' && end[2] != ':'))
		return false;
	head->watchdog_s = seconds;
	end += end[2] == ':' ? 3 : 2;
	while (end[strspn(end, " ,")] != '\0' &&
	       head->watchdog_count < IMPORT_POINTS_MAX) {
		size_t length;
		char name[IMPORT_NAME_SIZE];

		end += strspn(end, " ,");
		length = strcspn(end, " ,");
		import_word_plain(name,
		    length + 1 < sizeof(name) ? length + 1 : sizeof(name), end);
		import_word_snake(head->watchdog[head->watchdog_count++],
		    IMPORT_NAME_SIZE, name);
		end += length;
	}
	return true;
}

static bool
take_resend(struct import_head *head, const char *value)
{
	const char *end;

	return import_word_count(value, &head->resend_s, &end);
}

static bool
take_text(struct import_head *head, const char *value)
{
	(void)head;
	(void)value;
	return false;
}

static const struct {
	const char *key;
	take_value *take;
	bool text; /* for people anyway: not worth a line of the report */
} keys[] = {
	{ "device", take_device, false },
	{ "name", take_device, false },
	{ "geraet", take_device, false },
	{ "kind", take_kind, false },
	{ "models", take_models, false },
	{ "transport", take_text, true },
	{ "serial", take_serial, false },
	{ "unit_id", take_unit, false },
	{ "unit", take_unit, false },
	{ "tcp", take_tcp, false },
	{ "addressing", take_addressing, false },
	{ "model", take_model, false },
	{ "function", take_function, false },
	{ "word_order", take_word_order, false },
	{ "max_regs", take_words_max, false },
	{ "words_max", take_words_max, false },
	{ "hole_max", take_hole_max, false },
	{ "gap_ms", take_gap, false },
	{ "holes", take_holes, false },
	{ "blocks", take_blocks, false },
	{ "reads", take_text, true },
	{ "identify", take_identity, false },
	{ "identity", take_identity, false },
	{ "watchdog", take_watchdog, false },
	{ "resend_s", take_resend, false },
	{ "writes", take_writes, true },
	{ "timing", take_text, true },
	{ "sign", take_sign, true },
	{ "quirks", take_text, true },
	{ "sources", take_source, false },
	{ "source", take_source, false },
	{ "confidence", take_confidence, false },
};

/* "sign: import positive. " behind what is there. */
static bool
keep_as_text(struct import_head *head, const char *key, const char *value)
{
	size_t used = strlen(head->quirks);
	size_t need = strlen(key) + strlen(value) + 4;
	char *to = head->quirks + used;

	if (strcmp(key, "transport") == 0)
		return true;
	if (used + need >= sizeof(head->quirks))
		return false;
	if (used > 0)
		to += strlen(strcpy(to, ". "));
	if (strcmp(key, "quirks") != 0) {
		to += strlen(strcpy(to, key));
		to += strlen(strcpy(to, ": "));
	}
	import_word_plain(
	    to, sizeof(head->quirks) - (size_t)(to - head->quirks), value);
	return true;
}

void
import_head_note(struct import_head *head, char *note, unsigned line,
    struct import_report *report)
{
	char *colon = strchr(note, ':');
	char *value;

	if (colon == NULL || colon == note)
		return;
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	for (size_t i = 0; i < COUNT(keys); i++) {
		if (strcmp(note, keys[i].key) != 0)
			continue;
		if (keys[i].take(head, value))
			return;
		if (!keep_as_text(head, note, value))
			import_say(report, line, note,
			    "no room for it among the quirks");
		else if (!keys[i].text)
			import_say(report, line, note,
			    "not all of it could be read; kept as text");
		return;
	}
	import_say(report, line, note, "unknown key");
}
