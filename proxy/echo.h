/* SPDX-License-Identifier: MIT */
/*
 * Some RS485 adapters hear themselves: all that is sent comes back first. Only
 * what equals what was sent is taken away, and only where the line is
 * configured so (echo: on): the right answer to a write, too, is the same bytes
 * once more. Pure.
 */
#ifndef PROXY_ECHO_H
#define PROXY_ECHO_H

#include <stddef.h>
#include <stdint.h>

enum { ECHO_MAX = 256 };

/* Zeroed: nothing was sent. */
struct echo {
	size_t length; /* sent */
	size_t heard; /* of it */
	size_t noise; /* bytes before it */
	uint8_t sent[ECHO_MAX];
};

/* So many bytes (at most ECHO_MAX) were just sent. */
void echo_sent(struct echo *echo, const uint8_t *bytes, size_t length);

/* What was sent before will not come any more. */
void echo_forget(struct echo *echo);

/* Takes our own out of these bytes; how many are left, at the front. The echo
 * may have up to three bytes of noise before it, which are left: a transceiver
 * that begins to send hears that too. An echo that is broken in the middle ends
 * there: what follows is left. */
size_t echo_strip(struct echo *echo, uint8_t *bytes, size_t length);

#endif
