/* SPDX-License-Identifier: MIT */
#include "proxy/client.h"

#include <assert.h>
#include <string.h>

#include "proxy/pace.h"
#include "proxy/turn.h"

enum {
	SLOW_FAILURES_MAX = 3,
	UNKNOWN_TIMEOUT_US = 300000, /* of a unit that is no device of ours */
};

void
client_init(struct client *client, struct exchange_wire wire,
    struct device *devices, unsigned count)
{
	memset(client, 0, sizeof(*client));
	exchange_init(&client->exchange, wire);
	client->devices = devices;
	client->devices_count = count;
}

struct device *
client_device(const struct client *client, uint8_t unit)
{
	for (unsigned i = 0; i < client->devices_count; i++) {
		if (client->devices[i].config->unit == unit)
			return &client->devices[i];
	}
	return NULL;
}

static void
fill_poll(struct client *client, struct client_step *step)
{
	client->request = (struct pdu_request){
		.function = client->asked->map->function,
		.address = client->block->address,
		.count = plan_count(client->block),
	};
	step->unit = (uint8_t)client->asked->config->unit;
	step->length = pdu_read_request(step->pdu, client->request.function,
	    client->request.address, client->request.count);
}

/* In another length, if an answer that is owed could be taken for this one's.
 * False: all are, until then. */
static bool
fill_step(struct client *client, struct client_step *step, struct mono now,
    struct mono *until)
{
	if (client->errand != NULL) {
		step->unit = client->errand->unit;
		step->length = client->errand->length;
		memcpy(step->pdu, client->errand->pdu, step->length);
		return true;
	}
	for (unsigned i = 0; i < client->block->variants; i++) {
		fill_poll(client, step);
		if (exchange_may_ask(&client->exchange, step->unit, step->pdu,
			step->length, now, until))
			return true;
	}
	return false;
}

struct client_step
client_next(struct client *client, struct mono now)
{
	struct client_step step = { 0 };
	struct mono until;

	if (!exchange_ready(&client->exchange, now, &step.wake))
		return step;
	if (!turn_choose(client, now)) {
		step.wake = turn_wake(client, now);
	} else if (fill_step(client, &step, now, &until)) {
		step.send = true;
	} else {
		step.wake = turn_wake(client, now);
		if (!mono_is_set(step.wake) ||
		    mono_diff_us(step.wake, until) > 0)
			step.wake = until;
	}
	return step;
}

static void
note_poll(struct client *client, struct mono now)
{
	struct device *device = client->asked;

	assert(device != NULL);
	device->counts.requests++;
	if (client->block->fast && device->plan.next_fast == 0)
		device->polled = now;
	if (!client->block->fast) {
		device->slow_turn = false;
		device->slow_at = now;
	}
}

struct errand *
client_sent(
    struct client *client, const struct client_step *step, struct mono now)
{
	struct exchange_timing timing = {
		.timeout_us = UNKNOWN_TIMEOUT_US,
		.quarantine_us = UNKNOWN_TIMEOUT_US,
		.late_us = UNKNOWN_TIMEOUT_US,
	};
	struct errand *errand = client->errand;

	if (client->asked != NULL)
		timing = pace_timing(
		    client->asked, client->block, client->devices_count == 1);
	if (client->block != NULL)
		note_poll(client, now);
	exchange_begin(&client->exchange, step->unit, step->pdu, step->length,
	    &timing, now);
	if (step->unit != 0)
		return NULL;
	client->errand = NULL;
	return errand;
}

/* --- errands ---------------------------------------------------------------
 */

bool
client_carry(struct client *client, struct errand *errand)
{
	return errand_enqueue(&client->queues[errand->rank], errand);
}

void
client_forget(struct client *client, struct errand *errand)
{
	if (client->errand == errand)
		client->errand = NULL;
	else
		errand_remove(&client->queues[errand->rank], errand);
}

static bool
is_overdue(const struct client *client, const struct errand *errand,
    struct mono now, enum errand_end *end)
{
	const struct device *device = client_device(client, errand->unit);

	*end = mono_reached(now, errand->deadline) ? ERRAND_EXPIRED
	                                           : ERRAND_TIMEOUT;
	return *end == ERRAND_EXPIRED ||
	       (device != NULL && pace_is_resting(device, now));
}

