/* SPDX-License-Identifier: MIT */
#include "gateway/clock.h"

#include <time.h>

static int64_t
clock_read_us(clockid_t id)
{
	struct timespec at;

	clock_gettime(id, &at);
	return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

struct mono
clock_now(void)
{
	return (struct mono){ .us = clock_read_us(CLOCK_MONOTONIC) };
}

int64_t
clock_wall_us(void)
{
	return clock_read_us(CLOCK_REALTIME);
}
