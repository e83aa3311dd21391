/* SPDX-License-Identifier: MIT */
/*
 * Which meter does an inverter expect? Its questions are held against what
 * inverter families were seen to ask, and against the registers of all maps.
 * Pure.
 */
#ifndef PROXY_PATTERN_H
#define PROXY_PATTERN_H

#include <stdint.h>

#include "proxy/catalogue.h"
#include "proxy/polls.h"

enum { PATTERN_GUESSES_MAX = 5 };

struct pattern_guess {
	const char *map; /* the catalogue's name */
	const char *family; /* static; NULL: the addresses alone say it */
	unsigned percent; /* how well it fits; 100 at most */
};

/*
 * Guesses for what is asked of a unit, best first; their number. A family
 * whose map is not in the catalogue is not among them, and no map that most
 * of the questions would find no registers in.
 */
unsigned pattern_guess(const struct catalogue *catalogue,
    const struct polls *polls, uint8_t unit,
    struct pattern_guess guesses[PATTERN_GUESSES_MAX]);

#endif
