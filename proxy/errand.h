/* SPDX-License-Identifier: MIT */
/*
 * An errand: a request of somebody else (an inverter's, a TCP client's) that is
 * carried to a device and whose answer is brought back unchanged. It is asked
 * once: whoever wanted it asks again, and a second answer would be one too
 * many.
 *
 * The memory is the owner's, and stays so until `done` was called or
 * ask_forget has returned.
 */
#ifndef PROXY_ERRAND_H
#define PROXY_ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "proxy/pdu.h"

/* In the order in which a line serves them; between the two come our own polls
 * that are not of the meter's power. */
enum errand_rank { ERRAND_INVERTER, ERRAND_CLIENT, ERRAND_RANK_COUNT };

enum errand_end {
	ERRAND_ANSWERED, /* pdu: the device's answer, or its exception */
	ERRAND_SENT, /* a broadcast: nobody answers it */
	ERRAND_TIMEOUT, /* asked, and no answer that fits has come */
	ERRAND_EXPIRED, /* waited in the queue until its deadline */
	ERRAND_NO_LINE, /* the line is down: not asked, or cut off */
};

struct errand;

/* pdu is good until it returns; NULL unless ANSWERED. A new errand may be
 * handed in from within. */
typedef void errand_done(struct errand *errand, enum errand_end end,
    const uint8_t *pdu, size_t length);

struct errand {
	enum errand_rank rank;
	uint8_t unit; /* on the line; 0: broadcast */
	uint8_t pdu[PDU_MAX]; /* one that pdu_parse_request may well refuse */
	size_t length;
	struct mono asked; /* when its last byte came in */
	struct mono deadline; /* not begun any more after this */
	errand_done *done;
	void *owner;
	struct errand *next; /* the line's, while it has the errand */
};

enum {
	ERRAND_QUEUE_MAX = 2100, /* in one queue: one of each TCP client */
	ERRAND_LOOK = 16, /* so far past the first one is looked for another */
};

/* First in, first out. Zeroed: empty. */
struct errand_queue {
	struct errand *first;
	struct errand *last;
	unsigned count;
};

/* False: full. */
bool errand_enqueue(struct errand_queue *queue, struct errand *errand);
/* NULL: empty. */
struct errand *errand_dequeue(struct errand_queue *queue);
/* False: it was not there. */
bool errand_remove(struct errand_queue *queue, struct errand *errand);

#endif
