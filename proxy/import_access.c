/* SPDX-License-Identifier: MIT */
#include "proxy/import_access.h"

#include <ctype.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- what nobody should write ----------------------------------------------
 */

/* Lower case. A remark may speak of the firmware that brought a register, or
 * of what resets it: those words count in the name alone. */
static const struct {
	const char *word;
	bool in_meaning;
} untouchable[] = {
	{ "do not write", true },
	{ "do not touch", true },
	{ "never write", true },
	{ "read only", true },
	{ "grid code", true },
	{ "grid_code", false },
	{ "grid_standard", false },
	{ "grid_prot", false },
	{ "country", true },
	{ "protection", true },
	{ "safety", true },
	{ "factory", true },
	{ "calibration", true },
	{ "insulation", true },
	{ "leakage", true },
	{ "firmware", false },
	{ "reset", false },
	{ "password", false },
};

static const char *
find_untouchable(const struct import_row *row)
{
	char text[IMPORT_LINE_SIZE];

	import_word_lower(text, sizeof(text), row->meaning);
	for (size_t i = 0; i < COUNT(untouchable); i++)
		if (strstr(row->name, untouchable[i].word) != NULL ||
		    (untouchable[i].in_meaning &&
			strstr(text, untouchable[i].word) != NULL))
			return untouchable[i].word;
	return NULL;
}

/* --- what each write wears -------------------------------------------------
 */

static bool
tells_stored(const char *text)
{
	static const char *const words[] = { "eeprom", "flash", "stored",
		"non-volatile", "committed" };

	for (size_t i = 0; i < COUNT(words); i++) {
		const char *at = strstr(text, words[i]);

		if (at != NULL &&
		    !(at - text >= 4 && strncmp(at - 4, "not ", 4) == 0))
			return true;
	}
	return false;
}

static bool
tells_volatile(const char *text)
{
	for (const char *at = text; (at = strstr(at, "volatile")) != NULL; at++)
		if (at - text < 4 || strncmp(at - 4, "non-", 4) != 0)
			return true;
	return strstr(text, "not stored") != NULL;
}

/* "47xxx" stands for 47000 to 47999, "43128-43136" for all between. */
static bool
names_range(const char **at, unsigned address)
{
	unsigned first, last, width = 1;
	const char *end;

	if (!import_word_count(*at, &first, &end)) {
		(*at)++;
		return false;
	}
	for (; *end == 'x'; end++) {
		first *= 10;
		width *= 10;
	}
	last = first + width - 1;
	if (*end == '-' && isdigit((unsigned char)end[1]))
		(void)import_word_count(end + 1, &last, &end);
	*at = end;
	return address >= first && address <= last;
}

static bool
names_address(const char *clause, unsigned address)
{
	while (*clause != '\0')
		if (names_range(&clause, address))
			return true;
	return false;
}

/* What the note `writes` says: of the address if it is named, else that
 * anything is stored. */
static bool
is_stored_by_note(const char *note, unsigned address)
{
	bool any = tells_stored(note);

	while (*note != '\0') {
		char clause[IMPORT_LINE_SIZE];
		size_t length = strcspn(note, ";.");

		import_word_plain(clause,
		    length + 1 < sizeof(clause) ? length + 1 : sizeof(clause),
		    note);
		if (names_address(clause, address)) {
			if (tells_stored(clause))
				return true;
			if (tells_volatile(clause))
				return false;
		}
		note += length + (note[length] != '\0');
	}
	return any;
}

static void
read_memory(const struct import_head *head, const struct import_fields *fields,
    struct import_row *row)
{
	const char *told = fields->text[IMPORT_COLUMN_MEMORY];
	char meaning[IMPORT_LINE_SIZE];

	import_word_lower(meaning, sizeof(meaning), row->meaning);
	if (told[0] != '\0')
		row->stored = strcmp(told, "volatile") != 0;
	else if (tells_volatile(meaning))
		row->stored = false;
	else
		row->stored = tells_stored(meaning) ||
		              is_stored_by_note(head->writes, row->address);
}

/* --- how -------------------------------------------------------------------
 */

static bool
read_word(const char *text, enum import_access *access)
{
	static const struct {
		const char *word;
		enum import_access access;
	} words[] = {
		{ "", IMPORT_R },
		{ "r", IMPORT_R },
		{ "ro", IMPORT_R },
		{ "read", IMPORT_R },
		{ "read only", IMPORT_R },
		{ "read-only", IMPORT_R },
		{ "lesen", IMPORT_R },
		{ "l", IMPORT_R },
		{ "rw", IMPORT_RW },
		{ "r/w", IMPORT_RW },
		{ "wr", IMPORT_RW },
		{ "read/write", IMPORT_RW },
		{ "lesen/schreiben", IMPORT_RW },
		{ "l/s", IMPORT_RW },
		{ "w", IMPORT_W },
		{ "wo", IMPORT_W },
		{ "write", IMPORT_W },
		{ "write only", IMPORT_W },
		{ "schreiben", IMPORT_W },
		{ "once", IMPORT_ONCE },
	};
	char lower[24];

	import_word_lower(lower, sizeof(lower), text);
	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcmp(lower, words[i].word) == 0) {
			*access = words[i].access;
			return true;
		}
	}
	return false;
}

/* Why it must not be written; NULL if it may. */
static const char *
find_obstacle(const struct import_fields *fields, const struct import_row *row)
{
	const char *function = fields->text[IMPORT_COLUMN_WRITE_FUNCTION];
	const char *end;
	unsigned number;

	if (row->confidence == MAP_CONFLICT)
		return "the witnesses disagree";
	if (row->function == 2 || row->function == 4)
		return "its function cannot be written";
	if (function[0] != '\0' &&
	    (!import_word_count(function, &number, &end) ||
		(number != 5 && number != 6 && number != 15 && number != 16)))
		return "its write function is none of Modbus";
	return find_untouchable(row);
}

/* Does the table allow function 16 alone? */
static bool
wants_16(const char *functions)
{
	const char *end;
	unsigned number;

	return import_word_count(functions, &number, &end) && number == 16 &&
	       *end == '\0';
}

bool
import_access_read(const struct import_head *head,
    const struct import_fields *fields, struct import_row *row,
    struct import_report *report)
{
	const char *text = fields->text[IMPORT_COLUMN_ACCESS];
	const char *obstacle;

	if (!read_word(text, &row->access))
		import_say(report, row->line, row->name,
		    "'%s' is no access; it is only read", text);
	if (row->access == IMPORT_R)
		return true;
	obstacle = find_obstacle(fields, row);
	if (obstacle != NULL && row->access == IMPORT_W) {
		import_say(report, row->line, row->name,
		    "left out: it can only be written, and: %s", obstacle);
		return false;
	}
	if (obstacle != NULL) {
		import_say(
		    report, row->line, row->name, "only read: %s", obstacle);
		row->access = IMPORT_R;
		return true;
	}
	if (strncmp(row->name, "cfg_", 4) == 0 && row->access == IMPORT_RW)
		row->access = IMPORT_ONCE;
	row->writes_16 = wants_16(fields->text[IMPORT_COLUMN_WRITE_FUNCTION]);
	read_memory(head, fields, row);
	return true;
}
