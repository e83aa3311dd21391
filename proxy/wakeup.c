/* SPDX-License-Identifier: MIT */
#include "proxy/wakeup.h"

enum { STEP_US = 2 };

struct mono
wakeup_set(struct wakeup *wakeup, struct mono at, struct mono now)
{
	struct mono early = mono_add_us(at, -wakeup->early_us);

	/* What fires at once says nothing about timers. */
	wakeup->set =
	    mono_diff_us(early, now) > 0 ? early : (struct mono){ 0 };
	return early;
}

void
wakeup_fired(struct wakeup *wakeup, struct mono now)
{
	int64_t late_us = mono_diff_us(now, wakeup->set);

	if (!mono_is_set(wakeup->set) || late_us < 0)
		return;
	wakeup->set = (struct mono){ 0 };
	if (late_us < wakeup->early_us)
		wakeup->early_us = late_us;
	else
		wakeup->early_us += STEP_US;
	if (wakeup->early_us > WAKEUP_EARLY_MAX_US)
		wakeup->early_us = WAKEUP_EARLY_MAX_US;
}
