/* SPDX-License-Identifier: MIT */
/*
 * All devices made from maps, and the lines they hang on. Lines are made as
 * they are first named: DIR/NAME.
 */
#ifndef HOUSE_STREET_H
#define HOUSE_STREET_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/house/bus.h"

enum { STREET_BUSES_MAX = 32 };

struct street {
	unsigned buses_count;
	struct bus *buses[STREET_BUSES_MAX];
};

struct street_options {
	const char *dir;
	uint32_t baud;
	uint64_t seed;
	double fast; /* of watchdogs */
};

/* "NAME:MAP_FILE:LINE:UNIT". False: reason on stderr. */
bool street_add(struct street *street, const struct street_options *options,
    const char *text);

/* Opens the lines and answers from now on. False: reason on stderr. */
bool street_start(struct street *street, const struct street_options *options);
/* Removes the links. */
void street_stop(struct street *street);

/* NULL: no such device. Its bus's lock is then the caller's to give back. */
struct device *street_take(
    struct street *street, const char *name, struct bus **bus);

bool street_has(const struct street *street, const char *line);
/* NULL: no such line. */
struct line *street_line(const struct street *street, const char *name);

#endif
