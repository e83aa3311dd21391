/* SPDX-License-Identifier: MIT */
#include "proxy/answer.h"

#include <string.h>

enum {
	/* An adapter may hold back so long what we said. */
	VOICE_US = 20000,
	/*
	 * The silence is one on the wire. From a byte's stop bit to this
	 * program, and from it to the start bit of the reply, it is longer than
	 * this: 100 us and more each way through pseudo-terminals, an interrupt
	 * and two wake-ups on a UART, a millisecond by USB.
	 */
	UNSEEN_US = 40,
};

/* NULL: no unit of ours. A broadcast is for all; who shows a real meter takes
 * it there. */
static const struct answer_meter *
find_unit(struct answer *answer, uint8_t unit)
{
	for (unsigned i = 0; i < answer->meters_count; i++) {
		const struct answer_meter *meter = &answer->meters[i];

		if (unit == 0 ? meter->shown->meter != NULL
			      : meter->shown->config->unit == unit)
			return meter;
	}
	return NULL;
}

static void
note(struct answer *answer, const struct message_txn *txn)
{
	const struct pdu_request request = { txn->function, txn->address,
		txn->count };
	enum txn_outcome outcome = (enum txn_outcome)txn->outcome;

	tally_outcome(answer->tally, txn->unit, outcome);
	asked_note(answer->questions, txn->unit, &request,
	    asked_answer_of(outcome), answer->exception,
	    (struct mono){ txn->mono_us });
}

static bool
is_reply(enum txn_outcome outcome)
{
	return outcome == TXN_OK || outcome == TXN_EXCEPTION ||
	       outcome == TXN_PASSED;
}

static void
record(struct answer *answer, enum txn_outcome outcome, struct mono now)
{
	struct shown *shown = answer->pending->shown;
	struct message_txn *txn =
	    journal_txn(answer->records, answer->line.index, TXN_INVERTER,
		answer->asked, answer->request, answer->request_length);

	txn->outcome = (uint8_t)outcome;
	/* A broadcast has none. */
	if (is_reply(outcome) && answer->reply_length > 0) {
		journal_values(txn, &answer->behind);
		journal_response(txn, answer->reply, answer->reply_length);
		txn->duration_us = (int32_t)(mono_diff_us(now, answer->asked) +
					     line_wire_us(&answer->line,
						 answer->reply_length + 2));
	} else {
		journal_shown(txn, shown, now);
	}
	note(answer, txn);
	shown->changed = true;
}

/* The reply under way will not be sent. */
static void
drop_pending(struct answer *answer, enum txn_outcome outcome, struct mono now)
{
	if (answer->pending == NULL)
		return;
	answer->pending->shown->counts.timeouts++;
	record(answer, outcome, now);
	if (answer->passing)
		ask_forget(answer->pending->ask, &answer->errand);
	answer->passing = false;
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
	note(answer, txn);
}

static int64_t
delay_us(const struct answer *answer)
{
	uint32_t configured = answer->pending->shown->config->reply_delay_us;

	return configured > 0 ? (int64_t)configured
	                      : answer->line.t35_us - UNSEEN_US;
}

/* --- what passes to the real meter -----------------------------------------
 */

static void
send_passed(struct answer *answer, const uint8_t *pdu, size_t length)
{
	struct shown *shown = answer->pending->shown;
	struct mono now = clock_now(), earliest;

	answer->passed = true;
	answer->reply[0] = answer->request[0];
	memcpy(answer->reply + 1, pdu, length);
	answer->reply_length = 1 + length;
	answer->exception =
	    (pdu[0] & PDU_EXCEPTION_BIT) != 0 && length > 1 ? pdu[1] : 0;
	shown_patch(shown, answer->request + 1, answer->request_length - 3,
	    answer->reply + 1, length, now);
	answer->behind = journal_look(shown, now);
	earliest = mono_add_us(answer->asked, delay_us(answer));
	line_wake(&answer->line, mono_reached(now, earliest) ? now : earliest);
}

