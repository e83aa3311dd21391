/* SPDX-License-Identifier: MIT */
#include "proxy/ask.h"

#include <string.h>

#include "proxy/crc.h"
#include "proxy/journal.h"

/* A device that stops answering is worth a line; each timeout is not. */
enum { DOWN_AFTER = 5 };

static struct message_txn *
record_request(struct ask *ask, struct mono sent, enum txn_outcome outcome)
{
	struct message_txn *txn = journal_txn(ask->records, ask->line.index,
	    TXN_METER, sent, ask->request, ask->request_length);

	txn->outcome = (uint8_t)outcome;
	tally_outcome(ask->tally, ask->request[0], outcome);
	return txn;
}

static void
record_answer(struct ask *ask, const struct client_result *result,
    const struct rtu_frame *frame, struct mono at)
{
	struct message_txn *txn = record_request(ask, result->sent,
	    result->verdict == CLIENT_ANSWERED ? TXN_OK : TXN_EXCEPTION);

	journal_response(txn, frame->adu, frame->length - 2);
	txn->duration_us = (int32_t)mono_diff_us(at, result->sent);
	tally_reply_us(ask->tally, TALLY_DEVICE, txn->duration_us);
}

/* A frame nobody waited for: a response without a request. */
static void
record_stray(struct ask *ask, const struct rtu_frame *frame, struct mono at)
{
	struct message_txn *txn = journal_txn(ask->records, ask->line.index,
	    TXN_METER, at, frame->adu, frame->length);

	txn->outcome = TXN_MISMATCH;
	tally_outcome(ask->tally, frame->adu[0], TXN_MISMATCH);
	txn->address = txn->count = 0;
	txn->request_length = 0;
	journal_response(txn, frame->adu, frame->length - 2);
}

static void
tell_owner(struct ask *ask, const struct client_result *result, struct mono now)
{
	if (result->device == NULL)
		return;
	result->device->counts.up = 1;
	if (result->sample)
		ask->calls->sample(ask->owner, result->device, now);
	else if (result->miss)
		ask->calls->missed(ask->owner, result->device, now);
}

static void
note_timeouts(struct ask *ask, const struct device *device)
{
	if (device != NULL && device->timeouts == DOWN_AFTER)
		journal_event(ask->records, LOG_LEVEL_WARNING,
		    device->config->name,
		    "no answer from unit %u on line %s, %u tries; is it "
		    "powered, are A and B the right way round",
		    device->config->unit, ask->line.config->name,
		    device->timeouts);
}

static void
finish_errand(struct errand *errand, enum errand_end end, const uint8_t *pdu,
    size_t length)
{
	if (errand != NULL)
		errand->done(errand, end, pdu, length);
}

static void
send_request(struct ask *ask, const struct client_step *step)
{
	struct errand *broadcast;
	size_t length = 1 + step->length;

	ask->request[0] = step->unit;
	memcpy(ask->request + 1, step->pdu, step->length);
	/* Old bytes must not be taken for the beginning of the answer. */
	line_drain(&ask->line);
	ask->sent = line_send(&ask->line, ask->request, length);
	crc_append(ask->request, length);
	ask->request_length = length + 2;
	tally_count(ask->tally, step->unit, TALLY_REQUEST);
	broadcast = client_sent(&ask->client, step, clock_now());
	if (step->unit == 0)
		record_request(
		    ask, clock_now(), ask->sent ? TXN_OK : TXN_BROKEN);
	finish_errand(
	    broadcast, ask->sent ? ERRAND_SENT : ERRAND_NO_LINE, NULL, 0);
}

static void
drop_overdue(struct ask *ask, struct mono now)
{
	struct errand *errand;
	enum errand_end end;

	while ((errand = client_overdue(&ask->client, now, &end)) != NULL)
		finish_errand(errand, end, NULL, 0);
}

/* Asks what is to be asked and sets the alarm for the next time. */
static void
go_on(struct ask *ask, struct mono now)
{
	struct client_step step;

	if (!line_is_up(&ask->line))
		return;
	drop_overdue(ask, now);
	step = client_next(&ask->client, now);
	if (step.send) {
		send_request(ask, &step);
		step = client_next(&ask->client, clock_now());
	}
	if (mono_is_set(step.wake))
		line_wake(&ask->line, step.wake);
}

/* Events of our own polls; an errand's owner has his own ideas. */
static void
note_answer(
    struct ask *ask, const struct client_result *result, uint32_t timeouts)
{
	const struct device *device = result->device;

