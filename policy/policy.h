/* SPDX-License-Identifier: MIT */
/*
 * The decision for one shown meter: which offset to add to the true active
 * power, and why. One struct policy per shown meter (so per inverter); one
 * step per fresh sample, never one per question of the inverter.
 *
 * Pure: no clock, no I/O, no allocation, no log. Times come in as microseconds
 * of one monotonic clock.
 *
 * The steps, in order; each later one sees what the earlier ones left:
 *   1. trust      is the sample fit to be used at all (trust.h)
 *   2. lease      which offset is asked for, and has it run out (offset.h)
 *   3. limit      clamp and slew; the last stage, nothing passes by (limit.h)
 *   4. missed     what a missing sample held back is called so
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "policy/limit.h"
#include "policy/offset.h"
#include "policy/quantity.h"
#include "policy/reason.h"
#include "policy/trust.h"

struct policy_settings {
	struct trust_settings trust;
	struct limit_settings limit;
};

struct policy_input {
	int64_t now_us; /* when this step runs */
	int64_t sample_us; /* last byte of the sample's last good frame */
	bool fresh; /* a sample arrived; false: one was missed */
	const struct quantities *sample;
};

struct policy_output {
	bool trusted; /* false: nothing may be shown from this sample */
	double offset_w; /* to add to the true active power */
	double wanted_w; /* what the lease asked for, before limits */
	enum reason reason; /* why offset_w is what it is */
};

struct policy {
	struct policy_settings settings;
	struct offset_lease lease;
	struct limit_state limit;
};

void policy_init(struct policy *policy, const struct policy_settings *settings);

/*
 * Takes a lease from outside. Refused (and nothing changed) with a reason
 * other than REASON_NONE when offset_check says so.
 */
enum reason policy_set_lease(
    struct policy *policy, const struct offset_lease *lease, int64_t now_us);

/* Ends the lease at once; the offset ramps to zero from the next step on. */
void policy_clear_lease(struct policy *policy);

/*
 * Forgets the ramp: the next offset starts from zero. For a source that was
 * lost and came back, or a process that started anew.
 */
void policy_restart(struct policy *policy);

/*
 * One step. With `fresh` false (a sample was missed, the last one is still
 * within the age limit) the offset may only shrink towards less export.
 *
 * A lease that ran out goes to zero at the full slew, whatever its ramp was
 * (REASON_EXPIRED), and is cleared there (REASON_TRANSPARENT). A sample that
 * is not trusted gives offset 0 and restarts the ramp; the lease stays.
 */
struct policy_output policy_step(
    struct policy *policy, const struct policy_input *input);

#endif
