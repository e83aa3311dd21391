/* SPDX-License-Identifier: MIT */
/*
 * The side that answers: one line with the inverter (or several) on it, and
 * the shown meters by unit id.
 *
 * A request is answered from memory as soon as it is complete; the reply leaves
 * after t3.5 of silence, when the other end has surely let go of the wire, and
 * at once then. One reply is under way at most: a newer request takes the
 * place of one that was not answered yet (its asker has given up on it).
 *
 * What the shown meter does not know itself passes to the real one, as an
 * errand on its line. The same question asked again while it is under way does
 * not start it anew: the answer goes to the newest.
 */
#ifndef PROXY_ANSWER_H
#define PROXY_ANSWER_H

#include "gateway/outbox.h"
#include "proxy/ask.h"
#include "proxy/asked.h"
#include "proxy/journal.h"
#include "proxy/line.h"
#include "proxy/shown.h"
#include "proxy/tally.h"

/* A shown meter on this line, and where what it does not know is asked. */
struct answer_meter {
	struct shown *shown; /* borrowed, as is ask */
	struct ask *ask;
	uint8_t unit; /* of the real meter, there */
};

struct answer {
	struct line line;
	struct answer_meter meters[CONFIG_SHOWN_MAX];
	unsigned meters_count;
	struct outbox *records; /* borrowed, as are the two below */
	struct tally *tally;
	struct asked *questions;
	uint64_t broken_seen; /* framer's count at the last look */
	uint64_t foreign;

	/* The reply that waits for its silence, or for the real meter. */
	const struct answer_meter *pending; /* NULL: none */
	bool passing; /* the errand is out */
	bool passed; /* the reply is the real meter's own */
	struct errand errand;
	struct mono asked; /* last byte of the request */
	struct journal_values behind; /* the reply, when it was made */
	uint8_t exception;
	size_t request_length;
	size_t reply_length; /* unit + PDU, without CRC */
	uint8_t request[RTU_ADU_MAX];
	uint8_t reply[1 + PDU_MAX]; /* the last one, until the next request */
	struct mono sample_at; /* behind the reply */
	struct mono sent_at; /* when that went out; 0: none did */
	bool told_voice;
};

/* The shown meters must be in place before the line starts. */
bool answer_start(struct answer *answer, struct ev_loop *loop,
    const struct config_line *config, unsigned index, struct outbox *records);
void answer_stop(struct answer *answer);

/* Adds a shown meter of this line; before answer_start. */
void answer_add(struct answer *answer, const struct answer_meter *meter);

#endif
