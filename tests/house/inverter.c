/* SPDX-License-Identifier: MIT */
#include "tests/house/inverter.h"

#include <errno.h>
#include <string.h>

#include "tests/house/now.h"
#include "tests/house/peer.h"
#include "tests/house/record.h"

enum { RESPONSE_MS = 300, REQUEST_LENGTH = 8 };

static double
solis_w(const uint16_t *registers)
{
	return (int16_t)registers[13];
}

static double
sdm630_w(const uint16_t *registers)
{
	uint32_t bits = (uint32_t)registers[0] << 16 | registers[1];
	float w;

	memcpy(&w, &bits, sizeof(w));
	return (double)w;
}

static const struct way {
	int (*read)(modbus_t *, int, int, uint16_t *);
	uint8_t function;
	int address;
	int count;
	double (*shown_w)(const uint16_t *registers);
} ways[] = {
	[INVERTER_SOLIS] = { modbus_read_registers,
	    MODBUS_FC_READ_HOLDING_REGISTERS, 0, 65, solis_w },
	[INVERTER_SDM630] = { modbus_read_input_registers,
	    MODBUS_FC_READ_INPUT_REGISTERS, 52, 2, sdm630_w },
};

/* libmodbus does not show what it sends; this is it. */
static void
rebuild_request(const struct inverter *inverter, struct record_frame *frame)
{
	const struct way *way = &ways[inverter->way];
	uint8_t head[] = { (uint8_t)inverter->unit, way->function,
		(uint8_t)(way->address >> 8), (uint8_t)way->address,
		(uint8_t)(way->count >> 8), (uint8_t)way->count };
	unsigned crc = peer_crc(head, sizeof(head));

	memcpy(frame->request, head, sizeof(head));
	frame->request[6] = (uint8_t)crc;
	frame->request[7] = (uint8_t)(crc >> 8);
	frame->request_length = REQUEST_LENGTH;
}

static void
count(struct inverter *inverter, int error)
{
	inverter->requests++;
	if (error == 0)
		inverter->answers++;
	else if (error == ETIMEDOUT)
		inverter->timeouts++;
	else if (peer_result(error)[0] == 'e')
		inverter->refused++;
	else
		inverter->broken++;
}

static void
ask(struct inverter *inverter)
{
	const struct way *way = &ways[inverter->way];
	struct record_frame frame = { .line = inverter->line,
		.side = "inverter" };
	uint16_t registers[RECORD_REGISTERS_MAX];
	int error = 0;

	peer_drain(inverter->peer);
	frame.at_ns = now_ns();
	if (way->read(inverter->peer, way->address, way->count, registers) !=
	    way->count)
		error = errno;
	frame.latency_us = (now_ns() - frame.at_ns) / 1000;

	if (error == 0)
		world_hear(inverter->world, way->shown_w(registers));
	else
		world_miss(inverter->world);
	count(inverter, error);
	rebuild_request(inverter, &frame);
	frame.result = peer_result(error);
	if (error == 0) {
		frame.registers = registers;
		frame.count = (unsigned)way->count;
	}
	record_frame(&frame);
}

/* Until the next question is due. A question that took longer than the period
 * is followed at once; no backlog builds up. */
static void
wait_turn(struct inverter *inverter, int64_t *asked_ns)
{
	int64_t due, now;
	struct timespec at;

	for (;;) {
		now = now_ns();
		due = *asked_ns + inverter->ask_ms * NOW_MS;
		if (inverter->asking && due <= now)
			break;
		at = now_timespec(due);
		if (inverter->asking)
			pthread_cond_timedwait(
			    &inverter->changed, &inverter->lock, &at);
		else
			pthread_cond_wait(&inverter->changed, &inverter->lock);
	}
	*asked_ns = now - due < inverter->ask_ms * NOW_MS ? due : now;
}

static void *
run(void *argument)
{
	struct inverter *inverter = argument;
	int64_t asked_ns = now_ns();

	pthread_mutex_lock(&inverter->lock);
	for (;;) {
		wait_turn(inverter, &asked_ns);
		inverter->busy = true;
		pthread_mutex_unlock(&inverter->lock);
		ask(inverter);
		pthread_mutex_lock(&inverter->lock);
		inverter->busy = false;
		pthread_cond_broadcast(&inverter->changed);
	}
	return NULL;
}

static void
init_lock(struct inverter *inverter)
{
	pthread_condattr_t clock;

	pthread_mutex_init(&inverter->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&inverter->changed, &clock);
	pthread_condattr_destroy(&clock);
}

bool
inverter_start(struct inverter *inverter, const char *path, uint32_t baud)
{
	pthread_t thread;

	init_lock(inverter);
	inverter->asking = true;
	inverter->peer = peer_connect(path, baud, inverter->unit, RESPONSE_MS);
	return inverter->peer != NULL &&
	       pthread_create(&thread, NULL, run, inverter) == 0;
}

void
inverter_set_period(struct inverter *inverter, int ask_ms)
{
	pthread_mutex_lock(&inverter->lock);
	inverter->ask_ms = ask_ms;
	pthread_cond_broadcast(&inverter->changed);
	pthread_mutex_unlock(&inverter->lock);
}

void
inverter_set_asking(struct inverter *inverter, bool asking)
{
	pthread_mutex_lock(&inverter->lock);
	inverter->asking = asking;
	pthread_cond_broadcast(&inverter->changed);
	while (!asking && inverter->busy)
		pthread_cond_wait(&inverter->changed, &inverter->lock);
	pthread_mutex_unlock(&inverter->lock);
}
