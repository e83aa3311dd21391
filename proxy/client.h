/* SPDX-License-Identifier: MIT */
/*
 * The asking side of one line: whom to ask what and when. Pure: time comes in,
 * requests and verdicts come out. The exchange (exchange.h) carries one of them
 * at a time; the pace (pace.h) says when a device is due.
 *
 * Whose turn it is stands in turn.h.
 */
#ifndef PROXY_CLIENT_H
#define PROXY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "proxy/device.h"
#include "proxy/errand.h"
#include "proxy/exchange.h"
#include "proxy/pdu.h"

struct client {
	struct exchange exchange;
	struct device *devices; /* borrowed */
	unsigned devices_count;
	unsigned turn; /* device whose slow blocks come next */
	bool meter_had_turn; /* a meter's round has just ended */
	bool errand_had_turn; /* of the low ranks, a client's was last */
	struct errand_queue queues[ERRAND_RANK_COUNT];

	/* Under way, or chosen. */
	struct errand *errand; /* NULL: a poll */
	struct device *asked; /* NULL: an errand to a unit that is no device */
	struct plan_block *block; /* of a poll */
	struct pdu_request request; /* of a poll */
};

struct client_step {
	bool send; /* ask now: unit and PDU */
	struct mono wake; /* else: call again then; zero: nothing to do */
	uint8_t unit;
	uint8_t pdu[PDU_MAX];
	size_t length;
};

enum client_verdict {
	CLIENT_NOTHING,
	CLIENT_ANSWERED, /* registers taken in; sample tells if complete */
	CLIENT_REFUSED, /* an exception */
	CLIENT_FOREIGN, /* a frame that answers nothing we wait for */
	CLIENT_FAILED, /* deadline passed */
};

struct client_result {
	enum client_verdict verdict;
	struct device *device; /* NULL when FOREIGN, or a unit of no device */
	struct errand *errand; /* that this ends; the caller calls its done */
	struct pdu_request request; /* of a poll */
	uint8_t exception;
	bool sample; /* ANSWERED: the device has a new complete sample */
	bool miss; /* FAILED, REFUSED: of a fast read */
	bool heard; /* FAILED: something came, but no answer */
	struct mono sent;
};

void client_init(struct client *client, struct exchange_wire wire,
    struct device *devices, unsigned count);

/* The device of that unit; NULL: none on this line. */
struct device *client_device(const struct client *client, uint8_t unit);

/* What to do now. After a step with send: send it, then client_sent. */
struct client_step client_next(struct client *client, struct mono now);
/* The errand that is over with it (a broadcast), or NULL. */
struct errand *client_sent(
    struct client *client, const struct client_step *step, struct mono now);

/* Takes an errand into its queue. False: full. */
bool client_carry(struct client *client, struct errand *errand);
/* Forgets one, asked or not. What is under way goes on, and its answer is
 * thrown away. */
void client_forget(struct client *client, struct errand *errand);

/* An errand that will not be asked any more, and why, until NULL: its deadline
 * has passed (EXPIRED), or its unit is dead and rests (TIMEOUT). */
struct errand *client_overdue(
    struct client *client, struct mono now, enum errand_end *end);
/* Any errand at all, for when the line is down. */
struct errand *client_drop(struct client *client);

/* Bytes have come; more time for a frame that is on its way. */
void client_heard(struct client *client);

/* A frame (unit to CRC) has come. */
struct client_result client_frame(
    struct client *client, const uint8_t *adu, size_t length, struct mono at);

/* The time of client_next's wake has come. */
struct client_result client_expire(struct client *client, struct mono now);

/* The line was lost: what is under way fails, without a quarantine. */
struct client_result client_abort(struct client *client, struct mono now);

#endif
