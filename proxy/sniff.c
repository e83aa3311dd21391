/* SPDX-License-Identifier: MIT */
#include "proxy/sniff.h"

#include <assert.h>
#include <string.h>

#include "proxy/crc.h"
#include "proxy/match.h"
#include "proxy/pdu.h"
#include "proxy/rtu.h"

enum { FUNCTION_WRITE_COIL = 5, FUNCTION_WRITE_COILS = 15 };

enum verdict { GOOD, WAIT, BAD };

struct view {
	const uint8_t *bytes;
	size_t length;
};

void
sniff_init(struct sniff *sniff)
{
	memset(sniff, 0, sizeof(*sniff));
}

uint8_t *
sniff_room(struct sniff *sniff, size_t *room)
{
	sniff->length -= sniff->head;
	memmove(sniff->buffer, sniff->buffer + sniff->head, sniff->length);
	sniff->head = 0;
	*room = SNIFF_BUFFER - sniff->length;
	return sniff->buffer + sniff->length;
}

void
sniff_filled(struct sniff *sniff, size_t length)
{
	assert(length <= SNIFF_BUFFER - sniff->length);
	sniff->length += length;
}

static enum verdict
judge(enum rtu_direction direction, const struct view *view, size_t *length)
{
	int expected = rtu_expect(direction, view->bytes, view->length);
	uint16_t crc;

	/* What only silence could end is not believed here. */
	if (expected == RTU_NEVER || expected == RTU_OPEN)
		return BAD;
	if (expected == RTU_MORE || (size_t)expected > view->length)
		return WAIT;
	*length = (size_t)expected;
	crc = crc_modbus(view->bytes, *length - 2);
	return view->bytes[*length - 2] == (crc & 0xff) &&
	               view->bytes[*length - 1] == crc >> 8
	           ? GOOD
	           : BAD;
}

static bool
is_read(uint8_t function)
{
	return function >= 1 && function <= 4;
}

/* As the reply to the request that was heard last. */
static enum verdict
judge_reply(const struct sniff *sniff, const struct view *view, size_t *length)
{
	const uint8_t *request = sniff->request + 1;
	size_t request_length = sniff->request_length - 3;
	enum verdict verdict;

	if (!sniff->asked || view->bytes[0] != sniff->request[0])
		return BAD;
	if (view->length < 3)
		return WAIT;
	if ((view->bytes[1] & ~PDU_EXCEPTION_BIT) != request[0])
		return BAD;
	/* One that is too long would be waited for in vain. */
	if (view->bytes[1] == request[0] && is_read(request[0]) &&
	    view->bytes[2] + 2u != match_length(request, request_length))
		return BAD;
	verdict = judge(RTU_REPLIES, view, length);
	if (verdict == GOOD && match_reply(request, request_length,
				   view->bytes + 1, *length - 3) == MATCH_NONE)
		return BAD;
	return verdict;
}

/* A write's request and reply may be the same bytes; after a request, it is
 * the reply. */
static bool
is_echoed(uint8_t function)
{
	return !is_read(function);
}

struct choice {
	enum verdict verdict;
	enum sniff_kind kind;
	size_t length;
};

static struct choice
choose(const struct sniff *sniff, const struct view *view, bool silent)
{
	size_t reply_length = 0, request_length = 0, orphan_length = 0;
	enum verdict reply = judge_reply(sniff, view, &reply_length);
	enum verdict request = judge(RTU_REQUESTS, view, &request_length);
	enum verdict orphan;

	if (reply == GOOD &&
	    (is_echoed(view->bytes[1]) || request == BAD || silent) &&
	    !(request == GOOD && !is_echoed(view->bytes[1])))
		return (struct choice){ GOOD, SNIFF_REPLY, reply_length };
	if (request == GOOD)
		return (struct choice){ GOOD, SNIFF_REQUEST, request_length };
	if (!silent && (reply != BAD || request == WAIT))
		return (struct choice){ WAIT, SNIFF_REQUEST, 0 };
	orphan = judge(RTU_REPLIES, view, &orphan_length);
	if (orphan == GOOD)
		return (struct choice){ GOOD, SNIFF_ORPHAN, orphan_length };
	return (struct choice){ orphan == WAIT && !silent ? WAIT : BAD,
		SNIFF_ORPHAN, 0 };
}

static void
fill_from_request(const struct sniff *sniff, struct sniff_event *event)
{
	struct pdu_request parsed = { 0 };

	(void)pdu_parse_request(
	    sniff->request + 1, sniff->request_length - 3, &parsed);
	event->unit = sniff->request[0];
	event->function = sniff->request[1];
	event->address = parsed.address;
	event->count = parsed.count;
}

static void
note_request(
    struct sniff *sniff, const struct view *frame, struct sniff_event *event)
{
	memcpy(sniff->request, frame->bytes, frame->length);
	sniff->request_length = frame->length;
	/* Nobody replies to a broadcast. */
	sniff->asked = frame->bytes[0] != 0;
	fill_from_request(sniff, event);
	event->data = frame->bytes + 4;
	if (event->function == PDU_WRITE_SINGLE ||
	    event->function == FUNCTION_WRITE_COIL) {
		event->data_length = 2;
	} else if (event->function == PDU_WRITE_MULTIPLE ||
		   event->function == FUNCTION_WRITE_COILS) {
		event->data = frame->bytes + 7;
		event->data_length = frame->bytes[6];
	}
}

static void
note_reply(
    struct sniff *sniff, const struct view *frame, struct sniff_event *event)
{
	sniff->asked = false;
	fill_from_request(sniff, event);
	if (frame->bytes[1] & PDU_EXCEPTION_BIT) {
		event->kind = SNIFF_EXCEPTION;
		event->exception = frame->bytes[2];
	} else if (is_read(event->function)) {
		event->data = frame->bytes + 3;
		event->data_length = frame->bytes[2];
	}
}

static void
tell(
    struct sniff *sniff, const struct choice *choice, struct sniff_event *event)
{
	struct view frame = { sniff->buffer + sniff->head, choice->length };

	*event = (struct sniff_event){ .kind = choice->kind };
	sniff->head += choice->length;
	sniff->frames++;
	sniff->framed += choice->length;
	if (choice->kind == SNIFF_REQUEST) {
		note_request(sniff, &frame, event);
	} else if (choice->kind == SNIFF_REPLY) {
		note_reply(sniff, &frame, event);
	} else {
		event->unit = frame.bytes[0];
		event->function = frame.bytes[1] & (uint8_t)~PDU_EXCEPTION_BIT;
	}
}

bool
sniff_next(struct sniff *sniff, bool silent, struct sniff_event *event)
{
	while (sniff->head < sniff->length) {
		struct view view = { sniff->buffer + sniff->head,
			sniff->length - sniff->head };
		struct choice choice = choose(sniff, &view, silent);

		if (choice.verdict == WAIT)
			return false;
		if (choice.verdict == GOOD) {
			tell(sniff, &choice, event);
			return true;
		}
		sniff->head++;
		sniff->dropped++;
	}
	return false;
}
