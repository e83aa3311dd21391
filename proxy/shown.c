/* SPDX-License-Identifier: MIT */
#include "proxy/shown.h"

#include <math.h>
#include <string.h>

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
	shown->phases = map_find(map, QUANTITY_ACTIVE_POWER_L2) != NULL ? 3 : 1;
	shown->state = SHOWN_STARTING;
	shown->output.reason = REASON_NO_SAMPLE;
	policy_init(&shown->policy, &settings);
	return image_init(&shown->image, map);
}

/* Counters of the real meter may step back after a bad read or a reset; an
 * inverter's statistics must not see that. */
static void
hold_counters(struct shown *shown)
{
	static const enum quantity counters[] = { QUANTITY_ENERGY_IMPORT,
		QUANTITY_ENERGY_EXPORT };

	for (unsigned i = 0; i < 2; i++) {
		double *value = &shown->values.value[counters[i]];
		double floor_wh = (double)shown->counter_floor[i] / 1e3;

		if (!quantities_has(&shown->values, counters[i]))
			continue;
		if (*value < floor_wh)
			*value = floor_wh;
		else if (*value < 1e15)
			shown->counter_floor[i] = (uint64_t)(*value * 1e3);
	}
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
	shown->sample_at = sample_at;
	shown->offset_w = shown->output.offset_w;
	overlay_apply(sample, shown->offset_w, shown->phases, &shown->values);
	hold_counters(shown);
	image_encode(&shown->image, &shown->values);
}

void
shown_sample(struct shown *shown, const struct quantities *sample,
    struct mono sample_at, struct mono now)
{
	shown->distrust = trust_check(
	    &shown->policy.settings.trust, sample, sample_at.us, now.us);
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

static uint8_t
refusal(const struct shown *shown, const uint8_t *pdu, size_t length,
    struct pdu_request *request, const uint16_t **registers)
{
	enum pdu_exception bad = pdu_parse_request(pdu, length, request);

	if (request->function != shown->map->function &&
	    request->function != shown->map->also_function)
		return PDU_ILLEGAL_FUNCTION;
	if (bad != PDU_OK)
		return (uint8_t)bad;
	*registers =
	    image_read(&shown->image, request->address, request->count);
	return *registers == NULL ? PDU_ILLEGAL_ADDRESS : PDU_OK;
}

enum shown_verdict
shown_answer(const struct shown *shown, const uint8_t *request, size_t length,
    struct mono now, uint8_t pdu[static PDU_MAX], size_t *pdu_length,
    uint8_t *exception)
{
	const uint16_t *registers = NULL;
	struct pdu_request parsed;

	/* A dead meter does not even refuse. */
	if (shown->state != SHOWN_ACTIVE || !is_fresh(shown, now))
		return SHOWN_NO_DATA;
	*exception = refusal(shown, request, length, &parsed, &registers);
	if (*exception != PDU_OK)
		*pdu_length = pdu_write_exception(
		    pdu, request[0], (enum pdu_exception) * exception);
	else
		*pdu_length = write_registers(registers, &parsed, pdu);
	return SHOWN_ANSWER;
}
