/* SPDX-License-Identifier: MIT */
#include "proxy/echo.h"

#include <assert.h>
#include <string.h>

void
echo_sent(struct echo *echo, const uint8_t *bytes, size_t length)
{
	assert(length <= ECHO_MAX);
	memcpy(echo->sent, bytes, length);
	echo->length = length;
	echo->heard = 0;
}

void
echo_forget(struct echo *echo)
{
	echo->length = echo->heard = 0;
}

size_t
echo_strip(struct echo *echo, const uint8_t *bytes, size_t length)
{
	size_t own = 0;

	while (own < length && echo->heard < echo->length) {
		if (bytes[own] != echo->sent[echo->heard]) {
			echo_forget(echo);
			break;
		}
		own++;
		echo->heard++;
	}
	return own;
}
