/* SPDX-License-Identifier: MIT */
#include "gateway/outbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"

bool
outbox_init(struct outbox *outbox, int fd, uint32_t size, bool report_gaps)
{
	memset(outbox, 0, sizeof(*outbox));
	outbox->fd = fd;
	outbox->size = size;
	outbox->report_gaps = report_gaps;
	outbox->slots = calloc(size, sizeof(*outbox->slots));
	return outbox->slots != NULL;
}

void
outbox_free(struct outbox *outbox)
{
	free(outbox->slots);
	outbox->slots = NULL;
}

static void
drop_oldest(struct outbox *outbox)
{
	int64_t now_us = clock_wall_us();

	outbox->head = (outbox->head + 1) % outbox->size;
	outbox->count--;
	outbox->dropped++;
	if (outbox->gap.dropped++ == 0)
		outbox->gap.from_wall_us = now_us;
	/* The wall clock may step back; a gap never ends before it begins. */
	outbox->gap.to_wall_us = now_us > outbox->gap.from_wall_us
	                             ? now_us
	                             : outbox->gap.from_wall_us;
}

struct message *
outbox_push(struct outbox *outbox, enum message_type type)
{
	struct message *slot;

	assert(outbox->slots != NULL);
	if (outbox->count == outbox->size)
		drop_oldest(outbox);
	slot = &outbox->slots[(outbox->head + outbox->count) % outbox->size];
	outbox->count++;
	message_init(slot, type);
	return slot;
}

static bool
flush_gap(struct outbox *outbox)
{
	struct message message;

	if (outbox->gap.dropped == 0 || !outbox->report_gaps)
		return true;
	message_init(&message, MESSAGE_GAP);
	message.body.gap = outbox->gap;
	if (message_send(outbox->fd, &message) != MESSAGE_DONE)
		return false;
	memset(&outbox->gap, 0, sizeof(outbox->gap));
	return true;
}

bool
outbox_flush(struct outbox *outbox)
{
	if (!flush_gap(outbox))
		return false;
	while (outbox->count > 0) {
		if (message_send(outbox->fd, &outbox->slots[outbox->head]) !=
		    MESSAGE_DONE)
			return false;
		outbox->head = (outbox->head + 1) % outbox->size;
		outbox->count--;
	}
	return true;
}
