/* SPDX-License-Identifier: MIT */
/*
 * Modbus RTU framing: bytes in, frames out. No I/O, no clock, no allocation.
 *
 * Length first, CRC second, gap last. USB adapters deliver a frame in chunks
 * up to 16 ms apart (FTDI latency timer), so time between reads says nothing
 * about where a frame ends. The function code does: a frame is delivered with
 * its last byte, as soon as the length it must have is there and the CRC fits.
 * Silence only ends what no length is known for (unknown function codes), and
 * throws away what is left over.
 *
 * A request and its reply begin alike, so the direction is fixed by the port:
 * RTU_REQUESTS on the inverter's line, RTU_REPLIES on the meter's.
 *
 * Garbage: one byte is dropped at the head and the rest tried again, until a
 * frame with a good CRC starts there. Dropped bytes are counted.
 */
#ifndef PROXY_RTU_H
#define PROXY_RTU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RTU_ADU_MIN = 4, /* unit, function, CRC */
	RTU_ADU_MAX = 256,
	RTU_BUFFER = 512,
};

enum rtu_direction { RTU_REQUESTS, RTU_REPLIES };

struct rtu {
	enum rtu_direction direction;
	size_t length; /* bytes in buffer */
	size_t taken; /* at its head, already given out as a frame */
	uint64_t frames;
	uint64_t dropped; /* bytes that were part of no frame */
	uint64_t broken; /* runs of such bytes: about the frames lost */
	bool in_garbage;
	uint8_t buffer[RTU_BUFFER];
};

/* Unit to CRC; points into the framer, good until the next call on it. */
struct rtu_frame {
	const uint8_t *adu;
	size_t length;
};

void rtu_init(struct rtu *rtu, enum rtu_direction direction);

/* Where the bytes go that a read() brings: how much fits, and how much came.
 * Never less than 256 bytes of room once rtu_next has returned false. */
uint8_t *rtu_room(struct rtu *rtu, size_t *room);
void rtu_filled(struct rtu *rtu, size_t length);

/* The next whole frame, or false when more bytes are needed. */
bool rtu_next(struct rtu *rtu, struct rtu_frame *frame);

/*
 * The line has been silent for the gap: what is there will not go on. Gives
 * out frames that only silence can end, and frames hidden behind garbage that
 * looked like the head of a longer one. Call until it returns false; the
 * buffer is empty then.
 */
bool rtu_silence(struct rtu *rtu, struct rtu_frame *frame);

/* Bytes waiting: is a gap timer needed? */
bool rtu_pending(const struct rtu *rtu);

/* Forgets everything but the counters (before a new request is sent). */
void rtu_reset(struct rtu *rtu);

/*
 * ADU length that these first bytes promise: > 0 the length, 0 more bytes are
 * needed to know, -1 only silence can tell (unknown function code), -2 no
 * frame can begin like this.
 */
int rtu_expect(
    enum rtu_direction direction, const uint8_t *bytes, size_t length);

/* t3.5 in microseconds: 3.5 characters of 11 bits, 1750 above 19200 baud. */
int64_t rtu_t35_us(uint32_t baud);
/* Time of so many bytes on the wire; bits: of one character, 10 for 8N1. */
int64_t rtu_wire_us(uint32_t baud, unsigned bits, size_t bytes);

#endif
