/* SPDX-License-Identifier: MIT */
#include "proxy/hint.h"

enum {
	WINDOW_US = 3000000,
	BYTES_MIN = 20, /* fewer are noise */
	ZEROS_PERCENT = 90,
	BUSY_PERCENT = 80, /* of what the line can carry */
};

static enum hint
judge(const struct hint_counts *before, const struct hint_counts *now,
    int64_t wire_us, int64_t window_us)
{
	uint64_t bytes = now->bytes - before->bytes;
	uint64_t zeros = now->zeros - before->zeros;

	if (now->frames != before->frames || bytes < BYTES_MIN)
		return HINT_NONE;
	if (zeros * 100 >= bytes * ZEROS_PERCENT)
		return HINT_BREAK;
	if ((int64_t)bytes * wire_us * 100 >= window_us * BUSY_PERCENT)
		return HINT_STUCK;
	return HINT_BAUD;
}

enum hint
hint_look(struct hint_state *state, const struct hint_counts *counts,
    int64_t wire_us, struct mono now)
{
	int64_t window_us = mono_diff_us(now, state->since);
	enum hint hint;

	if (mono_is_set(state->since) && window_us < WINDOW_US)
		return HINT_NONE;
	hint = mono_is_set(state->since)
	           ? judge(&state->before, counts, wire_us, window_us)
	           : HINT_NONE;
	if (counts->frames != state->before.frames)
		state->told = HINT_NONE;
	state->before = *counts;
	state->since = now;
	if (hint == HINT_NONE || hint == state->told)
		return HINT_NONE;
	state->told = hint;
	return hint;
}

const char *
hint_text(enum hint hint)
{
	static const char *const texts[HINT_COUNT] = {
		[HINT_NONE] = "",
		[HINT_BAUD] = "bytes come, but no frame: are speed and format "
			      "right, and A and B the right way round",
		[HINT_BREAK] = "nothing but zeros: is the wire broken or "
			       "short, are A and B the right way round",
		[HINT_STUCK] = "never silent, and no frame: a device sends "
			       "without end, or the termination is missing",
	};

	return texts[hint];
}
