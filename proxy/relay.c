/* SPDX-License-Identifier: MIT */
#include "proxy/relay.h"

#include <assert.h>
#include <string.h>

#include "proxy/crc.h"
#include "proxy/journal.h"

#define SECOND_US 1000000
#define TELL_US   (60 * (int64_t)SECOND_US)

static_assert(CONFIG_UNITS_MAX < 256, "a place is a byte");

/* --- recording ------------------------------------------------------------
 */

static void
tell_unrecorded(struct relay *relay, struct mono now)
{
	if (relay->untold == 0 || mono_diff_us(now, relay->told) < TELL_US)
		return;
	journal_event(relay->records, LOG_LEVEL_INFO, "modbus_tcp",
	    "%u answers from memory were not recorded, only the first %d of "
	    "each second are",
	    relay->untold, RELAY_RECORDS_PER_S);
	relay->untold = 0;
	relay->told = now;
}

static bool
may_record(struct relay *relay, struct mono now)
{
	if (mono_diff_us(now, relay->second) >= SECOND_US) {
		relay->second = now;
		relay->recorded = 0;
		tell_unrecorded(relay, now);
	}
	if (relay->recorded < RELAY_RECORDS_PER_S) {
		relay->recorded++;
		return true;
	}
	relay->untold++;
	relay->box.counts.unrecorded++;
	return false;
}

/* As it would stand on a line: unit to CRC. */
static void
record(struct relay *relay, const struct relay_unit *unit, uint8_t id,
    const uint8_t *pdu, size_t length, struct mono at, const uint8_t *reply,
    size_t reply_length)
{
	uint8_t adu[RTU_ADU_MAX];
	struct message_txn *txn;
	struct mono now;
	uint16_t crc;

	if (!may_record(relay, at))
		return;
	now = clock_now();
	adu[0] = id;
	memcpy(adu + 1, pdu, length);
	crc = crc_modbus(adu, 1 + length);
	adu[1 + length] = (uint8_t)crc;
	adu[2 + length] = (uint8_t)(crc >> 8);
	txn = journal_txn(
	    relay->records, CONFIG_LINES_MAX, TXN_CLIENT, at, adu, length + 3);
	txn->outcome = reply[0] & PDU_EXCEPTION_BIT ? TXN_EXCEPTION : TXN_OK;
	if (unit != NULL && unit->shown != NULL)
		journal_shown(txn, unit->shown, at);
	memcpy(adu + 1, reply, reply_length);
	journal_response(txn, adu, 1 + reply_length);
	txn->duration_us = (int32_t)mono_diff_us(now, at);
}

/* --- what may be asked ---------------------------------------------------- */

/* Change nothing in a device. */
static bool
is_read(const uint8_t *pdu, size_t length)
{
	static const bool reads[] = {
		[1] = true,
		[2] = true,
		[PDU_READ_HOLDING] = true,
		[PDU_READ_INPUT] = true,
		[7] = true, /* exception status */
		[11] = true, /* event counter */
		[12] = true, /* event log */
		[17] = true, /* server id */
		[20] = true, /* file record */
		[24] = true, /* queue */
	};

	if (pdu[0] == 43) /* device identification */
		return length >= 2 && pdu[1] == 14;
	return pdu[0] < sizeof(reads) && reads[pdu[0]];
}

/* The registers (or coils) that a request writes; false: cannot be told. */
static bool
find_written(const uint8_t *pdu, const struct pdu_request *request,
    unsigned *first, unsigned *count)
{
	switch (pdu[0]) {
	case 5:
	case PDU_WRITE_SINGLE:
	case 15:
	case PDU_WRITE_MULTIPLE:
	case 22:
		*first = request->address;
		*count = request->count;
		return true;
	case 23:
		*first = pdu_get_u16(pdu + 5);
		*count = pdu_get_u16(pdu + 7);
		return true;
	default:
		return false;
	}
}

static enum pdu_exception
check_ranges(const struct config_unit *unit, const uint8_t *pdu,
    const struct pdu_request *request)
{
	unsigned first, count;

	if (unit->write_ranges_count == 0)
		return PDU_OK;
	if (!find_written(pdu, request, &first, &count))
		return PDU_ILLEGAL_FUNCTION;
	for (unsigned i = 0; i < unit->write_ranges_count; i++) {
		const struct config_range *range = &unit->write_ranges[i];

		if (first >= range->first && first + count - 1 <= range->last)
			return PDU_OK;
	}
	return PDU_ILLEGAL_ADDRESS;
}

