/* SPDX-License-Identifier: MIT */
/*
 * A shown meter: what the inverter takes for its meter. Fed with samples of
 * the real one, it asks the policy for the offset, lays it over the values and
 * keeps the registers ready; answering is then a copy.
 *
 * Silence is the safe state. It answers only while its last trusted sample is
 * younger than max_age_ms; nothing but a sample makes it younger.
 */
#ifndef PROXY_SHOWN_H
#define PROXY_SHOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "gateway/config.h"
#include "gateway/message.h"
#include "policy/policy.h"
#include "proxy/beat.h"
#include "proxy/complete.h"
#include "proxy/counter.h"
#include "proxy/device.h"
#include "proxy/image.h"
#include "proxy/pdu.h"

struct shown {
	const struct config_shown *config;
	const struct map *map;
	struct complete_shape shape; /* .from: of the sample in the image */
	unsigned source_phases; /* of who gives the next sample, 1 or 3; 0: as
	                         * it has them */
	unsigned index;
	struct policy policy;
	struct image image;
	enum shown_state state;
	struct mono sample_at; /* of the trusted sample in the image; 0: none */
	struct quantities truth;
	struct quantities values; /* as shown */
	struct policy_output output;
	double offset_w; /* in the image now */
	enum reason distrust; /* why the newest sample was not used */
	struct counter counters[COUNTER_COUNT]; /* as counter_quantities */
	struct message_side counts;
	struct beat beat; /* of the inverter's questions */
	/* Inline: whose registers are shown, with the power moved. Borrowed. */
	const struct device *meter;
	struct image told; /* its registers, of the sample in the image */
	struct plan plan; /* and when they came */
	bool changed; /* since the last snapshot */
};

/* False: the map has too many registers. */
bool shown_init(struct shown *shown, const struct config_shown *config,
    unsigned index, const struct map *map, const struct config_site *site);

/* A complete sample has come. One that cannot be trusted counts as missed. */
void shown_sample(struct shown *shown, const struct quantities *sample,
    struct mono sample_at, struct mono now);

/* A sample did not come: what is shown may only move towards less export. */
void shown_missed(struct shown *shown, struct mono now);

/* Moves to SHOWN_SILENT when the sample is too old. True: the state changed. */
bool shown_check_age(struct shown *shown, struct mono now);

/* The true active power behind what is shown: the meter's total, or the sum of
 * its phases. */
double shown_true_w(const struct shown *shown);

enum shown_verdict {
	SHOWN_ANSWER, /* a reply, or an exception, is in pdu */
	SHOWN_NO_DATA, /* keep silent */
	SHOWN_PASS, /* ask the real meter, and bring its answer back */
};

/*
 * Answers one request from the image. Bounded time, no policy, nothing but a
 * copy. *exception is 0 for a normal answer. A write to a register that the map
 * gives for it is kept in the image (proxy/kept.h).
 *
 * Inline, what is not in memory passes: writes, identification, registers the
 * map does not name. A read that touches what we measure passes only while
 * that is fresh, or when on_stale says so.
 */
enum shown_verdict shown_answer(struct shown *shown, const uint8_t *request,
    size_t length, struct mono now, uint8_t pdu[static PDU_MAX],
    size_t *pdu_length, uint8_t *exception);

/* The real meter's answer to a request that passed: what the offset moves is
 * moved in it too, where the answer touches it. */
void shown_patch(const struct shown *shown, const uint8_t *request,
    size_t request_length, uint8_t *reply, size_t reply_length,
    struct mono now);

#endif
