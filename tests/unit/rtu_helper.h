/* SPDX-License-Identifier: MIT */
/*
 * For tests of the framer: one frame of every function both ways, a CRC that
 * shares nothing with ours, and a framer that keeps what it gave out.
 */
#ifndef TESTS_RTU_HELPER_H
#define TESTS_RTU_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/rtu.h"

enum { KEPT_MAX = 64 };

struct adu {
	size_t length;
	uint8_t bytes[RTU_BUFFER];
};

struct sample {
	const char *name;
	enum rtu_direction direction;
	bool open; /* ended by silence only */
	size_t length; /* without the CRC */
	uint8_t bytes[32];
};

#define BYTES(...)                                                             \
	sizeof((uint8_t[]){ __VA_ARGS__ }),                                    \
	{                                                                      \
		__VA_ARGS__                                                    \
	}
#define ASK  RTU_REQUESTS, false
#define TELL RTU_REPLIES, false

/* clang-format off */
static const struct sample samples[] = {
	{ "1 asks", ASK, BYTES(5, 1, 0, 19, 0, 37) },
	{ "2 asks", ASK, BYTES(5, 2, 0, 196, 0, 22) },
	{ "3 asks", ASK, BYTES(5, 3, 0x20, 0x12, 0, 8) },
	{ "4 asks", ASK, BYTES(5, 4, 0, 52, 0, 2) },
	{ "5 asks", ASK, BYTES(5, 5, 0, 172, 0xff, 0) },
	{ "6 asks", ASK, BYTES(5, 6, 0x11, 1, 0, 7) },
	{ "7 asks", ASK, BYTES(5, 7) },
	{ "8 asks", ASK, BYTES(5, 8, 0, 0, 0xa5, 0x37) },
	{ "11 asks", ASK, BYTES(5, 11) },
	{ "12 asks", ASK, BYTES(5, 12) },
	{ "15 asks", ASK, BYTES(5, 15, 0, 19, 0, 10, 2, 0xcd, 1) },
	{ "16 asks", ASK, BYTES(5, 16, 0, 1, 0, 2, 4, 0, 10, 1, 2) },
	{ "17 asks", ASK, BYTES(5, 17) },
	{ "20 asks", ASK, BYTES(5, 20, 14, 6, 0, 4, 0, 1, 0, 2,
	    6, 0, 3, 0, 9, 0, 2) },
	{ "21 asks", ASK, BYTES(5, 21, 13, 6, 0, 4, 0, 7, 0, 3,
	    6, 0xaf, 4, 0xbe, 0x10, 0x0d) },
	{ "22 asks", ASK, BYTES(5, 22, 0, 4, 0, 0xf2, 0, 0x25) },
	{ "23 asks", ASK, BYTES(5, 23, 0, 3, 0, 6, 0, 14, 0, 3, 6,
	    0, 0xff, 0, 0xff, 0, 0xff) },
	{ "24 asks", ASK, BYTES(5, 24, 4, 0xde) },
	{ "43/14 asks", ASK, BYTES(5, 43, 14, 1, 0) },
	{ "43/13 asks", RTU_REQUESTS, true, BYTES(5, 43, 13, 0, 1, 2) },
	{ "65 asks", RTU_REQUESTS, true, BYTES(5, 65, 1, 2, 3) },
	{ "100 asks", RTU_REQUESTS, true, BYTES(5, 100) },
	{ "1 tells", TELL, BYTES(5, 1, 5, 0xcd, 0x6b, 0xb2, 0x0e, 0x1b) },
	{ "2 tells", TELL, BYTES(5, 2, 3, 0xac, 0xdb, 0x35) },
	{ "3 tells", TELL, BYTES(5, 3, 16, 0x42, 0xf6, 0xe9, 0x79, 0, 0, 0,
	    0, 0xc4, 0x7a, 0, 0, 0x3f, 0x80, 0, 0) },
	{ "4 tells", TELL, BYTES(5, 4, 4, 0xc3, 0x7f, 0x40, 0) },
	{ "5 tells", TELL, BYTES(5, 5, 0, 172, 0xff, 0) },
	{ "6 tells", TELL, BYTES(5, 6, 0x11, 1, 0, 7) },
	{ "7 tells", TELL, BYTES(5, 7, 0x6d) },
	{ "8 tells", TELL, BYTES(5, 8, 0, 0, 0xa5, 0x37) },
	{ "11 tells", TELL, BYTES(5, 11, 0xff, 0xff, 1, 8) },
	{ "12 tells", TELL, BYTES(5, 12, 8, 0, 0, 1, 8, 1, 0x21, 0x20, 0) },
	{ "15 tells", TELL, BYTES(5, 15, 0, 19, 0, 10) },
	{ "16 tells", TELL, BYTES(5, 16, 0, 1, 0, 2) },
	{ "17 tells", TELL, BYTES(5, 17, 3, 0x47, 0xff, 0x31) },
	{ "20 tells", TELL, BYTES(5, 20, 12, 5, 6, 0x0d, 0xfe, 0, 0x20,
	    5, 6, 0x33, 0xcd, 0, 0x40) },
	{ "21 tells", TELL, BYTES(5, 21, 13, 6, 0, 4, 0, 7, 0, 3,
	    6, 0xaf, 4, 0xbe, 0x10, 0x0d) },
	{ "22 tells", TELL, BYTES(5, 22, 0, 4, 0, 0xf2, 0, 0x25) },
	{ "23 tells", TELL, BYTES(5, 23, 12, 0, 0xfe, 0x0a, 0xcd, 0, 1,
	    0, 3, 0, 0x0d, 0, 0xff) },
	{ "24 tells", TELL, BYTES(5, 24, 0, 6, 0, 2, 1, 0xb8, 0x12, 0x84) },
	{ "43/14 tells", TELL, BYTES(5, 43, 14, 1, 1, 0, 0, 2,
	    0, 4, 'A', 'c', 'm', 'e', 1, 2, 'M', '1') },
	{ "43/14 tells of nothing", TELL, BYTES(5, 43, 14, 1, 1, 0, 0, 0) },
	{ "43/13 tells", RTU_REPLIES, true, BYTES(5, 43, 13, 0, 1, 2) },
	{ "65 tells", RTU_REPLIES, true, BYTES(5, 65, 1, 2, 3) },
	{ "3 refuses", TELL, BYTES(5, 0x83, 2) },
	{ "43 refuses", TELL, BYTES(5, 0xab, 1) },
	{ "65 refuses", TELL, BYTES(5, 0xc1, 1) },
};
/* clang-format on */
enum { SAMPLES = sizeof(samples) / sizeof(samples[0]) };

