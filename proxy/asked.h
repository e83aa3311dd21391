/* SPDX-License-Identifier: MIT */
/*
 * What is asked on a line: every question (unit, function, address, count), how
 * often, in what interval, and what became of it. An inverter's habits, for
 * whoever has to make a map for it. Pure, fixed memory: when all entries are
 * taken, the one not seen for longest makes room.
 */
#ifndef PROXY_ASKED_H
#define PROXY_ASKED_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "gateway/message.h"
#include "proxy/pdu.h"

struct asked_entry {
	uint64_t times; /* 0: free */
	struct pdu_request request;
	uint8_t unit;
	uint8_t exception; /* its code; 0 unless answer is ASKED_EXCEPTION */
	enum asked_answer answer; /* the last time */
	bool changed; /* since whoever reports it has cleared this */
	struct mono last;
	int64_t interval_us; /* smoothed; 0: seen once */
};

/* Zeroed: nothing asked yet. */
struct asked {
	struct asked_entry entries[MESSAGE_ASKED_MAX];
	uint64_t replaced; /* entries that made room */
};

/* Once a question, when it is known what became of it. at: its last byte.
 * exception counts with ASKED_EXCEPTION alone. */
void asked_note(struct asked *asked, uint8_t unit,
    const struct pdu_request *request, enum asked_answer answer,
    uint8_t exception, struct mono at);

/* What an outcome means to who asked. */
enum asked_answer asked_answer_of(enum txn_outcome outcome);

#endif
