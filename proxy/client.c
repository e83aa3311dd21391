/* SPDX-License-Identifier: MIT */
#include "proxy/client.h"

#include <assert.h>
#include <string.h>

#include "proxy/pace.h"

enum {
	PATIENCE_US = 100000, /* so long the low ranks wait for room */
	SLOW_PATIENCE_US = 1000000, /* and slow registers */
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

/* --- choosing --------------------------------------------------------------
 */

static bool
is_meter(const struct device *device)
{
	return device->config->role == ROLE_GRID_METER;
}

/* Of the grid meters, or of the others. NULL: there are none. */
static struct device *
most_overdue(const struct client *client, bool meters)
{
	struct device *first = NULL;

	for (unsigned i = 0; i < client->devices_count; i++) {
		struct device *device = &client->devices[i];

		if (is_meter(device) != meters || device->config->poll_ms == 0)
			continue;
		if (first == NULL || mono_diff_us(first->due, device->due) > 0)
			first = device;
	}
	return first;
}

/* What the low ranks look at before they go. */
struct room {
	struct mono now;
	struct device *meter; /* next one due; NULL: none */
};

/* Is it done before the meter is due, or has it waited for long? */
static bool
may_go(const struct room *room, int64_t need_us, struct mono since,
    int64_t patience_us)
{
	return room->meter == NULL ||
	       mono_diff_us(room->meter->due, room->now) >= need_us ||
	       mono_diff_us(room->now, since) > patience_us;
}

static bool
poll(struct client *client, struct device *device, struct plan_block *block)
{
	client->asked = device;
	client->block = block;
	client->errand = NULL;
	return true;
}

/* While a device starts its slow blocks come first; but after a timeout a fast
 * one tells a dead device from a dead block. */
static bool
poll_fast(struct client *client, struct device *device)
{
	struct plan_block *block = NULL;

	if (!plan_started(&device->plan) && device->timeouts % 2 == 0)
		block = plan_slow(&device->plan);
	return poll(
	    client, device, block != NULL ? block : plan_fast(&device->plan));
}

static bool
choose_slow(struct client *client, const struct room *room)
{
	for (unsigned i = 0; i < client->devices_count; i++) {
		struct device *device;
		struct plan_block *block;
		unsigned before;

		client->turn = (client->turn + 1) % client->devices_count;
		device = &client->devices[client->turn];
		if (!device->slow_turn || device->timeouts > 0)
			continue;
		before = device->plan.next_slow;
		block = plan_slow(&device->plan);
		if (block == NULL)
			continue;
		if (may_go(room,
			pace_read_us(&client->exchange.wire, device,
			    plan_count_max(block)),
			device->slow_at, SLOW_PATIENCE_US))
			return poll(client, device, block);
		device->plan.next_slow = before;
	}
	return false;
}

static bool
choose_other(struct client *client, const struct room *room)
{
	struct device *device = most_overdue(client, false);
	struct plan_block *block;

	if (device == NULL || !mono_reached(room->now, device->due))
		return false;
	block = plan_fast(&device->plan);
	return may_go(room,
		   pace_read_us(
		       &client->exchange.wire, device, plan_count_max(block)),
		   device->due, PATIENCE_US) &&
	       poll_fast(client, device);
}

static struct device *
find_device(const struct client *client, uint8_t unit)
{
	for (unsigned i = 0; i < client->devices_count; i++) {
		if (client->devices[i].config->unit == unit)
			return &client->devices[i];
	}
	return NULL;
}

static bool
take_errand(struct client *client, enum errand_rank rank)
{
	struct errand *errand = errands_take(&client->errands[rank]);

	if (errand == NULL)
		return false;
	client->errand = errand;
	client->asked = find_device(client, errand->unit);
	client->block = NULL;
	return true;
}

static bool
choose_errand(struct client *client, const struct room *room)
{
	const struct errand *errand = client->errands[ERRAND_CLIENT].first;
	uint16_t count;

	if (errand == NULL)
		return false;
	count = errand->length >= 5 ? pdu_get_u16(errand->pdu + 3) : 0;
	if (count > PDU_READ_MAX)
		count = PDU_READ_MAX;
	if (room->meter != NULL &&
	    !may_go(room,
		pace_read_us(&client->exchange.wire, room->meter, count),
		errand->asked, PATIENCE_US))
		return false;
	return take_errand(client, ERRAND_CLIENT);
}

/* Polls of others and errands of clients in turn, if both want to. */
static bool
choose_low(struct client *client, const struct room *room)
{
	bool first = client->errand_had_turn;

	client->errand_had_turn = false;
	if (first && (choose_other(client, room) || choose_slow(client, room)))
		return true;
	if (choose_errand(client, room)) {
		client->errand_had_turn = true;
		return true;
	}
	return !first &&
	       (choose_other(client, room) || choose_slow(client, room));
}

static bool
choose(struct client *client, struct mono now)
{
	struct room room = { .now = now, .meter = most_overdue(client, true) };
	bool due = room.meter != NULL && mono_reached(now, room.meter->due);

	if (due && !client->meter_had_turn)
		return poll_fast(client, room.meter);
	client->meter_had_turn = false;
	if (take_errand(client, ERRAND_INVERTER) || choose_low(client, &room))
		return true;
	return due && poll_fast(client, room.meter);
}

/* Nothing can go now: when may something? */
static struct mono
next_wake(const struct client *client)
{
	const struct errand *errand = client->errands[ERRAND_CLIENT].first;
	struct mono wake = { 0 };

	for (unsigned i = 0; i < client->devices_count; i++) {
		const struct device *device = &client->devices[i];

		if (device->config->poll_ms > 0 &&
		    (!mono_is_set(wake) || mono_diff_us(wake, device->due) > 0))
			wake = device->due;
	}
	if (errand != NULL) {
		struct mono impatient =
		    mono_add_us(errand->asked, PATIENCE_US + 1);

		if (!mono_is_set(wake) || mono_diff_us(wake, impatient) > 0)
			wake = impatient;
	}
	return wake;
}

static void
fill_step(struct client *client, struct client_step *step)
{
	step->send = true;
	if (client->errand != NULL) {
		step->unit = client->errand->unit;
		step->length = client->errand->length;
		memcpy(step->pdu, client->errand->pdu, step->length);
		return;
	}
	client->request = (struct pdu_request){
		.function = client->asked->map->function,
		.address = client->block->address,
		.count = plan_count(client->block),
	};
	step->unit = (uint8_t)client->asked->config->unit;
	step->length = pdu_read_request(step->pdu, client->request.function,
	    client->request.address, client->request.count);
}

struct client_step
client_next(struct client *client, struct mono now)
{
	struct client_step step = { 0 };

	if (!exchange_ready(&client->exchange, now, &step.wake))
		return step;
	if (choose(client, now))
		fill_step(client, &step);
	else
		step.wake = next_wake(client);
	return step;
}

static void
note_poll(struct client *client, struct mono now)
{
	struct device *device = client->asked;

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
	};
	struct errand *errand = client->errand;