	if (device == NULL)
		return;
	if (timeouts >= DOWN_AFTER)
		journal_event(ask->records, LOG_LEVEL_INFO,
		    device->config->name, "answers again after %u tries",
		    timeouts);
	if (result->verdict == CLIENT_REFUSED && result->errand == NULL)
		journal_event(ask->records, LOG_LEVEL_WARNING,
		    device->config->name,
		    "refused registers %u to %u with exception %u",
		    result->request.address,
		    result->request.address + result->request.count - 1u,
		    result->exception);
}

static void
on_frame(void *owner, const struct rtu_frame *frame, struct mono at)
{
	struct ask *ask = owner;
	struct client_result result;
	uint32_t timeouts =
	    ask->client.asked != NULL ? ask->client.asked->timeouts : 0;

	result = client_frame(&ask->client, frame->adu, frame->length, at);
	if (result.verdict == CLIENT_FOREIGN) {
		record_stray(ask, frame, at);
		return;
	}
	record_answer(ask, &result, frame, at);
	note_answer(ask, &result, timeouts);
	tell_owner(ask, &result, at);
	finish_errand(
	    result.errand, ERRAND_ANSWERED, frame->adu + 1, frame->length - 3);
}

static void
on_received(void *owner, struct mono at)
{
	struct ask *ask = owner;

	client_heard(&ask->client);
	go_on(ask, at);
}

static void
on_timer(void *owner, struct mono now)
{
	struct ask *ask = owner;
	struct client_result result = client_expire(&ask->client, now);

	if (result.verdict == CLIENT_FAILED) {
		record_request(ask, result.sent,
		    result.heard || !ask->sent ? TXN_BROKEN : TXN_TIMEOUT);
		note_timeouts(ask, result.device);
		tell_owner(ask, &result, now);
		finish_errand(result.errand, ERRAND_TIMEOUT, NULL, 0);
	}
	go_on(ask, now);
}

static void
fail_all(struct ask *ask)
{
	struct client_result result = client_abort(&ask->client, clock_now());
	struct errand *errand;

	if (result.verdict == CLIENT_FAILED) {
		record_request(ask, result.sent, TXN_BROKEN);
		if (result.miss)
			ask->calls->missed(
			    ask->owner, result.device, clock_now());
		finish_errand(result.errand, ERRAND_NO_LINE, NULL, 0);
	}
	while ((errand = client_drop(&ask->client)) != NULL)
		finish_errand(errand, ERRAND_NO_LINE, NULL, 0);
}

static void
on_changed(void *owner, bool up, const char *error)
{
	struct ask *ask = owner;

	for (unsigned i = 0; i < ask->devices_count; i++)
		ask->devices[i].counts.up = up;
	journal_line(ask->records, &ask->line, "asking", up, error);
	if (up)
		go_on(ask, clock_now());
	else
		fail_all(ask);
}

static void
on_stray(void *owner, const struct rtu_frame *frame, struct mono at)
{
	record_stray(owner, frame, at);
}

static const struct line_owner line_calls = {
	.frame = on_frame,
	.stray = on_stray,
	.received = on_received,
	.timer = on_timer,
	.changed = on_changed,
};

struct device *
ask_add(struct ask *ask, const struct config_device *config, unsigned index,
    const struct map *map)
{
	struct device *device = &ask->devices[ask->devices_count];

	if (!device_init(device, config, index, map))
		return NULL;
	ask->devices_count++;
	return device;
}

bool
ask_carry(struct ask *ask, struct errand *errand)
{
	if (!line_is_up(&ask->line) || !client_carry(&ask->client, errand))
		return false;
	/* Not from within: its owner may be busy with another's end. */
	line_wake(&ask->line, clock_now());
	return true;
}

bool
ask_is_up(const struct ask *ask)
{
	return line_is_up(&ask->line);
}

void
ask_forget(struct ask *ask, struct errand *errand)
{
	client_forget(&ask->client, errand);
}

bool
ask_start(struct ask *ask, struct ev_loop *loop,
    const struct config_line *config, unsigned index, struct outbox *records,
    const struct ask_owner *calls, void *owner)
{
	struct exchange_wire wire = { 0 };

	if (config->tcp == NULL) {
		wire.baud = config->baud;
		wire.character_bits = port_character_bits(config->format);
	}
	ask->records = records;
	ask->calls = calls;
	ask->owner = owner;
	client_init(&ask->client, wire, ask->devices, ask->devices_count);
	return line_start(
	    &ask->line, loop, config, index, RTU_REPLIES, &line_calls, ask);
}

void
ask_stop(struct ask *ask)
{
	line_stop(&ask->line);
}