static void
on_errand_done(struct errand *errand, enum errand_end end, const uint8_t *pdu,
    size_t length)
{
	struct answer *answer = errand->owner;

	answer->passing = false;
	if (end == ERRAND_ANSWERED && length > 0 && length <= PDU_MAX)
		send_passed(answer, pdu, length);
	else if (end == ERRAND_SENT)
		drop_pending(answer, TXN_PASSED, clock_now());
	else
		drop_pending(answer,
		    end == ERRAND_EXPIRED ? TXN_LATE : TXN_TIMEOUT,
		    clock_now());
}

static void
pass_on(struct answer *answer, struct mono at)
{
	const struct answer_meter *meter = answer->pending;
	struct errand *errand = &answer->errand;

	errand->rank = ERRAND_INVERTER;
	errand->unit = answer->request[0] == 0 ? 0 : meter->unit;
	errand->length = answer->request_length - 3;
	memcpy(errand->pdu, answer->request + 1, errand->length);
	errand->asked = at;
	errand->deadline =
	    mono_add_ms(at, (int64_t)meter->shown->config->max_pass_ms);
	errand->done = on_errand_done;
	errand->owner = answer;
	answer->passing = ask_carry(meter->ask, errand);
	if (!answer->passing)
		drop_pending(answer, TXN_SILENT, at);
}

/* The same again, while the first is still out: the answer will be to this
 * one. */
static bool
is_repeated(const struct answer *answer, const struct rtu_frame *frame)
{
	return answer->pending != NULL && answer->passing &&
	       frame->length == answer->request_length &&
	       memcmp(frame->adu, answer->request, frame->length) == 0;
}

static void
take_repeated(struct answer *answer, struct mono at)
{
	answer->pending->shown->counts.timeouts++;
	record(answer, TXN_SUPERSEDED, at);
	answer->asked = at;
	answer->errand.deadline = mono_add_ms(
	    at, (int64_t)answer->pending->shown->config->max_pass_ms);
}

/* --- requests and replies --------------------------------------------------
 */

static void
note_request(struct answer *answer, const struct rtu_frame *frame,
    const struct answer_meter *meter, struct mono at)
{
	struct shown *shown = meter->shown;

	shown->counts.requests++;
	shown->counts.last_us = at.us;
	beat_note(&shown->beat, at);
	tally_count(answer->tally, frame->adu[0], TALLY_REQUEST);
}

static void
take_request(struct answer *answer, const struct rtu_frame *frame,
    const struct answer_meter *meter, struct mono at)
{
	size_t pdu_length;

	drop_pending(answer, TXN_SUPERSEDED, at);
	answer->pending = meter;
	answer->sent_at = (struct mono){ 0 };
	answer->passed = false;
	answer->reply_length = 0;
	answer->asked = at;
	answer->request_length = frame->length;
	memcpy(answer->request, frame->adu, frame->length);
	switch (
	    frame->adu[0] == 0
		? SHOWN_PASS
		: shown_answer(meter->shown, frame->adu + 1, frame->length - 3,
		      at, answer->reply + 1, &pdu_length, &answer->exception)) {
	case SHOWN_PASS:
		answer->exception = 0;
		pass_on(answer, at);
		break;
	case SHOWN_NO_DATA:
		drop_pending(answer, TXN_SILENT, at);
		break;
	case SHOWN_ANSWER:
		answer->reply[0] = frame->adu[0];
		answer->reply_length = 1 + pdu_length;
		answer->behind = journal_look(meter->shown, at);
		answer->sample_at = meter->shown->sample_at;
		line_wake(&answer->line, mono_add_us(at, delay_us(answer)));
		break;
	}
}

/* Nobody answers a broadcast, and a read of all at once has no sense. */
static bool
is_broadcast_read(const struct rtu_frame *frame)
{
	uint8_t function = frame->adu[1];

	return frame->adu[0] == 0 && function != 5 &&
	       function != PDU_WRITE_SINGLE && function != 15 &&
	       function != PDU_WRITE_MULTIPLE && function != 21 &&
	       function != 22;
}

