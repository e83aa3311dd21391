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
 * frame with a good CRC starts there. Dropped bytes are counted. A frame of
 * unknown length is believed only where a frame must begin, behind silence or
 * another frame: inside garbage nearly every offset looks like one.
 *
 * Garbage may look like the head of a long frame and hide a good one. That is
 * found when the promised bytes have come or the line falls silent, and not
 * earlier: to take a frame out of what may be the data of a longer one would
 * be to trust 16 bits of CRC at each of 250 offsets, of every long frame. The
 * wait loses nothing, because who wants an answer is silent until it comes.
 *
 * On a shared line the replies of other units pass by. The framer remembers
 * the unit and function of the last request, and where that request's reply
 * fits, and no request does, it is passed over as a whole: it is neither given
 * out nor garbage, and nothing inside it is taken for a request. A request
 * wins: a reply that could still be one that is longer waits for more bytes or
 * the gap, since 1 of 256 requests does begin with a sound reply of one
 * register (its count continues the CRC by itself). Without its request (lost
 * to noise) a reply is garbage like any other. What reads as a request too is
 * given out as one to that unit: an echo of the request (functions 5, 6, 8,
 * 21, 22) cannot be told from a repetition.
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

/*
 * Every byte that came in is in a frame given out, or counted in dropped or
 * passed, or still waiting (length - head).
 */
struct rtu {
	enum rtu_direction direction;
	size_t head; /* bytes of buffer that are done with */
	size_t length; /* bytes in buffer */
	uint64_t frames;
	uint64_t dropped; /* bytes that were part of no frame */
	uint64_t broken; /* runs of such bytes: about the frames lost */
	uint64_t passed; /* bytes of other units' replies among requests */
	bool in_garbage; /* the last byte done with was dropped */
	uint8_t asked_unit; /* the last request, while its reply may come */
	uint8_t asked_function; /* 0: none */
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

/* Is a gap timer needed? Bytes wait, or garbage has not been ended yet. */
bool rtu_pending(const struct rtu *rtu);

/* Forgets everything but the counters (before a new request is sent); bytes
 * that were waiting count as dropped. */
void rtu_reset(struct rtu *rtu);

/* What rtu_expect says where it has no length. */
enum {
	RTU_MORE = 0, /* more bytes are needed to know */
	RTU_OPEN = -1, /* only silence can tell (unknown function code) */
	/* No frame can begin like this: function 0, a refusal among requests,
	 * a count too high for a frame, a reply from unit 0 (broadcasts have
	 * none, and a lone 0 is the commonest noise). */
	RTU_NEVER = -2,
};

/* ADU length that these first bytes promise, or one of the above. */
int rtu_expect(
    enum rtu_direction direction, const uint8_t *bytes, size_t length);

/* t3.5 in microseconds: 3.5 characters of 11 bits, 1750 above 19200 baud.
 * Rounded up. */
int64_t rtu_t35_us(uint32_t baud);
/* Time of so many bytes on the wire; bits: of one character, 10 for 8N1.
 * Rounded up. */
int64_t rtu_wire_us(uint32_t baud, unsigned bits, size_t bytes);

#endif
