/* SPDX-License-Identifier: MIT */
/* Puts what happened into the ring towards storage. Never waits. */
#ifndef PROXY_JOURNAL_H
#define PROXY_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/outbox.h"
#include "policy/quantity.h"

struct line;
struct shown;

/* A transaction begun at `at` (last byte of the request). The request is
 * copied (unit to CRC); outcome and the rest are the caller's to fill. */
struct message_txn *journal_txn(struct outbox *records, unsigned line,
    enum txn_side side, struct mono at, const uint8_t *request, size_t length);

/* Adds the response. pdu_with_unit lacks the CRC, which is put behind. */
void journal_response(
    struct message_txn *txn, const uint8_t *unit_and_pdu, size_t length);

/* The values behind an answer. */
struct journal_values {
	int32_t true_w;
	int32_t shown_w;
	int32_t offset_w;
	int32_t sample_age_ms; /* -1: there is no sample */
	uint8_t reason; /* enum reason */
};

/* As they are now: an answer is sent a little after it was made, and a sample
 * may come between. */
struct journal_values journal_look(const struct shown *shown, struct mono now);
void journal_values(
    struct message_txn *txn, const struct journal_values *values);

/* Both at once. */
void journal_shown(
    struct message_txn *txn, const struct shown *shown, struct mono now);

void journal_reading(struct outbox *records, bool shown, unsigned subject,
    const struct quantities *values, uint64_t which);

/* An event, which is also logged. Subject: "line meter", "shown solis". */
void journal_event(struct outbox *records, enum log_level level,
    const char *subject, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A line was opened, to ask or to answer on (doing: "asking"), or is down. */
void journal_line(struct outbox *records, const struct line *line,
    const char *doing, bool up, const char *error);

void journal_setting(struct outbox *records, const char *subject,
    const char *key, const char *owner, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