struct errand *
client_overdue(struct client *client, struct mono now, enum errand_end *end)
{
	for (unsigned i = 0; i < ERRAND_RANK_COUNT; i++) {
		struct errand *errand = client->queues[i].first;

		for (unsigned k = 0; errand != NULL && k < ERRAND_LOOK; k++) {
			if (is_overdue(client, errand, now, end)) {
				errand_remove(&client->queues[i], errand);
				return errand;
			}
			errand = errand->next;
		}
	}
	return NULL;
}

struct errand *
client_drop(struct client *client)
{
	struct errand *errand =
	    errand_dequeue(&client->queues[ERRAND_INVERTER]);

	return errand != NULL ? errand
	                      : errand_dequeue(&client->queues[ERRAND_CLIENT]);
}

/* --- what comes of it ------------------------------------------------------
 */

void
client_heard(struct client *client)
{
	exchange_heard(&client->exchange);
}

static struct client_result
result_for(struct client *client, enum client_verdict verdict)
{
	struct client_result result = {
		.verdict = verdict,
		.device = client->asked,
		.errand = client->errand,
		.request = client->request,
		.heard = client->exchange.heard,
		.sent = client->exchange.sent,
	};

	client->errand = NULL;
	return result;
}

static void
note_answer(struct client *client, size_t length, struct mono at)
{
	struct device *device = client->asked;

	pace_learn(device, &client->exchange, length, at);
	/* It is back: ask for itself what it could not be asked. */
	if (device->timeouts > 0 && client->block == NULL)
		device->due = at;
	device->timeouts = 0;
}

static struct client_result
answered(struct client *client, const uint8_t *registers, struct mono at)
{
	struct client_result result = result_for(client, CLIENT_ANSWERED);
	struct device *device = client->asked;
	struct plan_block *block = client->block;

	if (block == NULL)
		return result;
	assert(device != NULL); /* a block is of a device */
	device->counts.ok++;
	device->counts.last_us = at.us;
	result.sample =
	    device_take(device, block, client->request.count, registers, at);
	/* A round of several reads, and the reads of the start, go on without
	 * waiting for the next period. */
	if (block->fast && device->plan.next_fast == 0) {
		client->meter_had_turn = device_is_meter(device);
		pace_next(&client->exchange.wire, device, at);
	} else if (!block->fast && plan_started(&device->plan)) {
		pace_align(&client->exchange.wire, device, at);
	}
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
	if (client->block == NULL)
		return result;
	result.miss = client->block->fast;
	assert(device != NULL); /* a block is of a device */
	device->counts.exceptions++;
	if (for_good && !client->block->fast)
		device_refuse(device, client->block);
	if (client->block->fast)
		device_miss(device);
	device->due = at;
	pace_next(&client->exchange.wire, device, at);
	return result;
}

struct client_result
client_frame(
    struct client *client, const uint8_t *adu, size_t length, struct mono at)
{
	struct client_result foreign = { .verdict = CLIENT_FOREIGN };
	enum exchange_verdict verdict =
	    exchange_frame(&client->exchange, adu[0], adu + 1, length - 3, at);

	if (verdict != EXCHANGE_ANSWERED && verdict != EXCHANGE_REFUSED)
		return foreign;
	if (client->asked != NULL)
		note_answer(client, length, at);
	return verdict == EXCHANGE_ANSWERED ? answered(client, adu + 3, at)
	                                    : refused(client, adu[2], at);
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

static void
poll_failed(struct client *client, struct client_result *result)
{
	struct device *device = client->asked;

	if (result->heard)
		device->counts.broken++;
	else
		device->counts.timeouts++;
	result->miss = client->block->fast;
	if (result->miss)
		device_miss(device);
	count_failure(device, client->block);
	client->meter_had_turn = device_is_meter(device);
}

static struct client_result
failed(struct client *client, struct mono now)
{
	struct client_result result = result_for(client, CLIENT_FAILED);
	const struct exchange *exchange = &client->exchange;

	if (client->asked == NULL)
		return result;
	client->asked->timeouts++;
	if (client->block != NULL)
		poll_failed(client, &result);
	pace_back_off(client->asked, client->devices_count == 1,
	    mono_diff_us(now, exchange->sent) + exchange->quarantine_us, now);
	return result;
}

struct client_result
client_expire(struct client *client, struct mono now)
{
	struct client_result nothing = { .verdict = CLIENT_NOTHING };

	if (exchange_expire(&client->exchange, now) != EXCHANGE_FAILED)
		return nothing;
	return failed(client, now);
}

struct client_result
client_abort(struct client *client, struct mono now)
{
	struct client_result nothing = { .verdict = CLIENT_NOTHING };

	if (!exchange_abort(&client->exchange, now))
		return nothing;
	return failed(client, now);
}
