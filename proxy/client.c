/* SPDX-License-Identifier: MIT */
#include "proxy/client.h"

#include <assert.h>
#include <string.h>

#include "proxy/rtu.h"

enum {
	TIMEOUT_MIN_US = 60000,
	CHUNK_US = 20000, /* an adapter may hold a frame's end back so long */
	STALL_US = 50000, /* and a busy machine may be late with them all */
	REQUEST_BYTES = 8,
	FULL_TIMEOUT_EVERY = 4,
	SLOW_AT_LEAST_US =
	    1000000, /* a slow read goes even if it does not fit */
	SLOW_FAILURES_MAX = 3,
	BACKOFF_MAX_US = 2000000,
};

void
client_init(struct client *client, struct client_wire wire,
    struct device *devices, unsigned count)
{
	memset(client, 0, sizeof(*client));
	client->wire = wire;
	client->devices = devices;
	client->devices_count = count;
}

static int64_t
wire_us(const struct client *client, size_t bytes)
{
	return rtu_wire_us(
	    client->wire.baud, client->wire.character_bits, bytes);
}

static int64_t
read_us(const struct client *client, uint16_t count)
{
	return wire_us(client, REQUEST_BYTES) +
	       wire_us(client, 5 + 2 * (size_t)count);
}

static int64_t
timeout_us(const struct device *device)
{
	int64_t most = (int64_t)device->config->timeout_ms * 1000;
	int64_t us = 4 * device->latency_us;

	if (device->timeouts % FULL_TIMEOUT_EVERY == FULL_TIMEOUT_EVERY - 1 ||
	    us > most)
		return most;
	return us < TIMEOUT_MIN_US && most > TIMEOUT_MIN_US ? TIMEOUT_MIN_US
	                                                    : us;
}

static struct device *
most_overdue(struct client *client)
{
	struct device *first = NULL;

	for (unsigned i = 0; i < client->devices_count; i++) {
		struct device *device = &client->devices[i];

		if (first == NULL || mono_diff_us(first->due, device->due) > 0)
			first = device;
	}
	return first;
}

/* A slow read between two polls: when it fits, or has waited for long. */
static struct plan_block *
slow_block(struct client *client, struct mono now, struct mono next_due,
    struct device **asked)
{
	for (unsigned i = 0; i < client->devices_count; i++) {
		struct device *device;
		struct plan_block *block;
		unsigned before;
		int64_t need_us;

		client->turn = (client->turn + 1) % client->devices_count;
		device = &client->devices[client->turn];
		if (!device->slow_turn || device->timeouts > 0)
			continue;
		before = device->plan.next_slow;
		block = plan_slow(&device->plan);
		if (block == NULL)
			continue;
		need_us =
		    read_us(client, plan_count_max(block)) + device->latency_us;
		if (mono_diff_us(next_due, now) >= need_us ||
		    mono_diff_us(now, device->slow_at) > SLOW_AT_LEAST_US) {
			*asked = device;
			return block;
		}
		device->plan.next_slow = before;
	}
	return NULL;
}

static struct plan_block *
choose(struct client *client, struct mono now, struct mono *wake)
{
	struct device *device = most_overdue(client);
	struct plan_block *block;

	if (mono_reached(now, device->due)) {
		client->asked = device;
		/* While it starts the slow ones come first; but after a
		 * timeout a fast one tells a dead device from a dead block. */
		block = NULL;
		if (!plan_started(&device->plan) && device->timeouts % 2 == 0)
			block = plan_slow(&device->plan);
		return block != NULL ? block : plan_fast(&device->plan);
	}
	*wake = device->due;
	return slow_block(client, now, device->due, &client->asked);
}

struct client_step
client_next(struct client *client, struct mono now)
{
	struct client_step step = { 0 };

	if (client->devices_count == 0)
		return step;
	if (client->state != CLIENT_IDLE) {
		step.wake = client->deadline;
		return step;
	}
	if (!mono_reached(now, client->pause)) {
		step.wake = client->pause;
		return step;
	}
	client->block = choose(client, now, &step.wake);
	if (client->block == NULL)
		return step;
	step.send = true;
	step.unit = (uint8_t)client->asked->config->unit;
	step.request = (struct pdu_request){
		.function = client->asked->map->function,
		.address = client->block->address,
		.count = plan_count(client->block),
	};
	client->request = step.request;
	return step;
}

