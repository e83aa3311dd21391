/* SPDX-License-Identifier: MIT */
#include "proxy/turn.h"

#include "proxy/pace.h"

enum {
	PATIENCE_US = 100000, /* so long the low ranks wait for room */
	SLOW_PATIENCE_US = 1000000, /* and slow registers */
};

/* Of the grid meters, or of the others. NULL: there are none. */
static struct device *
most_overdue(const struct client *client, bool meters)
{
	struct device *first = NULL;

	for (unsigned i = 0; i < client->devices_count; i++) {
		struct device *device = &client->devices[i];

		if (device_is_meter(device) != meters ||
		    device->config->poll_ms == 0)
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

static bool
may_ask(const struct client *client, const struct errand *errand,
    struct mono now, struct mono *until)
{
	return exchange_may_ask(&client->exchange, errand->unit, errand->pdu,
	    errand->length, now, until);
}

static bool
take_errand(struct client *client, enum errand_rank rank, struct mono now)
{
	struct errand *errand = client->queues[rank].first;
	struct mono until;

	/* One that must wait for what its unit owes holds up nobody else's. */
	for (unsigned i = 0; errand != NULL; errand = errand->next) {
		if (may_ask(client, errand, now, &until))
			break;
		if (++i == ERRAND_LOOK)
			return false;
	}
	if (errand == NULL)
		return false;
	errand_remove(&client->queues[rank], errand);
	client->errand = errand;
	client->asked = client_device(client, errand->unit);
	client->block = NULL;
	return true;
}

static bool
choose_errand(struct client *client, const struct room *room)
{
	const struct errand *errand = client->queues[ERRAND_CLIENT].first;
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
	return take_errand(client, ERRAND_CLIENT, room->now);
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

bool
turn_choose(struct client *client, struct mono now)
{
	struct room room = { .now = now, .meter = most_overdue(client, true) };
	bool due = room.meter != NULL && mono_reached(now, room.meter->due);

	if (due && !client->meter_had_turn)
		return poll_fast(client, room.meter);
	client->meter_had_turn = false;
	if (take_errand(client, ERRAND_INVERTER, now) ||
	    choose_low(client, &room))
		return true;
	return due && poll_fast(client, room.meter);
}

/* Who is due and did not go waits for room: until a meter was asked, or until
 * it waited for long. */
static struct mono
impatient_at(struct mono since)
{
	return mono_add_us(since, PATIENCE_US + 1);
}

static void
wake_by(struct mono *wake, struct mono at, struct mono now)
{
	if (!mono_reached(now, at) &&
	    (!mono_is_set(*wake) || mono_diff_us(*wake, at) > 0))
		*wake = at;
}

/* One that an owed answer holds back, or that waits for room. */
static void
wake_for_errand(const struct client *client, enum errand_rank rank,
    struct mono now, struct mono *wake)
{
	const struct errand *errand = client->queues[rank].first;
	struct mono until;

	if (errand == NULL)
		return;
	if (!may_ask(client, errand, now, &until))
		wake_by(wake, until, now);
	else
		wake_by(wake, impatient_at(errand->asked), now);
}

struct mono
turn_wake(const struct client *client, struct mono now)
{
	struct mono wake = { 0 };

	for (unsigned i = 0; i < client->devices_count; i++) {
		const struct device *device = &client->devices[i];

		if (device->config->poll_ms == 0)
			continue;
		wake_by(&wake, device->due, now);
		wake_by(&wake, impatient_at(device->due), now);
	}
	wake_for_errand(client, ERRAND_INVERTER, now, &wake);
	wake_for_errand(client, ERRAND_CLIENT, now, &wake);
	return wake;
}
