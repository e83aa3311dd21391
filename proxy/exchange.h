/* SPDX-License-Identifier: MIT */
/*
 * One request and its answer on a wire that many share. Pure: time comes in.
 *
 *      IDLE --begin--> WAIT --answer--> IDLE (after a pause of t3.5)
 *                       |
 *                    deadline
 *                       v
 *                   QUARANTINE --late answer seen, or time over--> IDLE
 *
 * A late answer is the worst silent fault: it must never pass for the answer
 * to the next request. So a timeout is followed by a quarantine in which
 * nothing is asked and whatever arrives is only counted. A wire whose frames
 * carry a number (Modbus TCP) needs none.
 *
 * Where the next answers will be of another length the quarantine is short,
 * and the late answer is still owed afterwards. Until its time is over nothing
 * may be asked whose answer would look the same, and no exception of that
 * function is taken for an answer: it may be the owed one.
 *
 * What this cannot tell apart: an answer that comes twice, and one that comes
 * later than late_us after it was given up, where it looks the same as the one
 * that is waited for.
 */
#ifndef PROXY_EXCHANGE_H
#define PROXY_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "proxy/pdu.h"

enum { EXCHANGE_OWED_MAX = 4 };

enum exchange_state { EXCHANGE_IDLE, EXCHANGE_WAIT, EXCHANGE_QUARANTINE };

/* The wire. baud 0: bytes take no time (Modbus TCP), and frames are numbered.
 */
struct exchange_wire {
	uint32_t baud;
	unsigned character_bits;
};

/* A request that was given up, and whose answer may still come. */
struct exchange_owed {
	struct mono until; /* 0: free */
	uint8_t unit;
	uint8_t pdu[PDU_MAX];
	size_t length;
};

struct exchange {
	struct exchange_wire wire;
	enum exchange_state state;
	uint8_t unit;
	uint8_t pdu[PDU_MAX];
	size_t length;
	struct mono sent;
	struct mono deadline; /* WAIT, QUARANTINE */
	struct mono pause; /* no request before */
	int64_t timeout_us;
	int64_t quarantine_us;
	int64_t gap_us; /* the silence that the device wants afterwards */
	bool heard; /* bytes came since the request */
	int64_t late_us;
	struct mono late_until; /* QUARANTINE */
	struct exchange_owed owed[EXCHANGE_OWED_MAX];
};

struct exchange_timing {
	int64_t timeout_us; /* from the request's last byte to the first back */
	int64_t quarantine_us; /* after a timeout */
	int64_t late_us; /* so long after a timeout the answer may come */
	int64_t gap_us; /* least silence afterwards; t3.5 anyway */
};

enum exchange_verdict {
	EXCHANGE_NOTHING,
	EXCHANGE_ANSWERED,
	EXCHANGE_REFUSED, /* an exception */
	EXCHANGE_FOREIGN, /* a frame that answers nothing we wait for */
	EXCHANGE_FAILED, /* deadline passed */
};

void exchange_init(struct exchange *exchange, struct exchange_wire wire);

/* May a request go out? Else *wake is when to ask again. */
bool exchange_ready(
    const struct exchange *exchange, struct mono now, struct mono *wake);

/* May this be asked, or could an answer that is owed be taken for its? Then
 * *until is when it may. */
bool exchange_may_ask(const struct exchange *exchange, uint8_t unit,
    const uint8_t *pdu, size_t length, struct mono now, struct mono *until);

/* A request of unit and PDU is being sent. To unit 0 (broadcast) nobody
 * answers: that is over at once, and the devices get 100 ms to obey. */
void exchange_begin(struct exchange *exchange, uint8_t unit, const uint8_t *pdu,
    size_t length, const struct exchange_timing *timing, struct mono now);

/* Bytes have come; more time for a frame that is on its way. */
void exchange_heard(struct exchange *exchange);

/* A frame has come: ANSWERED, REFUSED or FOREIGN. */
enum exchange_verdict exchange_frame(struct exchange *exchange, uint8_t unit,
    const uint8_t *pdu, size_t length, struct mono at);

/* The time of exchange_ready's wake has come: FAILED or NOTHING. */
enum exchange_verdict exchange_expire(
    struct exchange *exchange, struct mono now);

/* The line was lost. True: a request was under way. */
bool exchange_abort(struct exchange *exchange, struct mono now);

/* Time on the wire. */
int64_t exchange_wire_us(const struct exchange_wire *wire, size_t bytes);
/* t3.5; 0 on a wire without time. */
int64_t exchange_t35_us(const struct exchange_wire *wire);

#endif