/* The reply to a write is the request once more. What comes back at once, as
 * we said it, was said by nobody else: without this it would be written again,
 * and again. */
static bool
is_own_voice(
    const struct answer *answer, const struct rtu_frame *frame, struct mono at)
{
	return mono_is_set(answer->sent_at) &&
	       frame->length == answer->reply_length + 2 &&
	       memcmp(frame->adu, answer->reply, answer->reply_length) == 0 &&
	       mono_diff_us(at, answer->sent_at) <
	           line_wire_us(&answer->line, frame->length) + VOICE_US;
}

static void
tell_own_voice(struct answer *answer)
{
	if (answer->told_voice)
		return;
	answer->told_voice = true;
	journal_event(answer->records, LOG_LEVEL_WARNING,
	    answer->line.config->name,
	    "hears what it sends; set echo: on for this line");
}

static void
on_frame(void *owner, const struct rtu_frame *frame, struct mono at)
{
	struct answer *answer = owner;
	const struct answer_meter *meter = find_unit(answer, frame->adu[0]);

	if (is_own_voice(answer, frame, at)) {
		record_foreign(answer, frame, at);
		tell_own_voice(answer);
		return;
	}
	if (meter == NULL || is_broadcast_read(frame)) {
		record_foreign(answer, frame, at);
		return;
	}
	note_request(answer, frame, meter, at);
	if (is_repeated(answer, frame))
		take_repeated(answer, at);
	else
		take_request(answer, frame, meter, at);
}

static enum txn_outcome
outcome_of(const struct answer *answer)
{
	if (answer->passed)
		return TXN_PASSED;
	return answer->exception != 0 ? TXN_EXCEPTION : TXN_OK;
}

static void
send_reply(struct answer *answer, struct mono now)
{
	struct shown *shown = answer->pending->shown;

	if (!line_send(&answer->line, answer->reply, answer->reply_length)) {
		drop_pending(answer, TXN_BROKEN, now);
		return;
	}
	answer->sent_at = now;
	if (answer->exception != 0)
		shown->counts.exceptions++;
	else
		shown->counts.ok++;
	if (!answer->passed)
		tally_reply_us(answer->tally, TALLY_OURS,
		    mono_diff_us(clock_now(), answer->asked));
	record(answer, outcome_of(answer), now);
	answer->pending = NULL;
}

static bool
is_older(struct mono at, int64_t limit_ms, struct mono now)
{
	return mono_diff_us(now, at) > limit_ms * 1000;
}

/* The silence before the reply is over; if the machine was held up, more may
 * be. */
static void
on_timer(void *owner, struct mono now)
{
	struct answer *answer = owner;
	const struct config_shown *config;
	int64_t limit_ms;

	if (answer->pending == NULL || answer->passing)
		return;
	config = answer->pending->shown->config;
	limit_ms =
	    answer->passed ? config->max_pass_ms : config->max_reply_age_ms;
	if (is_older(answer->asked, limit_ms, now))
		drop_pending(answer, TXN_LATE, now);
	else if (!answer->passed && answer->exception == 0 &&
		 is_older(answer->sample_at, config->max_age_ms, now))
		drop_pending(answer, TXN_SILENT, now);
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
	answer->meters[0].shown->counts.broken += broken - answer->broken_seen;
	answer->broken_seen = broken;
}

static void
on_changed(void *owner, bool up, const char *error)
{
	struct answer *answer = owner;

	for (unsigned i = 0; i < answer->meters_count; i++) {
		answer->meters[i].shown->counts.up = up;
		answer->meters[i].shown->changed = true;
	}
	if (!up)
		drop_pending(answer, TXN_BROKEN, clock_now());
	journal_line(answer->records, &answer->line, "answering", up, error);
}

static const struct line_owner calls = {
	.frame = on_frame,
	.received = on_received,
	.timer = on_timer,
	.changed = on_changed,
};

void
answer_add(struct answer *answer, const struct answer_meter *meter)
{
	answer->meters[answer->meters_count++] = *meter;
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
