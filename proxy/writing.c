/* SPDX-License-Identifier: MIT */
#include "proxy/writing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BIT_ON = 0xff00 };

static bool
check_range(
    const struct map_entry *entry, double number, char *reason, unsigned size)
{
	/* 0.1 + 0.2 is not out of 0 .. 0.3. */
	double slack = 1e-13 * fmax(fabs(entry->min), fabs(entry->max));

	if (number >= entry->min - slack && number <= entry->max + slack)
		return true;
	snprintf(reason, size, "%s must be %g .. %g%s%s", entry->name,
	    entry->min, entry->max, entry->unit[0] != '\0' ? " " : "",
	    entry->unit);
	return false;
}

bool
writing_check(const struct map_entry *entry, const struct value *value,
    bool force, char *reason, unsigned size)
{
	if (entry->write_function == 0) {
		snprintf(reason, size, "%s cannot be written", entry->name);
	} else if (value->kind == VALUE_NONE) {
		snprintf(reason, size, "%s: no value", entry->name);
	} else if (entry->has_range && value->kind == VALUE_NUMBER) {
		return check_range(entry, value->number, reason, size);
	} else if (entry->confidence == MAP_CONFLICT && !force) {
		snprintf(reason, size,
		    "the witnesses disagree about %s; --force writes it",
		    entry->name);
	} else if (!entry->has_range && !force) {
		snprintf(reason, size,
		    "the range of %s is not known; --force writes it",
		    entry->name);
	} else {
		return true;
	}
	return false;
}

static size_t
write_bits(uint8_t *pdu, const uint16_t *words, unsigned count)
{
	unsigned bytes = (count + 7) / 8;

	pdu[5] = (uint8_t)bytes;
	memset(pdu + 6, 0, bytes);
	for (unsigned i = 0; i < count; i++)
		pdu[6 + i / 8] |= (uint8_t)((words[i] & 1U) << i % 8);
	return 6 + (size_t)bytes;
}

static size_t
write_words(uint8_t *pdu, const uint16_t *words, unsigned count)
{
	pdu[5] = (uint8_t)(2 * count);
	for (unsigned i = 0; i < count; i++)
		pdu_put_u16(pdu + 6 + 2 * (size_t)i, words[i]);
	return 6 + 2 * (size_t)count;
}

size_t
writing_request(uint8_t pdu[static PDU_MAX], const struct map_entry *entry,
    const struct span *place, const uint16_t *words)
{
	uint8_t function = entry->write_function;
	unsigned count = span_length(place);

	pdu[0] = function;
	pdu_put_u16(pdu + 1, (uint16_t)place->begin);
	if (function == 5 || function == PDU_WRITE_SINGLE) {
		uint16_t bit = words[0] != 0 ? BIT_ON : 0;

		pdu_put_u16(pdu + 3, function == 5 ? bit : words[0]);
		return 5;
	}
	pdu_put_u16(pdu + 3, (uint16_t)count);
	return function == 15 ? write_bits(pdu, words, count)
	                      : write_words(pdu, words, count);
}