/* May it go to the device? The exception to answer with otherwise. */
static enum pdu_exception
check_request(const struct config_unit *unit, const uint8_t *pdu, size_t length)
{
	struct pdu_request request;
	enum pdu_exception bad;

	if (is_read(pdu, length))
		return pdu_parse_request(pdu, length, &request);
	if (unit->write != WRITE_ALLOW || pdu[0] == 0 ||
	    pdu[0] >= PDU_EXCEPTION_BIT)
		return PDU_ILLEGAL_FUNCTION;
	bad = pdu_parse_request(pdu, length, &request);
	/* A maker's own function: the device knows. */
	if (bad != PDU_OK && bad != PDU_ILLEGAL_FUNCTION)
		return bad;
	return check_ranges(unit, pdu, &request);
}

/* --- errands -------------------------------------------------------------- */

static const enum pdu_exception end_exceptions[] = {
	[ERRAND_ANSWERED] = PDU_GATEWAY_TARGET, /* by no PDU; cannot be */
	[ERRAND_SENT] = PDU_GATEWAY_TARGET, /* a broadcast; we make none */
	[ERRAND_TIMEOUT] = PDU_GATEWAY_TARGET,
	[ERRAND_EXPIRED] = PDU_BUSY,
	[ERRAND_NO_LINE] = PDU_GATEWAY_PATH,
};

static void
on_done(struct errand *errand, enum errand_end end, const uint8_t *pdu,
    size_t length)
{
	struct relay_client *client = errand->owner;
	struct relay *relay = client->relay;
	const struct relay_unit *unit = client->unit;
	uint8_t reply[PDU_MAX];

	client->unit = NULL;
	if (end != ERRAND_ANSWERED || length == 0 || length > PDU_MAX)
		length = pdu_write_exception(
		    reply, errand->pdu[0], end_exceptions[end]);
	else
		memcpy(reply, pdu, length);
	/* Behind an inline meter no unmoved power comes through either. */
	if (end == ERRAND_ANSWERED && unit->shown != NULL)
		shown_patch(unit->shown, errand->pdu, errand->length, reply,
		    length, clock_now());
	/* The rest went over the line, and is on record there. */
	if (end == ERRAND_EXPIRED || end == ERRAND_NO_LINE)
		record(relay, unit, client->id, errand->pdu, errand->length,
		    errand->asked, reply, length);
	client->answered(client, reply, length);
}

static enum pdu_exception
carry(struct relay *relay, struct relay_client *client,
    const struct relay_unit *unit, const struct mbap_frame *frame,
    struct mono at)
{
	struct errand *errand = &client->errand;

	errand->rank = ERRAND_CLIENT;
	errand->unit = (uint8_t)unit->device->config->unit;
	memcpy(errand->pdu, frame->pdu, frame->length);
	errand->length = frame->length;
	errand->asked = at;
	errand->deadline = mono_add_ms(at, RELAY_WAIT_MS);
	errand->done = on_done;
	errand->owner = client;
	if (!ask_carry(unit->ask, errand))
		return ask_is_up(unit->ask) ? PDU_BUSY : PDU_GATEWAY_PATH;
	client->relay = relay;
	client->unit = unit;
	client->id = frame->unit;
	relay->box.counts.carried++;
	return PDU_OK;
}

/* --- answering ------------------------------------------------------------ */

static size_t
refuse(const struct mbap_frame *frame, enum pdu_exception exception,
    uint8_t reply[static PDU_MAX])
{
	return pdu_write_exception(reply, frame->pdu[0], exception);
}

/* The length of the reply; 0: not all of it is there and fresh. */
static size_t
relay_from_memory(const struct device *device, const struct mbap_frame *frame,
    struct mono now, uint8_t reply[static PDU_MAX])
{
	struct pdu_request request;
	const uint16_t *registers;

	if (pdu_parse_request(frame->pdu, frame->length, &request) != PDU_OK ||
	    (request.function != device->map->function &&
		request.function != device->map->also_function))
		return 0;
	registers = device_recall(device, request.address, request.count,
	    RELAY_FRESH_MS * INT64_C(1000), now);
	if (registers == NULL)
		return 0;
	reply[0] = request.function;
	reply[1] = (uint8_t)(2 * request.count);
	for (size_t i = 0; i < request.count; i++)
		pdu_put_u16(reply + 2 + 2 * i, registers[i]);
	return 2 + 2 * (size_t)request.count;
}

/* 0: it was handed to the line. */
static size_t
answer_carried(struct relay *relay, struct relay_client *client,
    const struct relay_unit *unit, const struct mbap_frame *frame,
    struct mono at, uint8_t reply[static PDU_MAX])
{
	enum pdu_exception bad =
	    check_request(unit->config, frame->pdu, frame->length);

	if (bad == PDU_OK)
		bad = carry(relay, client, unit, frame, at);
	return bad == PDU_OK ? 0 : refuse(frame, bad, reply);
}

