/* SPDX-License-Identifier: MIT */
#include "proxy/prober.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proxy/crc.h"
#include "proxy/match.h"
#include "proxy/pdu.h"

enum {
	READ_IDENTIFICATION = 43,
	REPORT_SERVER_ID = 17,
	/* Chunks of USB adapters come up to 16 ms apart. */
	CHUNK_US = 30000,
	/* Some want more than the standard's 3.5 characters. */
	GAP_LEAST_US = 5000,
};

bool
prober_open(
    struct prober *prober, const char *path, uint32_t baud, const char *format)
{
	*prober = (struct prober){ .baud = baud,
		.character_bits = port_character_bits(format) };
	rtu_init(&prober->rtu, RTU_REPLIES);
	if (!port_init(&prober->port, path, baud, format, false))
		return false;
	prober->fd = port_open(&prober->port);
	if (prober->fd >= 0) {
		prober->quiet = clock_now();
		return true;
	}
	int error = errno;
	port_free(&prober->port);
	errno = error;
	return false;
}

void
prober_close(struct prober *prober)
{
	port_close(&prober->port);
	port_free(&prober->port);
}

/* Waits for bytes until then; how many came, 0 for none, -1: gone. */
static int
receive(struct prober *prober, struct mono until)
{
	struct pollfd fd = { .fd = prober->fd, .events = POLLIN };
	int64_t left_us = mono_diff_us(until, clock_now());
	struct timespec wait = { 0 };
	uint8_t *into;
	size_t room;
	ssize_t got;

	if (left_us > 0) {
		wait.tv_sec = left_us / 1000000;
		wait.tv_nsec = left_us % 1000000 * 1000;
	}
	if (ppoll(&fd, 1, &wait, NULL) <= 0)
		return 0;
	into = rtu_room(&prober->rtu, &room);
	got = read(prober->fd, into, room);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got <= 0)
		return -1;
	prober->quiet = clock_now();
	return (int)got;
}

int
prober_hear(struct prober *prober, int wait_ms)
{
	struct mono until = mono_add_ms(clock_now(), wait_ms);
	int heard = 0;

	while (!mono_reached(clock_now(), until)) {
		int got = receive(prober, until);

		if (got < 0)
			return -1;
		heard += got;
	}
	return heard;
}

static int64_t
gap_us(const struct prober *prober)
{
	int64_t t35_us = rtu_t35_us(prober->baud);

	return t35_us > GAP_LEAST_US ? t35_us : GAP_LEAST_US;
}

/* Waits until the line has been still for the gap; what comes meanwhile is
 * the end of something old. A line that is never still is asked anyway, some
 * time. */
static bool
wait_for_gap(struct prober *prober)
{
	struct mono latest = mono_add_ms(clock_now(), 300);
	struct mono until = mono_add_us(prober->quiet, gap_us(prober));

	while (!mono_reached(clock_now(), until) &&
	       !mono_reached(clock_now(), latest)) {
		if (receive(prober, until) < 0)
			return false;
		until = mono_add_us(prober->quiet, gap_us(prober));
	}
	/* And what the driver holds, unread. */
	return receive(prober, clock_now()) >= 0;
}

static bool
send(struct prober *prober, uint8_t unit, const uint8_t *pdu, unsigned length)
{
	uint8_t *adu = prober->sent;

	adu[0] = unit;
	memcpy(adu + 1, pdu, length);
	rtu_reset(&prober->rtu);
	if (!port_send(&prober->port, adu, length + 1))
		return false;
	crc_append(adu, length + 1);
	prober->sent_length = length + 3;
	return true;
}

/* An adapter that hears itself is known by it: no right answer to a read is
 * the whole question. False: it may still become one. */
static bool
strip_echo(struct prober *prober)
{
	struct rtu *rtu = &prober->rtu;
	size_t heard = rtu->length - rtu->head;
	size_t common =
	    heard < prober->sent_length ? heard : prober->sent_length;

	if (common == 0 ||
	    memcmp(rtu->buffer + rtu->head, prober->sent, common) != 0)
		return true;
	if (common < prober->sent_length)
		return false;
	rtu->head += common;
	prober->sent_length = 0;
	prober->echoes = true;
	return true;
}

