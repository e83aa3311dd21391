/* SPDX-License-Identifier: MIT */
/*
 * The beat of an inverter's questions. Most ask steadily; who knows the beat
 * can have a fresh sample of the meter ready just before the next question,
 * instead of one that is up to a poll older. Pure.
 */
#ifndef PROXY_BEAT_H
#define PROXY_BEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/clock.h"

struct beat {
	struct mono last; /* question */
	int64_t period_us;
	int64_t jitter_us; /* smoothed distance from the beat */
	uint32_t steady; /* questions in a row that kept it */
};

/* A question came (its last byte). */
void beat_note(struct beat *beat, struct mono at);

/* When the first question at or after `from` is expected. False: there is no
 * beat, or it has stopped. */
bool beat_next(const struct beat *beat, struct mono from, struct mono *next);

/* How much earlier than expected a question may come; to be kept in hand. */
int64_t beat_margin_us(const struct beat *beat);

#endif
