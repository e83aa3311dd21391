/* SPDX-License-Identifier: MIT */
#include "tests/house/server.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/house/now.h"
#include "tests/house/peer.h"
#include "tests/house/record.h"

/*
 * Of libmodbus as a server this timeout only bounds how long it waits for the
 * reply of another unit that it overheard being asked.
 */
enum { OVERHEARD_MS = 20, UNIT_AND_PDU_HEAD = 3 };

struct request {
	uint8_t adu[MODBUS_RTU_MAX_ADU_LENGTH];
	int length;
	int function;
	int address;
	int count;
	int64_t at_ns;
};

static void
parse(struct request *request)
{
	const uint8_t *adu = request->adu;

	request->function = adu[1];
	request->address = adu[2] << 8 | adu[3];
	request->count = adu[4] << 8 | adu[5];
}

/* 0, or the exception a real device would answer. */
static unsigned
refusal(const struct server *server, const struct request *request)
{
	if (request->function != server->function)
		return MODBUS_EXCEPTION_ILLEGAL_FUNCTION;
	if (request->count < 1 || request->count > MODBUS_MAX_READ_REGISTERS)
		return MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
	if (request->address < server->base ||
	    request->address + request->count > server->base + server->count)
		return MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS;
	return 0;
}

static uint16_t *
mapped(const struct server *server)
{
	return server->function == MODBUS_FC_READ_INPUT_REGISTERS
	           ? server->mapping->tab_input_registers
	           : server->mapping->tab_registers;
}

/* The answer with its CRC turned over, past libmodbus. */
static void
send_spoilt(const struct server *server, const struct request *request)
{
	uint8_t adu[MODBUS_RTU_MAX_ADU_LENGTH];
	const uint16_t *registers =
	    mapped(server) + (request->address - server->base);
	int length = UNIT_AND_PDU_HEAD;
	unsigned crc;

	adu[0] = (uint8_t)server->unit;
	adu[1] = (uint8_t)request->function;
	adu[2] = (uint8_t)(2 * request->count);
	for (int i = 0; i < request->count; i++) {
		adu[length++] = (uint8_t)(registers[i] >> 8);
		adu[length++] = (uint8_t)registers[i];
	}
	crc = ~peer_crc(adu, length);
	adu[length++] = (uint8_t)crc;
	adu[length++] = (uint8_t)(crc >> 8);
	(void)!write(modbus_get_socket(server->peer), adu, (size_t)length);
}

/* Takes one from a counter that others may set. */
static bool
use_up(atomic_int *counter)
{
	int left = atomic_load(counter);

	while (left > 0)
		if (atomic_compare_exchange_weak(counter, &left, left - 1))
			return true;
	return false;
}

/*
 * Sends the reply and waits while it is on the wire. "unheard": it, or some of
 * it, arrived where nobody held the tty open.
 */
static const char *
reply(const struct server *server, const struct request *request)
{
	uint64_t lost = line_count(server->wire).lost[LINE_Z];
	int length = modbus_reply(
	    server->peer, request->adu, request->length, server->mapping);

	if (length < 0)
		return "broken";
	if (server->baud > 0)
		now_sleep_until(now_ns() + NOW_MS / 2 +
				length * 10 * NOW_S / (int64_t)server->baud);
	return line_count(server->wire).lost[LINE_Z] == lost ? "ok" : "unheard";
}

/* What was done about the request. */
static const char *
answer(struct server *server, const struct request *request)
{
	unsigned exception = refusal(server, request);
	int late_ms = atomic_exchange(&server->late_ms, 0);
	int delay_ms = late_ms > 0 ? late_ms : atomic_load(&server->delay_ms);
	const char *result;

	now_sleep_until(request->at_ns + delay_ms * NOW_MS);
	if (atomic_load(&server->silent))
		return "silent";
	peer_drain(server->peer);
	if (exception != 0) {
		modbus_reply_exception(server->peer, request->adu, exception);
		server->refused++;
		return peer_result(MODBUS_ENOBASE + (int)exception);
	}
	if (use_up(&server->spoil)) {
		send_spoilt(server, request);
		return "spoilt";
	}
	result = reply(server, request);
	if (strcmp(result, "ok") == 0 && late_ms > 0)
		return "late";
	server->answers += strcmp(result, "ok") == 0;
	return result;
}

static void
handle(struct server *server, struct request *request)
{
	struct record_frame frame = { .line = server->line,
		.side = server->side,
		.at_ns = request->at_ns,
		.request_length = (size_t)request->length };

	parse(request);
	server->requests++;
	/* It answers what it knew when it was asked. */
	pthread_mutex_lock(&server->lock);
	memcpy(mapped(server), server->registers,
	    (size_t)server->count * sizeof(*server->registers));
	pthread_mutex_unlock(&server->lock);

	frame.result = answer(server, request);
	frame.latency_us = (now_ns() - request->at_ns) / 1000;
	memcpy(frame.request, request->adu, frame.request_length);
	if (refusal(server, request) == 0 &&
	    strcmp(frame.result, "silent") != 0) {
		frame.registers =
		    mapped(server) + (request->address - server->base);
		frame.count = (unsigned)request->count;
	}
	record_frame(&frame);
}

static void *
run(void *argument)
{
	struct server *server = argument;
	struct request request;

	for (;;) {
		request.length = modbus_receive(server->peer, request.adu);
		request.at_ns = now_ns();
		if (request.length >= 8)
			handle(server, &request);
		else if (request.length == 0) /* for another unit: see above */
			(void)modbus_receive(server->peer, request.adu);
		else {
			server->broken++;
			peer_drain(server->peer);
		}
	}
	return NULL;
}

bool
server_start(struct server *server)
{
	bool input = server->function == MODBUS_FC_READ_INPUT_REGISTERS;
	unsigned base = (unsigned)server->base;
	unsigned count = (unsigned)server->count;
	pthread_t thread;

	pthread_mutex_init(&server->lock, NULL);
	server->registers = calloc(count, sizeof(*server->registers));
	server->mapping = modbus_mapping_new_start_address(
	    0, 0, 0, 0, base, input ? 0 : count, base, input ? count : 0);
	server->peer = peer_connect(line_path(server->wire, LINE_Z),
	    server->baud, server->unit, OVERHEARD_MS);
	return server->registers != NULL && server->mapping != NULL &&
	       server->peer != NULL &&
	       pthread_create(&thread, NULL, run, server) == 0;
}

void
server_publish(struct server *server, const uint16_t *registers)
{
	pthread_mutex_lock(&server->lock);
	memcpy(server->registers, registers,
	    (size_t)server->count * sizeof(*registers));
	pthread_mutex_unlock(&server->lock);
}
