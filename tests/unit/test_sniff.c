/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "proxy/crc.h"
#include "proxy/sniff.h"
#include "tests/unit/draw.h"

/*
 * A row is what passes over the wire: frames in hexadecimal, CRC added, with
 * "|" for a silence and bytes behind "!" sent as they are; and what is told.
 * q: request, r: reply, x: exception, o: orphan; unit/function/address/count.
 */
static const struct row {
	const char *rule;
	const char *wire;
	const char *told;
} rows[] = {
	{ "a read and its reply", "010300000002 01030400010002",
	    "q1/3/0/2 r1/3/0/2" },
	{ "refused", "010300000002 018302", "q1/3/0/2 x1/3/0/2" },
	{ "no answer, asked again", "010300000002 | 010300000002",
	    "q1/3/0/2 q1/3/0/2" },
	{ "a reply of another length is no reply",
	    "010300000002 | 0103020001 |", "q1/3/0/2 o1/3/0/0" },
	{ "another unit's reply is no reply", "010300000002 | 020302abcd |",
	    "q1/3/0/2 o2/3/0/0" },
	{ "reply before any request", "01030400010002 |", "o1/3/0/0" },
	{ "one register", "01030000000a | 010300000001 010302abcd |",
	    "q1/3/0/10 q1/3/0/1 r1/3/0/1" },
	{ "a write of one, and its echo", "010600100007 010600100007",
	    "q1/6/16/1 r1/6/16/1" },
	{ "a write of one twice unanswered, with another between",
	    "010600100007 | 020300000001 | 010600100007",
	    "q1/6/16/1 q2/3/0/1 q1/6/16/1" },
	{ "a write of many", "01100010000102abcd 011000100001 |",
	    "q1/16/16/1 r1/16/16/1" },
	{ "coils", "01010000000a 01010203ff |", "q1/1/0/10 r1/1/0/10" },
	{ "noise before, between and behind",
	    "!00 010300000002 !ff 01030400010002 !fe |", "q1/3/0/2 r1/3/0/2" },
	{ "a broadcast has no reply", "000600100007 | 000600100007",
	    "q0/6/16/1 q0/6/16/1" },
	{ "a scan with reads of nothing", "010300000000 | 010300000000 018303",
	    "q1/3/0/0 q1/3/0/0 x1/3/0/0" },
	{ "who am I", "0111 01110301ff02", "q1/17/0/0 r1/17/0/0" },
	{ "cut short", "010300000002 !010304 | 010300000002",
	    "q1/3/0/2 q1/3/0/2" },
	{ "what looks like a long reply hides nothing for ever",
	    "010300000002 !0103fa | 010300000002 01030400010002",
	    "q1/3/0/2 q1/3/0/2 r1/3/0/2" },
};

static unsigned
nibble(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

static size_t
parse(const char **text, uint8_t *bytes)
{
	bool raw = **text == '!';
	size_t length = 0;

	*text += raw;
	for (; **text != ' ' && **text != '\0'; *text += 2)
		bytes[length++] =
		    (uint8_t)(nibble((*text)[0]) << 4 | nibble((*text)[1]));
	if (raw)
		return length;
	crc_append(bytes, length);
	return length + 2;
}

static void
tell(struct sniff *sniff, bool silent, char *told)
{
	struct sniff_event event;

	while (sniff_next(sniff, silent, &event))
		sprintf(told + strlen(told), "%s%c%u/%u/%u/%u",
		    told[0] == '\0' ? "" : " ", "qrxo"[event.kind], event.unit,
		    event.function, event.address, event.count);
}

static void
put(struct sniff *sniff, const uint8_t *bytes, size_t length, size_t piece,
    char *told)
{
	for (size_t at = 0; at < length; at += piece) {
		size_t room, now = length - at < piece ? length - at : piece;
		uint8_t *into = sniff_room(sniff, &room);

		assert_true(room >= 256);
		memcpy(into, bytes + at, now);
		sniff_filled(sniff, now);
		tell(sniff, false, told);
	}
}

static void
run(const struct row *row, size_t piece)
{
	struct sniff sniff;
	char told[512] = "";
	uint8_t bytes[300];
	const char *at = row->wire;

	sniff_init(&sniff);
	while (*at != '\0') {
		if (*at == '|') {
			tell(&sniff, true, told);
			at++;
		} else if (*at == ' ') {
			at++;
		} else {
			size_t length = parse(&at, bytes);

			put(&sniff, bytes, length, piece, told);
		}
	}
	if (strcmp(told, row->told) != 0)
		fail_msg("%s, by %zu: told %s, want %s", row->rule, piece, told,
		    row->told);
}

static void
each_rule(void **unused)
{
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run(&rows[i], 1);
		run(&rows[i], 7);
		run(&rows[i], 200);
	}
}

static void
what_is_read_is_given_out(void **unused)
{
	static const uint8_t wire[] = { 1, 3, 0, 0, 0, 2, 0xc4, 0x0b, 1, 3, 4,
		0xab, 0xcd, 0x12, 0x34, 0, 0 };
	uint8_t bytes[sizeof(wire)];
	struct sniff sniff;
	struct sniff_event event;
	size_t room;

	memcpy(bytes, wire, sizeof(wire));
	crc_append(bytes + 8, 7);
	sniff_init(&sniff);
	memcpy(sniff_room(&sniff, &room), bytes, sizeof(bytes));
	sniff_filled(&sniff, sizeof(bytes));
	assert_true(sniff_next(&sniff, false, &event));
	assert_int_equal(event.kind, SNIFF_REQUEST);
	assert_true(sniff_next(&sniff, false, &event));
	assert_int_equal(event.kind, SNIFF_REPLY);
	assert_int_equal(event.data_length, 4);
	assert_memory_equal(event.data, wire + 11, 4);
	assert_int_equal(sniff.frames, 2);
	assert_int_equal(sniff.framed, sizeof(wire));
}

/* Whatever comes: no byte is lost or counted twice. */
static void
every_byte_is_accounted_for(void **unused)
{
	uint64_t seed = 3;

	for (unsigned round = 0; round < 300; round++) {
		struct sniff sniff;
		struct sniff_event event;
		uint64_t in = 0;

		sniff_init(&sniff);
		for (unsigned i = 0; i < 60; i++) {
			size_t room;
			uint8_t *into = sniff_room(&sniff, &room);
			size_t length = 1 + draw_below(&seed, 40);
			bool framed = draw_below(&seed, 3) > 0;

			assert_true(room >= 256);
			for (size_t k = 0; k < length; k++)
				into[k] = (uint8_t)draw_below(
				    &seed, round % 2 == 0 ? 256 : 5);
			if (framed) {
				crc_append(into, length);
				length += 2;
			}
			in += length;
			sniff_filled(&sniff, length);
			while (sniff_next(
			    &sniff, draw_below(&seed, 4) == 0, &event))
				assert_true(event.data_length <= 256);
			assert_int_equal(in, sniff.framed + sniff.dropped +
						 sniff.length - sniff.head);
		}
		while (sniff_next(&sniff, true, &event))
			continue;
		assert_int_equal(in, sniff.framed + sniff.dropped);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule),
		cmocka_unit_test(what_is_read_is_given_out),
		cmocka_unit_test(every_byte_is_accounted_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