	if (client->asked != NULL)
		timing = pace_timing(client->asked, client->block);
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
	return errands_add(&client->errands[errand->rank], errand);
}

void
client_forget(struct client *client, struct errand *errand)
{
	if (client->errand == errand)
		client->errand = NULL;
	else
		errands_remove(&client->errands[errand->rank], errand);
}

struct errand *
client_overdue(struct client *client, struct mono now, enum errand_end *end)
{
	for (unsigned i = 0; i < ERRAND_RANK_COUNT; i++) {
		struct errand *errand = client->errands[i].first;
		const struct device *device;

		if (errand == NULL)
			continue;
		device = find_device(client, errand->unit);
		if (mono_reached(now, errand->deadline))
			*end = ERRAND_EXPIRED;
		else if (device != NULL && pace_is_resting(device, now))
			*end = ERRAND_TIMEOUT;
		else
			continue;
		return errands_take(&client->errands[i]);
	}
	return NULL;
}

struct errand *
client_drop(struct client *client)
{
	struct errand *errand = errands_take(&client->errands[ERRAND_INVERTER]);

	return errand != NULL ? errand
	                      : errands_take(&client->errands[ERRAND_CLIENT]);
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
	device->counts.ok++;
	device->counts.last_us = at.us;
	result.sample =
	    device_take(device, block, client->request.count, registers, at);
	/* A round of several reads, and the reads of the start, go on without
	 * waiting for the next period. */
	if (block->fast && device->plan.next_fast == 0) {
		client->meter_had_turn = is_meter(device);
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
	client->meter_had_turn = is_meter(device);
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

	if (!exchange_abort(&client->exchange))
		return nothing;
	return failed(client, now);
}