/* On the line a dead meter is silent; here we can say that it is. */
static size_t
answer_shown(struct relay *relay, struct relay_client *client,
    const struct relay_unit *unit, const struct mbap_frame *frame,
    struct mono at, uint8_t reply[static PDU_MAX])
{
	enum pdu_exception bad =
	    check_request(unit->config, frame->pdu, frame->length);
	uint8_t exception;
	size_t length;

	/* Settings that the inverter may write are not for everybody. */
	if (bad != PDU_OK)
		return refuse(frame, bad, reply);
	switch (shown_answer(unit->shown, frame->pdu, frame->length, at, reply,
	    &length, &exception)) {
	case SHOWN_ANSWER:
		return length;
	case SHOWN_PASS:
		if (unit->device != NULL)
			return answer_carried(
			    relay, client, unit, frame, at, reply);
		break;
	case SHOWN_NO_DATA:
		break;
	}
	return refuse(frame, PDU_GATEWAY_TARGET, reply);
}

static size_t
answer_device(struct relay *relay, struct relay_client *client,
    const struct relay_unit *unit, const struct mbap_frame *frame,
    struct mono at, uint8_t reply[static PDU_MAX])
{
	size_t length = relay_from_memory(unit->device, frame, at, reply);

	if (length > 0)
		return length;
	return answer_carried(relay, client, unit, frame, at, reply);
}

static size_t
answer_unit(struct relay *relay, struct relay_client *client,
    const struct relay_unit *unit, const struct mbap_frame *frame,
    struct mono at, uint8_t reply[static PDU_MAX])
{
	if (unit == NULL)
		return refuse(frame, PDU_GATEWAY_PATH, reply);
	switch (unit->config->target) {
	case TARGET_DEVICE:
		return answer_device(relay, client, unit, frame, at, reply);
	case TARGET_SHOWN:
		return answer_shown(relay, client, unit, frame, at, reply);
	case TARGET_BOX:
		break;
	}
	return box_answer(&relay->box, frame->pdu, frame->length, at, reply);
}

bool
relay_ask(struct relay *relay, struct relay_client *client,
    const struct mbap_frame *frame, struct mono at,
    uint8_t reply[static PDU_MAX], size_t *reply_length)
{
	uint8_t place = relay->places[frame->unit];
	const struct relay_unit *unit =
	    place < CONFIG_UNITS_MAX ? &relay->units[place] : NULL;

	assert(client->unit == NULL);
	*reply_length = answer_unit(relay, client, unit, frame, at, reply);
	if (*reply_length == 0)
		return false;
	if (reply[0] & PDU_EXCEPTION_BIT)
		relay->box.counts.refused++;
	else
		relay->box.counts.from_memory++;
	record(relay, unit, frame->unit, frame->pdu, frame->length, at, reply,
	    *reply_length);
	return true;
}

void
relay_forget(struct relay_client *client)
{
	if (client->unit == NULL)
		return;
	ask_forget(client->unit->ask, &client->errand);
	client->unit = NULL;
}

/* --- start ---------------------------------------------------------------- */

static void
bind_device(struct relay_unit *unit, const struct config *config,
    unsigned index, const struct relay_parts *parts)
{
	unsigned line = config->devices[index].line_index;

	unit->ask = &parts->asks[line];
	for (unsigned i = 0; i < unit->ask->devices_count; i++) {
		if (unit->ask->devices[i].index == index)
			unit->device = &unit->ask->devices[i];
	}
	assert(unit->device != NULL);
}

/* An inline meter asks the real one for what it does not know. */
static void
bind_shown(struct relay_unit *unit, const struct config *config,
    const struct relay_parts *parts)
{
	unit->shown = &parts->shown[unit->config->index];
	if (unit->shown->meter != NULL)
		bind_device(unit, config, unit->shown->meter->index, parts);
}

void
relay_init(struct relay *relay, const struct config *config,
    const struct relay_parts *parts, struct mono now)
{
	const struct config_modbus_tcp *tcp = config->modbus_tcp;

	memset(relay, 0, sizeof(*relay));
	memset(relay->places, CONFIG_UNITS_MAX, sizeof(relay->places));
	relay->records = parts->records;
	relay->box.shown = parts->shown;
	relay->box.shown_count = config->shown_count;
	relay->box.records_lost = &parts->records->dropped;
	relay->box.started = now;
	for (unsigned i = 0; i < tcp->units_count; i++) {
		struct relay_unit *unit = &relay->units[i];

		unit->config = &tcp->units[i];
		relay->places[unit->config->unit] = (uint8_t)i;
		if (unit->config->target == TARGET_DEVICE)
			bind_device(unit, config, unit->config->index, parts);
		else if (unit->config->target == TARGET_SHOWN)
			bind_shown(unit, config, parts);
	}
}
