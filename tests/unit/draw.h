/* SPDX-License-Identifier: MIT */
/* Random values for property tests, the same in every run. */
#ifndef TESTS_UNIT_DRAW_H
#define TESTS_UNIT_DRAW_H

#include <stdint.h>

/* 0 <= result < 1 (splitmix64). */
static inline double
draw_unit(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

static inline double
draw_between(uint64_t *seed, double low, double high)
{
	return low + (high - low) * draw_unit(seed);
}

/* 0 .. count - 1 */
static inline unsigned
draw_below(uint64_t *seed, unsigned count)
{
	return (unsigned)(draw_unit(seed) * count);
}

#endif
