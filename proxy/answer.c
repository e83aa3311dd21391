/* SPDX-License-Identifier: MIT */
#include "proxy/answer.h"

#include <string.h>

#include "proxy/journal.h"

static struct shown *
find_unit(struct answer *answer, uint8_t unit)
{
	for (unsigned i = 0; i < answer->shown_count; i++) {
		if (answer->shown[i]->config->unit == unit)
			return answer->shown[i];
	}
	return NULL;
}

static void
record(struct answer *answer, enum txn_outcome outcome, struct mono now)
{
	struct shown *shown = answer->pending;
	struct message_txn *txn =
	    journal_txn(answer->records, answer->line.index, TXN_INVERTER,
		answer->asked, answer->request, answer->request_length);

	txn->outcome = (uint8_t)outcome;
	journal_shown(txn, shown, now);
	if (outcome == TXN_OK || outcome == TXN_EXCEPTION) {
		journal_response(txn, answer->reply, answer->reply_length);
		txn->duration_us = (int32_t)(mono_diff_us(now, answer->asked) +
					     line_wire_us(&answer->line,
						 answer->reply_length + 2));
	}
	shown->changed = true;
}

/* The reply under way will not be sent. */
static void
drop_pending(struct answer *answer, enum txn_outcome outcome, struct mono now)
{
	if (answer->pending == NULL)
		return;
	answer->pending->counts.timeouts++;
	record(answer, outcome, now);
	answer->pending = NULL;
}

static void
record_foreign(
    struct answer *answer, const struct rtu_frame *frame, struct mono at)
{
	struct message_txn *txn = journal_txn(answer->records,
	    answer->line.index, TXN_INVERTER, at, frame->adu, frame->length);

	answer->foreign++;
	txn->outcome = TXN_FOREIGN;
}

static int64_t
delay_us(const struct answer *answer)
{
	uint32_t configured = answer->pending->config->reply_delay_us;

	return configured > 0 ? (int64_t)configured : answer->line.t35_us;
}

static void
on_frame(void *owner, const struct rtu_frame *frame, struct mono at)
{
	struct answer *answer = owner;
	struct shown *shown = find_unit(answer, frame->adu[0]);
	size_t pdu_length;

	if (shown == NULL) {
		record_foreign(answer, frame, at);
		return;
	}
	drop_pending(answer, TXN_SUPERSEDED, at);
	answer->pending = shown;
	answer->asked = at;
	answer->request_length = frame->length;
	memcpy(answer->request, frame->adu, frame->length);
	shown->counts.requests++;
	shown->counts.last_us = at.us;
	beat_note(&shown->beat, at);
	if (shown_answer(shown, frame->adu + 1, frame->length - 3, at,
		answer->reply + 1, &pdu_length,
		&answer->exception) != SHOWN_ANSWER) {
		drop_pending(answer, TXN_SILENT, at);
		return;
	}
	answer->reply[0] = frame->adu[0];
	answer->reply_length = 1 + pdu_length;
	line_wake(&answer->line, mono_add_us(at, delay_us(answer)));
}

static void
send_reply(struct answer *answer, struct mono now)
{
	struct shown *shown = answer->pending;
	enum txn_outcome outcome = TXN_OK;

	if (!line_send(&answer->line, answer->reply, answer->reply_length)) {
		drop_pending(answer, TXN_BROKEN, now);
		return;
	}
	if (answer->exception != 0) {
		outcome = TXN_EXCEPTION;
		shown->counts.exceptions++;
	} else {
		shown->counts.ok++;
	}
	record(answer, outcome, now);
	answer->pending = NULL;
}

static void
on_timer(void *owner, struct mono now)
{
	struct answer *answer = owner;
	int64_t age_us, limit_us;

	if (answer->pending == NULL)
		return;
	age_us = mono_diff_us(now, answer->asked);
	limit_us = (int64_t)answer->pending->config->max_reply_age_ms * 1000;
	if (age_us > limit_us)
		drop_pending(answer, TXN_LATE, now);
	else
		send_reply(answer, now);
}

/* What was no frame is counted at the meter everybody on the line shares. */
static void
on_received(void *owner, struct mono at)
{
	struct answer *answer = owner;
	uint64_t broken = answer->line.rtu.broken;

	(void)at;
	if (broken == answer->broken_seen)
		return;
	answer->shown[0]->counts.broken += broken - answer->broken_seen;
	answer->broken_seen = broken;
}

static void
on_changed(void *owner, bool up, const char *error)
{
	struct answer *answer = owner;
	const struct config_line *config = answer->line.config;

	for (unsigned i = 0; i < answer->shown_count; i++) {
		answer->shown[i]->counts.up = up;
		answer->shown[i]->changed = true;
	}
	if (!up)
		drop_pending(answer, TXN_BROKEN, clock_now());
	if (up)
		journal_event(answer->records, LOG_LEVEL_INFO, config->name,
		    "open, %s, answering at %u baud %s", config->serial,
		    config->baud, config->format);
	else
		journal_event(answer->records, LOG_LEVEL_WARNING, config->name,
		    "down, %s: %s; trying again", config->serial, error);
}

static const struct line_owner calls = {
	.frame = on_frame,
	.received = on_received,
	.timer = on_timer,
	.changed = on_changed,
};

void
answer_add(struct answer *answer, struct shown *shown)
{
	answer->shown[answer->shown_count++] = shown;
}

bool
answer_start(struct answer *answer, struct ev_loop *loop,
    const struct config_line *config, unsigned index, struct outbox *records)
{
	answer->records = records;
	return line_start(
	    &answer->line, loop, config, index, RTU_REQUESTS, &calls, answer);
}

void
answer_stop(struct answer *answer)
{
	line_stop(&answer->line);
}
