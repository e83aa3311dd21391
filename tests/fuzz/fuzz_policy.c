/* SPDX-License-Identifier: MIT */
/* Any sequence of leases, samples, misses and times: the offset is finite,
 * within clamp and slew, zero without trust, and gone when its lease is. */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

enum { SECOND_US = 1000000 };

/* What the bytes mean; nothing is too absurd but a broken setting, which the
 * configuration refuses. */
struct tape {
	const uint8_t *data;
	size_t size;
};

struct run {
	struct policy policy;
	struct quantities sample;
	int64_t now_us;
	int64_t sample_us;
	int64_t last_us; /* of the last step */
	double last_w;
	bool stepped; /* since the last restart */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take(struct tape *tape, void *to, size_t size)
{
	size_t have = size < tape->size ? size : tape->size;

	memset(to, 0, size);
	memcpy(to, tape->data, have);
	tape->data += have;
	tape->size -= have;
}

static uint8_t
take_byte(struct tape *tape)
{
	uint8_t byte;

	take(tape, &byte, sizeof(byte));
	return byte;
}

/* Mostly a sensible number, sometimes any bits at all. */
static double
take_double(struct tape *tape)
{
	int16_t small;
	double any;

	if (take_byte(tape) % 4 == 0) {
		take(tape, &any, sizeof(any));
		return any;
	}
	take(tape, &small, sizeof(small));
	return small;
}

static int64_t
take_time(struct tape *tape, int64_t now_us)
{
	int64_t any;
	int16_t ms;

	if (take_byte(tape) % 8 == 0) {
		take(tape, &any, sizeof(any));
		return any;
	}
	take(tape, &ms, sizeof(ms));
	return (int64_t)((uint64_t)now_us + (uint64_t)((int64_t)ms * 1000));
}

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* By which the offset may have moved since the last step, in W. */
static double
room_w(const struct run *run)
{
	uint64_t us = (uint64_t)run->now_us - (uint64_t)run->last_us;
	double seconds = us < SECOND_US ? (double)us / SECOND_US : 1.0;

	if (run->now_us < run->last_us)
		seconds = 0.0;
	if (!run->stepped)
		return 0.0;
	return run->policy.settings.limit.slew_w_per_s * seconds + 1e-6;
}

static void
check(struct run *run, const struct policy_input *input,
    const struct offset_lease *lease, const struct policy_output *output)
{
	double offset_w = output->offset_w;

	require(isfinite(offset_w) && isfinite(output->wanted_w));
	require(output->reason > REASON_NONE && output->reason < REASON_COUNT);
	require(fabs(offset_w) <= run->policy.settings.limit.limit_w);
	require(output->trusted ==
		(trust_check(&run->policy.settings.trust, input->sample,
		     input->sample_us, input->now_us) == REASON_NONE));
	if (!output->trusted) {
		require(!(fabs(offset_w) > 0.0));
		return;
	}
	require(fabs(offset_w - run->last_w) <= room_w(run));
	if (!input->fresh)
		require(offset_w <= run->last_w &&
			offset_w >= fmin(run->last_w, 0.0));
	/* Without a lease in force the offset only goes back. */
	if (lease->expiry_us == 0 || input->now_us >= lease->expiry_us)
		require(fabs(offset_w) <= fabs(run->last_w) &&
			!(fabs(output->wanted_w) > 0.0));
}

static void
step(struct run *run, struct tape *tape)
{
	struct offset_lease lease = run->policy.lease;
	struct policy_input input;
	struct policy_output output;

	run->now_us = take_time(tape, run->now_us);
	input.fresh = take_byte(tape) % 4 != 0;
	if (input.fresh)
		run->sample_us = take_time(tape, run->now_us);
	input.now_us = run->now_us;
	input.sample_us = run->sample_us;
	input.sample = &run->sample;
	output = policy_step(&run->policy, &input);
	check(run, &input, &lease, &output);
	run->last_w = output.offset_w;
	run->last_us = run->now_us;
	run->stepped = output.trusted;
}

static void
set_lease(struct run *run, struct tape *tape)
{
	struct offset_lease lease = { .value_w = take_double(tape),
		.ramp_w_per_s = take_double(tape),
		.expiry_us = take_time(tape, run->now_us) };
	struct offset_lease before = run->policy.lease;

	if (policy_set_lease(&run->policy, &lease, run->now_us) != REASON_NONE)
		require(
		    memcmp(&before, &run->policy.lease, sizeof(before)) == 0);
	else
		require(
		    lease.expiry_us > run->now_us &&
		    fabs(lease.value_w) <= run->policy.settings.limit.limit_w);
}

static void
put_sample(struct run *run, struct tape *tape)
{
	quantities_put(&run->sample,
	    (enum quantity)(take_byte(tape) % QUANTITY_COUNT),
	    take_double(tape));
}

static void
restart(struct run *run)
{
	policy_restart(&run->policy);
	run->stepped = false;
	run->last_w = 0.0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tape tape = { .data = data, .size = size };
	struct run run = { .now_us = 10 * (int64_t)SECOND_US };
	struct policy_settings settings = {
		.trust = { .max_age_us = 1500000, .max_power_w = 17250 },
		.limit = { .limit_w = take_byte(&tape) * 40.0,
		    .slew_w_per_s = 1.0 + take_byte(&tape) * 20.0 },
	};

	policy_init(&run.policy, &settings);
	quantities_put(&run.sample, QUANTITY_ACTIVE_POWER, 800.0);
	while (tape.size > 0) {
		switch (take_byte(&tape) % 8) {
		case 0:
			set_lease(&run, &tape);
			break;
		case 1:
			put_sample(&run, &tape);
			break;
		case 2:
			policy_clear_lease(&run.policy);
			break;
		case 3:
			restart(&run);
			break;
		default:
			step(&run, &tape);
		}
	}
	return 0;
}
