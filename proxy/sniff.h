/* SPDX-License-Identifier: MIT */
/*
 * Both directions of one wire: who asks whom for what, and what comes back.
 * Bytes in, events out; pure.
 *
 * A request and its reply begin alike, so the one that was heard last decides:
 * after a request, what fits as its reply (unit, function, and for a read the
 * number of bytes) is its reply, else it is another request. A reply of one
 * register may be the beginning of the same request once more; then the
 * request wins if it is whole, and silence decides if it is not. A reply whose
 * request was not heard is told as such. All else is dropped byte by byte.
 */
#ifndef PROXY_SNIFF_H
#define PROXY_SNIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SNIFF_BUFFER = 512 };

enum sniff_kind {
	SNIFF_REQUEST,
	SNIFF_REPLY, /* to the request before it */
	SNIFF_EXCEPTION,
	SNIFF_ORPHAN, /* a reply, to nobody knows what */
};

struct sniff_event {
	enum sniff_kind kind;
	uint8_t unit;
	uint8_t function; /* of the request */
	uint16_t address; /* of the request; so is count */
	uint16_t count;
	uint8_t exception;
	/* Of a reply to functions 1 to 4, what was read; of a write request,
	 * what is written. Good until the next call. */
	const uint8_t *data;
	size_t data_length;
};

struct sniff {
	size_t head;
	size_t length;
	bool asked; /* a request waits for its reply */
	size_t request_length;
	uint8_t request[256];
	uint64_t frames; /* with a good CRC */
	uint64_t framed; /* bytes in them */
	uint64_t dropped; /* bytes in none */
	uint8_t buffer[SNIFF_BUFFER];
};

void sniff_init(struct sniff *sniff);

/* Where the bytes go that a read() brings, at least 256 while sniff_next was
 * called until it returned false. */
uint8_t *sniff_room(struct sniff *sniff, size_t *room);
void sniff_filled(struct sniff *sniff, size_t length);

/* The next event, or false when more bytes are needed. silent: nothing will
 * follow what is there. */
bool sniff_next(struct sniff *sniff, bool silent, struct sniff_event *event);

#endif
