/* SPDX-License-Identifier: MIT */
#include "proxy/echo.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* Shorter than any frame: an echo whose first byte was spoilt must not be
 * waited for until the answer comes. */
enum { NOISE_MAX = 3 };

void
echo_sent(struct echo *echo, const uint8_t *bytes, size_t length)
{
	assert(length <= ECHO_MAX);
	memcpy(echo->sent, bytes, length);
	echo->length = length;
	echo->heard = echo->noise = 0;
}

void
echo_forget(struct echo *echo)
{
	echo->length = echo->heard = echo->noise = 0;
}

static bool
is_own(struct echo *echo, uint8_t byte)
{
	if (echo->heard == echo->length)
		return false;
	if (byte == echo->sent[echo->heard]) {
		echo->heard++;
		return true;
	}
	echo->noise++;
	if (echo->heard > 0 || echo->noise > NOISE_MAX)
		echo_forget(echo);
	return false;
}

size_t
echo_strip(struct echo *echo, uint8_t *bytes, size_t length)
{
	size_t kept = 0;

	for (size_t i = 0; i < length; i++) {
		if (!is_own(echo, bytes[i]))
			bytes[kept++] = bytes[i];
	}
	return kept;
}
