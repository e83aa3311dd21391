/* SPDX-License-Identifier: MIT */
/* Time that only goes forward, in nanoseconds. */
#ifndef HOUSE_NOW_H
#define HOUSE_NOW_H

#include <errno.h>
#include <stdint.h>
#include <time.h>

#define NOW_MS INT64_C(1000000)
#define NOW_S  INT64_C(1000000000)

static inline int64_t
now_ns(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * NOW_S + at.tv_nsec;
}

static inline int64_t
now_wall_us(void)
{
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at);
	return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

static inline struct timespec
now_timespec(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NOW_S, .tv_nsec = ns % NOW_S };
}

static inline void
now_sleep_until(int64_t ns)
{
	struct timespec at = now_timespec(ns);

	while (
	    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		continue;
}

#endif
