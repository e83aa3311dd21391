/* SPDX-License-Identifier: MIT */
/*
 * The asking side of one line: whom to ask what and when, and whether a frame
 * is the answer. Pure: time comes in, requests and verdicts come out.
 *
 *      IDLE --send--> WAIT --answer--> IDLE (after a pause of t3.5)
 *                      |
 *                   deadline
 *                      v
 *                  QUARANTINE --late answer seen, or time over--> IDLE
 *
 * A late answer is the worst silent fault: it must never pass for the answer
 * to the next request. So a timeout is followed by a quarantine at least as long
 * as the timeout was, in which nothing is asked and whatever arrives is only
 * counted; and the next reads of the same block ask for other counts (plan.h).
 * A block without room for that is quarantined for longer.
 *
 * The timeout follows the device: four times its slowest answer of late,
 * between 60 ms and the configured timeout_ms. Every fourth try after a
 * timeout waits for the full timeout_ms, for a device that became slower.
 */
#ifndef PROXY_CLIENT_H
#define PROXY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "gateway/message.h"
#include "proxy/device.h"
#include "proxy/pdu.h"

enum client_state { CLIENT_IDLE, CLIENT_WAIT, CLIENT_QUARANTINE };

/* Of the wire it asks on. */
struct client_wire {
	uint32_t baud;
	unsigned character_bits;
};

struct client {
	struct client_wire wire;
	struct device *devices; /* borrowed */
	unsigned devices_count;
	unsigned turn; /* device whose slow blocks come next */
	enum client_state state;
	struct device *asked; /* WAIT, QUARANTINE */
	struct plan_block *block;
	struct pdu_request request;
	struct mono sent;
	struct mono deadline; /* WAIT, QUARANTINE */
	struct mono pause; /* no request before */
	int64_t timeout_us;
	bool heard; /* bytes came since the request */
};

struct client_step {
	bool send; /* ask now */
	struct mono wake; /* else: call again then; zero: nothing to do */
	uint8_t unit;
	struct pdu_request request;
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
	struct device *device; /* NULL when FOREIGN */
	struct pdu_request request;
	uint8_t exception;
	bool sample; /* ANSWERED: the device has a new complete sample */
	bool miss; /* FAILED, REFUSED: of a fast read */
	bool heard; /* FAILED: something came, but no answer */
	struct mono sent;
};

void client_init(struct client *client, struct client_wire wire,
    struct device *devices, unsigned count);

/* What to do now. After a step with send: send it, then client_sent. */
struct client_step client_next(struct client *client, struct mono now);
void client_sent(struct client *client, struct mono now);

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
