/* SPDX-License-Identifier: MIT */
#include "proxy/pace.h"

#include <assert.h>

enum {
	TIMEOUT_MIN_US = 60000,
	REQUEST_BYTES = 8,
	REPLY_BYTES = 5, /* and two a register */
	FULL_TIMEOUT_EVERY = 4,
	RESTING_AFTER = 3, /* timeouts in a row */
	BACKOFF_COSTS = 12, /* a rest is so many times what the try cost */
	SLOW_DUE_US =
	    300000, /* since a slow read; well before it is impatient */
};

static int64_t
full_timeout_us(const struct device *device)
{
	return (int64_t)device->config->timeout_ms * 1000;
}

static int64_t
timeout_us(const struct device *device)
{
	int64_t most = full_timeout_us(device);
	int64_t us = 4 * device->latency_us;

	if (device->timeouts % FULL_TIMEOUT_EVERY == FULL_TIMEOUT_EVERY - 1 ||
	    us > most)
		return most;
	return us < TIMEOUT_MIN_US && most > TIMEOUT_MIN_US ? TIMEOUT_MIN_US
	                                                    : us;
}

struct exchange_timing
pace_timing(
    const struct device *device, const struct plan_block *block, bool alone)
{
	struct exchange_timing timing = {
		.timeout_us = timeout_us(device),
		.quarantine_us = full_timeout_us(device),
		.late_us = 2 * full_timeout_us(device),
		.gap_us = (int64_t)device->map->gap_ms * 1000,
	};

	/* What others ask may take the device longer than our reads do, and
	 * the same may be asked again at once. */
	if (block == NULL)
		timing.timeout_us = full_timeout_us(device);
	if (block == NULL || block->variants == 1)
		timing.quarantine_us = timing.late_us;
	else if (block->variants >= PLAN_VARIANTS)
		timing.quarantine_us = timing.timeout_us;
	/* Neighbours need not wait as well: what it still owes is remembered,
	 * and one timeout more, and it rests for longer than that. */
	if (!alone && (block == NULL || device->timeouts + 1 >= RESTING_AFTER))
		timing.quarantine_us = 0;
	return timing;
}

int64_t
pace_read_us(const struct exchange_wire *wire, const struct device *device,
    uint16_t count)
{
	return exchange_wire_us(wire, REQUEST_BYTES) +
	       exchange_wire_us(wire, REPLY_BYTES + 2 * (size_t)count) +
	       device->latency_us;
}

void
pace_learn(struct device *device, const struct exchange *exchange,
    size_t reply_bytes, struct mono at)
{
	int64_t us = mono_diff_us(at, exchange->sent) -
	             exchange_wire_us(
			 &exchange->wire, exchange->length + 3 + reply_bytes);

	device->latency_us -= device->latency_us / 16;
	if (us > device->latency_us)
		device->latency_us = us;
}

/* A fast round from its first request to the last byte of its answers. */
static int64_t
round_us(const struct exchange_wire *wire, const struct device *device)
{
	const struct plan *plan = &device->plan;
	int64_t us = 0;

	for (unsigned i = 0; i < plan->fast_count; i++)
		us += pace_read_us(
			  wire, device, plan_count_max(&plan->blocks[i])) +
		      exchange_t35_us(wire);
	return us;
}

/* What a slow read takes between two fast rounds; 0: none is due. */
static int64_t
slow_us(const struct exchange_wire *wire, const struct device *device,
    struct mono now)
{
	const struct plan *plan = &device->plan;

	if (plan->fast_count == plan->count || !device->slow_turn ||
	    mono_diff_us(now, device->slow_at) < SLOW_DUE_US)
		return 0;
	return pace_read_us(wire, device,
		   plan_count_max(&plan->blocks[plan->next_slow])) +
	       2 * exchange_t35_us(wire);
}

/* By how much the next round is shorter than the longest. */
static int64_t
shorter_us(const struct exchange_wire *wire, const struct device *device)
{
	const struct plan *plan = &device->plan;
	size_t bytes = 0;

	for (unsigned i = 0; i < plan->fast_count; i++)
		bytes += 2 * (size_t)(plan_count_max(&plan->blocks[i]) -
				      plan_count_next(&plan->blocks[i]));
	return exchange_wire_us(wire, bytes);
}

void
pace_align(
    const struct exchange_wire *wire, struct device *device, struct mono now)
{
	int64_t least_us = (int64_t)device->config->poll_ms * 800;
	int64_t lead_us = round_us(wire, device);
	int64_t spacing_us, room_us, before;
	struct mono question, last, from;

	assert(lead_us > 0); /* a plan has a fast read */
	if (device->beat == NULL)
		return;
	if (least_us < lead_us)
		least_us = lead_us;
	lead_us += beat_margin_us(device->beat);
	/* Never more often than it was asked for: not every question of a
	 * quick inverter gets a sample of its own. */
	from = mono_add_us(device->polled, least_us);
	if (mono_diff_us(now, from) > 0)
		from = now;
	if (!beat_next(device->beat, mono_add_us(from, lead_us), &question))
		return;
	/* So many polls fit before the one that must be in time. */
	last = mono_add_us(question, -lead_us);
	room_us = mono_diff_us(last, from) - slow_us(wire, device, now);
	/* Packed tight they would leave a slow read no other place than in
	 * the way of the last. */
	before = room_us > 0 ? room_us / least_us : 0;
	if (before == 0)
		last = mono_add_us(last, shorter_us(wire, device));
	spacing_us = mono_diff_us(last, device->polled) / (before + 1);
	if (spacing_us < least_us)
		spacing_us = least_us;
	device->due = mono_add_us(last, -before * spacing_us);
}

void
pace_next(
    const struct exchange_wire *wire, struct device *device, struct mono now)
{
	int64_t period_us = (int64_t)device->config->poll_ms * 1000;

	device->due = mono_add_us(device->due, period_us);
	pace_align(wire, device, now);
	if (mono_diff_us(now, device->due) > 0)
		device->due = now;
}

void
pace_back_off(
    struct device *device, bool alone, int64_t cost_us, struct mono now)
{
	int64_t us = (int64_t)device->config->poll_ms * 1000;

	if (alone || device->timeouts < 2) {
		device->due = now;
		return;
	}
	if (us < full_timeout_us(device))
		us = full_timeout_us(device);
	for (uint32_t i = 2; i < device->timeouts; i++) {
		us *= 2;
		if (us >= BACKOFF_COSTS * cost_us) {
			us = BACKOFF_COSTS * cost_us;
			break;
		}
	}
	device->due = mono_add_us(now, us);
}

bool
pace_is_resting(const struct device *device, struct mono now)
{
	return device->timeouts >= RESTING_AFTER &&
	       !mono_reached(now, device->due);
}