struct question {
	uint8_t unit;
	const uint8_t *pdu;
	unsigned length;
};

/* To this question? */
static enum prober_result
take(const struct rtu_frame *frame, const struct question *question,
    struct prober_reply *reply)
{
	enum match match;

	reply->unit = frame->adu[0];
	reply->length = (uint16_t)(frame->length - 3);
	memcpy(reply->pdu, frame->adu + 1, reply->length);
	match = match_reply(
	    question->pdu, question->length, reply->pdu, reply->length);
	if (reply->unit != question->unit || match == MATCH_NONE)
		return PROBER_OTHER;
	return match == MATCH_DATA ? PROBER_REPLY : PROBER_EXCEPTION;
}

static enum prober_result
wait_for_reply(struct prober *prober, const struct question *question,
    struct mono sent, int wait_ms, struct prober_reply *reply)
{
	struct mono until = mono_add_ms(sent, wait_ms);
	/* However slowly it trickles. */
	struct mono latest = mono_add_us(until,
	    2 * rtu_wire_us(prober->baud, prober->character_bits, RTU_ADU_MAX));
	struct rtu_frame frame;
	bool heard = false;

	for (;;) {
		bool due = mono_reached(clock_now(), until) ||
		           mono_reached(clock_now(), latest);
		int got = receive(prober, until);
		bool whole;

		if (got < 0)
			return PROBER_LOST;
		rtu_filled(&prober->rtu, (size_t)got);
		whole = strip_echo(prober);
		heard = heard || prober->rtu.length > prober->rtu.head;
		if (got > 0 ? whole && rtu_next(&prober->rtu, &frame)
			    : due && rtu_silence(&prober->rtu, &frame)) {
			reply->latency_us =
			    (uint32_t)mono_diff_us(prober->quiet, sent);
			return take(&frame, question, reply);
		}
		if (got > 0 && rtu_pending(&prober->rtu) &&
		    mono_reached(mono_add_us(clock_now(), CHUNK_US), until) &&
		    !mono_reached(clock_now(), latest))
			until = mono_add_us(clock_now(), CHUNK_US);
		if (due && got == 0)
			return heard || prober->rtu.dropped > 0 ? PROBER_BROKEN
			                                        : PROBER_SILENT;
	}
}

enum prober_result
prober_ask(struct prober *prober, uint8_t unit, const uint8_t *pdu,
    unsigned length, int wait_ms, struct prober_reply *reply)
{
	struct question question = { unit, pdu, length };
	struct mono sent;

	assert((pdu[0] >= 1 && pdu[0] <= 4) || pdu[0] == REPORT_SERVER_ID ||
	       pdu[0] == READ_IDENTIFICATION);
	*reply = (struct prober_reply){ 0 };
	if (!wait_for_gap(prober) || !send(prober, unit, pdu, length))
		return PROBER_LOST;
	prober->rtu.dropped = 0;
	sent = mono_add_us(clock_now(),
	    rtu_wire_us(prober->baud, prober->character_bits, length + 3));
	return wait_for_reply(prober, &question, sent, wait_ms, reply);
}

enum prober_result
prober_read(struct prober *prober, uint8_t unit, uint8_t function,
    uint16_t address, uint16_t count, int wait_ms, uint16_t *words,
    struct prober_reply *reply)
{
	uint8_t pdu[PDU_MAX];
	size_t length = pdu_read_request(pdu, function, address, count);
	enum prober_result result =
	    prober_ask(prober, unit, pdu, (unsigned)length, wait_ms, reply);

	for (unsigned i = 0; i < count && result == PROBER_REPLY; i++) {
		unsigned bit = (unsigned)reply->pdu[2 + i / 8] >> i % 8 & 1u;

		words[i] = function < 3 ? (uint16_t)bit
		                        : pdu_get_u16(reply->pdu + 2 + 2 * i);
	}
	return result;
}