void
client_sent(struct client *client, struct mono now)
{
	struct device *device = client->asked;

	client->state = CLIENT_WAIT;
	client->heard = false;
	client->sent = now;
	client->timeout_us = timeout_us(device);
	client->deadline = mono_add_us(now,
	    wire_us(client, REQUEST_BYTES) + client->timeout_us + CHUNK_US);
	device->counts.requests++;
	if (client->block->fast && device->plan.next_fast == 0)
		device->polled = now;
	if (!client->block->fast) {
		device->slow_turn = false;
		device->slow_at = now;
	}
}

void
client_heard(struct client *client)
{
	if (client->state != CLIENT_WAIT || client->heard)
		return;
	client->heard = true;
	client->deadline = mono_add_us(client->deadline,
	    wire_us(client, 5 + 2 * (size_t)client->request.count) + STALL_US);
}

/* A fast round from its first request to the last byte of its answers. */
static int64_t
round_us(const struct client *client, const struct device *device)
{
	int64_t us = 0;

	for (unsigned i = 0; i < device->plan.fast_count; i++)
		us += read_us(client, plan_count_max(&device->plan.blocks[i])) +
		      device->latency_us + rtu_t35_us(client->wire.baud);
	return us;
}

/*
 * Just in time: moves the polls so that one of them ends a little before the
 * inverter's next question, with the ones between spread evenly.
 *
 *   question            |                             |
 *   polls        [====] |   [====]   [====]   [====]  |
 *                     margin
 */
static void
align(const struct client *client, struct device *device, struct mono now)
{
	int64_t least_us = (int64_t)device->config->poll_ms * 800;
	int64_t lead_us = round_us(client, device);
	int64_t spacing_us, before;
	struct mono question, last, from;

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
	before = mono_diff_us(last, from) / least_us;
	spacing_us = mono_diff_us(last, device->polled) / (before + 1);
	if (spacing_us < least_us)
		spacing_us = least_us;
	device->due = mono_add_us(last, -before * spacing_us);
}

/* The next poll is due a period after this one was, not after its answer;
 * but polls that could not be kept are not made up for. */
static void
next_due(const struct client *client, struct device *device, struct mono now)
{
	int64_t period_us = (int64_t)device->config->poll_ms * 1000;

	device->due = mono_add_us(device->due, period_us);
	align(client, device, now);
	if (mono_diff_us(now, device->due) > 0)
		device->due = now;
}

static void
finish(struct client *client, struct mono at)
{
	int64_t gap_us = rtu_t35_us(client->wire.baud);

	if (gap_us < (int64_t)client->asked->map->gap_ms * 1000)
		gap_us = (int64_t)client->asked->map->gap_ms * 1000;
	client->state = CLIENT_IDLE;
	client->pause = mono_add_us(at, gap_us);
}

static void
learn_latency(struct client *client, size_t reply_bytes, struct mono at)
{
	struct device *device = client->asked;
	int64_t us = mono_diff_us(at, client->sent) -
	             wire_us(client, REQUEST_BYTES + reply_bytes);

	device->latency_us -= device->latency_us / 16;
	if (us > device->latency_us)
		device->latency_us = us;
}

static struct client_result
result_for(const struct client *client, enum client_verdict verdict)
{
	return (struct client_result){
		.verdict = verdict,
		.device = client->asked,
		.request = client->request,
		.heard = client->heard,
		.sent = client->sent,
	};
}

static struct client_result
answered(struct client *client, const uint8_t *registers, size_t length,
    struct mono at)
{
	struct client_result result = result_for(client, CLIENT_ANSWERED);
	struct device *device = client->asked;
	struct plan_block *block = client->block;

	learn_latency(client, length, at);
	device->timeouts = 0;
	device->counts.ok++;
	device->counts.last_us = at.us;
	result.sample =
	    device_take(device, block, client->request.count, registers, at);
	/* A round of several reads, and the reads of the start, go on without
	 * waiting for the next period. */
	if (block->fast && device->plan.next_fast == 0)
		next_due(client, device, at);
	else if (!block->fast && plan_started(&device->plan))
		align(client, device, at);
	finish(client, at);
	return result;
}

