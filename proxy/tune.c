/* SPDX-License-Identifier: MIT */
#include "proxy/tune.h"

#include <string.h>

/* One checksum in 65536 fits by chance; two of them in mostly good bytes do
 * not. A first frame may be cut, since we came in the middle of it. */
enum { FRAMES_GOOD = 2, GARBAGE_BAD = 24 };

void
tune_init(struct tune *tune, const struct scan_plan_scope *scope)
{
	struct scan_plan plan;

	scan_plan_init(&plan, scope, NULL);
	*tune = (struct tune){ .count = plan.settings_count };
	memcpy(tune->settings, plan.settings, sizeof(tune->settings));
}

bool
tune_judge(
    struct tune *tune, uint64_t frames, uint64_t framed, uint64_t dropped)
{
	if (!tune->locked)
		tune->locked = frames >= FRAMES_GOOD && framed > dropped;
	if (tune->locked || tune->count < 2 || dropped < GARBAGE_BAD ||
	    dropped < 2 * framed)
		return false;
	tune->at = (tune->at + 1) % tune->count;
	tune->rounds += tune->at == 0;
	return true;
}
