/* SPDX-License-Identifier: MIT */
/*
 * A timer of this machine fires a little late, mostly by the same: the way
 * from its interrupt to this process. Learnt here, so that it can be set so
 * much earlier; what is left is waited for by looking at the clock. Pure.
 *
 * It learns the least lateness of late, so that there is hardly anything left:
 * once less is seen it is believed, more only step by step.
 */
#ifndef PROXY_WAKEUP_H
#define PROXY_WAKEUP_H

#include "gateway/clock.h"

enum { WAKEUP_EARLY_MAX_US = 80 };

struct wakeup {
	int64_t early_us; /* 0 .. WAKEUP_EARLY_MAX_US; begins with 0 */
	struct mono set; /* 0: nothing can be learnt from this one */
};

/* When the timer has to be set, to be awake at that time. */
struct mono wakeup_set(struct wakeup *wakeup, struct mono at, struct mono now);

/* The timer has fired. */
void wakeup_fired(struct wakeup *wakeup, struct mono now);

#endif
