/* SPDX-License-Identifier: MIT */
/*
 * A first register map of an unknown device, from what was heard: which
 * registers there are, what type they seem to be, and what they held. It
 * passes the loader; what the values mean is for a person to find out. Pure.
 */
#ifndef PROXY_SKELETON_H
#define PROXY_SKELETON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "proxy/polls.h"
#include "proxy/scan_plan.h"

/* False: nothing was read of that unit, and nothing written. */
bool skeleton_write(FILE *out, const struct polls *polls, uint8_t unit,
    const struct scan_plan_setting *setting);

enum skeleton_type {
	SKELETON_WORDS, /* a number in each register */
	SKELETON_F32_HIGH,
	SKELETON_F32_LOW,
	SKELETON_S32_HIGH,
	SKELETON_S32_LOW,
};

/* What such registers seem to hold, in pairs from the first on. */
enum skeleton_type skeleton_guess(const uint16_t *words, unsigned count);

#endif
