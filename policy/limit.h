/* SPDX-License-Identifier: MIT */
/*
 * The last stage: clamp and slew. Every offset passes here, and no path goes
 * around it.
 */
#ifndef POLICY_LIMIT_H
#define POLICY_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/reason.h"

struct limit_settings {
	double limit_w; /* |offset| never beyond this; >= 0 */
	double slew_w_per_s; /* fastest change, either way; > 0 */
};

struct limit_state {
	double offset_w; /* what was given out last */
	int64_t at_us; /* when; 0: nothing yet, start from zero */
};

/* Back to zero without a ramp: nothing was shown meanwhile. */
void limit_restart(struct limit_state *state);

/*
 * The offset that may be given out now on the way to wanted_w. ramp_w_per_s
 * above zero slows the slew further. shrink_only: towards less export only (a
 * positive offset moves to zero at the full slew, a negative one stays), for
 * the time between a missed sample and the age limit. *reason is overwritten
 * when limit (REASON_CLAMPED) or slew (REASON_RAMP) act.
 *
 * The slew is counted by the time since the last call: none for the first
 * one and when time runs backwards, at most one second's worth after a pause.
 * A limit that was lowered acts at once, slew or not.
 *
 * The result is finite and within +-limit_w for any input, settings that are
 * negative or no numbers included (they allow nothing).
 */
double limit_step(const struct limit_settings *settings,
    struct limit_state *state, double wanted_w, double ramp_w_per_s,
    bool shrink_only, int64_t now_us, enum reason *reason);

#endif
