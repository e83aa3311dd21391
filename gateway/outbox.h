/* SPDX-License-Identifier: MIT */
/*
 * A bounded ring in front of a socket: the sender never waits, whatever the
 * reader does. When the ring is full the oldest message is dropped and
 * counted; the reader gets a MESSAGE_GAP in its place, so that a hole in the
 * record is itself on record.
 */
#ifndef GATEWAY_OUTBOX_H
#define GATEWAY_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/message.h"

struct outbox {
	int fd;
	bool report_gaps;
	uint32_t size; /* slots */
	uint32_t head; /* oldest */
	uint32_t count;
	uint64_t dropped; /* since start */
	struct message_gap gap; /* not yet reported */
	struct message *slots;
};

/* Allocates the slots; the only allocation an outbox ever makes.
 * report_gaps: the reader understands MESSAGE_GAP. */
bool outbox_init(
    struct outbox *outbox, int fd, uint32_t size, bool report_gaps);
void outbox_free(struct outbox *outbox);

/* The next free slot, cleared and typed, to be filled in place; drops the
 * oldest when there is none. Never NULL. */
struct message *outbox_push(struct outbox *outbox, enum message_type type);

/* Sends what the socket takes. False: something is left; call again later. */
bool outbox_flush(struct outbox *outbox);

#endif
