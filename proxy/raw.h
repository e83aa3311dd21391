/* SPDX-License-Identifier: MIT */
/* The numbers in registers, before scale and unit; pure. Words are in host byte
 * order, entry->words of them. */
#ifndef PROXY_RAW_H
#define PROXY_RAW_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/map.h"

/* 0: a text. */
unsigned raw_bits(enum map_type type);
bool raw_is_signed(enum map_type type);
bool raw_is_float(enum map_type type);

/* All bits, by the word order. */
uint64_t raw_join(const struct map_entry *entry, const uint16_t *words);
void raw_split(const struct map_entry *entry, uint64_t raw, uint16_t *words);

/* What they mean; NAN for decimal digits above 9. */
double raw_number(const struct map_entry *entry, uint64_t raw);

/* Has a whole number, or any of a float, room? */
bool raw_fits(const struct map_entry *entry, double number);
/* The bits of one that has. */
uint64_t raw_make(const struct map_entry *entry, double number);

#endif
