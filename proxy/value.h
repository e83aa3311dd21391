/* SPDX-License-Identifier: MIT */
/*
 * What stands in a device's registers, as numbers and texts; pure.
 *
 * Words are registers as they came, in host byte order; of coils and discrete
 * inputs each is 0 or 1. scale10 is the value of the entry's scale_entry, 0
 * when it has none.
 */
#ifndef PROXY_VALUE_H
#define PROXY_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/map.h"

enum { VALUE_TEXT_SIZE = 256 };

enum value_kind {
	VALUE_NONE, /* the device says that there is none */
	VALUE_NUMBER,
	VALUE_TEXT, /* string, bytes (in hexadecimal), datetime (ISO 8601) */
};

struct value {
	enum value_kind kind;
	double number; /* in the entry's unit */
	char text[VALUE_TEXT_SIZE];
};

/* From entry->words registers. */
void value_get(const struct map_entry *entry, const uint16_t *words,
    int scale10, struct value *value);

/* Into entry->words registers, to the nearest step. False, with the reason,
 * when it cannot be held there; ranges of the map are not looked at. */
bool value_put(const struct map_entry *entry, const struct value *value,
    int scale10, uint16_t *words, char *error, unsigned error_size);

/* One step of the last digit, in the entry's unit; 0 for texts and floats. */
double value_step(const struct map_entry *entry, int scale10);

/* "230.4 V", "2 (charging)", "ground_fault, over_temp", "none". */
void value_print(const struct map_entry *entry, const struct value *value,
    char *text, unsigned size);

/* What a person writes: a number, the text of a choice, or a text. False,
 * with the reason. */
bool value_parse(const struct map_entry *entry, const char *text,
    struct value *value, char *error, unsigned error_size);

#endif
