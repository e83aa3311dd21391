/* SPDX-License-Identifier: MIT */
/*
 * What was asked on a wire, how often, and what came back: each different
 * question once, and the registers as they were last heard. Pure.
 */
#ifndef PROXY_POLLS_H
#define PROXY_POLLS_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "proxy/recognise.h"
#include "proxy/sniff.h"

enum { POLLS_MAX = 128, POLLS_WORDS_MAX = 125 };

struct polls_row {
	uint8_t unit;
	uint8_t function;
	uint16_t address;
	uint16_t count;
	unsigned times;
	unsigned answered;
	unsigned refused;
	uint8_t exception; /* the last one */
	struct mono first, last; /* when it was asked */
	uint16_t words_count; /* of the last answer to a read of registers */
	uint16_t words[POLLS_WORDS_MAX];
};

struct polls {
	unsigned count;
	unsigned left_out; /* questions for which there was no room */
	unsigned orphans; /* replies to questions that were not heard */
	struct polls_row *last; /* the question that waits; NULL: none */
	struct polls_row rows[POLLS_MAX];
};

void polls_add(
    struct polls *polls, const struct sniff_event *event, struct mono at);

/* Mean time between two of the same, in ms; 0: it was heard only once. */
double polls_period_ms(const struct polls_row *row);

/* Totals of a unit. */
struct polls_unit {
	unsigned rows;
	unsigned times;
	unsigned answered;
};
struct polls_unit polls_unit(const struct polls *polls, uint8_t unit);

/* The registers of a unit, as far as they were heard, for recognise.h. */
struct polls_memory {
	const struct polls *polls;
	uint8_t unit;
};
enum recognise_answer polls_recall(void *memory, uint8_t function,
    uint16_t address, uint16_t count, uint16_t *words);

#endif
