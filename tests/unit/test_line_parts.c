/* SPDX-License-Identifier: MIT */
/* What a line does besides framing: its own echo, and hints for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proxy/echo.h"
#include "proxy/hint.h"

static const uint8_t sent[] = { 1, 6, 0, 1, 0, 7, 0x98, 0x08 };

/* How many bytes were. */
static size_t
stripped(struct echo *echo, const uint8_t *bytes, size_t length)
{
	uint8_t copy[2 * sizeof(sent)];

	memcpy(copy, bytes, length);
	return length - echo_strip(echo, copy, length);
}

static void
an_echo_is_stripped_however_it_is_cut(void **state)
{
	(void)state;
	for (size_t cut = 0; cut <= sizeof(sent); cut++) {
		struct echo echo = { 0 };

		echo_sent(&echo, sent, sizeof(sent));
		assert_int_equal(stripped(&echo, sent, cut), cut);
		assert_int_equal(
		    stripped(&echo, sent + cut, sizeof(sent) - cut),
		    sizeof(sent) - cut);
		/* The right answer to a write is the same once more. */
		assert_int_equal(stripped(&echo, sent, sizeof(sent)), 0);
	}
}

static void
echo_and_reply_in_one_read(void **state)
{
	uint8_t both[2 * sizeof(sent)];
	struct echo echo = { 0 };

	(void)state;
	memcpy(both, sent, sizeof(sent));
	memcpy(both + sizeof(sent), sent, sizeof(sent));
	echo_sent(&echo, sent, sizeof(sent));
	assert_int_equal(stripped(&echo, both, sizeof(both)), sizeof(sent));
}

static void
a_broken_echo_ends_where_it_breaks(void **state)
{
	(void)state;
	for (size_t bad = 0; bad < sizeof(sent); bad++) {
		uint8_t heard[sizeof(sent)];
		struct echo echo = { 0 };

		memcpy(heard, sent, sizeof(sent));
		heard[bad] ^= 0x10;
		echo_sent(&echo, sent, sizeof(sent));
		/* Behind noise a lone byte may be taken for its beginning. */
		assert_in_range(stripped(&echo, heard, sizeof(heard)), bad,
		    bad > 0 ? bad : 1);
		assert_int_equal(stripped(&echo, sent, sizeof(sent)), 0);
	}
}

/* What a transceiver hears of itself when it begins to send. */
static void
case_21_noise_before_the_echo(void **state)
{
	(void)state;
	for (size_t noise = 0; noise <= 4; noise++) {
		uint8_t heard[4 + sizeof(sent)] = { 0, 0xff, 0xfe, 0 };
		struct echo echo = { 0 };
		size_t length = noise + sizeof(sent), kept;

		memcpy(heard + noise, sent, sizeof(sent));
		echo_sent(&echo, sent, sizeof(sent));
		kept = echo_strip(&echo, heard, length);
		assert_int_equal(kept, noise <= 3 ? noise : length);
		assert_int_equal(stripped(&echo, sent, sizeof(sent)), 0);
	}
}

static void
without_a_send_nothing_is_ours(void **state)
{
	struct echo echo = { 0 };

	(void)state;
	assert_int_equal(stripped(&echo, sent, sizeof(sent)), 0);
	echo_sent(&echo, sent, sizeof(sent));
	echo_forget(&echo);
	assert_int_equal(stripped(&echo, sent, sizeof(sent)), 0);
}

/* A line at 9600 baud for some seconds, so much of each a second. */
static enum hint
line_for(struct hint_state *state, unsigned seconds, unsigned bytes,
    unsigned zeros, unsigned frames)
{
	static struct hint_counts counts;
	static struct mono now = { 1000000 };
	enum hint said = HINT_NONE;

	for (unsigned i = 0; i < seconds; i++) {
		enum hint hint;

		now = mono_add_ms(now, 1000);
		counts.bytes += bytes;
		counts.zeros += zeros;
		counts.frames += frames;
		hint = hint_look(state, &counts, 1042, now);
		if (hint != HINT_NONE) {
			assert_int_equal(said, HINT_NONE); /* once */
			said = hint;
		}
	}
	return said;
}

static void
hints(void **state)
{
	struct hint_state hint = { 0 };

	(void)state;
	assert_int_equal(line_for(&hint, 20, 0, 0, 0), HINT_NONE);
	assert_int_equal(line_for(&hint, 20, 2, 1, 0), HINT_NONE);
	assert_int_equal(line_for(&hint, 20, 200, 20, 5), HINT_NONE);
	assert_int_equal(line_for(&hint, 60, 200, 20, 0), HINT_BAUD);
	assert_int_equal(line_for(&hint, 9, 200, 20, 9), HINT_NONE);
	assert_int_equal(line_for(&hint, 60, 950, 100, 0), HINT_STUCK);
	assert_int_equal(line_for(&hint, 9, 200, 20, 9), HINT_NONE);
	assert_int_equal(line_for(&hint, 60, 200, 199, 0), HINT_BREAK);
	/* A frame ends it; the next time it is said again. */
	assert_int_equal(line_for(&hint, 9, 200, 20, 9), HINT_NONE);
	assert_int_equal(line_for(&hint, 60, 200, 199, 0), HINT_BREAK);
	for (int i = HINT_BAUD; i < HINT_COUNT; i++)
		assert_true(strlen(hint_text((enum hint)i)) > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_echo_is_stripped_however_it_is_cut),
		cmocka_unit_test(echo_and_reply_in_one_read),
		cmocka_unit_test(a_broken_echo_ends_where_it_breaks),
		cmocka_unit_test(case_21_noise_before_the_echo),
		cmocka_unit_test(without_a_send_nothing_is_ours),
		cmocka_unit_test(hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
