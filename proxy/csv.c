/* SPDX-License-Identifier: MIT */
#include "proxy/csv.h"

#include <string.h>

void
csv_open(struct csv *csv, char *text, size_t size)
{
	static const char mark[] = "\xef\xbb\xbf";

	for (size_t i = 0; i < size; i++)
		text[i] = text[i] == '\0' ? ' ' : text[i];
	text[size] = '\0';
	*csv = (struct csv){ .at = text, .end = text + size, .line = 1 };
	if (size >= 3 && memcmp(text, mark, 3) == 0)
		csv->at += 3;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* Both ends; the text is cut in place. */
static char *
trim(char *text)
{
	size_t length;

	while (is_space(*text))
		text++;
	length = strlen(text);
	while (length > 0 && is_space(text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

/* Past the end of a line, whichever it is. */
static void
pass_line_end(struct csv *csv)
{
	if (csv->at < csv->end && *csv->at == '\r')
		csv->at++;
	if (csv->at < csv->end && *csv->at == '\n')
		csv->at++;
	csv->line++;
}

static void
pass_empty_lines(struct csv *csv)
{
	for (;;) {
		char *after = csv->at + strspn(csv->at, " \t");

		if (*after != '\n' && *after != '\r')
			return;
		csv->at = after;
		pass_line_end(csv);
	}
}

/* "# sign: import positive";;;; */
static char *
strip_note(char *note)
{
	size_t length;
	bool quoted = *note == '"';

	note += quoted ? 2 : 1;
	length = strlen(note);
	while (length > 0 && strchr(",;\t ", note[length - 1]) != NULL)
		length--;
	if (quoted && length > 0 && note[length - 1] == '"')
		length--;
	note[length] = '\0';
	if (quoted) {
		char *to = note;

		for (const char *from = note; *from != '\0'; from++) {
			*to++ = *from;
			if (from[0] == '"' && from[1] == '"')
				from++;
		}
		*to = '\0';
	}
	return trim(note);
}

char *
csv_note(struct csv *csv, unsigned *line)
{
	char *note, *end;

	pass_empty_lines(csv);
	note = csv->at;
	if (csv->separator != '\0' ||
	    !(note[0] == '#' || (note[0] == '"' && note[1] == '#')))
		return NULL;
	*line = csv->line;
	end = note + strcspn(note, "\r\n");
	csv->at = end;
	if (end < csv->end)
		pass_line_end(csv);
	*end = '\0';
	return strip_note(note);
}

static char
find_separator(const char *heading)
{
	static const char candidates[] = ",;\t";
	unsigned counts[sizeof(candidates)] = { 0 };
	bool quoted = false;
	unsigned best = 0;

	for (; *heading != '\0'; heading++) {
		const char *found;

		if (*heading == '"')
			quoted = !quoted;
		else if (!quoted && (*heading == '\n' || *heading == '\r'))
			break;
		found = strchr(candidates, *heading);
		if (!quoted && found != NULL)
			counts[found - candidates]++;
	}
	for (unsigned i = 1; candidates[i] != '\0'; i++)
		best = counts[i] > counts[best] ? i : best;
	return candidates[best];
}

/* Takes a quoted field apart from behind its quote; *to grows. A quote that
 * is never closed takes the rest of the file. */
static void
take_quoted(struct csv *csv, char **to)
{
	while (csv->at < csv->end) {
		char c = *csv->at++;

		if (c == '"' && *csv->at != '"')
			return;
		if (c == '"')
			csv->at++;
		if (c == '\n')
			csv->line++;
		*(*to)++ = c;
	}
}

static bool
ends_field(const struct csv *csv)
{
	return csv->at >= csv->end || *csv->at == csv->separator ||
	       *csv->at == '\n' || *csv->at == '\r';
}

static char *
take_field(struct csv *csv)
{
	char *start, *to;

	while (*csv->at == ' ' || (*csv->at == '\t' && csv->separator != '\t'))
		csv->at++;
	start = to = csv->at;
	if (*csv->at == '"') {
		csv->at++;
		take_quoted(csv, &to);
	}
	while (!ends_field(csv))
		*to++ = *csv->at++;
	/* What ended the field is still needed, if nothing was unquoted. */
	if (to < csv->at)
		*to = '\0';
	return start;
}

bool
csv_next(struct csv *csv, struct csv_record *record)
{
	pass_empty_lines(csv);
	if (csv->separator == '\0')
		csv->separator = find_separator(csv->at);
	record->line = csv->line;
	record->count = 0;
	if (csv->at >= csv->end)
		return false;
	for (;;) {
		char *field = take_field(csv);
		char *end = csv->at;
		bool more = csv->at < csv->end && *end == csv->separator;

		if (more)
			csv->at++;
		else if (csv->at < csv->end)
			pass_line_end(csv);
		*end = '\0';
		if (record->count < CSV_FIELDS_MAX)
			record->fields[record->count++] = trim(field);
		if (!more)
			return true;
	}
}
