/* SPDX-License-Identifier: MIT */
/* What is wrong with a line on which bytes come, but no frames: said once, in
 * words that help whoever stands in the cellar. Pure. */
#ifndef PROXY_HINT_H
#define PROXY_HINT_H

#include <stdint.h>

#include "gateway/clock.h"

enum hint {
	HINT_NONE,
	HINT_BAUD, /* garbage: another speed, or A and B swapped */
	HINT_BREAK, /* nothing but zeros */
	HINT_STUCK, /* somebody sends without end */
	HINT_COUNT
};

/* Of one line, since its start. */
struct hint_counts {
	uint64_t bytes;
	uint64_t zeros;
	uint64_t frames;
};

struct hint_state {
	struct hint_counts before; /* at the beginning of the window */
	struct mono since; /* 0: no window yet */
	enum hint told; /* until a frame comes */
};

/* To be called about once a second. wire_us: what a byte takes on this line.
 * Something other than NONE is to be said, and is said once. */
enum hint hint_look(struct hint_state *state, const struct hint_counts *counts,
    int64_t wire_us, struct mono now);

/* One sentence for people. */
const char *hint_text(enum hint hint);

#endif
