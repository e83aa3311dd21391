/* SPDX-License-Identifier: MIT */
/* Words and numbers as people write them in tables, English and German. */
#ifndef PROXY_IMPORT_WORD_H
#define PROXY_IMPORT_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "proxy/map.h"

enum import_column {
	IMPORT_COLUMN_NAME,
	IMPORT_COLUMN_POINT, /* a quantity of the vocabulary */
	IMPORT_COLUMN_FUNCTION,
	IMPORT_COLUMN_ADDRESS,
	IMPORT_COLUMN_ADDRESS_HEX,
	IMPORT_COLUMN_COUNT,
	IMPORT_COLUMN_TYPE,
	IMPORT_COLUMN_WORD_ORDER,
	IMPORT_COLUMN_SCALE,
	IMPORT_COLUMN_OFFSET,
	IMPORT_COLUMN_UNIT,
	IMPORT_COLUMN_ACCESS,
	IMPORT_COLUMN_WRITE_FUNCTION,
	IMPORT_COLUMN_MEMORY,
	IMPORT_COLUMN_MIN,
	IMPORT_COLUMN_MAX,
	IMPORT_COLUMN_VALUES,
	IMPORT_COLUMN_POLL,
	IMPORT_COLUMN_MEANING,
	IMPORT_COLUMN_CONFIDENCE,
	IMPORT_COLUMN_IGNORED, /* known, and not needed */
	IMPORT_COLUMN_COUNT_OF /* none of them */
};

enum import_column import_word_column(const char *heading);

bool import_word_type(const char *text, enum map_type *type);

/* The whole text is a number: 12, -0.1, 0,1 and 0x1A, 1Ah. */
bool import_word_number(const char *text, double *value);

/* A number in front of the text; *end is behind it. Decimal or 0x. */
bool import_word_count(const char *text, unsigned *value, const char **end);

/* Lower case, digits and single underscores, a letter first; cut to size. */
void import_word_snake(char *name, size_t size, const char *text);

/* Cut to size on a character's edge; neither control characters nor quotes,
 * valid UTF-8. */
void import_word_plain(char *to, size_t size, const char *text);

void import_word_lower(char *to, size_t size, const char *text);

/* "KW" is "kW". The text itself when there is nothing better. */
const char *import_word_unit(const char *text);

/* Is it a unit of what is measured in base? One that a map cannot say becomes
 * base, and scale is multiplied. */
bool import_word_fit(const char **unit, const char *base, double *scale);

#endif
