/* SPDX-License-Identifier: MIT */
/*
 * What stands in a device's registers, said a second time: the same contract
 * as proxy/value.h and none of its code, so that a mistake in either shows.
 * Pure. Only the struct is shared.
 */
#ifndef HOUSE_WITNESS_H
#define HOUSE_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/map.h"
#include "proxy/value.h"

/* From entry->words registers, in host byte order. */
void witness_get(const struct map_entry *entry, const uint16_t *words,
    int scale10, struct value *value);

/* Into entry->words registers. False: they cannot hold it. VALUE_NONE becomes
 * the first raw value that the device has for "not available". */
bool witness_put(const struct map_entry *entry, const struct value *value,
    int scale10, uint16_t *words);

/* The distance of two values that can be told apart; of a float, around that
 * number. 0 of a text. */
double witness_step(const struct map_entry *entry, int scale10, double number);

/* The word of an enum, the words of set bits; "" without. */
void witness_words(const struct map_entry *entry, const struct value *value,
    char *text, unsigned size);

#endif
