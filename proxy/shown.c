/* SPDX-License-Identifier: MIT */
#include "proxy/shown.h"

#include <math.h>
#include <string.h>

#include "proxy/kept.h"
#include "proxy/overlay.h"

/* Above any supply voltage: what the fuses let through is at most this. */
#define PHASE_V_MAX 260.0
/* A fuse carries half as much again for an hour, more for seconds. */
#define FUSE_OVERLOAD 2.0

bool
shown_init(struct shown *shown, const struct config_shown *config,
    unsigned index, const struct map *map, const struct config_site *site)
{
	struct policy_settings settings = {
		.trust = {
			.max_age_us = (int64_t)config->max_age_ms * 1000,
			.max_power_w = FUSE_OVERLOAD * PHASE_V_MAX *
			    site->fuse_a * site->phases,
		},
		.limit = {
			.limit_w = config->limit_w,
			.slew_w_per_s = config->slew_w_per_s,
		},
	};

	memset(shown, 0, sizeof(*shown));
	shown->config = config;
	shown->index = index;
	shown->map = map;
	shown->shape.phases = complete_map_phases(map);
	shown->shape.on = (unsigned)config->phases;
	shown->state = SHOWN_STARTING;
	shown->output.reason = REASON_NO_SAMPLE;
	policy_init(&shown->policy, &settings);
	if (!image_init(&shown->image, map) || !image_init(&shown->told, map))
		return false;
	kept_lay(&shown->image);
	return true;
}

static void
hold_counters(struct shown *shown, struct mono now)
{
	double max_w = shown->policy.settings.trust.max_power_w;

	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		enum quantity quantity = counter_quantities[i];

		if (quantities_has(&shown->values, quantity) &&
		    !counter_follow(&shown->counters[i],
			&shown->values.value[quantity], max_w, now))
			shown->values.known &= ~(UINT64_C(1) << quantity);
	}
}

/* Inline. What the meter has told since the sample is not shown: it may be what
 * could not be trusted, or half of the next sample. */
static void
show_meter(struct shown *shown, bool fresh)
{
	if (fresh) {
		image_copy(&shown->told, &shown->meter->image);
		shown->plan = shown->meter->plan;
	}
	image_copy(&shown->image, &shown->told);
	image_encode_moved(&shown->image, &shown->truth, &shown->values);
}

static void
step(struct shown *shown, bool fresh, const struct quantities *sample,
    struct mono sample_at, struct mono now)
{
	struct policy_input input = {
		.now_us = now.us,
		.sample_us = sample_at.us,
		.fresh = fresh,
		.sample = sample,
	};

	shown->changed = true;
	shown->output = policy_step(&shown->policy, &input);
	if (!shown->output.trusted)
		return;
	shown->truth = *sample;
	if (fresh)
		shown->shape.from = shown->source_phases;
	shown->sample_at = sample_at;
	shown->offset_w = shown->output.offset_w;
	overlay_apply(sample, shown->offset_w, &shown->shape, &shown->values);
	hold_counters(shown, now);
	if (shown->meter != NULL)
		show_meter(shown, fresh);
	else
		image_encode(&shown->image, &shown->values);
}

/* An own power of the phase that is wanted, or of the whole. */
static bool
can_show(const struct shown *shown, const struct quantities *sample)
{
	struct complete_shape shape = shown->shape;

	shape.from = shown->source_phases;
	return complete_can(sample, &shape);
}

void
shown_sample(struct shown *shown, const struct quantities *sample,
    struct mono sample_at, struct mono now)
{
	shown->distrust = trust_check(
	    &shown->policy.settings.trust, sample, sample_at.us, now.us);
	if (shown->distrust == REASON_NONE && !can_show(shown, sample))
		shown->distrust = REASON_NO_SAMPLE;
	if (shown->distrust != REASON_NONE) {
		shown_missed(shown, now);
		return;
	}
	if (shown->state != SHOWN_ACTIVE)
		policy_restart(&shown->policy);
	step(shown, true, sample, sample_at, now);
	if (shown->output.trusted)
		shown->state = SHOWN_ACTIVE;
}

void
shown_missed(struct shown *shown, struct mono now)
{
	struct quantities last = shown->truth;

	if (shown->state == SHOWN_ACTIVE)
		step(shown, false, &last, shown->sample_at, now);
}

double
shown_true_w(const struct shown *shown)
{
	return shown->values.value[QUANTITY_ACTIVE_POWER] - shown->offset_w;
}

static bool
is_fresh(const struct shown *shown, struct mono now)
{
	return mono_is_set(shown->sample_at) &&
	       mono_diff_us(now, shown->sample_at) <=
	           (int64_t)shown->config->max_age_ms * 1000;
}

bool
shown_check_age(struct shown *shown, struct mono now)
{
	if (shown->state != SHOWN_ACTIVE || is_fresh(shown, now))
		return false;
	shown->state = SHOWN_SILENT;
	shown->output.trusted = false;
	shown->output.offset_w = 0.0;
	shown->output.reason = REASON_STALE;
	shown->changed = true;
	policy_restart(&shown->policy);
	return true;
}

static size_t
write_registers(const uint16_t *registers, const struct pdu_request *request,
    uint8_t pdu[static PDU_MAX])
{
	pdu[0] = request->function;
	pdu[1] = (uint8_t)(2 * request->count);
	for (unsigned i = 0; i < request->count; i++)
		pdu_put_u16(pdu + 2 + 2 * (size_t)i, registers[i]);
	return 2 + 2 * (size_t)request->count;
}

