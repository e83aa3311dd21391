/* SPDX-License-Identifier: MIT */
/*
 * Two clocks that cannot be mixed up: struct mono orders and measures, wall
 * time only labels rows. CLOCK_MONOTONIC is the same in all our processes.
 */
#ifndef GATEWAY_CLOCK_H
#define GATEWAY_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct mono {
	int64_t us;
};

struct mono clock_now(void);
/* Microseconds since 1970 UTC; may step. */
int64_t clock_wall_us(void);

static inline struct mono
mono_add_us(struct mono at, int64_t us)
{
	return (struct mono){ .us = at.us + us };
}

static inline struct mono
mono_add_ms(struct mono at, int64_t ms)
{
	return (struct mono){ .us = at.us + ms * 1000 };
}

/* later - earlier */
static inline int64_t
mono_diff_us(struct mono later, struct mono earlier)
{
	return later.us - earlier.us;
}

static inline bool
mono_reached(struct mono now, struct mono due)
{
	return now.us >= due.us;
}

/* The zero value means "never". */
static inline bool
mono_is_set(struct mono at)
{
	return at.us != 0;
}

#endif
