/* SPDX-License-Identifier: MIT */
/*
 * Bytes in any pieces, with silences and resets between them. Every frame
 * given out must have been in the stream, whole, in order, with its CRC; every
 * byte is accounted for; and a framer that gets the same bytes one at a time
 * must find the same.
 *
 * Input: direction, then a piece after another: how long, and its bytes.
 * Length 0 is a silence, 255 a reset. Bit 7 adds the CRC of the piece to it.
 */
#include <stdlib.h>
#include <string.h>

#include "proxy/rtu.h"

enum { STREAM_MAX = 1 << 16, RESET = 0xff, WITH_CRC = 0x80 };

struct side {
	struct rtu rtu;
	size_t out; /* bytes in frames */
	size_t frames;
};

static uint8_t stream[STREAM_MAX];
static size_t stream_length;
/* What the first side gave out, for the second to give out too. */
static struct {
	size_t at;
	size_t length;
} given[STREAM_MAX / RTU_ADU_MIN];
static struct side whole, single;

static void
must(bool truth)
{
	if (!truth)
		abort();
}

static uint16_t
bitwise_crc(const uint8_t *bytes, size_t length)
{
	unsigned crc = 0xffff;

	for (size_t i = 0; i < 8 * length; i++) {
		unsigned bit = bytes[i / 8] >> i % 8 & 1;

		crc = (crc ^ bit) & 1 ? crc >> 1 ^ 0xa001 : crc >> 1;
	}
	return (uint16_t)crc;
}

static size_t
done_with(const struct side *side)
{
	return side->out + side->rtu.dropped + side->rtu.passed;
}

/* What is not frame, dropped or passed is waiting, and less than a frame. */
static void
check_counts(const struct side *side, size_t bytes_in)
{
	size_t waiting = side->rtu.length - side->rtu.head;

	must(bytes_in == done_with(side) + waiting);
	must(waiting <= RTU_ADU_MAX);
	must(side->rtu.frames == side->frames);
	must(side->rtu.broken <= side->rtu.dropped);
	must((side->rtu.broken == 0) == (side->rtu.dropped == 0));
	must(rtu_pending(&side->rtu) || waiting == 0);
}

static void
check_frame(struct side *side, const struct rtu_frame *frame)
{
	size_t at = done_with(side);
	uint16_t crc;

	must(frame->length >= RTU_ADU_MIN && frame->length <= RTU_ADU_MAX);
	must(at + frame->length <= stream_length);
	must(memcmp(stream + at, frame->adu, frame->length) == 0);
	crc = bitwise_crc(frame->adu, frame->length - 2);
	must(frame->adu[frame->length - 2] == (crc & 0xff));
	must(frame->adu[frame->length - 1] == crc >> 8);
	if (side == &whole) {
		given[side->frames].at = at;
		given[side->frames].length = frame->length;
	} else {
		must(side->frames < whole.frames);
		must(given[side->frames].at == at);
		must(given[side->frames].length == frame->length);
	}
	side->frames++;
	side->out += frame->length;
}

static void
fill(struct side *side, size_t from, size_t length)
{
	struct rtu_frame frame;
	size_t room;
	uint8_t *into = rtu_room(&side->rtu, &room);

	must(room >= RTU_ADU_MAX && length <= room);
	memcpy(into, stream + from, length);
	rtu_filled(&side->rtu, length);
	while (rtu_next(&side->rtu, &frame))
		check_frame(side, &frame);
	check_counts(side, from + length);
}

static void
silence(struct side *side)
{
	struct rtu_frame frame;

	while (rtu_silence(&side->rtu, &frame))
		check_frame(side, &frame);
	must(!rtu_pending(&side->rtu));
	check_counts(side, stream_length);
}

static void
compare(void)
{
	must(whole.frames == single.frames);
	must(whole.rtu.dropped == single.rtu.dropped);
	must(whole.rtu.broken == single.rtu.broken);
	must(whole.rtu.passed == single.rtu.passed);
}

static void
feed(const uint8_t *bytes, size_t length, bool with_crc)
{
	size_t from = stream_length;
	uint16_t crc = bitwise_crc(bytes, length);

	memcpy(stream + stream_length, bytes, length);
	stream_length += length;
	if (with_crc) {
		stream[stream_length++] = (uint8_t)crc;
		stream[stream_length++] = (uint8_t)(crc >> 8);
	}
	fill(&whole, from, stream_length - from);
	for (; from < stream_length; from++)
		fill(&single, from, 1);
	compare();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 1;

	if (size == 0 || size > STREAM_MAX / 3)
		return 0;
	memset(&whole, 0, sizeof(whole));
	memset(&single, 0, sizeof(single));
	rtu_init(&whole.rtu, data[0] & 1 ? RTU_REPLIES : RTU_REQUESTS);
	rtu_init(&single.rtu, whole.rtu.direction);
	stream_length = 0;
	while (at < size) {
		uint8_t command = data[at++];
		size_t length = command & ~WITH_CRC;

		if (command == 0) {
			silence(&whole);
			silence(&single);
		} else if (command == RESET) {
			rtu_reset(&whole.rtu);
			rtu_reset(&single.rtu);
			check_counts(&whole, stream_length);
		} else {
			if (length > size - at)
				length = size - at;
			feed(data + at, length, (command & WITH_CRC) != 0);
			at += length;
		}
		compare();
	}
	return 0;
}
