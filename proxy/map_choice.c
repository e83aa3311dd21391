/* SPDX-License-Identifier: MIT */
#include "proxy/map_choice.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_LENGTH = 40 };

static bool
refuse(char *reason, size_t size, const char *what, const char *at)
{
	int length = (int)strcspn(at, ";");

	snprintf(reason, size, "%s: '%.*s'", what,
	    length < SHOWN_LENGTH ? length : SHOWN_LENGTH, at);
	return false;
}

/* The number in front of '='; false when there is none. */
static bool
number_of(const char *at, bool of_bits, unsigned long *raw, const char **text)
{
	char *end;

	if (of_bits && *at++ != 'b')
		return false;
	if (!isdigit((unsigned char)*at))
		return false;
	*raw = strtoul(at, &end, 0);
	*text = end + 1;
	return *end == '=' && end[1] != ';' && end[1] != '\0';
}

static const char *
next_of(const char *at)
{
	at += strcspn(at, ";");
	return *at == ';' ? at + 1 : at;
}

static bool
is_repeated(const char *values, const char *at, unsigned long raw, bool of_bits)
{
	for (const char *other = values; other < at; other = next_of(other)) {
		unsigned long seen;
		const char *text;

		if (number_of(other, of_bits, &seen, &text) && seen == raw)
			return true;
	}
	return false;
}

bool
map_choice_check(const char *values, bool of_bits, unsigned bits, char *reason,
    size_t reason_size)
{
	unsigned count = 0;

	for (const char *at = values; *at != '\0'; at = next_of(at)) {
		unsigned long raw;
		const char *text;

		if (!number_of(at, of_bits, &raw, &text))
			return refuse(reason, reason_size,
			    of_bits ? "not of the form b3=text"
				    : "not of the form 3=text",
			    at);
		if (of_bits ? raw >= bits : bits < 64 && raw >> bits != 0)
			return refuse(
			    reason, reason_size, "is out of range", at);
		if (is_repeated(values, at, raw, of_bits))
			return refuse(reason, reason_size, "is told twice", at);
		if (++count > MAP_CHOICES_MAX)
			return refuse(reason, reason_size, "too many", at);
	}
	return true;
}

unsigned
map_choice_count(const char *values)
{
	unsigned count = 0;

	for (const char *at = values; *at != '\0'; at = next_of(at))
		count++;
	return count;
}

void
map_choice_split(char *values, bool of_bits, struct map_choice *choices)
{
	for (char *at = values, *next; *at != '\0'; at = next, choices++) {
		unsigned long raw = 0;
		const char *text = "";

		next = at + strcspn(at, ";");
		if (*next == ';')
			*next++ = '\0';
		(void)number_of(at, of_bits, &raw, &text);
		choices->raw = (uint32_t)raw;
		choices->text = text;
	}
}
