/* SPDX-License-Identifier: MIT */
/* "0=off;2=charging", or of bits "b0=on;b3=fault". Pure. */
#ifndef PROXY_MAP_CHOICE_H
#define PROXY_MAP_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "proxy/map.h"

/* Is it well written, every number once, within that many bits, and at most
 * MAP_CHOICES_MAX of them? */
bool map_choice_check(const char *values, bool of_bits, unsigned bits,
    char *reason, size_t reason_size);

unsigned map_choice_count(const char *values);

/* Takes a checked text apart in place; the choices point into it. */
void map_choice_split(char *values, bool of_bits, struct map_choice *choices);

#endif
