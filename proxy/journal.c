/* SPDX-License-Identifier: MIT */
#include "proxy/journal.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proxy/crc.h"
#include "proxy/line.h"
#include "proxy/pdu.h"
#include "proxy/shown.h"

static_assert(
    (int)QUANTITY_COUNT <= (int)MESSAGE_QUANTITIES, "room for every quantity");

static void
copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

/* An answer in flight may be older than now by its wall time. */
static int64_t
wall_of(struct mono at)
{
	return clock_wall_us() - mono_diff_us(clock_now(), at);
}

struct message_txn *
journal_txn(struct outbox *records, unsigned line, enum txn_side side,
    struct mono at, const uint8_t *request, size_t length)
{
	struct message_txn *txn = &outbox_push(records, MESSAGE_TXN)->body.txn;
	struct pdu_request parsed = { 0 };

	assert(length >= 2 && length <= sizeof(txn->request));
	if (length > 4)
		pdu_parse_request(request + 1, length - 3, &parsed);
	txn->wall_us = wall_of(at);
	txn->mono_us = at.us;
	txn->line = (uint8_t)line;
	txn->side = (uint8_t)side;
	txn->unit = request[0];
	txn->function = request[1];
	txn->address = parsed.address;
	txn->count = parsed.count;
	txn->sample_age_ms = -1;
	txn->request_length = (uint16_t)length;
	memcpy(txn->request, request, length);
	return txn;
}

void
journal_response(
    struct message_txn *txn, const uint8_t *unit_and_pdu, size_t length)
{
	assert(length + 2 <= sizeof(txn->response));
	memcpy(txn->response, unit_and_pdu, length);
	crc_append(txn->response, length);
	txn->response_length = (uint16_t)(length + 2);
}

static int32_t
watts(double value)
{
	if (!(fabs(value) < 2e9))
		return 0;
	return (int32_t)lround(value);
}

struct journal_values
journal_look(const struct shown *shown, struct mono now)
{
	struct journal_values values = { .sample_age_ms = -1,
		.reason = (uint8_t)shown->output.reason };

	if (!mono_is_set(shown->sample_at))
		return values;
	values.true_w = watts(shown_true_w(shown));
	values.shown_w = watts(shown->values.value[QUANTITY_ACTIVE_POWER]);
	values.offset_w = watts(shown->offset_w);
	values.sample_age_ms =
	    (int32_t)(mono_diff_us(now, shown->sample_at) / 1000);
	return values;
}

void
journal_values(struct message_txn *txn, const struct journal_values *values)
{
	txn->true_w = values->true_w;
	txn->shown_w = values->shown_w;
	txn->offset_w = values->offset_w;
	txn->sample_age_ms = values->sample_age_ms;
	txn->reason = values->reason;
}

void
journal_shown(
    struct message_txn *txn, const struct shown *shown, struct mono now)
{
	struct journal_values values = journal_look(shown, now);

	journal_values(txn, &values);
}

void
journal_reading(struct outbox *records, bool shown, unsigned subject,
    const struct quantities *values, uint64_t which)
{
	struct message_reading *reading;

	which &= values->known;
	if (which == 0)
		return;
	reading = &outbox_push(records, MESSAGE_READING)->body.reading;
	reading->wall_us = clock_wall_us();
	reading->shown = shown;
	reading->subject = subject;
	reading->known = which;
	memcpy(reading->value, values->value, sizeof(values->value));
}

void
journal_event(struct outbox *records, enum log_level level, const char *subject,
    const char *format, ...)
{
	struct message_event *event;
	va_list args;

	event = &outbox_push(records, MESSAGE_EVENT)->body.event;
	event->wall_us = clock_wall_us();
	event->level = (int32_t)level;
	copy_text(event->subject, sizeof(event->subject), subject);
	va_start(args, format);
	vsnprintf(event->text, sizeof(event->text), format, args);
	va_end(args);
	if (level <= LOG_LEVEL_WARNING)
		log_warnx("%s: %s", subject, event->text);
	else
		log_info("%s: %s", subject, event->text);
}

void
journal_line(struct outbox *records, const struct line *line, const char *doing,
    bool up, const char *error)
{
	const char *name = line->config->name;
	char text[MESSAGE_TEXT_SIZE];

	line_describe(line, text, sizeof(text));
	if (up)
		journal_event(
		    records, LOG_LEVEL_INFO, name, "open, %s: %s", doing, text);
	else
		journal_event(records, LOG_LEVEL_WARNING, name,
		    "down, %s; trying again: %s", error, text);
}

void
journal_setting(struct outbox *records, const char *subject, const char *key,
    const char *owner, const char *format, ...)
{
	struct message_setting *setting;
	va_list args;

	setting = &outbox_push(records, MESSAGE_SETTING)->body.setting;
	setting->wall_us = clock_wall_us();
	copy_text(setting->subject, sizeof(setting->subject), subject);
	copy_text(setting->key, sizeof(setting->key), key);
	copy_text(setting->owner, sizeof(setting->owner), owner);
	va_start(args, format);
	vsnprintf(setting->value, sizeof(setting->value), format, args);
	va_end(args);
}
