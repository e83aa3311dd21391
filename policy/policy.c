/* SPDX-License-Identifier: MIT */
#include "policy/policy.h"

#include <math.h>
#include <string.h>

void
policy_init(struct policy *policy, const struct policy_settings *settings)
{
	memset(policy, 0, sizeof(*policy));
	policy->settings = *settings;
}

enum reason
policy_set_lease(
    struct policy *policy, const struct offset_lease *lease, int64_t now_us)
{
	enum reason reason =
	    offset_check(lease, policy->settings.limit.limit_w, now_us);

	if (reason == REASON_NONE)
		policy->lease = *lease;
	return reason;
}

void
policy_clear_lease(struct policy *policy)
{
	memset(&policy->lease, 0, sizeof(policy->lease));
}

void
policy_restart(struct policy *policy)
{
	limit_restart(&policy->limit);
}

/* At zero an ended lease is over. */
static enum reason
settle(struct policy *policy, enum reason reason, double offset_w)
{
	if (reason != REASON_EXPIRED || fabs(offset_w) > 0.0)
		return reason;
	policy_clear_lease(policy);
	return REASON_TRANSPARENT;
}

struct policy_output
policy_step(struct policy *policy, const struct policy_input *input)
{
	struct policy_output output = { 0 };
	double ramp_w_per_s;

	/* 1. A sample that cannot be trusted decides nothing. */
	output.reason = trust_check(&policy->settings.trust, input->sample,
	    input->sample_us, input->now_us);
	if (output.reason != REASON_NONE) {
		policy_restart(policy);
		return output;
	}
	output.trusted = true;
	/* 2. What is asked for, and by right of what. */
	output.wanted_w =
	    offset_wanted_w(&policy->lease, input->now_us, &output.reason);
	/* 3. The last stage. A lease's ramp ends with it: a slow one would
	 * let the offset outlive its end by hours. */
	ramp_w_per_s =
	    output.reason == REASON_MANUAL ? policy->lease.ramp_w_per_s : 0.0;
	output.offset_w =
	    limit_step(&policy->settings.limit, &policy->limit, output.wanted_w,
		ramp_w_per_s, !input->fresh, input->now_us, &output.reason);
	output.reason = settle(policy, output.reason, output.offset_w);
	/* 4. A missed sample explains any offset, and any that is not there. */
	if (!input->fresh &&
	    (fabs(output.offset_w) > 0.0 || fabs(output.wanted_w) > 0.0))
		output.reason = REASON_MISSED;
	return output;
}
