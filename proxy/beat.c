/* SPDX-License-Identifier: MIT */
#include "proxy/beat.h"

enum {
	STEADY_AFTER = 5, /* questions that keep the beat */
	SILENT_PERIODS = 4, /* then the inverter has stopped asking */
	PERIOD_MIN_US = 20000,
	PERIOD_MAX_US = 20000000,
	SLACK_US = 5000, /* what a loaded machine adds to any time */
	MARGIN_MIN_US = 2500,
	MARGIN_MAX_US = 40000,
};

static int64_t
distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

void
beat_note(struct beat *beat, struct mono at)
{
	int64_t interval_us = mono_diff_us(at, beat->last);
	int64_t off_us = distance(interval_us, beat->period_us);

	beat->last = at;
	if (interval_us < PERIOD_MIN_US || interval_us > PERIOD_MAX_US ||
	    off_us > beat->period_us / 8 + SLACK_US) {
		beat->period_us = interval_us;
		beat->jitter_us = 0;
		beat->steady = 0;
		return;
	}
	beat->period_us += (interval_us - beat->period_us) / 8;
	beat->jitter_us += (off_us - beat->jitter_us) / 8;
	beat->steady++;
}

bool
beat_next(const struct beat *beat, struct mono from, struct mono *next)
{
	int64_t ahead_us = mono_diff_us(from, beat->last);
	int64_t periods;

	if (beat->steady < STEADY_AFTER ||
	    ahead_us > SILENT_PERIODS * beat->period_us)
		return false;
	periods = (ahead_us + beat->period_us - 1) / beat->period_us;
	if (periods < 1)
		periods = 1;
	*next = mono_add_us(beat->last, periods * beat->period_us);
	return true;
}

int64_t
beat_margin_us(const struct beat *beat)
{
	int64_t us = MARGIN_MIN_US + 3 * beat->jitter_us;

	return us < MARGIN_MAX_US ? us : MARGIN_MAX_US;
}