static bool
is_served(const struct shown *shown, uint8_t function)
{
	return function == shown->map->function ||
	       function == shown->map->also_function;
}

/* An exception, or PDU_OK and the reply in pdu. */
static enum pdu_exception
serve(struct shown *shown, const uint8_t *request, size_t length,
    uint8_t pdu[static PDU_MAX], size_t *pdu_length)
{
	struct pdu_request parsed;
	enum pdu_exception bad = pdu_parse_request(request, length, &parsed);
	bool writes = kept_is_write(shown->map, parsed.function);
	const uint16_t *registers;

	if (!writes && !is_served(shown, parsed.function))
		return PDU_ILLEGAL_FUNCTION;
	if (bad != PDU_OK)
		return bad;
	if (writes) {
		*pdu_length = kept_reply(request, pdu);
		return kept_write(&shown->image, &parsed, request);
	}
	registers = kept_read(&shown->image, &parsed);
	if (registers == NULL)
		return PDU_ILLEGAL_ADDRESS;
	*pdu_length = write_registers(registers, &parsed, pdu);
	return PDU_OK;
}

/* Reads something that we measure. */
static bool
touches_points(const struct shown *shown, const struct pdu_request *request)
{
	unsigned end = (unsigned)request->address + request->count;

	for (unsigned i = 0; i < shown->map->points_count; i++) {
		const struct map_point *point = &shown->map->points[i];

		if (point->address < end &&
		    point->address + map_type_words(point->type) >
			request->address)
			return true;
	}
	return false;
}

/* What an inline meter does with it; ANSWER: from *registers. */
static enum shown_verdict
inline_verdict(const struct shown *shown, const struct pdu_request *request,
    bool good, struct mono now, const uint16_t **registers)
{
	int64_t limit_us = (int64_t)shown->config->max_age_ms * 1000;

	if (!good || !is_served(shown, request->function) ||
	    !touches_points(shown, request))
		return SHOWN_PASS;
	if (shown->state != SHOWN_ACTIVE || !is_fresh(shown, now))
		return SHOWN_NO_DATA;
	/* Not what the meter has told since: that is not in the image yet. */
	if (!device_knew(
		&shown->plan, request->address, request->count, limit_us, now))
		return SHOWN_PASS;
	*registers =
	    image_read(&shown->image, request->address, request->count);
	return SHOWN_ANSWER;
}

static enum shown_verdict
stale_verdict(const struct shown *shown, uint8_t function,
    uint8_t pdu[static PDU_MAX], size_t *pdu_length, uint8_t *exception)
{
	switch (shown->config->on_stale) {
	case STALE_EXCEPTION:
		*exception = PDU_DEVICE_FAILURE;
		*pdu_length =
		    pdu_write_exception(pdu, function, PDU_DEVICE_FAILURE);
		return SHOWN_ANSWER;
	case STALE_PASSTHROUGH:
		return SHOWN_PASS;
	case STALE_SILENT:
		break;
	}
	return SHOWN_NO_DATA;
}

static enum shown_verdict
answer_inline(const struct shown *shown, const uint8_t *request, size_t length,
    struct mono now, uint8_t pdu[static PDU_MAX], size_t *pdu_length,
    uint8_t *exception)
{
	struct pdu_request parsed;
	const uint16_t *registers = NULL;
	bool good = pdu_parse_request(request, length, &parsed) == PDU_OK;
	enum shown_verdict verdict =
	    inline_verdict(shown, &parsed, good, now, &registers);

	if (verdict == SHOWN_NO_DATA)
		return stale_verdict(
		    shown, request[0], pdu, pdu_length, exception);
	if (verdict == SHOWN_ANSWER)
		*pdu_length = write_registers(registers, &parsed, pdu);
	return verdict;
}

enum shown_verdict
shown_answer(struct shown *shown, const uint8_t *request, size_t length,
    struct mono now, uint8_t pdu[static PDU_MAX], size_t *pdu_length,
    uint8_t *exception)
{
	enum pdu_exception refused;

	*exception = PDU_OK;
	if (shown->meter != NULL)
		return answer_inline(
		    shown, request, length, now, pdu, pdu_length, exception);
	/* A dead meter does not even refuse. */
	if (shown->state != SHOWN_ACTIVE || !is_fresh(shown, now))
		return stale_verdict(
		    shown, request[0], pdu, pdu_length, exception);
	refused = serve(shown, request, length, pdu, pdu_length);
	if (refused != PDU_OK)
		*pdu_length = pdu_write_exception(pdu, request[0], refused);
	*exception = (uint8_t)refused;
	return SHOWN_ANSWER;
}

/* Of a reply to these: where its registers begin, by function code. */
static bool
returns_registers(uint8_t function)
{
	return function == PDU_READ_HOLDING || function == PDU_READ_INPUT ||
	       function == PDU_READ_WRITE;
}

void
shown_patch(const struct shown *shown, const uint8_t *request,
    size_t request_length, uint8_t *reply, size_t reply_length, struct mono now)
{
	struct pdu_request parsed;
	uint8_t function = request[0] == PDU_READ_WRITE
	                       ? (uint8_t)PDU_READ_HOLDING
	                       : request[0];

	if (shown->state != SHOWN_ACTIVE || !is_fresh(shown, now) ||
	    !returns_registers(request[0]) || reply[0] != request[0] ||
	    !is_served(shown, function))
		return;
	pdu_parse_request(request, request_length, &parsed);
	if (reply_length != 2 + 2 * (size_t)parsed.count)
		return;
	image_patch_moved(&shown->image, &shown->truth, &shown->values,
	    parsed.address, parsed.count, reply + 2);
}