/* As the standard's appendix describes it, bit by bit. */
static inline uint16_t
oracle_crc(const uint8_t *bytes, size_t length)
{
	unsigned crc = 0xffff;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++) {
			bool carry = crc & 1;

			crc >>= 1;
			if (carry)
				crc ^= 0xa001;
		}
	}
	return (uint16_t)crc;
}

static inline void
add_crc(struct adu *adu)
{
	uint16_t crc = oracle_crc(adu->bytes, adu->length);

	adu->bytes[adu->length++] = (uint8_t)crc;
	adu->bytes[adu->length++] = (uint8_t)(crc >> 8);
}

static inline struct adu
frame_of(const void *bytes, size_t length)
{
	struct adu adu = { .length = length };

	memcpy(adu.bytes, bytes, length);
	add_crc(&adu);
	return adu;
}

static inline struct adu
frame_of_sample(const struct sample *sample)
{
	return frame_of(sample->bytes, sample->length);
}

/* A read of registers, what most of the traffic is. */
static inline struct adu
ask_read(uint8_t unit, uint16_t address, uint16_t count)
{
	uint8_t bytes[6] = { unit, 3, (uint8_t)(address >> 8), (uint8_t)address,
		(uint8_t)(count >> 8), (uint8_t)count };

	return frame_of(bytes, sizeof(bytes));
}

/* xorshift: the same numbers everywhere. */
static inline uint32_t
draw(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static inline uint8_t
draw_byte(uint32_t *seed)
{
	return (uint8_t)(draw(seed) >> 11);
}

struct bench {
	struct rtu rtu;
	uint64_t bytes_in;
	uint64_t bytes_out;
	size_t kept; /* frames given out; the first KEPT_MAX are here */
	struct adu frames[KEPT_MAX];
};

static inline void
bench_init(struct bench *bench, enum rtu_direction direction)
{
	memset(bench, 0, sizeof(*bench));
	rtu_init(&bench->rtu, direction);
}

/* Goes on with the same framer as if nothing had been given out. */
static inline void
bench_clear(struct bench *bench)
{
	bench->kept = 0;
	bench->rtu.frames = 0;
}

/* Every byte is accounted for, always. */
static inline void
bench_check(const struct bench *bench)
{
	const struct rtu *rtu = &bench->rtu;

	assert_int_equal(bench->bytes_in, bench->bytes_out + rtu->dropped +
					      rtu->passed + rtu->length -
					      rtu->head);
	assert_int_equal(rtu->frames, bench->kept);
}

static inline void
bench_keep(struct bench *bench, const struct rtu_frame *frame)
{
	assert_in_range(frame->length, RTU_ADU_MIN, RTU_ADU_MAX);
	if (bench->kept < KEPT_MAX) {
		bench->frames[bench->kept].length = frame->length;
		memcpy(bench->frames[bench->kept].bytes, frame->adu,
		    frame->length);
	}
	bench->kept++;
	bench->bytes_out += frame->length;
	bench_check(bench);
}

/* In one read, if it fits; in as many as it takes, if not. */
static inline void
bench_feed(struct bench *bench, const void *bytes, size_t length)
{
	const uint8_t *from = bytes;

	while (length > 0) {
		struct rtu_frame frame;
		size_t room, part;
		uint8_t *into = rtu_room(&bench->rtu, &room);

		assert_true(room >= RTU_ADU_MAX);
		part = length < room ? length : room;
		memcpy(into, from, part);
		rtu_filled(&bench->rtu, part);
		bench->bytes_in += part;
		from += part;
		length -= part;
		while (rtu_next(&bench->rtu, &frame))
			bench_keep(bench, &frame);
		bench_check(bench);
	}
}

static inline void
bench_feed_frame(struct bench *bench, const struct adu *adu)
{
	bench_feed(bench, adu->bytes, adu->length);
}

static inline void
bench_silence(struct bench *bench)
{
	struct rtu_frame frame;

	while (rtu_silence(&bench->rtu, &frame))
		bench_keep(bench, &frame);
	bench_check(bench);
	assert_false(rtu_pending(&bench->rtu));
}

static inline bool
same_adu(const struct adu *a, const struct adu *b)
{
	return a->length == b->length &&
	       memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* The frame numbered so is this one. what: named when it is not. */
static inline void
expect_frame(const struct bench *bench, size_t number, const struct adu *adu,
    const char *what)
{
	if (bench->kept <= number || !same_adu(&bench->frames[number], adu))
		fail_msg("%s: frame %zu of %zu is not as it was sent", what,
		    number, bench->kept);
}

static inline void
expect_kept(const struct bench *bench, size_t count, const char *what)
{
	if (bench->kept != count)
		fail_msg(
		    "%s: %zu frames instead of %zu", what, bench->kept, count);
}

#endif