static struct client_result
refused(struct client *client, uint8_t exception, struct mono at)
{
	struct client_result result = result_for(client, CLIENT_REFUSED);
	struct device *device = client->asked;
	bool for_good =
	    exception >= PDU_ILLEGAL_FUNCTION && exception <= PDU_ILLEGAL_VALUE;

	result.exception = exception;
	result.miss = client->block->fast;
	device->timeouts = 0;
	device->counts.exceptions++;
	if (for_good && !client->block->fast)
		device_refuse(device, client->block);
	if (client->block->fast)
		device_miss(device);
	device->due = at;
	next_due(client, device, at);
	finish(client, at);
	return result;
}

struct client_result
client_frame(
    struct client *client, const uint8_t *adu, size_t length, struct mono at)
{
	struct client_result foreign = { .verdict = CLIENT_FOREIGN };
	const uint8_t *registers;
	uint8_t exception;
	enum pdu_match match;

	if (client->state == CLIENT_IDLE ||
	    adu[0] != client->asked->config->unit)
		return foreign;
	match = pdu_match_read(
	    &client->request, adu + 1, length - 3, &registers, &exception);
	if (match == PDU_MATCH_NONE)
		return foreign;
	if (client->state == CLIENT_QUARANTINE) {
		/* The late answer: seen, so nothing more is to come. */
		finish(client, at);
		return foreign;
	}
	return match == PDU_MATCH_DATA ? answered(client, registers, length, at)
	                               : refused(client, exception, at);
}

/* Alone on its line a silent device costs nobody anything, and is wanted back
 * soon; with others it must not eat their time. */
static void
back_off(struct client *client, struct mono now)
{
	struct device *device = client->asked;
	int64_t us = (int64_t)device->config->poll_ms * 1000;

	if (client->devices_count == 1 || device->timeouts < 2) {
		device->due = now;
		return;
	}
	for (uint32_t i = 2; i < device->timeouts && us < BACKOFF_MAX_US; i++)
		us *= 2;
	device->due =
	    mono_add_us(now, us < BACKOFF_MAX_US ? us : BACKOFF_MAX_US);
}

/* Some meters do not refuse registers they lack, they keep silent. A block
 * that stays silent while the device answers others is done without. */
static void
count_failure(struct device *device, struct plan_block *block)
{
	if (block->fast || device->timeouts > 2)
		return;
	if (++block->failures >= SLOW_FAILURES_MAX)
		device_refuse(device, block);
}

static struct client_result
failed(struct client *client, struct mono now)
{
	struct client_result result = result_for(client, CLIENT_FAILED);
	struct device *device = client->asked;

	device->timeouts++;
	if (client->heard)
		device->counts.broken++;
	else
		device->counts.timeouts++;
	result.miss = client->block->fast;
	if (result.miss)
		device_miss(device);
	count_failure(device, client->block);
	back_off(client, now);
	return result;
}

/* The fewer lengths its answers can have, the longer a late one must be waited
 * for. */
static int64_t
quarantine_us(const struct client *client)
{
	int64_t full_us = (int64_t)client->asked->config->timeout_ms * 1000;

	if (client->block->variants >= PLAN_VARIANTS)
		return client->timeout_us;
	return client->block->variants == 1 ? 2 * full_us : full_us;
}

struct client_result
client_expire(struct client *client, struct mono now)
{
	struct client_result result = { .verdict = CLIENT_NOTHING };

	if (client->state == CLIENT_IDLE ||
	    !mono_reached(now, client->deadline))
		return result;
	if (client->state == CLIENT_QUARANTINE) {
		finish(client, now);
		return result;
	}
	result = failed(client, now);
	client->state = CLIENT_QUARANTINE;
	client->deadline = mono_add_us(now, quarantine_us(client));
	return result;
}

struct client_result
client_abort(struct client *client, struct mono now)
{
	struct client_result result = { .verdict = CLIENT_NOTHING };

	if (client->state == CLIENT_WAIT)
		result = failed(client, now);
	client->state = CLIENT_IDLE;
	return result;
}
